//! iDocs (Kazakhstan): the typed client of its Integration API V3 and the durable scenarios that sign and send documents.
//!
//! Belongs here: the shapes and rules of that API, what is asked of it in which order, and what is done when an answer is lost.
//! Does not belong here: how a signature comes about, and who asked for it.

mod client;
mod content;
mod draft;
mod envelope;
mod input;
mod model;
mod quick_sign;
mod service;
mod signer;

pub use client::IdocsClient;
pub use input::{DocumentDate, DocumentToSend, QuickSign, Send, SpooledFile};
pub use model::{
    BlobReference, Company, Direction, DocumentGroup, DocumentMetadata, DocumentRoute, DocumentStatus,
    DocumentStatusView, DocumentView, DocumentsQuery, Employee, Epoch, ExternalNode, ExternalRoute, GenerateContent,
    NewDocument, NewExternalNode, NewExternalRoute, NewQuickRoute, NewRoute, Page, PageQuery, SaveSignature,
    SignContent, Signedness, UploadedBlob,
};
pub use quick_sign::{QUICK_SIGN, SEND};
pub use service::Idocs;
