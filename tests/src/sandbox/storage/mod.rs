//! Where the sandbox keeps its state: plain files in one directory, readable after a crash of the sandbox itself.
//!
//! Each record is a file of its own, written beside and renamed into place, so a group of many thousand documents costs one
//! small write a change. Nothing is synced to the disk: the sandbox survives the end of its process, not of the machine.

mod archive;
mod blobs;
mod shelf;

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

pub(crate) use archive::zip_of;
pub(crate) use blobs::{BlobRef, BlobStore};
pub(crate) use shelf::Shelf;

/// The directory of one sandbox: the caller's, or a temporary one which goes when the sandbox goes.
#[derive(Debug)]
pub(crate) struct Storage {
    root: PathBuf,
    _temporary: Option<TempDir>,
}

impl Storage {
    /// Uses `state_dir`, created when missing, or a new temporary directory.
    pub(crate) fn open(state_dir: Option<&Path>) -> io::Result<Self> {
        match state_dir {
            Some(dir) => {
                std::fs::create_dir_all(dir)?;
                Ok(Self {
                    root: dir.to_owned(),
                    _temporary: None,
                })
            }
            None => {
                let temporary = TempDir::with_prefix("edo-sandbox-")?;
                Ok(Self {
                    root: temporary.path().to_owned(),
                    _temporary: Some(temporary),
                })
            }
        }
    }

    /// A file in the directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A directory in the directory, created when missing.
    pub(crate) fn dir(&self, name: &str) -> io::Result<PathBuf> {
        let dir = self.root.join(name);
        std::fs::create_dir_all(&dir)?;
        Ok(dir)
    }
}

/// Writes a file so that a reader sees the old content or the new one, never a part.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, content)?;
    std::fs::rename(&beside, path)
}
