use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use http::request::Parts;

use super::problem::Problem;
use crate::messages::{Language, Localizer};

/// The texts in the caller's language, by `Accept-Language`; English where it names none of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallerLanguage(pub(crate) Localizer);

impl CallerLanguage {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let language = headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .and_then(Language::of_accept_language)
            .unwrap_or_default();
        Self(Localizer::new(language))
    }
}

impl<S: Sync> FromRequestParts<S> for CallerLanguage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(Self::of(&parts.headers))
    }
}
