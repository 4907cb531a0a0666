//! Somebody else's verifier: every signature is judged by the `openssl` command, with the GOST engine where needed.
//!
//! The rest of this room only prepares what OpenSSL is given and reads what it says: certificates, digests, and the
//! CMS that MIG24's readings B and C assemble from a raw signature value.

mod assembly;
mod certificate;
mod der;
mod digest;
mod envelope;
mod openssl;

pub(crate) use assembly::{SignedAttributes, assemble};
pub(crate) use certificate::{Certificate, KeyKind};
pub(crate) use envelope::is_detached;
pub(crate) use openssl::{OpenSsl, SignedContent};
