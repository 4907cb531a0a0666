//! A door for the fuzz targets, which see the crate from outside; built for them and for the replay of their corpora only.

use super::protocol::frame::{HEADER, Header, Kind, LENGTH, decode};
use super::protocol::{Answer, Request};

/// Reads a frame as agent and worker do.
pub fn frame(bytes: &[u8]) {
    let Some((head, payload)) = bytes.split_first_chunk::<{ LENGTH + HEADER }>() else {
        return;
    };
    let Ok(header) = Header::decode(*head) else {
        return;
    };
    assert_eq!(header.encode().as_ref(), Ok(head));
    let payload = &payload[..header.payload.min(payload.len())];
    match header.kind {
        Kind::Request => drop(decode::<Request>(payload)),
        Kind::Answer => drop(decode::<Answer>(payload)),
        Kind::Secret => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The corpus, whole and damaged: nothing panics.
    #[test]
    fn the_corpus_is_read_without_a_panic() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/frames");
        for entry in std::fs::read_dir(corpus).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            frame(&bytes);
            for place in 0..bytes.len() {
                frame(&bytes[..place]);
                for bit in 0..8 {
                    let mut damaged = bytes.clone();
                    damaged[place] ^= 1 << bit;
                    frame(&damaged);
                }
            }
        }
    }
}
