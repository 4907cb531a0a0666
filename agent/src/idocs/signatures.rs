//! Quick signing: the content to sign with its ticket, and the signature that is saved with that ticket.

use serde::{Deserialize, Serialize};

use super::client::IdocsClient;
use super::model::{BlobReference, Direction, Epoch};
use crate::http_client::{Failure, ServiceId};

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

impl IdocsClient {
    /// Asks for the content to sign: a link and a ticket. Repeat-safe: the service gives out another ticket.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn generate_content(
        &self,
        direction: Direction,
        request: &GenerateContent<'_>,
    ) -> Result<SignContent, Failure> {
        let folder = direction.folder();
        self.post(
            &format!("/api/v3/sync/external/{folder}/signature/content-to-sign/generate"),
            request,
        )
        .await
    }

    /// Saves a signature: the service checks it and sends the document.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn save_signature(&self, direction: Direction, request: &SaveSignature<'_>) -> Result<(), Failure> {
        let folder = direction.folder();
        self.post_for_nothing(
            &format!("/api/v3/sync/external/{folder}/signature/quick-sign/save"),
            request,
        )
        .await
    }
}
