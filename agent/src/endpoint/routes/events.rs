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

use crate::endpoint::bond::Held;
use crate::endpoint::caller::Caller;
use crate::endpoint::events::{Event, EventKind, Known, Subscription};
use crate::endpoint::permission::{Class, Permission, Service};
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// A silent stream says so often that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Streams what changes.
///
/// Server-sent events `tokens`, `reader`, `question`, `job`, `application`, `grant`, `idocs`, `queue_event`, `locked`. `reader` names one with what becomes of the
/// card in it: `state` as in `GET /v1/tokens` (`driver_missing`, …), and the `code` of what is wrong. `Last-Event-ID` takes up where an earlier stream broke
/// off. Where that cannot be told any more (the agent was started again, or more happened than it keeps), `reset` comes first: read the state anew; what
/// is still kept follows. An application sees its own jobs, and tokens and readers with the permission `certificates`. It has at most eight streams open
/// (429 beyond), and each ends with its pairing.
#[utoipa::path(
    get, path = "/v1/events", tag = "jobs",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was read, as it came")),
    responses((status = OK, content_type = "text/event-stream", body = String))
)]
pub(super) async fn events(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let held = caller.hold_stream()?;
    let known = headers
        .get(LAST_EVENT_ID)
        .map(|value| Known::of(value.to_str().unwrap_or_default()));
    let Subscription {
        has_gap,
        from,
        missed,
        receiver,
    } = shared.events.subscribe(known);
    // Even whoever hears of nothing knows by it where to take up.
    let first = SentEvent::default().id(from.to_string());
    let first = match has_gap {
        true => first.event("reset").data("{}"),
        false => first,
    };
    let (ended, shutdown) = (caller.clone(), shared.shutdown.clone());
    let end = async move {
        tokio::select! {
            () = ended.ended() => {}
            () = shutdown.cancelled() => {}
        }
    };
    let listening = Listening {
        caller,
        first: Some(first),
        missed: missed.into(),
        receiver,
        _held: held,
    };
    let events = stream::unfold(listening, |mut listening| async move {
        let event = listening.next().await?;
        Some((Ok::<_, Infallible>(event), listening))
    });
    Ok(Sse::new(events.take_until(Box::pin(end)))
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response())
}

struct Listening {
    caller: Caller,
    first: Option<SentEvent>,
    missed: VecDeque<Arc<Event>>,
    receiver: broadcast::Receiver<Arc<Event>>,
    _held: Option<Held>,
}

impl Listening {
    /// `None` ends the stream: who cannot keep up connects again and names the last event.
    async fn next(&mut self) -> Option<SentEvent> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            let event = match self.missed.pop_front() {
                Some(event) => event,
                None => self.receiver.recv().await.ok()?,
            };
            if is_for(&self.caller, &event) {
                let sent = SentEvent::default()
                    .id(event.position.to_string())
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
