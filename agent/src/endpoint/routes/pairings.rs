use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::endpoint::caller::Caller;
use crate::endpoint::extract::{InPath, JsonBody};
use crate::endpoint::pairings::Standing;
use crate::endpoint::permission::Permission;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::messages::{Code, Fault};

/// The longest name of an application, in characters.
const LONGEST_NAME: usize = 80;
/// The most permissions that one application asks for.
const MOST_PERMISSIONS: usize = 32;
/// How often the outcome should be asked for, in seconds.
const INTERVAL: u32 = 2;

/// An application asks to be let in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PairingRequest {
    /// Its name, for the person.
    #[schema(example = "Accounting 8.3", min_length = 1, max_length = 80, pattern = r"\S")]
    name: String,
    /// What it wants to be allowed: `sign`, `authenticate`, `certificates`, `verify`, `raw_hash`,
    /// `questions:<2-100>` (so many questions before the person at once), `idocs:<profile|*>:<read|draft|submit|delete>`, `mig24:…`.
    #[schema(example = json!(["sign", "certificates"]), min_items = 1, max_items = 32)]
    permissions: Vec<Permission>,
}

/// A pairing that waits for the person.
#[derive(Serialize, ToSchema)]
pub(crate) struct PairingBegun {
    /// Its id.
    id: Uuid,
    /// Shown when asking how it stands: `Authorization: Pairing <secret>`.
    secret: String,
    /// Six digits to show to the person, who compares them.
    code: String,
    /// When it counts as refused.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// How often to ask how it stands, in seconds.
    interval_seconds: u32,
}

/// How a pairing stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct PairingStanding {
    state: PairingState,
    /// The bearer token of a confirmed pairing, until it was used or five minutes have passed; it is never shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// Where the person sees the question; empty when there is nowhere to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompters: Option<Vec<String>>,
}

/// The states of a pairing.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PairingState {
    /// The person has not decided.
    Waiting,
    /// Confirmed.
    Confirmed,
    /// Refused.
    Refused,
    /// Nobody answered in time.
    Expired,
}

/// Asks to be paired.
///
/// The person sees the name, the web origin (from the browser's header, never from the body), the permissions and the
/// six-digit code.
#[utoipa::path(
    post, path = "/v1/pairings", tag = "pairing", request_body = PairingRequest,
    responses((status = CREATED, body = PairingBegun, headers(("Location" = String, description = "Where to ask how it stands"))))
)]
pub(super) async fn begin(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, Problem> {
    let PairingRequest { name, permissions } = body.parse()?;
    let name = checked_name(&name)?;
    if permissions.is_empty() || permissions.len() > MOST_PERMISSIONS {
        return Err(Fault::invalid_field("permissions", format_args!("has 1 to {MOST_PERMISSIONS} entries")).into());
    }
    let begun = shared.pairings.begin(&caller, name, permissions).await?;
    let body = PairingBegun {
        id: begun.id,
        secret: begun.secret.expose().to_owned(),
        code: begun.code,
        expires_at: begun.expires_at,
        interval_seconds: INTERVAL,
    };
    let location = format!("/v1/pairings/{}", body.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(body)).into_response())
}

/// An application's name as it is kept.
///
/// # Errors
/// `invalid_field`.
pub(super) fn checked_name(name: &str) -> Result<String, Fault> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Fault::invalid_field(
            "name",
            format_args!("has 1 to {LONGEST_NAME} characters"),
        ));
    }
    Ok(name.to_owned())
}

/// Asks how a pairing stands.
///
/// Gives the token of a confirmed one until it is used for the first time, for five minutes at most: an answer that was lost is asked for again. Needs
/// `Authorization: Pairing <secret>`.
#[utoipa::path(
    get, path = "/v1/pairings/{id}", tag = "pairing",
    params(("id" = Uuid, Path, description = "The pairing")),
    responses((status = OK, body = PairingStanding))
)]
pub(super) async fn poll(
    State(shared): State<Arc<Shared>>,
    InPath(id): InPath<Uuid>,
    headers: HeaderMap,
) -> Result<Json<PairingStanding>, Problem> {
    let secret = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("pairing"))
        .map(|(_, secret)| secret.trim())
        .ok_or_else(|| Fault::new(Code::Unpaired).detail("Authorization: Pairing <secret> is missing"))?;
    let (state, token, prompters) = match shared.pairings.poll(id, secret)? {
        Standing::Waiting { prompters } => (PairingState::Waiting, None, Some(prompters)),
        Standing::Confirmed(token) => (PairingState::Confirmed, token, None),
        Standing::Refused => (PairingState::Refused, None, None),
        Standing::Expired => (PairingState::Expired, None, None),
    };
    Ok(Json(PairingStanding {
        state,
        token: token.map(|token| token.expose().to_owned()),
        prompters,
    }))
}
