use std::collections::{HashMap, HashSet};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::live::Live;
use super::model::{is_of_the_store, with_unknown_effect};
use super::shared::Shared;
use super::step::StepRun;
use super::{JobEnd, JobId, LeftBehind, RetryPolicy, Stage, StepState, StepView, service_failure};
use crate::messages::Fault;
use crate::store::jobs::JobRow;
use crate::store::steps::StepRow;
use crate::store::{Store, Transaction, claims};

/// How an effect failed; decides whether it may be repeated.
#[derive(Clone, Debug)]
pub enum StepError {
    /// Definite: the other side said no. Never repeated. (With `disk_full` or `store_failed`, which nobody else
    /// says, the job is stopped instead of closed, and the step begins anew when a person says retry.)
    Refused(Fault),
    /// It certainly did not happen, and only a person can mend why (a replaced token, an unpaid plan): the job stops, and retrying
    /// it begins the step again.
    Blocked(Fault),
    /// It certainly did not reach the other side (DNS, connect, TLS). Repeated with back-off.
    NotSent(Fault),
    /// It may or may not have happened (timeout or reset after the first byte, 5xx, 408, 429). Safe steps are
    /// repeated with back-off; guarded steps are probed first.
    Ambiguous(Fault),
}

/// What a probe found out about an effect that may have happened.
#[derive(Clone, Debug)]
pub enum Probe<T> {
    /// It happened, and this is its result.
    Done(T),
    /// It did not happen; it may be repeated.
    NotDone,
    /// It cannot be known; a person decides.
    Unknown(Fault),
}

/// When the effect of a guarded step may be repeated, once the other side says that it did not happen.
#[derive(Clone, Copy, Debug)]
pub struct Repetition {
    /// How often, where the other side sets its own limit.
    pub at_most: u32,
    /// How much longer than others the other side may work at it, so that its word is believed later.
    pub long: Duration,
}

/// What a refusal of a guarded effect says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// That it did not happen.
    Believed,
    /// That this request did not bring it about; an earlier delivery of the same one may have.
    Doubted,
}

/// What a scenario sees of its job.
#[derive(Clone)]
pub struct JobContext {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    live: Arc<Live>,
    job: Arc<JobRow>,
    policy: RetryPolicy,
    memory: Mutex<Memory>,
}

/// The steps as they were when this run began, and those that it has come to.
struct Memory {
    earlier: HashMap<String, StepRow>,
    come_to: HashSet<String>,
    last_n: u32,
}

impl JobContext {
    pub(super) fn new(
        shared: Arc<Shared>,
        live: Arc<Live>,
        job: Arc<JobRow>,
        steps: Vec<StepRow>,
        policy: RetryPolicy,
    ) -> Self {
        let last_n = steps.iter().map(|step| step.n).max().unwrap_or(0);
        let earlier = steps.into_iter().map(|step| (step.name.clone(), step)).collect();
        let memory = Mutex::new(Memory {
            earlier,
            come_to: HashSet::new(),
            last_n,
        });
        Self {
            inner: Arc::new(Inner {
                shared,
                live,
                job,
                policy,
                memory,
            }),
        }
    }

    /// The job's id.
    pub fn id(&self) -> JobId {
        self.inner.job.id
    }

    /// The service profile's name.
    pub fn profile(&self) -> Option<&str> {
        self.inner.job.profile.as_deref()
    }

    /// The application that asked.
    pub fn application(&self) -> Option<Uuid> {
        self.inner.job.application
    }

    /// When the job was started.
    pub fn created_at(&self) -> OffsetDateTime {
        self.inner.job.created_at
    }

    /// The scenario's input.
    ///
    /// # Errors
    /// `internal` when the stored input is not a `T`.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        T::deserialize(&self.inner.job.input).map_err(|e| {
            Fault::internal(format_args!(
                "the stored input of job {} cannot be read: {e}",
                self.id()
            ))
        })
    }

    /// The store, for queries of the scenario's own.
    pub fn store(&self) -> &Store {
        &self.inner.shared.store
    }

    /// Commits rows of the scenario's own. For rows that belong to a step use [`JobContext::stored_step`].
    ///
    /// # Errors
    /// What `work` returns, or `store_failed`, `disk_full`.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.store().write(work).await
    }

    /// Says what the job waits for; shown to the caller and sent as an event. The end of a step sets it back to
    /// [`Stage::Working`].
    pub fn set_stage(&self, stage: Stage) {
        if self.inner.live.set_stage(stage) {
            self.inner.shared.tell(&self.inner.job, None);
        }
    }

    /// From here on the job cannot be cancelled: what it is about to do cannot be taken back. Holds for this run; a
    /// scenario that runs again comes by here again.
    pub fn point_of_no_return(&self) {
        self.inner.live.make_irrevocable();
    }

    /// What the job leaves at the service should it not finish.
    pub fn left(&self) -> &LeftBehind {
        self.inner.live.left()
    }

    /// Claims what the job is about to bring about, named by `key` (`idocs/save/<document>`, for instance), so that
    /// no second job does it too. The claim ends when the job closes without having done a guarded step.
    ///
    /// # Errors
    /// Closed with `wrong_state` (and the other `job`) when it is claimed; `Stopped` when the store fails.
    pub async fn claim(&self, key: impl Into<String>) -> Result<(), JobEnd> {
        let (key, job) = (key.into(), self.id());
        match self.write(move |tx| Ok(claims::claim(tx, &key, job))).await {
            Ok(claimed) => Ok(claimed?),
            Err(fault) => Err(JobEnd::Stopped(fault)),
        }
    }

    /// The result of a step that an earlier run closed. A scenario looks ahead with it to go on behind a step after which
    /// what led there must not be done again.
    ///
    /// # Errors
    /// `Stopped` when the stored result is not a `T`.
    pub fn earlier<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, JobEnd> {
        let result = {
            let memory = self.inner.memory.lock().unwrap_or_else(PoisonError::into_inner);
            memory
                .earlier
                .get(name)
                .filter(|row| row.state == StepState::Done)
                .map(|row| row.result.clone().unwrap_or_default())
        };
        result.map(|result| self.recall(name, Ok(result))).transpose()
    }

    /// A step whose effect may be repeated any number of times.
    ///
    /// # Errors
    /// The fault that closed it; `Stopped` when the attempts are used up.
    pub async fn safe_step<T, E, F>(&self, name: &str, effect: E) -> Result<T, JobEnd>
    where
        T: Serialize + DeserializeOwned,
        E: Fn() -> F,
        F: Future<Output = Result<T, StepError>>,
    {
        let mut step = match self.come_to(name, false)? {
            Step::Closed(result) => return self.recall(name, result),
            Step::Open(step) => step,
        };
        loop {
            step.begin().await?;
            let result = effect().await;
            step.returned();
            match result {
                Ok(value) => return step.done(value).await,
                Err(StepError::Refused(fault)) => return Err(step.failed(fault).await),
                Err(StepError::Blocked(fault)) => return Err(step.blocked(fault).await),
                Err(StepError::Ambiguous(fault)) if service_failure::is_lasting(&fault) => {
                    return Err(step.blocked(fault).await);
                }
                Err(StepError::NotSent(fault) | StepError::Ambiguous(fault)) => step.postpone(fault).await?,
            }
        }
    }

    /// A step whose effect must happen once: after an ambiguous outcome or a crash `probe` is asked first. The effect is repeated as
    /// often as the policy allows, each time only when the probe says that it did not happen.
    ///
    /// # Errors
    /// The fault that closed it; `Stopped` when the probe cannot tell.
    pub async fn guarded_step<T, E, F, P, Q>(&self, name: &str, effect: E, probe: P) -> Result<T, JobEnd>
    where
        T: Serialize + DeserializeOwned,
        E: Fn() -> F,
        F: Future<Output = Result<T, StepError>>,
        P: Fn() -> Q,
        Q: Future<Output = Result<Probe<T>, StepError>>,
    {
        self.guarded(name, self.repetition(), Refusal::Believed, effect, probe)
            .await
    }

    /// A [`JobContext::guarded_step`] that hands over what is signed, on terms of its own. A refusal is not the last word on it: a
    /// request that was delivered twice, or that came late, is refused because it had its effect. So `probe` is asked once, and
    /// the effect is never repeated: what is there is done; where it is not known, the fault says so ([`JobEnd::is_without_effect`]).
    ///
    /// # Errors
    /// Those of [`JobContext::guarded_step`].
    pub async fn submitting_step<T, E, F, P, Q>(
        &self,
        name: &str,
        repetition: Repetition,
        effect: E,
        probe: P,
    ) -> Result<T, JobEnd>
    where
        T: Serialize + DeserializeOwned,
        E: Fn() -> F,
        F: Future<Output = Result<T, StepError>>,
        P: Fn() -> Q,
        Q: Future<Output = Result<Probe<T>, StepError>>,
    {
        self.guarded(name, repetition, Refusal::Doubted, effect, probe).await
    }

    /// The terms of a step that has none of its own.
    pub fn repetition(&self) -> Repetition {
        Repetition {
            at_most: self.policy().repeats,
            long: Duration::ZERO,
        }
    }

    async fn guarded<T, E, F, P, Q>(
        &self,
        name: &str,
        repetition: Repetition,
        refusal: Refusal,
        effect: E,
        probe: P,
    ) -> Result<T, JobEnd>
    where
        T: Serialize + DeserializeOwned,
        E: Fn() -> F,
        F: Future<Output = Result<T, StepError>>,
        P: Fn() -> Q,
        Q: Future<Output = Result<Probe<T>, StepError>>,
    {
        let mut step = match self.come_to(name, true)? {
            Step::Closed(result) => return self.recall(name, result),
            Step::Open(step) => step,
        };
        match step.settled_result() {
            None => {}
            Some(Ok(value)) => return step.done(value).await,
            Some(Err(fault)) => return Err(step.undecided(fault).await),
        }
        loop {
            if step.is_in_doubt() {
                step.ready().await;
                match probe().await {
                    Ok(Probe::Done(value)) => return step.done(value).await,
                    Ok(Probe::NotDone) => {
                        if !step.permit_repeat(repetition).await? {
                            continue;
                        }
                    }
                    Ok(Probe::Unknown(fault)) | Err(StepError::Refused(fault) | StepError::Blocked(fault)) => {
                        return Err(step.undecided(fault).await);
                    }
                    Err(StepError::NotSent(fault) | StepError::Ambiguous(fault)) => {
                        step.postpone_probe(fault).await?;
                        continue;
                    }
                }
            }
            step.begin().await?;
            let result = effect().await;
            step.returned();
            match result {
                Ok(value) => return step.done(value).await,
                Err(StepError::Refused(fault)) if refusal == Refusal::Doubted && !is_of_the_store(&fault) => {
                    return match probe().await {
                        Ok(Probe::Done(value)) => step.done(value).await,
                        Ok(Probe::NotDone) => Err(step.failed(fault).await),
                        Ok(Probe::Unknown(_)) | Err(_) => Err(step.failed(with_unknown_effect(fault)).await),
                    };
                }
                Err(StepError::Refused(fault)) => return Err(step.failed(fault).await),
                Err(StepError::Blocked(fault)) => return Err(step.blocked(fault).await),
                Err(StepError::NotSent(fault)) => step.postpone(fault).await?,
                Err(StepError::Ambiguous(fault)) => step.doubt(fault).await?,
            }
        }
    }

    /// A step whose whole effect is in the store: `work` and the step's close commit together, so it happens exactly
    /// once. A fault that `work` returns closes the step.
    ///
    /// # Errors
    /// The fault that closed it; `Stopped` when the store fails.
    pub async fn stored_step<T, F>(&self, name: &str, work: F) -> Result<T, JobEnd>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        match self.come_to(name, false)? {
            Step::Closed(result) => self.recall(name, result),
            Step::Open(step) => step.in_store(work).await,
        }
    }

    /// Whether the job is cancelled or the agent ends, so that no further effect may begin.
    pub(super) fn is_ending(&self) -> bool {
        self.inner.live.is_cancelled() || self.inner.shared.is_ending()
    }

    pub(super) fn live(&self) -> &Live {
        &self.inner.live
    }

    /// How this job's steps are begun again.
    pub(super) fn policy(&self) -> &RetryPolicy {
        &self.inner.policy
    }

    pub(super) fn tell(&self, step: &StepRow) {
        self.inner.shared.tell(&self.inner.job, Some(StepView::from(step)));
    }

    fn come_to(&self, name: &str, guarded: bool) -> Result<Step<'_>, JobEnd> {
        let mut memory = self.inner.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if !memory.come_to.insert(name.to_owned()) {
            // Giving the first one's result would skip an effect silently.
            return Err(JobEnd::Stopped(Fault::internal(format_args!(
                "the scenario has two steps named {name}"
            ))));
        }
        let row = match memory.earlier.remove(name) {
            Some(StepRow {
                state: StepState::Done,
                result,
                ..
            }) => {
                return Ok(Step::Closed(Ok(result.unwrap_or_default())));
            }
            Some(StepRow {
                state: StepState::Failed,
                fault,
                ..
            }) => {
                return Ok(Step::Closed(Err(
                    fault.unwrap_or_else(|| Fault::internal("a step failed without a fault"))
                )));
            }
            Some(row) => StepRow { guarded, ..row },
            None => {
                memory.last_n += 1;
                StepRow {
                    job: self.id(),
                    n: memory.last_n,
                    name: name.to_owned(),
                    guarded,
                    state: StepState::Open,
                    attempts: 0,
                    failures: 0,
                    repeats: 0,
                    opened_at: OffsetDateTime::now_utc(),
                    next_at: None,
                    closed_at: None,
                    result: None,
                    fault: None,
                    settled: None,
                }
            }
        };
        Ok(Step::Open(Box::new(StepRun::new(self, row))))
    }

    fn recall<T: DeserializeOwned>(&self, name: &str, result: Result<Value, Fault>) -> Result<T, JobEnd> {
        serde_json::from_value(result?).map_err(|e| {
            let cause = format_args!(
                "the stored result of step {name} of job {} cannot be read: {e}",
                self.id()
            );
            JobEnd::Stopped(Fault::internal(cause))
        })
    }
}

impl fmt::Debug for JobContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobContext")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

enum Step<'a> {
    /// Closed in an earlier run.
    Closed(Result<Value, Fault>),
    Open(Box<StepRun<'a>>),
}
