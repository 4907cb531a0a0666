//! Which requests arrived and how they were answered. Bodies and tokens are not kept.

use serde::{Deserialize, Serialize};

use super::clock;

/// A request that reached the sandbox, also one that was refused or cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedRequest {
    /// The call's number, from 1.
    pub call: u64,
    /// When it arrived, RFC 3339 in UTC.
    pub at: String,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// What the `Authorization` header held.
    pub authorization: Authorization,
    /// The status answered; absent while the call is served and when the connection was cut.
    pub status: Option<u16>,
    /// Whether the connection was cut.
    pub cut: bool,
}

/// What the `Authorization` header of a request held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authorization {
    /// The token of the service addressed.
    Right,
    /// Something else.
    Wrong,
    /// No such header.
    None,
}

/// The log of requests since the start or the last reset.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    // Numbers go on over a reset, so that a call still being served never meets a later one's entry.
    last_call: u64,
    requests: Vec<LoggedRequest>,
}

impl RequestLog {
    /// Notes an arriving request and returns its number.
    pub(crate) fn arrived(&mut self, method: &str, path: &str, authorization: Authorization) -> u64 {
        self.last_call += 1;
        let call = self.last_call;
        self.requests.push(LoggedRequest {
            call,
            at: clock::rfc3339(),
            method: method.to_owned(),
            path: path.to_owned(),
            authorization,
            status: None,
            cut: false,
        });
        call
    }

    pub(crate) fn answered(&mut self, call: u64, status: u16) {
        self.change(call, |request| request.status = Some(status));
    }

    pub(crate) fn cut(&mut self, call: u64) {
        self.change(call, |request| request.cut = true);
    }

    pub(crate) fn all(&self) -> &[LoggedRequest] {
        &self.requests
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }

    // A reset while a call is served leaves nothing to change.
    fn change(&mut self, call: u64, change: impl FnOnce(&mut LoggedRequest)) {
        if let Some(request) = self.requests.iter_mut().rev().find(|request| request.call == call) {
            change(request);
        }
    }
}
