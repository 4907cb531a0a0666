//! Error answers whose shape no document fixes, in the style that is switched on.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use super::behaviour::ErrorStyle;

impl ErrorStyle {
    /// An error answer in this style.
    pub(crate) fn write(self, status: StatusCode, text: &str) -> Response {
        let (label, body) = match self {
            Self::Message => ("application/json; charset=utf-8", json!({"message": text}).to_string()),
            Self::Error => ("application/json; charset=utf-8", json!({"error": text}).to_string()),
            Self::Problem => {
                let title = status.canonical_reason().unwrap_or("Error");
                let problem = json!({"type": "about:blank", "title": title, "status": status.as_u16(), "detail": text});
                ("application/problem+json; charset=utf-8", problem.to_string())
            }
            Self::Text => ("text/plain; charset=utf-8", text.to_owned()),
        };
        (status, [(CONTENT_TYPE, HeaderValue::from_static(label))], body).into_response()
    }
}
