use axum::extract::Request;
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::endpoint::body::parse_json;
use crate::endpoint::problem::Problem;
use crate::endpoint::routes::jobs::JobResource;
use crate::endpoint::routes::started::{Asked, Place, ProfileInPath, StartHeaders, Starting};
use crate::endpoint::submission::Submission;
use crate::mig24::{SendGroup, SignGroup, SignRemotely, SpooledFile};

/// Signs a package group that is at EDO.MIG24.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what the MIG24 room reads")]
#[schema(example = json!({ "package_group_id": "0f0c5d1e" }))]
pub(crate) struct SignGroupRequest {
    /// The group.
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    package_group_id: String,
    /// Which certificate, within what the profile allows.
    certificate: Option<String>,
    /// The signer's power of attorney (МЧД).
    mchd_info_id: Option<String>,
}

/// Sends files as a package group: a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form; it is read part by part")]
pub(crate) struct SendGroupForm {
    request: SendGroupRequest,
    /// The files, one part each, under the names that the request gives them.
    #[schema(value_type = String, format = Binary)]
    document: Vec<u8>,
}

/// What is to be sent, and to whom.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the MIG24 room reads")]
pub(crate) struct SendGroupRequest {
    send: GroupToSend,
    /// Which certificate, within what the profile allows.
    certificate: Option<String>,
    /// The signer's power of attorney (МЧД).
    mchd_info_id: Option<String>,
}

/// A package group to be made.
#[derive(ToSchema)]
#[schema(as = Mig24Group)]
#[expect(dead_code, reason = "describes what the MIG24 room reads")]
pub(crate) struct GroupToSend {
    /// The recipient by code; this or the organisation.
    recipient_abonent_code: Option<String>,
    /// The recipient by `email`, `name`, `inn`, `kpp`, `ogrn`.
    #[schema(value_type = Option<Object>)]
    recipient_org: Option<Value>,
    /// The documents, in order.
    documents: Vec<DocumentToSend>,
}

/// A document of a package group.
#[derive(ToSchema)]
#[schema(as = Mig24Document)]
#[expect(dead_code, reason = "describes what the MIG24 room reads")]
pub(crate) struct DocumentToSend {
    /// The name of the part that holds it.
    part: String,
    /// Its name.
    name: String,
    /// Its GUID; made up when absent.
    id: Option<uuid::Uuid>,
    /// Whether the recipient signs it; yes when absent.
    sign_required: Option<bool>,
    /// How it is uploaded: `informal`, or `detected` (the default of `.xml`).
    form: Option<String>,
}

/// Signs a package group at EDO.MIG24, or sends files as one.
///
/// Starts a job: it asks for the hashes, asks the person, signs each and finishes the group, each step once. Honours
/// `Prefer: wait=N` and `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v1/mig24/{profile}/package-group-signatures", tag = "services",
    request_body(content((SignGroupRequest = "application/json"), (SendGroupForm = "multipart/form-data"))),
    params(ProfileInPath, StartHeaders),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(in crate::endpoint::routes) async fn sign_group(starting: Starting, request: Request) -> Result<Response, Problem> {
    let ask = |Place { shared, profile }: &Place, submission: &Submission, caller| {
        if !submission.has_files() {
            let make = |request: SignGroup| shared.mig24.sign_group(profile, caller, request);
            return Asked::by_request(submission, make);
        }
        let request: SendGroup = parse_json(submission.request()?)?;
        submission.only(request.send.documents.iter().map(|document| document.part.as_str()))?;
        let files: BTreeMap<_, _> = submission
            .files()
            .map(|(part, file)| {
                let spooled = SpooledFile {
                    media_type: file.media_type.clone(),
                    blob: file.spooled.id().clone(),
                    size: file.spooled.size(),
                };
                (part.to_owned(), spooled)
            })
            .collect();
        let identity = json!([&request, &files]);
        let job = shared.mig24.send(profile, caller, request, files)?;
        Ok(Asked::new(&identity, job))
    };
    starting.job(request, ask).await
}

/// Who signs at EDO.MIG24: one of `user_id` and `container`.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Mig24RemoteSignatureRequest, example = json!({ "package_group_id": "0f0c5d1e", "user_id": "42" }))]
#[expect(dead_code, reason = "describes what the MIG24 room reads")]
pub(crate) struct RemoteSignatureRequest {
    /// The group.
    package_group_id: String,
    /// The employee who signs: with the certificate that the service keeps, or by a link.
    user_id: Option<String>,
    /// The name of the container that signs.
    container: Option<String>,
    /// The power of attorney (МЧД) that goes with the container.
    mchd_info_id: Option<String>,
}

/// Has EDO.MIG24 sign a package group, or send an employee a link.
///
/// Starts a job: the person approves documents, signer and power of attorney; no token is used. Honours `Prefer: wait=N` and
/// `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v1/mig24/{profile}/remote-signatures", tag = "services",
    request_body = RemoteSignatureRequest,
    params(ProfileInPath, StartHeaders),
    responses((status = ACCEPTED, body = JobResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(in crate::endpoint::routes) async fn sign_remotely(
    starting: Starting,
    request: Request,
) -> Result<Response, Problem> {
    let ask = |Place { shared, profile }: &Place, submission: &Submission, caller| {
        Asked::by_request(submission, |request: SignRemotely| {
            shared.mig24.sign_remotely(profile, caller, request)
        })
    };
    starting.job(request, ask).await
}
