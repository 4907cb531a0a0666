//! The shapes of iDocs Integration API V3, after the vendor's OpenAPI description (February 2026).
//!
//! Requests are exact. Answers are read tolerantly: only what is needed must be there, unknown members and words pass.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

use crate::http_client::ServiceId;

/// Which way a document goes.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = IdocsDirection)]
pub enum Direction {
    /// From the profile's organisation.
    #[default]
    Outgoing,
    /// To the profile's organisation.
    Incoming,
}

impl Direction {
    /// The direction's part of the paths.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Outgoing => "outbox",
            Self::Incoming => "inbox",
        }
    }
}

/// A document's group (`DocumentGroupType`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[schema(as = IdocsDocumentGroup)]
pub enum DocumentGroup {
    /// Accounting.
    Accounting,
    /// Finance.
    Financial,
    /// Law.
    Legal,
    /// Constitutive documents.
    Constitutive,
    /// Human resources.
    #[serde(rename = "HR")]
    HumanResources,
    /// Paperwork.
    Paperwork,
    /// Purchases.
    Purchase,
    /// Warehouse.
    Warehouse,
    /// Organisation.
    Organizational,
    /// Anything else.
    #[default]
    General,
}

/// A moment as the service writes it: Unix seconds, UTC. Milliseconds are understood, as is nothing (`null`, 0). Our face writes it
/// as RFC 3339, or `null`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ToSchema)]
#[schema(as = IdocsMoment, value_type = Option<String>, format = DateTime)]
pub struct Epoch(pub Option<OffsetDateTime>);

/// From here on a number counts milliseconds: as seconds it would lie in the year 5138.
const MILLISECONDS: i64 = 100_000_000_000;

impl Epoch {
    fn of_number(number: i64) -> Self {
        let moment = if number >= MILLISECONDS {
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(number) * 1_000_000)
        } else {
            OffsetDateTime::from_unix_timestamp(number)
        };
        Self(moment.ok().filter(|_| number > 0))
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Number(number) => number.as_i64().map_or_else(Self::default, Self::of_number),
            Value::String(text) => text.trim().parse().map_or_else(|_| Self::default(), Self::of_number),
            _ => Self::default(),
        })
    }
}

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0
            .and_then(|moment| moment.format(&Rfc3339).ok())
            .serialize(serializer)
    }
}

/// A document's status (`ExternalNodeStatus`), as the service writes it.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[schema(as = IdocsDocumentStatus)]
pub struct DocumentStatus(String);

/// What a status says about our own signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Signedness {
    /// Nobody on our side has signed.
    Unsigned,
    /// It was signed on our side: the document went out, or is finished.
    Signed,
    /// The status does not tell.
    Unclear,
}

impl DocumentStatus {
    /// A status by the service's word.
    pub fn new(word: impl Into<String>) -> Self {
        Self(word.into())
    }

    /// The service's word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the status says about our signature on a document of that direction. Words that several states of the signing share, such
    /// as those of a document in process, tell nothing.
    pub fn signedness(&self, direction: Direction) -> Signedness {
        match (direction, self.0.to_ascii_uppercase().as_str()) {
            (Direction::Outgoing, "NONE" | "DRAFT") | (Direction::Incoming, "IN_NEW") => Signedness::Unsigned,
            (
                Direction::Outgoing,
                "SENT_BY_SENDER"
                | "IN_NEW"
                | "IN_PROCESS_BY_RECIPIENT"
                | "REJECTED_BY_RECIPIENT"
                | "REJECTED_BY_RECIPIENT_EMPLOYEE"
                | "FINISHED"
                | "FINISHED_BY_COMPANY"
                | "FINISHED_EDITABLE",
            )
            | (Direction::Incoming, "FINISHED" | "FINISHED_BY_COMPANY" | "FINISHED_EDITABLE") => Signedness::Signed,
            _ => Signedness::Unclear,
        }
    }
}

impl fmt::Display for DocumentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A reference to an uploaded file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobReference<'a> {
    /// Its id.
    pub blob_id: &'a ServiceId,
}

/// The body of asking for a page (`PaginatedQueryVM`).
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PageQuery {
    /// How many items come before it.
    pub skip: usize,
    /// How many items it may have.
    pub top: usize,
}

/// A page (`…PaginatedResponseVM`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// Its items.
    #[serde(default = "Option::default")]
    pub page_items: Option<Vec<T>>,
    /// How many there are in all.
    #[serde(default)]
    pub total_size: Option<usize>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use time::macros::datetime;

    use super::*;

    #[test]
    fn moments_are_seconds_milliseconds_or_nothing() {
        let read = |text: &str| serde_json::from_str::<Epoch>(text).unwrap().0;
        let moment = Some(datetime!(2026-02-03 04:05:06 UTC));
        assert_eq!(read("1770091506"), moment);
        assert_eq!(read("1770091506000"), moment);
        assert_eq!(read("\"1770091506\""), moment);
        for nothing in ["null", "0", "-1", "\"soon\"", "1.5"] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_status_in_process_tells_nothing() {
        let of = |word: &str, direction| DocumentStatus(word.to_owned()).signedness(direction);
        assert_eq!(of("DRAFT", Direction::Outgoing), Signedness::Unsigned);
        assert_eq!(of("sent_by_sender", Direction::Outgoing), Signedness::Signed);
        assert_eq!(of("IN_PROCESS_BY_SENDER", Direction::Outgoing), Signedness::Unclear);
        assert_eq!(of("SOMETHING_NEW", Direction::Outgoing), Signedness::Unclear);
        assert_eq!(of("IN_NEW", Direction::Incoming), Signedness::Unsigned);
        assert_eq!(of("IN_NEW", Direction::Outgoing), Signedness::Signed);
        assert_eq!(of("FINISHED", Direction::Incoming), Signedness::Signed);
        assert_eq!(of("IN_PROCESS_BY_RECIPIENT", Direction::Incoming), Signedness::Unclear);
    }
}
