//! The one use case: request → certificate → digests → consent → token → CMS → self-check → audit. Every caller comes through
//! here.
//!
//! Belongs here: the order of these steps, what is asked when, resuming an approval after a crash. Does not belong here: who
//! called and where the result goes.

mod addition;
mod attempt;
mod authorities;
pub(crate) mod base64_bytes;
mod calibration;
mod content;
mod finding;
mod granting;
mod narrowing;
mod not_signed;
mod refused_sources;
mod remote;
mod request;
mod selection;
mod service;
mod timestamping;
mod waiting;
mod work;

pub use addition::{add_signer, check_addition};
pub use authorities::certificates_of;
pub use narrowing::AllowedCertificates;
pub use not_signed::NotSigned;
pub use remote::RemoteRequest;
pub use request::{
    CertificateRequest, ChosenCertificate, Document, DocumentKind, Format, Request, Signed, SignedDocument,
};
pub(crate) use selection::{key_type, location, objection, pin_view, purposes, uri};
pub use service::{Signing, SigningOptions};
pub use timestamping::{Stamped, stamp_existing};
