use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{fault, migrations};
use crate::messages::{Code, Fault};
use crate::platform;

/// Opens the database for the writer, created if missing. One that is not ours or newer than this version is left
/// untouched.
///
/// `synchronous=FULL`: with less, a commit may be rolled back by a power cut, and a ticket that was already sent
/// would be forgotten (SQLite documentation, "PRAGMA synchronous").
pub(super) fn open_for_writing(database: &Path) -> Result<Connection, Fault> {
    // Created here first, because SQLite would create it for everyone to read; its -wal and -shm take over the mode.
    platform::open_private_file(database).map_err(|e| fault::io("opening", database, &e))?;
    let connection = Connection::open_with_flags(
        database,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW,
    )?;
    harden(&connection)?;
    identify(&connection)?;
    migrations::refuse_newer(&connection)?;
    // Before anything is written: what a damaged page says is not acted on.
    check(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(connection)
}

/// Opens the database for queries only.
pub(super) fn open_for_reading(database: &Path) -> Result<Connection, Fault> {
    let connection = Connection::open_with_flags(
        database,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW,
    )?;
    harden(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Reads every page and reports the first finding.
pub(super) fn check(connection: &Connection) -> Result<(), Fault> {
    let finding: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if finding == "ok" {
        return Ok(());
    }
    Err(Fault::new(Code::StoreDamaged).detail(format_args!("the database is damaged: {finding}")))
}

/// What holds for every connection: a crafted or damaged file gets an error, not more, and a statement is compiled once.
fn harden(connection: &Connection) -> Result<(), Fault> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    // Without it a statement is compiled anew whenever a value is bound that some index might be chosen by, which takes longer than running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(())
}

/// Marks a new database as ours and refuses one that is not.
fn identify(connection: &Connection) -> Result<(), Fault> {
    let found: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if found == APPLICATION_ID {
        return Ok(());
    }
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if found != 0 || tables != 0 {
        return Err(Fault::new(Code::StoreFailed)
            .detail("the database belongs to another program; move it away or set agent.state_dir"));
    }
    // Takes effect only before the first table exists.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    Ok(())
}

/// "tksn" in the database's header (SQLite file format, offset 68).
const APPLICATION_ID: i32 = 0x746b_736e;
