use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, LOCATION};
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;
use tokio::time::timeout;
use url::Url;

use super::answer::{Told, failure_of};
use super::client::{ServiceClient, read_limited, without};
use super::error_text;
use super::failure::Failure;
use super::origin;
use crate::messages::{Code, Fault};

/// How much of a file is kept to tell what it is, in bytes.
const HEAD: usize = 64 << 10;

/// How many redirects, all to allowed hosts, a download follows.
const REDIRECTS: usize = 3;

/// The rules of one download.
#[derive(Clone, Copy, Debug)]
pub struct DownloadLimits<'a> {
    /// Hosts besides the service's own, `host` or `host:port`; the bearer token does not go there.
    pub hosts: &'a [String],
    /// The largest file, in bytes.
    pub max_bytes: u64,
}

/// A file that is being downloaded.
pub struct Download {
    response: reqwest::Response,
    host: String,
    max_bytes: u64,
    /// The longest pause between two pieces.
    pause: Duration,
    seen: Seen,
}

/// What has come of a file so far.
#[derive(Debug, Default)]
struct Seen {
    bytes: u64,
    head: Vec<u8>,
}

/// What a file looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DownloadedKind {
    /// Nothing.
    Empty,
    /// A web page.
    Page,
    /// JSON.
    Json,
    /// A ZIP, by its first bytes (APPNOTE 4.3.6, and 4.3.16 for an empty one).
    Zip,
    /// Anything else.
    Other,
}

impl Download {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// `body_too_large`, and those of a broken exchange.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let chunk = timeout(self.pause, self.response.chunk()).await;
        let chunk = chunk.map_err(|_| silent(&self.host))?;
        let Some(chunk) = chunk.map_err(|error| Failure::of_transport(&error, &self.host))? else {
            return Ok(None);
        };
        self.seen.take(&chunk);
        if self.seen.bytes > self.max_bytes {
            return Err(too_large(self.max_bytes));
        }
        Ok(Some(chunk))
    }

    /// How many bytes have come.
    pub fn bytes(&self) -> u64 {
        self.seen.bytes
    }

    /// What the file looks like; meaningful at its end.
    pub fn kind(&self) -> DownloadedKind {
        self.seen.kind()
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("host", &self.host)
            .field("bytes", &self.seen.bytes)
            .finish_non_exhaustive()
    }
}

impl Seen {
    fn take(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        let wanted = HEAD.saturating_sub(self.head.len()).min(chunk.len());
        self.head.extend_from_slice(&chunk[..wanted]);
    }

    fn kind(&self) -> DownloadedKind {
        if self.bytes == 0 {
            DownloadedKind::Empty
        } else if self.head.starts_with(b"PK\x03\x04") || self.head.starts_with(b"PK\x05\x06") {
            DownloadedKind::Zip
        } else if error_text::is_page(&self.head) {
            DownloadedKind::Page
        } else if self.is_json() {
            DownloadedKind::Json
        } else {
            DownloadedKind::Other
        }
    }

    fn is_json(&self) -> bool {
        let is_whole = usize::try_from(self.bytes) == Ok(self.head.len());
        if is_whole {
            return serde_json::from_slice::<serde::de::IgnoredAny>(&self.head).is_ok();
        }
        [&b"{\""[..], b"[{", b"[\""]
            .iter()
            .any(|mark| self.head.starts_with(mark))
    }
}

impl ServiceClient {
    /// Opens what lies behind `link`, which may be relative to the base. The bearer token goes only to the base's origin;
    /// redirects are followed only to where a link may lead in the first place. A 404 on a path with an empty segment (`//`) is
    /// tried once more without it.
    ///
    /// # Errors
    /// `download_foreign_host`, `body_too_large`, and those of any call.
    pub async fn download(&self, link: &str, limits: DownloadLimits<'_>) -> Result<Download, Failure> {
        let url = self.base.resolve(link).map_err(Failure::Refused)?;
        let response = match self.open(url.clone(), limits.hosts).await {
            Err(failure) if failure.is_not_found() => match without_empty_segments(&url) {
                Some(collapsed) => self.open(collapsed, limits.hosts).await?,
                None => return Err(failure),
            },
            opened => opened?,
        };
        if response
            .content_length()
            .is_some_and(|length| length > limits.max_bytes)
        {
            return Err(too_large(limits.max_bytes));
        }
        Ok(Download {
            host: origin::authority(response.url()),
            response,
            max_bytes: limits.max_bytes,
            pause: self.timeout,
            seen: Seen::default(),
        })
    }

    /// Opens a download: the answer's headers are read, its body not yet.
    async fn open(&self, url: Url, hosts: &[String]) -> Result<reqwest::Response, Failure> {
        let opened = self.follow(url, hosts).await;
        opened.map_err(|failure| self.named(failure))
    }

    async fn follow(&self, mut url: Url, hosts: &[String]) -> Result<reqwest::Response, Failure> {
        for _ in 0..=REDIRECTS {
            let is_own = self.base.is_same_origin(&url);
            let host = origin::authority(&url);
            if !origin::is_private(&url) || !(is_own || is_allowed(&url, hosts)) {
                return Err(Failure::Refused(
                    Fault::new(Code::DownloadForeignHost)
                        .arg("host", &host)
                        .detail(format!("the link leads to {}://{host}", url.scheme())),
                ));
            }
            let bearer = self.bearer.read().map_err(Failure::NotSent)?;
            let mut request = self.http.get(url.clone()).header(ACCEPT, "*/*");
            if is_own {
                request = request.bearer_auth(bearer.expose_secret());
            }
            let sent = timeout(self.timeout, request.send()).await;
            let response = sent
                .map_err(|_| silent(&host))?
                .map_err(|error| Failure::of_transport(&error, &host))?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            if let (true, Some(target)) = (is_followed(status), location(response.headers(), &url)) {
                url = target;
                continue;
            }
            let told = Told::by(response.headers());
            let body = timeout(self.timeout, read_limited(response, &host)).await;
            let body = without(&bearer, body.map_err(|_| silent(&host))??);
            return Err(failure_of(status, &body, &host, &told));
        }
        Err(Failure::Refused(
            Fault::new(Code::ServiceUnreadable).detail("the download is redirected in a circle"),
        ))
    }
}

fn is_allowed(url: &Url, hosts: &[String]) -> bool {
    let name = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default();
    hosts.iter().any(|allowed| match allowed.rsplit_once(':') {
        // A bracket after the last colon means that it belongs to an IPv6 address.
        Some((host, digits)) if !digits.ends_with(']') => {
            host.eq_ignore_ascii_case(name) && digits.parse().ok() == port
        }
        _ => allowed.eq_ignore_ascii_case(name) && url.port().is_none(),
    })
}

fn is_followed(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    )
}

fn location(headers: &HeaderMap, from: &Url) -> Option<Url> {
    from.join(headers.get(LOCATION)?.to_str().ok()?).ok()
}

fn without_empty_segments(url: &Url) -> Option<Url> {
    let mut path = url.path().to_owned();
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    if path == url.path() {
        return None;
    }
    let mut collapsed = url.clone();
    collapsed.set_path(&path);
    Some(collapsed)
}

fn silent(host: &str) -> Failure {
    Failure::Ambiguous(
        Fault::new(Code::ServiceTimeout)
            .arg("host", host)
            .detail("the exchange broke off: no answer came in time"),
    )
}

fn too_large(max_bytes: u64) -> Failure {
    Failure::Refused(
        Fault::new(Code::BodyTooLarge)
            .arg("limit", max_bytes)
            .detail("the service's file is larger than allowed"),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn kind(body: &[u8]) -> DownloadedKind {
        let mut seen = Seen::default();
        seen.take(body);
        seen.kind()
    }

    #[test]
    fn files_are_told_by_their_bytes() {
        assert_eq!(kind(b""), DownloadedKind::Empty);
        assert_eq!(kind(b"PK\x03\x04rest"), DownloadedKind::Zip);
        assert_eq!(kind(b"  <!doctype HTML>"), DownloadedKind::Page);
        assert_eq!(kind(b" {\"errors\":[]}"), DownloadedKind::Json);
        assert_eq!(kind(b"{\\rtf1 text}"), DownloadedKind::Other);
        assert_eq!(kind(b"%PDF-1.7"), DownloadedKind::Other);
    }

    #[test]
    fn an_allowed_host_is_allowed_on_its_port_only() {
        let hosts = ["files.example".to_owned(), "other.example:8443".to_owned()];
        let allowed = |url: &str| is_allowed(&Url::parse(url).unwrap(), &hosts);
        assert!(allowed("https://files.example/x"));
        assert!(allowed("https://FILES.example/x"));
        assert!(!allowed("https://files.example:8443/x"));
        assert!(allowed("https://other.example:8443/x"));
        assert!(!allowed("https://other.example/x"));
        assert!(!allowed("https://files.example.evil.example/x"));
    }

    #[test]
    fn empty_segments_collapse() {
        let url = Url::parse("https://h.example//api///v3/x?q=//").unwrap();
        assert_eq!(
            without_empty_segments(&url).unwrap().as_str(),
            "https://h.example/api/v3/x?q=//"
        );
        assert!(without_empty_segments(&Url::parse("https://h.example/api").unwrap()).is_none());
    }
}
