use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;
use uuid::Uuid;

use super::jobs::JobResource;
use crate::cms::Digest;
use crate::endpoint::extract::InPath;
use crate::endpoint::language::CallerLanguage;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::endpoint::submission::digests;
use crate::messages::{Code, Fault};
use crate::store::blobs::BlobId;

/// The names under which scenarios keep the digest beside a signature.
const DIGESTS: [&str; 2] = ["digest", "content_digest"];
/// The names under which they keep the document's name.
const NAMES: [&str; 2] = ["name", "document_name"];

/// Everything that is kept of a job.
#[derive(Serialize, ToSchema)]
pub(crate) struct Evidence {
    /// The job with its steps and outcome.
    job: JobResource,
    /// Its signatures.
    signatures: Vec<KeptSignature>,
    /// Its documents that are still there.
    documents: Vec<KeptDocument>,
    /// Its entries of the audit log, the oldest first: `seq`, `at`, `kind`, `actor`, `job`, `body`, `hash`.
    #[schema(value_type = Vec<Object>)]
    audit: Vec<Value>,
}

/// A signature.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeptSignature {
    /// The document's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// What was signed: `algorithm`, `value` in base64.
    #[schema(value_type = Object)]
    digest: Digest,
    /// The CMS in DER, base64; or the raw value where the service takes that.
    signature: String,
    /// Whether it is a CMS.
    is_cms: bool,
    /// The SHA-256 of the document in hexadecimal digits, if it is still there.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
}

/// A document that is still there.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeptDocument {
    /// Its SHA-256 in hexadecimal digits.
    sha256: String,
    /// Its size in bytes.
    size: u64,
}

/// What is known of a signature where a scenario keeps it.
#[derive(Debug)]
struct Found {
    name: Option<String>,
    digest: Digest,
    signature: String,
}

/// Gives everything that is kept of a job.
///
/// What proves it later: signatures, digests, ids at the service, the audit log's entries. The documents themselves only while
/// they are kept.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/evidence", tag = "jobs", params(("id" = Uuid, Path, description = "The job")),
    responses((status = OK, body = Evidence))
)]
pub(super) async fn evidence(
    State(shared): State<Arc<Shared>>,
    CallerLanguage(localizer): CallerLanguage,
    InPath(id): InPath<Uuid>,
) -> Result<Json<Evidence>, Problem> {
    let kept = shared.engine.evidence(id).await?;
    let mut found = Vec::new();
    if let Some(outcome) = &kept.job.outcome {
        find_signatures(&outcome.value()?, &mut found);
    }
    if found.is_empty() {
        // A job that did not finish: what its steps brought about.
        kept.results
            .iter()
            .for_each(|result| find_signatures(result, &mut found));
    }
    let algorithms: BTreeSet<_> = found.iter().map(|found| found.digest.algorithm()).collect();
    let mut documents = Vec::with_capacity(kept.documents.len());
    let mut by_digest = Vec::new();
    for id in &kept.documents {
        let digests = digests(&shared.store, id, &algorithms).await?;
        by_digest.extend(
            algorithms
                .iter()
                .filter_map(|one| Some((digests.by(*one)?.clone(), id))),
        );
        documents.push(KeptDocument {
            sha256: id.to_string(),
            size: size(&shared, id).await?,
        });
    }
    let signatures = found.into_iter().map(|found| KeptSignature {
        document: by_digest
            .iter()
            .find(|(digest, _)| *digest == found.digest)
            .map(|(_, id)| id.to_string()),
        is_cms: is_cms(&found.signature),
        name: found.name,
        digest: found.digest,
        signature: found.signature,
    });
    Ok(Json(Evidence {
        signatures: signatures.collect(),
        documents,
        audit: kept.audit.iter().map(|entry| serde_json::json!(entry)).collect(),
        job: JobResource::of(kept.job, localizer),
    }))
}

/// Gives a document of a job that is still there.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/documents/{digest}", tag = "jobs",
    params(
        ("id" = Uuid, Path, description = "The job"),
        ("digest" = String, Path, description = "The document's SHA-256 in hexadecimal digits"),
    ),
    responses((status = OK, content_type = "application/octet-stream", body = Vec<u8>))
)]
pub(super) async fn document(
    State(shared): State<Arc<Shared>>,
    InPath((id, digest)): InPath<(Uuid, String)>,
) -> Result<Response, Problem> {
    let none = || Fault::new(Code::NoSuchItem).arg("item", "document");
    let blob: BlobId = digest.parse().map_err(|_| none())?;
    let kept = shared.engine.evidence(id).await?;
    if !kept.documents.contains(&blob) {
        return Err(none().into());
    }
    let body = Body::from_stream(ReaderStream::new(shared.store.blob(&blob).await?));
    Ok(([(CONTENT_TYPE, "application/octet-stream")], body).into_response())
}

/// Signatures with their digests, wherever in the structure they stand.
fn find_signatures(value: &Value, found: &mut Vec<Found>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| find_signatures(item, found)),
        Value::Object(members) => {
            let digest = DIGESTS
                .iter()
                .find_map(|name| Digest::deserialize(members.get(*name)?).ok());
            if let (Some(Value::String(signature)), Some(digest)) = (members.get("signature"), digest) {
                let name = NAMES.iter().find_map(|name| members.get(*name)?.as_str());
                if !found.iter().any(|other| other.signature == *signature) {
                    found.push(Found {
                        name: name.map(str::to_owned),
                        digest,
                        signature: signature.clone(),
                    });
                }
                return;
            }
            members.values().for_each(|value| find_signatures(value, found));
        }
        _ => {}
    }
}

/// Whether the value is one whole SEQUENCE in DER, as a CMS is and a raw value is not.
fn is_cms(signature: &str) -> bool {
    let Ok(der) = BASE64_STANDARD.decode(signature) else {
        return false;
    };
    match der.as_slice() {
        [0x30, 0x82, high, low, rest @ ..] => usize::from(u16::from_be_bytes([*high, *low])) == rest.len(),
        [0x30, 0x83, high, middle, low, rest @ ..] => {
            usize::try_from(u32::from_be_bytes([0, *high, *middle, *low])) == Ok(rest.len())
        }
        _ => false,
    }
}

async fn size(shared: &Shared, id: &BlobId) -> Result<u64, Fault> {
    let metadata = shared.store.blob(id).await?.metadata().await;
    Ok(metadata.map_err(Fault::internal)?.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn signatures_are_found_wherever_a_scenario_keeps_them() {
        let digest = json!({ "algorithm": "sha256", "value": BASE64_STANDARD.encode([7; 32]) });
        let outcome = json!({
            "content_digest": digest, "signature": "AAAA", "document_name": "Счёт",
            "documents": [{ "name": "Акт", "digest": digest, "signature": "BBBB" }],
        });
        let mut found = Vec::new();
        find_signatures(&outcome, &mut found);
        find_signatures(&outcome["documents"], &mut found);
        find_signatures(&outcome["documents"], &mut found);
        let found: Vec<_> = found
            .iter()
            .map(|found| (found.name.as_deref(), found.signature.as_str()))
            .collect();
        assert_eq!(found, [(Some("Счёт"), "AAAA"), (Some("Акт"), "BBBB")]);
    }
}
