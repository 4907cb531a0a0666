//! Jobs: one row each, from their start to their outcome. What happens between is in [`super::steps`].

use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::columns::{Json, Moment, Text, words};
use super::{Connection, Outcome, Transaction, job_facts};
use crate::messages::{Code, Fault};

/// Where a job stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// At work; see the stage.
    Running,
    /// Closed with its outcome.
    Finished,
    /// Closed with a fault.
    Failed,
    /// Closed because the person refused or the question expired.
    Refused,
    /// Closed because the caller or the person cancelled.
    Cancelled,
    /// Stopped: a person must look and say `retry` or `cancel`.
    Stopped,
}

words!(JobState {
    Running = "running",
    Finished = "finished",
    Failed = "failed",
    Refused = "refused",
    Cancelled = "cancelled",
    Stopped = "stopped",
});

impl JobState {
    /// Whether nothing more will happen by itself.
    pub fn is_settled(self) -> bool {
        self != Self::Running
    }

    /// Whether it has ended for good.
    pub fn is_closed(self) -> bool {
        !matches!(self, Self::Running | Self::Stopped)
    }
}

/// Which jobs to list.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only this scenario.
    pub kind: Option<String>,
    /// Only of this application.
    pub application: Option<Uuid>,
    /// Only running or stopped ones.
    pub open_only: bool,
    /// Only in this state.
    pub state: Option<JobState>,
    /// Only started at this time or later.
    pub since: Option<OffsetDateTime>,
    /// Only started before this time.
    pub until: Option<OffsetDateTime>,
    /// Only with a document whose name or number holds this text, whatever the case of its letters; or whose title does.
    pub name: Option<String>,
    /// Only with a counterparty (name, BIN, INN, code) that holds this text.
    pub counterparty: Option<String>,
    /// Only with this id at the service, or this digest (base64).
    pub reference: Option<String>,
    /// Only started before this job.
    pub before: Option<Uuid>,
    /// At most so many, the newest first; 100 when absent.
    pub limit: Option<u32>,
}

/// A job's row.
#[derive(Clone, Debug)]
pub(crate) struct JobRow {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) profile: Option<String>,
    pub(crate) application: Option<Uuid>,
    pub(crate) title: String,
    pub(crate) state: JobState,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) closed_at: Option<OffsetDateTime>,
    pub(crate) input: Value,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) fault: Option<Fault>,
    /// The process that runs it.
    pub(crate) lease: Option<String>,
}

/// Stores a new job, running, leased by the process that the row names.
pub(crate) fn insert(tx: &Transaction<'_>, job: &JobRow) -> Result<(), Fault> {
    tx.prepare_cached(
        "INSERT INTO jobs (id, kind, profile, application, title, state, created_at, input, lease)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute((
        Text(job.id),
        &job.kind,
        &job.profile,
        job.application.map(Text),
        &job.title,
        Text(job.state),
        Moment(job.created_at),
        Json(&job.input),
        &job.lease,
    ))?;
    Ok(())
}

/// One job.
pub(crate) fn find(connection: &Connection, id: Uuid) -> Result<Option<JobRow>, Fault> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1"))?
        .query_row([Text(id)], read)
        .optional()?)
}

/// Jobs, the newest first.
pub(crate) fn list(connection: &Connection, filter: &JobFilter) -> Result<Vec<JobRow>, Fault> {
    let mut sql = format!("SELECT {COLUMNS} FROM jobs WHERE 1");
    let mut values: Vec<&dyn ToSql> = Vec::new();
    let application = filter.application.map(Text);
    if let Some(kind) = &filter.kind {
        sql.push_str(" AND kind = ?");
        values.push(kind);
    }
    if let Some(application) = &application {
        sql.push_str(" AND application = ?");
        values.push(application);
    }
    if filter.open_only {
        sql.push_str(" AND state IN ('running', 'stopped')");
    }
    let state = filter.state.map(Text);
    if let Some(state) = &state {
        sql.push_str(" AND state = ?");
        values.push(state);
    }
    let (since, until) = (filter.since.map(Moment), filter.until.map(Moment));
    for (moment, condition) in [(&since, " AND created_at >= ?"), (&until, " AND created_at < ?")] {
        if let Some(moment) = moment {
            sql.push_str(condition);
            values.push(moment);
        }
    }
    let folded = |text: &Option<String>| text.as_deref().map(job_facts::fold);
    let (name, counterparty, reference) = (
        folded(&filter.name),
        folded(&filter.counterparty),
        folded(&filter.reference),
    );
    for (text, condition) in [
        (&name, "kind = 'name' AND instr(folded, ?)"),
        (&counterparty, "kind = 'counterparty' AND instr(folded, ?)"),
        (&reference, "kind IN ('service_id', 'digest') AND folded = ?"),
    ] {
        if let Some(text) = text {
            sql.push_str(" AND id IN (SELECT job FROM job_facts WHERE ");
            sql.push_str(condition);
            sql.push(')');
            values.push(text);
        }
    }
    let before = filter.before.map(Text);
    if let Some(before) = &before {
        sql.push_str(" AND seq < (SELECT seq FROM jobs WHERE id = ?)");
        values.push(before);
    }
    sql.push_str(" ORDER BY seq DESC LIMIT ?");
    let limit = filter.limit.unwrap_or(100);
    values.push(&limit);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(values.as_slice(), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The jobs that were running when the store was last used, the oldest first.
pub(crate) fn running(connection: &Connection) -> Result<Vec<JobRow>, Fault> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM jobs WHERE state = 'running' ORDER BY seq"
    ))?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Moves the lease of a running job from `from` to `to`, and says whether it was `from`'s.
pub(crate) fn lease(tx: &Transaction<'_>, id: Uuid, from: Option<&str>, to: &str) -> Result<bool, Fault> {
    let changed = tx
        .prepare_cached("UPDATE jobs SET lease = ?3 WHERE id = ?1 AND lease IS ?2 AND state = 'running'")?
        .execute((Text(id), from, to))?;
    Ok(changed == 1)
}

/// Closes a job that is running or stopped, as its row says.
///
/// # Errors
/// `wrong_state` when it is closed already; `store_failed`, `disk_full`.
pub(crate) fn close(tx: &Transaction<'_>, job: &JobRow) -> Result<(), Fault> {
    let changed = tx
        .prepare_cached(
            "UPDATE jobs SET state = ?2, closed_at = ?3, outcome = ?4, fault = ?5, lease = NULL
             WHERE id = ?1 AND state IN ('running', 'stopped')",
        )?
        .execute((
            Text(job.id),
            Text(job.state),
            job.closed_at.map(Moment),
            &job.outcome,
            job.fault.as_ref().map(Json),
        ))?;
    expect_one(changed, job.id)
}

/// Stops a running job until a person says `retry` or `cancel`.
///
/// # Errors
/// `wrong_state` when it is not running; `store_failed`, `disk_full`.
pub(crate) fn stop(tx: &Transaction<'_>, id: Uuid, fault: &Fault) -> Result<(), Fault> {
    let changed = tx
        .prepare_cached(
            "UPDATE jobs SET state = 'stopped', fault = ?2, lease = NULL WHERE id = ?1 AND state = 'running'",
        )?
        .execute((Text(id), Json(fault)))?;
    expect_one(changed, id)
}

/// Takes a stopped job up again.
///
/// # Errors
/// `wrong_state` when it is not stopped; `store_failed`, `disk_full`.
pub(crate) fn take_up(tx: &Transaction<'_>, id: Uuid, lease: &str) -> Result<(), Fault> {
    let changed = tx
        .prepare_cached(
            "UPDATE jobs SET state = 'running', fault = NULL, lease = ?2 WHERE id = ?1 AND state = 'stopped'",
        )?
        .execute((Text(id), lease))?;
    expect_one(changed, id)
}

fn expect_one(changed: usize, id: Uuid) -> Result<(), Fault> {
    if changed == 1 {
        return Ok(());
    }
    Err(Fault::new(Code::WrongState).detail(format_args!("job {id} is not in a state that allows this")))
}

fn read(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    Ok(JobRow {
        id: row.get::<_, Text<Uuid>>(0)?.0,
        kind: row.get(1)?,
        profile: row.get(2)?,
        application: row.get::<_, Option<Text<Uuid>>>(3)?.map(|id| id.0),
        title: row.get(4)?,
        state: row.get::<_, Text<JobState>>(5)?.0,
        created_at: row.get::<_, Moment>(6)?.0,
        closed_at: row.get::<_, Option<Moment>>(7)?.map(|m| m.0),
        input: row.get::<_, Json<Value>>(8)?.0,
        outcome: row.get(9)?,
        fault: row.get::<_, Option<Json<Fault>>>(10)?.map(|json| json.0),
        lease: row.get(11)?,
    })
}

const COLUMNS: &str =
    "id, kind, profile, application, title, state, created_at, closed_at, input, outcome, fault, lease";
