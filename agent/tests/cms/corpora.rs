//! The corpora of the fuzz targets, whole and damaged in ways that are the same in every run.

use std::fs;

#[allow(unreachable_pub, reason = "the fuzz targets have it as a library")]
#[path = "../../../tests/fuzz/src/targets.rs"]
mod targets;

/// Calls `target` with every file of a corpus, with its beginnings, and with damaged copies.
fn replay(corpus: &str, target: fn(&[u8])) {
    let directory = format!("{}/../tests/fuzz/corpus/{corpus}", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{directory} is empty");
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        target(&bytes);
        let step = (bytes.len() / 100).max(1);
        for length in (0..bytes.len()).step_by(step) {
            target(&bytes[..length]);
        }
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for _ in 0..150 {
            let mut damaged = bytes.clone();
            for _ in 0..random.below(4) + 1 {
                damage(&mut damaged, &mut random);
            }
            target(&damaged);
        }
    }
}

/// Changes a byte, repeats a piece, takes one away, or writes a length that nothing has.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let place = random.below(bytes.len());
    let length = random.below(bytes.len() - place).min(64);
    match random.below(4) {
        0 => bytes[place] = random.below(256) as u8,
        1 => {
            let piece = bytes[place..place + length].to_vec();
            bytes.splice(place..place, piece);
        }
        2 => drop(bytes.drain(place..place + length)),
        _ => drop(bytes.splice(place..place + 1, [0x84, 0xff, 0xff, 0xff, 0xff])),
    }
}

/// xorshift64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

#[test]
fn signatures() {
    replay("cms", targets::cms);
}

#[test]
fn attached_signatures() {
    replay("attached", targets::attached);
}

#[test]
fn certificates() {
    replay("certificate", targets::certificate);
}

#[test]
fn timestamps() {
    replay("timestamp", targets::timestamp_token);
}

#[test]
fn revocation_answers() {
    replay("revocation", targets::revocation);
}
