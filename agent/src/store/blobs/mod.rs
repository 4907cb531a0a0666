//! Documents beside the database: content-addressed files `blobs/<aa>/<sha256>`, mode 0600.
//!
//! A [`Spool`] writes to `blobs/tmp` while it hashes; finishing it syncs the file, renames it and syncs the
//! directory, and only then may a row name it. A blob lives while a [`Spooled`] of it is held or a job refers to
//! it (`job_blobs`): one that is not closed, or one whose profile keeps documents for some days. Files are unlinked
//! on the writer thread only, so that no row that names one can appear meanwhile.

mod directory;
mod id;
mod spool;

use std::io;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::fs::File;
use uuid::Uuid;

use super::columns::Moment;
use super::{Connection, Store, Transaction, fault};
use crate::messages::{Code, Fault};
use crate::platform;
pub(super) use directory::BlobDirectory;
use directory::{Pin, release};
pub use id::{BlobId, NotABlobId};
pub use spool::Spool;
use spool::Temporary;

impl Store {
    /// Begins to spool a document of at most `limit` bytes.
    ///
    /// # Errors
    /// `store_failed`, `disk_full`.
    pub async fn spool(&self, limit: u64) -> Result<Spool, Fault> {
        let path = self.inner.blobs.temporary();
        let create = path.clone();
        let file =
            blocking(move || platform::create_private_file(&create).map_err(|e| fault::io("creating", &create, &e)))
                .await?;
        Ok(Spool {
            store: self.clone(),
            file: File::from_std(file),
            temporary: Temporary(Some(path)),
            hash: Sha256::new(),
            size: 0,
            limit,
        })
    }

    /// Opens a document for reading.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`.
    pub async fn blob(&self, id: &BlobId) -> Result<File, Fault> {
        let path = self.inner.blobs.path(id);
        File::open(&path).await.map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => {
                Fault::new(Code::NoSuchItem).detail(format_args!("the document {id} is not kept any more"))
            }
            _ => fault::io("opening", &path, &e),
        })
    }

    /// Whether the document lies in the store.
    pub fn has_blob(&self, id: &BlobId) -> bool {
        self.inner.blobs.path(id).is_file()
    }

    /// Deletes those of `ids` that nothing refers to and nobody holds.
    pub(crate) fn release_blobs(&self, ids: Vec<BlobId>) {
        if !ids.is_empty() {
            release(&self.inner, ids);
        }
    }

    /// Deletes documents that nothing refers to and that were written more than an hour ago: what a crash left
    /// behind.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn sweep_blobs(&self) -> Result<(), Fault> {
        let blobs = self.inner.blobs.clone();
        self.write(move |tx| blobs.sweep(tx)).await
    }
}

/// A document in the store that stays there while this is held; then it stays only if an open job refers to it.
#[derive(Clone, Debug)]
pub struct Spooled {
    pin: Arc<Pin>,
    size: u64,
}

impl Spooled {
    fn new(pin: Pin, size: u64) -> Self {
        Self {
            pin: Arc::new(pin),
            size,
        }
    }

    /// The content address.
    pub fn id(&self) -> &BlobId {
        self.pin.id()
    }

    /// The size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// Notes that `job` needs `blob` until it closes.
pub(crate) fn refer(tx: &Transaction<'_>, job: Uuid, blob: &BlobId) -> Result<(), Fault> {
    tx.prepare_cached("INSERT OR IGNORE INTO job_blobs (job, blob) VALUES (?1, ?2)")?
        .execute((job.to_string(), blob.as_str()))?;
    Ok(())
}

/// Notes that `blob` is a file that `job`'s scenario wrote for itself, no document: it goes when the job closes.
pub(crate) fn refer_work(tx: &Transaction<'_>, job: Uuid, blob: &BlobId) -> Result<(), Fault> {
    tx.prepare_cached("INSERT OR IGNORE INTO job_blobs (job, blob, is_work) VALUES (?1, ?2, 1)")?
        .execute((job.to_string(), blob.as_str()))?;
    Ok(())
}

/// Lets the documents of `job`, which closes now, stay until `until`, and gives its other files.
pub(crate) fn keep(tx: &Transaction<'_>, job: Uuid, until: OffsetDateTime) -> Result<Vec<BlobId>, Fault> {
    tx.prepare_cached("UPDATE job_blobs SET kept_until = ?2 WHERE job = ?1 AND is_work = 0")?
        .execute((job.to_string(), Moment(until)))?;
    let mut statement = tx.prepare_cached("DELETE FROM job_blobs WHERE job = ?1 AND is_work = 1 RETURNING blob")?;
    let rows = statement.query_map([job.to_string()], |row| row.get::<_, String>(0))?;
    collected(rows)
}

/// The documents of `job` that are there: all that it has while it is open, those that are kept afterwards.
pub(crate) fn of_job(connection: &Connection, job: Uuid) -> Result<Vec<BlobId>, Fault> {
    let mut statement =
        connection.prepare_cached("SELECT blob FROM job_blobs WHERE job = ?1 AND is_work = 0 ORDER BY blob")?;
    let rows = statement.query_map([job.to_string()], |row| row.get::<_, String>(0))?;
    collected(rows)
}

/// Ends the references whose time has passed and gives the documents that they had.
pub(crate) fn forget_expired(tx: &Transaction<'_>) -> Result<Vec<BlobId>, Fault> {
    let mut statement = tx.prepare_cached("DELETE FROM job_blobs WHERE kept_until <= ?1 RETURNING blob")?;
    let rows = statement.query_map([Moment::now()], |row| row.get::<_, String>(0))?;
    collected(rows)
}

/// Ends every reference of `job` and gives the documents that it had.
pub(crate) fn forget(tx: &Transaction<'_>, job: Uuid) -> Result<Vec<BlobId>, Fault> {
    let mut statement = tx.prepare_cached("DELETE FROM job_blobs WHERE job = ?1 RETURNING blob")?;
    let rows = statement.query_map([job.to_string()], |row| row.get::<_, String>(0))?;
    collected(rows)
}

fn collected(rows: impl Iterator<Item = rusqlite::Result<String>>) -> Result<Vec<BlobId>, Fault> {
    let mut ids = Vec::new();
    for row in rows {
        ids.extend(BlobId::try_from(row?));
    }
    Ok(ids)
}

async fn blocking<T, F>(work: F) -> Result<T, Fault>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Fault> + Send + 'static,
{
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|e| Err(Fault::internal(format_args!("file work ended early: {e}"))))
}
