use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use uuid::Uuid;

/// The longest id, in bytes.
const LONGEST: usize = 128;

/// What may stand in a path segment as it is (RFC 3986 section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An id of something at a service: opaque, compared without regard to letter case, sent as it came.
#[derive(Clone, Debug, Eq, utoipa::ToSchema)]
#[schema(value_type = String)]
pub struct ServiceId(String);

impl ServiceId {
    /// The id as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as a segment of a path.
    pub fn segment(&self) -> String {
        utf8_percent_encode(&self.0, SEGMENT).to_string()
    }
}

impl PartialEq for ServiceId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Hash for ServiceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Uuid> for ServiceId {
    fn from(id: Uuid) -> Self {
        Self(id.to_string())
    }
}

impl FromStr for ServiceId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let text = text.trim();
        // `.` and `..` would change the path that they are a segment of.
        let is_id = !matches!(text, "" | "." | "..") && text.len() <= LONGEST && !text.chars().any(char::is_control);
        if is_id { Ok(Self(text.to_owned())) } else { Err(NotAnId) }
    }
}

impl Serialize for ServiceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// From a string, or from a number, which some services make of their ids.
impl<'de> Deserialize<'de> for ServiceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => text.parse().map_err(de::Error::custom),
            Value::Number(number) => number.to_string().parse().map_err(de::Error::custom),
            _ => Err(de::Error::custom(NotAnId)),
        }
    }
}

/// A value that is no id.
#[derive(Debug, thiserror::Error)]
#[error("not an id: 1 to {LONGEST} characters are expected, and no path")]
pub struct NotAnId;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn ids_stay_in_their_segment() {
        let id: ServiceId = "a/../b?c#d%".parse().unwrap();
        assert_eq!(id.segment(), "a%2F..%2Fb%3Fc%23d%25");
        for text in ["", " ", ".", "..", "a\nb", &"x".repeat(129)] {
            assert!(text.parse::<ServiceId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn letter_case_does_not_matter() {
        let id: ServiceId = serde_json::from_str("\"5F0C-a\"").unwrap();
        assert_eq!(id, "5f0c-A".parse().unwrap());
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"5F0C-a\"");
        assert_eq!(serde_json::from_str::<ServiceId>("17").unwrap().as_str(), "17");
    }
}
