//! Asynchronous operations in bulk (`async/…`): begun in one call, asked after by their ids in the companion `…/status`. One may
//! take from seconds to hours (the vendor's guide).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::client::IdocsClient;
use super::model::{Direction, Epoch, Page, PageQuery};
use crate::http_client::{Failure, ServiceId};

/// What can be done in bulk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BulkKind {
    /// Creating outgoing drafts; each operation's data is the document.
    CreateDocuments,
    /// Creating ordinary routes.
    CreateRoutes(Direction),
    /// Creating quick routes of outgoing drafts.
    CreateQuickRoutes,
    /// Generating contents to sign; each operation's data is the content's link and ticket.
    GenerateContents(Direction),
    /// Saving signatures.
    SaveSignatures(Direction),
    /// Preparing documents for download; each operation's data is a link.
    Download,
}

impl BulkKind {
    /// The call; with `/status` it is the companion.
    fn path(self) -> String {
        let of = |direction: Direction, rest: &str| {
            let folder = direction.folder();
            format!("/api/v3/async/bulk/external/{folder}/{rest}")
        };
        match self {
            Self::CreateDocuments => of(Direction::Outgoing, "document/create"),
            Self::CreateRoutes(direction) => of(direction, "route/create"),
            Self::CreateQuickRoutes => of(Direction::Outgoing, "route/quick-route/create"),
            Self::GenerateContents(direction) => of(direction, "signature/content-to-sign/generate"),
            Self::SaveSignatures(direction) => of(direction, "signature/quick-sign/save"),
            Self::Download => "/api/v3/async/documents/download/bulk-download".to_owned(),
        }
    }
}

/// `…BulkAsyncOperationsRequestVM`
#[derive(Serialize)]
struct Begin<'a, T> {
    operations: Vec<Data<'a, T>>,
}

#[derive(Serialize)]
struct Data<'a, T> {
    data: &'a T,
}

/// `BulkAsyncOperationStatusRequestVM`
#[derive(Serialize)]
struct Ask<'a> {
    operations: Vec<AskOne<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AskOne<'a> {
    operation_id: &'a ServiceId,
}

/// `…BulkAsyncOperationsStatusResponseVM`
#[derive(Deserialize)]
struct Answer<D> {
    #[serde(default = "Option::default")]
    operations: Option<Vec<Operation<D>>>,
}

/// One operation (`…AsyncOperationStatusResponseVM`). Read as the service names things, written as our face does.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
#[schema(as = IdocsOperation)]
pub struct Operation<D> {
    /// Its id.
    #[serde(default)]
    pub operation_id: Option<ServiceId>,
    /// When it was begun.
    #[serde(default)]
    pub created_on: Epoch,
    /// When it was completed.
    #[serde(default)]
    pub completed_on: Epoch,
    /// `NotFound`, `Created`, `InProcessing`, `CompletedWithProcessingError`, `CompletedWithProcessingException`, `CompletedWithOk`.
    #[serde(default)]
    pub operation_status: Option<String>,
    /// What came of it, by its kind.
    #[serde(default = "Option::default")]
    #[schema(value_type = Option<Object>)]
    pub data: Option<D>,
    /// Why it failed.
    #[serde(default)]
    pub operation_errors: Option<Vec<OperationError>>,
}

/// `OperationErrorVM`
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
#[schema(as = IdocsOperationError)]
pub struct OperationError {
    /// The service's code.
    #[serde(default)]
    pub error_code: Option<String>,
    /// Its text.
    #[serde(default)]
    pub error_description: Option<String>,
}

/// How far an operation is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    /// The service knows nothing of it.
    Unknown,
    /// It waits or is worked on.
    Open,
    /// It was refused.
    Failed,
    /// Something went wrong while it was worked on; whether it had its effect is not said.
    Broken,
    /// It is done.
    Done,
}

impl<D> Operation<D> {
    /// How far it is. A word that is not known counts as open: it is asked after again.
    pub fn progress(&self) -> Progress {
        match self.operation_status.as_deref().unwrap_or_default() {
            "NotFound" => Progress::Unknown,
            "CompletedWithOk" => Progress::Done,
            "CompletedWithProcessingError" => Progress::Failed,
            "CompletedWithProcessingException" => Progress::Broken,
            _ => Progress::Open,
        }
    }

    /// The service's reasons in one line.
    pub fn reasons(&self) -> Option<String> {
        let errors = self.operation_errors.as_deref().unwrap_or_default();
        let texts: Vec<_> = errors
            .iter()
            .filter_map(|error| error.error_description.as_deref().or(error.error_code.as_deref()))
            .collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    /// The service's first code.
    pub fn error_code(&self) -> Option<&str> {
        let errors = self.operation_errors.as_deref().unwrap_or_default();
        errors.iter().find_map(|error| error.error_code.as_deref())
    }
}

/// The body of preparing a document for download (`DownloadExternalDocumentVM`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrepareDownload<'a> {
    /// The document.
    pub document_id: &'a ServiceId,
    /// For whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee_id: Option<&'a ServiceId>,
}

/// Where a prepared document lies (`DownloadExternalDocumentResponseVM`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreparedDownload {
    /// Where it is fetched.
    #[serde(default)]
    pub download_link: Option<String>,
    /// When it is thrown away.
    #[serde(default)]
    pub dispose_on: Epoch,
}

impl IdocsClient {
    /// Begins one operation for each item, in their order. Not idempotent unless the effect is.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn begin_bulk<'a, T: Serialize + Sync + 'a>(
        &self,
        kind: BulkKind,
        items: impl IntoIterator<Item = &'a T> + Send,
    ) -> Result<Vec<Operation<Value>>, Failure> {
        let body = Begin {
            operations: items.into_iter().map(|data| Data { data }).collect(),
        };
        let answer: Answer<Value> = self.post(&kind.path(), &body).await?;
        Ok(answer.operations.unwrap_or_default())
    }

    /// How far operations of that kind are.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn bulk_status<D: DeserializeOwned>(
        &self,
        kind: BulkKind,
        operations: &[ServiceId],
    ) -> Result<Vec<Operation<D>>, Failure> {
        let body = Ask {
            operations: operations.iter().map(|operation_id| AskOne { operation_id }).collect(),
        };
        let answer: Answer<D> = self.post(&format!("{}/status", kind.path()), &body).await?;
        Ok(answer.operations.unwrap_or_default())
    }

    /// One page of the organisation's operations of every kind, without their data.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn operations(&self, page: PageQuery) -> Result<Page<Operation<Value>>, Failure> {
        self.post("/api/v3/sync/bulk/operations", &page).await
    }

    /// Every operation of the organisation.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn all_operations(&self) -> Result<Vec<Operation<Value>>, Failure> {
        self.pages("/api/v3/sync/bulk/operations", |page| page).await
    }
}
