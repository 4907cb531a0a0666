//! The shapes of iDocs Integration API V3, after the vendor's OpenAPI description (February 2026).
//!
//! Requests are exact. Answers are read tolerantly: only what is needed must be there, unknown members and words pass.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use time::OffsetDateTime;

use crate::http_client::ServiceId;

/// Which way a document goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the profile's organisation.
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
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
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

/// A moment as the service writes it: Unix seconds, UTC. Milliseconds are understood, as is nothing (`null`, 0).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
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
        serializer.serialize_i64(self.0.map_or(0, OffsetDateTime::unix_timestamp))
    }
}

/// A document's status (`ExternalNodeStatus`), as the service writes it.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
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

/// An uploaded file (`ClientUploadedBlobVM`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadedBlob {
    /// Its id.
    pub blob_id: ServiceId,
}

/// The body of creating a document (`CreateIntegrationDocumentVM`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewDocument<'a> {
    /// Name, number, date, group, author.
    pub document_metadata: DocumentMetadata<'a>,
    /// Its files.
    pub document_binary_contents: Vec<BlobReference<'a>>,
}

/// `DocumentMetadataVM`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentMetadata<'a> {
    /// At most 256 characters.
    pub document_name: &'a str,
    /// At most 256 characters.
    pub document_number: &'a str,
    /// Unix seconds, UTC.
    pub document_date: i64,
    /// The group.
    pub document_group: DocumentGroup,
    /// Who made it.
    pub document_author_employee_id: &'a ServiceId,
}

/// A reference to an uploaded file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobReference<'a> {
    /// Its id.
    pub blob_id: &'a ServiceId,
}

/// A document (`DocumentBaseVM` and `DocumentExtendedVM`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentView {
    /// Its id.
    pub id: ServiceId,
    /// Its name.
    #[serde(default)]
    pub document_name: Option<String>,
    /// Its number.
    #[serde(default)]
    pub document_number: Option<String>,
    /// Its status.
    #[serde(default)]
    pub document_status: Option<DocumentStatus>,
    /// Where it goes.
    #[serde(default)]
    pub document_route: Option<DocumentRoute>,
}

impl DocumentView {
    /// The counterparties of its external route.
    pub fn external_nodes(&self) -> &[ExternalNode] {
        self.document_route
            .as_ref()
            .and_then(|route| route.external.as_ref())
            .and_then(|external| external.nodes.as_deref())
            .unwrap_or_default()
    }
}

/// `RouteExtendedVM`
#[derive(Clone, Debug, Deserialize)]
pub struct DocumentRoute {
    /// Outside the organisation.
    #[serde(default)]
    pub external: Option<ExternalRoute>,
}

/// `DocumentExternalRouteVM`
#[derive(Clone, Debug, Deserialize)]
pub struct ExternalRoute {
    /// Its stations.
    #[serde(default)]
    pub nodes: Option<Vec<ExternalNode>>,
}

/// `DocumentExternalRouteNodeVM`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalNode {
    /// The counterparty's BIN.
    #[serde(default)]
    pub counterparty_company_bin: Option<String>,
}

/// The body of creating a quick route (`CreateQuickRouteForExternalOutboxDocumentVM`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewQuickRoute<'a> {
    /// The document.
    pub document_id: &'a ServiceId,
    /// Who makes the route.
    pub employee_id: &'a ServiceId,
    /// The route.
    pub route: NewRoute<'a>,
}

/// `CreateExternalOutDocumentQuickRouteVM`
#[derive(Clone, Debug, Serialize)]
pub struct NewRoute<'a> {
    /// Outside the organisation.
    pub external: NewExternalRoute<'a>,
}

/// `CreateExternalRouteVM`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewExternalRoute<'a> {
    /// `NONE`, `PARALLEL` or `SEQUENTIAL`.
    pub route_order_type: &'static str,
    /// Whether the sender signs.
    pub is_sign_required_by_sender: bool,
    /// The counterparties.
    pub nodes: Vec<NewExternalNode<'a>>,
}

/// `CreateExternalRouteNodeVM`, with the guide's `requiredActionType` where it is configured.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewExternalNode<'a> {
    /// Its place, from 0.
    pub order: u32,
    /// The counterparty's BIN, or IIN of an individual.
    pub counterparty_bin: &'a str,
    /// For the counterparty.
    pub comment: Option<&'a str>,
    /// Whether the counterparty is a person.
    pub is_individual: bool,
    /// Where the counterparty is told.
    pub counterparty_emails: &'a [String],
    /// Whether the counterparty signs.
    pub is_sign_required_by_counterparty: bool,
    /// The guide's reference word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_action_type: Option<&'a str>,
}

/// The body of asking for the content to sign (`GenerateExternalDocumentSignContentVM`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerateContent<'a> {
    /// The document.
    pub document_id: &'a ServiceId,
    /// Who signs.
    pub signed_by_employee_id: &'a ServiceId,
}

/// Where the content to sign lies (`GenerateExternalDocumentSignContentResponseVM`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignContent {
    /// Where it is fetched.
    #[serde(default)]
    pub download_link: Option<String>,
    /// When it is thrown away.
    #[serde(default)]
    pub dispose_on: Epoch,
    /// What the signature is saved with; only the service makes it.
    #[serde(default)]
    pub idempotency_ticket: Option<String>,
}

/// The body of saving a signature (`AddQuickSignatureToExternalDocumentVM`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SaveSignature<'a> {
    /// The document.
    pub document_id: &'a ServiceId,
    /// Who signed.
    pub signed_by_employee_id: &'a ServiceId,
    /// The uploaded signature.
    pub signature_binary_content: BlobReference<'a>,
    /// The ticket that came with the content.
    pub idempotency_ticket: &'a str,
}

/// `DocumentStatusVM`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentStatusView {
    /// The status.
    pub document_status: DocumentStatus,
}

/// The organisation of the token (`CompanyTokenInfoVM`).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Company {
    /// Its id.
    #[serde(default)]
    pub company_id: Option<ServiceId>,
    /// Its BIN.
    #[serde(default)]
    pub company_bin: Option<String>,
    /// Its name.
    #[serde(default)]
    pub company_name: Option<String>,
}

/// An employee (`EmployeeVM`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Employee {
    /// The id.
    pub id: ServiceId,
    /// The IIN.
    #[serde(default)]
    pub national_identification_number: Option<String>,
    /// The full name.
    #[serde(default)]
    pub full_name: Option<String>,
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

/// The body of looking for documents (`QueryDocumentsVM`), all of a range of dates.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentsQuery {
    /// The first date, Unix seconds.
    pub document_date_from: i64,
    /// The last date, Unix seconds.
    pub document_date_to: i64,
    /// Which page.
    #[serde(flatten)]
    pub page: PageQuery,
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

    #[test]
    fn a_document_needs_only_its_id() {
        let document: DocumentView = serde_json::from_str(
            r#"{"id":"A-1","documentStatus":"BRAND_NEW","more":[1],"documentRoute":{"external":{"nodes":null},"internal":null}}"#,
        )
        .unwrap();
        assert_eq!(document.id.as_str(), "A-1");
        assert!(document.external_nodes().is_empty());
    }
}
