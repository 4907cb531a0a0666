use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;

use crate::messages::Code;

/// Counters since the agent started, for `GET /metrics`.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    answers: Mutex<BTreeMap<u16, u64>>,
    refusals: Mutex<BTreeMap<&'static str, u64>>,
}

/// A value that can go up and down, read when the metrics are.
pub(super) struct Gauge {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) value: u64,
}

impl Metrics {
    pub(super) fn answered(&self, status: StatusCode) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        *answers.entry(status.as_u16()).or_default() += 1;
    }

    pub(super) fn refused(&self, code: Code) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        *refusals.entry(code.as_str()).or_default() += 1;
    }

    /// The Prometheus text format, version 0.0.4.
    pub(super) fn text(&self, gauges: &[Gauge]) -> String {
        let mut text = String::new();
        text.push_str(
            "# HELP tokensign_http_responses_total Answers by status.\n# TYPE tokensign_http_responses_total counter\n",
        );
        for (status, count) in self.answers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(text, "tokensign_http_responses_total{{status=\"{status}\"}} {count}");
        }
        text.push_str("# HELP tokensign_guard_refusals_total Requests answered with a fault, by code.\n# TYPE tokensign_guard_refusals_total counter\n");
        for (code, count) in self.refusals.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(text, "tokensign_guard_refusals_total{{code=\"{code}\"}} {count}");
        }
        for Gauge { name, help, value } in gauges {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        text
    }
}
