//! CMS.
use serde::{Deserialize, Serialize};
/// Digest algorithms.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
}
/// A digest.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct Digest {
    /// Algorithm.
    pub algorithm: DigestAlgorithm,
    /// Value.
    pub value: Vec<u8>,
}
