//! Reading documents: lists by filter, one with its route, its status, print form and archive.

use serde::{Deserialize, Serialize};

use super::client::IdocsClient;
use super::documents::DocumentView;
use super::model::{Direction, DocumentStatus, Page, PageQuery};
use crate::http_client::{Download, Failure, ServiceId};

/// The body of looking for documents (`QueryDocumentsVM`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentsQuery<'a> {
    /// In these states only; all when empty.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub document_statuses: &'a [DocumentStatus],
    /// The first date, Unix seconds.
    pub document_date_from: i64,
    /// The last date, Unix seconds.
    pub document_date_to: i64,
    /// Of this author only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_author_id: Option<&'a ServiceId>,
    /// Which page.
    #[serde(flatten)]
    pub page: PageQuery,
}

/// `DocumentStatusVM`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentStatusView {
    /// The status.
    pub document_status: DocumentStatus,
}

impl IdocsClient {
    /// A document's status.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn document_status(&self, document: &ServiceId) -> Result<DocumentStatus, Failure> {
        let id = document.segment();
        let view: DocumentStatusView = self
            .fetch(&format!(
                "/api/v3/sync/single/document/GetDocumentStatusByDocumentId/{id}"
            ))
            .await?;
        Ok(view.document_status)
    }

    /// A document's print form.
    ///
    /// # Errors
    /// `body_too_large`, and those of any call.
    pub async fn print_form(&self, document: &ServiceId) -> Result<Download, Failure> {
        let id = document.segment();
        self.download_path(&format!(
            "/api/v3/sync/single/document/GetDocumentPrintFormByDocumentId/{id}"
        ))
        .await
    }

    /// A document's archive: its original files, print form and signatures.
    ///
    /// # Errors
    /// `body_too_large`, and those of any call.
    pub async fn archive(&self, document: &ServiceId) -> Result<Download, Failure> {
        let id = document.segment();
        self.download_path(&format!(
            "/api/v3/sync/single/document/GetDocumentArchiveByDocumentId/{id}"
        ))
        .await
    }

    /// A document with its route.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn document(&self, direction: Direction, document: &ServiceId) -> Result<DocumentView, Failure> {
        let (folder, id) = (direction.folder(), document.segment());
        self.fetch(&format!("/api/v3/sync/external/documents-query/single/{folder}/{id}"))
            .await
    }

    /// One page of documents.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn documents(
        &self,
        direction: Direction,
        query: &DocumentsQuery<'_>,
    ) -> Result<Page<DocumentView>, Failure> {
        self.post(&list_of(direction), query).await
    }

    /// Every document that the query finds, whatever page it names.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn all_documents(
        &self,
        direction: Direction,
        query: &DocumentsQuery<'_>,
    ) -> Result<Vec<DocumentView>, Failure> {
        self.pages(&list_of(direction), |page| DocumentsQuery { page, ..query.clone() })
            .await
    }

    /// The outgoing documents dated `from` to `to` (Unix seconds) for which `wanted` says yes: the service itself cannot look for
    /// a name or a number.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn find_outgoing(
        &self,
        from: i64,
        to: i64,
        wanted: impl Fn(&DocumentView) -> bool,
    ) -> Result<Vec<DocumentView>, Failure> {
        let query = DocumentsQuery {
            document_statuses: &[],
            document_date_from: from,
            document_date_to: to,
            document_author_id: None,
            page: PageQuery { skip: 0, top: 0 },
        };
        let mut found = self.all_documents(Direction::Outgoing, &query).await?;
        found.retain(wanted);
        Ok(found)
    }
}

fn list_of(direction: Direction) -> String {
    format!("/api/v3/sync/external/documents-query/{}", direction.folder())
}
