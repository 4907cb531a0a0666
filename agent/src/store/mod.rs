//! SQLite: jobs, approvals, grants, applications, the audit chain; schema version and migrations; and the documents that lie
//! beside the database as content-addressed files.
//!
//! One writer thread owns the connection. A change of state, its approval and its audit entry commit together because a
//! caller hands [`Store::write`] one closure that makes all three.

pub mod approvals;
pub mod audit;

use std::path::Path;

use crate::messages::Fault;

/// A connection inside one transaction.
pub type Transaction<'a> = rusqlite::Transaction<'a>;

/// The store, cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {}

impl Store {
    /// Opens or creates the store in `state_dir` and takes its lock.
    ///
    /// # Errors
    /// `agent_running`, `store_newer`, `store_failed`.
    pub fn open(_state_dir: &Path) -> Result<Self, Fault> {
        Ok(Self {})
    }

    /// Runs `work` in one transaction on the writer thread and commits it when it returns `Ok`.
    ///
    /// # Errors
    /// What `work` returns, or `store_failed`, `disk_full`.
    pub async fn write<T, F>(&self, _work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        Err(Fault::internal("not built"))
    }

    /// Runs a query.
    ///
    /// # Errors
    /// What `work` returns, or `store_failed`.
    pub async fn read<T, F>(&self, _work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&rusqlite::Connection) -> Result<T, Fault> + Send + 'static,
    {
        Err(Fault::internal("not built"))
    }
}
