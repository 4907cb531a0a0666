//! Kills, restarts, full disks: nothing is lost and nothing happens twice.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use rusqlite::Connection;
use serde_json::{Value, json};
use tokensign::jobs::{JobState, Probe, Scenario, StepError, StepState};
use tokensign::messages::Code;
use tokensign::store::{Store, calibrations};
use tokio::sync::Notify;
use tokio::time::sleep;
use uuid::Uuid;

use crate::agent::{Agent, policy, script};
use crate::world::{World, fault};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Boundary {
    /// After the commit that opens the step, before its effect.
    Opened,
    /// After the effect, before the commit that closes the step.
    Effect,
    /// After the commit that closes the step.
    Closed,
}

/// Where the agent is killed, once.
struct KillPoint {
    at: Mutex<Option<(&'static str, Boundary)>>,
    reached: Notify,
}

impl KillPoint {
    async fn pass(&self, step: &str, boundary: Boundary) {
        let here = self.at.lock().unwrap().take_if(|at| *at == (step, boundary)).is_some();
        if here {
            self.reached.notify_one();
            pending::<()>().await;
        }
    }
}

fn chain(world: Arc<World>, kill: Arc<KillPoint>) -> Arc<dyn Scenario> {
    script(move |context| {
        let (world, kill) = (Arc::clone(&world), Arc::clone(&kill));
        async move {
            let effect = async |step: &'static str| {
                kill.pass(step, Boundary::Opened).await;
                let count = world.happen(step);
                kill.pass(step, Boundary::Effect).await;
                Ok(format!("{step} {count}"))
            };
            let probe = async |step: &'static str| match world.count(step) {
                0 => Ok(Probe::NotDone),
                count => Ok(Probe::Done(format!("{step} {count}"))),
            };
            let upload = context.safe_step("upload", || effect("upload")).await?;
            kill.pass("upload", Boundary::Closed).await;
            let create = context
                .guarded_step("create", || effect("create"), || probe("create"))
                .await?;
            kill.pass("create", Boundary::Closed).await;
            let ticket = context
                .stored_step("ticket", |tx| {
                    let known = calibrations::layout(tx, "tickets")?.unwrap_or_default();
                    calibrations::remember(tx, "tickets", &format!("{known}|"))?;
                    Ok(Uuid::new_v4())
                })
                .await?;
            kill.pass("ticket", Boundary::Closed).await;
            let save = context
                .guarded_step("save", || effect("save"), || probe("save"))
                .await?;
            kill.pass("save", Boundary::Closed).await;
            Ok(json!([upload, create, ticket, save]))
        }
        .boxed()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_boundary_does_nothing_twice_and_loses_nothing() {
    use Boundary::{Closed, Effect, Opened};
    let points = [
        ("upload", Opened),
        ("upload", Effect),
        ("upload", Closed),
        ("create", Opened),
        ("create", Effect),
        ("create", Closed),
        ("ticket", Closed),
        ("save", Opened),
        ("save", Effect),
        ("save", Closed),
    ];
    for at in points {
        let world = Arc::new(World::default());
        let kill = Arc::new(KillPoint {
            at: Mutex::new(Some(at)),
            reached: Notify::new(),
        });
        let agent = Agent::new(chain(Arc::clone(&world), Arc::clone(&kill))).await;
        let id = agent.start().await;
        kill.reached.notified().await;
        assert_eq!(agent.engine.job(id).await.unwrap().state, JobState::Running);
        let agent = agent.restart().await;
        let job = agent.settled(id).await;
        assert_eq!(job.state, JobState::Finished, "{at:?}: {job:?}");
        assert_eq!((world.count("create"), world.count("save")), (1, 1), "{at:?}");
        assert_eq!(
            world.count("upload"),
            if at == ("upload", Effect) { 2 } else { 1 },
            "{at:?}"
        );
        let outcome = job.outcome.unwrap();
        let made = outcome.value().unwrap();
        assert_eq!((&made[1], &made[3]), (&json!("create 1"), &json!("save 1")));
        let tickets = agent.store.read(|c| calibrations::layout(c, "tickets")).await.unwrap();
        assert_eq!(tickets.as_deref(), Some("|"), "{at:?}: one ticket was made");
        assert_eq!(
            job.steps.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(),
            ["upload", "create", "ticket", "save"]
        );
        assert!(
            job.steps
                .iter()
                .all(|s| s.state == StepState::Done && s.closed_at.is_some())
        );
        let audited = agent.audit().await;
        assert_eq!(audited.iter().filter(|kind| *kind == "step_done").count(), 4);
        assert_eq!(audited.iter().filter(|kind| *kind == "job_resumed").count(), 1);
        assert_eq!(audited.last().map(String::as_str), Some("job_closed"));
        // A job that has ended is not taken up again.
        let agent = agent.restart().await;
        assert_eq!(agent.settled(id).await.outcome.as_ref(), Some(&outcome));
        assert_eq!(world.count("save"), 1);
    }
}

/// xorshift64*: enough for a test that must be repeatable.
struct Dice(Mutex<u64>);

impl Dice {
    fn roll(&self, sides: u64) -> u64 {
        let mut x = self.0.lock().unwrap();
        *x ^= *x >> 12;
        *x ^= *x << 25;
        *x ^= *x >> 27;
        (x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }
}

/// Five guarded steps with a safe one before each; everything that can go wrong does, by the dice.
fn unlucky(world: Arc<World>, dice: Arc<Dice>) -> Arc<dyn Scenario> {
    const STEPS: [&str; 5] = ["a", "b", "c", "d", "e"];
    script(move |context| {
        let (world, dice) = (Arc::clone(&world), Arc::clone(&dice));
        async move {
            let pause = async || sleep(Duration::from_micros(dice.roll(400))).await;
            let effect = async |step: &'static str| {
                pause().await;
                let roll = dice.roll(20);
                let happens = !matches!(roll, 0..=3);
                if happens {
                    world.happen(step);
                }
                pause().await;
                match roll {
                    0 | 1 => Err(StepError::NotSent(fault(Code::ServiceUnreachable))),
                    2 | 3 => Err(StepError::Ambiguous(fault(Code::ServiceTimeout))),
                    4..=6 => Err(StepError::Ambiguous(fault(Code::ServiceFailed))),
                    7 => pending().await,
                    _ => Ok(step.to_owned()),
                }
            };
            let probe = async |step: &'static str| {
                pause().await;
                match dice.roll(12) {
                    0 => Err(StepError::Ambiguous(fault(Code::ServiceTimeout))),
                    1 => Err(StepError::NotSent(fault(Code::ServiceUnreachable))),
                    2 => Ok(Probe::Unknown(fault(Code::ServiceUncertain))),
                    _ if world.count(step) > 0 => Ok(Probe::Done(step.to_owned())),
                    _ => Ok(Probe::NotDone),
                }
            };
            let mut done = Vec::new();
            for step in STEPS {
                let look = async || match dice.roll(4) {
                    0 => Err(StepError::Ambiguous(fault(Code::ServiceTimeout))),
                    _ => Ok(()),
                };
                context.safe_step(&format!("look {step}"), look).await?;
                done.push(context.guarded_step(step, || effect(step), || probe(step)).await?);
            }
            Ok(json!(done))
        }
        .boxed()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_and_whenever_it_is_killed_every_effect_happens_once() {
    let mut kills = 0;
    let mut stops = 0;
    for seed in 1..=200u64 {
        // Where a life ends depends on the machine's speed: more lives are rolled until enough went wrong.
        if seed > 20 && kills > 20 && stops > 5 {
            break;
        }
        let world = Arc::new(World::default());
        let dice = Arc::new(Dice(Mutex::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))));
        let mut agent = Agent::new(unlucky(Arc::clone(&world), Arc::clone(&dice))).await;
        let id = agent.start().await;
        let finished = loop {
            let life = Duration::from_millis(2 + dice.roll(25));
            let job = agent.engine.wait(id, life).await.unwrap();
            for step in ["a", "b", "c", "d", "e"] {
                assert!(
                    world.count(step) <= 1,
                    "seed {seed}: {step} happened {} times",
                    world.count(step)
                );
            }
            match job.state {
                JobState::Running => {
                    kills += 1;
                    agent = agent.restart().await;
                }
                JobState::Stopped => {
                    stops += 1;
                    assert!(job.fault.is_some());
                    agent.engine.retry(id).await.unwrap();
                }
                JobState::Finished => break job,
                other => panic!("seed {seed}: {other:?}, {job:?}"),
            }
        };
        assert_eq!(finished.outcome, Some(json!(["a", "b", "c", "d", "e"]).into()));
        for step in ["a", "b", "c", "d", "e"] {
            assert_eq!(world.count(step), 1, "seed {seed}: {step}");
        }
        agent.audit().await;
    }
    assert!(
        kills > 20 && stops > 5,
        "the dice were too kind: {kills} kills, {stops} stops"
    );
}

#[tokio::test]
async fn a_job_of_a_dead_process_is_taken_over_and_of_a_living_one_is_not() {
    let gate = script(|context| {
        async move {
            if context.store().state_dir().join("go").exists() {
                return Ok(Value::Null);
            }
            pending().await
        }
        .boxed()
    });
    let agent = Agent::new(gate).await;
    let ids = [agent.start().await, agent.start().await];
    let database = agent.database();
    let (dir, scenario) = agent.kill().await;
    std::fs::write(dir.path().join("go"), "").unwrap();
    let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", other.id())).unwrap();
    let started = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_ascii_whitespace()
        .nth(19)
        .unwrap()
        .to_owned();
    let boot = tokensign::platform::boot_id();
    let raw = Connection::open(database).unwrap();
    for (id, lease) in [
        (ids[0], "another boot/1/1".to_owned()),
        (ids[1], format!("{boot}/{}/{started}", other.id())),
    ] {
        raw.execute("UPDATE jobs SET lease = ?2 WHERE id = ?1", (id.to_string(), lease))
            .unwrap();
    }
    drop(raw);
    let agent = Agent::with(dir, scenario, policy()).await;
    assert_eq!(agent.settled(ids[0]).await.state, JobState::Finished);
    assert_eq!(agent.engine.job(ids[1]).await.unwrap().state, JobState::Running);
    other.kill().unwrap();
    other.wait().unwrap();
    agent.engine.resume().await.unwrap();
    assert_eq!(agent.settled(ids[1]).await.state, JobState::Finished);
}

#[tokio::test]
async fn a_full_disk_stops_the_job_with_that_reason_and_loses_no_outcome() {
    let world = Arc::new(World::default());
    let seen = Arc::clone(&world);
    let limit = async |store: &Store, spare: i64| {
        let set = store.write(move |tx| {
            let pages: i64 = tx.pragma_query_value(None, "page_count", |row| row.get(0))?;
            Ok(tx.query_row(&format!("PRAGMA max_page_count = {}", pages + spare), [], |_| Ok(()))?)
        });
        set.await.unwrap();
    };
    let agent = Agent::new(script(move |context| {
        let world = Arc::clone(&world);
        async move {
            // The result is larger than what is left of the disk.
            let effect = async || {
                world.happen("send");
                Ok("x".repeat(1 << 20))
            };
            let probe = async || Ok(Probe::Done("known to the service".to_owned()));
            let result = context.guarded_step("send", effect, probe).await?;
            Ok(json!(result.len()))
        }
        .boxed()
    }))
    .await;
    limit(&agent.store, 20).await;
    let job = agent.run().await;
    assert_eq!(
        (job.state, job.fault.unwrap().code()),
        (JobState::Stopped, Code::DiskFull)
    );
    limit(&agent.store, 10_000).await;
    agent.engine.retry(job.id).await.unwrap();
    let job = agent.settled(job.id).await;
    assert_eq!(
        (job.state, job.outcome),
        (JobState::Finished, Some(json!(20).into())),
        "{:?}",
        job.fault
    );
    assert_eq!(seen.count("send"), 1, "the service was asked instead");
}
