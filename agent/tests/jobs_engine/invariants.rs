//! The rules on which "exactly once" stands, each looked at from outside: through a second connection to the database.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use tokensign::jobs::{JobState, Probe, StepError};
use tokensign::messages::Code;
use tokensign::store::calibrations;
use uuid::Uuid;

use crate::agent::{Agent, script, until};
use crate::world::{World, fault};

/// What another program reads of a step now: only what is committed.
fn committed(database: &PathBuf, step: &str) -> Option<(String, u32)> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    connection
        .query_row("SELECT state, attempts FROM steps WHERE name = ?1", [step], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .ok()
}

fn open(attempts: u32) -> Option<(String, u32)> {
    Some(("open".to_owned(), attempts))
}

fn done(attempts: u32) -> Option<(String, u32)> {
    Some(("done".to_owned(), attempts))
}

#[tokio::test]
async fn an_intent_is_committed_before_its_effect_and_the_step_before_it_is_closed() {
    let agent = Agent::new(script(|context| {
        async move {
            let database = context.store().state_dir().join("tokensign.sqlite");
            let ticket: Uuid = context.stored_step("ticket", |_| Ok(Uuid::new_v4())).await?;
            let effect = async || {
                assert_eq!(committed(&database, "ticket"), done(1), "the ticket, before the wire");
                assert_eq!(committed(&database, "send"), open(1), "the intent, before the wire");
                Ok(ticket)
            };
            let sent = context
                .guarded_step("send", effect, async || Ok(Probe::NotDone))
                .await?;
            assert_eq!(committed(&database, "send"), done(1));
            Ok(json!(sent))
        }
        .boxed()
    }))
    .await;
    assert_eq!(agent.run().await.state, JobState::Finished);
}

#[tokio::test]
async fn a_ticket_once_made_is_sent_for_ever_whatever_fails_and_dies() {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let world = Arc::new(World::default());
    let seen = Arc::clone(&sent);
    let mut agent = Agent::new(script(move |context| {
        let (sent, world) = (Arc::clone(&seen), Arc::clone(&world));
        async move {
            let ticket: Uuid = context.stored_step("ticket", |_| Ok(Uuid::new_v4())).await?;
            let effect = async || {
                sent.lock().unwrap().push(ticket);
                match world.happen("send") {
                    1 => Err(StepError::NotSent(fault(Code::ServiceUnreachable))),
                    2 => Err(StepError::Ambiguous(fault(Code::ServiceTimeout))),
                    3 => std::future::pending().await,
                    _ => Ok(ticket),
                }
            };
            Ok(json!(
                context
                    .guarded_step("send", effect, async || Ok(Probe::NotDone))
                    .await?
            ))
        }
        .boxed()
    }))
    .await;
    let id = agent.start().await;
    until(async || sent.lock().unwrap().len() == 3).await;
    agent = agent.restart().await;
    let job = agent.settled(id).await;
    let sent = sent.lock().unwrap().clone();
    assert_eq!((job.state, sent.len()), (JobState::Finished, 4));
    assert!(sent.iter().all(|ticket| *ticket == sent[0]), "{sent:?}");
    assert_eq!(job.outcome, Some(json!(sent[0]).into()));
}

#[tokio::test]
async fn only_what_certainly_did_not_arrive_is_repeated_unasked() {
    type Failing = fn() -> StepError;
    let classes: [(Failing, u32, u32); 3] = [
        (|| StepError::Refused(fault(Code::ServiceRefused)), 1, 0),
        (|| StepError::NotSent(fault(Code::ServiceUnreachable)), 2, 0),
        (|| StepError::Ambiguous(fault(Code::ServiceTimeout)), 1, 1),
    ];
    for (failure, sends, probes) in classes {
        let world = Arc::new(World::default());
        let outside = Arc::clone(&world);
        let agent = Agent::new(script(move |context| {
            let world = Arc::clone(&outside);
            async move {
                let effect = async || match world.happen("send") {
                    1 => Err(failure()),
                    _ => Ok(()),
                };
                let probe = async || {
                    world.happen("probe");
                    Ok(Probe::Done(()))
                };
                Ok(json!(context.guarded_step("send", effect, probe).await?))
            }
            .boxed()
        }))
        .await;
        agent.run().await;
        assert_eq!(
            (world.count("send"), world.count("probe")),
            (sends, probes),
            "{:?}",
            failure()
        );
    }
}

#[tokio::test]
async fn a_change_its_step_and_its_audit_entry_are_one_commit() {
    let agent = Agent::new(script(|context| {
        async move {
            let work = |tx: &tokensign::store::Transaction<'_>| {
                calibrations::remember(tx, "made", "yes")?;
                Ok(())
            };
            context.stored_step("make", work).await?;
            Ok(json!("made"))
        }
        .boxed()
    }))
    .await;
    // The audit log takes no entry: then nothing else is there either.
    let block =
        "CREATE TRIGGER block BEFORE INSERT ON audit WHEN NEW.kind = 'step_done' BEGIN SELECT RAISE (ABORT, 'no'); END";
    agent.store.write(move |tx| Ok(tx.execute_batch(block)?)).await.unwrap();
    let job = agent.run().await;
    assert_eq!(
        (job.state, job.fault.unwrap().code()),
        (JobState::Stopped, Code::StoreFailed)
    );
    let made = agent.store.read(|c| calibrations::layout(c, "made")).await.unwrap();
    assert_eq!((made, committed(&agent.database(), "make")), (None, None));
    agent
        .store
        .write(|tx| Ok(tx.execute_batch("DROP TRIGGER block")?))
        .await
        .unwrap();
    agent.engine.retry(job.id).await.unwrap();
    assert_eq!(agent.settled(job.id).await.state, JobState::Finished);
    let made = agent.store.read(|c| calibrations::layout(c, "made")).await.unwrap();
    assert_eq!(
        (made.as_deref(), committed(&agent.database(), "make")),
        (Some("yes"), done(1))
    );
    let entries = agent.audit().await;
    assert_eq!(entries.iter().filter(|kind| *kind == "step_done").count(), 1);
}
