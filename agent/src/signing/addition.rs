//! A further signer in a signature that exists: what must hold before anybody is asked, and the joining afterwards.

use tokio::io::AsyncReadExt as _;

use super::content;
use super::request::{Document, SignedDocument};
use crate::cms::{Reason, SignedData, Trust};
use crate::messages::{Code, Fault};
use crate::store::Store;

/// The largest signature that another signer is added to, in bytes: it is held in memory.
const LARGEST: u64 = 64 << 20;

/// Checks that `existing`, a spooled CMS, is a signature over the content of `document`, so that the new signer signs the same.
///
/// # Errors
/// `invalid_field` when it is no such signature, `digest_mismatch` when it is one over other content, `store_failed`.
pub async fn check_addition(store: &Store, existing: &str, document: &Document) -> Result<(), Fault> {
    let Some(blob) = &document.blob else {
        return Err(refused(
            "needs the document's content, which the existing signature is held against",
        ));
    };
    let signed = read(store, existing).await?;
    if signed.signers().iter().any(|signer| signer.attributes().is_none()) {
        return Err(refused(
            "holds a signer without signed attributes; another signer would not be told from it",
        ));
    }
    if !signed.is_over_data() {
        return Err(refused("is not over a document but over content of another type"));
    }
    let digests = content::digests_of(store, blob, &signed.required_digests()).await?;
    let trust = Trust {
        roots: &[],
        intermediates: &[],
        now: time::OffsetDateTime::now_utc(),
    };
    for verdict in signed.verify(&digests, &trust) {
        match verdict.integrity {
            // A signer whose certificate or algorithm is not known here says nothing against the content.
            Ok(()) | Err(Reason::CertificateMissing | Reason::AlgorithmUnsupported) => {}
            Err(Reason::ContentDigestMismatch) => {
                return Err(Fault::new(Code::DigestMismatch)
                    .arg("document", &document.name)
                    .detail("the existing signature is over other content"));
            }
            Err(reason) => return Err(refused(&format!("does not hold: {reason}"))),
        }
    }
    Ok(())
}

/// Puts the signer in `document`, made just now, into `existing`.
///
/// # Errors
/// `store_failed`.
pub async fn add_signer(store: &Store, existing: &str, document: &mut SignedDocument) -> Result<(), Fault> {
    let existing = read(store, existing).await?;
    let ours = SignedData::parse(&document.signature).map_err(Fault::internal)?;
    document.signature = existing.with_signers_of(&ours).map_err(Fault::internal)?;
    Ok(())
}

async fn read(store: &Store, blob: &str) -> Result<SignedData, Fault> {
    let mut bytes = Vec::new();
    let file = store.blob(&content::blob_id(blob)?).await?;
    let taken = file.take(LARGEST + 1).read_to_end(&mut bytes).await;
    taken.map_err(|error| Fault::new(Code::StoreFailed).detail(error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Fault::new(Code::BodyTooLarge).arg("limit", LARGEST));
    }
    SignedData::parse(&bytes).map_err(|error| refused(&format!("cannot be read: {error}")))
}

fn refused(reason: &str) -> Fault {
    Fault::invalid_field("add_to", reason)
}
