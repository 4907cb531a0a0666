use http::StatusCode;

use crate::messages::{Code, Fault};

/// How a request failed; decides whether it may be repeated.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The service said no, or answered something that proves that it did nothing. Repeating changes nothing.
    Refused(Fault),
    /// Nothing was asked of the service: name resolution, connection or TLS failed, or the token could not be read.
    NotSent(Fault),
    /// The service may or may not have done it: the connection broke or time ran out after the first byte, or the status is
    /// 408, 425, 429 or 5xx.
    Ambiguous(Fault),
}

impl Failure {
    /// The fault, whatever the class.
    pub fn fault(&self) -> &Fault {
        match self {
            Self::Refused(fault) | Self::NotSent(fault) | Self::Ambiguous(fault) => fault,
        }
    }

    /// The fault, whatever the class.
    pub fn into_fault(self) -> Fault {
        match self {
            Self::Refused(fault) | Self::NotSent(fault) | Self::Ambiguous(fault) => fault,
        }
    }

    /// The same class with another fault.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Fault) -> Fault) -> Self {
        match self {
            Self::Refused(fault) => Self::Refused(change(fault)),
            Self::NotSent(fault) => Self::NotSent(change(fault)),
            Self::Ambiguous(fault) => Self::Ambiguous(change(fault)),
        }
    }

    /// Whether the service said that there is no such thing (404, 410). A page of something that stands in between does not count.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(fault) if fault.code() == Code::ServiceRefused
            && matches!(fault.args().get("service_status").map(String::as_str), Some("404" | "410")))
    }

    /// Classes an error that reqwest reports before there is an answer, or while the answer is read.
    pub(super) fn of_transport(error: &reqwest::Error, host: &str) -> Self {
        if error.is_builder() {
            return Self::Refused(Fault::internal(reason(error)));
        }
        let code = if error.is_timeout() {
            Code::ServiceTimeout
        } else {
            Code::ServiceUnreachable
        };
        let fault = Fault::new(code).arg("host", host).detail(reason(error));
        // A connect error covers name resolution, TCP, the proxy's CONNECT and the TLS handshake: no byte of the request left.
        if error.is_connect() {
            Self::NotSent(fault)
        } else {
            Self::Ambiguous(fault)
        }
    }

    /// Gives a fault the class of the status it came with.
    pub(super) fn of_status(status: StatusCode, fault: Fault) -> Self {
        if may_have_happened(status) {
            Self::Ambiguous(fault)
        } else {
            Self::Refused(fault)
        }
    }
}

/// Whether a request with this answer may have had its effect.
pub(super) fn may_have_happened(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        )
}

/// The chain of causes in one line, without the URL, whose query may hold what does not belong in a log.
fn reason(error: &reqwest::Error) -> String {
    let mut text = match (error.is_connect(), error.is_timeout()) {
        (true, true) => "the connection was not made in time".to_owned(),
        (true, false) => "the connection was not made".to_owned(),
        (false, true) => "no answer came in time".to_owned(),
        (false, false) => "the exchange broke off".to_owned(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
