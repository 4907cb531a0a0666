//! Documents beside the database: content-addressed files `blobs/<aa>/<sha256>`, mode 0600.
//!
//! A [`Spool`] writes to `blobs/tmp` while it hashes; finishing it syncs the file, renames it and syncs the directory, and only then may a
//! row name it. A blob lives while a [`Spooled`] of it is held or a job that is not closed refers to it (`job_blobs`). Files are
//! unlinked on the writer thread only, so that no row that names one can appear meanwhile.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::{Inner, Store, Transaction, fault};
use crate::messages::{Code, Fault};
use crate::platform;

/// The content address of a document: its SHA-256 in lower-case hexadecimal digits.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobId(String);

impl BlobId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The document's SHA-256.
    pub fn sha256(&self) -> [u8; 32] {
        let mut digest = [0; 32];
        // Cannot fail: only text of 64 hexadecimal digits becomes an id.
        let _ = hex::decode_to_slice(&self.0, &mut digest);
        digest
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BlobId {
    type Err = NotABlobId;

    fn from_str(s: &str) -> Result<Self, NotABlobId> {
        Self::try_from(s.to_owned())
    }
}

impl TryFrom<String> for BlobId {
    type Error = NotABlobId;

    fn try_from(text: String) -> Result<Self, NotABlobId> {
        let is_id = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if is_id { Ok(Self(text)) } else { Err(NotABlobId) }
    }
}

impl From<BlobId> for String {
    fn from(id: BlobId) -> Self {
        id.0
    }
}

/// Text that is no content address.
#[derive(Debug, thiserror::Error)]
#[error("not the SHA-256 of a document in lower-case hexadecimal digits")]
pub struct NotABlobId;

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

    /// Deletes documents that nothing refers to and that were written more than an hour ago: what a crash left behind.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn sweep_blobs(&self) -> Result<(), Fault> {
        let blobs = self.inner.blobs.clone();
        self.write(move |tx| blobs.sweep(tx)).await
    }
}

/// A document on its way into the store. Dropped before [`Spool::finish`] it leaves nothing.
#[derive(Debug)]
pub struct Spool {
    store: Store,
    file: File,
    temporary: Temporary,
    hash: Sha256,
    size: u64,
    limit: u64,
}

impl Spool {
    /// Appends bytes.
    ///
    /// # Errors
    /// `body_too_large` with the `limit` in bytes; `disk_full`, `store_failed`.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.limit {
            return Err(Fault::new(Code::BodyTooLarge).arg("limit", self.limit));
        }
        self.hash.update(bytes);
        self.file
            .write_all(bytes)
            .await
            .map_err(|e| self.temporary.failed("writing", &e))
    }

    /// How many bytes were written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Makes the document durable under its content address.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn finish(mut self) -> Result<Spooled, Fault> {
        self.file
            .flush()
            .await
            .map_err(|e| self.temporary.failed("writing", &e))?;
        self.file
            .sync_all()
            .await
            .map_err(|e| self.temporary.failed("syncing", &e))?;
        let id = BlobId(hex::encode(self.hash.finalize()));
        let Self {
            store,
            size,
            mut temporary,
            ..
        } = self;
        blocking(move || {
            let pin = store.inner.blobs.adopt(&mut temporary, &id, &store)?;
            Ok(Spooled {
                pin: Arc::new(pin),
                size,
            })
        })
        .await
    }
}

/// A document in the store that stays there while this is held; then it stays only if an open job refers to it.
#[derive(Clone, Debug)]
pub struct Spooled {
    pin: Arc<Pin>,
    size: u64,
}

impl Spooled {
    /// The content address.
    pub fn id(&self) -> &BlobId {
        &self.pin.id
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

/// Ends every reference of `job` and gives the documents that it had.
pub(crate) fn forget(tx: &Transaction<'_>, job: Uuid) -> Result<Vec<BlobId>, Fault> {
    let mut statement = tx.prepare_cached("DELETE FROM job_blobs WHERE job = ?1 RETURNING blob")?;
    let rows = statement.query_map([job.to_string()], |row| row.get::<_, String>(0))?;
    let mut ids = Vec::new();
    for row in rows {
        ids.extend(BlobId::try_from(row?));
    }
    Ok(ids)
}

/// The directory `blobs` and who holds which of its files in this process.
#[derive(Clone, Debug)]
pub(super) struct BlobDirectory {
    root: PathBuf,
    pins: Arc<Mutex<HashMap<BlobId, usize>>>,
}

impl BlobDirectory {
    /// Opens or creates it, and removes what unfinished spools of a crashed agent left.
    pub(super) fn open(state_dir: &Path) -> Result<Self, Fault> {
        let root = state_dir.join("blobs");
        let tmp = root.join("tmp");
        platform::create_private_dir(&tmp).map_err(|e| fault::io("creating", &tmp, &e))?;
        for entry in fs::read_dir(&tmp).map_err(|e| fault::io("reading", &tmp, &e))? {
            let path = entry.map_err(|e| fault::io("reading", &tmp, &e))?.path();
            fs::remove_file(&path).map_err(|e| fault::io("removing", &path, &e))?;
        }
        Ok(Self {
            root,
            pins: Arc::default(),
        })
    }

    /// Removes every document that nothing refers to and that is older than an hour. Called on the writer thread, or before it runs.
    pub(super) fn sweep(&self, connection: &Connection) -> Result<(), Fault> {
        let read = |path: &Path| fs::read_dir(path).map_err(|e| fault::io("reading", path, &e));
        for shard in read(&self.root)? {
            let shard = shard.map_err(|e| fault::io("reading", &self.root, &e))?.path();
            for file in read(&shard)? {
                let file = file.map_err(|e| fault::io("reading", &shard, &e))?;
                // Files in `tmp` have no content address and belong to a spool at work.
                let Some(id) = file.file_name().to_str().and_then(|name| name.parse::<BlobId>().ok()) else {
                    continue;
                };
                let written = file
                    .metadata()
                    .and_then(|m| m.modified())
                    .map_err(|e| fault::io("reading", &shard, &e))?;
                // A clock that was set back makes the age unknown; the file waits for the next sweep then.
                if SystemTime::now()
                    .duration_since(written)
                    .is_ok_and(|age| age > UNREFERENCED_FOR)
                {
                    self.unlink(connection, &id)?;
                }
            }
        }
        Ok(())
    }

    fn path(&self, id: &BlobId) -> PathBuf {
        let (shard, _) = id.0.split_at(2);
        self.root.join(shard).join(&id.0)
    }

    fn temporary(&self) -> PathBuf {
        self.root.join("tmp").join(Uuid::new_v4().to_string())
    }

    /// Gives a spooled file its name and pins it.
    fn adopt(&self, temporary: &mut Temporary, id: &BlobId, store: &Store) -> Result<Pin, Fault> {
        let path = self.path(id);
        let shard = path.parent().unwrap_or(&self.root);
        platform::create_private_dir(shard).map_err(|e| fault::io("creating", shard, &e))?;
        platform::sync_dir(&self.root).map_err(|e| fault::io("syncing", &self.root, &e))?;
        {
            // Held over the rename: `unlink` must see either no file or the pin.
            let mut pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
            temporary.rename(&path)?;
            *pins.entry(id.clone()).or_insert(0) += 1;
        }
        let pin = Pin {
            id: id.clone(),
            pins: Arc::clone(&self.pins),
            store: Arc::downgrade(&store.inner),
        };
        platform::sync_dir(shard).map_err(|e| fault::io("syncing", shard, &e))?;
        Ok(pin)
    }

    /// Removes a document unless a row refers to it or somebody holds it.
    fn unlink(&self, connection: &Connection, id: &BlobId) -> Result<(), Fault> {
        let pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
        let referred: bool = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM job_blobs WHERE blob = ?1)")?
            .query_row([id.as_str()], |row| row.get(0))?;
        if referred || pins.contains_key(id) {
            return Ok(());
        }
        let path = self.path(id);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(fault::io("removing", &path, &e)),
            _ => Ok(()),
        }
    }
}

fn release(inner: &Inner, ids: Vec<BlobId>) {
    let blobs = inner.blobs.clone();
    inner.writer.enqueue(move |connection| {
        for id in ids {
            if let Err(fault) = blobs.unlink(connection, &id) {
                tracing::warn!(%fault, "a document that is not needed any more stays until the next sweep");
            }
        }
    });
}

/// Counts one holder of a blob.
struct Pin {
    id: BlobId,
    pins: Arc<Mutex<HashMap<BlobId, usize>>>,
    /// Weak: a document held somewhere does not keep the store open.
    store: Weak<Inner>,
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pin").field(&self.id).finish()
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        {
            let mut pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
            if let Entry::Occupied(mut holders) = pins.entry(self.id.clone()) {
                *holders.get_mut() -= 1;
                if *holders.get() == 0 {
                    holders.remove();
                }
            }
        }
        if let Some(inner) = self.store.upgrade() {
            release(&inner, vec![self.id.clone()]);
        }
    }
}

/// The file of a spool at work; removed when dropped before it got its name.
#[derive(Debug)]
struct Temporary(Option<PathBuf>);

impl Temporary {
    fn rename(&mut self, to: &Path) -> Result<(), Fault> {
        if let Some(from) = &self.0 {
            fs::rename(from, to).map_err(|e| fault::io("renaming to", to, &e))?;
            self.0 = None;
        }
        Ok(())
    }

    fn failed(&self, doing: &str, error: &io::Error) -> Fault {
        fault::io(doing, self.0.as_deref().unwrap_or_else(|| Path::new("a document")), error)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // What cannot be removed now is removed when the store is opened next.
            let _ = fs::remove_file(path);
        }
    }
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

const UNREFERENCED_FOR: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lower_case_sha256_is_a_blob_id() {
        assert!("a".repeat(64).parse::<BlobId>().is_ok());
        for text in [
            "",
            "../../etc/passwd",
            &"A".repeat(64),
            &"a".repeat(63),
            &"g".repeat(64),
            &"é".repeat(32),
        ] {
            assert!(text.parse::<BlobId>().is_err(), "{text}");
        }
    }
}
