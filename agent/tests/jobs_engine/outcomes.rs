//! What becomes of single steps.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokensign::jobs::{JobEnd, JobState, Probe, RetryPolicy, Scenario, Stage, StepError, StepState};
use tokensign::messages::{Code, Fault};
use tokensign::store::calibrations;
use tokio::sync::Notify;

use crate::agent::{Agent, LONG, policy, script};
use crate::world::{World, fault};

#[tokio::test]
async fn a_refused_effect_closes_the_job_by_the_code_of_the_fault() {
    let cases = [
        (Code::ServiceRefused, JobState::Failed),
        (Code::PinLocked, JobState::Failed),
        (Code::Refused, JobState::Refused),
        (Code::Expired, JobState::Refused),
        (Code::Cancelled, JobState::Cancelled),
    ];
    for (code, state) in cases {
        let world = Arc::new(World::default());
        let seen = Arc::clone(&world);
        let agent = Agent::new(script(move |context| {
            let world = Arc::clone(&world);
            async move {
                let effect = async || {
                    world.happen("send");
                    Err::<(), _>(StepError::Refused(fault(code)))
                };
                context
                    .guarded_step("send", effect, async || Ok(Probe::NotDone))
                    .await?;
                Ok(Value::Null)
            }
            .boxed()
        }))
        .await;
        let job = agent.run().await;
        assert_eq!((job.state, job.fault.unwrap().code()), (state, code));
        assert_eq!(job.steps[0].state, StepState::Failed);
        assert!(job.closed_at.is_some());
        assert_eq!(seen.count("send"), 1);
        assert_eq!(agent.audit().await, ["job_started", "step_failed", "job_closed"]);
        assert_eq!(agent.engine.retry(job.id).await.unwrap_err().code(), Code::WrongState);
        assert_eq!(agent.engine.cancel(job.id).await.unwrap_err().code(), Code::WrongState);
    }
}

#[tokio::test]
async fn a_failed_step_that_the_scenario_handles_fails_alike_after_a_restart() {
    let gate = Arc::new(Notify::new());
    let waits = Arc::clone(&gate);
    let agent = Agent::new(script(move |context| {
        let gate = Arc::clone(&waits);
        async move {
            let refuse = async || Err::<(), _>(StepError::Refused(fault(Code::ServiceRefused)));
            let Err(JobEnd::Closed(first)) = context.safe_step("first way", refuse).await else {
                return Err(JobEnd::Stopped(Fault::internal("it was to fail")));
            };
            gate.notify_one();
            let way = context
                .safe_step("second way", async || Ok("second".to_owned()))
                .await?;
            if context.store().state_dir().join("go").exists() {
                return Ok(json!([first.code(), way]));
            }
            pending().await
        }
        .boxed()
    }))
    .await;
    let id = agent.start().await;
    gate.notified().await;
    std::fs::write(agent.dir.path().join("go"), "").unwrap();
    let agent = agent.restart().await;
    assert_eq!(
        agent.settled(id).await.outcome,
        Some(json!(["service_refused", "second"]).into())
    );
}

#[tokio::test]
async fn what_was_not_sent_is_tried_again_and_then_waits_for_a_person() {
    let world = Arc::new(World::default());
    let seen = Arc::clone(&world);
    let agent = Agent::new(script(move |context| {
        let world = Arc::clone(&world);
        async move {
            let effect = async || match world.happen("send") {
                0..=5 => Err(StepError::NotSent(fault(Code::ServiceUnreachable))),
                count => Ok(count),
            };
            // Never probed: it is certain that nothing was sent.
            let probe = async || {
                world.happen("probe");
                Ok(Probe::NotDone)
            };
            Ok(json!(context.guarded_step("send", effect, probe).await?))
        }
        .boxed()
    }))
    .await;
    let job = agent.run().await;
    assert_eq!(
        (job.state, job.fault.as_ref().unwrap().code()),
        (JobState::Stopped, Code::ServiceUnreachable)
    );
    assert_eq!((seen.count("send"), job.steps[0].attempts), (4, 4));
    assert_eq!(job.steps[0].fault.as_ref().unwrap().code(), Code::ServiceUnreachable);
    assert!(job.closed_at.is_none());
    // A restart does not wake it; a person does.
    let agent = agent.restart().await;
    assert_eq!(agent.engine.job(job.id).await.unwrap().state, JobState::Stopped);
    agent.engine.retry(job.id).await.unwrap();
    let job = agent.settled(job.id).await;
    assert_eq!((job.state, job.outcome), (JobState::Finished, Some(json!(6).into())));
    assert_eq!((job.steps[0].attempts, seen.count("probe")), (6, 0));
    assert!(job.fault.is_none() && job.steps[0].fault.is_none());
    assert_eq!(
        agent.audit().await,
        ["job_started", "job_stopped", "job_retried", "step_done", "job_closed"]
    );
}

#[tokio::test]
async fn the_time_of_the_next_attempt_is_kept_over_a_restart() {
    let world = Arc::new(World::default());
    let scenario = {
        let world = Arc::clone(&world);
        script(move |context| {
            let world = Arc::clone(&world);
            async move {
                let effect = async || match world.happen("send") {
                    1 => Err(StepError::Ambiguous(fault(Code::RateLimited).arg("retry_after", 3))),
                    count => Ok(count),
                };
                Ok(json!(context.safe_step("send", effect).await?))
            }
            .boxed()
        })
    };
    let began = Instant::now();
    let agent = Agent::new(scenario).await;
    let id = agent.start().await;
    let waits = |stage: &Stage| matches!(stage, Stage::WaitingToRetry { .. });
    let job = agent.engine.wait_until(id, LONG, waits).await.unwrap();
    assert!(waits(&job.stage), "{job:?}");
    assert_eq!(
        job.steps[0].fault.as_ref().unwrap().code(),
        Code::RateLimited,
        "the reason is shown while it waits"
    );
    let agent = agent.restart().await;
    let job = agent.engine.wait_until(id, LONG, waits).await.unwrap();
    assert!(waits(&job.stage), "{job:?}");
    let job = agent.settled(id).await;
    assert_eq!(job.outcome, Some(json!(2).into()));
    assert!(began.elapsed() >= Duration::from_secs(3));
}

fn ambiguous_until_probed(world: &Arc<World>, answer: fn(u32) -> Result<Probe<u32>, StepError>) -> Arc<dyn Scenario> {
    let world = Arc::clone(world);
    script(move |context| {
        let world = Arc::clone(&world);
        async move {
            let effect = async || {
                world.happen("send");
                Err(StepError::Ambiguous(fault(Code::ServiceTimeout)))
            };
            let probe = async || answer(world.happen("probe"));
            Ok(json!(context.guarded_step("send", effect, probe).await?))
        }
        .boxed()
    })
}

#[tokio::test]
async fn an_ambiguous_outcome_is_what_the_probe_says() {
    let world = Arc::new(World::default());
    let agent = Agent::new(ambiguous_until_probed(&world, |n| match n {
        1 => Err(StepError::NotSent(fault(Code::ServiceUnreachable))),
        2 => Err(StepError::Ambiguous(fault(Code::ServiceFailed))),
        n => Ok(Probe::Done(n)),
    }))
    .await;
    let job = agent.run().await;
    assert_eq!((job.state, job.outcome), (JobState::Finished, Some(json!(3).into())));
    assert_eq!((world.count("send"), world.count("probe")), (1, 3));
}

#[tokio::test]
async fn a_request_that_is_still_on_its_way_is_not_repeated() {
    let world = Arc::new(World::default());
    let arrives = Instant::now() + Duration::from_millis(400);
    let outside = Arc::clone(&world);
    let scenario = script(move |context| {
        let world = Arc::clone(&outside);
        async move {
            let effect = async || {
                world.happen("send");
                Err(StepError::Ambiguous(fault(Code::ServiceTimeout)))
            };
            let probe = async || {
                world.happen("probe");
                Ok(if Instant::now() < arrives {
                    Probe::NotDone
                } else {
                    Probe::Done(())
                })
            };
            Ok(json!(context.guarded_step("send", effect, probe).await?))
        }
        .boxed()
    });
    let patient = RetryPolicy {
        settling: Duration::from_secs(2),
        ..policy()
    };
    let agent = Agent::with(Arc::new(TempDir::new().unwrap()), scenario, patient).await;
    assert_eq!(agent.run().await.state, JobState::Finished);
    assert_eq!((world.count("send"), world.count("probe")), (1, 2));
}

#[tokio::test]
async fn a_guarded_effect_is_repeated_twice_at_most() {
    let world = Arc::new(World::default());
    let agent = Agent::new(ambiguous_until_probed(&world, |_| Ok(Probe::NotDone))).await;
    let job = agent.run().await;
    assert_eq!(
        (job.state, job.fault.unwrap().code()),
        (JobState::Stopped, Code::ServiceTimeout)
    );
    assert_eq!(
        (world.count("send"), job.steps[0].attempts, job.steps[0].state),
        (3, 3, StepState::Uncertain)
    );
    // The person says retry: the service is asked first again.
    let probes = world.count("probe");
    agent.engine.retry(job.id).await.unwrap();
    agent.settled(job.id).await;
    assert_eq!(world.count("send"), 5);
    assert_eq!(world.count("probe"), probes + 3);
}

#[tokio::test]
async fn what_cannot_be_known_waits_for_a_person_who_may_give_it_up() {
    for silent in [false, true] {
        let world = Arc::new(World::default());
        let agent = Agent::new(ambiguous_until_probed(
            &world,
            if silent {
                |_| Err(StepError::NotSent(fault(Code::ServiceUnreachable)))
            } else {
                |_| Ok(Probe::Unknown(fault(Code::ServiceUncertain)))
            },
        ))
        .await;
        let job = agent.run().await;
        let reason = job.fault.unwrap();
        assert_eq!((job.state, reason.code()), (JobState::Stopped, Code::ServiceUncertain));
        assert_eq!(
            reason.args().get("cause").map(String::as_str),
            silent.then_some("service_unreachable")
        );
        assert_eq!(world.count("send"), 1);
        assert_eq!(world.count("probe"), if silent { 3 } else { 1 });
        let job = agent.engine.cancel(job.id).await.unwrap();
        assert_eq!(
            (job.state, job.fault.unwrap().code()),
            (JobState::Cancelled, Code::ServiceUncertain)
        );
        assert_eq!(job.steps[0].state, StepState::Uncertain, "what is not known stays so");
        assert_eq!(
            agent.audit().await,
            ["job_started", "step_uncertain", "job_stopped", "job_closed"]
        );
    }
}

#[tokio::test]
async fn a_panic_stops_the_job_and_closes_nothing() {
    let world = Arc::new(World::default());
    let seen = Arc::clone(&world);
    let agent = Agent::new(script(move |context| {
        let world = Arc::clone(&world);
        async move {
            let effect = async || {
                assert!(world.happen("send") > 1, "as a test");
                Ok(())
            };
            context
                .guarded_step("send", effect, async || Ok(Probe::NotDone))
                .await?;
            Ok(Value::Null)
        }
        .boxed()
    }))
    .await;
    let job = agent.run().await;
    assert_eq!(
        (job.state, job.fault.unwrap().code()),
        (JobState::Stopped, Code::Internal)
    );
    assert_eq!(job.steps[0].state, StepState::Open);
    agent.engine.retry(job.id).await.unwrap();
    assert_eq!(agent.settled(job.id).await.state, JobState::Finished);
    assert_eq!(seen.count("send"), 2);
}

#[tokio::test]
async fn two_steps_of_one_name_stop_the_job() {
    let agent = Agent::new(script(|context| {
        async move {
            context.safe_step("same", async || Ok(1)).await?;
            Ok(json!(context.safe_step("same", async || Ok(2)).await?))
        }
        .boxed()
    }))
    .await;
    let job = agent.run().await;
    assert_eq!(
        (job.state, job.fault.unwrap().code()),
        (JobState::Stopped, Code::Internal)
    );
}

#[tokio::test]
async fn a_stored_step_that_fails_takes_its_rows_back_and_closes() {
    let agent = Agent::new(script(|context| {
        async move {
            let work = |tx: &tokensign::store::Transaction<'_>| {
                calibrations::remember(tx, "token", "half")?;
                Err::<(), _>(fault(Code::ApprovalMismatch))
            };
            context.stored_step("record", work).await?;
            Ok(Value::Null)
        }
        .boxed()
    }))
    .await;
    let job = agent.run().await;
    assert_eq!(
        (job.state, job.fault.unwrap().code()),
        (JobState::Failed, Code::ApprovalMismatch)
    );
    assert_eq!(job.steps[0].state, StepState::Failed);
    assert_eq!(
        agent.store.read(|c| calibrations::layout(c, "token")).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_store_that_fails_inside_an_effect_is_no_refusal() {
    for guarded in [false, true] {
        let world = Arc::new(World::default());
        let agent = Agent::new(script(move |context| {
            let world = Arc::clone(&world);
            async move {
                let effect = async || match world.happen("store") {
                    1 => Err(StepError::Refused(fault(Code::DiskFull))),
                    count => Ok(count),
                };
                let count = match guarded {
                    false => context.safe_step("download", effect).await?,
                    true => {
                        context
                            .guarded_step("download", effect, async || Ok(Probe::NotDone))
                            .await?
                    }
                };
                Ok(json!(count))
            }
            .boxed()
        }))
        .await;
        let job = agent.run().await;
        assert_eq!(
            (job.state, job.fault.unwrap().code()),
            (JobState::Stopped, Code::DiskFull)
        );
        assert_eq!(job.steps[0].state, StepState::Uncertain);
        agent.engine.retry(job.id).await.unwrap();
        let job = agent.settled(job.id).await;
        assert_eq!((job.state, job.outcome), (JobState::Finished, Some(json!(2).into())));
    }
}

#[tokio::test]
async fn a_store_that_fails_between_the_steps_stops_the_job_and_closes_nothing() {
    let world = Arc::new(World::default());
    let seen = Arc::clone(&world);
    let agent = Agent::new(script(move |context| {
        let world = Arc::clone(&world);
        async move {
            context
                .write(move |_| match world.happen("write") {
                    1 => Err(fault(Code::DiskFull)),
                    _ => Ok(()),
                })
                .await?;
            Ok(json!("written"))
        }
        .boxed()
    }))
    .await;
    let job = agent.run().await;
    assert_eq!(
        (job.state, job.fault.unwrap().code()),
        (JobState::Stopped, Code::DiskFull)
    );
    agent.engine.retry(job.id).await.unwrap();
    assert_eq!(agent.settled(job.id).await.state, JobState::Finished);
    assert_eq!(seen.count("write"), 2);
}

#[tokio::test]
async fn what_only_a_person_can_mend_stops_at_once_and_begins_again_without_a_probe() {
    let world = Arc::new(World::default());
    let seen = Arc::clone(&world);
    let agent = Agent::new(script(move |context| {
        let world = Arc::clone(&world);
        async move {
            let effect = async || match world.happen("send") {
                1 => Err(StepError::Blocked(fault(Code::ServiceBilling))),
                count => Ok(count),
            };
            let probe = async || {
                world.happen("probe");
                Ok(Probe::NotDone)
            };
            Ok(json!(context.guarded_step("send", effect, probe).await?))
        }
        .boxed()
    }))
    .await;
    let job = agent.run().await;
    assert_eq!(
        (job.state, job.fault.unwrap().code()),
        (JobState::Stopped, Code::ServiceBilling)
    );
    let agent = agent.restart().await;
    agent.engine.retry(job.id).await.unwrap();
    let job = agent.settled(job.id).await;
    assert_eq!((job.state, job.outcome), (JobState::Finished, Some(json!(2).into())));
    assert_eq!(seen.count("probe"), 0);
}
