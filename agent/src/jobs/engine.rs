use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::lease::Lease;
use super::live::Live;
use super::{
    Job, JobContext, JobEnd, JobEvent, JobFilter, JobId, JobState, NewJob, RetryPolicy, Stage, StepView, failpoints,
    runner,
};
use crate::messages::{Code, Fault};
use crate::store::audit::{self, Actor, Entry};
use crate::store::blobs::{self, BlobId};
use crate::store::jobs::{self, JobRow};
use crate::store::{Store, Transaction, idempotency, steps};

/// A durable scenario: linear code over the context's steps.
pub trait Scenario: Send + Sync {
    /// The job kind it runs.
    fn kind(&self) -> &'static str;

    /// Runs, or runs again after a restart, from the top.
    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Value, JobEnd>>;
}

/// Runs jobs, each on a task of its own. When the last clone is dropped every run is broken off where it is, as when the process
/// ends; [`Engine::shutdown`] ends them with care.
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
        let shared = Shared {
            store,
            policy,
            lease: Lease::ours(),
            scenarios: RwLock::default(),
            running: Mutex::default(),
            events: broadcast::channel(EVENTS).0,
            ending: CancellationToken::new(),
            ended: CancellationToken::new(),
            tasks: TaskTracker::new(),
            housekeeping: AtomicBool::new(false),
        };
        Self {
            handle: Arc::new(Handle {
                shared: Arc::new(shared),
            }),
        }
    }

    /// Makes a scenario known. Called before `resume`.
    pub fn register(&self, scenario: Arc<dyn Scenario>) {
        let mut scenarios = self.shared().scenarios.write().unwrap_or_else(PoisonError::into_inner);
        scenarios.insert(scenario.kind(), scenario);
    }

    /// Takes up every job that was running when the last agent ended, and begins the hourly housekeeping.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn resume(&self) -> Result<(), Fault> {
        let shared = Arc::clone(self.shared());
        detached(async move { shared.resume().await }).await
    }

    /// Writes the job and starts it. `also` runs in the same transaction (the idempotency key, for instance). Once called it is
    /// carried out even when the caller goes away.
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
        let rows = self.shared().store.read(move |connection| {
            let jobs = jobs::list(connection, &filter)?;
            jobs.into_iter()
                .map(|job| Ok((steps::of_job(connection, job.id)?, job)))
                .collect::<Result<Vec<_>, Fault>>()
        });
        let jobs = rows.await?.into_iter();
        Ok(jobs
            .map(|(steps, job)| Job::new(self.shared().stage(&job), job, &steps))
            .collect())
    }

    /// Waits until the job is settled, at most until `timeout`, and gives it as it stands then. The person may take part of
    /// that time: one waiting call is enough for a caller that can only wait.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`.
    pub async fn wait(&self, id: JobId, timeout: Duration) -> Result<Job, Fault> {
        self.wait_until(id, timeout, |_| false).await
    }

    /// Waits until the job is settled or `enough` says so of its stage (to ask the person at once, for instance), at most until
    /// `timeout`, and gives it as it stands then.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`.
    pub async fn wait_until<F>(&self, id: JobId, timeout: Duration, enough: F) -> Result<Job, Fault>
    where
        F: FnMut(&Stage) -> bool + Send,
    {
        if let Some(live) = self.shared().live(id) {
            let _ = tokio::time::timeout(timeout, live.settled_or(enough)).await;
        }
        self.job(id).await
    }

    /// Cancels a job that is not settled, or gives a stopped one up: its questions close, nothing more is sent. An effect that cannot be
    /// repeated and is under way is waited for; when its outcome stays unknown the job is stopped, not cancelled.
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

    /// Every change from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<JobEvent> {
        self.shared().events.subscribe()
    }

    /// Begins no further effect, waits for guarded ones that are under way (within the policy's grace), and ends every run; the
    /// next agent takes the jobs up.
    pub async fn shutdown(&self) {
        let shared = self.shared();
        shared.ending.cancel();
        let running: Vec<_> = shared.lock_running().values().cloned().collect();
        let guarded = async {
            for live in running {
                live.no_guarded_effect().await;
            }
        };
        let _ = tokio::time::timeout(shared.policy.grace, guarded).await;
        shared.ended.cancel();
        shared.tasks.close();
        shared.tasks.wait().await;
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
        self.shared.ending.cancel();
        self.shared.ended.cancel();
    }
}

/// What the engine and its runs share.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) policy: RetryPolicy,
    lease: Lease,
    scenarios: RwLock<HashMap<&'static str, Arc<dyn Scenario>>>,
    running: Mutex<HashMap<JobId, Arc<Live>>>,
    events: broadcast::Sender<JobEvent>,
    /// No further effect begins.
    ending: CancellationToken,
    /// Every run is dropped.
    ended: CancellationToken,
    tasks: TaskTracker,
    /// Whether the housekeeping has begun.
    housekeeping: AtomicBool,
}

impl Shared {
    pub(super) fn scenario(&self, kind: &str) -> Option<Arc<dyn Scenario>> {
        self.scenarios
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(kind)
            .cloned()
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }

    /// Tells everyone who subscribed how the job stands.
    pub(super) fn tell(&self, job: &JobRow, step: Option<StepView>) {
        // Fails only when nobody listens.
        let _ = self.events.send(JobEvent {
            id: job.id,
            kind: job.kind.clone(),
            application: job.application,
            state: job.state,
            stage: self.stage(job),
            step,
        });
    }

    async fn resume(self: &Arc<Self>) -> Result<(), Fault> {
        self.begin_housekeeping();
        for mut job in self.store.read(jobs::running).await? {
            let Some(live) = self.admit(job.id) else { continue };
            if !self.lease.may_take_over(job.lease.as_deref()) {
                tracing::error!(job = %job.id, lease = job.lease, "another process still runs this job; it is left to it");
                self.forget(job.id);
                continue;
            }
            let (id, from, to) = (job.id, job.lease.take(), self.lease.to_string());
            job.lease = Some(to.clone());
            let taken = self.store.write(move |tx| {
                let taken = jobs::lease(tx, id, from.as_deref(), &to)?;
                if taken {
                    audit::append(tx, entry("job_resumed", id, json!({})))?;
                }
                Ok(taken)
            });
            match taken.await {
                Ok(true) => self.launch(job, live),
                Ok(false) => self.forget(id),
                Err(fault) => {
                    self.forget(id);
                    return Err(fault);
                }
            }
        }
        Ok(())
    }

    async fn start<F>(self: &Arc<Self>, job: NewJob, also: F) -> Result<JobId, Fault>
    where
        F: FnOnce(&Transaction<'_>, JobId) -> Result<(), Fault> + Send + 'static,
    {
        let blobs = self.documents(&job)?;
        if self.scenario(job.kind).is_none() {
            return Err(Fault::internal(format_args!("no scenario {} is registered", job.kind)));
        }
        let row = JobRow {
            id: Uuid::now_v7(),
            kind: job.kind.to_owned(),
            profile: job.profile,
            application: job.application,
            title: job.title,
            state: JobState::Running,
            created_at: OffsetDateTime::now_utc(),
            closed_at: None,
            input: job.input,
            outcome: None,
            fault: None,
            lease: Some(self.lease.to_string()),
        };
        let id = row.id;
        let live = self
            .admit(id)
            .ok_or_else(|| Fault::new(Code::AgentUnreachable).detail("the agent is ending"))?;
        let stored = row.clone();
        let written = self.store.write(move |tx| {
            jobs::insert(tx, &stored)?;
            for blob in &blobs {
                blobs::refer(tx, id, blob)?;
            }
            let body = json!({ "kind": stored.kind, "profile": stored.profile, "application": stored.application });
            audit::append(tx, entry("job_started", id, body))?;
            also(tx, id)
        });
        if let Err(fault) = written.await {
            self.forget(id);
            return Err(fault);
        }
        failpoints::reached(format_args!("job:started"));
        self.launch(row, live);
        Ok(id)
    }

    async fn cancel(self: &Arc<Self>, id: JobId) -> Result<Job, Fault> {
        let Some(live) = self.live(id) else {
            return self.give_up(id).await;
        };
        if live.is_irrevocable() {
            return Err(Fault::new(Code::WrongState)
                .detail("what the job does cannot be taken back any more; wait until it has ended"));
        }
        live.cancel();
        live.settled_or(|_| false).await;
        self.job(id).await
    }

    /// Closes a stopped job as cancelled.
    async fn give_up(&self, id: JobId) -> Result<Job, Fault> {
        let closed = self.store.write(move |tx| {
            let mut job = jobs::find(tx, id)?.ok_or_else(|| no_such_job(id))?;
            if job.state != JobState::Stopped {
                return Err(wrong_state(&job));
            }
            // Why it had stopped stays the reason that is shown.
            job.state = JobState::Cancelled;
            let released = runner::settle(tx, &job)?;
            Ok((job, released))
        });
        let (job, released) = closed.await?;
        self.store.release_blobs(released);
        self.tell(&job, None);
        self.job(id).await
    }

    async fn retry(self: &Arc<Self>, id: JobId) -> Result<Job, Fault> {
        let Some(live) = self.admit(id) else {
            return Err(Fault::new(Code::WrongState).detail(format_args!("job {id} is running")));
        };
        let lease = self.lease.to_string();
        let taken = self.store.write(move |tx| {
            let job = jobs::find(tx, id)?.ok_or_else(|| no_such_job(id))?;
            if job.state != JobState::Stopped {
                return Err(wrong_state(&job));
            }
            jobs::take_up(tx, id, &lease)?;
            steps::count_anew(tx, id)?;
            audit::append(tx, entry("job_retried", id, json!({})))?;
            Ok(JobRow {
                state: JobState::Running,
                fault: None,
                lease: Some(lease),
                ..job
            })
        });
        match taken.await {
            Ok(job) => self.launch(job, live),
            Err(fault) => {
                self.forget(id);
                return Err(fault);
            }
        }
        self.job(id).await
    }

    async fn job(&self, id: JobId) -> Result<Job, Fault> {
        let rows = self.store.read(move |connection| {
            let job = jobs::find(connection, id)?.ok_or_else(|| no_such_job(id))?;
            Ok((steps::of_job(connection, id)?, job))
        });
        let (steps, job) = rows.await?;
        Ok(Job::new(self.stage(&job), job, &steps))
    }

    /// The content addresses that a new job names, each of a document that is there.
    fn documents(&self, job: &NewJob) -> Result<Vec<BlobId>, Fault> {
        let missing =
            |blob: &str| Fault::internal(format_args!("the document {blob} of a new job is not in the store"));
        job.blobs
            .iter()
            .map(|text| {
                let blob: BlobId = text.parse().map_err(|_| missing(text))?;
                if self.store.has_blob(&blob) {
                    Ok(blob)
                } else {
                    Err(missing(text))
                }
            })
            .collect()
    }

    fn stage(&self, job: &JobRow) -> Stage {
        if job.state.is_settled() {
            return Stage::Working;
        }
        self.live(job.id).map(|live| live.stage()).unwrap_or_default()
    }

    fn live(&self, id: JobId) -> Option<Arc<Live>> {
        self.lock_running().get(&id).cloned()
    }

    /// Makes room for a run, unless the job runs already or the engine ends.
    fn admit(&self, id: JobId) -> Option<Arc<Live>> {
        if self.is_ending() {
            return None;
        }
        match self.lock_running().entry(id) {
            Place::Occupied(_) => None,
            Place::Vacant(place) => Some(Arc::clone(place.insert(Arc::new(Live::new())))),
        }
    }

    /// The job does not run here any more; who waits for it looks at the store.
    fn forget(&self, id: JobId) {
        let live = self.lock_running().remove(&id);
        if let Some(live) = live {
            live.settle();
        }
    }

    fn launch(self: &Arc<Self>, job: JobRow, live: Arc<Live>) {
        self.tell(&job, None);
        let shared = Arc::clone(self);
        self.tasks.spawn(async move {
            let id = job.id;
            tokio::select! {
                biased;
                () = shared.ended.cancelled() => {}
                () = runner::run(Arc::clone(&shared), live, job) => {}
            }
            shared.forget(id);
        });
    }

    /// Every hour: keys and documents that nobody needs any more go.
    fn begin_housekeeping(self: &Arc<Self>) {
        if self.housekeeping.swap(true, Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(self);
        self.tasks.spawn(async move {
            let rounds = async {
                loop {
                    tokio::time::sleep(HOUSEKEEPING).await;
                    for done in [
                        shared.store.write(idempotency::purge).await,
                        shared.store.sweep_blobs().await,
                    ] {
                        if let Err(fault) = done {
                            tracing::warn!(%fault, "housekeeping failed; it is tried again in an hour");
                        }
                    }
                }
            };
            tokio::select! {
                () = shared.ended.cancelled() => {}
                () = rounds => {}
            }
        });
    }

    fn lock_running(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Live>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
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

fn entry(kind: &'static str, job: JobId, body: Value) -> Entry {
    Entry {
        kind,
        actor: Actor::Agent,
        job: Some(job),
        body,
    }
}

fn no_such_job(id: JobId) -> Fault {
    Fault::new(Code::NoSuchItem)
        .arg("job", id)
        .detail(format_args!("there is no job {id}"))
}

fn wrong_state(job: &JobRow) -> Fault {
    let state = job.state.as_str();
    Fault::new(Code::WrongState)
        .arg("state", state)
        .detail(format_args!("job {} is {state}", job.id))
}

/// How many events a subscriber may lag behind before it misses some.
const EVENTS: usize = 1024;

const HOUSEKEEPING: Duration = Duration::from_secs(3600);
