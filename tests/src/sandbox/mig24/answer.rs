//! Refusals, and who is let in.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::sandbox::app::App;
use crate::sandbox::request_log::Authorization;

/// The vendor's words for a plan that has run out.
const PLAN_EXPIRED: &str = "Оплаченный срок доступа истек";

/// A refusal, before it is known in which style it is written.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
        }
    }

    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub(super) fn not_found(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    pub(super) fn conflict(text: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, text)
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the sandbox itself fails: {error}"),
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes refusals in the style that is switched on.
pub(super) async fn write_refusal(State(app): State<Arc<App>>, response: Response) -> Response {
    match response.extensions().get::<Refusal>() {
        Some(refusal) => app.behaviour().mig24.error_style.write(refusal.status, &refusal.text),
        None => response,
    }
}

/// Refuses a call without the organisation's token, and every call when the plan has run out.
pub(super) async fn require_token(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match (
        app.mig24_token.check(request.headers()),
        app.behaviour().mig24.expired_plan_status,
    ) {
        (Authorization::Right, None) => next.run(request).await,
        (Authorization::Right, Some(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::PAYMENT_REQUIRED);
            Refusal::new(status, PLAN_EXPIRED).into_response()
        }
        (Authorization::Wrong | Authorization::None, _) => {
            Refusal::new(StatusCode::UNAUTHORIZED, "the bearer token is missing or not valid").into_response()
        }
    }
}

/// A JSON request body, whatever its label.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        let body = Bytes::from_request(request, app)
            .await
            .map_err(|error| Refusal::invalid(error.body_text()))?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| Refusal::invalid(format!("the request body is not what is expected: {error}")))
    }
}
