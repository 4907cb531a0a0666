//! The documents behind the hashes: fetched where they can be had, compared, and made ready for the question. They are taken in
//! portions, one step each, so that a group of ten thousand costs hundreds of steps, and a failure costs one portion.

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::client::Mig24Client;
use super::fetched::{self, Fetched, Source};
use super::input::PlannedDocument;
use super::known_group::KnownGroup;
use super::readings::{Reading, Readings};
use super::shapes::{Prepared, PreparedItem};
use crate::cms::DigestAlgorithm;
use crate::http_client::ServiceId;
use crate::jobs::{JobContext, JobEnd, StepError};
use crate::signing::{Document, DocumentKind};
use crate::store::blobs::{BlobId, Spooled};

/// So many documents make one portion.
const PORTION: usize = 50;

/// So many files are fetched at a time.
const AT_ONCE: usize = 4;

/// The largest set of signed attributes, in bytes.
const LARGEST_ATTRIBUTES: u64 = 64 << 10;

/// Finds and checks the documents of one prepared group.
pub(super) struct Documents<'a> {
    pub(super) client: &'a Mig24Client,
    pub(super) context: &'a JobContext,
    pub(super) prepared: &'a Prepared,
    pub(super) known: &'a KnownGroup,
    /// The files that the caller handed in.
    pub(super) own: &'a [PlannedDocument],
    pub(super) readings: Readings<'a>,
}

/// One document, ready to be asked about.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) document: Document,
    /// Whether its file was had and fits the hash.
    pub(super) seen: bool,
}

/// What is to be signed for one item.
struct Wanted<'a> {
    reading: Reading,
    algorithm: DigestAlgorithm,
    id: Option<ServiceId>,
    own: Option<&'a PlannedDocument>,
    name: String,
}

impl<'a> Documents<'a> {
    /// Reads every hash, then fetches and compares every document: one that does not fit refuses the whole group.
    pub(super) async fn check(&self) -> Result<Vec<Checked>, JobEnd> {
        // All hashes first: nothing is fetched for a group that is refused anyway.
        let wanted = self.wanted()?;
        let mut checked = Vec::with_capacity(wanted.len());
        for (number, portion) in wanted.chunks(PORTION).enumerate() {
            let files = self.fetch(number + 1, portion).await?;
            for (wanted, file) in portion.iter().zip(&files) {
                let digest = file.as_ref().map(|file| &file.digest);
                self.readings.confirm(&wanted.reading, digest, &wanted.name)?;
            }
            let attributes = self.attributes(number + 1, portion).await?;
            for ((wanted, file), attributes) in portion.iter().zip(files).zip(attributes) {
                checked.push(wanted.checked(file, attributes));
            }
        }
        Ok(checked)
    }

    fn wanted(&self) -> Result<Vec<Wanted<'a>>, JobEnd> {
        let own: HashMap<&ServiceId, &PlannedDocument> = self.own.iter().map(|own| (&own.id, own)).collect();
        let names: HashMap<&ServiceId, &str> = self
            .known
            .documents
            .iter()
            .filter_map(|(id, name)| Some((id, name.as_deref()?)))
            .collect();
        let mut wanted = Vec::with_capacity(self.prepared.items.len());
        for (at, item) in self.prepared.items.iter().enumerate() {
            let id = self.id(item, at);
            let own = id.as_ref().and_then(|id| own.get(id).copied());
            let listed = || id.as_ref().and_then(|id| names.get(id)).map(|name| (*name).to_owned());
            let name = own
                .map(|document| document.name.clone())
                .or_else(|| item.name.clone())
                .or_else(listed)
                .unwrap_or_else(|| item.label(at));
            wanted.push(Wanted {
                reading: self.readings.read(item, at)?,
                algorithm: self.readings.algorithm(item, at)?,
                id,
                own,
                name,
            });
        }
        Ok(wanted)
    }

    /// The document's id: the item's own, or by its place where the answer is a bare list.
    fn id(&self, item: &PreparedItem, at: usize) -> Option<ServiceId> {
        if item.id().is_some() {
            return item.document.clone();
        }
        let same_length = |length: usize| length == self.prepared.items.len();
        if same_length(self.own.len()) {
            return self.own.get(at).map(|document| document.id.clone());
        }
        let listed = &self.known.documents;
        listed
            .get(at)
            .filter(|_| same_length(listed.len()))
            .map(|(id, _)| id.clone())
    }

    /// The files of a portion with their digests, `None` for one that cannot be had.
    async fn fetch(&self, number: usize, portion: &[Wanted<'_>]) -> Result<Vec<Option<Fetched>>, JobEnd> {
        self.context
            .safe_step(&format!("files.{number}"), || async {
                let wanted: Vec<_> = portion.iter().map(|wanted| self.had(wanted)).collect();
                let had: Vec<(Option<Fetched>, Option<Spooled>)> =
                    stream::iter(wanted).buffered(AT_ONCE).try_collect().await?;
                let (files, spooled): (Vec<_>, Vec<_>) = had.into_iter().unzip();
                fetched::keep(self.context, spooled.into_iter().flatten().collect()).await?;
                Ok(files)
            })
            .await
    }

    async fn had(&self, wanted: &Wanted<'_>) -> Result<(Option<Fetched>, Option<Spooled>), StepError> {
        let Some(id) = &wanted.id else {
            return Ok((None, None));
        };
        let source = Source {
            store: self.context.store(),
            algorithm: wanted.algorithm,
        };
        match wanted.own {
            Some(document) => Ok((Some(source.of_blob(&document.file).await?), None)),
            None => Ok(source
                .download(self.client, id)
                .await?
                .map_or((None, None), |(fetched, spooled)| (Some(fetched), Some(spooled)))),
        }
    }

    /// The signed attributes of a portion, put aside to be signed as they are.
    async fn attributes(&self, number: usize, portion: &[Wanted<'_>]) -> Result<Vec<Option<BlobId>>, JobEnd> {
        let is_attributes = |wanted: &Wanted<'_>| matches!(wanted.reading, Reading::Attributes(_));
        if !portion.iter().any(is_attributes) {
            return Ok(vec![None; portion.len()]);
        }
        self.context
            .safe_step(&format!("attributes.{number}"), || async {
                let mut ids = Vec::with_capacity(portion.len());
                let mut kept = Vec::new();
                for wanted in portion {
                    let Reading::Attributes(der) = &wanted.reading else {
                        ids.push(None);
                        continue;
                    };
                    let spooled = self.spool(der).await.map_err(StepError::Refused)?;
                    ids.push(Some(spooled.id().clone()));
                    kept.push(spooled);
                }
                fetched::keep(self.context, kept).await?;
                Ok(ids)
            })
            .await
    }

    async fn spool(&self, der: &[u8]) -> Result<Spooled, crate::messages::Fault> {
        let mut spool = self.context.store().spool(LARGEST_ATTRIBUTES).await?;
        spool.write(der).await?;
        spool.finish().await
    }
}

impl Wanted<'_> {
    fn checked(&self, file: Option<Fetched>, attributes: Option<BlobId>) -> Checked {
        let seen = file.is_some() && !matches!(self.reading, Reading::AttributesDigest(_));
        let size = file.as_ref().map(|file| file.size);
        let (kind, blob, digest) = match &self.reading {
            Reading::Content(digest) => (DocumentKind::Content, file.map(|file| file.blob), Some(digest.clone())),
            Reading::AttributesDigest(digest) => (DocumentKind::ForeignAttributesDigest, None, Some(digest.clone())),
            Reading::Attributes(_) => (DocumentKind::ForeignAttributes, attributes, None),
        };
        let document = Document {
            name: self.name.clone(),
            media_type: None,
            reference: self.id.as_ref().map(ToString::to_string),
            blob: blob.map(String::from),
            size,
            digest,
            kind,
        };
        Checked { document, seen }
    }
}
