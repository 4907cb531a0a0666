use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::fault;
use crate::messages::{Code, Fault};
use crate::platform;

/// How long the lock of an agent that was killed may outlive it: a child of its own between fork and exec has a copy of the descriptor.
const LAST_COPY: Duration = Duration::from_secs(2);

/// How often it is looked for meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Holds the state directory for this process alone; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct StoreLock {
    file: File,
}

impl StoreLock {
    /// Takes the lock of `state_dir`, or says who has it.
    ///
    /// # Errors
    /// `agent_running` with the holder's `pid`, `store_failed`.
    pub(super) fn acquire(state_dir: &Path) -> Result<Self, Fault> {
        let path = state_dir.join("lock");
        let failed = |e: &std::io::Error| fault::io("locking", &path, e);
        let mut file = platform::open_private_file(&path).map_err(|e| failed(&e))?;
        let give_up = Instant::now() + LAST_COPY;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let holder = holder(&mut file);
                    let is_gone = holder.parse().is_ok_and(|pid| !platform::is_running(pid));
                    if is_gone && Instant::now() < give_up {
                        thread::sleep(LOOK_AGAIN);
                        continue;
                    }
                    return Err(Fault::new(Code::AgentRunning)
                        .arg("pid", holder)
                        .detail(format_args!("another agent holds {}", state_dir.display())));
                }
                Err(TryLockError::Error(e)) => return Err(failed(&e)),
            }
        }
        // The number tells people who holds the lock; the lock itself does not need it, so a full disk does not
        // matter here.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { file })
    }
}

/// Who wrote its number into the file; only to be helpful, for the holder may be about to write it.
fn holder(file: &mut File) -> String {
    let mut holder = String::new();
    let _ = file.rewind().and_then(|()| file.take(20).read_to_string(&mut holder));
    holder.trim().to_owned()
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        // A child process between its fork and its exec still has a copy of the descriptor, and the lock would last as long as
        // that copy: unlocking ends it for all copies. Where it fails, closing the file does the same a moment later.
        let _ = self.file.unlock();
    }
}
