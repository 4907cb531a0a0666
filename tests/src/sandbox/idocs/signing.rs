//! Quick signing: a content and its ticket are given out, a signature comes back and is verified.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use uuid::Uuid;

use super::answer::{Answer, JsonBody, Refusal};
use super::model::{
    AddQuickSignature, DocumentDirection, ExternalNodeStatus, GenerateSignContent, GeneratedSignContent,
};
use super::records::{BlobKind, Document, Records, SignContent};
use super::webhooks;
use crate::sandbox::app::{App, locked};
use crate::sandbox::behaviour::{DownloadLink, SignatureForm};
use crate::sandbox::call::Call;
use crate::sandbox::clock;
use crate::sandbox::config::Employee;
use crate::sandbox::effects::Happened;
use crate::sandbox::storage::{BlobRef, BlobStore, zip_of};
use crate::sandbox::verification::{Certificate, KeyKind, SignedContent, is_detached};

pub(super) async fn generate_outbox(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<GenerateSignContent>,
) -> Result<Answer, Refusal> {
    generate(&app, &call, &request, DocumentDirection::Outbox)
}

pub(super) async fn generate_inbox(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<GenerateSignContent>,
) -> Result<Answer, Refusal> {
    generate(&app, &call, &request, DocumentDirection::Inbox)
}

pub(super) fn generate(
    app: &App,
    call: &Call,
    request: &GenerateSignContent,
    direction: DocumentDirection,
) -> Result<Answer, Refusal> {
    let document_id = request.document_id;
    let behaviour = app.behaviour().idocs;
    let employee = app.signing_employee(request.signed_by_employee_id)?;
    let content_id = Uuid::new_v4();
    let content = {
        let mut records = locked(&app.idocs);
        let mut document = records.document(document_id, direction)?.clone();
        if document.signed {
            return Err(Refusal::invalid(format!("document {document_id} is signed already")));
        }
        let bytes = match &document.content {
            Some(bytes) if !call.twists.changed_content => bytes.clone(),
            _ => document.pack(&records, &app.blobs, call.twists.changed_content)?,
        };
        document.content = Some(bytes.clone());
        records.documents.put(document_id, document)?;
        let content = SignContent {
            document_id,
            employee_id: employee.employee_id(),
            ticket: Uuid::new_v4().to_string(),
            bytes,
            dispose_on: clock::unix_seconds() + behaviour.dispose_after_seconds,
        };
        records.contents.put(content_id, content.clone())?;
        content
    };
    let (ticket, sha256) = (content.ticket.clone(), content.bytes.sha256);
    app.record(
        call,
        Happened::ContentGenerated {
            document_id,
            content_id,
            ticket,
            sha256,
        },
    )?;
    Answer::of(&GeneratedSignContent {
        document_id,
        download_link: call
            .twists
            .download_link
            .clone()
            .unwrap_or_else(|| app.link(&behaviour.download_link, content_id)),
        dispose_on: behaviour.date(content.dispose_on),
        idempotency_ticket: (!call.twists.no_ticket).then_some(content.ticket),
    })
}

impl App {
    pub(super) fn link(&self, link: &DownloadLink, content_id: Uuid) -> String {
        let path = format!("/api/v3/sync/sign-content/download/{content_id}");
        match link {
            DownloadLink::Absolute => format!("{}{path}", self.base_url),
            DownloadLink::Relative => path,
            DownloadLink::DoubleSlash { .. } => format!("{}/{path}", self.base_url),
            DownloadLink::OtherHost { base_url } => format!("{base_url}{path}"),
        }
    }

    fn signing_employee(&self, id: Uuid) -> Result<&Employee, Refusal> {
        self.employee(id)
            .ok_or_else(|| Refusal::invalid(format!("signedByEmployeeId: there is no employee {id}")))
    }
}

impl Document {
    pub(super) fn pack(&self, records: &Records, blobs: &BlobStore, changed: bool) -> Result<BlobRef, Refusal> {
        let files = self.files.iter().filter_map(|id| records.blobs.find(*id));
        let files = files.map(|blob| Ok((blob.name.clone(), blobs.read(&blob.bytes)?)));
        let files = files.collect::<std::io::Result<Vec<_>>>()?;
        let comment = if changed {
            Uuid::new_v4().to_string()
        } else {
            String::new()
        };
        Ok(blobs.put(&zip_of(&files, &comment)?)?)
    }
}

impl Records {
    fn document(&self, id: Uuid, direction: DocumentDirection) -> Result<&Document, Refusal> {
        let document = self
            .documents
            .find(id)
            .filter(|document| document.direction == direction);
        document.ok_or_else(|| Refusal::not_found(format!("there is no {direction:?} document {id}")))
    }
}

pub(super) async fn download(
    State(app): State<Arc<App>>,
    call: Call,
    Path(content_id): Path<Uuid>,
) -> Result<Response, Refusal> {
    let content = locked(&app.idocs).contents.find(content_id).cloned();
    let content = content.ok_or_else(|| Refusal::not_found(format!("there is no content {content_id}")))?;
    if content.is_disposed() {
        return Err(Refusal::not_found(format!(
            "content {content_id} has been disposed of; generate it again"
        )));
    }
    let bytes = app.blobs.read(&content.bytes)?;
    let (document_id, sha256) = (content.document_id, content.bytes.sha256);
    app.record(
        &call,
        Happened::ContentDownloaded {
            document_id,
            content_id,
            sha256,
        },
    )?;
    let disposition = format!("attachment; filename=\"{document_id}.zip\"");
    Ok((
        [
            (CONTENT_TYPE, "application/zip".to_owned()),
            (CONTENT_DISPOSITION, disposition),
        ],
        bytes,
    )
        .into_response())
}

/// The link of the beta, taken literally.
pub(super) async fn download_double_slash(
    State(app): State<Arc<App>>,
    call: Call,
    path: Path<Uuid>,
) -> Result<Response, Refusal> {
    match app.behaviour().idocs.download_link {
        DownloadLink::DoubleSlash { served: true } => download(State(app), call, path).await,
        _ => Err(Refusal::not_found("there is nothing under this path")),
    }
}

impl SignContent {
    fn is_disposed(&self) -> bool {
        self.dispose_on <= clock::unix_seconds()
    }
}

pub(super) async fn save_outbox(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<AddQuickSignature>,
) -> Result<Answer, Refusal> {
    save(&app, &call, request, DocumentDirection::Outbox).await
}

pub(super) async fn save_inbox(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<AddQuickSignature>,
) -> Result<Answer, Refusal> {
    save(&app, &call, request, DocumentDirection::Inbox).await
}

pub(super) async fn save(
    app: &App,
    call: &Call,
    request: AddQuickSignature,
    direction: DocumentDirection,
) -> Result<Answer, Refusal> {
    let document_id = request.document_id;
    let saving = Saving {
        document_id,
        direction,
        employee: app.signing_employee(request.signed_by_employee_id)?,
        ticket: request
            .idempotency_ticket
            .filter(|ticket| !ticket.is_empty())
            .ok_or_else(|| {
                Refusal::invalid("idempotencyTicket is missing; it is issued with the content to be signed")
            })?,
        blob_id: request.signature_binary_content.blob_id,
    };
    match saving.attempt(app).await {
        Ok(saved) => {
            app.record(call, saved)?;
            webhooks::tell(app, document_id);
            Ok(Answer::Nothing)
        }
        Err(NotSaved::Repeated) => {
            let Saving { ticket, blob_id, .. } = saving;
            app.record(
                call,
                Happened::SaveRepeated {
                    document_id,
                    blob_id,
                    ticket,
                },
            )?;
            Err(Refusal::invalid(format!("document {document_id} is signed already")))
        }
        Err(NotSaved::Refused(refusal)) => {
            let reason = refusal.description.clone();
            app.record(call, Happened::SaveRefused { document_id, reason })?;
            Err(refusal)
        }
    }
}

/// One request to save a signature.
struct Saving<'a> {
    document_id: Uuid,
    direction: DocumentDirection,
    employee: &'a Employee,
    ticket: String,
    blob_id: Uuid,
}

enum NotSaved {
    /// A signature has been saved before.
    Repeated,
    /// This signature is not acceptable.
    Refused(Refusal),
}

impl<T: Into<Refusal>> From<T> for NotSaved {
    fn from(refusal: T) -> Self {
        Self::Refused(refusal.into())
    }
}

impl Saving<'_> {
    async fn attempt(&self, app: &App) -> Result<Happened, NotSaved> {
        let (content, cms) = self.check(app)?;
        let signer = self.verify(app, &content, &cms).await?;
        self.check_identity(app, &signer)?;
        // Another save may have come to its end while OpenSSL was running.
        let mut records = locked(&app.idocs);
        let mut document = records.document(self.document_id, self.direction)?.clone();
        if document.signed {
            return Err(NotSaved::Repeated);
        }
        document.signed = true;
        document.signature = Some(self.blob_id);
        document.status = match self.direction {
            DocumentDirection::Outbox => ExternalNodeStatus::SentBySender,
            DocumentDirection::Inbox => ExternalNodeStatus::Finished,
        };
        records.documents.put(self.document_id, document)?;
        Ok(Happened::SignatureSaved {
            document_id: self.document_id,
            blob_id: self.blob_id,
            ticket: self.ticket.clone(),
            content_sha256: content.sha256,
            signer_sha256: signer.fingerprint(),
        })
    }

    /// Everything that can be told without looking into the signature. Returns the signed content and the signature.
    fn check(&self, app: &App) -> Result<(BlobRef, Vec<u8>), NotSaved> {
        let records = locked(&app.idocs);
        let document = records.document(self.document_id, self.direction)?;
        if document.signed {
            return Err(NotSaved::Repeated);
        }
        let content = records.contents.values().find(|content| content.ticket == self.ticket);
        let content = content.ok_or_else(|| Refusal::invalid("idempotencyTicket was not issued by this service"))?;
        if content.document_id != self.document_id {
            return Err(Refusal::invalid("idempotencyTicket was issued for another document").into());
        }
        if content.employee_id != self.employee.employee_id() {
            return Err(Refusal::invalid("idempotencyTicket was issued for another employee").into());
        }
        if content.is_disposed() {
            return Err(Refusal::invalid("idempotencyTicket has expired; generate the content again").into());
        }
        if document.content.as_ref() != Some(&content.bytes) {
            return Err(Refusal::invalid("the content has changed since idempotencyTicket was issued").into());
        }
        if self.direction == DocumentDirection::Outbox && document.route.is_none() {
            return Err(Refusal::invalid(format!("document {} has no route", self.document_id)).into());
        }
        let signature = records
            .blobs
            .find(self.blob_id)
            .filter(|blob| blob.kind == BlobKind::Signature);
        let signature = signature.ok_or_else(|| {
            Refusal::invalid(format!(
                "signatureBinaryContent: there is no signature content {}",
                self.blob_id
            ))
        })?;
        Ok((content.bytes.clone(), app.blobs.read(&signature.bytes)?))
    }

    async fn verify(&self, app: &App, content: &BlobRef, cms: &[u8]) -> Result<Certificate, Refusal> {
        let invalid = |error: &dyn std::error::Error| Refusal::invalid(error.to_string());
        let detached = is_detached(cms).map_err(|error| invalid(&error))?;
        match (app.behaviour().idocs.signature_form, detached) {
            (SignatureForm::Detached, false) => return Err(Refusal::invalid("the signature must be detached")),
            (SignatureForm::Attached, true) => return Err(Refusal::invalid("the signature must be attached")),
            _ => {}
        }
        let (file, bytes);
        let signed = if detached {
            file = app.blobs.path(content);
            SignedContent::Beside(&file)
        } else {
            bytes = app.blobs.read(content)?;
            SignedContent::Inside(&bytes)
        };
        app.openssl
            .verify(cms, signed, KeyKind::Rsa)
            .await
            .map_err(|error| invalid(&error))
    }

    /// The signer has to be the employee, in the name of the company.
    fn check_identity(&self, app: &App, signer: &Certificate) -> Result<(), Refusal> {
        let iin = signer.iin().unwrap_or("none");
        if iin != self.employee.iin {
            return Err(Refusal::invalid(format!(
                "the certificate's IIN ({iin}) is not the employee's"
            )));
        }
        // A sole proprietor signs with a natural person's certificate; the IIN stands for the BIN.
        let bin = signer.bin().unwrap_or(iin);
        if bin != app.company.bin {
            return Err(Refusal::invalid(format!(
                "the certificate's BIN ({bin}) is not the company's"
            )));
        }
        Ok(())
    }
}
