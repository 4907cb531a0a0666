//! Jobs as wholes: events, lists, documents, claims, speed.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokensign::jobs::{JobContext, JobEnd, JobFilter, JobState, NewJob, Probe, Scenario, Stage, StepError, StepState};
use tokensign::messages::Code;
use tokensign::platform::Deadline;
use tokensign::store::approvals::{self, ApprovalState, NewApproval, NewItem};
use tokensign::store::{Store, idempotency};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::agent::{Agent, LONG, new_job, script, until};
use crate::world::fault;

#[tokio::test]
async fn stages_and_changes_are_told() {
    let question = Uuid::new_v4();
    let stage = Stage::WaitingForPerson {
        question,
        prompters: vec!["web".to_owned()],
        deadline: OffsetDateTime::now_utc(),
    };
    let answered = Arc::new(Notify::new());
    let agent = {
        let (stage, answered) = (stage.clone(), Arc::clone(&answered));
        Agent::new(script(move |context| {
            let (stage, answered) = (stage.clone(), Arc::clone(&answered));
            async move {
                let ask = async || {
                    context.set_stage(stage.clone());
                    answered.notified().await;
                    Ok("yes".to_owned())
                };
                Ok(json!(context.safe_step("ask", ask).await?))
            }
            .boxed()
        }))
        .await
    };
    let mut events = agent.engine.subscribe();
    let id = agent.start().await;
    let asks = |stage: &Stage| matches!(stage, Stage::WaitingForPerson { .. });
    let job = agent.engine.wait_until(id, LONG, asks).await.unwrap();
    assert_eq!((job.state, job.stage), (JobState::Running, stage.clone()));
    let waiting = agent.engine.wait(id, Duration::from_millis(20)).await.unwrap();
    assert_eq!(
        waiting.state,
        JobState::Running,
        "a caller that waits goes on waiting while the person decides"
    );
    answered.notify_one();
    agent.settled(id).await;
    let mut told = Vec::new();
    until(async || {
        while let Ok(event) = events.try_recv() {
            assert_eq!((event.id, event.kind.as_str()), (id, "test"));
            told.push((event.state, event.stage, event.step.map(|step| step.state)));
        }
        told.last().is_some_and(|(state, ..)| *state == JobState::Finished)
    })
    .await;
    let expected = [
        (JobState::Running, Stage::Working, None),
        (JobState::Running, Stage::Working, Some(StepState::Open)),
        (JobState::Running, stage, None),
        (JobState::Running, Stage::Working, None),
        (JobState::Running, Stage::Working, Some(StepState::Done)),
        (JobState::Finished, Stage::Working, None),
    ];
    assert_eq!(told, expected);
}

fn instant() -> Arc<dyn Scenario> {
    script(|context| {
        async move {
            #[derive(serde::Deserialize)]
            struct Input {
                document: u32,
            }
            let input: Input = context.input()?;
            Ok(json!({ "document": input.document, "profile": context.profile(), "application": context.application() }))
        }
        .boxed()
    })
}

#[tokio::test]
async fn jobs_are_listed_the_newest_first() {
    let agent = Agent::new(instant()).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(agent.run().await.id);
    }
    ids.reverse();
    let list = async |filter| {
        let jobs = agent.engine.list(filter).await.unwrap();
        jobs.into_iter().map(|job| job.id).collect::<Vec<_>>()
    };
    assert_eq!(list(JobFilter::default()).await, ids);
    assert_eq!(
        list(JobFilter {
            limit: Some(2),
            ..JobFilter::default()
        })
        .await,
        ids[..2]
    );
    assert!(
        list(JobFilter {
            open_only: true,
            ..JobFilter::default()
        })
        .await
        .is_empty()
    );
    assert!(
        list(JobFilter {
            kind: Some("other".to_owned()),
            ..JobFilter::default()
        })
        .await
        .is_empty()
    );
    assert!(
        list(JobFilter {
            application: Some(Uuid::new_v4()),
            ..JobFilter::default()
        })
        .await
        .is_empty()
    );
    let job = agent.engine.job(ids[0]).await.unwrap();
    assert_eq!(
        job.outcome,
        Some(json!({ "document": 7, "profile": "main", "application": null }).into())
    );
    let unknown = Uuid::new_v4();
    for fault in [
        agent.engine.job(unknown).await,
        agent.engine.cancel(unknown).await,
        agent.engine.retry(unknown).await,
        agent.engine.wait(unknown, LONG).await,
    ] {
        assert_eq!(fault.unwrap_err().code(), Code::NoSuchItem);
    }
}

#[tokio::test]
async fn a_job_and_its_idempotency_key_are_one_change() {
    let agent = Agent::new(instant()).await;
    let start = || {
        agent.engine.start(new_job(), |tx, id| {
            idempotency::reserve(tx, None, "key", &[1; 32], Some(id))
        })
    };
    let id = start().await.unwrap();
    assert_eq!(start().await.unwrap_err().code(), Code::IdempotencyInProgress);
    assert_eq!(agent.engine.list(JobFilter::default()).await.unwrap().len(), 1);
    let used = agent
        .store
        .read(|c| idempotency::find(c, None, "key", &[1; 32]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(used.job, Some(id));
}

#[tokio::test]
async fn a_job_runs_though_its_caller_has_left() {
    let agent = Agent::new(instant()).await;
    {
        let mut start = Box::pin(agent.engine.start(new_job(), |_, _| Ok(())));
        assert!(futures_util::poll!(&mut start).is_pending());
    }
    until(async || {
        let jobs = agent.engine.list(JobFilter::default()).await.unwrap();
        jobs.first().is_some_and(|job| job.state == JobState::Finished)
    })
    .await;
}

#[tokio::test]
async fn a_thing_is_brought_about_by_one_job() {
    let agent = Agent::new(script(|context| {
        async move {
            context.claim("idocs/save/42").await?;
            let refused = context.store().state_dir().join("refuse").exists();
            let effect = async || {
                if refused {
                    Err(StepError::Refused(fault(Code::ServiceRefused)))
                } else {
                    Ok(())
                }
            };
            context
                .guarded_step("save", effect, async || Ok(Probe::NotDone))
                .await?;
            Ok(Value::Null)
        }
        .boxed()
    }))
    .await;
    std::fs::write(agent.dir.path().join("refuse"), "").unwrap();
    assert_eq!(agent.run().await.fault.unwrap().code(), Code::ServiceRefused);
    std::fs::remove_file(agent.dir.path().join("refuse")).unwrap();
    let first = agent.run().await;
    assert_eq!(
        first.state,
        JobState::Finished,
        "the job that brought nothing about gave its claim back"
    );
    let second = agent.run().await;
    let fault = second.fault.unwrap();
    assert_eq!((second.state, fault.code()), (JobState::Failed, Code::WrongState));
    assert_eq!(fault.args().get("job"), Some(&first.id.to_string()));
    assert!(second.steps.is_empty());
}

#[tokio::test]
async fn an_approval_ends_with_its_job() {
    let agent = Agent::new(script(|context| {
        async move {
            let id = context.id();
            let approval = NewApproval {
                id,
                request_key: id.to_string(),
                kind: "person".to_owned(),
                caller: Value::Null,
                application: None,
                purpose: "signature".to_owned(),
                certificate: String::new(),
                token: None,
                deadline: Deadline::after(LONG),
                job: Some(id),
                from_grant: None,
                items: vec![NewItem {
                    kind: "content".to_owned(),
                    algorithm: "sha256".to_owned(),
                    digest: vec![0; 32],
                    name: None,
                    tbs: None,
                }],
            };
            context
                .stored_step("approve", move |tx| approvals::insert(tx, &approval))
                .await?;
            Err(JobEnd::Stopped(fault(Code::TokenRemoved)))
        }
        .boxed()
    }))
    .await;
    let id = agent.run().await.id;
    let state = async || {
        agent
            .store
            .read(move |c| approvals::find(c, id))
            .await
            .unwrap()
            .unwrap()
            .state
    };
    assert_eq!(state().await, ApprovalState::Live, "a stopped job may go on under it");
    agent.engine.cancel(id).await.unwrap();
    assert_eq!(state().await, ApprovalState::Withdrawn);
    let late = agent
        .store
        .write(move |tx| approvals::mark_signing(tx, id, 0, b"tbs"))
        .await;
    assert_eq!(late.unwrap_err().code(), Code::WrongState);
}

async fn spool(store: &Store, bytes: &[u8]) -> tokensign::store::blobs::Spooled {
    let mut spool = store.spool(1 << 20).await.unwrap();
    spool.write(bytes).await.unwrap();
    spool.finish().await.unwrap()
}

#[tokio::test]
async fn documents_live_until_the_last_job_that_needs_them_closes() {
    let go = |dir: &Path, title: &str| dir.join(title).exists();
    let agent = Agent::new(script(move |context| {
        async move {
            let title: Value = context.input()?;
            if go(context.store().state_dir(), title.as_str().unwrap_or_default()) {
                return Ok(Value::Null);
            }
            Err(JobEnd::Stopped(fault(Code::ServiceUncertain)))
        }
        .boxed()
    }))
    .await;
    let shared = spool(&agent.store, b"shared").await;
    let own = spool(&agent.store, b"own").await;
    let (shared_id, own_id) = (shared.id().clone(), own.id().clone());
    let job = |title: &str, blobs: &[&str]| NewJob {
        input: json!(title),
        blobs: blobs.iter().map(|&blob| blob.to_owned()).collect(),
        ..new_job()
    };
    let both = [shared_id.as_str(), own_id.as_str()];
    let first = agent.engine.start(job("first", &both), |_, _| Ok(())).await.unwrap();
    let second = agent
        .engine
        .start(job("second", &both[..1]), |_, _| Ok(()))
        .await
        .unwrap();
    drop((shared, own));
    let kept = async |agent: &Agent| {
        agent.store.write(|_| Ok(())).await.unwrap();
        (agent.store.has_blob(&shared_id), agent.store.has_blob(&own_id))
    };
    assert_eq!(agent.settled(first).await.state, JobState::Stopped);
    assert_eq!(agent.settled(second).await.state, JobState::Stopped);
    assert_eq!(
        kept(&agent).await,
        (true, true),
        "a stopped job still needs its documents"
    );
    let agent = agent.restart().await;
    assert_eq!(kept(&agent).await, (true, true));
    std::fs::write(agent.dir.path().join("first"), "").unwrap();
    agent.engine.retry(first).await.unwrap();
    assert_eq!(agent.settled(first).await.state, JobState::Finished);
    assert_eq!(kept(&agent).await, (true, false));
    agent.engine.cancel(second).await.unwrap();
    assert_eq!(kept(&agent).await, (false, false));
    let gone = agent.engine.start(job("third", &both), |_, _| Ok(())).await;
    assert_eq!(gone.unwrap_err().code(), Code::Internal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_steps_are_quick() {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    let agent = Agent::new(script(move |context| {
        let count = Arc::clone(&count);
        async move {
            for n in 0..1000 {
                let effect = async || Ok(count.fetch_add(1, Ordering::Relaxed));
                context
                    .guarded_step(&format!("step {n}"), effect, async || Ok(Probe::NotDone))
                    .await?;
            }
            Ok(Value::Null)
        }
        .boxed()
    }))
    .await;
    let began = Instant::now();
    let id = agent.start().await;
    let job = agent.engine.wait(id, Duration::from_secs(60)).await.unwrap();
    let took = began.elapsed();
    assert_eq!((job.state, job.steps.len()), (JobState::Finished, 1000));
    assert_eq!(counted.load(Ordering::Relaxed), 1000);
    assert!(took < Duration::from_secs(30), "2,000 commits took {took:?}");
}

/// The scenario's future is sent between threads: the face asks for no more than `Send`.
#[test]
fn a_run_can_be_sent() {
    fn sendable<T: Future + Send>(future: T) -> T {
        future
    }
    let _check = |context: &JobContext| {
        drop(sendable(context.safe_step("a", async || Ok(1))));
        drop(sendable(context.guarded_step(
            "b",
            async || Ok(1),
            async || Ok(Probe::NotDone),
        )));
        drop(sendable(context.stored_step("c", |_| Ok(1))));
    };
}
