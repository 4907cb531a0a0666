use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::endpoint::caller::{Caller, Identity};
use crate::endpoint::permission::Permission;
use crate::endpoint::shared::Shared;

/// That the agent is there.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
}

/// What the agent is, and to those who may know how it does.
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
    /// With a token: where the person is asked now (`web`, `terminal`, …).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    prompters: Option<Vec<String>>,
    /// With a token: how many questions wait for the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    waiting: Option<usize>,
    /// With a token: seconds since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    uptime_seconds: Option<u64>,
    /// With the permission `certificates`: how many tokens are plugged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tokens: Option<usize>,
    /// With the permission `certificates`: fingerprints of the certificates that may be used without a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unattended: Option<Vec<String>>,
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
/// Without a token nothing private; what is said of tokens and certificates needs the permission to see them.
#[utoipa::path(get, path = "/v1/status", tag = "agent", responses((status = OK, body = Status)))]
pub(super) async fn status(State(shared): State<Arc<Shared>>, caller: Caller) -> Json<Status> {
    let is_known = !matches!(caller.identity, Identity::Anyone);
    let sees_certificates = caller.may(&Permission::Certificates);
    let unattended = || {
        let policies = shared.config.certificates.iter().filter(|policy| policy.unattended);
        policies.map(|policy| policy.fingerprint.clone()).collect()
    };
    Json(Status {
        name: "tokensign",
        version: env!("CARGO_PKG_VERSION"),
        api: 1,
        ready: true,
        pairing: true,
        prompters: is_known.then(|| shared.desk.prompters()),
        waiting: is_known.then(|| shared.desk.questions().len()),
        uptime_seconds: is_known.then(|| shared.started.elapsed().as_secs()),
        tokens: sees_certificates.then(|| shared.fleet.inventory().tokens.len()),
        unattended: sees_certificates.then(unattended),
    })
}
