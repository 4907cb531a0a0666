use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::messages::{Code, Fault, Language, Localizer};

/// The media type of problems (RFC 9457).
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// A fault as an answer. Its body is written by [`render`] once the caller's language is known.
#[derive(Clone, Debug)]
pub(crate) struct Problem(pub(crate) Fault);

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self(Fault::new(code))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = status(self.0.code()).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives a response that carries a [`Problem`] its body; leaves others alone.
pub(crate) fn render(mut response: Response, localizer: Localizer) -> Response {
    let Some(Problem(fault)) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    *response.status_mut() = status(fault.code());
    let headers = response.headers_mut();
    // That of the empty body that carried the fault here.
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    if fault.code() == Code::Unpaired {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = fault
        .args()
        .get("retry_after")
        .and_then(|text| HeaderValue::from_str(text).ok())
    {
        headers.insert(RETRY_AFTER, seconds);
    }
    *response.body_mut() = Body::from(body(&fault, localizer).to_string());
    response
}

/// A whole answer in English, the last of its connection, for where there is no request that could be judged.
pub(crate) fn without_request(fault: &Fault) -> String {
    let body = body(fault, Localizer::new(Language::En)).to_string();
    let retry_after = fault
        .args()
        .get("retry_after")
        .map(|seconds| format!("retry-after: {seconds}\r\n"))
        .unwrap_or_default();
    format!(
        "HTTP/1.1 {}\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {}\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\n{retry_after}connection: close\r\n\r\n{body}",
        status(fault.code()),
        body.len()
    )
}

/// The problem body of a fault: what answers, job resources, questions and events carry.
pub(crate) fn body(fault: &Fault, localizer: Localizer) -> Value {
    let mut members = Map::new();
    // The standard members last, so that no argument can take their place.
    for (name, value) in fault.args() {
        members.insert(name.clone().into_owned(), Value::from(value.as_str()));
    }
    for (name, value) in fault.extras() {
        members.insert(name.clone().into_owned(), value.clone());
    }
    let code = fault.code();
    members.insert("type".to_owned(), json!(format!("urn:tokensign:error:{code}")));
    members.insert("title".to_owned(), json!(localizer.fault_title(fault)));
    members.insert("status".to_owned(), json!(code.status()));
    members.insert("code".to_owned(), json!(code));
    members.insert("what_to_do".to_owned(), json!(localizer.fault_advice(fault)));
    if let Some(detail) = fault.detail_text() {
        members.insert("detail".to_owned(), json!(detail));
    }
    Value::Object(members)
}

/// `rate_limited`, with the seconds until it is worth trying again.
pub(crate) fn rate_limited(wait: Duration) -> Fault {
    Fault::new(Code::RateLimited).arg("retry_after", wait.as_secs().max(1))
}

/// The status that a fault is answered with.
pub(super) fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An error (RFC 9457). Members beside these are the arguments of the texts, for instance `field` and `reason`.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemSchema {
    /// `urn:tokensign:error:` and the code.
    r#type: String,
    /// What happened, in the caller's language.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The stable code.
    code: String,
    /// What to do about it, in the caller's language.
    what_to_do: String,
    /// What happened, in English, for integrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_members_of_rfc_9457_and_the_arguments() {
        let fault = Fault::invalid_field("documents[0].name", "is empty").detail("the name is empty");
        let body = body(&fault, Localizer::new(Language::En));
        assert_eq!(body["type"], "urn:tokensign:error:invalid_field");
        assert_eq!(body["status"], 400);
        assert_eq!(body["code"], "invalid_field");
        assert_eq!(body["field"], "documents[0].name");
        assert_eq!(body["detail"], "the name is empty");
        assert_ne!(body["title"], body["what_to_do"]);
    }

    #[test]
    fn an_argument_cannot_replace_a_standard_member() {
        let fault = Fault::new(Code::Refused).arg("code", "internal").arg("status", 200);
        let body = body(&fault, Localizer::new(Language::En));
        assert_eq!(body["code"], "refused");
        assert_eq!(body["status"], 403);
    }
}
