//! Content digests.

use sha2::{Digest, Sha256};
use streebog::{Streebog256, Streebog512};

/// A digest algorithm that a service may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DigestAlgorithm {
    /// FIPS 180-4.
    Sha256,
    /// GOST R 34.11-2012, 32 bytes.
    Streebog256,
    /// GOST R 34.11-2012, 64 bytes.
    Streebog512,
}

impl DigestAlgorithm {
    pub(crate) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Streebog256 => Streebog256::digest(bytes).to_vec(),
            Self::Streebog512 => Streebog512::digest(bytes).to_vec(),
        }
    }

    /// The identifier in dotted form: RFC 5754 section 2.2, RFC 9215 section 3.
    pub(crate) fn oid(self) -> &'static str {
        match self {
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Streebog256 => "1.2.643.7.1.1.2.2",
            Self::Streebog512 => "1.2.643.7.1.1.2.3",
        }
    }
}
