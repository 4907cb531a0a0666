//! Crash points at every boundary, for the crash tests; they exist only with the crate feature `failpoints`.
//!
//! `FAILPOINTS='step:save:effect=return'` kills the agent (SIGKILL) when the step `save` has had its effect and the
//! result is not written yet. The points are `step:<name>:opened`, `step:<name>:effect`, `step:<name>:closed`,
//! `job:started` and `job:closing`, `signature:<index>:made`, and `application:revoked`.

use std::fmt;

/// Keeps the crash points armed while it lives.
#[must_use = "the crash points are disarmed when it is dropped"]
pub struct Failpoints {
    #[cfg(feature = "failpoints")]
    _scenario: fail::FailScenario<'static>,
}

impl fmt::Debug for Failpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Failpoints")
    }
}

/// Arms the crash points that the environment variable `FAILPOINTS` names. Called once, by `main`; without the
/// feature it does nothing.
pub fn setup() -> Failpoints {
    Failpoints {
        #[cfg(feature = "failpoints")]
        _scenario: fail::FailScenario::setup(),
    }
}

/// Ends the process here if the point is armed.
#[cfg(feature = "failpoints")]
pub(crate) fn reached(point: fmt::Arguments<'_>) {
    fail::fail_point!(&point.to_string(), |_| crate::platform::kill_self());
}

/// Ends the process here if the point is armed.
#[cfg(not(feature = "failpoints"))]
pub(crate) fn reached(_point: fmt::Arguments<'_>) {}
