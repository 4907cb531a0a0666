use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::io::AsyncReadExt;
use utoipa::ToSchema;

use super::example_signature::EXAMPLE_SIGNATURE;
use super::signatures::SignatureEncoding;
use crate::cms::SignedData;
use crate::endpoint::body::{parse_json, too_large};
use crate::endpoint::caller::Caller;
use crate::endpoint::permission::Permission;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::endpoint::submission::Submission;
use crate::messages::{Code, Fault};
use crate::signing;
use crate::store::blobs::Spooled;
use crate::time_and_revocation::TimestampAuthority;

const SIGNATURE_PART: &str = "signature";

/// A signature that is to get timestamps.
#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({ "signature": EXAMPLE_SIGNATURE }))]
#[serde(deny_unknown_fields)]
pub(crate) struct TimestampRequest<'a> {
    /// The signature: CMS in PEM, or DER in base64. In a form it is the part `signature` instead.
    #[serde(default, borrow)]
    #[schema(value_type = Option<String>)]
    signature: Option<Cow<'a, str>>,
    /// How the signature comes back.
    #[serde(default)]
    encoding: SignatureEncoding,
}

/// A form with a signature.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes a form; it is read part by part")]
pub(crate) struct TimestampForm {
    /// The encoding.
    #[schema(nullable = false)]
    request: Option<TimestampRequest<'static>>,
    /// The signature.
    #[schema(value_type = String, format = Binary)]
    signature: Vec<u8>,
}

/// A signature with the timestamps that were added.
#[derive(Serialize, ToSchema)]
pub(crate) struct Timestamped {
    /// The signature: DER in base64, or PEM where that was asked for.
    signature: String,
    /// The times that the new timestamps attest, in the order of the signers that had none.
    #[schema(value_type = Vec<String>)]
    #[serde(serialize_with = "moments")]
    timestamps: Vec<OffsetDateTime>,
}

fn moments<S: serde::Serializer>(times: &[OffsetDateTime], serializer: S) -> Result<S::Ok, S::Error> {
    let text = |time: &OffsetDateTime| time.format(&time::format_description::well_known::Rfc3339);
    let texts: Result<Vec<_>, _> = times.iter().map(text).collect();
    texts.map_err(serde::ser::Error::custom)?.serialize(serializer)
}

/// Adds timestamps to a signature, one for each signer that has none.
///
/// The time stamping authority is that of the configuration. The content is not needed, nor a token; nothing in the signature changes but for the
/// addition.
#[utoipa::path(
    post, path = "/v1/timestamps", tag = "signatures",
    request_body(content(
        (TimestampRequest<'static> = "application/json"),
        (TimestampForm = "multipart/form-data"),
    )),
    responses((status = OK, body = Timestamped))
)]
pub(super) async fn stamp(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Json<Timestamped>, Problem> {
    caller.require(&Permission::Sign)?;
    let submission = Submission::read(&shared, request).await?;
    submission.only([SIGNATURE_PART].into_iter())?;
    let request: TimestampRequest<'_> = parse_json(submission.optional_request().unwrap_or(b"{}"))?;
    let signature = match &request.signature {
        Some(text) => SignedData::parse(text.as_bytes()),
        None => {
            let file = &submission.file(SIGNATURE_PART, SIGNATURE_PART)?.spooled;
            SignedData::parse(&read_small(&shared, file).await?)
        }
    };
    let signature =
        signature.map_err(|error| Fault::invalid_field(SIGNATURE_PART, format_args!("cannot be read: {error}")))?;
    let authority = TimestampAuthority::new(&shared.config.timestamp)?
        .ok_or_else(|| Fault::not_configured("timestamp.url", "it is needed for timestamps"))?;
    let stamped = signing::stamp_existing(&authority, &signature).await?;
    Ok(Json(Timestamped {
        signature: request.encoding.text(&stamped.signature),
        timestamps: stamped.times,
    }))
}

/// A signature that came as a file; it is held in memory, so it has the limit of a JSON body.
async fn read_small(shared: &Shared, file: &Spooled) -> Result<Vec<u8>, Fault> {
    let limit = u64::try_from(shared.config.endpoint.max_json_bytes).unwrap_or(u64::MAX);
    if file.size() > limit {
        return Err(too_large(limit));
    }
    let mut bytes = Vec::new();
    let mut stored = shared.store.blob(file.id()).await?;
    let read = stored.read_to_end(&mut bytes).await;
    read.map_err(|error| Fault::new(Code::StoreFailed).detail(error))?;
    Ok(bytes)
}
