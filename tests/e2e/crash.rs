//! SIGKILL of the agent at every step boundary of every kind of work, and between a signature and its commit; then a restart: done
//! exactly once, and nothing signed that was not approved.

use std::time::{Duration, Instant};

use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;
use tokensign_tests::sandbox::Happened;

use crate::mig24::with_container;
use crate::services::{INVOICE, finishes, saves, send_idocs, send_mig24, start_mig24, started};
use crate::world::Business;

/// The boundaries of a step: before its effect, after it, after it is closed.
const BOUNDARIES: [&str; 3] = ["opened", "effect", "closed"];

/// How long a job may take after the kill.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the agent is killed in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Work {
    /// A file becomes a signed document of iDocs.
    Idocs,
    /// Three files become a signed package group of MIG24.
    Mig24,
    /// Three files become signed documents of iDocs, in bulk.
    Bulk,
    /// A file becomes a draft.
    Draft,
    /// A draft gets its route.
    Route,
    /// MIG24 signs a group with a key of its own.
    Remote,
    /// A group that a refused job left is removed.
    Removal,
}

impl Work {
    /// Whose PIN is given.
    fn signer(self) -> &'static str {
        match self {
            Self::Mig24 => "gost-director",
            _ => "kz-director",
        }
    }

    /// How many documents the token signs.
    fn signatures(self) -> u64 {
        match self {
            Self::Idocs => 1,
            Self::Mig24 | Self::Bulk => 3,
            Self::Draft | Self::Route | Self::Remote | Self::Removal => 0,
        }
    }
}

/// The request that starts the work, and may be sent again.
enum Request {
    Idocs,
    Mig24,
    Form(&'static str, Value, usize),
    Json(&'static str, Value),
    Removal(String),
}

impl Request {
    /// Brings about what has to be there before.
    async fn of(work: Work, business: &Business) -> Self {
        let certificate = business.world.tokens.certificate("kz-director").fingerprint;
        match work {
            Work::Idocs => Self::Idocs,
            Work::Mig24 => Self::Mig24,
            Work::Bulk => {
                let documents: Vec<_> = (0..3)
                    .map(|n| {
                        json!({ "part": format!("f{n}"), "document": {
                            "name": format!("Счёт {n}"), "number": format!("A-{n}"), "date": "2026-11-21", "group": "Accounting",
                            "counterparty_bin": "050140009999",
                        }})
                    })
                    .collect();
                let request = json!({ "send": documents, "certificate": certificate });
                Self::Form("/v1/idocs/test/bulk-signs", request, 3)
            }
            Work::Draft => Self::Form("/v1/idocs/test/documents", draft(), 1),
            Work::Route => {
                let made = Self::Form("/v1/idocs/test/documents", draft(), 1);
                let path = started(made.send_under(business, "the draft").await.unwrap()).await;
                let job = business.world.agent.settled(&path).await;
                let employee = business.sandbox.announcement().employee_ids[0];
                let route = json!({
                    "document_id": job["outcome"]["document_id"], "kind": "quick", "employee_id": employee,
                    "external": { "counterparties": [{ "bin": "050140009999" }] },
                });
                Self::Json("/v1/idocs/test/routes", json!({ "routes": [route] }))
            }
            Work::Remote => {
                let (_, group) = refused_group(business).await;
                let request = json!({ "package_group_id": group, "container": "box" });
                Self::Json("/v1/mig24/test/remote-signatures", request)
            }
            Work::Removal => Self::Removal(refused_group(business).await.0),
        }
    }

    async fn send(&self, business: &Business) -> reqwest::Result<Response> {
        self.send_under(business, "the one request").await
    }

    async fn send_under(&self, business: &Business, key: &str) -> reqwest::Result<Response> {
        let post = |path: &str| {
            business
                .world
                .agent
                .owner(Method::POST, path)
                .header("idempotency-key", key)
        };
        match self {
            Self::Idocs => send_idocs(business, key).await,
            Self::Mig24 => send_mig24(business, key).await,
            Self::Json(path, request) => post(path).json(request).send().await,
            Self::Removal(job) => post(&format!("/v1/jobs/{job}/removal")).json(&json!({})).send().await,
            Self::Form(path, request, files) => {
                let request = Part::text(request.to_string()).mime_str("application/json").unwrap();
                let form = (0..*files).fold(Form::new().part("request", request), |form, n| {
                    let file = Part::bytes(INVOICE.to_vec()).file_name(format!("invoice-{n}.txt"));
                    let part = if *files == 1 {
                        "file".to_owned()
                    } else {
                        format!("f{n}")
                    };
                    form.part(part, file.mime_str("text/plain").unwrap())
                });
                post(path).multipart(form).send().await
            }
        }
    }

    /// The path of the job that the request has started, sent again where that is not known. The same key gives the same job.
    async fn job(&self, business: &Business) -> String {
        if matches!(self, Self::Removal(_)) {
            let jobs = business.world.agent.owner(Method::GET, "/v1/jobs?kind=mig24_removal");
            let jobs: Value = jobs.send().await.unwrap().json().await.unwrap();
            if let Some(id) = jobs["jobs"][0]["id"].as_str() {
                return format!("/v1/jobs/{id}");
            }
        }
        started(self.send(business).await.unwrap()).await
    }
}

/// A world in which MIG24 keeps the key of an employee.
async fn office() -> Business {
    Business::with(|config| config.people.users = vec![with_container()], "", &[]).await
}

fn draft() -> Value {
    json!({ "name": "Договор", "number": "17", "date": "2026-11-21", "kind": "outgoing" })
}

/// A group that a refused job has left, and that job.
async fn refused_group(business: &Business) -> (String, String) {
    let path = start_mig24(business).await;
    let question = business.world.agent.question("approve").await;
    business
        .world
        .agent
        .decide(&question, json!({ "decision": "refuse" }))
        .await
        .unwrap();
    let job = business.world.agent.settled(&path).await;
    let id = job["id"].as_str().unwrap().to_owned();
    let group = &job["fault"]["left_behind"]["package_group_id"];
    (id, group.as_str().unwrap_or_else(|| panic!("{job}")).to_owned())
}

/// The steps of an undisturbed run: the name, and whether the effect must happen once.
async fn steps_of(work: Work) -> Vec<(String, bool)> {
    let business = office().await;
    let request = Request::of(work, &business).await;
    let path = started(request.send(&business).await.unwrap()).await;
    let job = finish(&business, &path, work).await;
    judge(&business, work, &job, "undisturbed").await;
    let steps = job["steps"].as_array().unwrap();
    steps
        .iter()
        .map(|step| (step["name"].as_str().unwrap().to_owned(), step["guarded"] == true))
        .collect()
}

/// Answers what is asked until the job is settled.
async fn finish(business: &Business, path: &str, work: Work) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        let job = business.world.agent.get(path).await;
        if job["state"] != "running" {
            return job;
        }
        assert!(
            Instant::now() < until,
            "{work:?}: {job}\n{}",
            business.world.agent.log()
        );
        if let Some(question) = asked(business).await {
            decide(business, &question, work).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn asked(business: &Business) -> Option<Value> {
    let waiting = business.world.agent.try_waiting().await;
    waiting
        .into_iter()
        .find(|question| question["kind"] == "approve" || question["kind"] == "remote")
}

/// Approves; the agent may be gone before it answers.
async fn decide(business: &Business, question: &Value, work: Work) {
    let decision = if question["kind"] == "remote" {
        json!({ "decision": "approve" })
    } else {
        json!({ "decision": "approve", "pin": business.world.tokens.certificate(work.signer()).pin })
    };
    let said = business.world.agent.try_decide(question, decision);
    let _ = tokio::time::timeout(Duration::from_secs(5), said).await;
}

/// One run in which the agent kills itself at a point and is started again without it.
async fn killed_at(point: &str, work: Work) {
    let mut business = office().await;
    let request = Request::of(work, &business).await;
    business
        .world
        .restart(&[("FAILPOINTS", &format!("{point}=return"))])
        .await;
    // The first steps may be over, and the agent with them, before it has answered.
    let _ = request.send(&business).await;
    let mut approved = 0;
    while business.world.agent.is_running() {
        if let Some(question) = asked(&business).await {
            decide(&business, &question, work).await;
            approved += 1;
            assert!(approved < 3, "{work:?} {point}: asked again and again");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    business.world.agent = Agent::start(&business.world.tokens.configuration()).await;
    let path = request.job(&business).await;
    let job = finish(&business, &path, work).await;
    judge(&business, work, &job, point).await;
}

/// It is done, once, and nothing was signed that was not approved.
async fn judge(business: &Business, work: Work, job: &Value, point: &str) {
    let place = format!("{work:?} {point}");
    assert_eq!(
        job["state"],
        "finished",
        "{place}: {job}\n{}",
        business.world.agent.log()
    );
    let summary = business.sandbox.summary();
    let groups = &summary.mig24.groups;
    let documents = &summary.idocs.documents;
    let effects = match work {
        Work::Idocs => saves(&summary),
        Work::Mig24 => finishes(&summary),
        Work::Bulk => {
            assert!(
                documents.iter().all(|document| document.saves == 1),
                "{place}: {summary:?}"
            );
            u64::from(documents.len() == 3)
        }
        Work::Draft => documents.len() as u64,
        Work::Route => documents.iter().map(|document| document.routes).sum(),
        Work::Remote => groups.iter().map(|group| group.signed_by_service).sum(),
        Work::Removal => {
            let deleted = |happened: &Happened| matches!(happened, Happened::GroupDeleted { .. });
            business
                .sandbox
                .effects()
                .iter()
                .filter(|effect| deleted(&effect.happened))
                .count() as u64
        }
    };
    assert_eq!(effects, 1, "{place}: {summary:?}");
    assert!(summary.duplicates.is_empty(), "{place}: {summary:?}");
    assert_eq!(
        business.world.signed_as_approved().await,
        work.signatures(),
        "{place}: each is committed once"
    );
}

/// Kills the agent at each step of the work: at every boundary of a step whose effect must happen once, and of the others at every one
/// (`whole`), or at one after the other in turn.
async fn survives(work: Work, whole: bool) {
    let steps = steps_of(work).await;
    let few = match work {
        Work::Route => 1,
        Work::Removal => 2,
        Work::Draft => 3,
        Work::Mig24 | Work::Remote => 5,
        Work::Idocs | Work::Bulk => 8,
    };
    assert!(steps.len() >= few, "{steps:?}");
    for (n, (step, guarded)) in steps.iter().enumerate() {
        for (turn, boundary) in BOUNDARIES.into_iter().enumerate() {
            if whole || *guarded || n % BOUNDARIES.len() == turn {
                killed_at(&format!("step:{step}:{boundary}"), work).await;
            }
        }
    }
}

#[tokio::test]
async fn idocs_survives_a_kill_at_every_step_boundary() {
    survives(Work::Idocs, true).await;
}

#[tokio::test]
async fn mig24_survives_a_kill_at_every_step_boundary() {
    survives(Work::Mig24, true).await;
}

#[tokio::test]
async fn bulk_survives_a_kill_in_every_step() {
    survives(Work::Bulk, false).await;
}

#[tokio::test]
async fn drafts_and_routes_survive_a_kill_in_every_step() {
    survives(Work::Draft, false).await;
    survives(Work::Route, false).await;
}

#[tokio::test]
async fn a_signature_at_the_service_and_a_removal_survive_a_kill_in_every_step() {
    survives(Work::Remote, false).await;
    survives(Work::Removal, false).await;
}

#[tokio::test]
#[ignore = "every boundary of every step: make test-full"]
async fn all_other_work_survives_a_kill_at_every_step_boundary() {
    for work in [Work::Bulk, Work::Draft, Work::Route, Work::Remote, Work::Removal] {
        survives(work, true).await;
    }
}

/// The token has made a signature and the store does not know it: it is made again, under the approval that was given, and the log says so.
#[tokio::test]
async fn a_signature_that_was_made_and_not_committed_is_made_again_under_its_approval() {
    for (work, item) in [(Work::Idocs, 0), (Work::Mig24, 0), (Work::Mig24, 2), (Work::Bulk, 1)] {
        let mut business = Business::new().await;
        let request = Request::of(work, &business).await;
        let point = format!("signature:{item}:made");
        business
            .world
            .restart(&[("FAILPOINTS", &format!("{point}=return"))])
            .await;
        let _ = request.send(&business).await;
        let question = business.world.agent.question("approve").await;
        decide(&business, &question, work).await;
        business.world.agent.wait_for_end().await;

        business.world.agent = Agent::start(&business.world.tokens.configuration()).await;
        let approved = |audit: &[Value]| -> Vec<Value> {
            let approvals = audit.iter().filter(|entry| entry["kind"] == "approved");
            approvals.map(|entry| entry["body"]["approval"].clone()).collect()
        };
        let audit = business.world.audit().await;
        let before = approved(&audit);
        let lost = |entry: &&Value| entry["kind"] == "signed" && entry["body"]["item"] == item;
        assert_eq!(before.len(), 1, "{point}");
        assert_eq!(audit.iter().filter(lost).count(), 0, "{point}: it is not committed");
        let path = request.job(&business).await;
        let job = finish(&business, &path, work).await;
        judge(&business, work, &job, &point).await;
        let audit = business.world.audit().await;
        assert!(
            approved(&audit).iter().all(|approval| *approval == before[0]),
            "{point}: under the approval that was given"
        );
        let again = audit.iter().find(|entry| entry["kind"] == "signing_again");
        let again = again.unwrap_or_else(|| panic!("{point}: {audit:?}"));
        assert!(
            again["body"]["items"].as_array().unwrap().contains(&json!(item)),
            "{again}"
        );
    }
}
