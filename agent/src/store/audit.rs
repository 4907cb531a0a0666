//! The audit log: an append-only chain of entries, each written in the transaction that makes the change it records.
//!
//! `hash = SHA-256("tokensign audit entry v1" ‖ prev ‖ fields)`, each field preceded by its length (8 bytes,
//! big-endian), so that no two entries have the same bytes. A changed, inserted or removed entry breaks the chain; a
//! tail that was cut off shows only against a [`Checkpoint`] kept elsewhere. No PIN, document content or bearer
//! token belongs in an entry.

use std::cmp::Reverse;
use std::fmt;

use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use super::columns::{Json, Moment};
use super::{Connection, Transaction};
use crate::messages::{Code, Fault};

/// Who did what is recorded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Actor {
    /// The agent itself.
    Agent,
    /// The person, at a prompter or at the command line.
    Person,
    /// A paired application.
    Application(Uuid),
}

impl Actor {
    /// Whose doing it is that something asked for was not done, for that reason: a refusal is the person's.
    pub fn of_refusal(why: Code) -> Self {
        match why {
            Code::Refused => Self::Person,
            _ => Self::Agent,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent => f.write_str("agent"),
            Self::Person => f.write_str("person"),
            Self::Application(id) => write!(f, "application:{id}"),
        }
    }
}

/// What is recorded.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What happened, as a word: `approved`, `signed`, `job_closed`.
    pub kind: &'static str,
    /// Who did it.
    pub actor: Actor,
    /// The job it belongs to.
    pub job: Option<Uuid>,
    /// The particulars.
    pub body: Value,
}

/// An entry as it lies in the log.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Recorded {
    /// Its number, from 1, without gaps.
    pub seq: i64,
    /// When, by the wall clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What happened.
    pub kind: String,
    /// Who did it.
    pub actor: String,
    /// The job it belongs to.
    pub job: Option<Uuid>,
    /// The particulars.
    pub body: Value,
    /// The hash of the chain up to here, in hexadecimal digits.
    pub hash: String,
}

/// The head of the chain at some time; kept elsewhere, it shows a tail that was cut off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// How many entries there were.
    pub seq: i64,
    /// The hash of the last one; zeros when there was none.
    pub hash: [u8; 32],
}

/// What checking the chain found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Every entry follows from the one before.
    Intact(Checkpoint),
    /// The chain is broken at this place, and why.
    Broken {
        /// The number of the first entry that does not fit.
        seq: i64,
        /// What does not fit.
        reason: BrokenChain,
    },
}

/// How a chain is broken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BrokenChain {
    /// The entry's hash is not that of its fields.
    #[error("the entry was changed")]
    Changed,
    /// Entries before this one are missing.
    #[error("entries before this one were removed")]
    Removed,
    /// The entry does not name the hash of the one before.
    #[error("the entry does not follow the one before it")]
    Unlinked,
    /// The log is shorter than at the checkpoint, or differs there.
    #[error("the log does not contain the checkpoint")]
    NotTheCheckpoint,
}

/// Appends an entry in the transaction of the change that it records.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub fn append(tx: &Transaction<'_>, entry: Entry) -> Result<Checkpoint, Fault> {
    let head = head(tx)?;
    let fields = Fields {
        seq: head.seq + 1,
        at: Moment::now().text(),
        kind: entry.kind.to_owned(),
        actor: entry.actor.to_string(),
        job: entry.job.map(|id| id.to_string()),
        body: entry.body.to_string(),
    };
    let hash = fields.hash(&head.hash);
    tx.prepare_cached(
        "INSERT INTO audit (seq, at, kind, actor, job, body, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        fields.seq,
        fields.at,
        fields.kind,
        fields.actor,
        fields.job,
        fields.body,
        head.hash,
        hash,
    ))?;
    Ok(Checkpoint { seq: fields.seq, hash })
}

/// The head of the chain now.
///
/// # Errors
/// `store_failed`.
pub fn head(connection: &Connection) -> Result<Checkpoint, Fault> {
    let last = connection
        .prepare_cached("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| {
            Ok(Checkpoint {
                seq: row.get(0)?,
                hash: row.get(1)?,
            })
        })
        .optional()?;
    Ok(last.unwrap_or(Checkpoint { seq: 0, hash: [0; 32] }))
}

/// Whether the chain contains this head of its: without a look at the entries before it.
///
/// # Errors
/// `store_failed`.
pub fn contains(connection: &Connection, checkpoint: &Checkpoint) -> Result<bool, Fault> {
    if checkpoint.seq == 0 {
        return Ok(true);
    }
    let hash = connection
        .prepare_cached("SELECT hash FROM audit WHERE seq = ?1")?
        .query_row([checkpoint.seq], |row| row.get::<_, Vec<u8>>(0))
        .optional()?;
    Ok(hash.is_some_and(|hash| hash == checkpoint.hash))
}

/// Checks the whole chain.
///
/// # Errors
/// `store_failed` when the log cannot be read.
pub fn verify(connection: &Connection) -> Result<Verdict, Fault> {
    check(connection, &[])
}

/// Checks the whole chain, and that it went through every one of the checkpoints: a chain that was made anew agrees with the newest at best.
///
/// # Errors
/// `store_failed` when the log cannot be read.
pub fn verify_with(connection: &Connection, checkpoints: &[Checkpoint]) -> Result<Verdict, Fault> {
    check(connection, checkpoints)
}

/// The newest `limit` entries, or those before entry `before`; the newest first.
///
/// # Errors
/// `store_failed`.
pub fn list(connection: &Connection, before: Option<i64>, limit: u32) -> Result<Vec<Recorded>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, kind, actor, job, body, hash FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
    )?;
    let rows = statement.query_map((before.unwrap_or(i64::MAX), limit), recorded)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Up to `limit` entries after entry `after`, the oldest first.
///
/// # Errors
/// `store_failed`.
pub fn list_after(connection: &Connection, after: i64, limit: u32) -> Result<Vec<Recorded>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, kind, actor, job, body, hash FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    let rows = statement.query_map((after, limit), recorded)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every entry of a job, the oldest first.
///
/// # Errors
/// `store_failed`.
pub fn of_job(connection: &Connection, job: Uuid) -> Result<Vec<Recorded>, Fault> {
    let mut statement = connection
        .prepare_cached("SELECT seq, at, kind, actor, job, body, hash FROM audit WHERE job = ?1 ORDER BY seq")?;
    let rows = statement.query_map([super::columns::Text(job)], recorded)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn recorded(row: &Row<'_>) -> rusqlite::Result<Recorded> {
    Ok(Recorded {
        seq: row.get(0)?,
        at: row.get::<_, Moment>(1)?.0,
        kind: row.get(2)?,
        actor: row.get(3)?,
        job: row.get::<_, Option<super::columns::Text<Uuid>>>(4)?.map(|id| id.0),
        body: row.get::<_, Json<Value>>(5)?.0,
        hash: hex::encode(row.get::<_, [u8; 32]>(6)?),
    })
}

fn check(connection: &Connection, checkpoints: &[Checkpoint]) -> Result<Verdict, Fault> {
    let mut head = Checkpoint { seq: 0, hash: [0; 32] };
    let mut awaited: Vec<&Checkpoint> = checkpoints.iter().filter(|checkpoint| checkpoint.seq > 0).collect();
    // The nearest one last.
    awaited.sort_by_key(|checkpoint| Reverse(checkpoint.seq));
    let mut statement =
        connection.prepare("SELECT seq, at, kind, actor, job, body, prev, hash FROM audit ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let fields = Fields {
            seq: row.get(0)?,
            at: row.get(1)?,
            kind: row.get(2)?,
            actor: row.get(3)?,
            job: row.get(4)?,
            body: row.get(5)?,
        };
        let (prev, hash): (Vec<u8>, Vec<u8>) = (row.get(6)?, row.get(7)?);
        let broken = |reason| {
            Ok(Verdict::Broken {
                seq: fields.seq,
                reason,
            })
        };
        if fields.seq != head.seq + 1 {
            return broken(BrokenChain::Removed);
        }
        if prev != head.hash {
            return broken(BrokenChain::Unlinked);
        }
        let expected = fields.hash(&head.hash);
        if hash != expected {
            return broken(BrokenChain::Changed);
        }
        head = Checkpoint {
            seq: fields.seq,
            hash: expected,
        };
        while let Some(checkpoint) = awaited.pop_if(|checkpoint| checkpoint.seq == head.seq) {
            if *checkpoint != head {
                return broken(BrokenChain::NotTheCheckpoint);
            }
        }
    }
    if !awaited.is_empty() {
        return Ok(Verdict::Broken {
            seq: head.seq + 1,
            reason: BrokenChain::NotTheCheckpoint,
        });
    }
    Ok(Verdict::Intact(head))
}

/// What the hash covers, exactly as it lies in the columns.
struct Fields {
    seq: i64,
    at: String,
    kind: String,
    actor: String,
    job: Option<String>,
    body: String,
}

impl Fields {
    fn hash(&self, prev: &[u8; 32]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(prev);
        hash.update(self.seq.to_be_bytes());
        for field in [
            Some(&self.at),
            Some(&self.kind),
            Some(&self.actor),
            self.job.as_ref(),
            Some(&self.body),
        ] {
            // An absent field is told from an empty one by a length that no field has.
            hash.update(field.map_or(u64::MAX, |field| field.len() as u64).to_be_bytes());
            hash.update(field.map_or("", String::as_str));
        }
        hash.finalize().into()
    }
}

const DOMAIN: &[u8] = b"tokensign audit entry v1";
