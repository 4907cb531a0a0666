use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::unlock::Unlock;
use crate::certificate::{Fingerprint, Purpose};
use crate::cms::Digest;
use crate::messages::{Code, Fault};
use crate::platform::Deadline;
use crate::store::{Store, Transaction, approvals, audit};

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
    items: Vec<ApprovedItem>,
    deadline: Deadline,
}

impl Approval {
    /// Writes the approval that the person gave, with its audit entry, in the caller's transaction.
    ///
    /// # Errors
    /// `store_failed`.
    pub fn record(transaction: &Transaction<'_>, consented: &Consented) -> Result<Self, Fault> {
        let approval = Self {
            id: Uuid::now_v7(),
            kind: consented.kind,
            application: consented.application,
            purpose: consented.purpose,
            certificate: consented.certificate,
            items: consented.items.clone(),
            deadline: Deadline::after(LIFETIME),
        };
        let _ = transaction;
        Ok(approval)
    }

    /// The live approval of a request, with what has become of its items; `None` when there is none, or its deadline or boot has
    /// passed.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn restore(store: &Store, request_key: &str) -> Result<Option<(Self, Vec<ItemRecord>)>, Fault> {
        let _ = (store, request_key);
        Ok(None)
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

/// How an approval came about.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
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

/// One thing that may be signed once.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovedItem {
    /// A document's digest; the agent builds the signed attributes around it (RFC 5652 section 5.3).
    Content {
        /// The document's name as shown.
        name: String,
        /// The digest of its content.
        digest: Digest,
    },
    /// Signed attributes that somebody else built, approved as such.
    ForeignAttributes {
        /// The document's name as shown.
        name: String,
        /// The digest of the attributes' DER.
        digest: Digest,
    },
    /// A digest of signed attributes that somebody else built, approved as such.
    ForeignAttributesDigest {
        /// The document's name as shown.
        name: String,
        /// The digest.
        digest: Digest,
    },
}

/// What has become of an approved item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ItemState {
    /// Not begun.
    Approved,
    /// Given to the token; no value is known.
    Signing,
    /// Signed.
    Signed,
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
    pub(super) application: Option<Uuid>,
    pub(super) caller: String,
    pub(super) job: Option<Uuid>,
    pub(super) purpose: Purpose,
    pub(super) certificate: Fingerprint,
    pub(super) items: Vec<ApprovedItem>,
    pub(super) prompter: String,
    pub(super) unlock: Unlock,
}

impl Consented {
    /// Gives the unlock out; the approval is recorded before.
    pub fn into_unlock(self) -> Unlock {
        self.unlock
    }
}

/// The approval's own part of its row.
#[derive(Deserialize, Serialize)]
struct Stored {
    kind: ApprovalKind,
    purpose: Purpose,
    certificate: Fingerprint,
    items: Vec<ApprovedItem>,
    deadline: Deadline,
}

impl Stored {
    fn of(approval: &Approval) -> Self {
        Self {
            kind: approval.kind,
            purpose: approval.purpose,
            certificate: approval.certificate,
            items: approval.items.clone(),
            deadline: approval.deadline.clone(),
        }
    }

    fn into_approval(self, id: Uuid, application: Option<Uuid>) -> Approval {
        Approval {
            id,
            kind: self.kind,
            application,
            purpose: self.purpose,
            certificate: self.certificate,
            items: self.items,
            deadline: self.deadline,
        }
    }
}
