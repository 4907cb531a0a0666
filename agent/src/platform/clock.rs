use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The moment after which something may not be used, by a clock that counts sleep and cannot be set back by hand.
///
/// It holds within one boot only: after a restart of the machine the clock starts anew, so a deadline of another boot has passed.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct Deadline {
    boot_id: String,
    /// Milliseconds on the boot-time clock.
    boottime_ms: u64,
    /// The same moment on the wall clock when it was set, for people.
    #[serde(with = "time::serde::rfc3339")]
    wall: OffsetDateTime,
}

impl Deadline {
    /// The deadline that lies `after` from now.
    pub fn after(after: Duration) -> Self {
        let millis = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        Self {
            boot_id: boot_id(),
            boottime_ms: millis(boottime()).saturating_add(millis(after)),
            wall: OffsetDateTime::now_utc() + after,
        }
    }

    /// What is left of it; `None` when it has passed or belongs to another boot.
    pub fn remaining(&self) -> Option<Duration> {
        if self.boot_id != boot_id() {
            return None;
        }
        Duration::from_millis(self.boottime_ms)
            .checked_sub(boottime())
            .filter(|left| !left.is_zero())
    }

    /// The moment on the wall clock, for people.
    pub fn wall(&self) -> OffsetDateTime {
        self.wall
    }
}

/// Time since boot, sleep included (CLOCK_BOOTTIME).
pub fn boottime() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    // On macOS CLOCK_MONOTONIC counts sleep. Not tested on macOS.
    #[cfg(all(unix, not(target_os = "linux")))]
    let clock = rustix::time::ClockId::Monotonic;
    #[cfg(unix)]
    {
        let now = rustix::time::clock_gettime(clock);
        Duration::new(
            u64::try_from(now.tv_sec).unwrap_or(0),
            u32::try_from(now.tv_nsec).unwrap_or(0),
        )
    }
    // Windows: `Instant` counts sleep (QueryPerformanceCounter); the zero is the first use in this process, which ends every
    // deadline with the process, the careful direction. Not tested on Windows.
    #[cfg(not(unix))]
    {
        use std::sync::LazyLock;
        static START: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);
        START.elapsed()
    }
}

/// How long this machine has slept since its boot: what the clock that counts sleep is ahead of the one that does not.
pub fn slept() -> Duration {
    #[cfg(target_os = "linux")]
    {
        // In this order: what passes between the two readings never looks like sleep.
        let boottime = boottime();
        let awake = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        boottime.saturating_sub(Duration::new(
            u64::try_from(awake.tv_sec).unwrap_or(0),
            u32::try_from(awake.tv_nsec).unwrap_or(0),
        ))
    }
    // Elsewhere grants end with their time, which counts sleep.
    #[cfg(not(target_os = "linux"))]
    Duration::ZERO
}

/// Names this boot of the machine.
pub fn boot_id() -> String {
    use std::sync::LazyLock;
    static BOOT_ID: LazyLock<String> = LazyLock::new(|| {
        #[cfg(target_os = "linux")]
        if let Ok(id) = std::fs::read_to_string("/proc/sys/kernel/random/boot_id") {
            return id.trim().to_owned();
        }
        // Where the system names no boot, every process is its own: deadlines end with it, the careful direction.
        uuid::Uuid::new_v4().to_string()
    });
    BOOT_ID.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_passes() {
        assert!(Deadline::after(Duration::from_secs(60)).remaining().is_some());
        assert!(Deadline::after(Duration::ZERO).remaining().is_none());
    }

    #[test]
    fn a_deadline_of_another_boot_has_passed() {
        let mut deadline = Deadline::after(Duration::from_secs(60));
        deadline.boot_id = "another".to_owned();
        assert!(deadline.remaining().is_none());
    }
}
