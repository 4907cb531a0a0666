//! `sync/blobs`: uploads of documents and signatures.

use std::sync::Arc;

use axum::extract::multipart::Field;
use axum::extract::{Multipart, State};
use bytes::Bytes;
use http::StatusCode;
use uuid::Uuid;

use super::answer::{Answer, Refusal};
use super::model::{ClientUploadedBlob, OperationErrorType};
use super::records::{BlobKind, UploadedBlob};
use crate::sandbox::app::{App, locked};
use crate::sandbox::call::Call;
use crate::sandbox::clock;
use crate::sandbox::effects::Happened;
use crate::sandbox::verification::is_detached;

/// What a document may be, with its media type.
const DOCUMENT_TYPES: &[(&str, &str)] = &[
    (".doc", "application/msword"),
    (
        ".docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (".xls", "application/vnd.ms-excel"),
    (
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (".pdf", "application/pdf"),
    (".txt", "text/plain"),
];

const SIGNATURE_TYPES: &[(&str, &str)] = &[(".cms", "application/pkcs7-signature")];

pub(super) async fn upload_document(
    State(app): State<Arc<App>>,
    call: Call,
    form: Multipart,
) -> Result<Answer, Refusal> {
    let file = UploadedFile::read(form, "documentContent").await?;
    let (extension, mime_type) = file.kind_among(DOCUMENT_TYPES)?;
    let limit = app.behaviour().idocs.upload_limit_bytes;
    if file.bytes.len() as u64 > limit {
        let description = format!("the file has {} bytes, the limit is {limit}", file.bytes.len());
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            OperationErrorType::UploadedFileSizeError,
            description,
        ));
    }
    let (blob_id, blob) = keep(&app, BlobKind::Document, &file)?;
    let (size, sha256) = (blob.bytes.size, blob.bytes.sha256.clone());
    app.record(
        &call,
        Happened::BlobUploaded {
            blob_id,
            name: blob.name,
            size,
            sha256,
        },
    )?;
    answer(&app, blob_id, file, extension, mime_type)
}

pub(super) async fn upload_signature(
    State(app): State<Arc<App>>,
    call: Call,
    form: Multipart,
) -> Result<Answer, Refusal> {
    let file = UploadedFile::read(form, "signatureContent").await?;
    let (extension, mime_type) = file.kind_among(SIGNATURE_TYPES)?;
    is_detached(&file.bytes).map_err(|error| unreadable(error.to_string()))?;
    let (blob_id, blob) = keep(&app, BlobKind::Signature, &file)?;
    app.record(
        &call,
        Happened::SignatureUploaded {
            blob_id,
            sha256: blob.bytes.sha256,
        },
    )?;
    answer(&app, blob_id, file, extension, mime_type)
}

/// A file out of a multipart form.
struct UploadedFile {
    name: String,
    bytes: Bytes,
}

impl UploadedFile {
    async fn read(mut form: Multipart, part: &str) -> Result<Self, Refusal> {
        let malformed = |error: axum::extract::multipart::MultipartError| Refusal::invalid(error.body_text());
        while let Some(field) = form.next_field().await.map_err(malformed)? {
            if field.name() == Some(part) {
                return Self::of(field, part).await;
            }
        }
        Err(Refusal::invalid(format!("the form has no part {part:?}")))
    }

    async fn of(field: Field<'_>, part: &str) -> Result<Self, Refusal> {
        let name = field.file_name().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(Refusal::invalid(format!("the part {part:?} has no file name")));
        }
        let bytes = field
            .bytes()
            .await
            .map_err(|error| Refusal::invalid(error.body_text()))?;
        if bytes.is_empty() {
            return Err(unreadable("the file is empty"));
        }
        Ok(Self { name, bytes })
    }

    fn kind_among(
        &self,
        types: &'static [(&'static str, &'static str)],
    ) -> Result<(&'static str, &'static str), Refusal> {
        let name = self.name.to_lowercase();
        types
            .iter()
            .find(|(extension, _)| name.ends_with(extension))
            .copied()
            .ok_or_else(|| {
                let extensions: Vec<_> = types.iter().map(|(extension, _)| *extension).collect();
                let description = format!("the file name must end in one of {}", extensions.join(", "));
                Refusal::new(
                    StatusCode::BAD_REQUEST,
                    OperationErrorType::UploadedFileExtensionError,
                    description,
                )
            })
    }
}

fn unreadable(description: impl Into<String>) -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        OperationErrorType::UploadedFileContentParsingError,
        description,
    )
}

fn keep(app: &App, kind: BlobKind, file: &UploadedFile) -> Result<(Uuid, UploadedBlob), Refusal> {
    let blob_id = Uuid::new_v4();
    let blob = UploadedBlob {
        kind,
        name: file.name.clone(),
        bytes: app.blobs.put(&file.bytes)?,
    };
    locked(&app.idocs).blobs.put(blob_id, blob.clone())?;
    Ok((blob_id, blob))
}

fn answer(app: &App, blob_id: Uuid, file: UploadedFile, extension: &str, mime_type: &str) -> Result<Answer, Refusal> {
    Answer::of(&ClientUploadedBlob {
        blob_id,
        file_name: file.name,
        extension: extension.to_owned(),
        mime_type: mime_type.to_owned(),
        file_length: file.bytes.len() as u64,
        created_on: app.behaviour().idocs.date(clock::unix_seconds()),
    })
}
