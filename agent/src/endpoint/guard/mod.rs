//! The guard: what every request passes before any route sees it.
//!
//! In this order, each with its own code: the peer's user, `Host`, the route's method, body and content type, the browser's
//! origin, the bearer token with its place and permissions, the rate. Nothing behind the guard looks at these again.

mod bearer;
mod browser;
mod host;
mod peer;
mod route;

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, ORIGIN, UPGRADE, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};

use super::body::BoundedBody;
use super::caller::Caller;
use super::connection::Connection;
use super::heads::BothLengths;
use super::listeners::too_many;
use super::problem::{Problem, rate_limited};
use super::shared::Shared;
use crate::messages::{Code, Fault};

pub(super) use peer::PeerUser;
#[cfg(test)]
pub(super) use route::ROUTES;
pub(super) use route::{Access, Route};

/// What the guard decided about a request.
pub(super) enum Verdict {
    /// It goes on, with its [`Caller`] in the extensions.
    Pass {
        /// The request, its body bounded.
        request: Request<Body>,
        /// The foreign origin that may read the answer.
        readable_by: Option<HeaderValue>,
    },
    /// It is answered here: a preflight, or a refusal.
    Answer {
        response: Response,
        readable_by: Option<HeaderValue>,
    },
}

/// Judges a request.
pub(super) async fn judge<B>(shared: &Arc<Shared>, connection: &Connection, request: Request<B>) -> Verdict
where
    B: http_body::Body<Data = bytes::Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut parts, body) = request.into_parts();
    let mut readable_by = None;
    match pass(shared, connection, &parts, &mut readable_by).await {
        Ok(Passed::Preflight(response)) => Verdict::Answer { response, readable_by },
        Ok(Passed::Request { caller, body_limit }) => {
            parts.extensions.insert(caller);
            Verdict::Pass {
                request: Request::from_parts(parts, Body::new(BoundedBody::new(body, body_limit))),
                readable_by,
            }
        }
        Err(fault) => {
            let is_other_method = fault.code() == Code::MethodNotAllowed;
            let mut response = Problem(fault).into_response();
            if is_other_method && let Ok(methods) = allowed(parts.uri.path()) {
                response.headers_mut().insert(ALLOW, methods);
            }
            Verdict::Answer { response, readable_by }
        }
    }
}

/// Says in a response that a foreign origin may read it (Fetch standard, CORS protocol). Only the guard calls for it.
pub(super) fn make_readable(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("location, preference-applied, retry-after"),
    );
    headers.insert(VARY, HeaderValue::from_static("origin"));
}

enum Passed {
    Preflight(Response),
    Request { caller: Caller, body_limit: u64 },
}

async fn pass(
    shared: &Arc<Shared>,
    connection: &Connection,
    parts: &Parts,
    readable_by: &mut Option<HeaderValue>,
) -> Result<Passed, Fault> {
    peer::check(connection)?;
    let own_origin = host::check(connection, parts)?;
    if parts.extensions.get::<BothLengths>().is_some() {
        return Err(Fault::new(Code::MalformedRequest).detail("Content-Length and Transfer-Encoding come together"));
    }
    refuse_upgrade(parts, &own_origin)?;

    let path = parts.uri.path();
    if parts.method == Method::OPTIONS {
        return preflight(shared, parts, &own_origin, readable_by).map(Passed::Preflight);
    }
    *readable_by = paired_origin(shared, parts, &own_origin);
    let route = Route::find(path, &parts.method)?;
    let body_limit = route.check_body(parts, &shared.config.endpoint)?;

    let source = browser::source(parts, &own_origin, route.access == Access::Shell)?;
    if let browser::Source::Foreign(origin) = &source {
        if !may_pass(shared, origin, route.access) {
            *readable_by = None;
            return Err(Fault::new(Code::ForeignOrigin)
                .arg("origin", origin)
                .detail("the origin is not paired; a page asks for pairing with POST /v1/pairings"));
        }
        *readable_by = HeaderValue::from_str(origin).ok();
    }

    let is_foreign = matches!(source, browser::Source::Foreign(_));
    let caller = bearer::caller(shared, connection, parts, source, route.access).await?;
    if connection.kept_for_person && !(caller.is_person() || (route.access.is_of_page() && !is_foreign)) {
        return Err(too_many());
    }
    bearer::check_access(&caller, route.access, path)?;
    shared.rates.take(&caller).map_err(rate_limited)?;
    Ok(Passed::Request { caller, body_limit })
}

/// The endpoint speaks no WebSocket. Browsers let any page open one, so it is refused before any route is looked at; a foreign
/// page's is refused as that, even of a paired one.
fn refuse_upgrade(parts: &Parts, own_origin: &str) -> Result<(), Fault> {
    let asks = parts.headers.get_all(UPGRADE).iter().any(|value| {
        value
            .as_bytes()
            .to_ascii_lowercase()
            .windows(9)
            .any(|word| word == b"websocket")
    });
    if asks {
        if let browser::Source::Foreign(origin) = browser::source(parts, own_origin, false)? {
            return Err(Fault::new(Code::ForeignOrigin)
                .arg("origin", origin)
                .detail("no WebSocket is served here"));
        }
        return Err(Fault::new(Code::NotFound).detail("no WebSocket is served here; events come from GET /v1/events"));
    }
    Ok(())
}

/// Step 4, second half: whether a foreign page's request goes on. The page's own session is never a foreign page's business.
fn may_pass(shared: &Shared, origin: &str, access: Access) -> bool {
    access.is_first_contact() || (access != Access::PageCode && shared.applications.is_origin_paired(origin))
}

/// The paired origin of a request, which may read what is wrong with its request's path, method and body, too.
fn paired_origin(shared: &Shared, parts: &Parts, own_origin: &str) -> Option<HeaderValue> {
    match browser::source(parts, own_origin, false) {
        Ok(browser::Source::Foreign(origin)) if shared.applications.is_origin_paired(&origin) => {
            HeaderValue::from_str(&origin).ok()
        }
        _ => None,
    }
}

/// The methods of a path as `Allow` lists them (RFC 9110 section 10.2.1).
///
/// # Errors
/// `not_found`.
fn allowed(path: &str) -> Result<HeaderValue, Fault> {
    let methods = Route::methods(path);
    if methods.is_empty() {
        return Err(Fault::new(Code::NotFound));
    }
    HeaderValue::from_str(&methods.join(", ")).map_err(Fault::internal)
}

/// Answers `OPTIONS`: to a paired origin, and for the routes of the first contact to any. What does not exist is answered to a paired one
/// as well, for a browser shows a page the 404 or 405 of the request itself only then.
fn preflight(
    shared: &Shared,
    parts: &Parts,
    own_origin: &str,
    readable_by: &mut Option<HeaderValue>,
) -> Result<Response, Fault> {
    let path = parts.uri.path();
    let mut response = StatusCode::NO_CONTENT.into_response();
    if !parts.headers.contains_key(ORIGIN) {
        response.headers_mut().insert(ALLOW, allowed(path)?);
        return Ok(response);
    }
    let paired = paired_origin(shared, parts, own_origin);
    let methods = match allowed(path) {
        Ok(methods) => Some(methods),
        Err(_) if paired.is_some() => None,
        Err(fault) => return Err(fault),
    };
    if let browser::Source::Foreign(origin) = browser::source(parts, own_origin, false)? {
        let wanted = parts.headers.get(ACCESS_CONTROL_REQUEST_METHOD);
        let route = wanted
            .and_then(|value| Method::from_bytes(value.as_bytes()).ok())
            .and_then(|method| Route::find(path, &method).ok());
        let may_ask = match (route, wanted) {
            (Some(route), _) => may_pass(shared, &origin, route.access)
                .then(|| methods.clone())
                .flatten(),
            (None, Some(wanted)) => paired.is_some().then(|| wanted.clone()),
            (None, None) => None,
        };
        let Some(may_ask) = may_ask else {
            return Err(Fault::new(Code::ForeignOrigin).arg("origin", &origin));
        };
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, may_ask);
        headers.insert(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(
                "accept-language, authorization, content-type, idempotency-key, last-event-id, prefer",
            ),
        );
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        *readable_by = HeaderValue::from_str(&origin).ok();
    }
    if let Some(methods) = methods {
        response.headers_mut().insert(ALLOW, methods);
    }
    Ok(response)
}
