//! HTTP to the services, as safe to repeat as HTTP can be.
//!
//! Belongs here: TLS and its extra authorities, proxies, time and size limits, the bearer token that leaves for one host only,
//! and the decision whether a failed request was refused, never sent, or may have happened ([`Failure`]).
//! Does not belong here: which service it is, its paths and bodies, and what is repeated when.

mod answer;
mod bearer;
mod client;
mod download;
mod error_text;
mod failure;
mod id;
mod origin;
mod tls;

pub use answer::{Answer, ServiceError};
pub use bearer::Bearer;
pub use client::{Call, FilePart, JsonLabel, ServiceClient, allowance};
pub use download::{Download, DownloadLimits, DownloadedKind};
pub use failure::Failure;
pub use id::ServiceId;
pub use origin::BaseUrl;
