//! SQLite: jobs, approvals, grants, applications, the audit chain; schema version and migrations; and the documents
//! that lie beside the database as content-addressed files.
//!
//! One writer thread owns the connection. A change of state, its approval and its audit entry commit together
//! because a caller hands [`Store::write`] one closure that makes all three. Each table family has a module of its
//! own with typed functions over a [`Transaction`] (changes) or a [`Connection`] (queries; a transaction derefs to
//! it).
//!
//! Belongs here: rows, their rules as constraints and triggers, the files of the state directory. Does not belong
//! here: what a row means to the person, to a token or to a service.

pub mod applications;
pub mod approvals;
pub mod audit;
pub mod blobs;
pub mod calibrations;
pub mod checkpoints;
pub mod claims;
mod columns;
mod connection;
mod fault;
pub mod grants;
pub mod idempotency;
pub mod job_facts;
pub mod jobs;
mod lock;
mod migrations;
mod outcome;
pub mod queue_events;
mod readers;
pub mod refused_pin_sources;
pub mod steps;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::messages::{Code, Fault};
use crate::platform;
use blobs::BlobDirectory;
use lock::StoreLock;
use readers::Readers;
use writer::Writer;

pub use columns::{UnknownWord, now};
pub use outcome::Outcome;

/// A connection inside one transaction.
pub type Transaction<'a> = rusqlite::Transaction<'a>;

/// A connection for queries.
pub type Connection = rusqlite::Connection;

/// The store, cheap to clone. The lock is given back when the last clone (and the last [`blobs::Spooled`] at work)
/// is gone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

impl Store {
    /// Opens or creates the store in `state_dir` and takes its lock. Reads every page of the database first, which takes time in
    /// proportion to its size.
    ///
    /// # Errors
    /// `agent_running`, `store_newer`, `store_damaged`, `store_failed`, `disk_full`.
    pub fn open(state_dir: &Path) -> Result<Self, Fault> {
        platform::make_private_directory(state_dir).map_err(|e| fault::io("creating", state_dir, &e))?;
        if platform::is_network_filesystem(state_dir).map_err(|e| fault::io("reading", state_dir, &e))? {
            return Err(Fault::new(Code::StoreFailed).detail(format_args!(
                "{} is on a network filesystem, where the database is not safe; set agent.state_dir to a local directory",
                state_dir.display()
            )));
        }
        let lock = StoreLock::acquire(state_dir)?;
        let database = state_dir.join("tokensign.sqlite");
        let mut connection = connection::open_for_writing(&database)?;
        migrations::apply(&mut connection)?;
        let readers = Readers::open(&database)?;
        let blobs = BlobDirectory::open(state_dir)?;
        blobs.sweep(&connection)?;
        let writer = Writer::spawn(connection, lock).map_err(|e| fault::io("starting the writer of", &database, &e))?;
        Ok(Self {
            inner: Arc::new(Inner {
                state_dir: state_dir.to_owned(),
                readers,
                blobs,
                writer,
            }),
        })
    }

    /// Runs `work` in one transaction on the writer thread and commits it when it returns `Ok`.
    ///
    /// What was handed over is carried out even when the caller's future is dropped while it waits.
    ///
    /// # Errors
    /// What `work` returns, or `store_failed`, `disk_full`; `internal` when `work` panics.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.inner.writer.transaction(work).await
    }

    /// Runs a query on a read-only connection, in one consistent snapshot that has every change committed before the
    /// call.
    ///
    /// # Errors
    /// What `work` returns, or `store_failed`.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.inner.readers.run(work).await
    }

    /// As [`Store::read`], on the caller's own thread. For a query that finds a few rows by their key: handing it to another thread takes
    /// several times as long as it does.
    ///
    /// # Errors
    /// What `work` returns, or `store_failed`.
    pub async fn look<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        self.inner.readers.run_here(work).await
    }

    /// Reads every page of the database and says what is wrong with it; takes time in proportion to its size.
    ///
    /// # Errors
    /// `store_damaged` with the first finding; `store_failed`.
    pub async fn check(&self) -> Result<(), Fault> {
        self.read(connection::check).await
    }

    /// The directory of the database and the spooled documents.
    pub fn state_dir(&self) -> &Path {
        &self.inner.state_dir
    }
}

/// Opens the database in `state_dir` for queries only, beside an agent that may have it open for writing.
///
/// # Errors
/// `store_failed` when there is none.
pub fn open_for_reading(state_dir: &Path) -> Result<Connection, Fault> {
    connection::open_for_reading(&state_dir.join("tokensign.sqlite"))
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("state_dir", &self.inner.state_dir)
            .finish_non_exhaustive()
    }
}

struct Inner {
    state_dir: PathBuf,
    /// Before `writer`: the connection that is closed last folds the write-ahead log into the database.
    readers: Readers,
    blobs: BlobDirectory,
    writer: Writer,
}
