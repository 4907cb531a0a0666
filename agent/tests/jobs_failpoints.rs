//! The crash points, with real kills: the test runs itself as a child that is killed (SIGKILL) at one point and then
//! run again.
//!
//! Needs the crate feature: `cargo test -p tokensign --features failpoints --test jobs_failpoints`.
#![cfg(feature = "failpoints")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokensign::jobs::{
    Engine, JobContext, JobEnd, JobFilter, JobState, NewJob, Outcome, Probe, RetryPolicy, Scenario, failpoints,
};
use tokensign::store::{Store, audit};

/// Where the child keeps its store and the record of what happened outside.
const DIRECTORY: &str = "TOKENSIGN_TEST_DIRECTORY";

/// Uploads (may happen twice), then saves (must happen once).
struct Sending {
    outside: PathBuf,
}

impl Sending {
    fn happen(&self, what: &str) {
        let mut outside = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.outside)
            .unwrap();
        writeln!(outside, "{what}").unwrap();
    }

    fn count(&self, what: &str) -> usize {
        let outside = fs::read_to_string(&self.outside).unwrap_or_default();
        outside.lines().filter(|line| *line == what).count()
    }
}

impl Scenario for Sending {
    fn kind(&self) -> &'static str {
        "sending"
    }

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>> {
        async move {
            let upload = async || {
                self.happen("upload");
                Ok(())
            };
            context.safe_step("upload", upload).await?;
            context.stored_step("ticket", |_| Ok(7)).await?;
            let save = async || {
                self.happen("save");
                Ok(())
            };
            let probe = async || {
                if self.count("save") == 0 {
                    Ok(Probe::NotDone)
                } else {
                    Ok(Probe::Done(()))
                }
            };
            context.guarded_step("save", save, probe).await?;
            Ok(json!("saved"))
        }
        .map_ok(Outcome::from)
        .boxed()
    }
}

#[test]
fn a_kill_at_every_crash_point_saves_exactly_once() {
    let mut points = vec![
        "job:started".to_owned(),
        "job:closing".to_owned(),
        "step:ticket:closed".to_owned(),
    ];
    for step in ["upload", "save"] {
        points.extend(["opened", "effect", "closed"].map(|boundary| format!("step:{step}:{boundary}")));
    }
    for point in points {
        let dir = TempDir::new().unwrap();
        let killed = child(dir.path(), &format!("{point}=return"));
        assert_eq!(killed.signal(), Some(9), "{point}: {killed}");
        let finished = child(dir.path(), "");
        assert!(finished.success(), "{point}: {finished}");
        let world = Sending {
            outside: outside(dir.path()),
        };
        assert_eq!(world.count("save"), 1, "{point}");
        assert!(matches!(world.count("upload"), 1 | 2), "{point}");
    }
}

fn child(dir: &Path, armed: &str) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "as_a_child_run_the_job_to_its_end", "--ignored"])
        .env(DIRECTORY, dir)
        .env("FAILPOINTS", armed)
        .output()
        .unwrap()
        .status
}

fn outside(dir: &Path) -> PathBuf {
    dir.join("outside")
}

#[test]
#[ignore = "run by the other test in a process of its own"]
fn as_a_child_run_the_job_to_its_end() {
    let _failpoints = failpoints::setup();
    let dir = PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::open(&dir.join("state")).unwrap();
        let at_once = RetryPolicy {
            settling: Duration::ZERO,
            ..RetryPolicy::default()
        };
        let engine = Engine::with_policy(store.clone(), at_once);
        engine.register(Arc::new(Sending { outside: outside(&dir) }));
        engine.resume().await.unwrap();
        let id = match engine.list(JobFilter::default()).await.unwrap().first() {
            Some(job) => job.id,
            None => {
                let job = NewJob {
                    kind: "sending",
                    profile: None,
                    application: None,
                    title: "a test".to_owned(),
                    input: Value::Null,
                    blobs: Vec::new(),
                };
                engine.start(job, |_, _| Ok(())).await.unwrap()
            }
        };
        let job = engine.wait(id, Duration::from_secs(20)).await.unwrap();
        assert_eq!(
            (job.state, job.outcome),
            (JobState::Finished, Some(json!("saved").into()))
        );
        assert!(matches!(
            store.read(audit::verify).await.unwrap(),
            audit::Verdict::Intact(_)
        ));
    });
}
