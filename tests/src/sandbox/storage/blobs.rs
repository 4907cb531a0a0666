//! Bytes by their SHA-256.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::write_whole;

/// Names bytes in a [`BlobStore`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlobRef {
    pub(crate) sha256: String,
    pub(crate) size: u64,
}

/// Content-addressed files.
#[derive(Debug)]
pub(crate) struct BlobStore {
    dir: PathBuf,
}

impl BlobStore {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    pub(crate) fn put(&self, bytes: &[u8]) -> io::Result<BlobRef> {
        let blob = BlobRef {
            sha256: hex::encode(Sha256::digest(bytes)),
            size: bytes.len() as u64,
        };
        let path = self.path(&blob);
        if !path.exists() {
            write_whole(&path, bytes)?;
        }
        Ok(blob)
    }

    pub(crate) fn read(&self, blob: &BlobRef) -> io::Result<Vec<u8>> {
        std::fs::read(self.path(blob))
    }

    /// Bytes by their digest in lower-case hexadecimal, if they are here.
    pub(crate) fn find(&self, sha256: &str) -> Option<Vec<u8>> {
        let is_digest = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digest.then(|| std::fs::read(self.dir.join(sha256)).ok()).flatten()
    }

    pub(crate) fn path(&self, blob: &BlobRef) -> PathBuf {
        self.dir.join(&blob.sha256)
    }
}
