//! What a person can do about a job: settle what cannot be known, remove what it left, find it again.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokensign::jobs::{
    Action, JobContext, JobEnd, JobFilter, JobId, JobState, NewJob, Outcome, Probe, Removal, Scenario, Settlement,
    StepError, StepState, Terms,
};
use tokensign::messages::Code;
use tokensign::store::audit;
use tokio::sync::Notify;

use crate::agent::{Agent, new_job, script};
use crate::world::{World, fault};

const NONE: [JobId; 0] = [];

/// Sends once, in vain the first time; nobody can tell what became of it.
fn unknowable(world: &Arc<World>) -> Arc<dyn Scenario> {
    let world = Arc::clone(world);
    script(move |context| {
        let world = Arc::clone(&world);
        async move {
            let effect = async || match world.happen("send") {
                1 => Err(StepError::Ambiguous(fault(Code::ServiceTimeout))),
                n => Ok(n),
            };
            let probe = async || {
                world.happen("probe");
                Ok(Probe::Unknown(fault(Code::ServiceUncertain)))
            };
            Ok(json!(context.guarded_step("send", effect, probe).await?))
        }
        .boxed()
    })
}

fn said(happened: bool, result: Option<Value>) -> Settlement {
    Settlement {
        step: None,
        happened,
        result,
    }
}

#[tokio::test]
async fn what_a_person_says_did_not_happen_is_begun_again() {
    let world = Arc::new(World::default());
    let agent = Agent::new(unknowable(&world)).await;
    let job = agent.run().await;
    assert_eq!(job.actions, [Action::Retry, Action::Settle, Action::Cancel]);
    agent.engine.settle(job.id, said(false, None)).await.unwrap();
    let job = agent.settled(job.id).await;
    assert_eq!((job.state, job.outcome), (JobState::Finished, Some(json!(2).into())));
    assert_eq!((world.count("send"), world.count("probe")), (2, 1));
    assert!(job.actions.is_empty(), "{:?}", job.actions);
    let entries = agent.store.read(|c| audit::list(c, None, 100)).await.unwrap();
    let settled = entries.iter().find(|entry| entry.kind == "step_settled").unwrap();
    assert_eq!(
        (settled.actor.as_str(), &settled.body),
        ("person", &json!({ "step": "send", "happened": false }))
    );
}

#[tokio::test]
async fn what_a_person_says_happened_is_not_sent_again_not_even_after_a_restart() {
    let world = Arc::new(World::default());
    let agent = Agent::new(unknowable(&world)).await;
    let job = agent.run().await;
    agent.engine.settle(job.id, said(true, None)).await.unwrap();
    let lacking = agent.settled(job.id).await;
    let reason = lacking.fault.unwrap();
    assert_eq!((lacking.state, reason.code()), (JobState::Stopped, Code::InvalidField));
    assert_eq!(reason.args().get("field").map(String::as_str), Some("result"));
    let agent = agent.restart().await;
    agent.engine.settle(job.id, said(true, Some(json!(7)))).await.unwrap();
    let job = agent.settled(job.id).await;
    assert_eq!((job.state, job.outcome), (JobState::Finished, Some(json!(7).into())));
    assert_eq!((job.steps[0].state, world.count("send")), (StepState::Done, 1));
}

#[tokio::test]
async fn a_step_whose_result_holds_only_its_time_needs_no_more_than_a_yes() {
    #[derive(serde::Deserialize, serde::Serialize)]
    struct Saved {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    }
    let agent = Agent::new(script(|context| {
        async move {
            let effect = async || Err(StepError::Ambiguous(fault(Code::ServiceTimeout)));
            let probe = async || Ok(Probe::Unknown(fault(Code::ServiceUncertain)));
            let saved: Saved = context.guarded_step("save", effect, probe).await?;
            Ok(json!({ "saved_at": saved.at.unix_timestamp() }))
        }
        .boxed()
    }))
    .await;
    let before = OffsetDateTime::now_utc().unix_timestamp();
    let job = agent.run().await;
    agent.engine.settle(job.id, said(true, None)).await.unwrap();
    let outcome = agent.settled(job.id).await.outcome.unwrap().value().unwrap();
    assert!(outcome["saved_at"].as_i64().unwrap() >= before, "{outcome}");
}

#[tokio::test]
async fn only_a_step_in_doubt_can_be_settled() {
    let world = Arc::new(World::default());
    let agent = Agent::new(unknowable(&world)).await;
    let job = agent.run().await;
    let other = Settlement {
        step: Some("other".to_owned()),
        ..said(true, None)
    };
    let refused = agent.engine.settle(job.id, other).await.unwrap_err();
    assert_eq!(refused.code(), Code::WrongState);
    assert_eq!(
        agent.engine.job(job.id).await.unwrap().state,
        JobState::Stopped,
        "nothing changed"
    );
    agent.engine.cancel(job.id).await.unwrap();
    let closed = agent.engine.settle(job.id, said(true, None)).await.unwrap_err();
    assert_eq!(closed.code(), Code::WrongState);
}

/// Makes something at the service and ends as its input says; removes it in a job of the other kind.
struct Making {
    kind: &'static str,
    world: Arc<World>,
    reached: Arc<Notify>,
    keep: Duration,
}

impl Making {
    fn agents(world: &Arc<World>, reached: &Arc<Notify>, keep: Duration) -> [Arc<dyn Scenario>; 2] {
        ["test", "test_removal"].map(|kind| {
            let (world, reached) = (Arc::clone(world), Arc::clone(reached));
            Arc::new(Self {
                kind,
                world,
                reached,
                keep,
            }) as Arc<dyn Scenario>
        })
    }

    async fn make(&self, context: &JobContext) -> Result<Value, JobEnd> {
        let end: String = context.input()?;
        context.left().is("thing_id", "t-1", end != "found");
        match end.as_str() {
            "refused" | "found" => Err(fault(Code::Refused).into()),
            "unsure" => {
                context.left().may_be_sent();
                Err(JobEnd::Stopped(fault(Code::ServiceUncertain)))
            }
            "waits" => {
                self.reached.notify_one();
                std::future::pending().await
            }
            _ => {
                context.left().is_nothing();
                Ok(Value::Null)
            }
        }
    }
}

impl Scenario for Making {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn terms(&self, _profile: Option<&str>) -> Terms {
        Terms {
            keep_documents: self.keep,
            ..Terms::default()
        }
    }

    fn removal(&self) -> Option<&'static str> {
        (self.kind == "test").then_some("test_removal")
    }

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>> {
        async move {
            if self.kind == "test" {
                return self.make(context).await;
            }
            let removal: Removal = context.input()?;
            assert_eq!(removal.id("thing_id").unwrap(), "t-1");
            self.world.happen("removed");
            Ok(json!({ "removed": true }))
        }
        .map_ok(Outcome::from)
        .boxed()
    }
}

async fn making(world: &Arc<World>, reached: &Arc<Notify>, keep: Duration) -> Agent {
    let [making, removing] = Making::agents(world, reached, keep);
    let agent = Agent::new(making).await;
    agent.engine.register(removing);
    agent
}

fn ending(end: &str) -> NewJob {
    NewJob {
        input: json!(end),
        ..new_job()
    }
}

#[tokio::test]
async fn a_job_that_does_not_finish_tells_what_it_left_and_has_it_removed() {
    let (world, reached) = (Arc::new(World::default()), Arc::new(Notify::new()));
    let agent = making(&world, &reached, Duration::ZERO).await;
    for end in ["refused", "waits"] {
        let id = agent.engine.start(ending(end), |_, _| Ok(())).await.unwrap();
        if end == "waits" {
            reached.notified().await;
            agent.engine.cancel(id).await.unwrap();
        }
        let job = agent.settled(id).await;
        let left = job.fault.unwrap().extras()["left_behind"].clone();
        assert_eq!(
            left,
            json!({ "thing_id": "t-1", "created": true, "sent": false }),
            "{end}"
        );
        assert_eq!(job.actions, [Action::RemoveLeft]);
        let removal = agent.engine.remove_left(id, |_, _| Ok(())).await.unwrap();
        let removal = agent.settled(removal).await;
        assert_eq!(
            (removal.kind.as_str(), removal.state),
            ("test_removal", JobState::Finished)
        );
        assert_eq!(removal.profile.as_deref(), Some("main"));
    }
    assert_eq!(world.count("removed"), 2);
}

#[tokio::test]
async fn what_may_be_sent_or_was_there_before_is_not_removed() {
    let (world, reached) = (Arc::new(World::default()), Arc::new(Notify::new()));
    let agent = making(&world, &reached, Duration::ZERO).await;
    for (end, reason) in [
        ("found", "it was there before the job"),
        ("unsure", "it may have been sent"),
        ("finished", "the job left nothing"),
    ] {
        let id = agent.engine.start(ending(end), |_, _| Ok(())).await.unwrap();
        let mut job = agent.settled(id).await;
        if job.state == JobState::Stopped {
            let open = agent.engine.remove_left(id, |_, _| Ok(())).await.unwrap_err();
            assert_eq!(open.args()["reason"], "the job is not closed");
            job = agent.engine.cancel(id).await.unwrap();
        }
        assert!(job.actions.is_empty(), "{end}: {:?}", job.actions);
        let refused = agent.engine.remove_left(id, |_, _| Ok(())).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.args()["reason"].as_str()),
            (Code::NotRemovable, reason)
        );
    }
    assert_eq!(world.count("removed"), 0);
}

#[tokio::test]
async fn documents_are_kept_for_as_long_as_the_profile_says() {
    let (world, reached) = (Arc::new(World::default()), Arc::new(Notify::new()));
    let agent = making(&world, &reached, Duration::days(1)).await;
    let mut spool = agent.store.spool(100).await.unwrap();
    spool.write(b"kept").await.unwrap();
    let spooled = spool.finish().await.unwrap();
    let blob = spooled.id().clone();
    let job = NewJob {
        blobs: vec![blob.to_string()],
        ..ending("refused")
    };
    let id = agent.engine.start(job, |_, _| Ok(())).await.unwrap();
    drop(spooled);
    agent.settled(id).await;
    let agent = agent.restart().await;
    assert_eq!(
        agent.engine.evidence(id).await.unwrap().documents,
        std::slice::from_ref(&blob)
    );
    assert!(agent.store.has_blob(&blob));
    // The day passes.
    let (dir, scenario) = agent.kill().await;
    rusqlite::Connection::open(dir.path().join("tokensign.sqlite"))
        .unwrap()
        .execute("UPDATE job_blobs SET kept_until = '2026-01-01T00:00:00.000000Z'", [])
        .unwrap();
    let agent = Agent::with(dir, scenario, crate::agent::policy()).await;
    crate::agent::until(async || !agent.store.has_blob(&blob)).await;
    assert!(agent.engine.evidence(id).await.unwrap().documents.is_empty());
}

#[tokio::test]
async fn jobs_are_found_by_date_name_counterparty_and_reference() {
    let agent = Agent::new(script(|context| {
        async move {
            let input: Value = context.input()?;
            Ok(json!({ "document_id": input["id"], "documents": [{ "name": input["file"] }], "counterparty": input["to"] }))
        }
        .boxed()
    }))
    .await;
    let mut ids = Vec::new();
    for (id, file, to) in [
        ("d-1", "Счёт № 5.pdf", "ТОО «Ромашка», БИН 050140009999"),
        ("d-2", "Акт.pdf", "2BM-7"),
    ] {
        let job = NewJob {
            title: format!("iDocs: {id}"),
            input: json!({ "id": id, "file": file, "to": to }),
            ..new_job()
        };
        let id = agent.engine.start(job, |_, _| Ok(())).await.unwrap();
        agent.settled(id).await;
        ids.push(id);
    }
    let found = async |filter: JobFilter| {
        let jobs = agent.engine.list(filter).await.unwrap();
        jobs.iter().map(|job| job.id).collect::<Vec<_>>()
    };
    let text = |text: &str| Some(text.to_owned());
    let by = JobFilter::default;
    assert_eq!(
        found(JobFilter {
            name: text("счёт"),
            ..by()
        })
        .await,
        [ids[0]],
        "whatever the case"
    );
    assert_eq!(
        found(JobFilter {
            name: text("IDOCS: D-2"),
            ..by()
        })
        .await,
        [ids[1]],
        "also by its title"
    );
    assert_eq!(
        found(JobFilter {
            counterparty: text("РОМАШКА"),
            ..by()
        })
        .await,
        [ids[0]]
    );
    assert_eq!(
        found(JobFilter {
            counterparty: text("050140009999"),
            ..by()
        })
        .await,
        [ids[0]]
    );
    assert_eq!(
        found(JobFilter {
            counterparty: text("2bm-7"),
            name: text("акт"),
            ..by()
        })
        .await,
        [ids[1]]
    );
    assert_eq!(
        found(JobFilter {
            counterparty: text("2bm-7"),
            name: text("счёт"),
            ..by()
        })
        .await,
        NONE
    );
    assert_eq!(
        found(JobFilter {
            reference: text("d-2"),
            ..by()
        })
        .await,
        [ids[1]]
    );
    assert_eq!(
        found(JobFilter {
            reference: text("d-"),
            ..by()
        })
        .await,
        NONE,
        "a reference is whole"
    );
    let now = OffsetDateTime::now_utc();
    assert_eq!(
        found(JobFilter {
            since: Some(now - Duration::minutes(5)),
            ..by()
        })
        .await
        .len(),
        2
    );
    assert_eq!(
        found(JobFilter {
            since: Some(now + Duration::minutes(5)),
            ..by()
        })
        .await,
        NONE
    );
    assert_eq!(
        found(JobFilter {
            until: Some(now - Duration::minutes(5)),
            ..by()
        })
        .await,
        NONE
    );
    assert_eq!(
        found(JobFilter {
            state: Some(JobState::Finished),
            ..by()
        })
        .await
        .len(),
        2
    );
    assert_eq!(
        found(JobFilter {
            state: Some(JobState::Failed),
            ..by()
        })
        .await,
        NONE
    );
}
