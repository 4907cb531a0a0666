use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::jobs::JobResource;
use super::started::{Asked, Starting};
use crate::endpoint::body::parse_json;
use crate::endpoint::extract::InPath;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::endpoint::submission::Submission;
use crate::http_client::ServiceId;
use crate::idocs::{QuickSign, Send, SpooledFile};
use crate::messages::{Code, Fault};

/// The part that holds the file to send.
const FILE_PART: &str = "file";

/// Signs a document that is at iDocs.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the iDocs room reads")]
#[schema(example = json!({ "document_id": "0f0c5d1e", "direction": "outgoing" }))]
pub(crate) struct QuickSignRequest {
    /// The document.
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    document_id: String,
    /// `outgoing` or `incoming`.
    #[schema(pattern = "^(outgoing|incoming)$")]
    direction: String,
    /// Who signs; found by the certificate's IIN when absent.
    employee_id: Option<String>,
    /// Which certificate, within what the profile allows.
    certificate: Option<String>,
}

/// Sends a file through iDocs: a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form; it is read part by part")]
pub(crate) struct SendForm {
    request: SendRequest,
    /// The file: .doc, .docx, .xls, .xlsx, .pdf or .txt, at most 15 MB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// What is to be sent, and to whom.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the iDocs room reads")]
pub(crate) struct SendRequest {
    send: DocumentToSend,
    /// Who signs; found by the certificate's IIN when absent.
    employee_id: Option<String>,
    /// Which certificate, within what the profile allows.
    certificate: Option<String>,
}

/// A document to be made at iDocs.
#[derive(ToSchema)]
#[schema(as = IdocsDocument)]
#[expect(dead_code, reason = "describes what the iDocs room reads")]
pub(crate) struct DocumentToSend {
    /// Its name.
    #[schema(min_length = 1, max_length = 256)]
    name: String,
    /// Its number.
    #[schema(min_length = 1, max_length = 256)]
    number: String,
    /// Its date: `2026-02-03`, an RFC 3339 instant or Unix seconds.
    date: String,
    /// Its group, in the service's words.
    group: Option<String>,
    /// The counterparty's BIN, or IIN of an individual.
    #[schema(pattern = "^[0-9]{12}$")]
    counterparty_bin: String,
    /// Where the counterparty is told.
    counterparty_emails: Option<Vec<String>>,
    /// For the counterparty.
    comment: Option<String>,
    /// Whether the counterparty is a person.
    is_individual: Option<bool>,
}

/// A document's status at iDocs.
#[derive(Serialize, ToSchema)]
#[schema(as = IdocsStatus)]
pub(crate) struct StatusView {
    /// The document.
    document_id: String,
    /// The status, in the service's words.
    status: String,
}

/// Signs a document at iDocs, or sends a file through it.
///
/// Starts a job: it fetches the content, asks the person, signs and hands the signature over, each step once. Honours
/// `Prefer: wait=N` and `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v1/idocs/{profile}/quick-signs", tag = "services",
    request_body(content((QuickSignRequest = "application/json"), (SendForm = "multipart/form-data"))),
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: answer when it is settled, after N seconds at the latest"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same request under the same key is made once"),
    ),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(super) async fn quick_sign(
    State(shared): State<Arc<Shared>>,
    starting: Starting,
    InPath(profile): InPath<String>,
    request: Request,
) -> Result<Response, Problem> {
    let ask = |submission: &Submission, caller| {
        if !submission.has_files() {
            let request: QuickSign = parse_json(submission.request()?)?;
            let job = shared.idocs.quick_sign(&profile, caller, request.clone())?;
            return Ok(Asked::new(&request, job));
        }
        let request: Send = parse_json(submission.request()?)?;
        submission.only([FILE_PART].into_iter())?;
        let file = submission.file(FILE_PART, FILE_PART)?;
        let spooled = SpooledFile {
            name: file.name.clone().unwrap_or_else(|| request.send.name.clone()),
            media_type: file.media_type.clone(),
            blob: file.spooled.id().clone(),
            size: file.spooled.size(),
        };
        let identity = json!([&request, &spooled]);
        let job = shared.idocs.send(&profile, caller, request, spooled)?;
        Ok(Asked::new(&identity, job))
    };
    starting.job(&shared, request, ask).await
}

/// Asks iDocs for a document's status.
#[utoipa::path(
    get, path = "/v1/idocs/{profile}/documents/{id}/status", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The document"),
    ),
    responses((status = OK, body = StatusView))
)]
pub(super) async fn status(
    State(shared): State<Arc<Shared>>,
    InPath((profile, id)): InPath<(String, String)>,
) -> Result<Json<StatusView>, Problem> {
    let document = service_id(&id)?;
    let status = shared.idocs.document_status(&profile, &document).await?;
    Ok(Json(StatusView {
        document_id: id,
        status: status.as_str().to_owned(),
    }))
}

/// An id of something at a service.
///
/// # Errors
/// `no_such_item`: what is no id names nothing.
pub(super) fn service_id(text: &str) -> Result<ServiceId, Fault> {
    text.parse().map_err(|_| {
        Fault::new(Code::NoSuchItem)
            .arg("item", "document")
            .detail("this is no id of the service")
    })
}
