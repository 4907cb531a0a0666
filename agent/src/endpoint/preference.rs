use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::bond::Held;
use super::caller::Caller;
use super::problem::Problem;

/// The longest wait that is granted.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// `Prefer: wait=N` (RFC 7240 section 4.3): how long the caller would wait for the work to settle.
///
/// One that waits counts among the waiting calls of its application until it is dropped.
#[derive(Debug)]
pub(crate) struct Preference {
    wait: Option<Duration>,
    _held: Option<Held>,
}

impl Preference {
    fn of(headers: &HeaderMap) -> Self {
        let wait = headers
            .get_all(PREFER)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split([',', ';']))
            .find_map(|preference| {
                let (name, value) = preference.split_once('=')?;
                let seconds = value.trim().trim_matches('"').parse().ok()?;
                name.trim()
                    .eq_ignore_ascii_case("wait")
                    .then(|| Duration::from_secs(seconds).min(LONGEST_WAIT))
            });
        // One that cannot be read is ignored, as section 2 of the RFC wants.
        Self { wait, _held: None }
    }

    /// How long to wait, at most.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// Says in the answer which wait was granted.
    pub(crate) fn applied_to(&self, mut response: Response) -> Response {
        if let Some(wait) = self.wait
            && let Ok(value) = HeaderValue::from_str(&format!("wait={}", wait.as_secs()))
        {
            response.headers_mut().insert(PREFERENCE_APPLIED, value);
        }
        response
    }
}

impl<S: Sync> FromRequestParts<S> for Preference {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let mut preference = Self::of(&parts.headers);
        if preference.wait.is_some_and(|wait| !wait.is_zero()) {
            preference._held = Caller::from_request_parts(parts, state).await?.hold_wait()?;
        }
        Ok(preference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(prefer: &'static str) -> Option<u64> {
        let headers = HeaderMap::from_iter([(PREFER, HeaderValue::from_static(prefer))]);
        Preference::of(&headers).wait().map(|wait| wait.as_secs())
    }

    #[test]
    fn waits_are_read_and_bounded() {
        assert_eq!(wait("wait=10"), Some(10));
        assert_eq!(wait("respond-async, Wait = 5"), Some(5));
        assert_eq!(wait("wait=100000"), Some(600));
        assert_eq!(wait("wait=-1"), None);
        assert_eq!(wait("wait"), None);
        assert_eq!(wait("return=minimal"), None);
    }
}
