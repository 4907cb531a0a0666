//! A document's file with its digest.

use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;

use super::client::Mig24Client;
use super::input::SpooledFile;
use crate::cms::{Digest, DigestAlgorithm, Hasher};
use crate::http_client::{Failure, ServiceId};
use crate::jobs::{JobContext, StepError};
use crate::messages::{Code, Fault};
use crate::store::Store;
use crate::store::blobs::{self, BlobId, Spooled};

/// The largest document that is fetched, in bytes.
const LARGEST: u64 = 4 << 30;

/// A document's file in the store.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Fetched {
    pub(super) blob: BlobId,
    /// In bytes.
    pub(super) size: u64,
    pub(super) digest: Digest,
}

/// Where files go, and how they are digested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) store: &'a Store,
    pub(super) algorithm: DigestAlgorithm,
}

impl Source<'_> {
    /// Digests a file that is in the store.
    pub(super) async fn of_blob(&self, file: &SpooledFile) -> Result<Fetched, StepError> {
        let mut content = self.store.blob(&file.blob).await.map_err(StepError::Refused)?;
        let mut hasher = Hasher::new(self.algorithm);
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = content.read(&mut buffer).await.map_err(|error| {
                let fault = Fault::new(Code::StoreFailed).detail(format!("a spooled document cannot be read: {error}"));
                StepError::Refused(fault)
            })?;
            match buffer.get(..read) {
                None | Some([]) => break,
                Some(piece) => hasher.update(piece),
            }
        }
        Ok(Fetched {
            blob: file.blob.clone(),
            size: file.size,
            digest: hasher.finish(),
        })
    }

    /// Fetches a document's file into the store; `None` when the service does not have it.
    pub(super) async fn download(
        &self,
        client: &Mig24Client,
        id: &ServiceId,
    ) -> Result<Option<(Fetched, Spooled)>, StepError> {
        let mut download = match client.document_file(id).await {
            Ok(download) => download,
            // The guide promises the file of a document, not of every one that a hash is of.
            Err(Failure::Refused(fault)) if fault.code() == Code::ServiceRefused => return Ok(None),
            Err(failure) => return Err(failure.into()),
        };
        let mut spool = self.store.spool(LARGEST).await.map_err(StepError::Refused)?;
        let mut hasher = Hasher::new(self.algorithm);
        while let Some(chunk) = download.chunk().await.map_err(StepError::from)? {
            hasher.update(&chunk);
            spool.write(&chunk).await.map_err(StepError::Refused)?;
        }
        let spooled = spool.finish().await.map_err(StepError::Refused)?;
        let fetched = Fetched {
            blob: spooled.id().clone(),
            size: spooled.size(),
            digest: hasher.finish(),
        };
        Ok(Some((fetched, spooled)))
    }
}

/// Keeps files for the job. While a `Spooled` is held its file stays; from the commit on it stays for the job.
pub(super) async fn keep(context: &JobContext, spooled: Vec<Spooled>) -> Result<(), StepError> {
    if spooled.is_empty() {
        return Ok(());
    }
    let job = context.id();
    let ids: Vec<BlobId> = spooled.iter().map(|spooled| spooled.id().clone()).collect();
    let kept = context
        .write(move |tx| ids.iter().try_for_each(|id| blobs::refer(tx, job, id)))
        .await;
    kept.map_err(StepError::Refused)
}
