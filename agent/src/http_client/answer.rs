use bytes::Bytes;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error_text::{self, Said};
use super::failure::{Failure, may_have_happened};
use crate::messages::{Code, Fault};

/// How the services say that the paid plan has ended, in lower case (MIG24; the status that goes with it is not known).
const PLAN_ENDED: &str = "оплаченный срок доступа истек";

/// How a bearer challenge says that a token belongs to another environment, in lower case (the texts of ASP.NET's token check, on
/// which both services run).
const FOREIGN_TOKEN: [&str; 3] = ["the issuer ", "the audience ", "signature key was not found"];

/// An answer with a 2xx status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub(super) status: StatusCode,
    /// The body, whole.
    pub(super) body: Bytes,
    /// Who answered.
    pub(super) host: String,
    /// Whose token was used.
    pub(super) profile: String,
}

impl Answer {
    /// Whether nothing came but the status.
    pub fn is_empty(&self) -> bool {
        self.body.iter().all(u8::is_ascii_whitespace)
    }

    /// Whether the body is text of a few words, neither JSON nor a page.
    pub fn is_text(&self) -> bool {
        !self.is_empty() && !error_text::is_page(&self.body) && self.json().is_err()
    }

    /// The body as JSON whatever its label says; `Null` when it is empty.
    ///
    /// # Errors
    /// `service_unreadable`, ambiguous: a 2xx says that something happened.
    pub fn json(&self) -> Result<Value, Failure> {
        if self.is_empty() {
            return Ok(Value::Null);
        }
        let text = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body);
        serde_json::from_slice(text).map_err(|error| {
            let what = if error_text::is_page(text) {
                "it is a web page".to_owned()
            } else {
                format!("it is not JSON: {error}")
            };
            self.unreadable(&what)
        })
    }

    /// Reads an already parsed part of the body into its type.
    ///
    /// # Errors
    /// `service_unreadable`, ambiguous.
    pub fn part<T: DeserializeOwned>(&self, value: Value) -> Result<T, Failure> {
        serde_json::from_value(value).map_err(|error| self.unreadable(&format!("it lacks what is needed: {error}")))
    }

    /// The failure of an answer that cannot be understood.
    pub fn unreadable(&self, what: &str) -> Failure {
        Failure::Ambiguous(
            Fault::new(Code::ServiceUnreadable)
                .arg("host", &self.host)
                .arg("profile", &self.profile)
                .arg("service_status", self.status.as_u16())
                .detail(format!("the answer cannot be used: {what}")),
        )
    }

    /// The failure of an answer whose body says that the call failed, although the status says otherwise.
    pub fn refused(&self, error: &ServiceError) -> Failure {
        let failure = error.clone().into_failure(self.status, &self.host);
        failure.map(|fault| fault.arg("profile", &self.profile))
    }
}

/// What a service says of a call that failed.
#[derive(Clone, Debug, Default)]
pub struct ServiceError {
    /// The service's own code.
    pub code: Option<String>,
    /// Its text, as it came.
    pub text: Option<String>,
}

impl ServiceError {
    fn into_failure(self, status: StatusCode, host: &str) -> Failure {
        let text = self.text.as_deref().and_then(error_text::clean);
        classify(
            status,
            host,
            Said {
                code: self.code,
                text,
                is_page: false,
            },
        )
    }
}

/// What the headers of an answer with another status than 2xx say.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The seconds of `Retry-After` (RFC 9110 section 10.2.3), when it gives seconds.
    retry_after: Option<u64>,
    /// Whether `WWW-Authenticate` (RFC 6750 section 3) says that the token was issued elsewhere or for something else.
    is_foreign_token: bool,
}

impl Told {
    pub(super) fn by(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let challenge = text(WWW_AUTHENTICATE).unwrap_or_default().to_ascii_lowercase();
        Self {
            retry_after: text(RETRY_AFTER).and_then(|seconds| seconds.trim().parse().ok()),
            is_foreign_token: FOREIGN_TOKEN.iter().any(|words| challenge.contains(words)),
        }
    }
}

/// The failure of an answer with another status than 2xx.
pub(super) fn failure_of(status: StatusCode, body: &[u8], host: &str, told: &Told) -> Failure {
    let mut failure = classify(status, host, error_text::read(body));
    if told.is_foreign_token && failure.fault().code() == Code::ServiceUnauthorised {
        let fault = Fault::new(Code::ServiceWrongEnvironment)
            .arg("host", host)
            .arg("service_status", status.as_u16())
            .detail("the service says that the access key was issued by or for another environment");
        failure = Failure::Refused(fault);
    }
    match told.retry_after {
        Some(seconds) => failure.map(|fault| fault.arg("retry_after", seconds)),
        None => failure,
    }
}

fn classify(status: StatusCode, host: &str, said: Said) -> Failure {
    let code = fault_code(status, &said);
    let mut fault = Fault::new(code)
        .arg("host", host)
        .arg("service_status", status.as_u16())
        .detail(match (&said.text, said.is_page) {
            (Some(title), true) => format!("status {status}, a web page titled “{title}”"),
            (None, true) => format!("status {status}, a web page"),
            (Some(text), false) => format!("status {status}: {text}"),
            (None, false) => format!("status {status} without a reason"),
        });
    if code == Code::ServiceRefused {
        let reason = said.text.unwrap_or_else(|| format!("HTTP {}", status.as_u16()));
        fault = fault.arg("reason", reason);
    }
    if let Some(service_code) = said.code {
        fault = fault.arg("service_code", service_code);
    }
    match code {
        // The service's own failure may come late: after the effect.
        Code::ServiceFailed => Failure::Ambiguous(fault),
        // No plan, no effect, whatever the status.
        Code::ServiceBilling => Failure::Refused(fault),
        _ => Failure::of_status(status, fault),
    }
}

fn fault_code(status: StatusCode, said: &Said) -> Code {
    let service_code = said.code.as_deref().unwrap_or_default();
    let plan_ended = || {
        said.text
            .as_deref()
            .is_some_and(|text| text.to_lowercase().replace('ё', "е").contains(PLAN_ENDED))
    };
    let by_plan = matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::PAYMENT_REQUIRED | StatusCode::FORBIDDEN
    ) && plan_ended();
    if status == StatusCode::PAYMENT_REQUIRED || service_code == "BILLING_ERROR" || by_plan {
        return Code::ServiceBilling;
    }
    if status == StatusCode::UNAUTHORIZED {
        return Code::ServiceUnauthorised;
    }
    // A 403 without a word is how gateways refuse a token; with one the service itself refused.
    if status == StatusCode::FORBIDDEN && (said.is_page || (said.text.is_none() && said.code.is_none())) {
        return Code::ServiceUnauthorised;
    }
    if may_have_happened(status) || service_code == "INTERNAL_SERVER_ERROR" {
        return Code::ServiceFailed;
    }
    // The service itself answers JSON also where it finds nothing: whoever shows a page here is not the service.
    if said.is_page
        && matches!(
            status,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE
        )
    {
        return Code::ServiceWrongEnvironment;
    }
    if said.is_page || status.is_redirection() || status.is_informational() {
        return Code::ServiceUnreadable;
    }
    Code::ServiceRefused
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn failure(status: u16, body: &str) -> Failure {
        failure_of(
            StatusCode::from_u16(status).unwrap(),
            body.as_bytes(),
            "service.example",
            &Told::default(),
        )
    }

    #[test]
    fn a_page_with_404_does_not_say_that_a_thing_does_not_exist() {
        assert!(failure(404, "").is_not_found());
        assert!(failure(410, "{\"message\":\"gone\"}").is_not_found());
        assert!(!failure(404, "<html></html>").is_not_found());
    }

    #[test]
    fn a_token_of_another_environment_is_told_from_one_that_expired() {
        let code = |challenge: &'static str| {
            let headers = HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))]);
            let failure = failure_of(StatusCode::UNAUTHORIZED, b"", "service.example", &Told::by(&headers));
            failure.fault().code()
        };
        let wrong = r#"Bearer error="invalid_token", error_description="The issuer 'https://test.example' is invalid""#;
        assert_eq!(code(wrong), Code::ServiceWrongEnvironment);
        let expired = r#"Bearer error="invalid_token", error_description="The token expired at '11/01/2026'""#;
        assert_eq!(code(expired), Code::ServiceUnauthorised);
    }

    #[test]
    fn statuses_and_bodies_have_their_class_and_code() {
        let billing = r#"{"response":null,"errors":[{"errorCode":"BILLING_ERROR","errorDescription":"no plan"}]}"#;
        let cases = [
            (401, "", "refused", Code::ServiceUnauthorised),
            (401, "Оплаченный срок доступа истек", "refused", Code::ServiceBilling),
            (
                403,
                "{\"message\":\"Оплаченный срок доступа истёк.\"}",
                "refused",
                Code::ServiceBilling,
            ),
            (402, "", "refused", Code::ServiceBilling),
            (400, billing, "refused", Code::ServiceBilling),
            (200, billing, "refused", Code::ServiceBilling),
            (403, "", "refused", Code::ServiceUnauthorised),
            (
                403,
                "{\"message\":\"not your document\"}",
                "refused",
                Code::ServiceRefused,
            ),
            (400, "no", "refused", Code::ServiceRefused),
            (404, "", "refused", Code::ServiceRefused),
            (404, "<html></html>", "refused", Code::ServiceWrongEnvironment),
            (405, "<html></html>", "refused", Code::ServiceWrongEnvironment),
            (302, "", "refused", Code::ServiceUnreadable),
            (408, "", "ambiguous", Code::ServiceFailed),
            (425, "", "ambiguous", Code::ServiceFailed),
            (429, "", "ambiguous", Code::ServiceFailed),
            (500, "{\"error\":\"x\"}", "ambiguous", Code::ServiceFailed),
            (
                503,
                "<html><title>maintenance</title>",
                "ambiguous",
                Code::ServiceFailed,
            ),
            (
                200,
                r#"{"errors":[{"errorCode":"INTERNAL_SERVER_ERROR"}]}"#,
                "ambiguous",
                Code::ServiceFailed,
            ),
            (
                200,
                r#"{"errors":[{"errorCode":"SOMETHING_NEW"}]}"#,
                "refused",
                Code::ServiceRefused,
            ),
        ];
        for (status, body, class, code) in cases {
            let failure = failure(status, body);
            let found = match &failure {
                Failure::Refused(_) => "refused",
                Failure::NotSent(_) => "not sent",
                Failure::Ambiguous(_) => "ambiguous",
            };
            assert_eq!((found, failure.fault().code()), (class, code), "{status} {body}");
        }
    }

    #[test]
    fn a_missing_thing_is_told_apart() {
        assert!(failure(404, "").is_not_found());
        assert!(!failure(400, "").is_not_found());
        assert!(!failure(500, "").is_not_found());
    }
}
