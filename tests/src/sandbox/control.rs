//! The control API under `/_sandbox/`: faults, effects, seeds. It asks for no token and answers loopback callers only.

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use super::app::{App, locked};
use super::behaviour::Behaviour;
use super::connection::Connection;
use super::effects::Effect;
use super::faults::{FaultRules, FaultState};
use super::idocs;
use super::request_log::LoggedRequest;
use super::summary::Summary;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/_sandbox/faults", get(faults).post(add_faults).delete(clear_faults))
        .route("/_sandbox/behaviour", get(behaviour).put(set_behaviour))
        .route("/_sandbox/effects", get(effects))
        .route("/_sandbox/summary", get(summary))
        .route("/_sandbox/requests", get(requests))
        .route("/_sandbox/blobs/{sha256}", get(blob))
        .route("/_sandbox/reset", post(reset))
        .route("/_sandbox/seed/idocs/inbox-document", post(seed_inbox_document))
        .route_layer(from_fn(loopback_only))
}

async fn loopback_only(ConnectInfo(connection): ConnectInfo<Connection>, request: Request, next: Next) -> Response {
    if connection.peer.ip().to_canonical().is_loopback() {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

async fn faults(State(app): State<Arc<App>>) -> Json<Vec<FaultState>> {
    Json(locked(&app.faults).states().to_vec())
}

async fn add_faults(State(app): State<Arc<App>>, Json(request): Json<FaultRules>) -> StatusCode {
    app.add_faults(request.rules);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(app): State<Arc<App>>) -> StatusCode {
    locked(&app.faults).clear();
    StatusCode::NO_CONTENT
}

async fn behaviour(State(app): State<Arc<App>>) -> Json<Behaviour> {
    Json(app.behaviour())
}

/// Members left out go back to their defaults.
async fn set_behaviour(State(app): State<Arc<App>>, Json(behaviour): Json<Behaviour>) -> StatusCode {
    app.set_behaviour(behaviour);
    StatusCode::NO_CONTENT
}

async fn effects(State(app): State<Arc<App>>) -> Json<Vec<Effect>> {
    Json(locked(&app.effects).all().to_vec())
}

async fn summary(State(app): State<Arc<App>>) -> Json<Summary> {
    Json(Summary::of(locked(&app.effects).all()))
}

async fn requests(State(app): State<Arc<App>>) -> Json<Vec<LoggedRequest>> {
    Json(locked(&app.requests).all().to_vec())
}

/// Any bytes the sandbox has seen or built, by the SHA-256 that the effects name.
async fn blob(State(app): State<Arc<App>>, Path(sha256): Path<String>) -> Response {
    match app.blobs.find(&sha256) {
        Some(bytes) => ([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn reset(State(app): State<Arc<App>>) -> Result<StatusCode, SeedError> {
    app.reset()?;
    Ok(StatusCode::NO_CONTENT)
}

/// A document that a counterparty sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxDocumentSeed {
    /// The document's number.
    pub number: String,
    /// The document's name.
    pub name: String,
    /// Its files, at least one.
    pub files: Vec<SeedFile>,
}

/// A file of a seeded document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedFile {
    /// The file's name.
    pub name: String,
    /// Its bytes in base64.
    pub content_base64: String,
}

impl SeedFile {
    /// A file with these bytes.
    pub fn new(name: impl Into<String>, content: &[u8]) -> Self {
        Self {
            name: name.into(),
            content_base64: STANDARD.encode(content),
        }
    }

    pub(crate) fn content(&self) -> Result<Vec<u8>, SeedError> {
        STANDARD
            .decode(&self.content_base64)
            .map_err(|_| SeedError::NotBase64(self.name.clone()))
    }
}

/// A seed cannot be planted.
#[derive(Debug, Error)]
pub(crate) enum SeedError {
    /// There must be something to sign.
    #[error("a document needs at least one file")]
    NoFiles,
    /// The content is not base64.
    #[error("the content of {0} is not base64")]
    NotBase64(String),
    /// The sandbox cannot write.
    #[error("the sandbox itself fails: {0}")]
    Storage(#[from] io::Error),
}

impl IntoResponse for SeedError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoFiles | Self::NotBase64(_) => StatusCode::BAD_REQUEST,
            Self::Storage(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(json!({"message": self.to_string()}))).into_response()
    }
}

async fn seed_inbox_document(
    State(app): State<Arc<App>>,
    Json(seed): Json<InboxDocumentSeed>,
) -> Result<Json<Value>, SeedError> {
    let document_id = idocs::seed_inbox_document(&app, seed)?;
    Ok(Json(json!({"document_id": document_id})))
}
