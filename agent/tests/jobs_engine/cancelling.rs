//! Cancelling a job and ending the agent.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokensign::jobs::{JobId, JobState, Probe, RetryPolicy, StepState};
use tokensign::messages::Code;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::agent::{Agent, LONG, new_job, policy, script};
use crate::world::World;

/// A job that begins one effect and stays in it until `go` is told, with `policy`.
async fn in_effect(guarded: bool, grace: Duration) -> (Agent, JobId, Arc<Notify>, Arc<World>) {
    let world = Arc::new(World::default());
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let scenario = {
        let (world, begun, go) = (Arc::clone(&world), Arc::clone(&begun), Arc::clone(&go));
        script(move |context| {
            let (world, begun, go) = (Arc::clone(&world), Arc::clone(&begun), Arc::clone(&go));
            async move {
                let effect = async || {
                    begun.notify_one();
                    go.notified().await;
                    world.happen("first");
                    Ok(())
                };
                if guarded {
                    context
                        .guarded_step("first", effect, async || Ok(Probe::NotDone))
                        .await?;
                } else {
                    context.safe_step("first", effect).await?;
                }
                context.safe_step("second", async || Ok(world.happen("second"))).await?;
                Ok(Value::Null)
            }
            .boxed()
        })
    };
    let dir = Arc::new(TempDir::new().unwrap());
    let agent = Agent::with(dir, scenario, RetryPolicy { grace, ..policy() }).await;
    let id = agent.start().await;
    begun.notified().await;
    (agent, id, go, world)
}

#[tokio::test]
async fn cancelling_does_not_wait_for_an_effect_that_may_be_repeated() {
    let (agent, id, _go, world) = in_effect(false, LONG).await;
    let job = agent.engine.cancel(id).await.unwrap();
    assert_eq!(
        (job.state, job.fault.unwrap().code()),
        (JobState::Cancelled, Code::Cancelled)
    );
    assert_eq!(job.steps[0].state, StepState::Uncertain);
    assert_eq!((world.count("first"), world.count("second")), (0, 0));
}

#[tokio::test]
async fn cancelling_waits_for_an_effect_that_must_happen_once_and_begins_no_other() {
    let (agent, id, go, world) = in_effect(true, LONG).await;
    let engine = agent.engine.clone();
    let cancelling = tokio::spawn(async move { engine.cancel(id).await });
    sleep(Duration::from_millis(50)).await;
    assert!(!cancelling.is_finished());
    go.notify_one();
    let job = cancelling.await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Cancelled);
    assert_eq!(job.steps.iter().map(|s| s.state).collect::<Vec<_>>(), [StepState::Done]);
    assert_eq!((world.count("first"), world.count("second")), (1, 0));
}

#[tokio::test]
async fn cancelling_an_effect_that_does_not_end_leaves_it_to_a_person() {
    let (agent, id, _go, _world) = in_effect(true, Duration::from_millis(20)).await;
    let job = agent.engine.cancel(id).await.unwrap();
    assert_eq!(
        (job.state, job.fault.unwrap().code()),
        (JobState::Stopped, Code::ServiceUncertain)
    );
    let job = agent.engine.cancel(id).await.unwrap();
    assert_eq!(
        (job.state, job.steps[0].state),
        (JobState::Cancelled, StepState::Uncertain)
    );
}

#[tokio::test]
async fn ending_the_agent_waits_for_an_effect_that_must_happen_once() {
    let (agent, id, go, world) = in_effect(true, LONG).await;
    let engine = agent.engine.clone();
    let ending = tokio::spawn(async move { engine.shutdown().await });
    sleep(Duration::from_millis(50)).await;
    assert!(!ending.is_finished());
    let late = agent.engine.start(new_job(), |_, _| Ok(())).await;
    assert_eq!(late.unwrap_err().code(), Code::AgentUnreachable);
    go.notify_one();
    ending.await.unwrap();
    let job = agent.engine.job(id).await.unwrap();
    assert_eq!(
        (job.state, job.steps.len(), job.steps[0].state),
        (JobState::Running, 1, StepState::Done)
    );
    let agent = agent.restart().await;
    assert_eq!(agent.settled(id).await.state, JobState::Finished);
    assert_eq!((world.count("first"), world.count("second")), (1, 1));
}

#[tokio::test]
async fn what_cannot_be_taken_back_cannot_be_cancelled() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let agent = {
        let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
        Agent::new(script(move |context| {
            let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
            async move {
                context.point_of_no_return();
                let effect = async || {
                    begun.notify_one();
                    go.notified().await;
                    Ok(())
                };
                context.safe_step("follow", effect).await?;
                Ok(json!("submitted"))
            }
            .boxed()
        }))
        .await
    };
    let id = agent.start().await;
    begun.notified().await;
    assert_eq!(agent.engine.cancel(id).await.unwrap_err().code(), Code::WrongState);
    go.notify_one();
    assert_eq!(agent.settled(id).await.outcome, Some(json!("submitted").into()));
}
