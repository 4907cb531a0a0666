//! The audit chain. (face)
use serde::Serialize;
use uuid::Uuid;

use super::Transaction;
use crate::messages::Fault;

/// An entry to append.
#[derive(Debug)]
pub struct Entry {}

impl Entry {
    /// An entry of a kind, for instance `approval.given`.
    pub fn new(_kind: &str) -> Self {
        Self {}
    }
    /// Who did it.
    #[must_use]
    pub fn actor(self, _actor: &str) -> Self {
        self
    }
    /// The job it belongs to.
    #[must_use]
    pub fn job(self, _job: Option<Uuid>) -> Self {
        self
    }
    /// A member of its body.
    #[must_use]
    pub fn field(self, _name: &'static str, _value: impl Serialize) -> Self {
        self
    }
}

/// Appends to the chain in the caller's transaction.
///
/// # Errors
/// `store_failed`.
pub fn append(_transaction: &Transaction<'_>, _entry: &Entry) -> Result<(), Fault> {
    Ok(())
}
