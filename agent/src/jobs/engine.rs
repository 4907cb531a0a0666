use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::broadcast;

use super::{Job, JobContext, JobEnd, JobEvent, JobFilter, JobId, NewJob};
use crate::messages::Fault;
use crate::store::{Store, Transaction};

/// A durable scenario: linear code over the context's steps.
pub trait Scenario: Send + Sync {
    /// The job kind it runs.
    fn kind(&self) -> &'static str;

    /// Runs, or runs again after a restart, from the top.
    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Value, JobEnd>>;
}

/// Runs jobs, each on a task of its own.
#[derive(Clone, Debug)]
pub struct Engine {}

impl Engine {
    /// An engine over `store`; nothing runs before [`Engine::resume`].
    pub fn new(_store: Store) -> Self {
        Self {}
    }

    /// Makes a scenario known. Called before `resume`.
    pub fn register(&self, _scenario: Arc<dyn Scenario>) {}

    /// Takes up every job that was running when the last agent ended.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn resume(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// Writes the job and starts it. `also` runs in the same transaction (the idempotency key, for instance).
    ///
    /// # Errors
    /// `store_failed`, or what `also` returns.
    pub async fn start<F>(&self, _job: NewJob, _also: F) -> Result<JobId, Fault>
    where
        F: FnOnce(&Transaction<'_>, JobId) -> Result<(), Fault> + Send + 'static,
    {
        Err(Fault::internal("not built"))
    }

    /// One job.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`.
    pub async fn job(&self, _id: JobId) -> Result<Job, Fault> {
        Err(Fault::internal("not built"))
    }

    /// Jobs, the newest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list(&self, _filter: JobFilter) -> Result<Vec<Job>, Fault> {
        Err(Fault::internal("not built"))
    }

    /// Waits until the job is settled or needs the person, at most until `timeout`, and gives it as it stands then.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`.
    pub async fn wait(&self, id: JobId, _timeout: std::time::Duration) -> Result<Job, Fault> {
        self.job(id).await
    }

    /// Cancels a job that is not settled: its questions close, nothing more is sent.
    ///
    /// # Errors
    /// `no_such_item`, `wrong_state`, `store_failed`.
    pub async fn cancel(&self, _id: JobId) -> Result<Job, Fault> {
        Err(Fault::internal("not built"))
    }

    /// Takes a stopped job up again.
    ///
    /// # Errors
    /// `no_such_item`, `wrong_state`, `store_failed`.
    pub async fn retry(&self, _id: JobId) -> Result<Job, Fault> {
        Err(Fault::internal("not built"))
    }

    /// Every change from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<JobEvent> {
        broadcast::channel(1).1
    }
}
