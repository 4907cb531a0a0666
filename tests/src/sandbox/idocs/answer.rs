//! Answers and refusals, and the two styles in which they are written.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::model::{OperationErrorType, OperationErrorView};
use crate::sandbox::app::App;
use crate::sandbox::behaviour::JsonLabel;
use crate::sandbox::request_log::Authorization;

/// A successful answer, before it is known in which style it is written.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// A value.
    Value(Value),
    /// Nothing to say: an empty body or an empty object.
    Nothing,
}

impl Answer {
    pub(super) fn of(value: &impl Serialize) -> Result<Self, Refusal> {
        serde_json::to_value(value)
            .map(Self::Value)
            .map_err(|error| Refusal::internal(&error))
    }
}

/// A refusal, before it is known in which style it is written.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: OperationErrorType,
    pub(super) description: String,
    /// The description of the API has an empty object for this refusal, whatever the style.
    empty: bool,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: OperationErrorType, description: impl Into<String>) -> Self {
        Self {
            status,
            code,
            description: description.into(),
            empty: false,
        }
    }

    /// 400 with VALIDATION_ERROR.
    pub(super) fn invalid(description: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            OperationErrorType::ValidationError,
            description,
        )
    }

    /// 404 with RESOURCE_NOT_FOUND.
    pub(super) fn not_found(description: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, OperationErrorType::ResourceNotFound, description)
    }

    /// 404 with an empty object, as the queries of documents and their status answer it.
    pub(super) fn absent(description: impl Into<String>) -> Self {
        Self {
            empty: true,
            ..Self::not_found(description)
        }
    }

    /// The refusal as an operation reports it.
    pub(super) fn view(&self) -> OperationErrorView {
        OperationErrorView {
            error_code: self.code,
            error_description: Some(self.description.clone()),
            error_documentation_link: None,
        }
    }

    fn internal(error: &dyn std::error::Error) -> Self {
        let description = format!("the sandbox itself fails: {error}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            OperationErrorType::InternalServerError,
            description,
        )
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(self);
        response
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

/// Writes answers as `{"response", "errors"}`.
pub(super) async fn wrap(State(app): State<Arc<App>>, response: Response) -> Response {
    let written = if let Some(answer) = response.extensions().get::<Answer>() {
        let value = match answer {
            Answer::Value(value) => value.clone(),
            Answer::Nothing => json!({}),
        };
        json!({"response": value, "errors": null})
    } else if let Some(refusal) = response.extensions().get::<Refusal>() {
        if refusal.empty {
            return json_response(&app, refusal.status, &json!({}));
        }
        let error = json!({
            "errorCode": refusal.code,
            "errorDescription": refusal.description,
            "errorDocumentationLink": null,
        });
        json!({"response": null, "errors": [error]})
    } else {
        return response;
    };
    json_response(&app, response.status(), &written)
}

/// Writes answers as they are, and errors in the style that is switched on.
pub(super) async fn unwrapped(State(app): State<Arc<App>>, response: Response) -> Response {
    let behaviour = app.behaviour().idocs;
    if let Some(answer) = response.extensions().get::<Answer>() {
        match answer {
            Answer::Value(value) => json_response(&app, response.status(), value),
            Answer::Nothing if behaviour.empty_bodies => StatusCode::OK.into_response(),
            Answer::Nothing => json_response(&app, response.status(), &json!({})),
        }
    } else if let Some(refusal) = response.extensions().get::<Refusal>() {
        if refusal.empty {
            return json_response(&app, refusal.status, &json!({}));
        }
        behaviour.error_style.write(refusal.status, &refusal.description)
    } else {
        response
    }
}

fn json_response(app: &App, status: StatusCode, value: &Value) -> Response {
    let label = match app.behaviour().idocs.json_label {
        JsonLabel::TextPlain => "text/plain; charset=utf-8",
        JsonLabel::ApplicationJson => "application/json; charset=utf-8",
    };
    (
        status,
        [(CONTENT_TYPE, HeaderValue::from_static(label))],
        value.to_string(),
    )
        .into_response()
}

/// Refuses a call without the company's token.
pub(super) async fn require_token(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match app.idocs_token.check(request.headers()) {
        Authorization::Right => next.run(request).await,
        Authorization::Wrong | Authorization::None => {
            let description = "the bearer token is missing or not valid";
            Refusal::new(
                StatusCode::UNAUTHORIZED,
                OperationErrorType::PermissionError,
                description,
            )
            .into_response()
        }
    }
}

/// A JSON request body, labelled `application/json-patch+json` as in the guide, or `application/json`.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        let label = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|label| label.to_str().ok())
            .unwrap_or_default();
        let media_type = label.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !matches!(
            media_type.as_str(),
            "application/json-patch+json" | "application/json" | "text/json"
        ) {
            let description = format!("Content-Type {media_type:?} is not JSON");
            let code = OperationErrorType::ValidationError;
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, description));
        }
        let body = Bytes::from_request(request, app)
            .await
            .map_err(|error| Refusal::invalid(error.body_text()))?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| Refusal::invalid(format!("the request body is not what is expected: {error}")))
    }
}
