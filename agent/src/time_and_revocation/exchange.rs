//! One small HTTP exchange with a public authority: no credentials, no redirects, an answer of bounded size.

use std::error::Error as _;
use std::sync::Once;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::redirect::Policy;
use url::Url;

/// The longest time for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// An HTTP client for one kind of authority.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    http: reqwest::Client,
    /// The largest answer that is read, in bytes.
    largest: usize,
}

impl Exchange {
    /// A client whose every exchange ends within `timeout`. Addresses in `https` need the system's authorities; in `http`, as is usual because the
    /// answers are signed, they are not even read.
    pub(super) fn new(timeout: Duration, largest: usize, secure: bool) -> Result<Self, String> {
        install_provider();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("tokensign/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECT.min(timeout))
            .timeout(timeout);
        let builder = if secure { builder } else { builder.tls_certs_only([]) };
        let http = builder.build().map_err(|error| reason(&error))?;
        Ok(Self { http, largest })
    }

    /// Sends `body` and gives the body of the answer, which must have a 2xx status.
    pub(super) async fn post(
        &self,
        url: &Url,
        media_type: &str,
        answer_type: &str,
        body: Vec<u8>,
    ) -> Result<Bytes, String> {
        let request = self.http.post(url.clone()).header(CONTENT_TYPE, media_type);
        self.answer(request.header(ACCEPT, answer_type).body(body)).await
    }

    /// Fetches the body of a document, with a 2xx status.
    pub(super) async fn get(&self, url: &Url) -> Result<Bytes, String> {
        self.answer(self.http.get(url.clone())).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Bytes, String> {
        let mut response = request.send().await.map_err(|error| reason(&error))?;
        if !response.status().is_success() {
            return Err(format!("it answers with HTTP status {}", response.status()));
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| reason(&error))? {
            if body.len() + piece.len() > self.largest {
                return Err(format!("its answer is larger than {} KiB", self.largest >> 10));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.into())
    }
}

/// The innermost cause: reqwest's own text names only the step that failed.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it does not answer in time".to_owned();
    }
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}

/// Makes ring the process's TLS provider, once; reqwest is built without one.
fn install_provider() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that the process has a provider already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
