//! What jobs are found by: names and numbers of documents, counterparties, ids at the services, digests. They stay when the
//! documents are gone.

use uuid::Uuid;

use super::Transaction;
use super::columns::{Text, words};
use crate::messages::Fault;

/// What a fact tells.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum FactKind {
    /// The name or number of a document, or the job's title.
    Name,
    /// Whom it goes to or comes from: a name, a BIN, an INN, a code.
    Counterparty,
    /// The id of something at the service.
    ServiceId,
    /// The digest of what was signed, in base64.
    Digest,
}

words!(FactKind {
    Name = "name",
    Counterparty = "counterparty",
    ServiceId = "service_id",
    Digest = "digest",
});

/// Notes a fact of `job`; again is fine.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub(crate) fn note(tx: &Transaction<'_>, job: Uuid, kind: FactKind, value: &str) -> Result<(), Fault> {
    tx.prepare_cached("INSERT OR IGNORE INTO job_facts (job, kind, value, folded) VALUES (?1, ?2, ?3, ?4)")?
        .execute((Text(job), Text(kind), value, fold(value)))?;
    Ok(())
}

/// The form in which texts are compared.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}
