//! Documents: made as drafts, outgoing or internal, and how the service shows them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::client::IdocsClient;
use super::model::{BlobReference, DocumentGroup, DocumentStatus, Epoch};
use crate::http_client::{Failure, ServiceId};

/// Which drafts can be made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = IdocsDraftKind)]
pub enum DraftKind {
    /// For a counterparty.
    #[default]
    Outgoing,
    /// For the organisation itself.
    Internal,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_author_employee_id: Option<&'a ServiceId>,
}

/// A document (`DocumentBaseVM` and `DocumentExtendedVM`). Read as the service names things, written as our face does.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
#[schema(as = IdocsDocumentView)]
pub struct DocumentView {
    /// Its id.
    pub id: ServiceId,
    /// Its name.
    #[serde(default)]
    pub document_name: Option<String>,
    /// Its number.
    #[serde(default)]
    pub document_number: Option<String>,
    /// Its date.
    #[serde(default)]
    pub document_date: Epoch,
    /// Its group, in the service's words.
    #[serde(default)]
    pub document_group: Option<String>,
    /// Who made it.
    #[serde(default)]
    pub document_author_employee_id: Option<ServiceId>,
    /// When it was made.
    #[serde(default)]
    pub created_on: Epoch,
    /// Its status.
    #[serde(default)]
    pub document_status: Option<DocumentStatus>,
    /// `Inbox` or `Outbox`.
    #[serde(default)]
    pub document_direction: Option<String>,
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

    /// The employees of its internal route.
    pub fn internal_nodes(&self) -> &[InternalNode] {
        self.document_route
            .as_ref()
            .and_then(|route| route.internal.as_ref())
            .and_then(|internal| internal.nodes.as_deref())
            .unwrap_or_default()
    }
}

/// `RouteExtendedVM`
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = IdocsDocumentRoute)]
pub struct DocumentRoute {
    /// Outside the organisation.
    #[serde(default)]
    pub external: Option<ExternalRoute>,
    /// Inside the organisation.
    #[serde(default)]
    pub internal: Option<InternalRoute>,
}

/// `DocumentExternalRouteVM`
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = IdocsExternalRoute)]
pub struct ExternalRoute {
    /// Its stations.
    #[serde(default)]
    pub nodes: Option<Vec<ExternalNode>>,
}

/// `DocumentExternalRouteNodeVM`
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
#[schema(as = IdocsExternalNode)]
pub struct ExternalNode {
    /// Its place.
    #[serde(default)]
    pub order: Option<i64>,
    /// The counterparty's BIN.
    #[serde(default)]
    pub counterparty_company_bin: Option<String>,
    /// For the counterparty.
    #[serde(default)]
    pub comment: Option<String>,
    /// Where the counterparty is told.
    #[serde(default)]
    pub counterparty_company_emails: Option<Vec<String>>,
    /// Whether the counterparty signs.
    #[serde(default)]
    pub is_sign_required: Option<bool>,
    /// How far it is.
    #[serde(default)]
    pub state: Option<NodeState>,
}

/// `DocumentInternalRouteVM`
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
#[schema(as = IdocsInternalRoute)]
pub struct InternalRoute {
    /// `NONE`, `PARALLEL` or `SEQUENTIAL`.
    #[serde(default)]
    pub route_action_ordering_type: Option<String>,
    /// Its stations.
    #[serde(default)]
    pub nodes: Option<Vec<InternalNode>>,
}

/// `DocumentInternalRouteNodeVM`
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
#[schema(as = IdocsInternalNode)]
pub struct InternalNode {
    /// Its place.
    #[serde(default)]
    pub order: Option<i64>,
    /// The employee.
    #[serde(default)]
    pub employee_id: Option<ServiceId>,
    /// `SIGN`, `APPROVE`, `INFORM` or `REJECT`.
    #[serde(default)]
    pub required_action: Option<String>,
    /// How far it is.
    #[serde(default)]
    pub state: Option<NodeState>,
}

/// `DocumentExternalRouteNodeStateVM`, `DocumentInternalRouteNodeStateVM`
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
#[schema(as = IdocsNodeState)]
pub struct NodeState {
    /// `NotStarted`, `Active`, `CompletedWithOk` or `CompletedWithFail`.
    #[serde(default)]
    pub status: Option<String>,
    /// When it was completed.
    #[serde(default)]
    pub completed_on: Epoch,
    /// Why it was rejected.
    #[serde(default)]
    pub reject_metadata: Option<Rejection>,
}

/// `DocumentRouteRejectMetadataVM`
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
#[schema(as = IdocsRejection)]
pub struct Rejection {
    /// The reason.
    #[serde(default)]
    pub reject_reason: Option<String>,
}

impl IdocsClient {
    /// Creates a draft. Not idempotent: the service makes another one each time.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn create_draft(&self, kind: DraftKind, document: &NewDocument<'_>) -> Result<DocumentView, Failure> {
        let path = match kind {
            DraftKind::Outgoing => "/api/v3/sync/external/outbox/document/create",
            DraftKind::Internal => "/api/v3/sync/internal/document/create",
        };
        self.post(path, document).await
    }

    /// Creates an outgoing draft.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn create_document(&self, document: &NewDocument<'_>) -> Result<DocumentView, Failure> {
        self.create_draft(DraftKind::Outgoing, document).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_document_needs_only_its_id() {
        let document: DocumentView = serde_json::from_str(
            r#"{"id":"A-1","documentStatus":"BRAND_NEW","more":[1],"documentRoute":{"external":{"nodes":null},"internal":null}}"#,
        )
        .unwrap();
        assert_eq!(document.id.as_str(), "A-1");
        assert!(document.external_nodes().is_empty());
        let shown = serde_json::to_value(&document).unwrap();
        assert_eq!(shown["document_status"], "BRAND_NEW");
    }
}
