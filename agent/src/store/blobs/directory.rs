use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;
use uuid::Uuid;

use super::BlobId;
use super::spool::Temporary;
use crate::messages::Fault;
use crate::platform;
use crate::store::{Inner, Store, fault};

/// The directory `blobs` and who holds which of its files in this process.
#[derive(Clone, Debug)]
pub(in crate::store) struct BlobDirectory {
    root: PathBuf,
    pins: Arc<Mutex<HashMap<BlobId, usize>>>,
}

impl BlobDirectory {
    /// Opens or creates it, and removes what unfinished spools of a crashed agent left.
    pub(in crate::store) fn open(state_dir: &Path) -> Result<Self, Fault> {
        let root = state_dir.join("blobs");
        let tmp = root.join("tmp");
        for directory in [&root, &tmp] {
            platform::make_private_directory(directory).map_err(|e| fault::io("creating", directory, &e))?;
        }
        for entry in fs::read_dir(&tmp).map_err(|e| fault::io("reading", &tmp, &e))? {
            let path = entry.map_err(|e| fault::io("reading", &tmp, &e))?.path();
            fs::remove_file(&path).map_err(|e| fault::io("removing", &path, &e))?;
        }
        Ok(Self {
            root,
            pins: Arc::default(),
        })
    }

    /// Removes every document that nothing refers to and that is older than an hour. Called on the writer thread, or
    /// before it runs.
    pub(in crate::store) fn sweep(&self, connection: &Connection) -> Result<(), Fault> {
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

    pub(super) fn path(&self, id: &BlobId) -> PathBuf {
        let (shard, _) = id.as_str().split_at(2);
        self.root.join(shard).join(id.as_str())
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.root.join("tmp").join(Uuid::new_v4().to_string())
    }

    /// Gives a spooled file its name and pins it.
    pub(super) fn adopt(&self, temporary: &mut Temporary, id: &BlobId, store: &Store) -> Result<Pin, Fault> {
        let path = self.path(id);
        let shard = path.parent().unwrap_or(&self.root);
        platform::make_private_directory(shard).map_err(|e| fault::io("creating", shard, &e))?;
        platform::sync_directory(&self.root).map_err(|e| fault::io("syncing", &self.root, &e))?;
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
        platform::sync_directory(shard).map_err(|e| fault::io("syncing", shard, &e))?;
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

pub(super) fn release(inner: &Inner, ids: Vec<BlobId>) {
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
pub(super) struct Pin {
    id: BlobId,
    pins: Arc<Mutex<HashMap<BlobId, usize>>>,
    /// Weak: a document held somewhere does not keep the store open.
    store: Weak<Inner>,
}

impl Pin {
    pub(super) fn id(&self) -> &BlobId {
        &self.id
    }
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

const UNREFERENCED_FOR: Duration = Duration::from_secs(3600);
