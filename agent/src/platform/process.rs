use std::fmt;
use std::str::FromStr;

use super::boot_id;

/// Names one process for good: a process number alone is used again after its process ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProcessIdentity {
    boot_id: String,
    pid: u32,
    /// Clock ticks from boot to the process's start (proc(5), `stat` field 22); 0 where the system does not say.
    started: u64,
}

impl ProcessIdentity {
    /// This process.
    pub fn current() -> Self {
        let pid = std::process::id();
        Self {
            boot_id: boot_id(),
            pid,
            started: started(pid).unwrap_or(0),
        }
    }

    /// Whether that process still runs.
    pub fn is_running(&self) -> bool {
        self.boot_id == boot_id() && started(self.pid) == Some(self.started)
    }
}

impl fmt::Display for ProcessIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.boot_id, self.pid, self.started)
    }
}

impl FromStr for ProcessIdentity {
    type Err = NotAProcessIdentity;

    fn from_str(s: &str) -> Result<Self, NotAProcessIdentity> {
        let mut parts = s.split('/');
        let (Some(boot_id), Some(pid), Some(started), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotAProcessIdentity);
        };
        Ok(Self {
            boot_id: boot_id.to_owned(),
            pid: pid.parse().map_err(|_| NotAProcessIdentity)?,
            started: started.parse().map_err(|_| NotAProcessIdentity)?,
        })
    }
}

/// Whether a process of this number runs; true where the system does not say.
pub fn is_running(pid: u32) -> bool {
    cfg!(not(target_os = "linux")) || started(pid).is_some()
}

/// A string that is no process identity.
#[derive(Debug, thiserror::Error)]
#[error("not a process identity")]
pub struct NotAProcessIdentity;

#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the command in parentheses and may itself hold spaces and parentheses.
    let (_, after_command) = stat.rsplit_once(')')?;
    after_command.split_ascii_whitespace().nth(19)?.parse().ok()
}

// The store's file lock already tells that its former owner is gone; this answer only confirms it. Not tested elsewhere.
#[cfg(not(target_os = "linux"))]
fn started(pid: u32) -> Option<u64> {
    (pid == std::process::id()).then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_and_keeps_its_identity_as_text() {
        let current = ProcessIdentity::current();
        assert!(current.is_running());
        assert_eq!(current.to_string().parse::<ProcessIdentity>().ok(), Some(current));
    }

    #[test]
    fn the_same_number_of_another_start_or_boot_does_not_run() {
        let current = ProcessIdentity::current();
        assert!(
            !ProcessIdentity {
                started: current.started + 1,
                ..current.clone()
            }
            .is_running()
        );
        assert!(
            !ProcessIdentity {
                boot_id: "another".to_owned(),
                ..current
            }
            .is_running()
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_that_ended_does_not_run() {
        let mut child = std::process::Command::new("true").spawn().expect("true starts");
        assert!(is_running(child.id()), "until it is waited for");
        child.wait().expect("it ends");
        assert!(!is_running(child.id()));
        assert!(is_running(std::process::id()));
    }

    #[test]
    fn text_that_is_no_identity_is_refused() {
        for text in ["", "a/b/c", "a/1", "a/1/2/3", "a/-1/2"] {
            assert!(text.parse::<ProcessIdentity>().is_err(), "{text}");
        }
    }
}
