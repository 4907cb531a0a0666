//! iDocs (Kazakhstan): the typed client of its Integration API V3 and the durable scenarios that sign and send documents.
//!
//! Belongs here: the shapes and rules of that API, what is asked of it in which order, and what is done when an answer is lost.
//! Does not belong here: how a signature comes about, and who asked for it.

mod blobs;
mod bulk;
mod bulk_sign;
mod bulk_steps;
mod client;
mod content;
mod documents;
mod downloading;
mod draft;
mod drafting;
mod envelope;
mod facts;
mod input;
mod model;
mod namesakes;
mod queries;
mod quick_sign;
mod references;
mod routes;
mod routing;
mod service;
mod signatory;
mod signatures;
mod signer;
mod starting;
mod webhooks;

pub use blobs::UploadedBlob;
pub use bulk::{BulkKind, Operation, OperationError, PrepareDownload, PreparedDownload, Progress};
pub use bulk_sign::{BULK_SEND, BULK_SIGN};
pub use client::IdocsClient;
pub use documents::{
    DocumentMetadata, DocumentRoute, DocumentView, DraftKind, ExternalNode, ExternalRoute, InternalNode, InternalRoute,
    NewDocument, NodeState, Rejection,
};
pub use downloading::{DOWNLOAD, Prepared};
pub use drafting::DRAFT;
pub use input::{
    ActingEmployee, BulkDownload, BulkSend, BulkSign, Counterparty, DocumentDate, DocumentReference, DocumentRoutes,
    DocumentToSend, ExternalStations, InboxFilter, InternalStations, NewDraft, NewRoutes, PartToSend, QuickSign,
    RouteKind, Send, SpooledFile,
};
pub use model::{BlobReference, Direction, DocumentGroup, DocumentStatus, Epoch, Page, PageQuery, Signedness};
pub use queries::{DocumentStatusView, DocumentsQuery};
pub use quick_sign::{QUICK_SIGN, SEND};
pub use references::{Company, Employee, EmployeePermissions};
pub use routes::{
    NewExternalNode, NewExternalRoute, NewInternalDocumentRoute, NewInternalNode, NewInternalRoute, NewQuickRoute,
    NewRoute, RouteAction, RouteOrder,
};
pub use routing::ROUTE;
pub use service::Idocs;
pub use signatures::{GenerateContent, SaveSignature, SignContent};
pub use webhooks::{DocumentEvent, WebhooksClient};
