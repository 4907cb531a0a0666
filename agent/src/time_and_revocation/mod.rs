//! What others attest about a signature's time and a certificate's standing, fetched over HTTP: timestamps (RFC 3161), OCSP (RFC 6960), revocation
//! lists (RFC 5280).
//!
//! Belongs here: the messages of these protocols, the exchange with its limits, and the checks that an answer belongs to the question. Does not
//! belong here: what an attestation means for a verdict (that is `cms`), and when one is asked for.

mod exchange;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod revocation;
mod timestamp_authority;
mod timestamp_messages;

pub use self::revocation::RevocationChecker;
pub use self::timestamp_authority::TimestampAuthority;
