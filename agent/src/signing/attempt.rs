//! One attempt with the token: one login, the items that are left, each value checked and stored as it comes.

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::calibration::Calibration;
use super::content::{self, Prepared};
use super::request::DocumentKind;
use super::selection::Candidate;
use crate::certificate::Certificate;
use crate::cms::{
    DigestAlgorithm, Scheme, SelfCheckError, SignatureValue, SignedAttributes, ToBeSigned, normalise_signature,
};
use crate::consent::{Approval, Unlock};
use crate::jobs::failpoints;
use crate::messages::{Code, Fault};
use crate::store::approvals::{self, ItemState};
use crate::store::{Store, Transaction, audit, calibrations};
use crate::token::{Authorised, Batch, Fleet, TokenError};

/// So many signatures are committed together with the first one at most.
const MOST_AT_ONCE: usize = 255;

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
    /// The content's digest, without attributes.
    Bare,
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
            Tbs::Bare | Tbs::ForeignDigest => self.prepared.item.digest.value(),
        }
    }

    fn as_input(&self) -> ToBeSigned<'_> {
        match &self.tbs {
            Tbs::Attributes(attributes) => attributes.as_input(),
            Tbs::Foreign(bytes) => ToBeSigned::Message(bytes),
            Tbs::Bare | Tbs::ForeignDigest => ToBeSigned::Digest(&self.prepared.item.digest),
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
            Tbs::Bare => Authorised::bare_content(approval, index, certificate, scheme),
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
        DocumentKind::BareContent => Ok(Tbs::Bare),
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

/// What goes to the token next: the items without a value, each with what is signed for it. It is committed before the token is asked.
#[derive(Debug)]
pub(super) struct Begun(Vec<Option<Vec<u8>>>);

impl Begun {
    /// Those of a request.
    pub(super) fn of(items: &[Item]) -> Self {
        let to_be_signed = |item: &Item| item.value.is_none().then(|| item.tbs_bytes().to_vec());
        Self(items.iter().map(to_be_signed).collect())
    }

    /// What is signed, by the item's place; nothing where there is a value.
    pub(super) fn into_values(self) -> Vec<Option<Vec<u8>>> {
        self.0
    }

    /// Notes them under an approval that stands, and which of them were begun before: their values were lost.
    ///
    /// # Errors
    /// `wrong_state` when the approval is not live; `store_failed`, `disk_full`.
    pub(super) fn mark(&self, transaction: &Transaction<'_>, approval: Uuid, job: Uuid) -> Result<(), Fault> {
        let mut again = Vec::new();
        for (n, value) in (0u32..).zip(&self.0) {
            if let Some(value) = value
                && approvals::mark_signing(transaction, approval, n, value)? > 1
            {
                again.push(n);
            }
        }
        if again.is_empty() {
            return Ok(());
        }
        let entry = audit::Entry {
            kind: "signing_again",
            actor: audit::Actor::Agent,
            job: Some(job),
            body: json!({ "approval": approval, "items": again }),
        };
        audit::append(transaction, entry).map(drop)
    }
}

/// What an attempt works with.
pub(super) struct Bench<'a> {
    pub(super) store: &'a Store,
    pub(super) fleet: &'a Fleet,
    pub(super) approval: &'a Approval,
    pub(super) candidate: &'a Candidate,
    pub(super) scheme: &'a Scheme,
    pub(super) job: Uuid,
}

impl Bench<'_> {
    /// Signs the items that have no value yet under one login. The store says of them that they are being signed ([`Begun`]).
    ///
    /// # Errors
    /// What no second attempt can mend: `signature_invalid`, `store_failed`, `approval_mismatch`, `unsupported_algorithm`.
    pub(super) async fn run(&self, items: &mut [Item], unlock: Unlock) -> Result<Attempt, Fault> {
        let left: Vec<usize> = (0..items.len()).filter(|index| items[*index].value.is_none()).collect();
        let mut known = Calibration::of(self.store, &self.candidate.token, self.scheme).await?;
        let mut authorised = Vec::with_capacity(left.len());
        for index in &left {
            let item = items[*index].authorised(self.approval, *index, &self.candidate.certificate, self.scheme)?;
            authorised.push(if known.reversed_digest {
                item.with_reversed_digest()
            } else {
                item
            });
        }
        let mut signatures = self
            .fleet
            .sign(Batch {
                token: self.candidate.token.clone(),
                items: authorised,
                unlock,
            })
            .await;
        let mut interruption = None;
        // What came while the last values were being committed is committed together: one synchronous write may take longer than a signature.
        let mut behind = None;
        while let Some(first) = signatures.next().await {
            let more = std::iter::from_fn(|| signatures.at_hand()).take(MOST_AT_ONCE);
            let outcomes: Vec<_> = std::iter::once(first).chain(more).collect();
            let mut rows = Vec::with_capacity(outcomes.len());
            let mut invalid = None;
            for outcome in outcomes {
                match outcome.result {
                    Ok(raw) => {
                        let index = left[outcome.index];
                        // The token has made it, and nobody knows of it yet.
                        failpoints::reached(format_args!("signature:{index}:made"));
                        let item = &mut items[index];
                        let proved = item.prove(&self.candidate.certificate, self.scheme, &raw);
                        let value = match proved {
                            Ok(value) => value,
                            Err(error) => {
                                invalid = Some(self.invalid(error));
                                break;
                            }
                        };
                        let seen = Calibration::seen(&value, outcome.reversed_digest);
                        rows.push(self.signed_row(index, item, &value, &known, &seen)?);
                        item.value = Some(value);
                        known = seen;
                    }
                    Err(unsigned) => {
                        interruption.get_or_insert_with(|| unsigned.cause().clone());
                    }
                }
            }
            if !rows.is_empty() {
                committed(behind.replace(self.commit(rows))).await?;
            }
            if let Some(fault) = invalid {
                committed(behind).await?;
                return Err(fault);
            }
        }
        committed(behind).await?;
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

    fn invalid(&self, error: SelfCheckError) -> Fault {
        Fault::new(Code::SignatureInvalid)
            .arg("token", &self.candidate.token.label)
            .detail(error)
    }

    /// What is stored of a value, and of what it shows of the token when that is new.
    fn signed_row(
        &self,
        index: usize,
        item: &Item,
        value: &SignatureValue,
        known: &Calibration,
        seen: &Calibration,
    ) -> Result<SignedRow, Fault> {
        let value = value.as_bytes().to_vec();
        let signed = json!({
            "approval": self.approval.id(),
            "item": index,
            "name": item.prepared.item.name,
            "digest": item.prepared.item.digest,
            "certificate": self.candidate.certificate.fingerprint(),
            "token": self.candidate.token.label,
            "signature_sha256": hex::encode(DigestAlgorithm::Sha256.digest(&value).value()),
        });
        let learned = (seen.is_of_gost() && seen != known)
            .then(|| seen.row(&self.candidate.token))
            .transpose()?;
        // A value over the digest as it was first given to the token was made and thrown away; nobody has it, but it was made.
        let discarded = (seen.reversed_digest != known.reversed_digest).then(|| {
            json!({
                "approval": self.approval.id(),
                "item": index,
                "token": self.candidate.token.label,
                "reversed_digest": seen.reversed_digest,
            })
        });
        Ok(SignedRow {
            n: number(index)?,
            value,
            signed,
            learned,
            discarded,
        })
    }

    /// Begins to store values, in one transaction. It is carried out also when nobody waits for it.
    fn commit(&self, rows: Vec<SignedRow>) -> JoinHandle<Result<(), Fault>> {
        let (approval, job) = (self.approval.id(), self.job);
        let entry = move |kind, body| audit::Entry {
            kind,
            actor: audit::Actor::Agent,
            job: Some(job),
            body,
        };
        let store = self.store.clone();
        tokio::spawn(async move {
            let write = store.write(move |transaction| {
                let values = rows.iter().map(|row| (row.n, row.value.as_slice()));
                approvals::mark_signed(transaction, approval, values)?;
                for row in rows {
                    if let Some(discarded) = row.discarded {
                        audit::append(transaction, entry("digest_order_corrected", discarded))?;
                    }
                    if let Some((token, seen)) = row.learned {
                        calibrations::remember(transaction, &token, &seen)?;
                    }
                    audit::append(transaction, entry("signed", row.signed))?;
                }
                Ok(())
            });
            write.await
        })
    }
}

/// What is stored of one signature.
struct SignedRow {
    n: u32,
    value: Vec<u8>,
    /// The audit entry.
    signed: Value,
    learned: Option<(String, String)>,
    discarded: Option<Value>,
}

/// Waits until values are stored.
async fn committed(commit: Option<JoinHandle<Result<(), Fault>>>) -> Result<(), Fault> {
    match commit {
        Some(commit) => commit.await.map_err(Fault::internal)?,
        None => Ok(()),
    }
}

fn number(index: usize) -> Result<u32, Fault> {
    u32::try_from(index).map_err(Fault::internal)
}

/// Whether a restored item is signed.
pub(super) fn is_signed(state: ItemState) -> bool {
    state == ItemState::Signed
}
