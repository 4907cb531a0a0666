use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tokio::time::{sleep, timeout};

use super::context::JobContext;
use super::live::Live;
use super::shared::Shared;
use super::{JobEnd, JobState, Outcome, Scenario, Stage, facts, failpoints};
use crate::messages::{Code, Fault};
use crate::store::audit::{self, Actor, Entry};
use crate::store::jobs::{self, JobRow};
use crate::store::{self, Transaction, approvals, blobs, claims, steps};

/// Carries one job through: runs its scenario and records how it ended. Dropped at any point it leaves the store so
/// that the next agent takes the job up where it was.
pub(super) async fn run(shared: Arc<Shared>, live: Arc<Live>, job: Arc<JobRow>, begun: Begun) {
    let end = match prepare(&shared, &live, &job, begun).await {
        Ok((scenario, context)) => drive(&shared, &live, scenario.as_ref(), &context).await,
        Err(fault) => End::Unfinished(JobEnd::Stopped(fault)),
    };
    record(&shared, &live, Arc::unwrap_or_clone(job), end).await;
}

/// Whether anything of a job can be in the store yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Begun {
    /// Its row was written a moment ago.
    Now,
    /// It ran before.
    Earlier,
}

/// How a run ended.
#[derive(Clone, Debug)]
enum End {
    Finished(Outcome),
    Unfinished(JobEnd),
    /// Dropped between effects because somebody cancelled.
    Cancelled,
}

async fn prepare(
    shared: &Arc<Shared>,
    live: &Arc<Live>,
    job: &Arc<JobRow>,
    begun: Begun,
) -> Result<(Arc<dyn Scenario>, JobContext), Fault> {
    let scenario = shared
        .scenario(&job.kind)
        .ok_or_else(|| Fault::internal(format_args!("this version has no scenario {}", job.kind)))?;
    let id = job.id;
    let steps = match begun {
        Begun::Now => Vec::new(),
        Begun::Earlier => {
            shared
                .store
                .read(move |connection| steps::of_job(connection, id))
                .await?
        }
    };
    let policy = scenario.terms(job.profile.as_deref()).policy(shared.policy);
    let context = JobContext::new(Arc::clone(shared), Arc::clone(live), Arc::clone(job), steps, policy);
    Ok((scenario, context))
}

async fn drive(shared: &Shared, live: &Live, scenario: &dyn Scenario, context: &JobContext) -> End {
    // Calling `run` may panic too, before there is a future.
    let scenario = async { scenario.run(context).await };
    let mut run = pin!(AssertUnwindSafe(scenario).catch_unwind().map(|end| match end {
        Ok(Ok(outcome)) => End::Finished(outcome),
        Ok(Err(end)) => End::Unfinished(end),
        // The panic's message may hold anything; the panic hook has logged it.
        Err(_) => End::Unfinished(JobEnd::Stopped(Fault::internal("the scenario panicked"))),
    }));
    tokio::select! {
        biased;
        end = &mut run => return end,
        () = live.cancelled() => {}
    }
    // No step begins any more; a guarded one that is under way is waited for, so that its outcome is known.
    let last = timeout(shared.policy.grace, async {
        tokio::select! {
            biased;
            end = &mut run => end,
            () = live.no_guarded_effect() => End::Cancelled,
        }
    });
    last.await.unwrap_or_else(|_| {
        End::Unfinished(JobEnd::Stopped(
            Fault::new(Code::ServiceUncertain)
                .detail("the job was cancelled while a step that cannot be repeated was under way"),
        ))
    })
}

/// Writes how the job ended, for as long as it takes, and tells everyone.
async fn record(shared: &Shared, live: &Live, mut job: JobRow, end: End) {
    failpoints::reached(format_args!("job:closing"));
    let (outcome, fault, state) = match end {
        End::Finished(outcome) => (Some(outcome), None, JobState::Finished),
        End::Unfinished(end) => {
            let end = live.left().told(end);
            (None, Some(end.fault().clone()), end.state())
        }
        End::Cancelled => {
            let fault = live.left().told_with(Fault::new(Code::Cancelled));
            (None, Some(fault), JobState::Cancelled)
        }
    };
    (job.outcome, job.fault, job.state) = (outcome, fault, state);
    job.closed_at = state.is_closed().then(store::now);
    let job = Arc::new(job);
    let closing = shared.closing(&job);
    let mut failures = 0;
    let (released, is_as_told) = loop {
        let row = Arc::clone(&job);
        match shared.store.write(move |tx| settle(tx, &row, closing)).await {
            Ok(released) => break (released, true),
            // Somebody else closed it; what is stored counts.
            Err(fault) if fault.code() == Code::WrongState => break (Vec::new(), false),
            Err(fault) => {
                failures += 1;
                let delay = shared.policy.delay(failures, &fault).min(STORE_AGAIN);
                live.set_trouble(Some(fault.clone()));
                tracing::error!(job = %job.id, %fault, ?delay, "the end of a job is not stored yet");
                live.set_stage(Stage::WaitingToRetry {
                    until: OffsetDateTime::now_utc() + delay,
                });
                sleep(delay).await;
            }
        }
    };
    shared.store.release_blobs(released);
    live.set_trouble(None);
    live.set_stage(Stage::Working);
    shared.tell(&job, None);
    if is_as_told && state.is_closed() {
        live.put_closed(Arc::unwrap_or_clone(job));
    }
}

/// What is to be done with what a job leaves in the store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    /// How long its documents stay.
    pub(super) keep_documents: Duration,
    /// Whether it is found by what its outcome names.
    pub(super) read_outcome: bool,
}

/// Closes or stops the job as its row says, and gives the documents that are not needed any more: all of a job that closes, unless
/// they are kept for a time.
pub(super) fn settle(tx: &Transaction<'_>, job: &JobRow, closing: Closing) -> Result<Vec<blobs::BlobId>, Fault> {
    let mut body = json!({ "state": job.state });
    if let Some(fault) = &job.fault {
        body["code"] = json!(fault.code());
    }
    let kind = if job.state.is_closed() {
        "job_closed"
    } else {
        "job_stopped"
    };
    audit::append(
        tx,
        Entry {
            kind,
            actor: Actor::Agent,
            job: Some(job.id),
            body,
        },
    )?;
    if let (JobState::Stopped, Some(fault)) = (job.state, &job.fault) {
        jobs::stop(tx, job.id, fault)?;
        return Ok(Vec::new());
    }
    steps::doubt_open(tx, job.id)?;
    claims::give_back(tx, job.id)?;
    facts::note_closed(tx, job, closing.read_outcome)?;
    approvals::end_with_job(tx, job.id, job.state == JobState::Finished)?;
    jobs::close(tx, job)?;
    if closing.keep_documents.is_positive() {
        return blobs::keep(tx, job.id, OffsetDateTime::now_utc() + closing.keep_documents);
    }
    blobs::forget(tx, job.id)
}

/// The longest delay before the store is tried again: somebody is making room.
const STORE_AGAIN: std::time::Duration = std::time::Duration::from_secs(10);
