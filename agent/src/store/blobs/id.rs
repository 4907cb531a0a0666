use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The content address of a document: its SHA-256 in lower-case hexadecimal digits.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobId(String);

impl BlobId {
    /// The address of the document with this SHA-256.
    pub fn of(sha256: [u8; 32]) -> Self {
        Self(hex::encode(sha256))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The document's SHA-256.
    pub fn sha256(&self) -> [u8; 32] {
        let mut digest = [0; 32];
        // Cannot fail: only text of 64 hexadecimal digits becomes an id.
        let _ = hex::decode_to_slice(&self.0, &mut digest);
        digest
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BlobId {
    type Err = NotABlobId;

    fn from_str(s: &str) -> Result<Self, NotABlobId> {
        Self::try_from(s.to_owned())
    }
}

impl TryFrom<String> for BlobId {
    type Error = NotABlobId;

    fn try_from(text: String) -> Result<Self, NotABlobId> {
        let is_id = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if is_id { Ok(Self(text)) } else { Err(NotABlobId) }
    }
}

impl From<BlobId> for String {
    fn from(id: BlobId) -> Self {
        id.0
    }
}

/// Text that is no content address.
#[derive(Debug, thiserror::Error)]
#[error("not the SHA-256 of a document in lower-case hexadecimal digits")]
pub struct NotABlobId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lower_case_sha256_is_a_blob_id() {
        assert!("a".repeat(64).parse::<BlobId>().is_ok());
        for text in [
            "",
            "../../etc/passwd",
            &"A".repeat(64),
            &"a".repeat(63),
            &"g".repeat(64),
            &"é".repeat(32),
        ] {
            assert!(text.parse::<BlobId>().is_err(), "{text}");
        }
    }
}
