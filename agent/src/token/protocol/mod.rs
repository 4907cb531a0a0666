//! What agent and worker say to each other: one frame a message, at the level of signing rather than of PKCS#11.
//!
//! The two ends are always the same build, so the version only has to catch a channel that is not one. A PIN crosses in a
//! frame of its own ([`frame::Kind::Secret`]) and never becomes part of a message.

pub(crate) mod frame;
mod message;

pub(crate) use message::base64_bytes;
pub(crate) use message::{
    Answer, CertificateRecord, Login, MoreItems, Request, Settings, SignRequest, TokenIdentity, TokenRecord,
    WorkerError,
};
pub use message::{KeyPresence, Library};
