use std::future::pending;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, sleep, sleep_until};

use super::context::{JobContext, Repetition};
use super::live::InFlight;
use super::model::is_of_the_store;
use super::{JobEnd, Stage, StepState, failpoints, retry};
use crate::messages::{Code, Fault};
use crate::store::audit::{self, Actor, Entry};
use crate::store::steps::{self, StepRow};
use crate::store::{Store, Transaction};

/// One step of one run: its row, and every transition that the row may take.
pub(super) struct StepRun<'a> {
    context: &'a JobContext,
    row: StepRow,
    /// Held from before the commit that opens a guarded step until the commit that tells how it went.
    in_flight: Option<InFlight>,
    not_before: Option<Instant>,
    /// Since when it is not known how the effect went: when this run came to it, or when it was broken off in this run.
    doubted_at: Instant,
}

impl<'a> StepRun<'a> {
    pub(super) fn new(context: &'a JobContext, row: StepRow) -> Self {
        let not_before = row.next_at.map(|at| Instant::now() + retry::until(at));
        Self {
            context,
            row,
            in_flight: None,
            not_before,
            doubted_at: Instant::now(),
        }
    }

    /// Whether the effect was begun and it is not known how it went.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.row.is_in_doubt()
    }

    /// The result of an effect of which a person said that it happened; `None` when nobody has. What the person names is
    /// the result or its `id`; without it, a result that holds the time of the statement (`at`) or nothing is enough.
    pub(super) fn settled_result<T: DeserializeOwned>(&self) -> Option<Result<T, Fault>> {
        let settled = self.row.settled.as_ref()?;
        let at = settled.at.format(&Rfc3339).unwrap_or_default();
        let candidates = match &settled.result {
            Some(result) => vec![result.clone(), json!({ "id": result })],
            None => vec![json!({ "at": at }), Value::Null],
        };
        let result = candidates
            .into_iter()
            .find_map(|result| serde_json::from_value(result).ok());
        Some(result.ok_or_else(|| {
            Fault::invalid_field(
                "result",
                format_args!("is needed: what the step {} brought about", self.row.name),
            )
        }))
    }

    /// Waits for the time of the next attempt or probe.
    pub(super) async fn ready(&mut self) {
        if let Some(at) = self.not_before.take()
            && at > Instant::now()
        {
            let until = OffsetDateTime::now_utc() + at.duration_since(Instant::now());
            self.context.set_stage(Stage::WaitingToRetry { until });
            sleep_until(at).await;
            self.context.set_stage(Stage::Working);
        }
        if self.context.is_ending() {
            // Pends until the scenario is dropped: no further effect begins.
            pending::<()>().await;
        }
    }

    /// Commits that the effect begins now.
    pub(super) async fn begin(&mut self) -> Result<(), JobEnd> {
        self.ready().await;
        if self.row.guarded {
            self.in_flight = Some(self.context.live().enter_guarded());
            // Again, now that whoever ends the job can see the effect coming and waits for it.
            if self.context.is_ending() {
                self.in_flight = None;
                pending::<()>().await;
            }
        }
        self.row.state = StepState::Open;
        self.row.attempts += 1;
        self.row.next_at = None;
        let row = self.row.clone();
        // Not repeated when it fails: nothing has happened yet, and a person must make room or mend the store.
        self.store()
            .write(move |tx| steps::put(tx, &row))
            .await
            .map_err(JobEnd::Stopped)?;
        self.context.tell(&self.row);
        self.at("opened");
        Ok(())
    }

    /// The effect is over; what it waited for is too.
    pub(super) fn returned(&self) {
        self.at("effect");
        self.context.set_stage(Stage::Working);
    }

    /// Closes the step with its result.
    pub(super) async fn done<T: Serialize>(mut self, value: T) -> Result<T, JobEnd> {
        self.row.result = Some(as_json(&self.row.name, &value).map_err(JobEnd::Stopped)?);
        self.close(StepState::Done, None).await?;
        Ok(value)
    }

    /// Closes the step with the fault and gives how the scenario ends, unless it handles the fault.
    pub(super) async fn failed(mut self, fault: Fault) -> JobEnd {
        if is_of_the_store(&fault) {
            // Nobody refused anything: a person makes room or mends the store, and the job goes on.
            return self.set_aside(fault).await;
        }
        match self.close(StepState::Failed, Some(fault.clone())).await {
            Ok(()) => JobEnd::Closed(fault),
            Err(end) => end,
        }
    }

    /// The effect did not happen, or may be repeated anyhow: plans the next attempt, or stops when there were too
    /// many.
    pub(super) async fn postpone(&mut self, fault: Fault) -> Result<(), JobEnd> {
        self.row.failures += 1;
        let policy = self.context.policy();
        let used_up = self.row.failures >= policy.failures;
        // A step that stops here keeps a time too: it says that the effect certainly did not happen.
        let delay = if used_up {
            Duration::ZERO
        } else {
            policy.delay(self.row.failures, &fault)
        };
        self.plan(StepState::Open, delay, fault.clone()).await?;
        if used_up { Err(JobEnd::Stopped(fault)) } else { Ok(()) }
    }

    /// The effect certainly did not happen, and only a person can mend why.
    pub(super) async fn blocked(mut self, fault: Fault) -> JobEnd {
        // The time says that the effect certainly did not happen: a retry begins it without asking about it first.
        match self.plan(StepState::Open, Duration::ZERO, fault.clone()).await {
            Ok(()) => JobEnd::Stopped(fault),
            Err(end) => end,
        }
    }

    /// A guarded effect may have happened: plans the first probe.
    pub(super) async fn doubt(&mut self, fault: Fault) -> Result<(), JobEnd> {
        self.row.failures = 0;
        self.doubted_at = Instant::now();
        let delay = self.context.policy().delay(1, &fault);
        self.plan(StepState::Uncertain, delay, fault).await
    }

    /// The probe got no answer: plans the next one, or stops when there were too many.
    pub(super) async fn postpone_probe(&mut self, fault: Fault) -> Result<(), JobEnd> {
        self.row.failures += 1;
        let policy = self.context.policy();
        if self.row.failures >= policy.probe_failures {
            let uncertain = Fault::new(Code::ServiceUncertain)
                .arg("cause", fault.code())
                .detail(format_args!(
                    "step {} may have happened, and asking about it fails: {fault}",
                    self.row.name
                ));
            return Err(self.set_aside(uncertain).await);
        }
        let delay = policy.delay(self.row.failures, &fault);
        self.plan(StepState::Uncertain, delay, fault).await
    }

    /// The probe says that the effect did not happen. Whether it may be repeated now: not while the request may still be on its way
    /// (the probe comes again later then), and not without end.
    pub(super) async fn permit_repeat(&mut self, repetition: Repetition) -> Result<bool, JobEnd> {
        let broken_off = || {
            Fault::new(Code::ServiceUncertain).detail(format_args!(
                "step {} was broken off {} times",
                self.row.name, self.row.attempts
            ))
        };
        let fault = self.row.fault.clone().unwrap_or_else(broken_off);
        let settled_at = self.doubted_at + self.context.policy().settling + repetition.long;
        let left = settled_at.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            self.plan(StepState::Uncertain, left, fault).await?;
            return Ok(false);
        }
        if self.row.repeats >= repetition.at_most {
            return Err(self.set_aside(fault).await);
        }
        self.row.repeats += 1;
        self.row.failures = 0;
        Ok(true)
    }

    /// The probe cannot tell: a person must look.
    pub(super) async fn undecided(mut self, fault: Fault) -> JobEnd {
        self.set_aside(fault).await
    }

    /// Runs `work` and closes the step in one transaction.
    pub(super) async fn in_store<T, F>(mut self, work: F) -> Result<T, JobEnd>
    where
        T: Serialize + Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.ready().await;
        self.row.attempts += 1;
        self.row.next_at = None;
        self.row.closed_at = Some(OffsetDateTime::now_utc());
        let row = self.row.clone();
        let written = self.store().write(move |tx| carry_out(tx, row, work)).await;
        let (result, row) = written.map_err(JobEnd::Stopped)?;
        self.context.tell(&row);
        self.at("closed");
        result.map_err(JobEnd::Closed)
    }

    async fn close(&mut self, state: StepState, fault: Option<Fault>) -> Result<(), JobEnd> {
        self.row.state = state;
        self.row.fault = fault;
        self.row.next_at = None;
        self.row.closed_at = Some(OffsetDateTime::now_utc());
        self.persist(Some(entry(&self.row))).await?;
        self.at("closed");
        Ok(())
    }

    async fn plan(&mut self, state: StepState, delay: Duration, fault: Fault) -> Result<(), JobEnd> {
        tracing::info!(job = %self.row.job, step = self.row.name, %fault, ?delay, "a step is tried again");
        self.row.state = state;
        self.row.fault = Some(fault);
        self.row.next_at = Some(OffsetDateTime::now_utc() + delay);
        self.not_before = Some(Instant::now() + delay);
        self.persist(None).await
    }

    /// Leaves the step uncertain for a person to look at.
    async fn set_aside(&mut self, fault: Fault) -> JobEnd {
        self.row.state = StepState::Uncertain;
        self.row.fault = Some(fault.clone());
        self.row.next_at = None;
        match self.persist(Some(entry(&self.row))).await {
            Ok(()) => JobEnd::Stopped(fault),
            Err(end) => end,
        }
    }

    /// Writes how the effect went. What is known in memory only must not be lost to a disk that is full for a
    /// moment, so it is tried a few times.
    async fn persist(&mut self, entry: Option<Entry>) -> Result<(), JobEnd> {
        let mut failures = 0;
        loop {
            let (row, entry) = (self.row.clone(), entry.clone());
            let written = self.store().write(move |tx| {
                steps::put(tx, &row)?;
                entry.map_or(Ok(()), |entry| audit::append(tx, entry).map(drop))
            });
            match written.await {
                Ok(()) => break,
                Err(fault) if failures == STORE_FAILURES => return Err(JobEnd::Stopped(fault)),
                Err(fault) => {
                    failures += 1;
                    self.context.live().set_trouble(Some(fault.clone()));
                    tracing::error!(job = %self.row.job, step = self.row.name, %fault, "the outcome of a step is not stored yet");
                    sleep(self.context.policy().delay(failures, &fault)).await;
                }
            }
        }
        if failures > 0 {
            self.context.live().set_trouble(None);
        }
        self.in_flight = None;
        self.context.tell(&self.row);
        Ok(())
    }

    fn store(&self) -> &Store {
        self.context.store()
    }

    fn at(&self, boundary: &str) {
        failpoints::reached(format_args!("step:{}:{boundary}", self.row.name));
    }
}

/// Runs `work` and closes the step with what came of it. A fault of the work takes back what the work wrote and
/// closes the step; one of the store takes back everything.
fn carry_out<T, F>(tx: &Transaction<'_>, mut row: StepRow, work: F) -> Result<(Result<T, Fault>, StepRow), Fault>
where
    T: Serialize,
    F: FnOnce(&Transaction<'_>) -> Result<T, Fault>,
{
    tx.execute_batch("SAVEPOINT step")?;
    let result = work(tx);
    match &result {
        Ok(value) => {
            row.state = StepState::Done;
            row.fault = None;
            row.result = Some(as_json(&row.name, value)?);
        }
        Err(fault) if is_of_the_store(fault) || fault.code() == Code::Internal => return Err(fault.clone()),
        Err(fault) => {
            tx.execute_batch("ROLLBACK TO step")?;
            row.state = StepState::Failed;
            row.fault = Some(fault.clone());
        }
    }
    tx.execute_batch("RELEASE step")?;
    steps::put(tx, &row)?;
    audit::append(tx, entry(&row))?;
    Ok((result, row))
}

fn entry(row: &StepRow) -> Entry {
    let mut body = json!({ "step": row.name, "attempts": row.attempts });
    if let Some(fault) = &row.fault {
        body["code"] = json!(fault.code());
    }
    let kind = match row.state {
        StepState::Open => "step_opened",
        StepState::Done => "step_done",
        StepState::Failed => "step_failed",
        StepState::Uncertain => "step_uncertain",
    };
    Entry {
        kind,
        actor: Actor::Agent,
        job: Some(row.job),
        body,
    }
}

fn as_json<T: Serialize>(step: &str, value: &T) -> Result<Value, Fault> {
    serde_json::to_value(value)
        .map_err(|e| Fault::internal(format_args!("the result of step {step} cannot be stored: {e}")))
}

/// How often writing an outcome is tried again.
const STORE_FAILURES: u32 = 5;
