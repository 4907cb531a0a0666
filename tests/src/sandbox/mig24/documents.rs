//! Documents: uploads, lists, files.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::{JsonBody, Refusal};
use super::queue::Message;
use super::records::{Document, DocumentKind, Records};
use crate::sandbox::app::{App, locked};
use crate::sandbox::call::Call;
use crate::sandbox::clock;
use crate::sandbox::effects::Happened;

pub(super) async fn upload_informal(
    State(app): State<Arc<App>>,
    call: Call,
    Path(id): Path<Uuid>,
    file: UploadedFile,
) -> Result<Response, Refusal> {
    upload(&app, &call, id, DocumentKind::Informal, file)
}

pub(super) async fn upload_detected(
    State(app): State<Arc<App>>,
    call: Call,
    Path(id): Path<Uuid>,
    file: UploadedFile,
) -> Result<Response, Refusal> {
    let kind = if file.bytes.starts_with(b"<?xml") {
        DocumentKind::Formal
    } else {
        DocumentKind::Informal
    };
    upload(&app, &call, id, kind, file)
}

/// A universal transfer document as JSON. The service would make the statutory XML of it; the sandbox makes an XML file
/// with the same data and no claim to the statutory form.
pub(super) async fn upload_upd(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(upd): JsonBody<Map<String, Value>>,
) -> Result<Response, Refusal> {
    let id = upd.get("id").or_else(|| upd.get("documentId")).and_then(Value::as_str);
    let id = id
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| Refusal::invalid("id: a GUID is expected"))?;
    let text = Value::Object(upd)
        .to_string()
        .replace('&', "&amp;")
        .replace('<', "&lt;");
    let bytes = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<upd>{text}</upd>\n").into();
    upload(
        &app,
        &call,
        id,
        DocumentKind::Upd,
        UploadedFile {
            name: format!("upd-{id}.xml"),
            bytes,
        },
    )
}

fn upload(app: &App, call: &Call, id: Uuid, kind: DocumentKind, file: UploadedFile) -> Result<Response, Refusal> {
    let bytes = app.blobs.put(&file.bytes)?;
    let mut records = locked(&app.mig24);
    if let Some(present) = records.documents.find(id) {
        if present.bytes != bytes {
            return Err(Refusal::conflict(format!("document {id} exists with another content")));
        }
        let answer = Json(records.document_info(id, present));
        drop(records);
        app.record(call, Happened::UploadRepeated { document_id: id })?;
        return Ok(answer.into_response());
    }
    if kind == DocumentKind::Upd {
        app.publish(Message::visualisation(id));
    }
    let (size, sha256) = (bytes.size, bytes.sha256.clone());
    let document = Document {
        kind,
        name: file.name.clone(),
        bytes,
        created_on: clock::rfc3339(),
    };
    records.documents.put(id, document.clone())?;
    drop(records);
    let answer = Json(document.info(id, None));
    app.record(
        call,
        Happened::DocumentUploaded {
            document_id: id,
            name: file.name,
            size,
            sha256,
        },
    )?;
    Ok((StatusCode::CREATED, answer).into_response())
}

/// A file as a multipart part with a file name, or as the whole body with the name in `?fileName=`.
pub(super) struct UploadedFile {
    name: String,
    bytes: Bytes,
}

impl FromRequest<Arc<App>> for UploadedFile {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        let label = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|label| label.to_str().ok())
            .unwrap_or_default();
        let file = if label.starts_with("multipart/form-data") {
            let form = Multipart::from_request(request, app).await;
            Self::of_form(form.map_err(|error| Refusal::invalid(error.body_text()))?).await?
        } else {
            let query = Query::<HashMap<String, String>>::try_from_uri(request.uri());
            let name = query
                .ok()
                .and_then(|mut query| query.remove("fileName").or_else(|| query.remove("name")));
            let bytes = Bytes::from_request(request, app).await;
            let bytes = bytes.map_err(|error| Refusal::invalid(error.body_text()))?;
            Self {
                name: name.unwrap_or_else(|| "document".to_owned()),
                bytes,
            }
        };
        if file.bytes.is_empty() {
            return Err(Refusal::invalid("the file is empty"));
        }
        Ok(file)
    }
}

impl UploadedFile {
    async fn of_form(mut form: Multipart) -> Result<Self, Refusal> {
        let malformed = |error: axum::extract::multipart::MultipartError| Refusal::invalid(error.body_text());
        while let Some(field) = form.next_field().await.map_err(malformed)? {
            if let Some(name) = field.file_name().map(str::to_owned) {
                return Ok(Self {
                    name,
                    bytes: field.bytes().await.map_err(malformed)?,
                });
            }
        }
        Err(Refusal::invalid("the form has no part with a file name"))
    }
}

pub(super) async fn list(State(app): State<Arc<App>>) -> Json<Vec<Value>> {
    let records = locked(&app.mig24);
    let signatures = records.signature_ids();
    let documents = records.documents.in_order().into_iter();
    Json(
        documents
            .map(|(id, document)| document.info(id, signatures.get(&id).copied()))
            .collect(),
    )
}

pub(super) async fn info(State(app): State<Arc<App>>, Path(id): Path<Uuid>) -> Result<Json<Value>, Refusal> {
    let records = locked(&app.mig24);
    let document = records.document(id)?;
    Ok(Json(records.document_info(id, document)))
}

/// The file of a document, or of a signature by the id that the list of documents shows.
pub(super) async fn file(State(app): State<Arc<App>>, Path(id): Path<Uuid>) -> Result<Response, Refusal> {
    let (name, blob) = {
        let records = locked(&app.mig24);
        match records.documents.find(id) {
            Some(document) => (document.name.clone(), document.bytes.clone()),
            None => {
                let mut signatures = records
                    .packages
                    .values()
                    .filter_map(|package| package.signature.as_ref());
                let signature = signatures.find(|signature| signature.id == id).cloned();
                let signature = signature.ok_or_else(|| Refusal::not_found(format!("there is no file {id}")))?;
                (format!("{id}.p7s"), signature.bytes)
            }
        }
    };
    let bytes = app.blobs.read(&blob)?;
    let name = name.replace(|c: char| !c.is_ascii_graphic() || c == '"', "_");
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, bytes).into_response())
}

/// One empty page, in place of the picture of a draft.
pub(super) async fn draft_visualization(
    State(app): State<Arc<App>>,
    Path(id): Path<Uuid>,
) -> Result<Response, Refusal> {
    let records = locked(&app.mig24);
    if records.document(id)?.kind != DocumentKind::Upd {
        return Err(Refusal::invalid(format!("document {id} is not a UPD")));
    }
    Ok(([(CONTENT_TYPE, "application/pdf")], EMPTY_PAGE).into_response())
}

const EMPTY_PAGE: &str = "\
%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj
trailer<</Root 1 0 R>>
%%EOF
";

impl Records {
    pub(super) fn document(&self, id: Uuid) -> Result<&Document, Refusal> {
        self.documents
            .find(id)
            .ok_or_else(|| Refusal::not_found(format!("there is no document {id}")))
    }

    fn document_info(&self, id: Uuid, document: &Document) -> Value {
        let signed = self
            .packages
            .values()
            .find(|package| package.document_id == id && package.signature.is_some());
        let signature = signed.and_then(|package| package.signature.as_ref());
        document.info(id, signature.map(|signature| signature.id))
    }

    fn signature_ids(&self) -> HashMap<Uuid, Uuid> {
        self.packages
            .values()
            .filter_map(|package| Some((package.document_id, package.signature.as_ref()?.id)))
            .collect()
    }
}

impl Document {
    fn info(&self, id: Uuid, signature_file_id: Option<Uuid>) -> Value {
        json!({
            "id": id,
            "name": self.name,
            "type": self.kind,
            "size": self.bytes.size,
            "signatureFileId": signature_file_id,
            "createdOn": self.created_on,
        })
    }
}
