//! A door for the fuzz targets, which see the crate from outside; built for them and for the replay of their corpora only.

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The corpus, whole and damaged: nothing panics, and nothing is taken for the answer.
    #[test]
    fn the_corpus_is_read_without_a_panic() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/timestamp");
        for entry in std::fs::read_dir(corpus).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            timestamp_answer(&bytes);
            for place in 0..bytes.len() {
                timestamp_answer(&bytes[..place]);
                let mut damaged = bytes.clone();
                damaged[place] ^= 0x55;
                timestamp_answer(&damaged);
            }
        }
    }
}
