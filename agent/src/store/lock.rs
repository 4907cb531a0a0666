use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::fault;
use crate::messages::{Code, Fault};
use crate::platform;

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
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only to be helpful: the holder may be about to write its number.
                let _ = (&file).take(20).read_to_string(&mut holder);
                return Err(Fault::new(Code::AgentRunning)
                    .arg("pid", holder.trim())
                    .detail(format_args!("another agent holds {}", state_dir.display())));
            }
            Err(TryLockError::Error(e)) => return Err(failed(&e)),
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

impl Drop for StoreLock {
    fn drop(&mut self) {
        // A child process between its fork and its exec still has a copy of the descriptor, and the lock would last as long as
        // that copy: unlocking ends it for all copies. Where it fails, closing the file does the same a moment later.
        let _ = self.file.unlock();
    }
}
