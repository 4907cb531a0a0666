use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::lease::Lease;
use super::live::Live;
use super::runner::{Begun, Closing};
use super::{
    Evidence, Job, JobEvent, JobFilter, JobId, JobState, NewJob, Removal, RetryPolicy, Scenario, Settlement, Stage,
    StepView, Terms, facts, failpoints, runner,
};
use crate::messages::{Code, Fault};
use crate::store::audit::{self, Actor, Entry};
use crate::store::blobs::{self, BlobId};
use crate::store::jobs::{self, JobRow};
use crate::store::steps::{self, Settled, StepRow};
use crate::store::{self, Store, Transaction, claims, idempotency};

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
    pub(super) fn new(store: Store, policy: RetryPolicy) -> Self {
        Self {
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
        }
    }

    pub(super) fn register(&self, scenario: Arc<dyn Scenario>) {
        let mut scenarios = self.scenarios.write().unwrap_or_else(PoisonError::into_inner);
        scenarios.insert(scenario.kind(), scenario);
    }

    pub(super) fn scenario(&self, kind: &str) -> Option<Arc<dyn Scenario>> {
        self.scenarios
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(kind)
            .cloned()
    }

    /// What becomes of what a job leaves in the store.
    pub(super) fn closing(&self, job: &JobRow) -> Closing {
        let Some(scenario) = self.scenario(&job.kind) else {
            return Closing {
                keep_documents: Terms::default().keep_documents,
                read_outcome: true,
            };
        };
        Closing {
            keep_documents: scenario.terms(job.profile.as_deref()).keep_documents,
            read_outcome: scenario.is_found_by_its_outcome(),
        }
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }

    /// Drops every run where it is.
    pub(super) fn break_off(&self) {
        self.ending.cancel();
        self.ended.cancel();
    }

    /// Drops every run after the guarded effects that are under way.
    pub(super) async fn shutdown(&self) {
        self.ending.cancel();
        let running: Vec<_> = self.lock_running().values().cloned().collect();
        let guarded = async {
            for live in running {
                live.no_guarded_effect().await;
            }
        };
        let _ = tokio::time::timeout(self.policy.grace, guarded).await;
        self.ended.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<JobEvent> {
        self.events.subscribe()
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

    pub(super) async fn resume(self: &Arc<Self>) -> Result<(), Fault> {
        self.begin_housekeeping();
        for mut job in self.store.read(jobs::running).await? {
            let Some(live) = self.admit(job.id) else { continue };
            if !self.lease.may_take_over(job.lease.as_deref()) {
                tracing::error!(job = %job.id, lease = job.lease, "another process still runs this job; it is left to it");
                self.forget(job.id, &live);
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
                Ok(true) => self.launch(Arc::new(job), live, Begun::Earlier),
                Ok(false) => self.forget(id, &live),
                Err(fault) => {
                    self.forget(id, &live);
                    return Err(fault);
                }
            }
        }
        Ok(())
    }

    pub(super) async fn start<F>(self: &Arc<Self>, job: NewJob, also: F) -> Result<JobId, Fault>
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
            created_at: store::now(),
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
        let row = Arc::new(row);
        let stored = Arc::clone(&row);
        let written = self.store.write(move |tx| {
            jobs::insert(tx, &stored)?;
            for blob in &blobs {
                blobs::refer(tx, id, blob)?;
            }
            let body = json!({ "kind": stored.kind, "profile": stored.profile, "application": stored.application });
            audit::append(tx, entry("job_started", id, body))?;
            facts::note_started(tx, &stored)?;
            also(tx, id)
        });
        if let Err(fault) = written.await {
            self.forget(id, &live);
            return Err(fault);
        }
        failpoints::reached(format_args!("job:started"));
        self.launch(row, live, Begun::Now);
        Ok(id)
    }

    pub(super) async fn cancel(self: &Arc<Self>, id: JobId) -> Result<Job, Fault> {
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
        let job = self.store.read(move |connection| jobs::find(connection, id)).await?;
        let closing = self.closing(&job.ok_or_else(|| no_such_job(id))?);
        let closed = self.store.write(move |tx| {
            let mut job = jobs::find(tx, id)?.ok_or_else(|| no_such_job(id))?;
            if job.state != JobState::Stopped {
                return Err(wrong_state(&job));
            }
            // Why it had stopped stays the reason that is shown.
            job.state = JobState::Cancelled;
            job.closed_at = Some(store::now());
            let released = runner::settle(tx, &job, closing)?;
            Ok((job, released))
        });
        let (job, released) = closed.await?;
        self.store.release_blobs(released);
        self.tell(&job, None);
        self.job(id).await
    }

    pub(super) async fn retry(self: &Arc<Self>, id: JobId) -> Result<Job, Fault> {
        self.take_up(id, move |tx| {
            audit::append(tx, entry("job_retried", id, json!({})))?;
            Ok(())
        })
        .await
    }

    pub(super) async fn settle(self: &Arc<Self>, id: JobId, settlement: Settlement) -> Result<Job, Fault> {
        self.take_up(id, move |tx| {
            let step = step_in_doubt(&steps::outlines(tx, id)?, settlement.step.as_deref())?;
            let mut body = json!({ "step": step, "happened": settlement.happened });
            if settlement.happened {
                if let Some(result) = &settlement.result {
                    body["result"] = result.clone();
                }
                let settled = Settled {
                    at: OffsetDateTime::now_utc(),
                    result: settlement.result,
                };
                steps::settle_happened(tx, id, &step, &settled)?;
            } else {
                steps::settle_not_happened(tx, id, &step)?;
            }
            audit::append(tx, person("step_settled", id, body))?;
            Ok(())
        })
        .await
    }

    /// Runs a stopped job again; `change` is what the person does about it, committed with it.
    async fn take_up<F>(self: &Arc<Self>, id: JobId, change: F) -> Result<Job, Fault>
    where
        F: FnOnce(&Transaction<'_>) -> Result<(), Fault> + Send + 'static,
    {
        let live = self.admit_stopped(id).await?;
        let lease = self.lease.to_string();
        let taken = self.store.write(move |tx| {
            let job = jobs::find(tx, id)?.ok_or_else(|| no_such_job(id))?;
            if job.state != JobState::Stopped {
                return Err(wrong_state(&job));
            }
            jobs::take_up(tx, id, &lease)?;
            steps::count_anew(tx, id)?;
            change(tx)?;
            Ok(JobRow {
                state: JobState::Running,
                fault: None,
                lease: Some(lease),
                ..job
            })
        });
        match taken.await {
            Ok(job) => self.launch(Arc::new(job), live, Begun::Earlier),
            Err(fault) => {
                self.forget(id, &live);
                return Err(fault);
            }
        }
        self.job(id).await
    }

    pub(super) async fn remove_left<F>(self: &Arc<Self>, id: JobId, also: F) -> Result<JobId, Fault>
    where
        F: FnOnce(&Transaction<'_>, JobId) -> Result<(), Fault> + Send + 'static,
    {
        let job = self.store.read(move |connection| jobs::find(connection, id)).await?;
        let job = job.ok_or_else(|| no_such_job(id))?;
        let removal = Removal::of(&job, self.removal_kind(&job))?;
        let claimed = Removal::claim(id);
        let new = NewJob {
            kind: removal.kind,
            profile: job.profile,
            application: job.application,
            title: job.title,
            input: json!(removal),
            blobs: Vec::new(),
        };
        // One removal at a time, and none after it is done; one that failed gives its claim back.
        self.start(new, move |tx, by| {
            also(tx, by)?;
            claims::claim(tx, &claimed, by)
        })
        .await
    }

    /// The kind of jobs that can remove what this one left.
    fn removal_kind(&self, job: &JobRow) -> Option<&'static str> {
        self.scenario(&job.kind)?.removal()
    }

    pub(super) async fn job(&self, id: JobId) -> Result<Job, Fault> {
        let rows = self.store.read(move |connection| {
            let job = jobs::find(connection, id)?.ok_or_else(|| no_such_job(id))?;
            Ok((
                steps::outlines(connection, id)?,
                Removal::is_begun(connection, &job)?,
                job,
            ))
        });
        let (steps, is_removed, job) = rows.await?;
        Ok(self.view(job, &steps, is_removed))
    }

    /// A job that was just closed, from the row that was written.
    pub(super) async fn closed(&self, job: JobRow) -> Result<Job, Fault> {
        let rows = self.store.look(|connection| {
            Ok((
                steps::outlines(connection, job.id)?,
                Removal::is_begun(connection, &job)?,
            ))
        });
        let (steps, is_removed) = rows.await?;
        Ok(self.view(job, &steps, is_removed))
    }

    pub(super) async fn list(&self, filter: JobFilter) -> Result<Vec<Job>, Fault> {
        let rows = self.store.read(move |connection| {
            let jobs = jobs::list(connection, &filter)?;
            jobs.into_iter()
                .map(|job| {
                    Ok((
                        steps::outlines(connection, job.id)?,
                        Removal::is_begun(connection, &job)?,
                        job,
                    ))
                })
                .collect::<Result<Vec<_>, Fault>>()
        });
        let jobs = rows.await?.into_iter();
        Ok(jobs
            .map(|(steps, is_removed, job)| self.view(job, &steps, is_removed))
            .collect())
    }

    pub(super) async fn evidence(&self, id: JobId) -> Result<Evidence, Fault> {
        let (job, is_removed, steps, audit, documents) = self
            .store
            .read(move |connection| {
                let job = jobs::find(connection, id)?.ok_or_else(|| no_such_job(id))?;
                let steps = steps::of_job(connection, id)?;
                let is_removed = Removal::is_begun(connection, &job)?;
                Ok((
                    job,
                    is_removed,
                    steps,
                    audit::of_job(connection, id)?,
                    blobs::of_job(connection, id)?,
                ))
            })
            .await?;
        Ok(Evidence {
            job: self.view(job, &steps, is_removed),
            results: steps.into_iter().filter_map(|step| step.result).collect(),
            audit,
            documents,
        })
    }

    fn view(&self, mut job: JobRow, steps: &[StepRow], is_removed: bool) -> Job {
        if job.state == JobState::Running {
            job.fault = self.live(job.id).and_then(|live| live.trouble());
        }
        let can_remove = !is_removed && Removal::of(&job, self.removal_kind(&job)).is_ok();
        Job::new(self.stage(&job), job, steps, can_remove)
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

    pub(super) fn live(&self, id: JobId) -> Option<Arc<Live>> {
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

    /// Makes room for a new run of a stopped job. The store says that a job has stopped a moment before its run has ended: that end
    /// is waited for.
    async fn admit_stopped(&self, id: JobId) -> Result<Arc<Live>, Fault> {
        const LOOK_AGAIN: Duration = Duration::from_millis(20);
        loop {
            if let Some(live) = self.admit(id) {
                return Ok(live);
            }
            let stopped = self.job(id).await?.state == JobState::Stopped;
            if !stopped || self.is_ending() {
                return Err(Fault::new(Code::WrongState).detail(format_args!("job {id} is running")));
            }
            if let Some(live) = self.live(id) {
                // Somebody else may have taken it up meanwhile, so this does not wait for a whole run.
                let _ = tokio::time::timeout(LOOK_AGAIN, live.settled_or(|_| false)).await;
            }
        }
    }

    /// This run of the job is over; who waits for it looks at the store now.
    pub(super) fn forget(&self, id: JobId, live: &Arc<Live>) {
        {
            let mut running = self.lock_running();
            // A new run may have begun since.
            if running.get(&id).is_some_and(|running| Arc::ptr_eq(running, live)) {
                running.remove(&id);
            }
        }
        live.settle();
    }

    fn launch(self: &Arc<Self>, job: Arc<JobRow>, live: Arc<Live>, begun: Begun) {
        self.tell(&job, None);
        let shared = Arc::clone(self);
        self.tasks.spawn(async move {
            let id = job.id;
            tokio::select! {
                biased;
                () = shared.ended.cancelled() => {}
                () = runner::run(Arc::clone(&shared), Arc::clone(&live), job, begun) => {}
            }
            shared.forget(id, &live);
        });
    }

    /// Ends the time of documents that were kept after their job had closed.
    async fn forget_expired(&self) -> Result<(), Fault> {
        let expired = self.store.write(blobs::forget_expired).await?;
        self.store.release_blobs(expired);
        Ok(())
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
                    for done in [
                        shared.store.write(idempotency::purge).await,
                        shared.forget_expired().await,
                        shared.store.sweep_blobs().await,
                    ] {
                        if let Err(fault) = done {
                            tracing::warn!(%fault, "housekeeping failed; it is tried again in an hour");
                        }
                    }
                    tokio::time::sleep(HOUSEKEEPING).await;
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

fn entry(kind: &'static str, job: JobId, body: Value) -> Entry {
    Entry {
        kind,
        actor: Actor::Agent,
        job: Some(job),
        body,
    }
}

/// An entry of what the person does about a job.
fn person(kind: &'static str, job: JobId, body: Value) -> Entry {
    Entry {
        actor: Actor::Person,
        ..entry(kind, job, body)
    }
}

/// The step of which a person says how it went: the one named, else the only one in doubt.
fn step_in_doubt(steps: &[StepRow], named: Option<&str>) -> Result<String, Fault> {
    let mut in_doubt = steps.iter().filter(|step| step.guarded && step.is_in_doubt());
    let none = || Fault::new(Code::WrongState).detail("no step of this job waits to be settled");
    match named {
        Some(name) => in_doubt.find(|step| step.name == name).ok_or_else(none),
        None => {
            let first = in_doubt.next().ok_or_else(none)?;
            match in_doubt.next() {
                None => Ok(first),
                Some(_) => Err(Fault::invalid_field("step", "is needed: several steps are in doubt")),
            }
        }
    }
    .map(|step| step.name.clone())
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
