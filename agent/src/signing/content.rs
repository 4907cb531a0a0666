//! The documents of a request: their digests, streamed, and what of them is shown.

use std::collections::BTreeSet;

use tokio::io::AsyncReadExt as _;

use super::request::{Document, DocumentKind};
use crate::cms::{ContentDigester, ContentDigests, Digest, DigestAlgorithm, SignedAttributes};
use crate::consent::{ApprovedItem, DocumentView, ItemKind};
use crate::messages::{Code, Fault};
use crate::preview::Previewer;
use crate::store::Store;
use crate::store::blobs::BlobId;

/// How much of a document is in memory at a time.
const PIECE: usize = 64 << 10;

/// The largest set of signed attributes, in bytes.
const LARGEST_ATTRIBUTES: u64 = 64 << 10;

/// In so many ZIPs of a request the names are read for the question itself; the preview lists any.
const LISTED_ARCHIVES: usize = 32;
/// How many entries of a ZIP are shown.
const SHOWN_ENTRIES: usize = 200;

/// A document with the digest that will be signed.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) document: Document,
    pub(super) item: ApprovedItem,
    pub(super) view: DocumentView,
}

/// Computes the digest that is signed, and checks the one that came with the document. The names in ZIPs are read elsewhere ([`list_archives`]).
///
/// # Errors
/// `digest_mismatch`, `digest_length`, `invalid_field`, `no_such_item`, `store_failed`.
pub(super) async fn prepare(store: &Store, document: &Document, algorithm: DigestAlgorithm) -> Result<Prepared, Fault> {
    let digest = match &document.blob {
        Some(blob) => digest_of(store, &blob_id(blob)?, document, algorithm).await?,
        None => given_digest(document, algorithm)?,
    };
    let kind = match document.kind {
        DocumentKind::Content => ItemKind::Content,
        DocumentKind::BareContent => {
            check_bare(store, document).await?;
            ItemKind::BareContent
        }
        DocumentKind::ForeignAttributes => ItemKind::ForeignAttributes,
        DocumentKind::ForeignAttributesDigest => ItemKind::ForeignAttributesDigest,
    };
    let is_document = matches!(document.kind, DocumentKind::Content | DocumentKind::BareContent);
    let seen = document.blob.is_some() && is_document;
    Ok(Prepared {
        item: ApprovedItem {
            kind,
            name: document.name.clone(),
            digest: digest.clone(),
        },
        view: DocumentView {
            name: document.name.clone(),
            media_type: document.media_type.clone(),
            size: document.size,
            digest,
            seen,
            kind,
            entries: Vec::new(),
            content: document.blob.as_deref().filter(|_| seen).map(blob_id).transpose()?,
        },
        document: document.clone(),
    })
}

/// Without attributes the digest of the content is what is signed. Content that itself is a set of signed attributes would then make a signature on
/// whatever those are about, so it is refused, and so is content that was not seen (the ambiguity that RFC 5652 section 5.4 leaves).
async fn check_bare(store: &Store, document: &Document) -> Result<(), Fault> {
    let refused = |reason: &str| {
        Err(
            Fault::invalid_field("documents", format_args!("{:?} {reason}", document.name))
                .detail("a signature without signed attributes is made only over content that the agent sees"),
        )
    };
    let Some(blob) = &document.blob else {
        return refused("comes without its content");
    };
    if document.size.is_some_and(|size| size > LARGEST_ATTRIBUTES) {
        return Ok(());
    }
    match SignedAttributes::parse(&read_small(store, blob).await?) {
        Ok(_) => refused("is a set of signed attributes, not a document"),
        Err(_) => Ok(()),
    }
}

/// Reads a whole small blob: signed attributes that a service built.
pub(super) async fn read_small(store: &Store, blob: &str) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let file = store.blob(&blob_id(blob)?).await?;
    file.take(LARGEST_ATTRIBUTES + 1)
        .read_to_end(&mut bytes)
        .await
        .map_err(Fault::internal)?;
    if bytes.len() as u64 > LARGEST_ATTRIBUTES {
        return Err(Fault::new(Code::PrepareUnusable).detail("signed attributes of more than 64 KiB"));
    }
    Ok(bytes)
}

/// Reads a whole document, for an attached signature.
pub(super) async fn read_whole(store: &Store, document: &Document) -> Result<Vec<u8>, Fault> {
    let blob = document.blob.as_deref().ok_or_else(|| {
        Fault::invalid_field(
            "documents",
            format_args!("{:?} has no content to attach", document.name),
        )
    })?;
    let mut bytes = Vec::new();
    store
        .blob(&blob_id(blob)?)
        .await?
        .read_to_end(&mut bytes)
        .await
        .map_err(Fault::internal)?;
    Ok(bytes)
}

async fn digest_of(
    store: &Store,
    blob: &BlobId,
    document: &Document,
    algorithm: DigestAlgorithm,
) -> Result<Digest, Fault> {
    let mut algorithms = BTreeSet::from([algorithm]);
    algorithms.extend(document.digest.as_ref().map(Digest::algorithm));
    let digests = digest_all(store, blob, &algorithms).await?;
    if let Some(given) = &document.digest
        && digests.by(given.algorithm()) != Some(given)
    {
        return Err(Fault::new(Code::DigestMismatch).arg("document", &document.name));
    }
    digests
        .by(algorithm)
        .cloned()
        .ok_or_else(|| Fault::internal("a digest that was asked for is missing"))
}

/// The digests of a spooled document, read piece by piece.
pub(super) async fn digests_of(
    store: &Store,
    blob: &str,
    algorithms: &BTreeSet<DigestAlgorithm>,
) -> Result<ContentDigests, Fault> {
    digest_all(store, &blob_id(blob)?, algorithms).await
}

async fn digest_all(
    store: &Store,
    blob: &BlobId,
    algorithms: &BTreeSet<DigestAlgorithm>,
) -> Result<ContentDigests, Fault> {
    let mut digester = ContentDigester::new(algorithms);
    let mut file = store.blob(blob).await?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece).await.map_err(|error| {
            Fault::new(Code::StoreFailed).detail(format_args!("the spooled document cannot be read: {error}"))
        })?;
        if read == 0 {
            return Ok(digester.finish());
        }
        digester.update(&piece[..read]);
    }
}

fn given_digest(document: &Document, algorithm: DigestAlgorithm) -> Result<Digest, Fault> {
    let digest = document.digest.clone().ok_or_else(|| {
        Fault::invalid_field(
            "documents",
            format_args!("{:?} has neither content nor digest", document.name),
        )
    })?;
    if digest.algorithm() == algorithm {
        return Ok(digest);
    }
    Err(Fault::new(Code::DigestLength)
        .arg("document", &document.name)
        .arg("algorithm", digest.algorithm())
        .arg("expected", algorithm)
        .detail(format_args!(
            "the certificate signs {algorithm} digests, this one is {}",
            digest.algorithm()
        )))
}

pub(super) fn blob_id(text: &str) -> Result<BlobId, Fault> {
    text.parse().map_err(Fault::internal)
}

/// Has the names in the ZIPs read, each in a process that can do nothing else; of a long list in the first documents only, for each takes a process.
/// A document that cannot be listed is no error: the person sees no names.
pub(super) async fn list_archives<'a>(
    store: &Store,
    previewer: &Previewer,
    views: impl Iterator<Item = &'a mut DocumentView>,
) {
    let mut listed = 0;
    for view in views {
        if listed == LISTED_ARCHIVES {
            return;
        }
        let Some(content) = &view.content else { continue };
        let Ok(file) = store.blob(content).await else { continue };
        if let Some(names) = previewer.archive_names(file, SHOWN_ENTRIES).await {
            view.entries = names;
            listed += 1;
        }
    }
}
