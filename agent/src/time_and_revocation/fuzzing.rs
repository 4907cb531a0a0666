//! A door for the fuzz targets, which see the crate from outside; built for them only.

use super::timestamp_messages::{TimestampRequest, answer};
use crate::cms::DigestAlgorithm;

/// Reads an answer of a time stamping authority.
pub fn timestamp_answer(bytes: &[u8]) {
    let request = TimestampRequest {
        algorithm: Vec::new(),
        imprint: DigestAlgorithm::Sha256.digest(b"signature"),
        policy: None,
        nonce: [1; 16],
    };
    // The nonce is drawn anew for each request; nothing that was written down answers it.
    assert!(answer(&request, b"signature", bytes).is_err());
}
