//! The jobs that change something at iDocs. Each honours `Prefer: wait=N` and `Idempotency-Key`.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;
use http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

use crate::endpoint::body::parse_json;
use crate::endpoint::caller::Caller;
use crate::endpoint::extract::{InPath, JsonBody};
use crate::endpoint::idempotency::IdempotencyKey;
use crate::endpoint::language::CallerLanguage;
use crate::endpoint::preference::Preference;
use crate::endpoint::problem::Problem;
use crate::endpoint::routes::jobs::{self, JobResource};
use crate::endpoint::shared::Shared;
use crate::endpoint::submission::{Submission, UploadedFile};
use crate::idocs::{BulkDownload, BulkSend, BulkSign, NewDraft, NewRoutes, QuickSign, Send, SpooledFile};
use crate::jobs::NewJob;

/// The part that holds the file to send.
const FILE_PART: &str = "file";

/// Sends a file through iDocs: a form.
#[derive(ToSchema)]
#[schema(as = IdocsSendForm)]
#[expect(dead_code, reason = "describes a form; it is read part by part")]
pub(crate) struct SendForm {
    request: Send,
    /// The file: .doc, .docx, .xls, .xlsx, .pdf or .txt, at most 15 MB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Sends many files through iDocs: a form with a part for each file, under the names that the request gives.
#[derive(ToSchema)]
#[schema(as = IdocsBulkSendForm)]
#[expect(dead_code, reason = "describes a form; it is read part by part")]
pub(crate) struct BulkSendForm {
    request: BulkSend,
}

/// Makes a draft at iDocs: a form with the files under names of their own.
#[derive(ToSchema)]
#[schema(as = IdocsDraftForm)]
#[expect(dead_code, reason = "describes a form; it is read part by part")]
pub(crate) struct DraftForm {
    request: NewDraft,
    /// A file: .doc, .docx, .xls, .xlsx, .pdf or .txt, at most 15 MB. More of them under other names.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Signs a document at iDocs, or sends a file through it.
///
/// Starts a job: it fetches the content, asks the person, signs and hands the signature over, each step once. Honours
/// `Prefer: wait=N` and `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v1/idocs/{profile}/quick-signs", tag = "services",
    request_body(content((QuickSign = "application/json"), (SendForm = "multipart/form-data"))),
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: answer when it is settled, after N seconds at the latest"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same request under the same key is made once"),
    ),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(in crate::endpoint::routes) async fn quick_sign(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    start: Start,
    InPath(profile): InPath<String>,
    request: Request,
) -> Result<Response, Problem> {
    let submission = Submission::read(&shared, request).await?;
    if submission.has_files() {
        let request: Send = parse_json(submission.request()?)?;
        submission.only([FILE_PART].into_iter())?;
        let file = spooled(submission.file(FILE_PART, FILE_PART)?, &request.send.name);
        let identity = (request.clone(), file.clone());
        let job = shared.idocs.send(&profile, caller.view().await, request, file)?;
        start.job(&shared, &caller, &identity, job, Some(submission)).await
    } else {
        let request: QuickSign = parse_json(submission.request()?)?;
        let job = shared
            .idocs
            .quick_sign(&profile, caller.view().await, request.clone())?;
        start.job(&shared, &caller, &request, job, None).await
    }
}

/// Signs many documents at iDocs, or sends many files through it.
///
/// Starts a job: one question and one approval for all, the service's calls in bulk, and what became of each document in its outcome.
#[utoipa::path(
    post, path = "/v1/idocs/{profile}/bulk-signs", tag = "services",
    request_body(content((BulkSign = "application/json"), (BulkSendForm = "multipart/form-data"))),
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: answer when it is settled, after N seconds at the latest"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same request under the same key is made once"),
    ),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(in crate::endpoint::routes) async fn bulk_sign(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    start: Start,
    InPath(profile): InPath<String>,
    request: Request,
) -> Result<Response, Problem> {
    let submission = Submission::read(&shared, request).await?;
    if submission.has_files() {
        let request: BulkSend = parse_json(submission.request()?)?;
        submission.only(request.send.iter().map(|document| document.part.as_str()))?;
        let blobs: Vec<_> = submission
            .files()
            .map(|(part, file)| (part.to_owned(), file.spooled.id().clone()))
            .collect();
        let identity = (request.clone(), blobs);
        let file_of = |part: &str| Ok(spooled(submission.file("send.part", part)?, part));
        let job = shared
            .idocs
            .bulk_send(&profile, caller.view().await, request, file_of)?;
        start.job(&shared, &caller, &identity, job, Some(submission)).await
    } else {
        let request: BulkSign = parse_json(submission.request()?)?;
        let job = shared.idocs.bulk_sign(&profile, caller.view().await, request.clone())?;
        start.job(&shared, &caller, &request, job, None).await
    }
}

/// Makes a draft of files, outgoing or internal. Nothing is signed.
#[utoipa::path(
    post, path = "/v1/idocs/{profile}/documents", tag = "services",
    request_body(content((DraftForm = "multipart/form-data"))),
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: answer when it is settled, after N seconds at the latest"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same request under the same key is made once"),
    ),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(in crate::endpoint::routes) async fn draft(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    start: Start,
    InPath(profile): InPath<String>,
    request: Request,
) -> Result<Response, Problem> {
    let submission = Submission::read(&shared, request).await?;
    let request: NewDraft = parse_json(submission.request()?)?;
    let files: Vec<_> = submission.files().map(|(part, file)| spooled(file, part)).collect();
    let identity = (request.clone(), files.clone());
    let job = shared.idocs.draft(&profile, &caller.view().await, request, files)?;
    start.job(&shared, &caller, &identity, job, Some(submission)).await
}

/// Gives documents their routes: one by the plain call, many in bulk.
#[utoipa::path(
    post, path = "/v1/idocs/{profile}/routes", tag = "services",
    request_body = NewRoutes,
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: answer when it is settled, after N seconds at the latest"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same request under the same key is made once"),
    ),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(in crate::endpoint::routes) async fn route(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    start: Start,
    InPath(profile): InPath<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let request: NewRoutes = body.parse()?;
    let job = shared.idocs.route(&profile, &caller.view().await, &request)?;
    start.job(&shared, &caller, &request, job, None).await
}

/// Has documents prepared for download, in bulk.
#[utoipa::path(
    post, path = "/v1/idocs/{profile}/downloads", tag = "services",
    request_body = BulkDownload,
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: answer when it is settled, after N seconds at the latest"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same request under the same key is made once"),
    ),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(in crate::endpoint::routes) async fn download(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    start: Start,
    InPath(profile): InPath<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let request: BulkDownload = body.parse()?;
    let job = shared.idocs.download(&profile, &caller.view().await, &request)?;
    start.job(&shared, &caller, &request, job, None).await
}

/// How a job is started and answered for.
pub(in crate::endpoint::routes) struct Start {
    language: CallerLanguage,
    preference: Preference,
    key: IdempotencyKey,
}

impl FromRequestParts<Arc<Shared>> for Start {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        Ok(Self {
            language: CallerLanguage::from_request_parts(parts, shared).await?,
            preference: Preference::from_request_parts(parts, shared).await?,
            key: IdempotencyKey::from_request_parts(parts, shared).await?,
        })
    }
}

impl Start {
    /// Starts the job and answers with it. The form's files stay in the store until the job refers to them.
    async fn job(
        self,
        shared: &Shared,
        caller: &Caller,
        identity: &impl Serialize,
        job: NewJob,
        files: Option<Submission>,
    ) -> Result<Response, Problem> {
        let id = self.key.start(shared, caller, identity, job).await?;
        drop(files);
        let CallerLanguage(localizer) = self.language;
        jobs::started(shared, id, self.preference, localizer).await
    }
}

fn spooled(file: &UploadedFile, otherwise: &str) -> SpooledFile {
    SpooledFile {
        name: file.name.clone().unwrap_or_else(|| otherwise.to_owned()),
        media_type: file.media_type.clone(),
        blob: file.spooled.id().clone(),
        size: file.spooled.size(),
    }
}
