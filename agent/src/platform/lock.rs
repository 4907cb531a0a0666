use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// A lock that one process holds on a file until it ends or drops it; the system releases it when the process dies.
#[derive(Debug)]
pub struct ProcessLock {
    _file: File,
}

impl ProcessLock {
    /// Takes the lock on the file `path`, which is made when it is missing. `None` when another process holds it.
    ///
    /// # Errors
    /// When the file cannot be opened, or its file system knows no locks.
    pub fn take(path: &Path) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_one_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = ProcessLock::take(&path).unwrap();
        assert!(first.is_some());
        assert!(ProcessLock::take(&path).unwrap().is_none());
        drop(first);
        assert!(ProcessLock::take(&path).unwrap().is_some());
    }
}
