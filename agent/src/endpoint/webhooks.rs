//! The listener for events of iDocs, off by default: a desk cannot be reached from outside, so it listens on loopback, for an operator's proxy
//! to lead to. It is apart from the endpoint and knows one path, which is a secret; what comes is told as an event and trusted with nothing.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::post;
use http::StatusCode;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::credentials::TokenHash;
use super::events::{EventKind, Events};
use crate::config::{Config, WebhooksConfig};
use crate::idocs::DocumentEvent;
use crate::messages::{Code, Fault};
use crate::secrets;

/// The largest event, in bytes.
const LARGEST_EVENT: usize = 64 << 10;

/// The most calls at once.
const MOST_CALLS: usize = 16;

/// What a listener works with.
#[derive(Clone)]
struct Listener {
    profile: Arc<str>,
    secret: Arc<TokenHash>,
    events: Arc<Events>,
    calls: Arc<tokio::sync::Semaphore>,
}

/// A listener that is bound and not yet served.
pub(super) struct BoundWebhooks {
    listener: TcpListener,
    profile: String,
    secret: TokenHash,
}

/// Binds the listeners that the configuration asks for.
///
/// # Errors
/// `config_invalid` when an address is not loopback or there is no secret, `port_taken`, `service_token_missing`.
pub(super) async fn bind(config: &Config) -> Result<Vec<BoundWebhooks>, Fault> {
    let mut bound = Vec::new();
    for (name, profile) in &config.idocs {
        if let Some(webhooks) = &profile.webhooks
            && webhooks.listen.is_some()
        {
            bound.push(bind_one(name, webhooks).await?);
        }
    }
    Ok(bound)
}

async fn bind_one(name: &str, webhooks: &WebhooksConfig) -> Result<BoundWebhooks, Fault> {
    let invalid = |reason: String| Fault::new(Code::ConfigInvalid).arg("reason", &reason).detail(reason);
    let (Some(address), Some(secret)) = (webhooks.listen, &webhooks.secret) else {
        return Err(invalid(format!(
            "idocs.{name}.webhooks.listen needs a secret for its path"
        )));
    };
    if !address.ip().is_loopback() {
        return Err(invalid(format!(
            "idocs.{name}.webhooks.listen is {address}; only loopback addresses are listened on"
        )));
    }
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| Fault::new(Code::PortTaken).arg("port", address.port()).detail(error))?;
    let secret = secrets::resolve(secret)?;
    Ok(BoundWebhooks {
        listener,
        profile: name.to_owned(),
        secret: TokenHash::of(secrecy::ExposeSecret::expose_secret(&secret)),
    })
}

impl BoundWebhooks {
    /// Serves until the agent ends.
    pub(super) async fn serve(self, events: Arc<Events>, shutdown: CancellationToken) {
        if let Ok(address) = self.listener.local_addr() {
            tracing::info!(%address, profile = self.profile, "events of iDocs are listened for");
        }
        let state = Listener {
            profile: self.profile.into(),
            secret: Arc::new(self.secret),
            events,
            calls: Arc::new(tokio::sync::Semaphore::new(MOST_CALLS)),
        };
        let router = Router::new()
            .route("/{secret}", post(take))
            .layer(DefaultBodyLimit::max(LARGEST_EVENT))
            .with_state(state);
        let served = axum::serve(self.listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!(%error, "the listener for events of iDocs ends");
        }
    }
}

async fn take(State(listener): State<Listener>, Path(secret): Path<String>, body: Bytes) -> StatusCode {
    let Ok(_permit) = listener.calls.try_acquire() else {
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    if *listener.secret != TokenHash::of(&secret) {
        return StatusCode::NOT_FOUND;
    }
    match DocumentEvent::parse(&body) {
        Ok(events) => {
            for event in events {
                let data = json!({ "profile": listener.profile, "event": event });
                listener.events.tell(EventKind::Idocs, data);
            }
            StatusCode::NO_CONTENT
        }
        Err(fault) => {
            tracing::warn!(%fault, "an event of iDocs cannot be read");
            StatusCode::BAD_REQUEST
        }
    }
}
