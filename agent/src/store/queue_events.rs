//! What arrived in the message queues of services. A row is committed before the broker is told that the message is safe here.

use rusqlite::{OptionalExtension, Row};
use time::OffsetDateTime;

use super::columns::Moment;
use super::{Connection, Transaction};
use crate::messages::Fault;

/// An event as it arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// Which service, `mig24` for instance.
    pub service: &'static str,
    /// The service profile.
    pub profile: String,
    /// The queue.
    pub queue: String,
    /// The publisher's name for it.
    pub message_id: Option<String>,
    /// SHA-256 of queue and body.
    pub digest: [u8; 32],
    /// Whether the broker said that it may have come before.
    pub redelivered: bool,
    /// The body; `None` when it was too long to be kept.
    pub body: Option<Vec<u8>>,
    /// Why it cannot be read, when it cannot.
    pub set_aside: Option<String>,
}

/// An event in the store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredEvent {
    /// Its number, growing.
    pub seq: i64,
    /// The queue.
    pub queue: String,
    /// The publisher's name for it.
    pub message_id: Option<String>,
    /// When it was stored.
    pub received_at: OffsetDateTime,
    /// Whether the broker said that it may have come before.
    pub redelivered: bool,
    /// The body; `None` when it was too long to be kept.
    pub body: Option<Vec<u8>>,
    /// Why it cannot be read, when it cannot.
    pub set_aside: Option<String>,
}

/// Stores an event unless it is here already, and gives its number when it is new. One with a name is known by it; one without is known by
/// its digest, and only when the broker says that it may have come before: two events may be alike.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub fn store(tx: &Transaction<'_>, event: &Arrived) -> Result<Option<i64>, Fault> {
    if is_known(tx, event)? {
        return Ok(None);
    }
    let seq = tx
        .prepare_cached(
            "INSERT INTO queue_events
             (service, profile, queue, message_id, digest, received_at, redelivered, body, set_aside)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING seq",
        )?
        .query_row(
            (
                event.service,
                &event.profile,
                &event.queue,
                &event.message_id,
                event.digest,
                Moment::now(),
                event.redelivered,
                &event.body,
                &event.set_aside,
            ),
            |row| row.get(0),
        )?;
    Ok(Some(seq))
}

/// The events of a profile after number `after`, the oldest first.
///
/// # Errors
/// `store_failed`.
pub fn after(
    connection: &Connection,
    service: &str,
    profile: &str,
    after: i64,
    limit: u32,
) -> Result<Vec<StoredEvent>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, queue, message_id, received_at, redelivered, body, set_aside FROM queue_events
         WHERE service = ?1 AND profile = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4",
    )?;
    let rows = statement.query_map((service, profile, after, limit), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn is_known(tx: &Transaction<'_>, event: &Arrived) -> Result<bool, Fault> {
    let known = match &event.message_id {
        Some(id) => tx
            .prepare_cached(
                "SELECT 1 FROM queue_events WHERE service = ?1 AND profile = ?2 AND queue = ?3 AND message_id = ?4",
            )?
            .query_row((event.service, &event.profile, &event.queue, id), |_| Ok(()))
            .optional()?,
        None if event.redelivered => tx
            .prepare_cached("SELECT 1 FROM queue_events WHERE service = ?1 AND profile = ?2 AND digest = ?3 LIMIT 1")?
            .query_row((event.service, &event.profile, event.digest), |_| Ok(()))
            .optional()?,
        None => None,
    };
    Ok(known.is_some())
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    Ok(StoredEvent {
        seq: row.get(0)?,
        queue: row.get(1)?,
        message_id: row.get(2)?,
        received_at: row.get::<_, Moment>(3)?.0,
        redelivered: row.get(4)?,
        body: row.get(5)?,
        set_aside: row.get(6)?,
    })
}
