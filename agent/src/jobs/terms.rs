use std::time::Duration;

use super::RetryPolicy;
use crate::config::RetryConfig;

/// What the configuration says of a job, beyond what is built in.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// How its steps are begun again.
    pub retry: RetryConfig,
    /// How long its documents are kept after it has closed; zero deletes them at once.
    pub keep_documents: time::Duration,
}

impl Terms {
    /// The engine's policy with what these terms say otherwise.
    pub(super) fn policy(&self, built_in: RetryPolicy) -> RetryPolicy {
        let retry = &self.retry;
        // What is not a duration was refused with the configuration.
        let delay = |seconds: Option<f64>| seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        RetryPolicy {
            base: delay(retry.first_delay_seconds).unwrap_or(built_in.base),
            cap: delay(retry.longest_delay_seconds).unwrap_or(built_in.cap),
            failures: retry.failures.unwrap_or(built_in.failures),
            probe_failures: retry.probe_failures.unwrap_or(built_in.probe_failures),
            repeats: retry.repeats.unwrap_or(built_in.repeats),
            settling: delay(retry.settling_seconds).unwrap_or(built_in.settling),
            grace: built_in.grace,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_terms_leave_open_is_as_built_in() {
        let built_in = RetryPolicy::default();
        let terms = Terms {
            retry: RetryConfig {
                first_delay_seconds: Some(0.25),
                repeats: Some(0),
                ..RetryConfig::default()
            },
            ..Terms::default()
        };
        let policy = terms.policy(built_in);
        assert_eq!((policy.base, policy.repeats), (Duration::from_millis(250), 0));
        assert_eq!((policy.cap, policy.failures), (built_in.cap, built_in.failures));
    }
}
