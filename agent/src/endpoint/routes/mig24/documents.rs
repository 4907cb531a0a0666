use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{client, download, id, told};
use crate::endpoint::body::parse_json;
use crate::endpoint::extract::{InPath, JsonBody};
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::endpoint::submission::Submission;
use crate::http_client::{FilePart, ServiceId};
use crate::messages::Fault;
use crate::mig24::{DocumentForm, DocumentInfo};

/// The documents stored at EDO.MIG24.
#[derive(Serialize, ToSchema)]
#[schema(as = Mig24Documents)]
pub(crate) struct Documents {
    documents: Vec<DocumentInfo>,
}

/// What a file becomes: the part `request` of a form, which may be absent.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Mig24Upload)]
pub(crate) struct Upload {
    /// The document's GUID; made up when absent. The same file may come again under it.
    #[serde(default)]
    id: Option<Uuid>,
    /// The document's name; the file's when absent.
    #[serde(default)]
    name: Option<String>,
    /// How it is uploaded: `informal`, or `detected` (the default of `.xml`).
    #[serde(default)]
    form: Option<DocumentForm>,
}

/// A file to be stored: a form.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Mig24UploadForm)]
#[expect(dead_code, reason = "describes a form; it is read part by part")]
pub(crate) struct UploadForm {
    #[schema(nullable = false)]
    request: Option<Upload>,
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A universal transfer document (УПД).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Mig24Upd, example = json!({ "upd": { "number": "17", "date": "2026-01-31" } }))]
pub(crate) struct Upd {
    /// The document's GUID; made up when absent.
    #[serde(default)]
    id: Option<Uuid>,
    /// The document as the service's own description has it, without its `id`.
    #[schema(value_type = Object)]
    upd: Map<String, Value>,
}

/// What was stored.
#[derive(Serialize, ToSchema)]
#[schema(as = Mig24Uploaded)]
pub(crate) struct Uploaded {
    /// The document's GUID.
    #[schema(value_type = String)]
    document_id: ServiceId,
}

/// Lists the documents that are stored at EDO.MIG24.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/documents", tag = "services",
    params(("profile" = String, Path, description = "The profile of the configuration")),
    responses((status = OK, body = Documents))
)]
pub(in crate::endpoint::routes) async fn list(
    State(shared): State<Arc<Shared>>,
    InPath(profile): InPath<String>,
) -> Result<Json<Documents>, Problem> {
    let documents = told(client(&shared, &profile)?.documents().await)?;
    Ok(Json(Documents { documents }))
}

/// Shows a document of EDO.MIG24.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/documents/{id}", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The document"),
    ),
    responses((status = OK, body = DocumentInfo))
)]
pub(in crate::endpoint::routes) async fn one(
    State(shared): State<Arc<Shared>>,
    InPath((profile, document)): InPath<(String, String)>,
) -> Result<Json<DocumentInfo>, Problem> {
    let document = id(&document, "document")?;
    told(client(&shared, &profile)?.document(&document).await).map(Json)
}

/// Gives a document's file, or that of a signature by its id.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/documents/{id}/file", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The document, or a signature's file"),
    ),
    responses((status = OK, content_type = "application/octet-stream", body = Vec<u8>))
)]
pub(in crate::endpoint::routes) async fn file(
    State(shared): State<Arc<Shared>>,
    InPath((profile, document)): InPath<(String, String)>,
) -> Result<Response, Problem> {
    let document = id(&document, "document")?;
    let file = told(client(&shared, &profile)?.document_file(&document).await)?;
    Ok(download::answer(file, "application/octet-stream"))
}

/// Gives the picture of an uploaded УПД.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/documents/{id}/draft-visualization", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The picture's id, from the queue of visualisations"),
    ),
    responses((status = OK, content_type = "application/pdf", body = Vec<u8>))
)]
pub(in crate::endpoint::routes) async fn draft_visualization(
    State(shared): State<Arc<Shared>>,
    InPath((profile, picture)): InPath<(String, String)>,
) -> Result<Response, Problem> {
    let picture = id(&picture, "document")?;
    let file = told(client(&shared, &profile)?.draft_visualization(&picture).await)?;
    Ok(download::answer(file, "application/pdf"))
}

/// Stores a file at EDO.MIG24. Nothing is signed or sent.
#[utoipa::path(
    post, path = "/v1/mig24/{profile}/documents", tag = "services",
    params(("profile" = String, Path, description = "The profile of the configuration")),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = CREATED, body = Uploaded))
)]
pub(in crate::endpoint::routes) async fn upload(
    State(shared): State<Arc<Shared>>,
    InPath(profile): InPath<String>,
    request: Request,
) -> Result<Response, Problem> {
    let client = client(&shared, &profile)?;
    let submission = Submission::read(&shared, request).await?;
    if !submission.has_files() {
        return Err(Fault::invalid_field("file", "is missing: the part with the file").into());
    }
    submission.only(std::iter::once("file"))?;
    let upload: Upload = submission
        .optional_request()
        .map(parse_json)
        .transpose()?
        .unwrap_or_default();
    let file = submission.file("file", "file")?;
    let name = upload.name.as_deref().or(file.name.as_deref()).unwrap_or("document");
    let id: ServiceId = upload.id.unwrap_or_else(Uuid::new_v4).into();
    let form = upload.form.unwrap_or_else(|| DocumentForm::of_name(name));
    let media_type = file.media_type.as_deref().unwrap_or("application/octet-stream");
    let content = shared.store.blob(file.spooled.id()).await?;
    let part = FilePart::of_file("file", name, media_type, content, file.spooled.size());
    told(client.upload(&id, form, part).await)?;
    Ok(uploaded(id))
}

/// Stores a universal transfer document (УПД) at EDO.MIG24. Nothing is signed or sent.
#[utoipa::path(
    post, path = "/v1/mig24/{profile}/universal-transfer-documents", tag = "services",
    params(("profile" = String, Path, description = "The profile of the configuration")),
    request_body = Upd,
    responses((status = CREATED, body = Uploaded))
)]
pub(in crate::endpoint::routes) async fn upload_upd(
    State(shared): State<Arc<Shared>>,
    InPath(profile): InPath<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let Upd { id, mut upd } = body.parse()?;
    let own = upd.get("id").and_then(Value::as_str).map(str::parse::<Uuid>);
    let id = match (id, own) {
        (Some(id), None) => id,
        (None, Some(Ok(own))) => own,
        (None, None) => Uuid::new_v4(),
        _ => return Err(Fault::invalid_field("id", "is a GUID and stands in one place").into()),
    };
    upd.insert("id".to_owned(), id.to_string().into());
    told(client(&shared, &profile)?.upload_upd(&Value::Object(upd)).await)?;
    Ok(uploaded(id.into()))
}

fn uploaded(document_id: ServiceId) -> Response {
    (StatusCode::CREATED, Json(Uploaded { document_id })).into_response()
}
