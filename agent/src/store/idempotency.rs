//! `Idempotency-Key`: one key of one application names one request (draft-ietf-httpapi-idempotency-key-header).
//!
//! The endpoint asks [`find`] first; when there is nothing it starts the job and calls [`reserve`] in the same
//! transaction, which refuses when another request with the key came in between.

use rusqlite::OptionalExtension;
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::columns::{Json, Moment, Text};
use super::{Connection, Transaction, fault};
use crate::messages::{Code, Fault};

/// A key that was used, with what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Used {
    /// The job that the request started.
    pub job: Option<Uuid>,
    /// The answer to give again, when it is not the job's own state.
    pub response: Option<Value>,
}

/// What the key of `application` (`None` for the owner) was used for in the last 24 hours.
///
/// # Errors
/// `idempotency_mismatch` when it came with another request; `store_failed`.
pub fn find(
    connection: &Connection,
    application: Option<Uuid>,
    key: &str,
    fingerprint: &[u8; 32],
) -> Result<Option<Used>, Fault> {
    let found = connection
        .prepare_cached(
            "SELECT fingerprint, job, response FROM idempotency WHERE application = ?1 AND key = ?2 AND created_at > ?3",
        )?
        .query_row((scope(application), key, oldest()), |row| {
            let used = Used {
                job: row.get::<_, Option<Text<Uuid>>>(1)?.map(|id| id.0),
                response: row.get::<_, Option<Json<Value>>>(2)?.map(|json| json.0),
            };
            Ok((row.get::<_, [u8; 32]>(0)?, used))
        })
        .optional()?;
    match found {
        Some((known, _)) if known != *fingerprint => Err(Code::IdempotencyMismatch.into()),
        found => Ok(found.map(|(_, used)| used)),
    }
}

/// Takes the key for a request with this fingerprint (SHA-256 of what makes the request), together with the job it
/// starts.
///
/// # Errors
/// `idempotency_mismatch` or `idempotency_in_progress` when the key was taken meanwhile; `store_failed`, `disk_full`.
pub fn reserve(
    tx: &Transaction<'_>,
    application: Option<Uuid>,
    key: &str,
    fingerprint: &[u8; 32],
    job: Option<Uuid>,
) -> Result<(), Fault> {
    purge(tx)?;
    let inserted = tx
        .prepare_cached(
            "INSERT INTO idempotency (application, key, fingerprint, job, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((scope(application), key, fingerprint, job.map(Text), Moment::now()));
    match inserted {
        Ok(_) => Ok(()),
        Err(error) if fault::is_conflict(&error) => {
            find(tx, application, key, fingerprint)?;
            Err(Code::IdempotencyInProgress.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Keeps the answer to give when the request comes again.
///
/// # Errors
/// `no_such_item` when the key is not reserved; `store_failed`, `disk_full`.
pub fn answer(tx: &Transaction<'_>, application: Option<Uuid>, key: &str, response: &Value) -> Result<(), Fault> {
    let changed = tx
        .prepare_cached("UPDATE idempotency SET response = ?3 WHERE application = ?1 AND key = ?2")?
        .execute((scope(application), key, Json(response)))?;
    if changed == 0 {
        Err(Code::NoSuchItem.into())
    } else {
        Ok(())
    }
}

/// Forgets keys older than 24 hours.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub fn purge(tx: &Transaction<'_>) -> Result<(), Fault> {
    tx.prepare_cached("DELETE FROM idempotency WHERE created_at <= ?1")?
        .execute([oldest()])?;
    Ok(())
}

fn scope(application: Option<Uuid>) -> String {
    application.map(|id| id.to_string()).unwrap_or_default()
}

fn oldest() -> Moment {
    Moment(OffsetDateTime::now_utc() - KEPT_FOR)
}

const KEPT_FOR: Duration = Duration::hours(24);
