use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::grant::GrantPromise;
use super::question::{CallerView, Destination};
use super::unlock::Unlock;
use crate::certificate::{Fingerprint, Purpose};
use crate::cms::Digest;
use crate::messages::{Code, Fault};
use crate::platform::Deadline;
use crate::store::approvals::ItemState;
use crate::store::{Store, Transaction, approvals, audit, grants};

/// How long what was approved may still be signed.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The durable record of a person's decision: exactly these digests, this certificate, this caller, until then.
///
/// Only this room makes one, from a decision on the desk or from the store. The token room takes values to sign only
/// together with it.
#[derive(Clone, Debug)]
pub struct Approval {
    id: Uuid,
    kind: ApprovalKind,
    application: Option<Uuid>,
    purpose: Purpose,
    certificate: Fingerprint,
    token: Option<String>,
    items: Vec<ApprovedItem>,
    deadline: Deadline,
}

impl Approval {
    /// Writes the approval that the person gave, with its audit entry, in the caller's transaction. `begun` are the values that go to the token at
    /// once, by the item's place: these items are noted as being signed.
    ///
    /// # Errors
    /// `store_failed`; `wrong_state` when the request has a live approval, or its grant does not allow it any more.
    pub fn record(
        transaction: &Transaction<'_>,
        consented: &Consented,
        begun: Vec<Option<Vec<u8>>>,
    ) -> Result<Self, Fault> {
        let approval = Self {
            id: Uuid::now_v7(),
            kind: consented.kind,
            application: consented.caller.application,
            purpose: consented.purpose,
            certificate: consented.certificate,
            token: Some(consented.token.clone()),
            items: consented.items.clone(),
            deadline: Deadline::after(LIFETIME),
        };
        approvals::insert(transaction, &approval.row(consented, begun))?;
        if let ApprovalKind::Grant(grant) = consented.kind {
            count(transaction, grant, &approval, consented)?;
        }
        audit::append(
            transaction,
            audit::Entry {
                kind: "approved",
                actor: match consented.kind {
                    ApprovalKind::Person => audit::Actor::Person,
                    ApprovalKind::Unattended | ApprovalKind::Grant(_) | ApprovalKind::Remote => audit::Actor::Agent,
                },
                job: consented.job,
                body: json!({
                    "approval": approval.id,
                    "kind": approval.kind,
                    "prompter": consented.prompter,
                    "caller": consented.caller,
                    "purpose": approval.purpose,
                    "certificate": approval.certificate,
                    "token": consented.token,
                    "destination": consented.destination,
                    "items": approval.items,
                }),
            },
        )?;
        Ok(approval)
    }

    /// The approval that stands for a request, with what has become of its items; `None` when there is none, or when items
    /// are left and its deadline or boot has passed.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn restore(store: &Store, request_key: &str) -> Result<Option<(Self, Vec<ItemRecord>)>, Fault> {
        let Some(row) = store
            .look(|connection| approvals::standing(connection, request_key))
            .await?
        else {
            return Ok(None);
        };
        let records: Vec<_> = row
            .items
            .iter()
            .map(|item| ItemRecord {
                state: item.state,
                tbs: item.tbs.clone(),
                value: item.value.clone(),
            })
            .collect();
        let approval = Self::of_row(row)?;
        let complete = records.iter().all(|record| record.state == ItemState::Signed);
        Ok((complete || approval.deadline.remaining().is_some()).then_some((approval, records)))
    }

    fn row(&self, consented: &Consented, begun: Vec<Option<Vec<u8>>>) -> approvals::NewApproval {
        let begun = begun.into_iter().chain(std::iter::repeat(None));
        approvals::NewApproval {
            id: self.id,
            request_key: consented.request_key.clone(),
            kind: self.kind.word().to_owned(),
            caller: json!(consented.caller),
            application: self.application,
            purpose: purpose_word(self.purpose).to_owned(),
            certificate: self.certificate.to_string(),
            token: self.token.clone(),
            deadline: self.deadline.clone(),
            job: consented.job,
            from_grant: match self.kind {
                ApprovalKind::Grant(grant) => Some(grant),
                _ => None,
            },
            items: self.items.iter().zip(begun).map(|(item, tbs)| item.row(tbs)).collect(),
        }
    }

    fn of_row(row: approvals::Approval) -> Result<Self, Fault> {
        Ok(Self {
            id: row.id,
            kind: ApprovalKind::of_word(&row.kind, row.from_grant)?,
            application: row.application,
            purpose: purpose_of_word(&row.purpose)?,
            certificate: row.certificate.parse().map_err(Fault::internal)?,
            token: row.token,
            items: row
                .items
                .into_iter()
                .map(ApprovedItem::of_row)
                .collect::<Result<_, _>>()?,
            deadline: row.deadline,
        })
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// How it came about.
    pub fn kind(&self) -> ApprovalKind {
        self.kind
    }

    /// The application that asked.
    pub fn application(&self) -> Option<Uuid> {
        self.application
    }

    /// Signature or authentication.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The certificate that signs.
    pub fn certificate(&self) -> Fingerprint {
        self.certificate
    }

    /// The label of the token that the certificate lay on; of an approval that an earlier version wrote, nothing.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// What was approved, in the order shown.
    pub fn items(&self) -> &[ApprovedItem] {
        &self.items
    }

    /// The item at `index`, while the deadline holds.
    ///
    /// # Errors
    /// `expired` after the deadline, `approval_mismatch` when there is no such item.
    pub fn item(&self, index: usize) -> Result<&ApprovedItem, Fault> {
        if self.deadline.remaining().is_none() {
            return Err(Fault::new(Code::Expired).detail("the approval's deadline has passed"));
        }
        self.items
            .get(index)
            .ok_or_else(|| Fault::new(Code::ApprovalMismatch).detail("the approval lists no such item"))
    }
}

/// Counts what a grant allows, before anything is signed under it.
fn count(tx: &Transaction<'_>, grant: Uuid, approval: &Approval, consented: &Consented) -> Result<(), Fault> {
    let uses = u32::try_from(approval.items.len()).map_err(Fault::internal)?;
    let left = grants::consume(tx, grant, uses)?;
    audit::append(
        tx,
        audit::Entry {
            kind: "grant_used",
            actor: audit::Actor::Agent,
            job: consented.job,
            body: json!({ "grant": grant, "approval": approval.id, "uses": uses, "left": left }),
        },
    )?;
    Ok(())
}

/// How an approval came about.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalKind {
    /// A person decided on this request.
    Person,
    /// The certificate is configured for unattended use.
    Unattended,
    /// A remembered decision.
    Grant(Uuid),
    /// A signature made elsewhere at our request.
    Remote,
}

impl ApprovalKind {
    fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Unattended => "unattended",
            Self::Grant(_) => "grant",
            Self::Remote => "remote",
        }
    }

    fn of_word(word: &str, grant: Option<Uuid>) -> Result<Self, Fault> {
        match (word, grant) {
            ("person", _) => Ok(Self::Person),
            ("unattended", _) => Ok(Self::Unattended),
            ("grant", Some(grant)) => Ok(Self::Grant(grant)),
            ("remote", _) => Ok(Self::Remote),
            _ => Err(Fault::internal(format_args!(
                "the store has an approval of an unknown kind {word:?}"
            ))),
        }
    }
}

/// One thing that may be signed once.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ApprovedItem {
    /// What its digest is a digest of.
    pub kind: ItemKind,
    /// The document's name as shown.
    pub name: String,
    /// The digest.
    pub digest: Digest,
}

/// What the digest of an approved item is a digest of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A document's content; the agent builds the signed attributes around it (RFC 5652 section 5.3).
    #[default]
    Content,
    /// A document's content; its digest is signed itself, without attributes (RFC 5652 section 5.4), because the profile asks for that.
    BareContent,
    /// Signed attributes that somebody else built and handed over, approved as such.
    ForeignAttributes,
    /// Signed attributes that somebody else built and kept, approved as such.
    ForeignAttributesDigest,
}

impl ItemKind {
    /// Whether a remembered decision may allow a signature of this kind. Only for a content of its own does the agent build the signed
    /// attributes, so that the value is good for nothing else; bare content and what a service built are for a person to decide, each time.
    pub const fn may_be_remembered(self) -> bool {
        matches!(self, Self::Content)
    }
}

impl ApprovedItem {
    fn row(&self, tbs: Option<Vec<u8>>) -> approvals::NewItem {
        let kind = match self.kind {
            ItemKind::Content => "content",
            ItemKind::BareContent => "bare_content",
            ItemKind::ForeignAttributes => "foreign_attributes",
            ItemKind::ForeignAttributesDigest => "foreign_attributes_digest",
        };
        approvals::NewItem {
            kind: kind.to_owned(),
            algorithm: self.digest.algorithm().to_string(),
            digest: self.digest.value().to_vec(),
            name: Some(self.name.clone()),
            tbs,
        }
    }

    fn of_row(row: approvals::Item) -> Result<Self, Fault> {
        let kind = match row.kind.as_str() {
            "content" => ItemKind::Content,
            "bare_content" => ItemKind::BareContent,
            "foreign_attributes" => ItemKind::ForeignAttributes,
            "foreign_attributes_digest" => ItemKind::ForeignAttributesDigest,
            other => {
                return Err(Fault::internal(format_args!(
                    "the store has an item of an unknown kind {other:?}"
                )));
            }
        };
        let algorithm = row.algorithm.parse().map_err(Fault::internal)?;
        let digest = Digest::new(algorithm, row.digest).map_err(Fault::internal)?;
        Ok(Self {
            kind,
            name: row.name.unwrap_or_default(),
            digest,
        })
    }
}

fn purpose_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Signature => "signature",
        Purpose::Authentication => "authentication",
    }
}

fn purpose_of_word(word: &str) -> Result<Purpose, Fault> {
    match word {
        "signature" => Ok(Purpose::Signature),
        "authentication" => Ok(Purpose::Authentication),
        other => Err(Fault::internal(format_args!(
            "the store has an approval for an unknown purpose {other:?}"
        ))),
    }
}

/// An approved item with its record in the store.
#[derive(Clone, Debug)]
pub struct ItemRecord {
    /// What has become of it.
    pub state: ItemState,
    /// The value given to the token.
    pub tbs: Option<Vec<u8>>,
    /// The signature value, checked, as it goes into the CMS.
    pub value: Option<Vec<u8>>,
}

/// A person's (or an unattended source's) yes to one question, with what it was a yes to. Only the desk makes one.
#[derive(Debug)]
pub struct Consented {
    pub(super) kind: ApprovalKind,
    pub(super) request_key: String,
    pub(super) caller: CallerView,
    pub(super) job: Option<Uuid>,
    pub(super) purpose: Purpose,
    pub(super) certificate: Fingerprint,
    pub(super) token: String,
    pub(super) items: Vec<ApprovedItem>,
    pub(super) destination: Option<Destination>,
    pub(super) prompter: String,
    pub(super) unlock: Unlock,
    pub(super) grant: Option<GrantPromise>,
}

impl Consented {
    /// Names the request durably.
    pub fn request_key(&self) -> &str {
        &self.request_key
    }

    /// Whether a remembered decision gave it.
    pub fn is_by_grant(&self) -> bool {
        matches!(self.kind, ApprovalKind::Grant(_))
    }

    /// Where the decision was taken.
    pub fn prompter(&self) -> &str {
        &self.prompter
    }

    /// What opens the token, to be looked at.
    pub fn unlock(&self) -> &Unlock {
        &self.unlock
    }

    /// Gives the unlock out, and the grant that comes about when it opens the token; the approval is recorded before.
    pub fn into_unlock(self) -> (Unlock, Option<GrantPromise>) {
        (self.unlock, self.grant)
    }
}
