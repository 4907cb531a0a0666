//! Approvals and the digests they cover.
//!
//! An item goes `approved` → `signing` (committed before the token is asked) → `signed` (committed with the value).
//! Triggers of the schema keep two rules even against a mistake here: what was approved never changes, and an item
//! is signed once.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rusqlite::{OptionalExtension, Row};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::columns::{Json, Moment, Text, words};
use super::job_facts::FactKind;
use super::{Connection, Transaction, fault};
use crate::messages::{Code, Fault};
use crate::platform::Deadline;

/// An approval as the person gave it.
#[derive(Clone, Debug)]
pub struct NewApproval {
    /// The id.
    pub id: Uuid,
    /// Names the request; one approval of it at most is live.
    pub request_key: String,
    /// What kind of approval it is, in the words of `consent`.
    pub kind: String,
    /// Who asked, as shown.
    pub caller: Value,
    /// The application that asked.
    pub application: Option<Uuid>,
    /// The purpose, in the words of `consent`.
    pub purpose: String,
    /// The certificate's fingerprint.
    pub certificate: String,
    /// The label of the token that it lay on, to say later which one is awaited.
    pub token: Option<String>,
    /// Until when it may be used.
    pub deadline: Deadline,
    /// The job it belongs to.
    pub job: Option<Uuid>,
    /// The grant that produced it.
    pub from_grant: Option<Uuid>,
    /// What it covers; an item's number is its place here, from 0.
    pub items: Vec<NewItem>,
}

/// One digest that an approval covers.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// Whether the digest is that of content, or foreign, in the words of `consent`.
    pub kind: String,
    /// The digest's algorithm.
    pub algorithm: String,
    /// The digest.
    pub digest: Vec<u8>,
    /// The document's name.
    pub name: Option<String>,
    /// The value to be signed, when the token is asked at once: the item is stored as being signed for the first time.
    pub tbs: Option<Vec<u8>>,
}

/// Where an approval stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ApprovalState {
    /// Its items may be signed, within the deadline.
    Live,
    /// Used up, or ended with its request.
    Closed,
    /// Taken back before it was used up.
    Withdrawn,
}

words!(ApprovalState { Live = "live", Closed = "closed", Withdrawn = "withdrawn" });

/// Where one digest stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ItemState {
    /// May be signed.
    Approved,
    /// Was sent to the token; the value is not known.
    Signing,
    /// Has its value; never signed again.
    Signed,
}

words!(ItemState { Approved = "approved", Signing = "signing", Signed = "signed" });

/// An approval with its items.
#[derive(Clone, Debug)]
pub struct Approval {
    /// The id.
    pub id: Uuid,
    /// Names the request.
    pub request_key: String,
    /// What kind of approval it is.
    pub kind: String,
    /// Who asked, as shown.
    pub caller: Value,
    /// The application that asked.
    pub application: Option<Uuid>,
    /// The purpose.
    pub purpose: String,
    /// The certificate's fingerprint.
    pub certificate: String,
    /// The label of the token that it lay on.
    pub token: Option<String>,
    /// Until when it may be used.
    pub deadline: Deadline,
    /// When it was given.
    pub created_at: OffsetDateTime,
    /// Where it stands.
    pub state: ApprovalState,
    /// The job it belongs to.
    pub job: Option<Uuid>,
    /// The grant that produced it.
    pub from_grant: Option<Uuid>,
    /// What it covers, by number.
    pub items: Vec<Item>,
}

/// One digest that an approval covers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// Its number in the approval, from 0.
    pub n: u32,
    /// Whether the digest is that of content, or foreign.
    pub kind: String,
    /// The digest's algorithm.
    pub algorithm: String,
    /// The digest.
    pub digest: Vec<u8>,
    /// The document's name.
    pub name: Option<String>,
    /// Where it stands.
    pub state: ItemState,
    /// How often it was sent to the token.
    pub attempts: u32,
    /// The value to be signed that was sent last.
    pub tbs: Option<Vec<u8>>,
    /// The signature value.
    pub value: Option<Vec<u8>>,
    /// When the value was stored.
    pub signed_at: Option<OffsetDateTime>,
}

/// Stores an approval with its items, live.
///
/// # Errors
/// `wrong_state` when the request has a live approval; `store_failed`, `disk_full`.
pub fn insert(tx: &Transaction<'_>, approval: &NewApproval) -> Result<(), Fault> {
    let inserted = tx
        .prepare_cached(
            "INSERT INTO approvals
             (id, request_key, kind, caller, application, purpose, certificate, deadline, created_at, state, job, from_grant, token)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'live', ?10, ?11, ?12)",
        )?
        .execute((
            Text(approval.id),
            &approval.request_key,
            &approval.kind,
            Json(&approval.caller),
            approval.application.map(Text),
            &approval.purpose,
            &approval.certificate,
            Json(&approval.deadline),
            Moment::now(),
            approval.job.map(Text),
            approval.from_grant.map(Text),
            &approval.token,
        ));
    match inserted {
        Err(error) if fault::is_conflict(&error) => {
            return Err(Fault::new(Code::WrongState).detail("the request has a live approval already"));
        }
        inserted => inserted?,
    };
    let mut statement = tx.prepare_cached(
        "INSERT INTO approval_items (approval, n, kind, algorithm, digest, name, state, attempts, tbs)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for (n, item) in (0u32..).zip(&approval.items) {
        let (state, attempts) = match item.tbs {
            Some(_) => (ItemState::Signing, 1),
            None => (ItemState::Approved, 0),
        };
        statement.execute((
            Text(approval.id),
            n,
            &item.kind,
            &item.algorithm,
            &item.digest,
            &item.name,
            state.as_str(),
            attempts,
            &item.tbs,
        ))?;
    }
    Ok(())
}

/// The live approval of a request. Its deadline may have passed: that is for the caller to see.
///
/// # Errors
/// `store_failed`.
pub fn live(connection: &Connection, request_key: &str) -> Result<Option<Approval>, Fault> {
    let head = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM approvals WHERE request_key = ?1 AND state = 'live'"
        ))?
        .query_row([request_key], read)
        .optional()?;
    head.map(|head| with_items(connection, head)).transpose()
}

/// The approval that still stands for a request: the live one, or one that closed because every item of it is signed.
///
/// # Errors
/// `store_failed`.
pub fn standing(connection: &Connection, request_key: &str) -> Result<Option<Approval>, Fault> {
    let head = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM approvals WHERE request_key = ?1 AND (state = 'live' OR (state = 'closed'
             AND NOT EXISTS (SELECT 1 FROM approval_items WHERE approval = approvals.id AND state <> 'signed')))
             ORDER BY rowid DESC LIMIT 1"
        ))?
        .query_row([request_key], read)
        .optional()?;
    head.map(|head| with_items(connection, head)).transpose()
}

/// One approval, whatever its state.
///
/// # Errors
/// `store_failed`.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<Approval>, Fault> {
    let head = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM approvals WHERE id = ?1"))?
        .query_row([Text(id)], read)
        .optional()?;
    head.map(|head| with_items(connection, head)).transpose()
}

/// The approvals given for a job, the oldest first.
///
/// # Errors
/// `store_failed`.
pub fn of_job(connection: &Connection, job: Uuid) -> Result<Vec<Approval>, Fault> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM approvals WHERE job = ?1 ORDER BY rowid"
    ))?;
    let heads = statement.query_map([Text(job)], read)?.collect::<Result<Vec<_>, _>>()?;
    heads.into_iter().map(|head| with_items(connection, head)).collect()
}

/// How many items of a job's newest approval are signed, and how many there are; zeros before it was given.
///
/// # Errors
/// `store_failed`.
pub fn progress_of_job(connection: &Connection, job: Uuid) -> Result<(u32, u32), Fault> {
    let counts = connection
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE state = 'signed'), count(*) FROM approval_items WHERE approval =
             (SELECT id FROM approvals WHERE job = ?1 ORDER BY id DESC LIMIT 1)",
        )?
        .query_row([Text(job)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(counts)
}

/// Notes, before the token is asked, that an item is about to be signed, and gives how often that was begun, this
/// time included: more than 1 says that an earlier value was lost in a crash or a pull (signing is not repeatable to
/// the same bytes, so it is signed anew under the same approval).
///
/// # Errors
/// `wrong_state` when the approval is not live or the item is signed; `store_failed`, `disk_full`.
pub fn mark_signing(tx: &Transaction<'_>, approval: Uuid, n: u32, tbs: &[u8]) -> Result<u32, Fault> {
    tx.prepare_cached(
        "UPDATE approval_items SET state = 'signing', tbs = ?3, attempts = attempts + 1
         WHERE approval = ?1 AND n = ?2 AND state <> 'signed'
         AND EXISTS (SELECT 1 FROM approvals WHERE id = ?1 AND state = 'live')
         RETURNING attempts",
    )?
    .query_row((Text(approval), n, tbs), |row| row.get(0))
    .optional()?
    .ok_or_else(|| Fault::new(Code::WrongState).detail(format_args!("item {n} of the approval may not be signed")))
}

/// Stores values of items, each with the item's number; with the last one the approval closes.
///
/// # Errors
/// `wrong_state` when an item is not being signed, or signed already; `store_failed`, `disk_full`.
pub fn mark_signed<'a>(
    tx: &Transaction<'_>,
    approval: Uuid,
    values: impl IntoIterator<Item = (u32, &'a [u8])>,
) -> Result<(), Fault> {
    let mut statement = tx.prepare_cached(
        "UPDATE approval_items SET state = 'signed', value = ?3, signed_at = ?4
         WHERE approval = ?1 AND n = ?2 AND state = 'signing'",
    )?;
    for (n, value) in values {
        if statement.execute((Text(approval), n, value, Moment::now()))? == 0 {
            let not_begun = Fault::new(Code::WrongState);
            return Err(not_begun.detail(format_args!("item {n} of the approval is not being signed")));
        }
    }
    tx.prepare_cached(
        "UPDATE approvals SET state = 'closed' WHERE id = ?1 AND state = 'live'
         AND NOT EXISTS (SELECT 1 FROM approval_items WHERE approval = ?1 AND state <> 'signed')",
    )?
    .execute([Text(approval)])?;
    Ok(())
}

/// Ends a live approval whose request has ended. One that is not live stays as it is.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub fn close(tx: &Transaction<'_>, id: Uuid) -> Result<(), Fault> {
    end(tx, id, ApprovalState::Closed)
}

/// Takes a live approval back: nothing more is signed under it. One that is not live stays as it is.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub fn withdraw(tx: &Transaction<'_>, id: Uuid) -> Result<(), Fault> {
    end(tx, id, ApprovalState::Withdrawn)
}

/// The names and digests that were approved for a job, which it is found by.
pub(crate) fn facts(connection: &Connection, job: Uuid) -> Result<Vec<(FactKind, String)>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT i.name, i.digest FROM approval_items i JOIN approvals a ON a.id = i.approval WHERE a.job = ?1",
    )?;
    let mut rows = statement.query([Text(job)])?;
    let mut facts = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(name) = row.get::<_, Option<String>>(0)? {
            facts.push((FactKind::Name, name));
        }
        facts.push((FactKind::Digest, BASE64_STANDARD.encode(row.get::<_, Vec<u8>>(1)?)));
    }
    Ok(facts)
}

/// Ends what is live of a job that has closed: as used up when it finished, as taken back otherwise. Nothing is
/// signed for a job that is over.
pub(crate) fn end_with_job(tx: &Transaction<'_>, job: Uuid, finished: bool) -> Result<(), Fault> {
    let state = if finished {
        ApprovalState::Closed
    } else {
        ApprovalState::Withdrawn
    };
    tx.prepare_cached("UPDATE approvals SET state = ?2 WHERE job = ?1 AND state = 'live'")?
        .execute((Text(job), Text(state)))?;
    Ok(())
}

fn end(tx: &Transaction<'_>, id: Uuid, state: ApprovalState) -> Result<(), Fault> {
    tx.execute(
        "UPDATE approvals SET state = ?2 WHERE id = ?1 AND state = 'live'",
        (Text(id), Text(state)),
    )?;
    Ok(())
}

fn with_items(connection: &Connection, mut approval: Approval) -> Result<Approval, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT n, kind, algorithm, digest, name, state, attempts, tbs, value, signed_at
         FROM approval_items WHERE approval = ?1 ORDER BY n",
    )?;
    let rows = statement.query_map([Text(approval.id)], |row| {
        Ok(Item {
            n: row.get(0)?,
            kind: row.get(1)?,
            algorithm: row.get(2)?,
            digest: row.get(3)?,
            name: row.get(4)?,
            state: row.get::<_, Text<ItemState>>(5)?.0,
            attempts: row.get(6)?,
            tbs: row.get(7)?,
            value: row.get(8)?,
            signed_at: row.get::<_, Option<Moment>>(9)?.map(|m| m.0),
        })
    })?;
    approval.items = rows.collect::<Result<_, _>>()?;
    Ok(approval)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Approval> {
    Ok(Approval {
        id: row.get::<_, Text<Uuid>>(0)?.0,
        request_key: row.get(1)?,
        kind: row.get(2)?,
        caller: row.get::<_, Json<Value>>(3)?.0,
        application: row.get::<_, Option<Text<Uuid>>>(4)?.map(|id| id.0),
        purpose: row.get(5)?,
        certificate: row.get(6)?,
        deadline: row.get::<_, Json<Deadline>>(7)?.0,
        created_at: row.get::<_, Moment>(8)?.0,
        state: row.get::<_, Text<ApprovalState>>(9)?.0,
        job: row.get::<_, Option<Text<Uuid>>>(10)?.map(|id| id.0),
        from_grant: row.get::<_, Option<Text<Uuid>>>(11)?.map(|id| id.0),
        token: row.get(12)?,
        items: Vec::new(),
    })
}

const COLUMNS: &str = "id, request_key, kind, caller, application, purpose, certificate, deadline, created_at, state, job, from_grant, token";
