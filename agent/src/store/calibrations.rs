//! How a token's key lays its signature values out, learned once and remembered.

use rusqlite::OptionalExtension;

use super::columns::Moment;
use super::{Connection, Transaction};
use crate::messages::Fault;

/// The layout remembered for a key, named by the caller (token serial and key, for instance).
///
/// # Errors
/// `store_failed`.
pub fn layout(connection: &Connection, token_key: &str) -> Result<Option<String>, Fault> {
    Ok(connection
        .prepare_cached("SELECT layout FROM calibrations WHERE token_key = ?1")?
        .query_row([token_key], |row| row.get(0))
        .optional()?)
}

/// Remembers a layout; the newest counts.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub fn remember(tx: &Transaction<'_>, token_key: &str, layout: &str) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO calibrations (token_key, layout, learned_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (token_key) DO UPDATE SET layout = excluded.layout, learned_at = excluded.learned_at",
        (token_key, layout, Moment::now()),
    )?;
    Ok(())
}
