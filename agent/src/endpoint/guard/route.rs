use http::Method;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::request::Parts;
use utoipa::openapi::HttpMethod;

use crate::config::EndpointConfig;
use crate::endpoint::body::too_large;
use crate::endpoint::permission::{Class, Service};
use crate::messages::{Code, Fault};

/// One method of one path: who may call it, and with what body. The whole face of the endpoint stands in [`ROUTES`]; what is not in
/// it does not exist, whatever the router knows.
#[derive(Debug)]
pub(in crate::endpoint) struct Route {
    pub(in crate::endpoint) method: Method,
    /// The path with `{…}` where one segment stands for itself.
    pub(in crate::endpoint) path: &'static str,
    pub(in crate::endpoint) access: Access,
    body: BodyRule,
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::endpoint) enum Access {
    /// Anyone of this machine's user, any page: it says nothing private.
    FirstContact,
    /// As `FirstContact`, and who holds the secret of a pairing learns how it stands.
    PairingSecret,
    /// Anyone of this machine's user; of pages only our own.
    Public,
    /// As `Public`, and a browser may navigate to it from anywhere: it holds no data.
    Shell,
    /// The page, with its one-time code in the body.
    PageCode,
    /// Any caller that the guard knows.
    Known,
    /// An application that may ask for signatures or authentication; which of them, the handler checks with the body.
    SignOrAuthenticate,
    /// One that may list certificates; the page too.
    Certificates,
    /// One that may have signatures verified.
    Verify,
    /// One that may do this with the profile that the path names.
    Service(Service, Class),
    /// The person's command line or page.
    Person,
    /// The person's command line.
    Owner,
}

impl Access {
    /// Whether pages of origins that are not paired may call it too.
    pub(in crate::endpoint) fn is_first_contact(self) -> bool {
        matches!(self, Self::FirstContact | Self::PairingSecret)
    }

    /// Whether it is what the person's page is made of, and how it gets its token.
    pub(in crate::endpoint) fn is_of_page(self) -> bool {
        matches!(self, Self::Public | Self::Shell | Self::PageCode)
    }

    /// Whether it needs no token.
    pub(in crate::endpoint) fn is_open(self) -> bool {
        matches!(
            self,
            Self::FirstContact | Self::PairingSecret | Self::Public | Self::Shell | Self::PageCode
        )
    }

    /// Whether it is the same for everybody, whoever asks.
    fn is_same_for_all(self) -> bool {
        matches!(self, Self::FirstContact | Self::Public | Self::Shell)
    }
}

/// What body a route takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum BodyRule {
    /// None; an empty JSON body is tolerated on POST.
    None,
    /// Small JSON.
    Json,
    /// JSON with content in it, or documents as multipart.
    Documents,
}

/// The largest JSON without content in it, in bytes.
const SMALL_JSON: u64 = 64 * 1024;

const fn get(path: &'static str, access: Access) -> Route {
    Route {
        method: Method::GET,
        path,
        access,
        body: BodyRule::None,
    }
}

const fn post(path: &'static str, access: Access, body: BodyRule) -> Route {
    Route {
        method: Method::POST,
        path,
        access,
        body,
    }
}

const fn delete(path: &'static str, access: Access) -> Route {
    Route {
        method: Method::DELETE,
        path,
        access,
        body: BodyRule::None,
    }
}

/// Reading iDocs.
const IDOCS_READ: Access = Access::Service(Service::Idocs, Class::Read);

/// Every route.
pub(in crate::endpoint) static ROUTES: &[Route] = &[
    get("/health", Access::FirstContact),
    get("/v1/status", Access::FirstContact),
    post("/v1/pairings", Access::FirstContact, BodyRule::Json),
    get("/v1/pairings/{id}", Access::PairingSecret),
    get("/v1/tokens", Access::Certificates),
    get("/v1/certificates", Access::Certificates),
    post("/v1/signatures", Access::SignOrAuthenticate, BodyRule::Documents),
    get("/v1/signatures/{id}", Access::Known),
    delete("/v1/signatures/{id}", Access::Known),
    get("/v1/signatures/{id}/documents/{index}/signature", Access::Known),
    post("/v1/verifications", Access::Verify, BodyRule::Documents),
    post("/v1/timestamps", Access::SignOrAuthenticate, BodyRule::Documents),
    post(
        "/v1/idocs/{profile}/quick-signs",
        Access::Service(Service::Idocs, Class::Submit),
        BodyRule::Documents,
    ),
    post(
        "/v1/idocs/{profile}/bulk-signs",
        Access::Service(Service::Idocs, Class::Submit),
        BodyRule::Documents,
    ),
    post(
        "/v1/idocs/{profile}/documents",
        Access::Service(Service::Idocs, Class::Draft),
        BodyRule::Documents,
    ),
    post(
        "/v1/idocs/{profile}/routes",
        Access::Service(Service::Idocs, Class::Draft),
        BodyRule::Documents,
    ),
    post("/v1/idocs/{profile}/downloads", IDOCS_READ, BodyRule::Json),
    get("/v1/idocs/{profile}/downloads/{job}/{index}", IDOCS_READ),
    post(
        "/v1/idocs/{profile}/webhook-subscription",
        Access::Service(Service::Idocs, Class::Submit),
        BodyRule::Json,
    ),
    get("/v1/idocs/{profile}/documents", IDOCS_READ),
    get("/v1/idocs/{profile}/documents/{id}", IDOCS_READ),
    get("/v1/idocs/{profile}/documents/{id}/status", IDOCS_READ),
    get("/v1/idocs/{profile}/documents/{id}/print-form", IDOCS_READ),
    get("/v1/idocs/{profile}/documents/{id}/archive", IDOCS_READ),
    get("/v1/idocs/{profile}/company", IDOCS_READ),
    get("/v1/idocs/{profile}/employees", IDOCS_READ),
    get("/v1/idocs/{profile}/employees/{id}/permissions", IDOCS_READ),
    get("/v1/idocs/{profile}/operations", IDOCS_READ),
    post(
        "/v1/mig24/{profile}/package-group-signatures",
        Access::Service(Service::Mig24, Class::Submit),
        BodyRule::Documents,
    ),
    get(
        "/v1/mig24/{profile}/documents",
        Access::Service(Service::Mig24, Class::Read),
    ),
    post(
        "/v1/mig24/{profile}/documents",
        Access::Service(Service::Mig24, Class::Draft),
        BodyRule::Documents,
    ),
    get(
        "/v1/mig24/{profile}/documents/{id}",
        Access::Service(Service::Mig24, Class::Read),
    ),
    get(
        "/v1/mig24/{profile}/documents/{id}/file",
        Access::Service(Service::Mig24, Class::Read),
    ),
    get(
        "/v1/mig24/{profile}/documents/{id}/draft-visualization",
        Access::Service(Service::Mig24, Class::Read),
    ),
    post(
        "/v1/mig24/{profile}/universal-transfer-documents",
        Access::Service(Service::Mig24, Class::Draft),
        BodyRule::Documents,
    ),
    post(
        "/v1/mig24/{profile}/package-groups",
        Access::Service(Service::Mig24, Class::Draft),
        BodyRule::Documents,
    ),
    post(
        "/v1/mig24/{profile}/package-groups/{id}",
        Access::Service(Service::Mig24, Class::Draft),
        BodyRule::Documents,
    ),
    delete(
        "/v1/mig24/{profile}/package-groups/{id}",
        Access::Service(Service::Mig24, Class::Delete),
    ),
    post(
        "/v1/mig24/{profile}/package-groups/{id}/packages",
        Access::Service(Service::Mig24, Class::Draft),
        BodyRule::Documents,
    ),
    post(
        "/v1/mig24/{profile}/package-groups/{id}/explanations",
        Access::Service(Service::Mig24, Class::Submit),
        BodyRule::Json,
    ),
    get(
        "/v1/mig24/{profile}/packages/{id}",
        Access::Service(Service::Mig24, Class::Read),
    ),
    get(
        "/v1/mig24/{profile}/packages/{id}/files",
        Access::Service(Service::Mig24, Class::Read),
    ),
    post(
        "/v1/mig24/{profile}/packages/{id}/status-requests",
        Access::Service(Service::Mig24, Class::Read),
        BodyRule::None,
    ),
    get(
        "/v1/mig24/{profile}/employees",
        Access::Service(Service::Mig24, Class::Read),
    ),
    get(
        "/v1/mig24/{profile}/employees/{id}",
        Access::Service(Service::Mig24, Class::Read),
    ),
    get(
        "/v1/mig24/{profile}/counterparties",
        Access::Service(Service::Mig24, Class::Counterparties),
    ),
    get(
        "/v1/mig24/{profile}/invitations/{direction}",
        Access::Service(Service::Mig24, Class::Counterparties),
    ),
    get(
        "/v1/mig24/{profile}/operators",
        Access::Service(Service::Mig24, Class::Read),
    ),
    post(
        "/v1/mig24/{profile}/remote-signatures",
        Access::Service(Service::Mig24, Class::Submit),
        BodyRule::Json,
    ),
    get(
        "/v1/mig24/{profile}/events",
        Access::Service(Service::Mig24, Class::Read),
    ),
    get(
        "/v1/mig24/{profile}/package-groups/{id}",
        Access::Service(Service::Mig24, Class::Read),
    ),
    get("/v1/jobs", Access::Known),
    get("/v1/jobs/{id}", Access::Known),
    delete("/v1/jobs/{id}", Access::Known),
    post("/v1/jobs/{id}/retry", Access::Known, BodyRule::None),
    get("/v1/jobs/{id}/progress", Access::Person),
    post("/v1/jobs/{id}/resolution", Access::Person, BodyRule::Json),
    post("/v1/jobs/{id}/removal", Access::Known, BodyRule::None),
    get("/v1/jobs/{id}/evidence", Access::Person),
    get("/v1/jobs/{id}/documents/{digest}", Access::Person),
    get("/v1/events", Access::Known),
    get("/v1/questions", Access::Person),
    get("/v1/questions/stream", Access::Person),
    get("/v1/questions/{id}", Access::Person),
    get("/v1/questions/{id}/documents/{index}/preview", Access::Person),
    get("/v1/questions/{id}/documents/{index}/content", Access::Person),
    post("/v1/questions/{id}/decision", Access::Person, BodyRule::Json),
    post("/v1/links", Access::Owner, BodyRule::None),
    post("/v1/page-sessions", Access::PageCode, BodyRule::Json),
    post("/v1/lock", Access::Person, BodyRule::None),
    post("/v1/modules", Access::Owner, BodyRule::Json),
    post("/v1/modules/remove", Access::Owner, BodyRule::Json),
    post("/v1/modules/release", Access::Person, BodyRule::Json),
    get("/v1/applications", Access::Person),
    delete("/v1/applications/{id}", Access::Person),
    post("/v1/applications/{id}/name", Access::Person, BodyRule::Json),
    get("/v1/grants", Access::Person),
    delete("/v1/grants/{id}", Access::Person),
    get("/v1/audit", Access::Owner),
    get("/metrics", Access::Known),
    get("/openapi.json", Access::Shell),
    get("/docs", Access::Shell),
    get("/approve", Access::Shell),
    get("/approve/texts.json", Access::Public),
    get("/approve/{asset}", Access::Public),
];

impl Route {
    /// The route of a request.
    ///
    /// # Errors
    /// `not_found`, `method_not_allowed`.
    pub(super) fn find(path: &str, method: &Method) -> Result<&'static Self, Fault> {
        let mut known = false;
        for route in ROUTES.iter().filter(|route| matches(route.path, path)) {
            // HEAD only where nobody's state or data is behind it.
            if route.method == *method
                || (*method == Method::HEAD && route.method == Method::GET && route.access.is_same_for_all())
            {
                return Ok(route);
            }
            known = true;
        }
        Err(if known {
            Fault::new(Code::MethodNotAllowed)
                .detail(format_args!("the methods are {}", Self::methods(path).join(", ")))
        } else {
            Fault::new(Code::NotFound)
        })
    }

    /// The route of an operation in the API's description.
    pub(in crate::endpoint) fn described(path: &str, method: &HttpMethod) -> Option<&'static Self> {
        let method = match method {
            HttpMethod::Get => Method::GET,
            HttpMethod::Post => Method::POST,
            HttpMethod::Delete => Method::DELETE,
            _ => return None,
        };
        ROUTES.iter().find(|route| route.path == path && route.method == method)
    }

    /// The methods of a path; empty when it does not exist.
    pub(super) fn methods(path: &str) -> Vec<&'static str> {
        ROUTES
            .iter()
            .filter(|route| matches(route.path, path))
            .map(|route| route.method.as_str())
            .collect()
    }

    /// Step 3: checks content type and announced length; gives the limit that holds while the body is read, in bytes.
    ///
    /// # Errors
    /// `unsupported_media_type`, `body_too_large`.
    pub(super) fn check_body(&self, parts: &Parts, limits: &EndpointConfig) -> Result<u64, Fault> {
        let announced = content_length(parts)?;
        let has_body = announced.is_some_and(|length| length > 0) || parts.headers.contains_key(TRANSFER_ENCODING);
        let kind = ContentKind::of(parts)?;
        let content = u64::try_from(limits.max_json_bytes).unwrap_or(u64::MAX);
        let limit = match (self.body, kind) {
            (BodyRule::None, _) if !has_body && self.method != Method::POST => 0,
            (BodyRule::None, ContentKind::Absent) => 0,
            (BodyRule::None, ContentKind::Json) if self.method == Method::POST => SMALL_JSON,
            (BodyRule::Json, ContentKind::Json) => SMALL_JSON,
            (BodyRule::Documents, ContentKind::Json) => content,
            // The documents with the request that names them.
            (BodyRule::Documents, ContentKind::Multipart) => limits.max_document_bytes.saturating_add(content),
            _ => return Err(self.wrong_type()),
        };
        if announced.is_some_and(|length| length > limit) || (limit == 0 && has_body) {
            return Err(too_large(limit));
        }
        Ok(limit)
    }

    fn wrong_type(&self) -> Fault {
        let taken = match self.body {
            BodyRule::None => "no body",
            BodyRule::Json => "application/json",
            BodyRule::Documents => "application/json or multipart/form-data",
        };
        Fault::new(Code::UnsupportedMediaType).detail(format_args!("this route takes {taken}"))
    }
}

/// The content types that any route takes. `text/plain` and the form type, which any web page may send unasked, are none of
/// them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ContentKind {
    Absent,
    Json,
    Multipart,
    Other,
}

impl ContentKind {
    fn of(parts: &Parts) -> Result<Self, Fault> {
        let mut values = parts.headers.get_all(CONTENT_TYPE).iter();
        let Some(value) = values.next() else {
            return Ok(Self::Absent);
        };
        if values.next().is_some() {
            return Err(Fault::new(Code::UnsupportedMediaType).detail("Content-Type comes more than once"));
        }
        let Ok(value) = value.to_str() else {
            return Ok(Self::Other);
        };
        let essence = value.split(';').next().unwrap_or_default().trim();
        Ok(if essence.eq_ignore_ascii_case("application/json") {
            Self::Json
        } else if essence.eq_ignore_ascii_case("multipart/form-data") {
            Self::Multipart
        } else {
            Self::Other
        })
    }
}

fn content_length(parts: &Parts) -> Result<Option<u64>, Fault> {
    let Some(value) = parts.headers.get(CONTENT_LENGTH) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .and_then(|text| text.parse().ok())
        .map(Some)
        .ok_or_else(|| too_large(0).detail("Content-Length is not readable"))
}

/// Whether `path` is one that `pattern` stands for. Segments are compared as they came, undecoded, as the router does.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) => {
                let holds = if wanted.starts_with('{') {
                    !given.is_empty()
                } else {
                    wanted == given
                };
                if !holds {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// The segment after the service's name: the profile.
pub(super) fn profile_of(path: &str) -> String {
    let segment = path.split('/').nth(3).unwrap_or_default();
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_segment_by_segment() {
        assert!(matches("/v1/jobs/{id}", "/v1/jobs/5"));
        assert!(!matches("/v1/jobs/{id}", "/v1/jobs/"));
        assert!(!matches("/v1/jobs/{id}", "/v1/jobs/5/"));
        assert!(!matches("/v1/jobs/{id}", "/v1/jobs/5/retry"));
        assert!(!matches("/v1/jobs", "//v1/jobs"));
        assert!(!matches("/v1/jobs", "/V1/jobs"));
    }

    #[test]
    fn no_get_takes_a_body_and_no_route_is_listed_twice() {
        for (i, route) in ROUTES.iter().enumerate() {
            assert!(
                route.method == Method::POST || route.body == BodyRule::None,
                "{}",
                route.path
            );
            assert!(
                !ROUTES[..i]
                    .iter()
                    .any(|other| other.path == route.path && other.method == route.method),
                "{}",
                route.path
            );
        }
    }

    #[test]
    fn the_profile_is_read_from_the_path() {
        assert_eq!(profile_of("/v1/idocs/main/quick-signs"), "main");
        assert_eq!(profile_of("/v1/idocs/a%20b/quick-signs"), "a b");
    }
}
