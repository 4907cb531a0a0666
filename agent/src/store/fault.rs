//! How a failure of SQLite or of the state directory becomes a fault of the catalogue.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::messages::{Code, Fault};

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let code = match error.sqlite_error() {
            Some(failure) if failure.code == ErrorCode::DiskFull => Code::DiskFull,
            // The shared-memory file could not grow: only a full disk does that.
            Some(failure) if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => Code::DiskFull,
            Some(failure) if matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Code::StoreDamaged
            }
            _ => Code::StoreFailed,
        };
        Self::new(code).detail(format_args!("the database answers: {error}"))
    }
}

/// A failed operation (`doing`, such as "opening") on a file or directory of the store.
pub(super) fn io(doing: &str, path: &Path, error: &io::Error) -> Fault {
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull,
        _ => Code::StoreFailed,
    };
    Fault::new(code).detail(format_args!("{doing} {}: {error}", path.display()))
}

/// Whether `error` says that a unique or primary key exists already.
pub(super) fn is_conflict(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    error
        .sqlite_error()
        .is_some_and(|e| [SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE].contains(&e.extended_code))
}
