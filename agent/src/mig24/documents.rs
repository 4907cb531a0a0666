//! The documents behind the hashes: fetched where they can be had, compared, and made ready for the question.

use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;

use super::client::Mig24Client;
use super::input::PlannedDocument;
use super::model::GroupInfo;
use super::readings::{Reading, Readings};
use super::shapes::{Prepared, PreparedItem};
use crate::cms::{Digest, DigestAlgorithm, Hasher};
use crate::http_client::{Failure, ServiceId};
use crate::jobs::{JobContext, JobEnd, StepError};
use crate::messages::{Code, Fault};
use crate::signing::{Document, DocumentKind};
use crate::store::blobs::{self, BlobId, Spooled};

/// The largest document that is fetched, in bytes.
const LARGEST: u64 = 4 << 30;

/// Finds and checks the documents of one prepared group.
pub(super) struct Documents<'a> {
    pub(super) client: &'a Mig24Client,
    pub(super) context: &'a JobContext,
    pub(super) prepared: &'a Prepared,
    pub(super) info: &'a GroupInfo,
    /// The files that the caller handed in.
    pub(super) own: &'a [PlannedDocument],
    pub(super) readings: Readings<'a>,
    /// Whether the service takes CMS without signed attributes only.
    pub(super) plain_cms: bool,
}

/// One document, ready to be asked about.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) document: Document,
    /// Whether its file was had and fits the hash.
    pub(super) seen: bool,
}

/// A document's file in the store.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Fetched {
    blob: BlobId,
    size: u64,
    digest: Digest,
}

impl Documents<'_> {
    /// Reads every hash, then fetches and compares every document: one that does not fit refuses the whole group.
    pub(super) async fn check(&self) -> Result<Vec<Checked>, JobEnd> {
        // All hashes first: nothing is fetched for a group that is refused anyway.
        let mut readings = Vec::with_capacity(self.prepared.items.len());
        for (at, item) in self.prepared.items.iter().enumerate() {
            readings.push(self.readings.read(item, at)?);
        }
        let listed = self.info.documents();
        let mut checked = Vec::with_capacity(readings.len());
        for (at, (item, reading)) in self.prepared.items.iter().zip(&readings).enumerate() {
            let id = self.id(item, at, &listed);
            let own = id
                .as_ref()
                .and_then(|id| self.own.iter().find(|document| document.id == *id));
            let name = own
                .map(|document| document.name.clone())
                .or_else(|| item.name.clone())
                .or_else(|| {
                    let known = listed.iter().find(|(known, _)| Some(known) == id.as_ref());
                    known.and_then(|(_, name)| name.clone())
                })
                .unwrap_or_else(|| item.label(at));
            let algorithm = self.readings.algorithm(item, at)?;
            let fetched = self.fetch(at, id.as_ref(), own, algorithm).await?;
            let digest = fetched.as_ref().map(|fetched| &fetched.digest);
            self.readings.confirm(reading, digest, &name)?;
            let seen = fetched.is_some() && !matches!(reading, Reading::AttributesDigest(_));
            let document = self.document(at, name, id, reading, fetched).await?;
            checked.push(Checked { document, seen });
        }
        Ok(checked)
    }

    /// The document's id: the item's own, or by its place where the answer is a bare list.
    fn id(&self, item: &PreparedItem, at: usize, listed: &[(ServiceId, Option<String>)]) -> Option<ServiceId> {
        if item.id().is_some() {
            return item.document.clone();
        }
        let same_length = |length: usize| length == self.prepared.items.len();
        if same_length(self.own.len()) {
            return self.own.get(at).map(|document| document.id.clone());
        }
        listed
            .get(at)
            .filter(|_| same_length(listed.len()))
            .map(|(id, _)| id.clone())
    }

    /// The document's file with its digest, `None` when it cannot be had.
    async fn fetch(
        &self,
        at: usize,
        id: Option<&ServiceId>,
        own: Option<&PlannedDocument>,
        algorithm: DigestAlgorithm,
    ) -> Result<Option<Fetched>, JobEnd> {
        let Some(id) = id else {
            return Ok(None);
        };
        self.context
            .safe_step(&format!("file.{}", at + 1), || async {
                match own {
                    Some(document) => self.read_own(document, algorithm).await.map(Some),
                    None => self.download(id, algorithm).await,
                }
            })
            .await
    }

    async fn read_own(&self, document: &PlannedDocument, algorithm: DigestAlgorithm) -> Result<Fetched, StepError> {
        let file = &document.file;
        let mut content = self
            .context
            .store()
            .blob(&file.blob)
            .await
            .map_err(StepError::Refused)?;
        let mut hasher = Hasher::new(algorithm);
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

    async fn download(&self, id: &ServiceId, algorithm: DigestAlgorithm) -> Result<Option<Fetched>, StepError> {
        let mut download = match self.client.document_file(id).await {
            Ok(download) => download,
            // The guide promises the file of a document, not of every one that a hash is of.
            Err(Failure::Refused(fault)) if fault.code() == Code::ServiceRefused => return Ok(None),
            Err(failure) => return Err(failure.into()),
        };
        let mut spool = self.context.store().spool(LARGEST).await.map_err(StepError::Refused)?;
        let mut hasher = Hasher::new(algorithm);
        while let Some(chunk) = download.chunk().await.map_err(StepError::from)? {
            hasher.update(&chunk);
            spool.write(&chunk).await.map_err(StepError::Refused)?;
        }
        let spooled = spool.finish().await.map_err(StepError::Refused)?;
        self.keep(&spooled).await?;
        Ok(Some(Fetched {
            blob: spooled.id().clone(),
            size: spooled.size(),
            digest: hasher.finish(),
        }))
    }

    async fn document(
        &self,
        at: usize,
        name: String,
        id: Option<ServiceId>,
        reading: &Reading,
        fetched: Option<Fetched>,
    ) -> Result<Document, JobEnd> {
        let size = fetched.as_ref().map(|fetched| fetched.size);
        let (kind, blob, digest) = match reading {
            Reading::Content(digest) => (
                DocumentKind::of_document(self.plain_cms),
                fetched.map(|fetched| fetched.blob),
                Some(digest.clone()),
            ),
            Reading::AttributesDigest(digest) => (DocumentKind::ForeignAttributesDigest, None, Some(digest.clone())),
            Reading::Attributes(der) => {
                let blob = self
                    .context
                    .safe_step(&format!("attributes.{}", at + 1), || self.keep_attributes(der))
                    .await?;
                (DocumentKind::ForeignAttributes, Some(blob), None)
            }
        };
        Ok(Document {
            name,
            media_type: None,
            reference: id.map(|id| id.to_string()),
            blob: blob.map(String::from),
            size,
            digest,
            kind,
        })
    }

    async fn keep_attributes(&self, der: &[u8]) -> Result<BlobId, StepError> {
        let mut spool = self.context.store().spool(LARGEST).await.map_err(StepError::Refused)?;
        spool.write(der).await.map_err(StepError::Refused)?;
        let spooled = spool.finish().await.map_err(StepError::Refused)?;
        self.keep(&spooled).await?;
        Ok(spooled.id().clone())
    }

    /// While `spooled` is held the document stays; from the commit on it stays for the job.
    async fn keep(&self, spooled: &Spooled) -> Result<(), StepError> {
        let (job, blob) = (self.context.id(), spooled.id().clone());
        let kept = self.context.write(move |tx| blobs::refer(tx, job, &blob)).await;
        kept.map_err(StepError::Refused)
    }
}
