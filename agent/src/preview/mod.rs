//! What a document says, shown without trusting it. A worker process of its own for each look recognises the content by its bytes,
//! and draws pages and pictures anew; it can open no file, speak to nobody, start nothing, and ends when it takes too much time or
//! memory. Nobody else in the agent, and not the browser either, reads a document's own format.

mod model;
mod service;
mod worker;

pub use model::{ArchiveEntry, Picture, Preview, Unshowable};
pub use service::Previewer;
pub use worker::{Arguments, main};
