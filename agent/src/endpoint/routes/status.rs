use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::endpoint::caller::{Caller, Identity};
use crate::endpoint::shared::Shared;

/// That the agent is there.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
}

/// What the agent is, and to those with a token how it does.
#[derive(Serialize, ToSchema)]
pub(crate) struct Status {
    /// `tokensign`.
    name: &'static str,
    /// The version of the program.
    version: &'static str,
    /// The version of this API.
    api: u32,
    /// Whether it takes requests.
    ready: bool,
    /// Whether applications may ask to be paired.
    pairing: bool,
    #[serde(flatten)]
    inside: Option<Inside>,
}

/// What only callers with a token learn.
#[derive(Serialize, ToSchema)]
pub(crate) struct Inside {
    /// Where the person is asked now: `web`, `terminal`, …
    prompters: Vec<String>,
    /// How many questions wait for the person.
    waiting: usize,
    /// How many tokens are plugged in.
    tokens: usize,
    /// Fingerprints of the certificates that may be used without a person.
    unattended: Vec<String>,
    /// Seconds since the start.
    uptime_seconds: u64,
}

/// Says that the agent is there.
///
/// Nothing private; a page may probe with it.
#[utoipa::path(get, path = "/health", tag = "agent", responses((status = OK, body = Health)))]
pub(super) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Says what the agent is.
///
/// Without a token nothing private.
#[utoipa::path(get, path = "/v1/status", tag = "agent", responses((status = OK, body = Status)))]
pub(super) async fn status(State(shared): State<Arc<Shared>>, caller: Caller) -> Json<Status> {
    let inside = (!matches!(caller.identity, Identity::Anyone)).then(|| Inside {
        prompters: shared.desk.prompters(),
        waiting: shared.desk.questions().len(),
        tokens: shared.fleet.inventory().tokens.len(),
        unattended: shared
            .config
            .certificates
            .iter()
            .filter(|policy| policy.unattended)
            .map(|policy| policy.fingerprint.clone())
            .collect(),
        uptime_seconds: shared.started.elapsed().as_secs(),
    });
    Json(Status {
        name: "tokensign",
        version: env!("CARGO_PKG_VERSION"),
        api: 1,
        ready: true,
        pairing: true,
        inside,
    })
}
