//! Checkpoints of the audit chain as text, for a file and the system's journal: what shows that the tail was cut off.

use std::fmt;
use std::str::FromStr;

use super::audit::Checkpoint;

/// The file beside the database that holds the newest checkpoint.
pub const FILE: &str = "audit.checkpoint";

/// What a line begins with, wherever it stands in the line.
const MARK: &str = "tokensign audit checkpoint v1 ";

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK}seq={} hash={}", self.seq, hex::encode(self.hash))
    }
}

/// A text without a checkpoint in it.
#[derive(Debug, thiserror::Error)]
#[error("there is no checkpoint of the audit log in it")]
pub struct NotACheckpoint;

/// Every checkpoint of a text in its order, so that an excerpt of the journal can be given as it is.
///
/// # Errors
/// When there is none.
pub fn all_of(text: &str) -> Result<Vec<Checkpoint>, NotACheckpoint> {
    let all: Vec<_> = text.lines().filter_map(of_line).collect();
    if all.is_empty() { Err(NotACheckpoint) } else { Ok(all) }
}

/// The last checkpoint of a text.
impl FromStr for Checkpoint {
    type Err = NotACheckpoint;

    fn from_str(text: &str) -> Result<Self, NotACheckpoint> {
        text.lines().rev().find_map(of_line).ok_or(NotACheckpoint)
    }
}

fn of_line(line: &str) -> Option<Checkpoint> {
    let (_, rest) = line.split_once(MARK)?;
    let (seq, rest) = rest.strip_prefix("seq=")?.split_once(" hash=")?;
    let mut hash = [0; 32];
    hex::decode_to_slice(rest.get(..64)?, &mut hash).ok()?;
    Some(Checkpoint {
        seq: seq.parse().ok().filter(|seq| *seq >= 0)?,
        hash,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn checkpoints_are_found_in_a_journal() {
        let at = |seq| Checkpoint { seq, hash: [7; 32] };
        let journal = format!("Nov 22 00:00:01 host tokensign[1]: {}\nnoise\nx {} y\n", at(3), at(12));
        assert_eq!(all_of(&journal).unwrap(), [at(3), at(12)]);
        assert_eq!(journal.parse::<Checkpoint>().unwrap(), at(12));
        for text in [
            "",
            "tokensign audit checkpoint v1 seq=1 hash=00",
            "tokensign audit checkpoint v1 seq=-1 hash=",
        ] {
            assert!(text.parse::<Checkpoint>().is_err() && all_of(text).is_err(), "{text}");
        }
    }
}
