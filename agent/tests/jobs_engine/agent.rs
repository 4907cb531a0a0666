//! An agent that can be killed, and jobs made of functions.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokensign::jobs::{Engine, Job, JobContext, JobEnd, JobId, NewJob, Outcome, RetryPolicy, Scenario};
use tokensign::store::{Store, audit};
use tokio::time::sleep;

pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Retries without delay worth mentioning, and no grace, so that ending the engine is a kill.
pub(crate) fn policy() -> RetryPolicy {
    RetryPolicy {
        base: Duration::from_millis(1),
        cap: Duration::from_millis(2),
        failures: 4,
        probe_failures: 3,
        repeats: 2,
        settling: Duration::ZERO,
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

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>> {
        (self.0)(context).map_ok(Outcome::from).boxed()
    }
}

pub(crate) fn script<F>(run: F) -> Arc<dyn Scenario>
where
    F: for<'a> Fn(&'a JobContext) -> BoxFuture<'a, Result<Value, JobEnd>> + Send + Sync + 'static,
{
    Arc::new(Script(run))
}

pub(crate) fn new_job() -> NewJob {
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
pub(crate) struct Agent {
    pub(crate) dir: Arc<TempDir>,
    pub(crate) scenario: Arc<dyn Scenario>,
    pub(crate) store: Store,
    pub(crate) engine: Engine,
}

impl Agent {
    pub(crate) async fn new(scenario: Arc<dyn Scenario>) -> Self {
        Self::with(Arc::new(TempDir::new().unwrap()), scenario, policy()).await
    }

    pub(crate) async fn with(dir: Arc<TempDir>, scenario: Arc<dyn Scenario>, policy: RetryPolicy) -> Self {
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
    pub(crate) async fn kill(self) -> (Arc<TempDir>, Arc<dyn Scenario>) {
        self.engine.shutdown().await;
        (self.dir, self.scenario)
    }

    pub(crate) async fn restart(self) -> Self {
        let (dir, scenario) = self.kill().await;
        Self::with(dir, scenario, policy()).await
    }

    pub(crate) async fn start(&self) -> JobId {
        self.engine.start(new_job(), |_, _| Ok(())).await.unwrap()
    }

    pub(crate) async fn settled(&self, id: JobId) -> Job {
        let job = self.engine.wait(id, LONG).await.unwrap();
        assert!(job.state.is_settled(), "{job:?}");
        job
    }

    pub(crate) async fn run(&self) -> Job {
        self.settled(self.start().await).await
    }

    pub(crate) async fn audit(&self) -> Vec<String> {
        assert!(matches!(
            self.store.read(audit::verify).await.unwrap(),
            audit::Verdict::Intact(_)
        ));
        let mut entries = self.store.read(|c| audit::list(c, None, 1000)).await.unwrap();
        entries.reverse();
        entries.into_iter().map(|entry| entry.kind).collect()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir.path().join("tokensign.sqlite")
    }
}

pub(crate) async fn until(mut condition: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < LONG, "it never came about");
        sleep(Duration::from_millis(1)).await;
    }
}
