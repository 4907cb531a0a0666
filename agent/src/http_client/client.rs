use std::borrow::Cow;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::multipart::{Form, Part};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio_util::io::ReaderStream;

use super::answer::{Answer, Told, failure_of};
use super::failure::Failure;
use super::origin::BaseUrl;
use super::{Bearer, tls};
use crate::config::ServiceConfig;
use crate::messages::{Code, Fault};

/// The largest answer that is held in memory, in bytes. A prepared package group of 10,000 documents needs a few MiB.
const LARGEST_ANSWER: usize = 64 << 20;

/// The slowest upload or download that is waited for, in bytes a second.
const SLOWEST: u64 = 16 << 10;

/// A client of one profile of one service, cheap to clone. It repeats nothing by itself and follows no redirect of a call.
#[derive(Clone, Debug)]
pub struct ServiceClient {
    pub(super) http: reqwest::Client,
    pub(super) base: BaseUrl,
    pub(super) bearer: Bearer,
    profile: String,
    /// The longest time for a call without an upload, and the longest pause in a download.
    pub(super) timeout: Duration,
}

impl ServiceClient {
    /// A client after the configuration of the profile with that name.
    ///
    /// # Errors
    /// `config_invalid`: the base URL, the proxy or the additional authorities cannot be used.
    pub fn new(profile: &str, config: &ServiceConfig, bearer: Bearer) -> Result<Self, Fault> {
        tls::install_provider();
        let invalid = |reason: String| Fault::new(Code::ConfigInvalid).arg("reason", reason);
        let base = BaseUrl::parse(&config.base_url)?;
        let timeout = Duration::from_secs(config.timeout_seconds.max(1));
        let connect = Duration::from_secs(config.connect_timeout_seconds.max(1));
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("tokensign/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            // The connection gets less time than the call, so that running out of it proves that nothing was sent.
            .connect_timeout(connect.min(timeout / 2))
            // A connection that the service may be about to close is not used again: it would make outcomes ambiguous.
            .pool_idle_timeout(Duration::from_secs(10));
        let authorities = match &config.extra_ca {
            Some(path) => tls::extra_authorities(path)?,
            None => Vec::new(),
        };
        builder = if base.is_loopback() {
            // Loopback needs neither the system's authorities, which a bare container lacks, nor a proxy.
            builder.no_proxy().tls_certs_only(authorities)
        } else {
            builder.tls_certs_merge(authorities)
        };
        if let Some(proxy) = &config.proxy {
            let proxy = reqwest::Proxy::all(proxy).map_err(|_| invalid("proxy is not a proxy URL".to_owned()))?;
            builder = builder.proxy(proxy);
        }
        let http = builder
            .build()
            .map_err(|error| invalid(format!("no HTTP client can be made: {error:?}")))?;
        Ok(Self {
            http,
            base,
            bearer,
            profile: profile.to_owned(),
            timeout,
        })
    }

    /// The host it talks to, for people.
    pub fn host(&self) -> String {
        self.base.host()
    }

    /// Adds the profile's name to a failure: a token, a plan and an address belong to one profile.
    pub(super) fn named(&self, failure: Failure) -> Failure {
        failure.map(|fault| fault.arg("profile", &self.profile))
    }

    /// The link of `path`, which begins with `/`, for [`ServiceClient::download`].
    ///
    /// # Errors
    /// `internal`.
    pub fn path(&self, path: &str) -> Result<String, Failure> {
        self.base.at(path).map(String::from).map_err(Failure::Refused)
    }

    /// Begins a call of `path`, which begins with `/`; ids in it are [`ServiceId::segment`](super::ServiceId::segment)s.
    ///
    /// # Errors
    /// `service_token_missing`.
    pub fn call(&self, method: Method, path: &str) -> Result<Call<'_>, Failure> {
        let url = self.base.at(path).map_err(Failure::Refused)?;
        let bearer = self
            .bearer
            .read()
            .map_err(|fault| self.named(Failure::NotSent(fault)))?;
        let request = self
            .http
            .request(method, url)
            .bearer_auth(bearer.expose_secret())
            .header(ACCEPT, "application/json, text/plain;q=0.9, */*;q=0.8")
            .timeout(self.timeout);
        Ok(Call {
            client: self,
            bearer,
            request,
        })
    }
}

/// How much longer than others a request with a body of `length` bytes may take: it is long in coming and long in being worked
/// through, ten thousand signatures for instance.
pub fn allowance(length: u64) -> Duration {
    Duration::from_secs(length / SLOWEST)
}

/// How a JSON body is labelled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JsonLabel {
    /// `application/json`.
    Json,
    /// `application/json-patch+json`, which iDocs' guide wants although the bodies are no patches.
    JsonPatch,
}

/// A call being made.
#[derive(Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct Call<'a> {
    client: &'a ServiceClient,
    bearer: SecretString,
    request: reqwest::RequestBuilder,
}

impl Call<'_> {
    /// Adds query parameters.
    pub fn query<T: Serialize + ?Sized>(self, query: &T) -> Self {
        Self {
            request: self.request.query(query),
            ..self
        }
    }

    /// Sets a JSON body.
    ///
    /// # Errors
    /// `internal`.
    pub fn json<T: Serialize + ?Sized>(self, label: JsonLabel, body: &T) -> Result<Self, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::Refused(Fault::internal(error)))?;
        let label = match label {
            JsonLabel::Json => "application/json",
            JsonLabel::JsonPatch => "application/json-patch+json",
        };
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let timeout = self.client.timeout.saturating_add(allowance(length));
        Ok(Self {
            request: self.request.header(CONTENT_TYPE, label).body(body).timeout(timeout),
            ..self
        })
    }

    /// Sets a multipart body of one file.
    ///
    /// # Errors
    /// `internal` when the part's media type is none.
    pub fn file(self, file: FilePart) -> Result<Self, Failure> {
        let allowance = allowance(file.length);
        let part = Part::stream_with_length(file.body, file.length)
            .file_name(file.name)
            .mime_str(&file.media_type)
            .map_err(|error| Failure::Refused(Fault::internal(error)))?;
        let timeout = self.client.timeout.saturating_add(allowance);
        // File names go out as UTF-8, as browsers send them; RFC 7578 section 4.2 forbids `filename*`.
        let form = Form::new().percent_encode_noop().part(file.field, part);
        Ok(Self {
            request: self.request.multipart(form).timeout(timeout),
            ..self
        })
    }

    /// Sends it and waits for the answer.
    ///
    /// # Errors
    /// Any answer but a 2xx and any broken exchange, classed.
    pub async fn send(self) -> Result<Answer, Failure> {
        let client = self.client;
        self.exchange().await.map_err(|failure| client.named(failure))
    }

    async fn exchange(self) -> Result<Answer, Failure> {
        let host = self.client.base.host();
        let response = self
            .request
            .send()
            .await
            .map_err(|error| Failure::of_transport(&error, &host))?;
        let status = response.status();
        let told = Told::by(response.headers());
        let body = read_limited(response, &host).await?;
        if status.is_success() {
            let profile = self.client.profile.clone();
            Ok(Answer {
                status,
                body,
                host,
                profile,
            })
        } else {
            Err(failure_of(status, &without(&self.bearer, body), &host, &told))
        }
    }
}

/// A file to upload.
#[derive(Debug)]
pub struct FilePart {
    field: Cow<'static, str>,
    name: String,
    media_type: String,
    length: u64,
    body: reqwest::Body,
}

impl FilePart {
    /// A file that is read while it is sent; `length` is its size in bytes.
    pub fn of_file(field: &'static str, name: &str, media_type: &str, file: tokio::fs::File, length: u64) -> Self {
        Self {
            field: field.into(),
            name: plain_name(name),
            media_type: media_type.to_owned(),
            length,
            body: reqwest::Body::wrap_stream(ReaderStream::with_capacity(file, 64 << 10)),
        }
    }

    /// A small file held in memory.
    pub fn of_bytes(field: &'static str, name: &str, media_type: &str, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            field: field.into(),
            name: plain_name(name),
            media_type: media_type.to_owned(),
            length: bytes.len() as u64,
            body: bytes.into(),
        }
    }

    /// The same file in the part named `field`.
    #[must_use]
    pub fn in_field(self, field: &str) -> Self {
        Self {
            field: field.to_owned().into(),
            ..self
        }
    }
}

/// Reads a body into memory.
pub(super) async fn read_limited(response: reqwest::Response, host: &str) -> Result<Bytes, Failure> {
    let mut body = BytesMut::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| Failure::of_transport(&error, host))?;
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(Failure::Ambiguous(
                Fault::new(Code::ServiceUnreadable)
                    .arg("host", host)
                    .detail("the answer is too long"),
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Takes the bearer token out of an error body: a careless service or proxy may echo the request's headers.
pub(super) fn without(bearer: &SecretString, body: Bytes) -> Bytes {
    let secret = bearer.expose_secret().as_bytes();
    if secret.is_empty() || !body.windows(secret.len()).any(|window| window == secret) {
        return body;
    }
    String::from_utf8_lossy(&body)
        .replace(bearer.expose_secret(), "[redacted]")
        .into()
}

/// A file name that cannot leave its header or its directory.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .map(|c| if c.is_control() || c == '"' { '_' } else { c })
        .collect();
    if plain.is_empty() { "document".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_stay_in_their_header() {
        assert_eq!(plain_name("../a\"b\r\nX: y.pdf"), "a_b__X: y.pdf");
        assert_eq!(plain_name("Договор № 5.pdf"), "Договор № 5.pdf");
        assert_eq!(plain_name("dir/"), "document");
    }
}
