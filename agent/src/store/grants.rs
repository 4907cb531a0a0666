//! Grants: remembered decisions under their limits.

use rusqlite::{OptionalExtension, Row};
use time::OffsetDateTime;
use uuid::Uuid;

use super::columns::{Json, Moment, Text};
use super::{Connection, Transaction};
use crate::messages::{Code, Fault};
use crate::platform::Deadline;

/// The limits of a grant, as the consent room means them.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// The id.
    pub id: Uuid,
    /// The application it holds for; `None` for the person at the command line.
    pub application: Option<Uuid>,
    /// The certificate's fingerprint.
    pub certificate: String,
    /// The service.
    pub service: Option<String>,
    /// The service profile.
    pub profile: Option<String>,
    /// The kind of document.
    pub document_kind: Option<String>,
    /// How many signatures it allows, at least 1.
    pub max_uses: u32,
    /// Until when it holds.
    pub deadline: Deadline,
}

/// A grant with what is left of it.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The id.
    pub id: Uuid,
    /// The application it holds for.
    pub application: Option<Uuid>,
    /// The certificate's fingerprint.
    pub certificate: String,
    /// The service.
    pub service: Option<String>,
    /// The service profile.
    pub profile: Option<String>,
    /// The kind of document.
    pub document_kind: Option<String>,
    /// How many signatures it allows.
    pub max_uses: u32,
    /// How many it has allowed.
    pub used: u32,
    /// Until when it holds.
    pub deadline: Deadline,
    /// When it was given.
    pub created_at: OffsetDateTime,
}

/// Stores a grant.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub fn insert(tx: &Transaction<'_>, grant: &NewGrant) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO grants
         (id, application, certificate, service, profile, document_kind, max_uses, deadline, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        (
            Text(grant.id),
            grant.application.map(Text),
            &grant.certificate,
            &grant.service,
            &grant.profile,
            &grant.document_kind,
            grant.max_uses,
            Json(&grant.deadline),
            Moment::now(),
        ),
    )?;
    Ok(())
}

/// Counts `uses` signatures on a live grant and gives how many are left.
///
/// # Errors
/// `wrong_state` when the grant has ended or allows fewer; `store_failed`, `disk_full`.
pub fn consume(tx: &Transaction<'_>, id: Uuid, uses: u32) -> Result<u32, Fault> {
    let no_longer = || Fault::new(Code::WrongState).detail("the grant does not allow this any more");
    let grant = tx
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM grants WHERE id = ?1 AND ended_at IS NULL"
        ))?
        .query_row([Text(id)], read)
        .optional()?
        .filter(|grant| grant.deadline.remaining().is_some())
        .ok_or_else(no_longer)?;
    let left = (grant.max_uses - grant.used).checked_sub(uses).ok_or_else(no_longer)?;
    tx.prepare_cached("UPDATE grants SET used = used + ?2 WHERE id = ?1")?
        .execute((Text(id), uses))?;
    Ok(left)
}

/// The grants that still hold.
///
/// # Errors
/// `store_failed`.
pub fn list(connection: &Connection) -> Result<Vec<Grant>, Fault> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM grants WHERE ended_at IS NULL AND used < max_uses ORDER BY rowid"
    ))?;
    let grants = statement.query_map([], read)?.collect::<Result<Vec<_>, _>>()?;
    Ok(grants
        .into_iter()
        .filter(|grant| grant.deadline.remaining().is_some())
        .collect())
}

/// Ends one grant, or every one, for the reason given (`revoked`, `locked`, …); gives those that had not ended before.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub fn end(tx: &Transaction<'_>, id: Option<Uuid>, reason: &str) -> Result<Vec<Uuid>, Fault> {
    let mut statement = tx.prepare_cached(
        "UPDATE grants SET ended_at = ?2, end_reason = ?3
         WHERE ended_at IS NULL AND (?1 IS NULL OR id = ?1) RETURNING id",
    )?;
    let ended = statement.query_map((id.map(Text), Moment::now(), reason), |row| {
        row.get::<_, Text<Uuid>>(0).map(|id| id.0)
    })?;
    Ok(ended.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Grant> {
    Ok(Grant {
        id: row.get::<_, Text<Uuid>>(0)?.0,
        application: row.get::<_, Option<Text<Uuid>>>(1)?.map(|id| id.0),
        certificate: row.get(2)?,
        service: row.get(3)?,
        profile: row.get(4)?,
        document_kind: row.get(5)?,
        max_uses: row.get(6)?,
        used: row.get(7)?,
        deadline: row.get::<_, Json<Deadline>>(8)?.0,
        created_at: row.get::<_, Moment>(9)?.0,
    })
}

const COLUMNS: &str =
    "id, application, certificate, service, profile, document_kind, max_uses, used, deadline, created_at";
