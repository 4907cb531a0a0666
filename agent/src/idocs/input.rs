//! What the callers of the scenarios give, checked as far as it can be without the service.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::documents::DraftKind;
use super::model::{Direction, DocumentGroup, DocumentStatus};
use super::namesakes::Metadata;
use super::routes::{RouteAction, RouteOrder};
use crate::certificate::Selector;
use crate::http_client::ServiceId;
use crate::messages::Fault;
use crate::store::blobs::BlobId;

/// The longest name or number, in characters (the vendor's guide).
const LONGEST_TEXT: usize = 256;

/// The largest file, in bytes (the vendor's guide: 15 MB).
const LARGEST_FILE: u64 = 15 * 1024 * 1024;

/// The most documents of one job: they are one question to a person.
pub(super) const MOST_DOCUMENTS: usize = 1_000;

/// The kinds of file that the service takes.
const EXTENSIONS: [&str; 6] = ["doc", "docx", "xls", "xlsx", "pdf", "txt"];

/// Signs a document that is at the service.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsQuickSign, example = json!({ "document_id": "0f0c5d1e", "direction": "outgoing" }))]
pub struct QuickSign {
    /// The document.
    #[schema(value_type = String, min_length = 1, max_length = 256, pattern = r"\S")]
    pub document_id: ServiceId,
    /// Which way it goes.
    pub direction: Direction,
    /// Who signs; found by the certificate's IIN when absent.
    #[serde(default)]
    pub employee_id: Option<ServiceId>,
    /// The certificate, within what the profile allows.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub certificate: Option<Selector>,
}

/// Sends a file to a counterparty: uploads it, makes the document and its route, signs.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsSend)]
pub struct Send {
    /// The document.
    pub send: DocumentToSend,
    /// Who signs; found by the certificate's IIN when absent.
    #[serde(default)]
    pub employee_id: Option<ServiceId>,
    /// The certificate, within what the profile allows.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub certificate: Option<Selector>,
}

/// A document to be made and sent.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsDocument)]
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
    #[schema(pattern = "^[0-9]{12}$")]
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
    /// What the document is made with.
    pub(super) fn metadata(&self) -> Metadata<'_> {
        Metadata {
            name: &self.name,
            number: &self.number,
            date: self.date.0,
            group: self.group,
        }
    }

    /// Checks what the service would refuse later.
    pub(super) fn check(&self, file: &SpooledFile) -> Result<(), Fault> {
        check_text("send.name", &self.name)?;
        check_text("send.number", &self.number)?;
        check_bin("send.counterparty_bin", &self.counterparty_bin)?;
        check_emails("send.counterparty_emails", &self.counterparty_emails)?;
        file.check()
    }
}

/// Signs many documents that are at the service: those named, or what waits in the inbox.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsBulkSign, example = json!({ "documents": [{ "document_id": "0f0c5d1e", "direction": "incoming" }] }))]
pub struct BulkSign {
    /// The documents; or `inbox`.
    #[serde(default)]
    pub documents: Vec<DocumentReference>,
    /// What waits in the inbox; or `documents`.
    #[serde(default)]
    pub inbox: Option<InboxFilter>,
    /// Who signs; found by the certificate's IIN when absent.
    #[serde(default)]
    pub employee_id: Option<ServiceId>,
    /// The certificate, within what the profile allows.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub certificate: Option<Selector>,
}

/// A document at the service.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsDocumentReference)]
pub struct DocumentReference {
    /// The document.
    pub document_id: ServiceId,
    /// Which way it goes.
    #[serde(default)]
    pub direction: Direction,
}

/// Which documents of the inbox are signed.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsInboxFilter)]
pub struct InboxFilter {
    /// In these states, in the service's words; those nobody has touched when empty.
    #[serde(default)]
    pub statuses: Vec<DocumentStatus>,
    /// Dated from.
    #[serde(default)]
    pub from: Option<DocumentDate>,
    /// Dated to.
    #[serde(default)]
    pub to: Option<DocumentDate>,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<usize>,
}

impl InboxFilter {
    /// At most so many.
    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(MOST_DOCUMENTS).min(MOST_DOCUMENTS)
    }
}

/// Sends many files, each as a document of its own.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsBulkSend)]
pub struct BulkSend {
    /// The documents, each with its file.
    pub send: Vec<PartToSend>,
    /// Who signs; found by the certificate's IIN when absent.
    #[serde(default)]
    pub employee_id: Option<ServiceId>,
    /// The certificate, within what the profile allows.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub certificate: Option<Selector>,
}

/// A document to be made of the form's part of that name.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsPartToSend)]
pub struct PartToSend {
    /// The part with the file.
    pub part: String,
    /// The document.
    pub document: DocumentToSend,
}

/// Makes a draft of files.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsNewDraft)]
pub struct NewDraft {
    /// Outgoing or internal.
    #[serde(default)]
    pub kind: DraftKind,
    /// Its name, 1 to 256 characters.
    pub name: String,
    /// Its number, 1 to 256 characters.
    pub number: String,
    /// Its date.
    pub date: DocumentDate,
    /// Its group.
    #[serde(default)]
    pub group: DocumentGroup,
    /// Who made it.
    #[serde(default)]
    pub author_employee_id: Option<ServiceId>,
}

impl NewDraft {
    /// What the document is made with.
    pub(super) fn metadata(&self) -> Metadata<'_> {
        Metadata {
            name: &self.name,
            number: &self.number,
            date: self.date.0,
            group: self.group,
        }
    }

    /// Checks what the service would refuse later.
    pub(super) fn check(&self, files: &[SpooledFile]) -> Result<(), Fault> {
        check_text("name", &self.name)?;
        check_text("number", &self.number)?;
        if files.is_empty() {
            return Err(Fault::invalid_field(
                "file",
                "is missing: a document needs at least one file",
            ));
        }
        files.iter().try_for_each(SpooledFile::check)
    }
}

/// Gives documents their routes.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsNewRoutes, example = json!({ "routes": [{
    "document_id": "0f0c5d1e",
    "kind": "internal",
    "employee_id": "7d3a",
    "internal": { "employees": [{ "employee_id": "8e4b", "action": "sign" }] },
}] }))]
pub struct NewRoutes {
    /// One a document.
    pub routes: Vec<DocumentRoutes>,
}

/// The route of one document.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsNewRoute)]
pub struct DocumentRoutes {
    /// The document.
    pub document_id: ServiceId,
    /// Which kind of route.
    pub kind: RouteKind,
    /// Who makes the route.
    pub employee_id: ServiceId,
    /// Outside the organisation: for `quick`, and for `outgoing` as wished.
    #[serde(default)]
    pub external: Option<ExternalStations>,
    /// Inside the organisation: for `incoming` and `internal`, and for `outgoing` as wished.
    #[serde(default)]
    pub internal: Option<InternalStations>,
}

/// The kinds of routes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = IdocsRouteKind)]
pub enum RouteKind {
    /// Of an outgoing draft, to counterparties; the signer is added when the signature is saved.
    Quick,
    /// Of an outgoing draft, through the organisation and to counterparties.
    Outgoing,
    /// Of an incoming document, through the organisation.
    Incoming,
    /// Of an internal document.
    Internal,
}

/// Counterparties.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsExternalStations)]
pub struct ExternalStations {
    /// In which order they act.
    #[serde(default)]
    pub order: RouteOrder,
    /// Whether the sender signs.
    #[serde(default = "yes")]
    pub sign_required_by_sender: bool,
    /// The counterparties, in their order.
    pub counterparties: Vec<Counterparty>,
}

/// One counterparty.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsCounterparty)]
pub struct Counterparty {
    /// Its BIN, or IIN of an individual: 12 digits.
    pub bin: String,
    /// For the counterparty.
    #[serde(default)]
    pub comment: Option<String>,
    /// Whether it is a person.
    #[serde(default)]
    pub is_individual: bool,
    /// Where it is told.
    #[serde(default)]
    pub emails: Vec<String>,
    /// Whether it signs.
    #[serde(default = "yes")]
    pub sign_required: bool,
    /// Its unit, where it wants one.
    #[serde(default)]
    pub org_unit_id: Option<ServiceId>,
}

/// Employees.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsInternalStations)]
pub struct InternalStations {
    /// In which order they act.
    #[serde(default)]
    pub order: RouteOrder,
    /// The employees, in their order.
    pub employees: Vec<ActingEmployee>,
}

/// One employee.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsActingEmployee)]
pub struct ActingEmployee {
    /// The employee.
    pub employee_id: ServiceId,
    /// What they shall do.
    pub action: RouteAction,
}

impl DocumentRoutes {
    /// Checks what the service would refuse later.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let (may_external, may_internal) = match self.kind {
            RouteKind::Quick => (true, false),
            RouteKind::Outgoing => (true, true),
            RouteKind::Incoming | RouteKind::Internal => (false, true),
        };
        let refused = |field: &str, reason: &str| Err(Fault::invalid_field(format!("routes.{field}"), reason));
        if self.external.is_some() && !may_external {
            return refused("external", "does not go with this kind of route");
        }
        if self.internal.is_some() && !may_internal {
            return refused("internal", "does not go with this kind of route");
        }
        let counterparties = self
            .external
            .as_ref()
            .map(|stations| stations.counterparties.as_slice());
        let employees = self.internal.as_ref().map(|stations| stations.employees.as_slice());
        if counterparties.unwrap_or_default().is_empty() && employees.unwrap_or_default().is_empty() {
            return refused("external", "a route needs at least one station");
        }
        for counterparty in counterparties.unwrap_or_default() {
            check_bin("routes.external.counterparties.bin", &counterparty.bin)?;
            check_emails("routes.external.counterparties.emails", &counterparty.emails)?;
        }
        Ok(())
    }
}

/// Has documents prepared for download, in bulk.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdocsBulkDownload, example = json!({ "document_ids": ["0f0c5d1e"] }))]
pub struct BulkDownload {
    /// The documents.
    pub document_ids: Vec<ServiceId>,
    /// For whom.
    #[serde(default)]
    pub employee_id: Option<ServiceId>,
}

/// Checks how many there are.
///
/// # Errors
/// `invalid_field`.
pub(super) fn check_count(field: &str, count: usize) -> Result<(), Fault> {
    if (1..=MOST_DOCUMENTS).contains(&count) {
        return Ok(());
    }
    Err(Fault::invalid_field(field, format!("must be 1 to {MOST_DOCUMENTS}")))
}

fn yes() -> bool {
    true
}

fn check_text(field: &str, text: &str) -> Result<(), Fault> {
    let length = text.trim().chars().count();
    if length == 0 || text.chars().count() > LONGEST_TEXT {
        return Err(Fault::invalid_field(
            field,
            format!("must have 1 to {LONGEST_TEXT} characters"),
        ));
    }
    Ok(())
}

fn check_bin(field: &str, bin: &str) -> Result<(), Fault> {
    if bin.len() != 12 || !bin.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::invalid_field(field, "must be 12 digits"));
    }
    Ok(())
}

fn check_emails(field: &str, emails: &[String]) -> Result<(), Fault> {
    let is_none = |email: &&String| !email.contains('@') || email.chars().any(|c| c.is_whitespace() || c.is_control());
    match emails.iter().find(is_none) {
        Some(email) => Err(Fault::invalid_field(field, format!("{email:?} is no e-mail address"))),
        None => Ok(()),
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

impl SpooledFile {
    fn check(&self) -> Result<(), Fault> {
        let extension = self
            .name
            .rsplit_once('.')
            .map(|(_, extension)| extension.to_ascii_lowercase());
        if !extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str())) {
            return Err(Fault::invalid_field(
                "file",
                format!("must be one of .{}", EXTENSIONS.join(" .")),
            ));
        }
        if self.size == 0 || self.size > LARGEST_FILE {
            return Err(Fault::invalid_field(
                "file",
                format!("must have 1 to {LARGEST_FILE} bytes"),
            ));
        }
        Ok(())
    }
}

/// A document's date, counted in UTC: a date (`2026-02-03`), an RFC 3339 instant, or Unix seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ToSchema)]
#[schema(as = IdocsDate, value_type = String)]
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
