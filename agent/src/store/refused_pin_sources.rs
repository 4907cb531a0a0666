//! Where PINs came from that a token refused.

use super::columns::Moment;
use super::{Connection, Transaction};
use crate::messages::Fault;

/// Every token with a source that it refused, both named by the caller.
///
/// # Errors
/// `store_failed`.
pub fn all(connection: &Connection) -> Result<Vec<(String, String)>, Fault> {
    let mut statement = connection.prepare_cached("SELECT token_key, source FROM refused_pin_sources")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The token refused what came from there.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub fn remember(tx: &Transaction<'_>, token_key: &str, source: &str) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO refused_pin_sources (token_key, source, refused_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (token_key, source) DO UPDATE SET refused_at = excluded.refused_at",
        (token_key, source, Moment::now()),
    )?;
    Ok(())
}

/// Every source may try again with the token.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub fn forget(tx: &Transaction<'_>, token_key: &str) -> Result<(), Fault> {
    tx.execute("DELETE FROM refused_pin_sources WHERE token_key = ?1", [token_key])?;
    Ok(())
}
