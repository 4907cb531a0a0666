use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event as SentEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderName};
use tokio::sync::broadcast;

use crate::endpoint::caller::Caller;
use crate::endpoint::events::{Event, EventKind};
use crate::endpoint::permission::{Class, Permission, Service};
use crate::endpoint::shared::Shared;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// A silent stream says so often that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Streams what changes.
///
/// Server-sent events `tokens`, `reader`, `question`, `job`, `application`, `grant`, `queue_event`, `locked`. `reader` names one with what becomes of the
/// card in it: `state` as in `GET /v1/tokens` (`driver_missing`, …), and the `code` of what is wrong. `Last-Event-ID` takes up where an earlier stream broke
/// off. An application sees its own jobs, and tokens and readers with the permission `certificates`.
#[utoipa::path(
    get, path = "/v1/events", tag = "jobs",
    params(("Last-Event-ID" = Option<u64>, Header, description = "The number of the last event that was read")),
    responses((status = OK, content_type = "text/event-stream", body = String))
)]
pub(super) async fn events(State(shared): State<Arc<Shared>>, caller: Caller, headers: HeaderMap) -> Response {
    let after = headers
        .get(LAST_EVENT_ID)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok());
    let (missed, receiver) = shared.events.subscribe(after);
    let listening = Listening {
        caller,
        missed: missed.into(),
        receiver,
    };
    let events = stream::unfold(listening, |mut listening| async move {
        let event = listening.next().await?;
        Some((Ok::<_, Infallible>(event), listening))
    });
    let events = events.take_until(shared.shutdown.clone().cancelled_owned());
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response()
}

struct Listening {
    caller: Caller,
    missed: VecDeque<Arc<Event>>,
    receiver: broadcast::Receiver<Arc<Event>>,
}

impl Listening {
    /// `None` ends the stream: who cannot keep up connects again and names the last event.
    async fn next(&mut self) -> Option<SentEvent> {
        loop {
            let event = match self.missed.pop_front() {
                Some(event) => event,
                None => self.receiver.recv().await.ok()?,
            };
            if is_for(&self.caller, &event) {
                let sent = SentEvent::default()
                    .id(event.sequence.to_string())
                    .event(event.kind.name())
                    .data(event.data.to_string());
                return Some(sent);
            }
        }
    }
}

fn is_for(caller: &Caller, event: &Event) -> bool {
    match event.kind {
        EventKind::QueueEvent => {
            let profile = event.data["profile"].as_str().unwrap_or_default();
            caller.may(&Permission::service(Service::Mig24, profile, Class::Read))
        }
        EventKind::Tokens | EventKind::Reader => caller.may(&Permission::Certificates),
        EventKind::Job { application } => caller.owns(application),
        EventKind::Question | EventKind::Application | EventKind::Grant | EventKind::Locked | EventKind::Idocs => {
            caller.is_person()
        }
    }
}
