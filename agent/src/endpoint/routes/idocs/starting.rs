//! The jobs that change something at iDocs. Each honours `Prefer: wait=N` and `Idempotency-Key`.

use axum::extract::Request;
use axum::response::Response;
use serde_json::json;
use utoipa::ToSchema;

use crate::endpoint::body::parse_json;
use crate::endpoint::problem::Problem;
use crate::endpoint::routes::jobs::JobResource;
use crate::endpoint::routes::started::{Asked, Place, ProfileInPath, StartHeaders, Starting};
use crate::endpoint::submission::{Submission, UploadedFile};
use crate::idocs::{BulkDownload, BulkSend, BulkSign, NewDraft, NewRoutes, QuickSign, Send, SpooledFile};

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
    params(ProfileInPath, StartHeaders),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(in crate::endpoint::routes) async fn quick_sign(starting: Starting, request: Request) -> Result<Response, Problem> {
    let ask = |Place { shared, profile }: &Place, submission: &Submission, caller| {
        if !submission.has_files() {
            let make = |request: QuickSign| shared.idocs.quick_sign(profile, caller, request);
            return Asked::by_request(submission, make);
        }
        let request: Send = parse_json(submission.request()?)?;
        submission.only([FILE_PART].into_iter())?;
        let file = spooled(submission.file(FILE_PART, FILE_PART)?, &request.send.name);
        let identity = json!([&request, &file]);
        let job = shared.idocs.send(profile, caller, request, file)?;
        Ok(Asked::new(&identity, job))
    };
    starting.job(request, ask).await
}

/// Signs many documents at iDocs, or sends many files through it.
///
/// Starts a job: one question and one approval for all, the service's calls in bulk, and what became of each document in its outcome.
#[utoipa::path(
    post, path = "/v1/idocs/{profile}/bulk-signs", tag = "services",
    request_body(content((BulkSign = "application/json"), (BulkSendForm = "multipart/form-data"))),
    params(ProfileInPath, StartHeaders),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(in crate::endpoint::routes) async fn bulk_sign(starting: Starting, request: Request) -> Result<Response, Problem> {
    let ask = |Place { shared, profile }: &Place, submission: &Submission, caller| {
        if !submission.has_files() {
            let make = |request: BulkSign| shared.idocs.bulk_sign(profile, caller, request);
            return Asked::by_request(submission, make);
        }
        let request: BulkSend = parse_json(submission.request()?)?;
        submission.only(request.send.iter().map(|document| document.part.as_str()))?;
        let files: Vec<_> = submission
            .files()
            .map(|(part, file)| (part, file.spooled.id().clone()))
            .collect();
        let identity = json!([&request, files]);
        let file_of = |part: &str| Ok(spooled(submission.file("send.part", part)?, part));
        let job = shared.idocs.bulk_send(profile, caller, request, file_of)?;
        Ok(Asked::new(&identity, job))
    };
    starting.job(request, ask).await
}

/// Makes a draft of files, outgoing or internal. Nothing is signed.
#[utoipa::path(
    post, path = "/v1/idocs/{profile}/documents", tag = "services",
    request_body(content((DraftForm = "multipart/form-data"))),
    params(ProfileInPath, StartHeaders),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(in crate::endpoint::routes) async fn draft(starting: Starting, request: Request) -> Result<Response, Problem> {
    let ask = |Place { shared, profile }: &Place, submission: &Submission, caller| {
        let request: NewDraft = parse_json(submission.request()?)?;
        let files: Vec<_> = submission.files().map(|(part, file)| spooled(file, part)).collect();
        let identity = json!([&request, &files]);
        let job = shared.idocs.draft(profile, &caller, request, files)?;
        Ok(Asked::new(&identity, job))
    };
    starting.job(request, ask).await
}

/// Gives documents their routes: one by the plain call, many in bulk.
#[utoipa::path(
    post, path = "/v1/idocs/{profile}/routes", tag = "services",
    request_body = NewRoutes,
    params(ProfileInPath, StartHeaders),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(in crate::endpoint::routes) async fn route(starting: Starting, request: Request) -> Result<Response, Problem> {
    let ask = |Place { shared, profile }: &Place, submission: &Submission, caller| {
        Asked::by_request(submission, |request: NewRoutes| {
            shared.idocs.route(profile, &caller, &request)
        })
    };
    starting.job(request, ask).await
}

/// Has documents prepared for download, in bulk.
#[utoipa::path(
    post, path = "/v1/idocs/{profile}/downloads", tag = "services",
    request_body = BulkDownload,
    params(ProfileInPath, StartHeaders),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(in crate::endpoint::routes) async fn download(starting: Starting, request: Request) -> Result<Response, Problem> {
    let ask = |Place { shared, profile }: &Place, submission: &Submission, caller| {
        Asked::by_request(submission, |request: BulkDownload| {
            shared.idocs.download(profile, &caller, &request)
        })
    };
    starting.job(request, ask).await
}

fn spooled(file: &UploadedFile, otherwise: &str) -> SpooledFile {
    SpooledFile {
        name: file.name.clone().unwrap_or_else(|| otherwise.to_owned()),
        media_type: file.media_type.clone(),
        blob: file.spooled.id().clone(),
        size: file.spooled.size(),
    }
}
