use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Mig24Client, method};
use crate::config::Verb;
use crate::http_client::{Download, Failure, FilePart, ServiceId};
use crate::mig24::model::{self, DocumentInfo};

/// How a file becomes a document.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Mig24DocumentForm)]
pub enum DocumentForm {
    /// Any file, as it is.
    Informal,
    /// The service tells the type.
    Detected,
}

impl DocumentForm {
    /// The form that goes with a file's name when nobody says it: XML has a type of its own.
    pub fn of_name(name: &str) -> Self {
        if name.to_ascii_lowercase().ends_with(".xml") {
            Self::Detected
        } else {
            Self::Informal
        }
    }
}

impl Mig24Client {
    /// `POST /api/v1/documents/{id}/informal` or `/api/v1/documents/{id}`: uploads a file under the client's own id. The same file
    /// under the same id may come again.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn upload(&self, id: &ServiceId, form: DocumentForm, file: FilePart) -> Result<(), Failure> {
        let id = id.segment();
        let path = match form {
            DocumentForm::Informal => format!("/api/v1/documents/{id}/informal"),
            DocumentForm::Detected => format!("/api/v1/documents/{id}"),
        };
        let file = file.in_field(&self.shapes.upload.field);
        let call = self.http.call(method(self.shapes.upload.method), &path)?;
        call.file(file)?.send().await.map(drop)
    }

    /// `POST /api/v1/documents/upd`: uploads a universal transfer document (УПД) as JSON, with the client's own id in it.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn upload_upd(&self, upd: &Value) -> Result<(), Failure> {
        self.write(Verb::Post, "/api/v1/documents/upd", upd).await.map(drop)
    }

    /// `GET /api/v1/documents`: what is stored there.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn documents(&self) -> Result<Vec<DocumentInfo>, Failure> {
        let answer = self.read("/api/v1/documents").await?;
        model::list(&answer)
    }

    /// `GET /api/v1/documents/{id}`.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn document(&self, id: &ServiceId) -> Result<DocumentInfo, Failure> {
        let answer = self.read(&format!("/api/v1/documents/{}", id.segment())).await?;
        model::one(&answer)
    }

    /// `GET /api/v1/documents/{id}/file`: opens a document's file.
    ///
    /// # Errors
    /// `body_too_large`, and those of any call.
    pub async fn document_file(&self, id: &ServiceId) -> Result<Download, Failure> {
        self.open(&format!("/api/v1/documents/{}/file", id.segment())).await
    }

    /// `GET /api/v1/documents/upd/draft-visualization/{id}`: opens the picture (PDF) of an uploaded УПД. The id is the one that
    /// the queue of visualisations gives.
    ///
    /// # Errors
    /// `body_too_large`, and those of any call.
    pub async fn draft_visualization(&self, id: &ServiceId) -> Result<Download, Failure> {
        self.open(&format!("/api/v1/documents/upd/draft-visualization/{}", id.segment()))
            .await
    }
}
