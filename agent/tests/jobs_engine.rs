//! The step engine against a fake outside world that counts what happened in it.
//!
//! A kill is simulated by ending the engine at once (no grace), closing the store and opening both again.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::HashMap;
use std::future::{Future, pending};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokensign::jobs::{
    Engine, Job, JobContext, JobEnd, JobFilter, JobId, JobState, NewJob, Probe, RetryPolicy, Scenario, Stage,
    StepError, StepState,
};
use tokensign::messages::{Code, Fault};
use tokensign::store::{Store, audit, calibrations, idempotency};
use tokio::sync::Notify;
use tokio::time::sleep;
use uuid::Uuid;

const LONG: Duration = Duration::from_secs(20);

/// Retries without delay worth mentioning, and no grace, so that ending the engine is a kill.
fn policy() -> RetryPolicy {
    RetryPolicy {
        base: Duration::from_millis(1),
        cap: Duration::from_millis(2),
        failures: 4,
        probe_failures: 3,
        repeats: 2,
        grace: Duration::ZERO,
    }
}

/// A scenario made of a function.
struct Script<F>(F);

impl<F> Scenario for Script<F>
where
    F: for<'a> Fn(&'a JobContext) -> BoxFuture<'a, Result<Value, JobEnd>> + Send + Sync,
{
    fn kind(&self) -> &'static str {
        "test"
    }

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Value, JobEnd>> {
        (self.0)(context)
    }
}

fn script<F>(run: F) -> Arc<dyn Scenario>
where
    F: for<'a> Fn(&'a JobContext) -> BoxFuture<'a, Result<Value, JobEnd>> + Send + Sync + 'static,
{
    Arc::new(Script(run))
}

fn new_job() -> NewJob {
    NewJob {
        kind: "test",
        profile: Some("main".to_owned()),
        application: None,
        title: "a test".to_owned(),
        input: json!({ "document": 7 }),
        blobs: Vec::new(),
    }
}

/// An agent over a directory that outlives it.
struct Agent {
    dir: Arc<TempDir>,
    scenario: Arc<dyn Scenario>,
    store: Store,
    engine: Engine,
}

impl Agent {
    async fn new(scenario: Arc<dyn Scenario>) -> Self {
        Self::with(Arc::new(TempDir::new().unwrap()), scenario, policy()).await
    }

    async fn with(dir: Arc<TempDir>, scenario: Arc<dyn Scenario>, policy: RetryPolicy) -> Self {
        let store = Store::open(dir.path()).unwrap();
        let engine = Engine::with_policy(store.clone(), policy);
        engine.register(Arc::clone(&scenario));
        engine.resume().await.unwrap();
        Self {
            dir,
            scenario,
            store,
            engine,
        }
    }

    /// Kills the agent where it stands; nothing but the directory is left.
    async fn kill(self) -> (Arc<TempDir>, Arc<dyn Scenario>) {
        self.engine.shutdown().await;
        (self.dir, self.scenario)
    }

    async fn restart(self) -> Self {
        let (dir, scenario) = self.kill().await;
        Self::with(dir, scenario, policy()).await
    }

    async fn start(&self) -> JobId {
        self.engine.start(new_job(), |_, _| Ok(())).await.unwrap()
    }

    async fn settled(&self, id: JobId) -> Job {
        let job = self.engine.wait(id, LONG).await.unwrap();
        assert!(job.state.is_settled(), "{job:?}");
        job
    }

    async fn run(&self) -> Job {
        self.settled(self.start().await).await
    }

    async fn audit(&self) -> Vec<String> {
        assert!(matches!(
            self.store.read(audit::verify).await.unwrap(),
            audit::Verdict::Intact(_)
        ));
        let mut entries = self.store.read(|c| audit::list(c, None, 1000)).await.unwrap();
        entries.reverse();
        entries.into_iter().map(|entry| entry.kind).collect()
    }

    fn database(&self) -> PathBuf {
        self.dir.path().join("tokensign.sqlite")
    }
}

async fn until(mut condition: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < LONG, "it never came about");
        sleep(Duration::from_millis(1)).await;
    }
}

/// Things that happened outside, by name.
#[derive(Default)]
struct World {
    happened: Mutex<HashMap<String, u32>>,
}

impl World {
    fn happen(&self, what: &str) -> u32 {
        let mut happened = self.happened.lock().unwrap();
        let count = happened.entry(what.to_owned()).or_default();
        *count += 1;
        *count
    }

    fn count(&self, what: &str) -> u32 {
        self.happened.lock().unwrap().get(what).copied().unwrap_or_default()
    }
}

fn fault(code: Code) -> Fault {
    Fault::new(code)
}

// A kill at every boundary

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
        assert_eq!((&outcome[1], &outcome[3]), (&json!("create 1"), &json!("save 1")));
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
    for seed in 1..=40u64 {
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
        assert_eq!(finished.outcome, Some(json!(["a", "b", "c", "d", "e"])));
        for step in ["a", "b", "c", "d", "e"] {
            assert_eq!(world.count(step), 1, "seed {seed}: {step}");
        }
        agent.audit().await;
    }
    assert!(
        kills > 40 && stops > 10,
        "the dice were too kind: {kills} kills, {stops} stops"
    );
}

// Outcomes of single steps

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
        Some(json!(["service_refused", "second"]))
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
    assert_eq!((job.state, job.outcome), (JobState::Finished, Some(json!(6))));
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
    assert_eq!(job.outcome, Some(json!(2)));
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
    assert_eq!((job.state, job.outcome), (JobState::Finished, Some(json!(3))));
    assert_eq!((world.count("send"), world.count("probe")), (1, 3));
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

// Cancelling

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
    assert_eq!(agent.settled(id).await.outcome, Some(json!("submitted")));
}

// Jobs as wholes

#[tokio::test]
async fn stages_and_changes_are_told() {
    let question = Uuid::new_v4();
    let stage = Stage::WaitingForPerson {
        question,
        prompters: vec!["web".to_owned()],
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
        Some(json!({ "document": 7, "profile": "main", "application": null }))
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
        (JobState::Finished, Some(json!(20))),
        "{:?}",
        job.fault
    );
    assert_eq!(seen.count("send"), 1, "the service was asked instead");
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
