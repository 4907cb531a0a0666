use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::broadcast;

use super::shared::Shared;
use super::{
    Evidence, Job, JobContext, JobEnd, JobEvent, JobFilter, JobId, NewJob, Outcome, RetryPolicy, Settlement, Stage,
    Terms,
};
use crate::messages::Fault;
use crate::store::{Store, Transaction};

/// A durable scenario: linear code over the context's steps.
pub trait Scenario: Send + Sync {
    /// The job kind it runs.
    fn kind(&self) -> &'static str;

    /// What the configuration says of its jobs of the service profile with this name.
    fn terms(&self, _profile: Option<&str>) -> Terms {
        Terms::default()
    }

    /// The kind of jobs that remove what a job of this kind left at the service, where the service can. Their input is a
    /// [`Removal`](super::Removal).
    fn removal(&self) -> Option<&'static str> {
        None
    }

    /// Whether the outcome names something by which the job is to be found later, besides what was approved for it.
    fn is_found_by_its_outcome(&self) -> bool {
        true
    }

    /// Runs, or runs again after a restart, from the top.
    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>>;
}

/// Runs jobs, each on a task of its own. When the last clone is dropped every run is broken off where it is, as when
/// the process ends; [`Engine::shutdown`] ends them with care.
#[derive(Clone)]
pub struct Engine {
    handle: Arc<Handle>,
}

impl Engine {
    /// An engine over `store`; nothing runs before [`Engine::resume`].
    pub fn new(store: Store) -> Self {
        Self::with_policy(store, RetryPolicy::default())
    }

    /// An engine that retries by `policy`.
    pub fn with_policy(store: Store, policy: RetryPolicy) -> Self {
        Self {
            handle: Arc::new(Handle {
                shared: Arc::new(Shared::new(store, policy)),
            }),
        }
    }

    /// Makes a scenario known. Called before `resume`.
    pub fn register(&self, scenario: Arc<dyn Scenario>) {
        self.shared().register(scenario);
    }

    /// Takes up every job that was running when the last agent ended, and begins the hourly housekeeping.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn resume(&self) -> Result<(), Fault> {
        let shared = Arc::clone(self.shared());
        detached(async move { shared.resume().await }).await
    }

    /// Writes the job and starts it. `also` runs in the same transaction (the idempotency key, for instance). Once
    /// called it is carried out even when the caller goes away.
    ///
    /// # Errors
    /// `store_failed`, or what `also` returns.
    pub async fn start<F>(&self, job: NewJob, also: F) -> Result<JobId, Fault>
    where
        F: FnOnce(&Transaction<'_>, JobId) -> Result<(), Fault> + Send + 'static,
    {
        let shared = Arc::clone(self.shared());
        detached(async move { shared.start(job, also).await }).await
    }

    /// One job.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`.
    pub async fn job(&self, id: JobId) -> Result<Job, Fault> {
        self.shared().job(id).await
    }

    /// Jobs, the newest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list(&self, filter: JobFilter) -> Result<Vec<Job>, Fault> {
        self.shared().list(filter).await
    }

    /// Waits until the job is settled, at most until `timeout`, and gives it as it stands then. The person may take
    /// part of that time: one waiting call is enough for a caller that can only wait.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`.
    pub async fn wait(&self, id: JobId, timeout: Duration) -> Result<Job, Fault> {
        self.wait_until(id, timeout, |_| false).await
    }

    /// Waits until the job is settled or `enough` says so of its stage (to ask the person at once, for instance), at
    /// most until `timeout`, and gives it as it stands then.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`.
    pub async fn wait_until<F>(&self, id: JobId, timeout: Duration, enough: F) -> Result<Job, Fault>
    where
        F: FnMut(&Stage) -> bool + Send,
    {
        if let Some(live) = self.shared().live(id) {
            let _ = tokio::time::timeout(timeout, live.settled_or(enough)).await;
            if let Some(closed) = live.take_closed() {
                return self.shared().closed(closed).await;
            }
        }
        self.job(id).await
    }

    /// Cancels a job that is not settled, or gives a stopped one up: its questions close, nothing more is sent. An
    /// effect that cannot be repeated and is under way is waited for; when its outcome stays unknown the job is
    /// stopped, not cancelled.
    ///
    /// # Errors
    /// `no_such_item`; `wrong_state` when it is closed, or when what it does cannot be taken back; `store_failed`.
    pub async fn cancel(&self, id: JobId) -> Result<Job, Fault> {
        let shared = Arc::clone(self.shared());
        detached(async move { shared.cancel(id).await }).await
    }

    /// Takes a stopped job up again.
    ///
    /// # Errors
    /// `no_such_item`, `wrong_state`, `store_failed`.
    pub async fn retry(&self, id: JobId) -> Result<Job, Fault> {
        let shared = Arc::clone(self.shared());
        detached(async move { shared.retry(id).await }).await
    }

    /// Takes a stopped job up again with what a person says of the step whose outcome could not be known: its effect counts as
    /// done, or is begun again.
    ///
    /// # Errors
    /// `no_such_item`; `wrong_state` when it is not stopped or no step is in doubt; `invalid_field`, `store_failed`.
    pub async fn settle(&self, id: JobId, settlement: Settlement) -> Result<Job, Fault> {
        let shared = Arc::clone(self.shared());
        detached(async move { shared.settle(id, settlement).await }).await
    }

    /// Starts the job that removes what a closed one left at the service. `also` runs in the same transaction, as with [`Engine::start`].
    ///
    /// # Errors
    /// `no_such_item`; `not_removable`; `store_failed`, or what `also` returns.
    pub async fn remove_left<F>(&self, id: JobId, also: F) -> Result<JobId, Fault>
    where
        F: FnOnce(&Transaction<'_>, JobId) -> Result<(), Fault> + Send + 'static,
    {
        let shared = Arc::clone(self.shared());
        detached(async move { shared.remove_left(id, also).await }).await
    }

    /// Everything that is kept of a job.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`.
    pub async fn evidence(&self, id: JobId) -> Result<Evidence, Fault> {
        self.shared().evidence(id).await
    }

    /// Every change from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<JobEvent> {
        self.shared().subscribe()
    }

    /// Begins no further effect, waits for guarded ones that are under way (within the policy's grace), and ends
    /// every run; the next agent takes the jobs up.
    pub async fn shutdown(&self) {
        self.shared().shutdown().await;
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("store", &self.shared().store)
            .finish_non_exhaustive()
    }
}

/// What every clone of the engine holds and no run does.
struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.break_off();
    }
}

/// Carries `work` out on a task of its own, so that it is not broken off half-way when the caller goes away.
async fn detached<T, F>(work: F) -> Result<T, Fault>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Fault>> + Send + 'static,
{
    tokio::spawn(work)
        .await
        .unwrap_or_else(|e| Err(Fault::internal(format_args!("a change of a job ended early: {e}"))))
}
