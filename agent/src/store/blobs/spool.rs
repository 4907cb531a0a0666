use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::{BlobId, Spooled, blocking};
use crate::messages::{Code, Fault};
use crate::store::{Store, fault};

/// A document on its way into the store. Dropped before [`Spool::finish`] it leaves nothing.
#[derive(Debug)]
pub struct Spool {
    pub(super) store: Store,
    pub(super) file: File,
    pub(super) temporary: Temporary,
    pub(super) hash: Sha256,
    pub(super) size: u64,
    pub(super) limit: u64,
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
        let id = BlobId::of(self.hash.finalize().into());
        let Self {
            store,
            size,
            mut temporary,
            ..
        } = self;
        blocking(move || {
            let pin = store.inner.blobs.adopt(&mut temporary, &id, &store)?;
            Ok(Spooled::new(pin, size))
        })
        .await
    }
}

/// The file of a spool at work; removed when dropped before it got its name.
#[derive(Debug)]
pub(super) struct Temporary(pub(super) Option<PathBuf>);

impl Temporary {
    pub(super) fn rename(&mut self, to: &Path) -> Result<(), Fault> {
        if let Some(from) = &self.0 {
            fs::rename(from, to).map_err(|e| fault::io("renaming to", to, &e))?;
            self.0 = None;
        }
        Ok(())
    }

    fn failed(&self, doing: &str, error: &io::Error) -> Fault {
        fault::io(
            doing,
            self.0.as_deref().unwrap_or_else(|| Path::new("a document")),
            error,
        )
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
