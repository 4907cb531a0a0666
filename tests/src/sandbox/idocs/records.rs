//! What the iDocs stand-in remembers.

use std::io;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::bulk::Operation;
use super::model::{
    CreateExternalRoute, CreateInternalRoute, DocumentDirection, DocumentGroupType, ExternalNodeStatus,
};
use crate::sandbox::storage::{BlobRef, Shelf, Storage};

/// Every record of the service.
#[derive(Debug)]
pub(crate) struct Records {
    pub(super) blobs: Shelf<UploadedBlob>,
    pub(super) documents: Shelf<Document>,
    pub(super) contents: Shelf<SignContent>,
    pub(super) operations: Shelf<Operation>,
    /// Where changes of documents are told.
    pub(super) subscription: Option<String>,
}

impl Records {
    pub(crate) fn open(storage: &Storage) -> io::Result<Self> {
        Ok(Self {
            blobs: Shelf::open(storage.dir("idocs-blobs")?)?,
            documents: Shelf::open(storage.dir("idocs-documents")?)?,
            contents: Shelf::open(storage.dir("idocs-contents")?)?,
            operations: Shelf::open(storage.dir("idocs-operations")?)?,
            subscription: None,
        })
    }

    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.blobs.clear()?;
        self.documents.clear()?;
        self.contents.clear()?;
        self.subscription = None;
        self.operations.clear()
    }
}

/// A file that a client uploaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct UploadedBlob {
    pub(super) kind: BlobKind,
    pub(super) name: String,
    pub(super) bytes: BlobRef,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum BlobKind {
    Document,
    Signature,
}

/// A document, incoming or outgoing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) direction: DocumentDirection,
    pub(super) name: String,
    pub(super) number: String,
    pub(super) date: i64,
    pub(super) group: DocumentGroupType,
    pub(super) author: Uuid,
    /// The blobs of its original files.
    pub(super) files: Vec<Uuid>,
    pub(super) created_on: i64,
    pub(super) status: ExternalNodeStatus,
    pub(super) route: Option<CreateExternalRoute>,
    pub(super) internal_route: Option<CreateInternalRoute>,
    /// Whether it never leaves the company.
    pub(super) is_internal: bool,
    /// The ZIP of its files, once it has been asked for. The same bytes are given out ever after.
    pub(super) content: Option<BlobRef>,
    pub(super) signed: bool,
    /// The signature's blob, once it is saved.
    pub(super) signature: Option<Uuid>,
}

/// A content given out to be signed, with its ticket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SignContent {
    pub(super) document_id: Uuid,
    pub(super) employee_id: Uuid,
    pub(super) ticket: String,
    pub(super) bytes: BlobRef,
    /// Unix seconds.
    pub(super) dispose_on: i64,
}
