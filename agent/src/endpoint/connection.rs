use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{CACHE_CONTROL, CONNECTION, HeaderName, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Request};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tower::ServiceExt;

use super::caller::Caller;
use super::guard::{self, PeerUser, Verdict};
use super::heads::BothLengths;
use super::language::CallerLanguage;
use super::lingering::Lingering;
use super::problem::{self, Problem};
use super::refusals::Seen;
use super::shared::Shared;
use super::watched::{Signs, Watched};
use crate::messages::{Code, Fault};
use crate::platform::Peer;

/// How long a caller may take for the head of a request; also how long a connection may be idle. Less while most places are taken, so
/// that idle connections cannot keep others out.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
const HEAD_TIMEOUT_CROWDED: Duration = Duration::from_secs(2);
/// The largest head of a request, in bytes, and the most header fields.
const LARGEST_HEAD: usize = 32 * 1024;
const MOST_HEADERS: usize = 64;
/// How long a connection may take to finish what it is at when the agent ends.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What is known of a connection from the moment it was accepted.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) transport: Transport,
    pub(super) user: PeerUser,
    /// The other end, as the kernel knows it.
    pub(super) peer: Option<Peer>,
    /// Whether most places were taken when it came.
    pub(super) crowded: bool,
    /// Whether it has one of the last places, which are the person's.
    pub(super) kept_for_person: bool,
}

/// How a connection came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Transport {
    /// Over the Unix socket.
    Unix,
    /// Over loopback TCP, to this address.
    Tcp(SocketAddr),
}

/// Serves one connection until it ends or the agent does.
pub(super) async fn serve<S>(shared: Arc<Shared>, router: Router, connection: Connection, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shutdown = shared.shutdown.clone();
    let refused = Arc::clone(&shared.refusals);
    // A foreign user's connection is answered once and closed.
    let keep_alive = connection.user == PeerUser::Own;
    let head_timeout = if connection.crowded {
        HEAD_TIMEOUT_CROWDED
    } else {
        HEAD_TIMEOUT
    };
    let connection = Arc::new(connection);
    let served_connection = Arc::clone(&connection);
    // What is not even a request leaves bytes unread.
    let unread = Arc::new(AtomicBool::new(true));
    let left_unread = Arc::clone(&unread);
    let begun = Arc::new(AtomicBool::new(false));
    let not_begun = Arc::clone(&begun);
    let signs = Arc::new(Signs::default());
    let seen_signs = Arc::clone(&signs);
    let service = service_fn(move |mut request| {
        let (shared, router, connection) = (Arc::clone(&shared), router.clone(), Arc::clone(&connection));
        let (unread, begun) = (Arc::clone(&left_unread), Arc::clone(&not_begun));
        seen_signs.is_understood.store(true, Ordering::Relaxed);
        if is_in_pieces(&request) && seen_signs.both_lengths.load(Ordering::Relaxed) {
            request.extensions_mut().insert(BothLengths);
        }
        async move {
            let response = answer(shared, router, &connection, request, &unread).await;
            begun.store(false, Ordering::Relaxed);
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_headers(MOST_HEADERS)
        .max_buf_size(LARGEST_HEAD)
        .keep_alive(keep_alive);
    let stream = Lingering::new(stream, Arc::clone(&unread), Arc::clone(&begun));
    let stream = Watched::new(stream, signs);
    let mut served = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let result = tokio::select! {
        result = served.as_mut() => result,
        () = shutdown.cancelled() => {
            unread.store(false, Ordering::Relaxed);
            served.as_mut().graceful_shutdown();
            tokio::time::timeout(LAST_WORDS, served).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection breaks off");
        if error.is_parse() {
            refused.note_unreadable(&served_connection, &error);
        }
        // One that is only idle ends the same way, and is nobody's fault.
        if error.is_timeout() && begun.load(Ordering::Relaxed) {
            refused.note_slow_head(&served_connection);
        }
    }
}

async fn answer(
    shared: Arc<Shared>,
    router: Router,
    connection: &Connection,
    request: Request<Incoming>,
    unread: &AtomicBool,
) -> Response {
    let CallerLanguage(localizer) = CallerLanguage::of(request.headers());
    // Whoever disagrees with us about where a body of several pieces ends gets no second request on the same connection.
    let in_pieces = is_in_pieces(&request);
    let has_body = in_pieces || !request.body().is_end_stream();
    let seen = Seen::of(&request);
    let (response, readable_by) = match guard::judge(&shared, connection, request).await {
        Verdict::Answer {
            mut response,
            readable_by,
        } => {
            if has_body {
                // It is not read any more.
                close(&mut response);
            }
            (response, readable_by)
        }
        Verdict::Pass { request, readable_by } => {
            let caller = request.extensions().get::<Caller>().cloned();
            // An application that is connected no more gets no answer that it still waits for.
            let ended = async move {
                match caller {
                    Some(caller) => caller.ended().await,
                    None => std::future::pending().await,
                }
            };
            let handled = tokio::select! {
                biased;
                () = ended => Ok(Ok(Problem::from(Code::Unpaired).into_response())),
                handled = AssertUnwindSafe(router.oneshot(request)).catch_unwind() => handled,
            };
            let response = match handled {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(_) => Problem(Fault::internal("a handler panicked")).into_response(),
            };
            (response, readable_by)
        }
    };
    // Whoever refused it, the guard or a handler: only here is every answer seen.
    if let Some(Problem(fault)) = response.extensions().get::<Problem>() {
        let of_stranger = seen.is_of_stranger(|origin| shared.applications.is_origin_paired(origin));
        shared.refusals.note(connection, &seen, fault, of_stranger);
    }
    let mut response = problem::render(response, localizer);
    // Nobody settles in the places that are kept for the person.
    if in_pieces || connection.kept_for_person {
        close(&mut response);
    }
    unread.store(has_body && !response.status().is_success(), Ordering::Relaxed);
    shared.metrics.answered(response.status());
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert_with(|| HeaderValue::from_static("no-store"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if let Some(origin) = readable_by {
        guard::make_readable(headers, origin);
    }
    response
}

fn is_in_pieces<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(TRANSFER_ENCODING)
}

fn close(response: &mut Response) {
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
}
