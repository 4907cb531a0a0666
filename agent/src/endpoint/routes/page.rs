use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_FRAME_OPTIONS};
use http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::endpoint::extract::{InPath, InQuery, JsonBody};
use crate::endpoint::page_sessions::{LINK_LIFETIME, SESSION_IDLE};
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::messages::{Code, Fault, Language, Localizer};

/// Nothing inline, nothing from elsewhere, in no frame, no forms, no scripts made from strings.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// A one-time link to the page.
#[derive(Serialize, ToSchema)]
pub(crate) struct Link {
    /// To be opened in the person's browser; its code stands in the fragment, which browsers send to nobody.
    url: String,
    /// How long it may be opened, in seconds.
    expires_in: u64,
}

/// The code of a one-time link.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "code": "0123456789abcdef" }))]
#[serde(deny_unknown_fields)]
pub(crate) struct PageCode {
    /// What stands behind `#code=`.
    code: String,
}

/// The page's own token.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageSession {
    /// For `Authorization: Bearer`; from browsers it is taken of this page only.
    token: String,
    /// How long it lives without use, in seconds; an open stream of questions is use.
    expires_in: u64,
}

/// The language of the page's texts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextsQuery {
    lang: Option<String>,
}

/// Makes a one-time link to the page.
#[utoipa::path(post, path = "/v1/links", tag = "person", responses((status = CREATED, body = Link)))]
pub(super) async fn link(State(shared): State<Arc<Shared>>) -> Result<Response, Problem> {
    let link = Link {
        url: shared.page_link()?,
        expires_in: LINK_LIFETIME.as_secs(),
    };
    Ok((StatusCode::CREATED, Json(link)).into_response())
}

/// Trades the code of a one-time link for the page's token.
#[utoipa::path(
    post, path = "/v1/page-sessions", tag = "person", request_body = PageCode,
    responses((status = CREATED, body = PageSession))
)]
pub(super) async fn session(State(shared): State<Arc<Shared>>, body: JsonBody) -> Result<Response, Problem> {
    let PageCode { code } = body.parse()?;
    let token = shared.pages.trade(&code)?;
    let session = PageSession {
        token: token.expose().to_owned(),
        expires_in: SESSION_IDLE.as_secs(),
    };
    Ok((StatusCode::CREATED, Json(session)).into_response())
}

/// The page's shell. It holds no data; without a one-time link it says how to get in.
pub(super) async fn shell() -> Response {
    document(include_str!("../../../assets/index.html"))
}

/// What the shell loads, by name.
const ASSETS: &[(&str, &str)] = &[
    ("api.js", include_str!("../../../assets/api.js")),
    ("app.css", include_str!("../../../assets/app.css")),
    ("app.js", include_str!("../../../assets/app.js")),
    ("caller.js", include_str!("../../../assets/caller.js")),
    ("certificate.js", include_str!("../../../assets/certificate.js")),
    ("choice.js", include_str!("../../../assets/choice.js")),
    ("destination.js", include_str!("../../../assets/destination.js")),
    ("docs.css", include_str!("../../../assets/docs.css")),
    ("docs.js", include_str!("../../../assets/docs.js")),
    ("documents.js", include_str!("../../../assets/documents.js")),
    ("dom.js", include_str!("../../../assets/dom.js")),
    ("farewell.js", include_str!("../../../assets/farewell.js")),
    ("icon.svg", include_str!("../../../assets/icon.svg")),
    ("jobs.js", include_str!("../../../assets/jobs.js")),
    ("list.js", include_str!("../../../assets/list.js")),
    ("outcomes.js", include_str!("../../../assets/outcomes.js")),
    ("panels.js", include_str!("../../../assets/panels.js")),
    ("pin.js", include_str!("../../../assets/pin.js")),
    ("preview.css", include_str!("../../../assets/preview.css")),
    ("preview.js", include_str!("../../../assets/preview.js")),
    ("question.js", include_str!("../../../assets/question.js")),
    ("remember.js", include_str!("../../../assets/remember.js")),
    ("texts.js", include_str!("../../../assets/texts.js")),
    ("tokens.js", include_str!("../../../assets/tokens.js")),
];

/// What the shell loads.
pub(super) async fn asset(InPath(name): InPath<String>) -> Result<Response, Problem> {
    let (name, text) = ASSETS.iter().find(|(known, _)| *known == name).ok_or(Code::NotFound)?;
    let content_type = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };
    Ok(([(CONTENT_TYPE, content_type)], *text).into_response())
}

/// The page's texts in one language, by key.
pub(super) async fn texts(InQuery(TextsQuery { lang }): InQuery<TextsQuery>) -> Result<Response, Problem> {
    let language = match lang {
        None => Language::default(),
        Some(lang) => lang
            .parse()
            .map_err(|_| Fault::invalid_field("lang", "is one of ru, kk and en"))?,
    };
    Ok(Json(Localizer::new(language).all_ui_texts()).into_response())
}

/// The reader of `/openapi.json`.
pub(super) async fn docs() -> Response {
    document(include_str!("../../../assets/docs.html"))
}

fn document(text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ];
    (headers, text).into_response()
}

impl Shared {
    /// A new one-time link to the page.
    ///
    /// # Errors
    /// `wrong_state` when the agent listens on no loopback TCP.
    pub(in crate::endpoint) fn page_link(&self) -> Result<String, Fault> {
        page_link(self.http, &self.pages)
    }
}

/// A new one-time link to the page at `http`.
///
/// # Errors
/// `wrong_state` when the agent listens on no loopback TCP.
pub(in crate::endpoint) fn page_link(
    http: Option<std::net::SocketAddr>,
    pages: &crate::endpoint::page_sessions::PageSessions,
) -> Result<String, Fault> {
    let address = http.ok_or_else(|| {
        Fault::new(Code::WrongState).detail("the agent does not listen on loopback TCP; set endpoint.tcp = true")
    })?;
    Ok(format!("http://{address}/approve#code={}", pages.link()?.expose()))
}
