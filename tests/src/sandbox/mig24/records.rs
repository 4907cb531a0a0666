//! What the MIG24 stand-in remembers.

use std::io;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::sandbox::behaviour::HashKind;
use crate::sandbox::storage::{BlobRef, Shelf, Storage};

/// Every record of the service.
#[derive(Debug)]
pub(crate) struct Records {
    pub(super) documents: Shelf<Document>,
    pub(super) groups: Shelf<Group>,
    pub(super) packages: Shelf<Package>,
    /// By group: the last answer of `prepare`.
    pub(super) preparations: Shelf<Preparation>,
}

impl Records {
    pub(crate) fn open(storage: &Storage) -> io::Result<Self> {
        Ok(Self {
            documents: Shelf::open(storage.dir("mig24-documents")?)?,
            groups: Shelf::open(storage.dir("mig24-groups")?)?,
            packages: Shelf::open(storage.dir("mig24-packages")?)?,
            preparations: Shelf::open(storage.dir("mig24-preparations")?)?,
        })
    }

    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.documents.clear()?;
        self.groups.clear()?;
        self.packages.clear()?;
        self.preparations.clear()
    }

    /// A group's packages in the group's order.
    pub(super) fn packages_of(&self, group: &Group) -> Vec<(Uuid, &Package)> {
        group
            .packages
            .iter()
            .filter_map(|id| Some((*id, self.packages.find(*id)?)))
            .collect()
    }
}

/// An uploaded document. Its id is the client's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) kind: DocumentKind,
    pub(super) name: String,
    pub(super) bytes: BlobRef,
    /// RFC 3339.
    pub(super) created_on: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum DocumentKind {
    Informal,
    Upd,
    /// An XML file of a type that was detected.
    Formal,
}

/// A package group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) recipient: Recipient,
    pub(super) packages: Vec<Uuid>,
    pub(super) state: GroupState,
    /// RFC 3339.
    pub(super) created_on: String,
    /// Unix seconds.
    pub(super) signed_on: Option<i64>,
}

/// To whom a group goes: by code, or by what is known of the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recipient {
    #[serde(default)]
    pub(super) recipient_abonent_code: Option<String>,
    #[serde(default)]
    pub(super) recipient_org: Option<RecipientOrg>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RecipientOrg {
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) inn: Option<String>,
    #[serde(default)]
    pub(super) kpp: Option<String>,
    #[serde(default)]
    pub(super) ogrn: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum GroupState {
    Created,
    /// An employee was sent a link.
    WaitingForUser,
    Sent,
    Delivered,
}

/// One document on its way to a recipient.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Package {
    pub(super) group_id: Uuid,
    pub(super) document_id: Uuid,
    pub(super) recipient_signs: bool,
    pub(super) signature: Option<PackageSignature>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PackageSignature {
    pub(super) id: Uuid,
    /// The detached CMS.
    pub(super) bytes: BlobRef,
}

/// What `prepare` gave out and `finish` has to fit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Preparation {
    /// Base64 DER.
    pub(super) certificate: String,
    pub(super) session: Option<String>,
    pub(super) hash_kind: HashKind,
    /// In the group's order.
    pub(super) items: Vec<PreparedItem>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PreparedItem {
    pub(super) package_id: Uuid,
    pub(super) document_id: Uuid,
    pub(super) bytes: BlobRef,
    /// Hexadecimal DER, under readings B and C.
    pub(super) signed_attributes: Option<String>,
}
