//! The steps of jobs. A row is written before the step's effect and closed after it.

use rusqlite::Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::columns::{Json, Moment, Text, words};
use super::{Connection, Transaction};
use crate::messages::Fault;

/// The state of one step.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Written before its effect.
    Open,
    /// Closed with a result.
    Done,
    /// Closed with a fault.
    Failed,
    /// Its outcome is not known.
    Uncertain,
}

words!(StepState { Open = "open", Done = "done", Failed = "failed", Uncertain = "uncertain" });

/// A step's row.
#[derive(Clone, Debug)]
pub(crate) struct StepRow {
    pub(crate) job: Uuid,
    /// Its place among the job's steps, from 1.
    pub(crate) n: u32,
    pub(crate) name: String,
    /// Whether its effect must happen once.
    pub(crate) guarded: bool,
    pub(crate) state: StepState,
    /// How often the effect was begun.
    pub(crate) attempts: u32,
    /// Failures in a row since the step began or a person said retry.
    pub(crate) failures: u32,
    /// How often it was repeated because the probe said that it had not happened.
    pub(crate) repeats: u32,
    pub(crate) opened_at: OffsetDateTime,
    /// While open: the effect certainly did not happen and is begun again then. While uncertain: the next probe.
    pub(crate) next_at: Option<OffsetDateTime>,
    pub(crate) closed_at: Option<OffsetDateTime>,
    pub(crate) result: Option<Value>,
    pub(crate) fault: Option<Fault>,
    /// What a person said of the outcome that could not be known.
    pub(crate) settled: Option<Settled>,
}

impl StepRow {
    /// Whether the effect was begun and it is not known how it went.
    pub(crate) fn is_in_doubt(&self) -> bool {
        match self.state {
            StepState::Uncertain => true,
            StepState::Open => self.attempts > 0 && self.next_at.is_none(),
            StepState::Done | StepState::Failed => false,
        }
    }
}

/// That a person said: it happened.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Settled {
    /// When it was said.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    /// The step's result, where it needs one.
    #[serde(default)]
    pub(crate) result: Option<Value>,
}

/// Writes the row as it is now.
///
/// # Errors
/// `store_failed` (also when the stored row is closed), `disk_full`.
pub(crate) fn put(tx: &Transaction<'_>, step: &StepRow) -> Result<(), Fault> {
    tx.prepare_cached(
        "INSERT INTO steps
         (job, n, name, guarded, state, attempts, failures, repeats, opened_at, next_at, closed_at, result, fault)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (job, name) DO UPDATE SET
             guarded = excluded.guarded, state = excluded.state, attempts = excluded.attempts,
             failures = excluded.failures, repeats = excluded.repeats, next_at = excluded.next_at,
             closed_at = excluded.closed_at, result = excluded.result, fault = excluded.fault",
    )?
    .execute((
        Text(step.job),
        step.n,
        &step.name,
        step.guarded,
        Text(step.state),
        step.attempts,
        step.failures,
        step.repeats,
        Moment(step.opened_at),
        step.next_at.map(Moment),
        step.closed_at.map(Moment),
        step.result.as_ref().map(Json),
        step.fault.as_ref().map(Json),
    ))?;
    Ok(())
}

/// The steps of a job in the order they were opened.
pub(crate) fn of_job(connection: &Connection, job: Uuid) -> Result<Vec<StepRow>, Fault> {
    select(connection, job, "result")
}

/// The same without their results, which may be as large as all signatures of a batch.
pub(crate) fn outlines(connection: &Connection, job: Uuid) -> Result<Vec<StepRow>, Fault> {
    select(connection, job, "NULL")
}

fn select(connection: &Connection, job: Uuid, result: &str) -> Result<Vec<StepRow>, Fault> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT job, n, name, guarded, state, attempts, failures, repeats, opened_at, next_at, closed_at, {result}, fault,
         settled FROM steps WHERE job = ?1 ORDER BY n"
    ))?;
    let rows = statement.query_map([Text(job)], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Lets the open steps of a job start counting anew, and at once, because a person said retry.
pub(crate) fn count_anew(tx: &Transaction<'_>, job: Uuid) -> Result<(), Fault> {
    tx.execute(
        "UPDATE steps SET failures = 0, repeats = 0, next_at = iif(next_at IS NULL, NULL, ?2)
         WHERE job = ?1 AND state IN ('open', 'uncertain')",
        (Text(job), Moment::now()),
    )?;
    Ok(())
}

/// Notes that a person said of a step in doubt that it happened.
pub(crate) fn settle_happened(tx: &Transaction<'_>, job: Uuid, name: &str, settled: &Settled) -> Result<(), Fault> {
    tx.execute(
        "UPDATE steps SET state = 'uncertain', settled = ?3, next_at = NULL
         WHERE job = ?1 AND name = ?2 AND state IN ('open', 'uncertain')",
        (Text(job), name, Json(settled)),
    )?;
    Ok(())
}

/// Notes that a person said of a step in doubt that it did not happen: it is begun again without asking about it first.
pub(crate) fn settle_not_happened(tx: &Transaction<'_>, job: Uuid, name: &str) -> Result<(), Fault> {
    tx.execute(
        "UPDATE steps SET state = 'open', failures = 0, repeats = 0, next_at = ?3
         WHERE job = ?1 AND name = ?2 AND state IN ('open', 'uncertain')",
        (Text(job), name, Moment::now()),
    )?;
    Ok(())
}

/// Marks the open steps of a job, whose effects were broken off, as uncertain. Those that certainly did not happen
/// stay open.
pub(crate) fn doubt_open(tx: &Transaction<'_>, job: Uuid) -> Result<(), Fault> {
    tx.execute(
        "UPDATE steps SET state = 'uncertain' WHERE job = ?1 AND state = 'open' AND next_at IS NULL",
        [Text(job)],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<StepRow> {
    let moment = |column| row.get::<_, Option<Moment>>(column).map(|moment| moment.map(|m| m.0));
    Ok(StepRow {
        job: row.get::<_, Text<Uuid>>(0)?.0,
        n: row.get(1)?,
        name: row.get(2)?,
        guarded: row.get(3)?,
        state: row.get::<_, Text<StepState>>(4)?.0,
        attempts: row.get(5)?,
        failures: row.get(6)?,
        repeats: row.get(7)?,
        opened_at: row.get::<_, Moment>(8)?.0,
        next_at: moment(9)?,
        closed_at: moment(10)?,
        result: row.get::<_, Option<Json<Value>>>(11)?.map(|json| json.0),
        fault: row.get::<_, Option<Json<Fault>>>(12)?.map(|json| json.0),
        settled: row.get::<_, Option<Json<Settled>>>(13)?.map(|json| json.0),
    })
}
