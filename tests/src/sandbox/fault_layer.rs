//! Carries out the faults around the services' handlers.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use tokio::time::sleep;

use super::app::{App, locked};
use super::call::{Call, Twists};
use super::connection::Connection;
use super::faults::{Action, RedeliveredAnswer, When};
use super::idocs;

/// The largest request that is read at all. The services' own limits are lower.
const REQUEST_LIMIT: usize = 256 * 1024 * 1024;

/// Counts the call, then serves it with whatever faults are in force for it.
///
/// The work is done in a task of its own: a service goes on with a request whose caller has hung up, and so does this one.
pub(crate) async fn apply(
    State(app): State<Arc<App>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let token = if idocs::owns(&path) {
        &app.idocs_token
    } else {
        &app.mig24_token
    };
    let authorization = token.check(request.headers());
    let number = locked(&app.requests).arrived(&method, &path, authorization);
    let actions = locked(&app.faults).strike(&method, &path);

    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, REQUEST_LIMIT).await else {
        locked(&app.requests).answered(number, StatusCode::PAYLOAD_TOO_LARGE.as_u16());
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let delivery = Delivery {
        number,
        parts,
        body,
        actions,
    };
    let outcome = match tokio::spawn(delivery.carry_out(next)).await {
        Ok(outcome) => outcome,
        Err(_) => Outcome::Answer(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    };
    match outcome {
        Outcome::Answer(response) => {
            locked(&app.requests).answered(number, response.status().as_u16());
            tracing::info!(call = number, %method, %path, status = response.status().as_u16(), "answered");
            response
        }
        Outcome::Cut => {
            locked(&app.requests).cut(number);
            tracing::info!(call = number, %method, %path, "connection cut");
            connection.cut();
            // Never sent: the connection fails at the first byte.
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

struct Delivery {
    number: u64,
    parts: Parts,
    body: Bytes,
    actions: Vec<Action>,
}

enum Outcome {
    Answer(Response),
    Cut,
}

impl Delivery {
    async fn carry_out(self, next: Next) -> Outcome {
        for action in &self.actions {
            match action {
                Action::Delay {
                    millis,
                    when: When::Before,
                } => sleep(Duration::from_millis(*millis)).await,
                Action::Cut { when: When::Before } => return Outcome::Cut,
                Action::Answer { when: When::Before, .. } | Action::HtmlPage { when: When::Before, .. } => {
                    return Outcome::Answer(replacement(action));
                }
                _ => {}
            }
        }
        let mut response = self.serve(next).await;
        for action in &self.actions {
            match action {
                Action::Delay {
                    millis,
                    when: When::After | When::During,
                } => {
                    sleep(Duration::from_millis(*millis)).await;
                }
                Action::Cut { when: When::After } => return Outcome::Cut,
                Action::Cut { when: When::During } => response = broken_off(response).await,
                Action::Answer {
                    when: When::After | When::During,
                    ..
                }
                | Action::HtmlPage {
                    when: When::After | When::During,
                    ..
                } => response = replacement(action),
                Action::SlowBody {
                    chunk_bytes,
                    pause_millis,
                } => {
                    response = slowed(response, *chunk_bytes, Duration::from_millis(*pause_millis)).await;
                }
                _ => {}
            }
        }
        Outcome::Answer(response)
    }

    async fn serve(&self, next: Next) -> Response {
        let redelivered = self.actions.iter().find_map(|action| match action {
            Action::DuplicateDelivery { answer } => Some(*answer),
            _ => None,
        });
        let Some(seen) = redelivered else {
            return next.run(self.request(1)).await;
        };
        let first = next.clone().run(self.request(1)).await;
        let second = next.run(self.request(2)).await;
        match seen {
            RedeliveredAnswer::First => first,
            RedeliveredAnswer::Second => second,
        }
    }

    fn request(&self, delivery: u8) -> Request {
        let mut parts = self.parts.clone();
        parts.extensions.insert(Call {
            number: self.number,
            delivery,
            twists: Twists::of(&self.actions),
        });
        Request::from_parts(parts, Body::from(self.body.clone()))
    }
}

/// The answer that stands in for the service's.
fn replacement(action: &Action) -> Response {
    let (status, label, body) = match action {
        Action::Answer {
            status,
            content_type,
            body,
            ..
        } => {
            let (default_label, body) = match body {
                serde_json::Value::String(text) => ("text/plain; charset=utf-8", text.clone()),
                serde_json::Value::Null => ("text/plain; charset=utf-8", String::new()),
                json => ("application/json; charset=utf-8", json.to_string()),
            };
            (*status, content_type.as_deref().unwrap_or(default_label), body)
        }
        Action::HtmlPage { status, .. } => (
            *status,
            "text/html; charset=utf-8",
            "<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Service unavailable</h1></body></html>"
                .to_owned(),
        ),
        _ => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(label) = HeaderValue::from_str(label) {
        response.headers_mut().insert(CONTENT_TYPE, label);
    }
    response
}

/// Announces the whole body and breaks off after half of it.
async fn broken_off(response: Response) -> Response {
    let (mut parts, body) = whole(response).await;
    parts.headers.insert(CONTENT_LENGTH, body.len().into());
    let half = body.slice(..body.len() / 2);
    // The pause lets head and half body go out; an error right behind them would take them with it.
    let pieces = stream::once(async move { Ok(half) }).chain(stream::once(async {
        sleep(Duration::from_millis(100)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    }));
    Response::from_parts(parts, Body::from_stream(pieces))
}

async fn slowed(response: Response, chunk_bytes: usize, pause: Duration) -> Response {
    let (mut parts, body) = whole(response).await;
    parts.headers.insert(CONTENT_LENGTH, body.len().into());
    let pieces = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        sleep(pause).await;
        let piece = rest.split_to(chunk_bytes.clamp(1, rest.len()));
        Some((Ok::<_, Infallible>(piece), rest))
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

async fn whole(response: Response) -> (http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    // The sandbox's own answers are in memory already and cannot fail.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    (parts, body)
}
