//! Uploads (`sync/blobs`). Repeat-safe: a file that is uploaded twice is an unused file.

use serde::Deserialize;

use super::client::IdocsClient;
use crate::http_client::{Failure, FilePart, ServiceId};

/// An uploaded file (`ClientUploadedBlobVM`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadedBlob {
    /// Its id.
    pub blob_id: ServiceId,
}

impl IdocsClient {
    /// Uploads a document's file (part `documentContent`).
    ///
    /// # Errors
    /// Those of any call.
    pub async fn upload_document(&self, file: FilePart) -> Result<ServiceId, Failure> {
        let blob: UploadedBlob = self.upload("/api/v3/sync/blobs/document-content", file).await?;
        Ok(blob.blob_id)
    }

    /// Uploads a signature (part `signatureContent`, a name that ends in `.cms`).
    ///
    /// # Errors
    /// Those of any call.
    pub async fn upload_signature(&self, file: FilePart) -> Result<ServiceId, Failure> {
        let blob: UploadedBlob = self
            .upload("/api/v3/sync/blobs/document-signature-content", file)
            .await?;
        Ok(blob.blob_id)
    }
}
