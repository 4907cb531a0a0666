//! One attempt with the token: one login, the items that are left, each value checked and stored as it comes.

use serde_json::json;
use uuid::Uuid;

use super::content::{self, Prepared};
use super::request::DocumentKind;
use super::selection::Candidate;
use crate::certificate::Certificate;
use crate::cms::{
    DigestAlgorithm, Scheme, SelfCheckError, SignatureValue, SignedAttributes, ToBeSigned, normalise_signature,
};
use crate::consent::{Approval, Unlock};
use crate::messages::{Code, Fault};
use crate::store::approvals::{self, ItemState};
use crate::store::{Store, audit};
use crate::token::{Authorised, Batch, Fleet, TokenError};

/// One item of the approval on its way to a signature.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) prepared: Prepared,
    pub(super) tbs: Tbs,
    pub(super) value: Option<SignatureValue>,
}

/// What is signed for an item.
#[derive(Debug)]
pub(super) enum Tbs {
    /// Attributes that the agent built.
    Attributes(SignedAttributes),
    /// Attributes that a service built.
    Foreign(Vec<u8>),
    /// A digest that a service made.
    ForeignDigest,
}

impl Item {
    /// The bytes that go into the store as what was given to the token.
    fn tbs_bytes(&self) -> &[u8] {
        match &self.tbs {
            Tbs::Attributes(attributes) => attributes.to_be_signed(),
            Tbs::Foreign(bytes) => bytes,
            Tbs::ForeignDigest => self.prepared.item.digest.value(),
        }
    }

    fn as_input(&self) -> ToBeSigned<'_> {
        match &self.tbs {
            Tbs::Attributes(attributes) => attributes.as_input(),
            Tbs::Foreign(bytes) => ToBeSigned::Message(bytes),
            Tbs::ForeignDigest => ToBeSigned::Digest(&self.prepared.item.digest),
        }
    }

    fn authorised(
        &self,
        approval: &Approval,
        index: usize,
        certificate: &Certificate,
        scheme: &Scheme,
    ) -> Result<Authorised, Fault> {
        match &self.tbs {
            Tbs::Attributes(attributes) => Authorised::attributes(approval, index, attributes, certificate, scheme),
            Tbs::Foreign(bytes) => Authorised::foreign_attributes(approval, index, bytes, certificate, scheme),
            Tbs::ForeignDigest => Authorised::foreign_digest(approval, index, certificate, scheme),
        }
    }

    /// A value from the token or from the store, proved against the certificate.
    pub(super) fn prove(
        &self,
        certificate: &Certificate,
        scheme: &Scheme,
        value: &[u8],
    ) -> Result<SignatureValue, SelfCheckError> {
        normalise_signature(certificate, scheme, &self.as_input(), value)
    }
}

/// Builds what is signed for a document.
///
/// # Errors
/// `approval_mismatch` when foreign attributes do not name the certificate, `prepare_unusable` when they cannot be read.
pub(super) async fn tbs(
    store: &Store,
    prepared: &Prepared,
    certificate: &Certificate,
    scheme: &Scheme,
    signing_time: time::OffsetDateTime,
) -> Result<Tbs, Fault> {
    match prepared.document.kind {
        DocumentKind::Content => SignedAttributes::new(&prepared.item.digest, certificate, signing_time, scheme)
            .map(Tbs::Attributes)
            .map_err(Fault::internal),
        DocumentKind::ForeignAttributes => {
            let blob = prepared
                .document
                .blob
                .as_deref()
                .ok_or_else(|| Fault::internal("attributes without bytes"))?;
            let bytes = content::read_small(store, blob).await?;
            let attributes =
                SignedAttributes::parse(&bytes).map_err(|error| Fault::new(Code::PrepareUnusable).detail(error))?;
            if !attributes
                .certificate_hash()
                .is_some_and(|hash| hash.names(certificate))
            {
                return Err(Fault::new(Code::PrepareUnusable).detail("the attributes name another certificate"));
            }
            Ok(Tbs::Foreign(bytes))
        }
        DocumentKind::ForeignAttributesDigest => Ok(Tbs::ForeignDigest),
    }
}

/// How an attempt ended.
#[derive(Debug)]
pub(super) enum Attempt {
    /// Every item has its value.
    Complete,
    /// Some are left; the person may go on.
    Interrupted(Fault),
}

/// Signs the items that have no value yet under one login.
///
/// # Errors
/// What no second attempt can mend: `signature_invalid`, `store_failed`, `approval_mismatch`, `unsupported_algorithm`.
pub(super) async fn run(
    store: &Store,
    fleet: &Fleet,
    approval: &Approval,
    candidate: &Candidate,
    scheme: &Scheme,
    items: &mut [Item],
    unlock: Unlock,
    job: Uuid,
) -> Result<Attempt, Fault> {
    let certificate = &candidate.certificate;
    let left: Vec<usize> = (0..items.len()).filter(|index| items[*index].value.is_none()).collect();
    let authorised = left
        .iter()
        .map(|index| items[*index].authorised(approval, *index, certificate, scheme))
        .collect::<Result<Vec<_>, _>>()?;
    mark_signing(store, approval.id(), &left, items, job).await?;
    let mut signatures = fleet
        .sign(Batch {
            token: candidate.token.clone(),
            items: authorised,
            unlock,
        })
        .await;
    let mut interruption = None;
    while let Some(outcome) = signatures.next().await {
        let index = left[outcome.index];
        match outcome.result {
            Ok(raw) => {
                let value = items[index]
                    .prove(certificate, scheme, &raw)
                    .map_err(|error| invalid(error, candidate))?;
                mark_signed(
                    store,
                    approval.id(),
                    index,
                    value.as_bytes().to_vec(),
                    candidate,
                    &items[index],
                    job,
                )
                .await?;
                items[index].value = Some(value);
            }
            Err(unsigned) => {
                interruption.get_or_insert_with(|| unsigned.cause().clone());
            }
        }
    }
    match interruption {
        None => Ok(Attempt::Complete),
        // No PIN mends these.
        Some(
            error @ (TokenError::SchemeUnsupported { .. }
            | TokenError::KeyAmbiguous { .. }
            | TokenError::KeyNotFound { .. }),
        ) => Err(error.into()),
        Some(error) => Ok(Attempt::Interrupted(error.into())),
    }
}

fn invalid(error: SelfCheckError, candidate: &Candidate) -> Fault {
    Fault::new(Code::SignatureInvalid)
        .arg("token", &candidate.token.label)
        .detail(error)
}

async fn mark_signing(store: &Store, approval: Uuid, left: &[usize], items: &[Item], job: Uuid) -> Result<(), Fault> {
    let rows: Vec<_> = left
        .iter()
        .map(|index| (*index, items[*index].tbs_bytes().to_vec()))
        .collect();
    store
        .write(move |transaction| {
            let mut again = Vec::new();
            for (index, tbs) in &rows {
                if approvals::mark_signing(transaction, approval, number(*index)?, tbs)? > 1 {
                    again.push(*index);
                }
            }
            if !again.is_empty() {
                audit::append(
                    transaction,
                    audit::Entry {
                        kind: "signing_again",
                        actor: audit::Actor::Agent,
                        job: Some(job),
                        body: json!({ "approval": approval, "items": again }),
                    },
                )?;
            }
            Ok(())
        })
        .await
}

async fn mark_signed(
    store: &Store,
    approval: Uuid,
    index: usize,
    value: Vec<u8>,
    candidate: &Candidate,
    item: &Item,
    job: Uuid,
) -> Result<(), Fault> {
    let body = json!({
        "approval": approval,
        "item": index,
        "name": item.prepared.item.name,
        "digest": item.prepared.item.digest,
        "certificate": candidate.certificate.fingerprint(),
        "token": candidate.token.label,
        "signature_sha256": hex::encode(DigestAlgorithm::Sha256.digest(&value).value()),
    });
    store
        .write(move |transaction| {
            approvals::mark_signed(transaction, approval, number(index)?, &value)?;
            audit::append(
                transaction,
                audit::Entry {
                    kind: "signed",
                    actor: audit::Actor::Agent,
                    job: Some(job),
                    body,
                },
            )?;
            Ok(())
        })
        .await
}

fn number(index: usize) -> Result<u32, Fault> {
    u32::try_from(index).map_err(Fault::internal)
}

/// Whether a restored item is signed.
pub(super) fn is_signed(state: ItemState) -> bool {
    state == ItemState::Signed
}
