//! Faults by rule: which call fails, and how.

use serde::{Deserialize, Serialize};

/// A list of rules: the body of `POST /_sandbox/faults`, and the file given with `--fault-rules`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRules {
    /// The rules.
    pub rules: Vec<FaultRule>,
}

/// One rule: the calls it matches and what happens to them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The HTTP method; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A part of the path; empty matches every path.
    #[serde(default)]
    pub path: String,
    /// The first matching call that fails, counted from 1 since the rule was set. Absent: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// How many calls fail from there on. Absent: one when `nth` is given, otherwise every call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What happens.
    pub action: Action,
}

impl FaultRule {
    /// A rule for every call of `method` whose path contains `path`.
    pub fn on(method: &str, path: &str, action: Action) -> Self {
        Self {
            method: Some(method.to_owned()),
            path: path.to_owned(),
            nth: None,
            times: None,
            action,
        }
    }

    /// Limits the rule to the `nth` matching call, counted from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.nth = Some(nth);
        self
    }

    /// Limits the rule to so many calls.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        self.method
            .as_deref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && path.contains(&self.path)
    }

    fn covers(&self, nth_match: u64) -> bool {
        let first = self.nth.unwrap_or(1);
        let count = self.times.or_else(|| self.nth.map(|_| 1));
        nth_match >= first && count.is_none_or(|count| nth_match - first < count)
    }
}

/// What happens to a matching call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Answers this instead. A `body` that is not a string is sent as JSON.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The label; `application/json` for a JSON body, else `text/plain`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content_type: Option<String>,
        /// The body.
        #[serde(default)]
        body: serde_json::Value,
        /// Before: nothing took effect. After: it did, and only the answer is lost.
        #[serde(default)]
        when: When,
    },
    /// Answers a page of HTML, as a proxy in between does.
    HtmlPage {
        /// The HTTP status.
        status: u16,
        /// Before or after the effect.
        #[serde(default)]
        when: When,
    },
    /// Waits. The call goes on to the end even if the caller hangs up meanwhile.
    Delay {
        /// Milliseconds.
        millis: u64,
        /// Before the effect, or after it with the answer held back.
        #[serde(default)]
        when: When,
    },
    /// Closes the connection.
    Cut {
        /// Before the effect, after it, or in the middle of the answer's body.
        #[serde(default)]
        when: When,
    },
    /// Sends the answer's body in small pieces.
    SlowBody {
        /// Bytes a piece, at least one.
        chunk_bytes: usize,
        /// Milliseconds between two pieces.
        pause_millis: u64,
    },
    /// Delivers the request twice, as a retrying proxy does. The caller sees one answer.
    DuplicateDelivery {
        /// Which one.
        #[serde(default)]
        answer: RedeliveredAnswer,
    },
    /// `content-to-sign/generate` answers without `idempotencyTicket`.
    NoTicket,
    /// `content-to-sign/generate` answers this `downloadLink`.
    DownloadLink {
        /// The link.
        link: String,
    },
    /// `content-to-sign/generate` builds another content than before.
    ChangedContent,
    /// One operation of a bulk call ends with `CompletedWithProcessingException`.
    BreakOperation {
        /// Which one, counted from 1.
        nth: usize,
        /// Before its effect, or after it.
        #[serde(default)]
        when: When,
    },
    /// `prepare` hands out the first hash one byte short.
    WrongDigestLength,
    /// `prepare` hands out a first hash of the right length that is not the document's.
    WrongDigest,
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before the effect: nothing happened.
    #[default]
    Before,
    /// After the effect: it happened, the caller does not learn of it.
    After,
    /// In the middle of the answer's body; for [`Action::Cut`] only, elsewhere the same as `After`.
    During,
}

/// Which of two answers the caller of a twice delivered request sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedeliveredAnswer {
    /// The answer to the first delivery.
    #[default]
    First,
    /// The answer to the second delivery.
    Second,
}

/// A rule and how often it matched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultState {
    /// The rule.
    pub rule: FaultRule,
    /// Calls that matched method and path.
    pub matched: u64,
    /// Calls among them that failed by the rule.
    pub struck: u64,
}

/// The rules in force, in the order in which they were set.
#[derive(Debug, Default)]
pub(crate) struct FaultBook(Vec<FaultState>);

impl FaultBook {
    pub(crate) fn add(&mut self, rules: impl IntoIterator<Item = FaultRule>) {
        self.0.extend(rules.into_iter().map(|rule| FaultState {
            rule,
            matched: 0,
            struck: 0,
        }));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn states(&self) -> &[FaultState] {
        &self.0
    }

    /// Counts a call and returns what shall happen to it.
    pub(crate) fn strike(&mut self, method: &str, path: &str) -> Vec<Action> {
        let mut actions = Vec::new();
        for state in self.0.iter_mut().filter(|state| state.rule.matches(method, path)) {
            state.matched += 1;
            if state.rule.covers(state.matched) {
                state.struck += 1;
                actions.push(state.rule.action.clone());
            }
        }
        actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(rule: FaultRule, calls: usize) -> Vec<bool> {
        let mut book = FaultBook::default();
        book.add([rule]);
        (0..calls)
            .map(|_| !book.strike("POST", "/api/v3/save").is_empty())
            .collect()
    }

    #[test]
    fn a_rule_without_limits_strikes_every_call() {
        assert_eq!(
            struck(FaultRule::on("post", "/save", Action::NoTicket), 3),
            [true, true, true]
        );
    }

    #[test]
    fn nth_strikes_once_and_times_stretches_it() {
        let rule = FaultRule::on("POST", "/save", Action::NoTicket);
        assert_eq!(struck(rule.clone().nth(2), 4), [false, true, false, false]);
        assert_eq!(struck(rule.clone().nth(2).times(2), 4), [false, true, true, false]);
        assert_eq!(struck(rule.times(1), 3), [true, false, false]);
    }

    #[test]
    fn another_method_or_path_is_not_counted() {
        assert_eq!(struck(FaultRule::on("GET", "/save", Action::NoTicket), 1), [false]);
        assert_eq!(struck(FaultRule::on("POST", "/generate", Action::NoTicket), 1), [false]);
    }

    #[test]
    fn rules_are_read_as_the_manual_writes_them() {
        let rule: FaultRule =
            serde_json::from_str(r#"{"method":"POST","path":"/save","nth":1,"action":{"kind":"cut","when":"after"}}"#)
                .expect("the rule is valid");
        assert_eq!(
            rule,
            FaultRule::on("POST", "/save", Action::Cut { when: When::After }).nth(1)
        );
        serde_json::from_str::<FaultRule>(r#"{"path":"/save","action":{"kind":"cut","wen":"after"}}"#)
            .expect_err("a misspelt member is an error, not an ignored wish");
    }
}
