//! Asynchronous operations in bulk: begun in one call, carried out one after the other behind it, asked after by their ids.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::answer::{Answer, JsonBody, Refusal};
use super::model::{
    AsyncOperationStatus, BulkRequest, BulkStatusRequest, DocumentDirection, DownloadExternalDocument,
    DownloadedExternalDocument, OperationErrorType, OperationErrorView, OperationView, OperationsView, Page,
};
use super::records::SignContent;
use super::{documents, routes, signing};
use crate::sandbox::app::{App, locked};
use crate::sandbox::behaviour::IdocsBehaviour;
use crate::sandbox::call::Call;
use crate::sandbox::clock;
use crate::sandbox::faults::When;

/// What is done in bulk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    CreateDocuments,
    CreateRoutes(DocumentDirection),
    CreateQuickRoutes,
    GenerateContents(DocumentDirection),
    SaveSignatures(DocumentDirection),
    Download,
}

impl Kind {
    pub(super) const ALL: [(Self, &'static str); 9] = [
        (
            Self::CreateDocuments,
            "/api/v3/async/bulk/external/outbox/document/create",
        ),
        (
            Self::CreateRoutes(DocumentDirection::Outbox),
            "/api/v3/async/bulk/external/outbox/route/create",
        ),
        (
            Self::CreateRoutes(DocumentDirection::Inbox),
            "/api/v3/async/bulk/external/inbox/route/create",
        ),
        (
            Self::CreateQuickRoutes,
            "/api/v3/async/bulk/external/outbox/route/quick-route/create",
        ),
        (
            Self::GenerateContents(DocumentDirection::Outbox),
            "/api/v3/async/bulk/external/outbox/signature/content-to-sign/generate",
        ),
        (
            Self::GenerateContents(DocumentDirection::Inbox),
            "/api/v3/async/bulk/external/inbox/signature/content-to-sign/generate",
        ),
        (
            Self::SaveSignatures(DocumentDirection::Outbox),
            "/api/v3/async/bulk/external/outbox/signature/quick-sign/save",
        ),
        (
            Self::SaveSignatures(DocumentDirection::Inbox),
            "/api/v3/async/bulk/external/inbox/signature/quick-sign/save",
        ),
        (Self::Download, "/api/v3/async/documents/download/bulk-download"),
    ];
}

/// An operation as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Operation {
    kind: Kind,
    created_on: i64,
    completed_on: Option<i64>,
    status: AsyncOperationStatus,
    data: Option<Value>,
    errors: Option<Vec<OperationErrorView>>,
}

/// Begins operations: each has its id at once and is carried out later.
pub(super) async fn begin(
    kind: Kind,
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<BulkRequest>,
) -> Result<Answer, Refusal> {
    let begun = Operation {
        kind,
        created_on: clock::unix_seconds(),
        completed_on: None,
        status: AsyncOperationStatus::Created,
        data: None,
        errors: None,
    };
    let behaviour = app.behaviour().idocs;
    let mut work = Vec::with_capacity(request.operations.len());
    let mut operations = Vec::with_capacity(request.operations.len());
    {
        let mut records = locked(&app.idocs);
        for item in request.operations {
            let id = Uuid::new_v4();
            records.operations.put(id, begun.clone())?;
            operations.push(begun.view(id, &behaviour, false));
            work.push((id, item.data));
        }
    }
    tokio::spawn(carry_out(Arc::clone(&app), call, kind, work));
    Answer::of(&OperationsView { operations })
}

async fn carry_out(app: Arc<App>, call: Call, kind: Kind, work: Vec<(Uuid, Value)>) {
    tokio::time::sleep(Duration::from_millis(app.behaviour().idocs.bulk_latency_millis)).await;
    for (n, (id, data)) in work.into_iter().enumerate() {
        let broken = call
            .twists
            .broken_operation
            .filter(|(nth, _)| *nth == n + 1)
            .map(|(_, when)| when);
        change(&app, id, |operation| {
            operation.status = AsyncOperationStatus::InProcessing
        });
        let ended = match broken {
            Some(When::Before) => Ok(Answer::Nothing),
            _ => perform(&app, &call, kind, data).await,
        };
        change(&app, id, |operation| {
            operation.completed_on = Some(clock::unix_seconds());
            match ended {
                _ if broken.is_some() => {
                    operation.status = AsyncOperationStatus::CompletedWithProcessingException;
                    operation.errors = Some(vec![OperationErrorView {
                        error_code: OperationErrorType::InternalServerError,
                        error_description: Some("the operation broke off".to_owned()),
                        error_documentation_link: None,
                    }]);
                }
                Ok(answer) => {
                    operation.status = AsyncOperationStatus::CompletedWithOk;
                    operation.data = match answer {
                        Answer::Value(value) => Some(value),
                        Answer::Nothing => None,
                    };
                }
                Err(refusal) => {
                    operation.status = AsyncOperationStatus::CompletedWithProcessingError;
                    operation.errors = Some(vec![refusal.view()]);
                }
            }
        });
    }
}

fn change(app: &App, id: Uuid, change: impl FnOnce(&mut Operation)) {
    let mut records = locked(&app.idocs);
    // A reset meanwhile leaves nothing to change.
    if let Some(mut operation) = records.operations.find(id).cloned() {
        change(&mut operation);
        if let Err(error) = records.operations.put(id, operation) {
            tracing::error!(%error, "an operation cannot be kept");
        }
    }
}

async fn perform(app: &Arc<App>, call: &Call, kind: Kind, data: Value) -> Result<Answer, Refusal> {
    match kind {
        Kind::CreateDocuments => documents::make(app, call, read(data)?, false),
        Kind::CreateRoutes(direction) => routes::ordinary(app, call, read(data)?, direction),
        Kind::CreateQuickRoutes => routes::quick(app, call, read(data)?),
        Kind::GenerateContents(direction) => signing::generate(app, call, &read(data)?, direction),
        Kind::SaveSignatures(direction) => signing::save(app, call, read(data)?, direction).await,
        Kind::Download => download(app, &read(data)?),
    }
}

fn read<T: DeserializeOwned>(data: Value) -> Result<T, Refusal> {
    serde_json::from_value(data).map_err(|error| Refusal::invalid(format!("data is not what is expected: {error}")))
}

/// Prepares a document's archive behind a link.
fn download(app: &App, request: &DownloadExternalDocument) -> Result<Answer, Refusal> {
    let behaviour = app.behaviour().idocs;
    let document_id = request.document_id;
    let content_id = Uuid::new_v4();
    let dispose_on = clock::unix_seconds() + behaviour.dispose_after_seconds;
    {
        let mut records = locked(&app.idocs);
        let document = records.documents.find(document_id);
        let document = document.ok_or_else(|| Refusal::not_found(format!("there is no document {document_id}")))?;
        let archive = document.archive(&records, &app.blobs)?;
        let content = SignContent {
            document_id,
            employee_id: Uuid::nil(),
            ticket: Uuid::new_v4().to_string(),
            bytes: app.blobs.put(&archive)?,
            dispose_on,
        };
        records.contents.put(content_id, content)?;
    }
    Answer::of(&DownloadedExternalDocument {
        document_id,
        download_link: app.link(&behaviour.download_link, content_id),
        dispose_on: behaviour.date(dispose_on),
    })
}

/// The companion of a bulk call. An operation of another call is not found there.
pub(super) async fn status(
    kind: Kind,
    State(app): State<Arc<App>>,
    JsonBody(request): JsonBody<BulkStatusRequest>,
) -> Result<Answer, Refusal> {
    let behaviour = app.behaviour().idocs;
    let records = locked(&app.idocs);
    let view = |id: Uuid| match records.operations.find(id).filter(|operation| operation.kind == kind) {
        Some(operation) => operation.view(id, &behaviour, true),
        None => OperationView {
            operation_id: id,
            created_on: None,
            completed_on: None,
            operation_status: AsyncOperationStatus::NotFound,
            data: None,
            operation_errors: None,
        },
    };
    let operations = request.operations.iter().map(|item| view(item.operation_id)).collect();
    Answer::of(&OperationsView { operations })
}

/// Every operation, without its data.
pub(super) async fn list(State(app): State<Arc<App>>, JsonBody(page): JsonBody<Page>) -> Result<Answer, Refusal> {
    let behaviour = app.behaviour().idocs;
    let records = locked(&app.idocs);
    let operations = records.operations.in_order();
    let views = operations
        .into_iter()
        .map(|(id, operation)| operation.view(id, &behaviour, false));
    Answer::of(&page.of(views.collect()))
}

impl Operation {
    fn view(&self, operation_id: Uuid, behaviour: &IdocsBehaviour, with_data: bool) -> OperationView {
        OperationView {
            operation_id,
            created_on: Some(behaviour.date(self.created_on)),
            completed_on: self.completed_on.map(|at| behaviour.date(at)),
            operation_status: self.status,
            data: self.data.clone().filter(|_| with_data),
            operation_errors: self.errors.clone(),
        }
    }
}
