use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderName, Request};
use serde_json::json;

use super::bucket::Bucket;
use super::connection::{Connection, Transport};
use super::guard::PeerUser;
use super::metrics::Metrics;
use super::problem;
use crate::messages::{Code, Fault};
use crate::store::{Store, audit};

/// So many refusals are recorded at once; then one each ten seconds, with the number of those left out.
const RECORDED: u32 = 30;
const RECORDED_PERIOD: Duration = Duration::from_secs(300);
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// How much of a header's value is recorded.
const RECORDED_LENGTH: usize = 120;

/// Records what is refused, by the guard or behind it, in the log and the audit chain, at a bounded rate.
#[derive(Debug)]
pub(super) struct Refusals {
    store: Store,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bucket: Bucket,
    left_out: u64,
}

impl Refusals {
    pub(super) fn new(store: Store, metrics: Arc<Metrics>) -> Self {
        Self {
            store,
            metrics,
            state: Mutex::new(State {
                bucket: Bucket::new(RECORDED, RECORDED_PERIOD),
                left_out: 0,
            }),
        }
    }

    /// Records a refusal. Plain mistakes in the use of the API (a wrong path, a wrong method) are counted only, unless the page of an
    /// origin that is not paired makes them.
    pub(super) fn note(&self, connection: &Connection, seen: &Seen, fault: &Fault, of_stranger: bool) {
        self.metrics.refused(fault.code());
        if !of_stranger && !is_suspicious(fault.code()) {
            tracing::debug!(code = %fault.code(), path = seen.path, "request refused");
            return;
        }
        self.record(connection.transport, connection.user, seen, fault);
    }

    /// Records a request that is no HTTP: what was refused with 400 or 431 before there was anything to judge.
    pub(super) fn note_unreadable(&self, connection: &Connection, error: &hyper::Error) {
        let code = match error.is_parse_too_large() {
            true => Code::HeadTooLarge,
            false => Code::MalformedRequest,
        };
        // HTTP/2 is not spoken, and not answered.
        if !error.is_parse_version_h2() {
            self.metrics.answered(problem::status(code));
        }
        self.note_unseen(connection.transport, connection.user, Fault::new(code).detail(error));
    }

    /// Records a head that did not come to its end in time. Whose it was is not known.
    pub(super) fn note_slow_head(&self, connection: &Connection) {
        self.note_unseen(connection.transport, connection.user, Fault::new(Code::RequestTooSlow));
    }

    /// Records a connection for which there was no place.
    pub(super) fn note_turned_away(&self, transport: Transport, user: PeerUser) {
        self.metrics.answered(problem::status(Code::TooManyConnections));
        self.note_unseen(transport, user, Fault::new(Code::TooManyConnections));
    }

    /// Records what was refused before there was a request.
    fn note_unseen(&self, transport: Transport, user: PeerUser, fault: Fault) {
        self.metrics.refused(fault.code());
        self.record(transport, user, &Seen::default(), &fault);
    }

    fn record(&self, transport: Transport, user: PeerUser, seen: &Seen, fault: &Fault) {
        let left_out = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.bucket.take().is_err() {
                state.left_out += 1;
                return;
            }
            std::mem::take(&mut state.left_out)
        };
        let Seen {
            method,
            path,
            host,
            origin,
            ..
        } = seen;
        let code = fault.code();
        // What the texts do not say of it: the parser's words, or what of a right `Host` is wrong.
        let detail = fault.detail_text().map(cut);
        tracing::warn!(%code, method, ?path, ?host, ?origin, detail, left_out, "request refused");
        let body = json!({
            "code": code,
            "method": method,
            "path": path,
            "host": host,
            "origin": origin,
            "detail": detail,
            "transport": match transport { Transport::Unix => "unix", Transport::Tcp(_) => "tcp" },
            "uid": match user { PeerUser::Foreign { uid } => uid, PeerUser::Own => None },
            "left_out": left_out,
        });
        let store = self.store.clone();
        tokio::spawn(async move {
            let entry = audit::Entry {
                kind: "guard_refused",
                actor: audit::Actor::Agent,
                job: None,
                body,
            };
            if let Err(fault) = store.write(move |tx| audit::append(tx, entry)).await {
                tracing::error!(%fault, "a refusal cannot be recorded");
            }
        });
    }
}

/// What of a request is recorded.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    method: String,
    path: String,
    host: Option<String>,
    origin: Option<String>,
    /// A browser says that another page than ours sent it.
    of_another_page: bool,
}

impl Seen {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        Self {
            method: cut(request.method().as_str()),
            path: cut(request.uri().path()),
            host: header(request.headers(), &HOST),
            origin: header(request.headers(), &ORIGIN),
            of_another_page: request
                .headers()
                .get(SEC_FETCH_SITE)
                .is_some_and(|site| site != "same-origin" && site != "none"),
        }
    }

    /// Whether a page of another origin sent it, for none of those that are paired.
    pub(super) fn is_of_stranger(&self, is_paired: impl FnOnce(&str) -> bool) -> bool {
        let own = self.host.as_ref().map(|host| format!("http://{host}"));
        match &self.origin {
            Some(origin) => Some(origin) != own.as_ref() && !is_paired(origin),
            None => self.of_another_page,
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(RECORDED_LENGTH).collect()
}

fn is_suspicious(code: Code) -> bool {
    matches!(
        code,
        Code::ForeignUser
            | Code::WrongHost
            | Code::ForeignOrigin
            | Code::Unpaired
            | Code::PermissionDenied
            | Code::RateLimited
            | Code::MalformedRequest
            | Code::TooManyConnections
            | Code::PairingFailed
            | Code::BodyTooLarge
            | Code::RequestTooSlow
            | Code::IdempotencyMismatch
            | Code::UnsupportedMediaType
    )
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(cut(&String::from_utf8_lossy(value.as_bytes())))
}
