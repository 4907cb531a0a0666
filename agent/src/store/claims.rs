//! Claims: what a job brings about outside, so that no second job brings it about again.

use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::columns::Text;
use super::{Connection, Transaction};
use crate::messages::{Code, Fault};

/// Claims the thing that `key` names (`mig24/finish/<group>`, for instance) for `job`; again by the same job is fine.
///
/// # Errors
/// `wrong_state` with the `job` that has it; `store_failed`, `disk_full`.
pub fn claim(tx: &Transaction<'_>, key: &str, job: Uuid) -> Result<(), Fault> {
    match holder(tx, key)? {
        Some(holder) if holder == job => Ok(()),
        Some(holder) => Err(Fault::new(Code::WrongState).arg("job", holder).detail(format_args!(
            "job {holder} already does this ({key}); look at that job, or cancel it first"
        ))),
        None => {
            tx.prepare_cached("INSERT INTO claims (key, job) VALUES (?1, ?2)")?
                .execute((key, Text(job)))?;
            Ok(())
        }
    }
}

/// The job that claimed the thing.
///
/// # Errors
/// `store_failed`.
pub fn holder(connection: &Connection, key: &str) -> Result<Option<Uuid>, Fault> {
    Ok(connection
        .prepare_cached("SELECT job FROM claims WHERE key = ?1")?
        .query_row([key], |row| row.get::<_, Text<Uuid>>(0))
        .optional()?
        .map(|id| id.0))
}

/// Gives back what `job` claimed, unless one of its guarded steps is done: then something outside may exist already.
pub(crate) fn give_back(tx: &Transaction<'_>, job: Uuid) -> Result<(), Fault> {
    tx.prepare_cached(
        "DELETE FROM claims WHERE job = ?1
         AND NOT EXISTS (SELECT 1 FROM steps WHERE steps.job = ?1 AND guarded = 1 AND state = 'done')",
    )?
    .execute([Text(job)])?;
    Ok(())
}
