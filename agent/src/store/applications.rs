//! Paired applications. Their bearer token is stored as its SHA-256 only.

use rusqlite::{OptionalExtension, Row};
use time::OffsetDateTime;
use uuid::Uuid;

use super::columns::{Json, Moment, Text};
use super::{Connection, Transaction, fault};
use crate::messages::{Code, Fault};

/// What is needed to pair an application.
#[derive(Clone, Debug)]
pub struct NewApplication {
    /// The id.
    pub id: Uuid,
    /// The name that the person confirmed.
    pub name: String,
    /// The web origin, when a page paired; taken from the request's header.
    pub origin: Option<String>,
    /// What it may do.
    pub permissions: Vec<String>,
    /// SHA-256 of its bearer token.
    pub token_hash: [u8; 32],
    /// When the pairing ends by itself.
    pub expires_at: Option<OffsetDateTime>,
}

/// A paired application.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Application {
    /// The id.
    pub id: Uuid,
    /// The name that the person confirmed.
    pub name: String,
    /// The web origin, when a page paired.
    pub origin: Option<String>,
    /// What it may do.
    pub permissions: Vec<String>,
    /// When it was paired.
    pub created_at: OffsetDateTime,
    /// When the pairing ends by itself.
    pub expires_at: Option<OffsetDateTime>,
    /// When it last called.
    pub last_used_at: Option<OffsetDateTime>,
    /// When the person revoked it.
    pub revoked_at: Option<OffsetDateTime>,
    /// The administrator's configuration paired it, not the person.
    pub prepared: bool,
    /// The program that its token is bound to.
    pub executable: Option<String>,
    /// The person gave it its name.
    pub renamed: bool,
}

/// An application as the administrator's configuration names it.
#[derive(Clone, Debug)]
pub struct PreparedApplication {
    /// The application; its id follows from the token.
    pub application: NewApplication,
    /// The program that its token is bound to.
    pub executable: Option<String>,
}

/// What became of one prepared application.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Prepared {
    /// It is new, or its name, permissions or binding changed.
    Changed,
    /// It stands as it stood.
    Unchanged,
    /// The person revoked it; it stays so.
    Revoked,
}

/// Pairs an application that the configuration names, or brings it up to date. One that the person revoked stays revoked.
///
/// # Errors
/// `wrong_state` when another application holds the token; `store_failed`, `disk_full`.
pub fn prepare(tx: &Transaction<'_>, prepared: &PreparedApplication) -> Result<Prepared, Fault> {
    let new = &prepared.application;
    match find(tx, new.id)? {
        // Revoked by the person; one that was taken out of the configuration is not marked as prepared any more.
        Some(known) if known.revoked_at.is_some() && known.prepared => return Ok(Prepared::Revoked),
        Some(known) => {
            let unchanged = (known.name == new.name || known.renamed)
                && known.origin == new.origin
                && known.permissions == new.permissions
                && known.executable == prepared.executable
                && known.revoked_at.is_none();
            if unchanged {
                return Ok(Prepared::Unchanged);
            }
        }
        None => insert(tx, new)?,
    }
    tx.execute(
        "UPDATE applications SET name = iif(renamed, name, ?2), origin = ?3, permissions = ?4, executable = ?5, prepared = 1, revoked_at = NULL
         WHERE id = ?1",
        (
            Text(new.id),
            &new.name,
            &new.origin,
            Json(&new.permissions),
            &prepared.executable,
        ),
    )?;
    Ok(Prepared::Changed)
}

/// Pairs an application.
///
/// # Errors
/// `wrong_state` when the id or the token exists; `store_failed`, `disk_full`.
pub fn insert(tx: &Transaction<'_>, application: &NewApplication) -> Result<(), Fault> {
    let inserted = tx.execute(
        "INSERT INTO applications (id, name, origin, permissions, token_hash, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            Text(application.id),
            &application.name,
            &application.origin,
            Json(&application.permissions),
            application.token_hash,
            Moment::now(),
            application.expires_at.map(Moment),
        ),
    );
    match inserted {
        Err(error) if fault::is_conflict(&error) => {
            Err(Fault::new(Code::WrongState).detail("an application with this id or token is paired already"))
        }
        inserted => Ok(inserted.map(drop)?),
    }
}

/// The application that holds the token with this hash; neither revoked nor expired.
///
/// # Errors
/// `store_failed`.
pub fn by_token_hash(connection: &Connection, token_hash: &[u8; 32]) -> Result<Option<Application>, Fault> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM applications
             WHERE token_hash = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)"
        ))?
        .query_row((token_hash, Moment::now()), read)
        .optional()?)
}

/// One application, revoked ones too.
///
/// # Errors
/// `store_failed`.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<Application>, Fault> {
    Ok(connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM applications WHERE id = ?1"))?
        .query_row([Text(id)], read)
        .optional()?)
}

/// The applications that are not revoked, the first paired first.
///
/// # Errors
/// `store_failed`.
pub fn list(connection: &Connection) -> Result<Vec<Application>, Fault> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM applications WHERE revoked_at IS NULL ORDER BY rowid"
    ))?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether an application that may still call is paired for this web origin.
///
/// # Errors
/// `store_failed`.
pub fn is_origin_paired(connection: &Connection, origin: &str) -> Result<bool, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM applications
             WHERE origin = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2))",
        )?
        .query_row((origin, Moment::now()), |row| row.get(0))?)
}

/// Notes that the application called now.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub fn touch(tx: &Transaction<'_>, id: Uuid) -> Result<(), Fault> {
    tx.prepare_cached("UPDATE applications SET last_used_at = ?2 WHERE id = ?1")?
        .execute((Text(id), Moment::now()))?;
    Ok(())
}

/// Gives the application another name.
///
/// # Errors
/// `no_such_item`, `store_failed`, `disk_full`.
pub fn rename(tx: &Transaction<'_>, id: Uuid, name: &str) -> Result<(), Fault> {
    changed(tx.execute(
        "UPDATE applications SET name = ?2, renamed = 1 WHERE id = ?1 AND revoked_at IS NULL",
        (Text(id), name),
    )?)
}

/// Takes back one that the configuration does not name any more. Named again, it is paired anew.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub fn forget(tx: &Transaction<'_>, id: Uuid) -> Result<(), Fault> {
    tx.execute(
        "UPDATE applications SET prepared = 0, revoked_at = ?2 WHERE id = ?1",
        (Text(id), Moment::now()),
    )?;
    Ok(())
}

/// Ends the pairing for good.
///
/// # Errors
/// `no_such_item` when there is none or it was revoked before; `store_failed`, `disk_full`.
pub fn revoke(tx: &Transaction<'_>, id: Uuid) -> Result<(), Fault> {
    changed(tx.execute(
        "UPDATE applications SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
        (Text(id), Moment::now()),
    )?)
}

fn changed(rows: usize) -> Result<(), Fault> {
    if rows == 0 {
        Err(Code::NoSuchItem.into())
    } else {
        Ok(())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Application> {
    let moment = |column| row.get::<_, Option<Moment>>(column).map(|moment| moment.map(|m| m.0));
    Ok(Application {
        id: row.get::<_, Text<Uuid>>(0)?.0,
        name: row.get(1)?,
        origin: row.get(2)?,
        permissions: row.get::<_, Json<Vec<String>>>(3)?.0,
        created_at: row.get::<_, Moment>(4)?.0,
        expires_at: moment(5)?,
        last_used_at: moment(6)?,
        revoked_at: moment(7)?,
        prepared: row.get(8)?,
        executable: row.get(9)?,
        renamed: row.get(10)?,
    })
}

const COLUMNS: &str =
    "id, name, origin, permissions, created_at, expires_at, last_used_at, revoked_at, prepared, executable, renamed";
