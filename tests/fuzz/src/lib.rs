//! What the fuzz targets call.

mod targets;

pub use targets::{attached, certificate, cms, revocation, timestamp_token};
