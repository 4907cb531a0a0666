//! The scenario: many documents, one signer, one question, one PIN. What waits in the inbox, documents that are named, or files from
//! which documents are made first; through the service's bulk calls, with what became of each document told on its own.

mod contents;
mod drafts;
mod item;
mod outcome;
mod saving;
mod scenario;
mod signing;

pub(super) use item::Input;
pub(super) use item::Subject;
pub(super) use scenario::BulkSignScenario;

/// The kind of jobs that sign many documents which are at the service.
pub const BULK_SIGN: &str = "idocs_bulk_sign";

/// The kind of jobs that send many files.
pub const BULK_SEND: &str = "idocs_bulk_send";
