use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use serde::Deserialize;
use tokio::time::{Instant, Sleep, sleep};

use super::objects::Objects;
use super::selector;
use crate::messages::{Code, Fault};

/// The longest pause between two pieces of a request body.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A body that came for longer than this must have come at least this fast on average, in bytes a second: one that trickles holds a
/// connection for ever.
const GRACE: Duration = Duration::from_secs(60);
const SLOWEST: u64 = 1024;

/// A request body that ends with an error when it grows over its limit or stalls.
pub(super) struct BoundedBody<B> {
    inner: B,
    limit: u64,
    left: u64,
    begun: Instant,
    pause: Pin<Box<Sleep>>,
}

impl<B> BoundedBody<B> {
    pub(super) fn new(inner: B, limit: u64) -> Self {
        Self {
            inner,
            limit,
            left: limit,
            begun: Instant::now(),
            pause: Box::pin(sleep(LONGEST_PAUSE)),
        }
    }
}

/// Whether so many bytes in that time are too few.
fn trickles(passed: Duration, received: u64) -> bool {
    passed > GRACE && received < passed.as_secs().saturating_mul(SLOWEST)
}

/// Why a body could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the body stalls")]
    Stalled,
    #[error("the connection breaks off")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}

impl<B> HttpBody for BoundedBody<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) else {
            ready!(self.pause.as_mut().poll(context));
            return Poll::Ready(Some(Err(BodyError::Stalled)));
        };
        let frame = match frame {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(BodyError::Broken(error.into())))),
            Some(Ok(frame)) => frame,
        };
        let now = Instant::now();
        self.pause.as_mut().reset(now + LONGEST_PAUSE);
        if trickles(now - self.begun, self.limit - self.left) {
            return Poll::Ready(Some(Err(BodyError::Stalled)));
        }
        let size = frame.data_ref().map_or(0, |data| data.len() as u64);
        match self.left.checked_sub(size) {
            Some(left) => {
                self.left = left;
                Poll::Ready(Some(Ok(frame)))
            }
            None => Poll::Ready(Some(Err(BodyError::TooLarge { limit: self.limit }))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The fault of an error that came out of a body, however deep it was wrapped on the way.
pub(super) fn body_fault(error: &(dyn Error + 'static)) -> Fault {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(known) = error.downcast_ref::<BodyError>() {
            return match known {
                BodyError::TooLarge { limit } => too_large(*limit),
                BodyError::Stalled => Fault::new(Code::RequestTooSlow).detail(known),
                BodyError::Broken(_) => Fault::new(Code::MalformedJson).detail(known),
            };
        }
        cause = error.source();
    }
    Fault::new(Code::MalformedJson).detail(error)
}

/// `body_too_large` with the limit.
pub(super) fn too_large(limit: u64) -> Fault {
    Fault::new(Code::BodyTooLarge).arg("limit", limit)
}

/// Reads a whole body; the guard has bounded it.
///
/// # Errors
/// `body_too_large`, `request_too_slow`, `malformed_json` when it breaks off.
pub(super) async fn read_whole(body: Body) -> Result<Bytes, Fault> {
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(body_fault(&error)),
    }
}

/// Reads JSON of one type; says which field is wrong, and never repeats a value, which may be a PIN or a document.
///
/// # Errors
/// `malformed_json`, `invalid_field`, `invalid_selector`.
pub(super) fn parse_json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Fault> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(Objects::new(&mut deserializer)).map_err(|error| {
        let path = error.path().to_string();
        selector_fault(&path, bytes).unwrap_or_else(|| json_fault(&path, error.inner()))
    })?;
    deserializer.end().map_err(|error| json_fault(".", &error))?;
    Ok(parsed)
}

/// What is wrong with the selector, when it is that which cannot be read: serde keeps no more of it than an English sentence.
fn selector_fault(path: &str, bytes: &[u8]) -> Option<Fault> {
    #[derive(Deserialize)]
    struct Selecting {
        certificate: String,
    }
    if path != "certificate" {
        return None;
    }
    let Selecting { certificate } = serde_json::from_slice(bytes).ok()?;
    selector::read(Some(&certificate)).err()
}

fn json_fault(path: &str, error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    let (reason, place) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
    if !error.is_data() {
        let fault = Fault::new(Code::MalformedJson);
        return match place.split_once(" column ") {
            Some((line, column)) => fault.detail(format_args!("not JSON at line {line}, column {column}")),
            None => fault.detail("not JSON"),
        };
    }
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|kind| reason.strip_prefix(kind))
        .and_then(|rest| rest.split('`').next());
    let field = match (path, named) {
        ("." | "?", Some(name)) => name.to_owned(),
        ("." | "?", None) => "body".to_owned(),
        (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
        (path, _) => path.to_owned(),
    };
    Fault::invalid_field(field, without_value(reason))
}

/// serde's `invalid type: string "…", expected …` without the value.
fn without_value(reason: &str) -> &str {
    if reason.starts_with("invalid ") || reason.starts_with("unknown variant") {
        return reason
            .rfind("expected ")
            .map_or("has a wrong value", |at| &reason[at..]);
    }
    if reason.starts_with("missing field") {
        return "is missing";
    }
    if reason.starts_with("unknown field") {
        return "is not a field of this request";
    }
    if reason.starts_with("duplicate field") {
        return "is given twice";
    }
    reason
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Request {
        #[serde(default)]
        pin: Option<String>,
        documents: Vec<Document>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Document {
        name: String,
    }

    fn fault(json: &str) -> Fault {
        parse_json::<Request>(json.as_bytes()).unwrap_err()
    }

    #[test]
    fn faults_name_the_field() {
        for (json, field) in [
            (r#"{"documents":[{"name":"a"},{"name":5}]}"#, "documents[1].name"),
            (r#"{"documents":[{}]}"#, "documents[0].name"),
            (r#"{"documents":[["a"]]}"#, "documents[0]"),
            (r#"[null,[]]"#, "body"),
            (r#"{"documents":[{"name":"a","size":1}]}"#, "documents[0].size"),
            (r#"{"documents":[],"x":1}"#, "x"),
            (r#"{}"#, "documents"),
        ] {
            let fault = fault(json);
            assert_eq!(fault.code(), Code::InvalidField, "{json}");
            assert_eq!(fault.args()["field"], field, "{json}");
        }
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for json in ["", "{", "[]x", "{\"documents\":[]} {}", "\u{feff}{}"] {
            let code = fault(json).code();
            assert!(
                matches!(code, Code::MalformedJson | Code::InvalidField),
                "{json}: {code}"
            );
        }
        assert_eq!(fault("{").code(), Code::MalformedJson);
    }

    #[test]
    fn a_body_that_trickles_is_cut_off() {
        assert!(!trickles(Duration::from_secs(59), 1));
        assert!(trickles(Duration::from_secs(61), 61));
        assert!(!trickles(Duration::from_secs(600), 1 << 20));
    }

    #[test]
    fn values_are_never_repeated() {
        for json in [r#"{"pin":1234,"documents":[]}"#, r#"{"documents":"1234"}"#] {
            assert!(!format!("{:?}", fault(json)).contains("1234"), "{json}");
        }
    }
}
