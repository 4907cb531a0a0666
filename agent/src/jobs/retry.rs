use std::time::Duration;

use time::OffsetDateTime;

use crate::messages::Fault;

/// How often and how fast effects are begun again.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// The upper bound of the first delay; it doubles with each failure.
    pub base: Duration,
    /// The upper bound of every delay that the other side did not ask for.
    pub cap: Duration,
    /// How many failures in a row a step may have before a person must look.
    pub failures: u32,
    /// How many failures in a row a probe may have before a person must look.
    pub probe_failures: u32,
    /// How often a guarded effect is repeated because the probe says that it did not happen.
    pub repeats: u32,
    /// How long after an effect was broken off the answer that it did not happen is not believed yet: the request may still be on its
    /// way or being worked through, and a repetition would be a second one.
    pub settling: Duration,
    /// How long a cancelled job or an ending agent waits for a guarded effect that is under way.
    pub grace: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(300),
            failures: 8,
            probe_failures: 5,
            repeats: 2,
            settling: Duration::from_secs(10),
            grace: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// The delay after `failures` failures in a row (at least 1): exponential with full jitter, so that many jobs
    /// that failed together do not come back together; never shorter than the fault's `retry_after` (seconds), which
    /// counts up to an hour.
    pub(super) fn delay(&self, failures: u32, fault: &Fault) -> Duration {
        let bound = self
            .base
            .saturating_mul(1 << failures.saturating_sub(1).min(20))
            .min(self.cap);
        let asked = fault
            .args()
            .get("retry_after")
            .and_then(|seconds| seconds.parse().ok())
            .map(Duration::from_secs);
        bound
            .mul_f64(random_fraction())
            .max(asked.unwrap_or_default().min(LONGEST))
    }
}

/// What is left until `at`, by the wall clock. No delay is longer than an hour: more than that means that the clock was set back
/// since, and that it is not known how much of the delay has passed.
pub(super) fn until(at: OffsetDateTime) -> Duration {
    Duration::try_from(at - OffsetDateTime::now_utc())
        .ok()
        .filter(|left| *left <= LONGEST)
        .unwrap_or_default()
}

/// Uniform in [0, 1).
fn random_fraction() -> f64 {
    // Without randomness the delay is the bound itself: still correct, only not spread.
    getrandom::u32().map_or(1.0, |n| f64::from(n) / (f64::from(u32::MAX) + 1.0))
}

const LONGEST: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Code;

    #[test]
    fn delays_double_up_to_the_cap_and_are_spread() {
        let policy = RetryPolicy::default();
        let fault = Fault::new(Code::ServiceFailed);
        for failures in 1..100 {
            let bound = policy.cap.min(policy.base * 2u32.pow(failures.min(20) - 1));
            assert!((0..50).all(|_| policy.delay(failures, &fault) <= bound));
        }
        let delays: Vec<_> = (0..50).map(|_| policy.delay(5, &fault)).collect();
        assert!(delays.iter().any(|d| *d != delays[0]));
    }

    #[test]
    fn retry_after_is_honoured_up_to_an_hour() {
        let policy = RetryPolicy::default();
        let after = |seconds: &str| policy.delay(1, &Fault::new(Code::RateLimited).arg("retry_after", seconds));
        assert_eq!(after("120"), Duration::from_secs(120));
        assert_eq!(after("999999"), LONGEST);
        assert!(after("tomorrow") <= policy.base);
    }

    #[test]
    fn a_clock_that_was_set_back_delays_nothing() {
        let soon = until(OffsetDateTime::now_utc() + Duration::from_secs(60));
        assert!((59..=60).contains(&soon.as_secs()), "{soon:?}");
        assert_eq!(
            until(OffsetDateTime::now_utc() + Duration::from_secs(86_400)),
            Duration::ZERO
        );
        assert_eq!(
            until(OffsetDateTime::now_utc() - Duration::from_secs(86_400)),
            Duration::ZERO
        );
    }
}
