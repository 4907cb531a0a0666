//! When a module that failed is tried again, and when it is set aside.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How much a module may crash.
#[derive(Clone, Copy, Debug)]
pub struct CrashPolicy {
    /// So many crashes …
    pub crashes: usize,
    /// … within this time set the module aside.
    pub within: Duration,
    /// The wait before the second start in a row; it doubles with each further one. The first restart waits for nothing.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
}

impl Default for CrashPolicy {
    fn default() -> Self {
        Self {
            crashes: 3,
            within: Duration::from_secs(600),
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(30),
        }
    }
}

/// The record of one module.
#[derive(Debug)]
pub(super) struct Supervision {
    policy: CrashPolicy,
    crashes: VecDeque<Instant>,
    /// Failed starts or crashes since the module last did what it was asked.
    in_a_row: u32,
    not_before: Option<Instant>,
    quarantined: bool,
}

impl Supervision {
    pub(super) fn new(policy: CrashPolicy) -> Self {
        Self {
            policy,
            crashes: VecDeque::new(),
            in_a_row: 0,
            not_before: None,
            quarantined: false,
        }
    }

    /// The module crashed or hung.
    pub(super) fn crashed(&mut self, now: Instant) {
        self.crashes.push_back(now);
        while self
            .crashes
            .front()
            .is_some_and(|at| now.duration_since(*at) > self.policy.within)
        {
            self.crashes.pop_front();
        }
        self.quarantined |= self.crashes.len() >= self.policy.crashes;
        self.wait_longer(now);
    }

    /// The module cannot be loaded. That is no danger to anybody, but no reason to hurry either.
    pub(super) fn did_not_load(&mut self, now: Instant) {
        self.wait_longer(now);
    }

    /// The module did what it was asked.
    pub(super) fn did_well(&mut self) {
        self.in_a_row = 0;
        self.not_before = None;
    }

    /// A person releases the module, or asks for it to be tried now.
    pub(super) fn release(&mut self) {
        self.crashes.clear();
        self.quarantined = false;
        self.did_well();
    }

    pub(super) fn is_quarantined(&self) -> bool {
        self.quarantined
    }

    /// How long to wait before the next start.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        self.not_before
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
    }

    fn wait_longer(&mut self, now: Instant) {
        let wait = match self.in_a_row {
            0 => Duration::ZERO,
            n => self
                .policy
                .first_wait
                .saturating_mul(1 << (n - 1).min(16))
                .min(self.policy.longest_wait),
        };
        self.in_a_row += 1;
        self.not_before = Some(now + wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_restart_is_at_once_and_the_next_ones_wait_longer() {
        let mut supervision = Supervision::new(CrashPolicy {
            crashes: 100,
            ..CrashPolicy::default()
        });
        let now = Instant::now();
        let waits: Vec<_> = (0..10)
            .map(|_| {
                supervision.crashed(now);
                supervision.wait(now).as_millis()
            })
            .collect();
        assert_eq!(waits, [0, 250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
        supervision.did_well();
        assert_eq!(supervision.wait(now), Duration::ZERO);
    }

    #[test]
    fn three_crashes_in_ten_minutes_set_aside_until_released() {
        let mut supervision = Supervision::new(CrashPolicy::default());
        let start = Instant::now();
        supervision.crashed(start);
        supervision.crashed(start + Duration::from_secs(300));
        // The first one is too old to count.
        supervision.crashed(start + Duration::from_secs(700));
        assert!(!supervision.is_quarantined());
        supervision.crashed(start + Duration::from_secs(800));
        assert!(supervision.is_quarantined());
        supervision.did_well();
        assert!(supervision.is_quarantined(), "only a person releases");
        supervision.release();
        assert!(!supervision.is_quarantined());
    }

    #[test]
    fn a_module_that_does_not_load_is_never_set_aside() {
        let mut supervision = Supervision::new(CrashPolicy::default());
        let now = Instant::now();
        (0..50).for_each(|_| supervision.did_not_load(now));
        assert!(!supervision.is_quarantined());
        assert_eq!(supervision.wait(now), Duration::from_secs(30));
    }
}
