//! Creating documents.

use std::sync::Arc;

use axum::extract::State;
use uuid::Uuid;

use super::answer::{Answer, JsonBody, Refusal};
use super::model::{CreateIntegrationDocument, DocumentBase, DocumentDirection, DocumentGroupType, ExternalNodeStatus};
use super::records::{BlobKind, Document, UploadedBlob};
use crate::sandbox::app::{App, locked};
use crate::sandbox::behaviour::IdocsBehaviour;
use crate::sandbox::call::Call;
use crate::sandbox::clock;
use crate::sandbox::control::{InboxDocumentSeed, SeedError};
use crate::sandbox::effects::Happened;

/// Names and numbers: at most so many characters (the guide).
const TEXT_LIMIT: usize = 256;

pub(super) async fn create(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<CreateIntegrationDocument>,
) -> Result<Answer, Refusal> {
    make(&app, &call, request, false)
}

pub(super) async fn create_internal(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<CreateIntegrationDocument>,
) -> Result<Answer, Refusal> {
    make(&app, &call, request, true)
}

/// Creates a draft. Like the service, it makes another one each time it is asked.
pub(super) fn make(
    app: &App,
    call: &Call,
    request: CreateIntegrationDocument,
    is_internal: bool,
) -> Result<Answer, Refusal> {
    let metadata = request.document_metadata;
    for (member, text) in [
        ("documentName", &metadata.document_name),
        ("documentNumber", &metadata.document_number),
    ] {
        if text.is_empty() || text.chars().count() > TEXT_LIMIT {
            return Err(Refusal::invalid(format!(
                "{member} must have 1 to {TEXT_LIMIT} characters"
            )));
        }
    }
    let author = metadata.document_author_employee_id.unwrap_or_default();
    if !author.is_nil() && app.employee(author).is_none() {
        return Err(Refusal::invalid(format!(
            "documentAuthorEmployeeId: there is no employee {author}"
        )));
    }
    let files: Vec<_> = request
        .document_binary_contents
        .unwrap_or_default()
        .iter()
        .map(|it| it.blob_id)
        .collect();
    if files.is_empty() {
        return Err(Refusal::invalid(
            "documentBinaryContents: a document needs at least one file",
        ));
    }
    let document = Document {
        direction: DocumentDirection::Outbox,
        name: metadata.document_name,
        number: metadata.document_number,
        date: i64::try_from(metadata.document_date)
            .map_err(|_| Refusal::invalid("documentDate is beyond every calendar"))?,
        group: metadata.document_group,
        author,
        files,
        created_on: clock::unix_seconds(),
        status: ExternalNodeStatus::Draft,
        route: None,
        internal_route: None,
        is_internal,
        content: None,
        signed: false,
        signature: None,
    };
    let document_id = Uuid::new_v4();
    {
        let mut records = locked(&app.idocs);
        for blob_id in &document.files {
            if records
                .blobs
                .find(*blob_id)
                .is_none_or(|blob| blob.kind != BlobKind::Document)
            {
                return Err(Refusal::invalid(format!(
                    "documentBinaryContents: there is no document content {blob_id}"
                )));
            }
        }
        records.documents.put(document_id, document.clone())?;
    }
    let (number, name) = (document.number.clone(), document.name.clone());
    app.record(
        call,
        Happened::DocumentCreated {
            document_id,
            number,
            name,
        },
    )?;
    Answer::of(&document.base(document_id, &app.behaviour().idocs))
}

impl Document {
    /// The document as the service shows it.
    pub(super) fn base(&self, id: Uuid, behaviour: &IdocsBehaviour) -> DocumentBase {
        DocumentBase {
            id,
            document_name: self.name.clone(),
            document_number: self.number.clone(),
            document_date: behaviour.date(self.date),
            document_group: self.group,
            document_author_employee_id: self.author,
            created_on: behaviour.date(self.created_on),
            document_status: self.status,
            document_direction: self.direction,
        }
    }
}

impl IdocsBehaviour {
    /// A date in the unit that is switched on.
    pub(super) fn date(&self, unix_seconds: i64) -> i64 {
        if self.dates_in_milliseconds {
            unix_seconds * 1000
        } else {
            unix_seconds
        }
    }
}

/// Puts a document from a counterparty into the inbox.
pub(crate) fn seed_inbox_document(app: &App, seed: InboxDocumentSeed) -> Result<Uuid, SeedError> {
    let contents = seed.files.iter().map(|file| Ok((file.name.clone(), file.content()?)));
    let contents = contents.collect::<Result<Vec<_>, SeedError>>()?;
    if contents.is_empty() {
        return Err(SeedError::NoFiles);
    }
    let document_id = Uuid::new_v4();
    let mut records = locked(&app.idocs);
    let mut files = Vec::new();
    for (name, bytes) in contents {
        let blob_id = Uuid::new_v4();
        let blob = UploadedBlob {
            kind: BlobKind::Document,
            name,
            bytes: app.blobs.put(&bytes)?,
        };
        records.blobs.put(blob_id, blob)?;
        files.push(blob_id);
    }
    let document = Document {
        direction: DocumentDirection::Inbox,
        name: seed.name.clone(),
        number: seed.number.clone(),
        date: clock::unix_seconds(),
        group: DocumentGroupType::General,
        author: Uuid::nil(),
        files,
        created_on: clock::unix_seconds(),
        status: ExternalNodeStatus::InNew,
        route: None,
        internal_route: None,
        is_internal: false,
        content: None,
        signed: false,
        signature: None,
    };
    records.documents.put(document_id, document)?;
    drop(records);
    let seeded = Happened::DocumentSeeded {
        document_id,
        number: seed.number,
        name: seed.name,
    };
    app.record(&Call::default(), seeded)?;
    Ok(document_id)
}
