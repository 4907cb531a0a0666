//! What the callers of the scenarios give, checked as far as it can be without the service.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::model::{Direction, DocumentGroup};
use crate::certificate::Selector;
use crate::http_client::ServiceId;
use crate::messages::Fault;
use crate::store::blobs::BlobId;

/// The longest name or number, in characters (the vendor's guide).
const LONGEST_TEXT: usize = 256;

/// The largest file, in bytes (the vendor's guide: 15 MB).
const LARGEST_FILE: u64 = 15 * 1024 * 1024;

/// The kinds of file that the service takes.
const EXTENSIONS: [&str; 6] = ["doc", "docx", "xls", "xlsx", "pdf", "txt"];

/// Signs a document that is at the service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct QuickSign {
    /// The document.
    pub document_id: ServiceId,
    /// Which way it goes.
    pub direction: Direction,
    /// Who signs; found by the certificate's IIN when absent.
    #[serde(default)]
    pub employee_id: Option<ServiceId>,
    /// The certificate, within what the profile allows.
    #[serde(default)]
    pub certificate: Option<Selector>,
}

/// Sends a file to a counterparty: uploads it, makes the document and its route, signs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The document.
    pub send: DocumentToSend,
    /// Who signs; found by the certificate's IIN when absent.
    #[serde(default)]
    pub employee_id: Option<ServiceId>,
    /// The certificate, within what the profile allows.
    #[serde(default)]
    pub certificate: Option<Selector>,
}

/// A document to be made and sent.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentToSend {
    /// Its name, 1 to 256 characters.
    pub name: String,
    /// Its number, 1 to 256 characters.
    pub number: String,
    /// Its date.
    pub date: DocumentDate,
    /// Its group.
    #[serde(default)]
    pub group: DocumentGroup,
    /// The counterparty's BIN, or IIN of an individual: 12 digits.
    pub counterparty_bin: String,
    /// Where the counterparty is told.
    #[serde(default)]
    pub counterparty_emails: Vec<String>,
    /// For the counterparty.
    #[serde(default)]
    pub comment: Option<String>,
    /// Whether the counterparty is a person.
    #[serde(default)]
    pub is_individual: bool,
}

impl DocumentToSend {
    /// Checks what the service would refuse later.
    pub(super) fn check(&self, file: &SpooledFile) -> Result<(), Fault> {
        for (field, text) in [("send.name", &self.name), ("send.number", &self.number)] {
            let length = text.trim().chars().count();
            if length == 0 || text.chars().count() > LONGEST_TEXT {
                return Err(Fault::invalid_field(
                    field,
                    format!("must have 1 to {LONGEST_TEXT} characters"),
                ));
            }
        }
        if self.counterparty_bin.len() != 12 || !self.counterparty_bin.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Fault::invalid_field("send.counterparty_bin", "must be 12 digits"));
        }
        if let Some(email) = self
            .counterparty_emails
            .iter()
            .find(|email| !email.contains('@') || email.chars().any(|c| c.is_whitespace() || c.is_control()))
        {
            return Err(Fault::invalid_field(
                "send.counterparty_emails",
                format!("{email:?} is no e-mail address"),
            ));
        }
        let extension = file
            .name
            .rsplit_once('.')
            .map(|(_, extension)| extension.to_ascii_lowercase());
        if !extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str())) {
            return Err(Fault::invalid_field(
                "file",
                format!("must be one of .{}", EXTENSIONS.join(" .")),
            ));
        }
        if file.size == 0 || file.size > LARGEST_FILE {
            return Err(Fault::invalid_field(
                "file",
                format!("must have 1 to {LARGEST_FILE} bytes"),
            ));
        }
        Ok(())
    }
}

/// A file of the caller's, in the store.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SpooledFile {
    /// Its name.
    pub name: String,
    /// Its media type as the caller gives it.
    #[serde(default)]
    pub media_type: Option<String>,
    /// Its content address.
    pub blob: BlobId,
    /// Its size in bytes.
    pub size: u64,
}

/// A document's date, counted in UTC: a date (`2026-02-03`), an RFC 3339 instant, or Unix seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DocumentDate(pub OffsetDateTime);

impl<'de> Deserialize<'de> for DocumentDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = match Value::deserialize(deserializer)? {
            Value::Number(number) => number
                .as_i64()
                .filter(|seconds| *seconds >= 0)
                .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()),
            Value::String(text) => OffsetDateTime::parse(&text, &Rfc3339).ok().or_else(|| {
                let date = Date::parse(&text, format_description!("[year]-[month]-[day]")).ok()?;
                Some(date.midnight().assume_utc())
            }),
            _ => None,
        };
        read.map(Self).ok_or_else(|| {
            de::Error::custom("a date such as 2026-02-03, an RFC 3339 instant or Unix seconds is expected")
        })
    }
}

impl Serialize for DocumentDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.unix_timestamp())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn send(change: Value) -> Result<(), Fault> {
        let mut send =
            json!({ "name": "Договор", "number": "5", "date": "2026-02-03", "counterparty_bin": "123456789012" });
        let mut file = json!({ "name": "a.PDF", "blob": "ab".repeat(32), "size": 10 });
        for (field, value) in change.as_object().unwrap() {
            let target = if file.get(field).is_some() && field != "name" {
                &mut file
            } else {
                &mut send
            };
            target[field] = value.clone();
        }
        if let Some(name) = change.get("file_name") {
            file["name"] = name.clone();
            send.as_object_mut().unwrap().remove("file_name");
        }
        let send: DocumentToSend = serde_json::from_value(send).map_err(|error| Fault::invalid_field("json", error))?;
        send.check(&serde_json::from_value(file).unwrap())
    }

    #[test]
    fn what_the_service_would_refuse_is_refused_here() {
        assert!(send(json!({})).is_ok());
        for (change, field) in [
            (json!({ "name": " " }), "send.name"),
            (json!({ "number": "x".repeat(257) }), "send.number"),
            (json!({ "counterparty_bin": "12345678901" }), "send.counterparty_bin"),
            (json!({ "counterparty_bin": "12345678901x" }), "send.counterparty_bin"),
            (json!({ "counterparty_emails": ["nobody"] }), "send.counterparty_emails"),
            (json!({ "file_name": "a.exe" }), "file"),
            (json!({ "file_name": "pdf" }), "file"),
            (json!({ "size": 0 }), "file"),
            (json!({ "size": LARGEST_FILE + 1 }), "file"),
            (json!({ "date": "tomorrow" }), "json"),
            (json!({ "group": "Nothing" }), "json"),
            (json!({ "unknown": 1 }), "json"),
        ] {
            let fault = send(change.clone()).unwrap_err();
            assert_eq!(fault.args().get("field").map(String::as_str), Some(field), "{change}");
        }
    }

    #[test]
    fn dates_are_read_in_three_forms() {
        for text in ["\"2026-02-03\"", "\"2026-02-03T05:00:00+05:00\"", "1770076800"] {
            let date: DocumentDate = serde_json::from_str(text).unwrap();
            assert_eq!(date.0, datetime!(2026-02-03 00:00 UTC), "{text}");
        }
    }
}
