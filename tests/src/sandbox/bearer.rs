//! Bearer tokens of the two services.

use std::fmt;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use uuid::Uuid;

use super::request_log::Authorization;

/// A bearer token of one service.
///
/// It protects nothing but a test, and is printed when the sandbox starts; `Debug` hides it all the same, so that a test
/// log does not teach the habit of printing tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(String);

impl BearerToken {
    /// Takes a token as given.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// Makes a random token of 122 bits.
    pub fn random() -> Self {
        Self(Uuid::new_v4().simple().to_string())
    }

    /// The token's text, to be put after `Bearer `.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Says what a request carries: this token, another one, or none.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Authorization {
        match headers.get(AUTHORIZATION).map(|value| value.to_str()) {
            None => Authorization::None,
            Some(Ok(value)) if value.strip_prefix("Bearer ") == Some(&self.0) => Authorization::Right,
            Some(_) => Authorization::Wrong,
        }
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}
