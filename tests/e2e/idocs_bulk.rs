//! Many iDocs documents under one approval: each saved exactly once whatever gets lost, and each with an outcome of its own.

use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokensign_tests::sandbox::{Action, FaultRule, InboxDocumentSeed, RedeliveredAnswer, SeedFile, When};

use crate::services::saves;
use crate::world::Business;

const DIRECTOR: &str = "kz-director";

impl Business {
    fn director(&self) -> String {
        self.world.tokens.certificate(DIRECTOR).fingerprint
    }

    async fn approve_as_director(&self) -> Value {
        let pin = self.world.tokens.certificate(DIRECTOR).pin;
        self.world.agent.approve(&pin).await
    }

    /// Sends so many files as the owner; the job's path.
    async fn send_files(&self, count: usize) -> String {
        let documents: Vec<_> = (0..count)
            .map(|n| {
                json!({ "part": format!("f{n}"), "document": {
                    "name": format!("Счёт {n}"), "number": format!("A-{n}"), "date": "2026-11-21", "group": "Accounting",
                    "counterparty_bin": "050140009999",
                }})
            })
            .collect();
        let request = json!({ "send": documents, "certificate": self.director() });
        let request = Part::text(request.to_string()).mime_str("application/json").unwrap();
        let mut form = Form::new().part("request", request);
        for n in 0..count {
            let file = Part::bytes(format!("Счёт № {n}\n").into_bytes())
                .file_name(format!("invoice-{n}.txt"))
                .mime_str("text/plain")
                .unwrap();
            form = form.part(format!("f{n}"), file);
        }
        let call = self.world.agent.owner(Method::POST, "/v1/idocs/test/bulk-signs");
        started(call.multipart(form).send().await.unwrap()).await
    }

    async fn start(&self, what: &str, request: &Value) -> String {
        let call = self.world.agent.owner(Method::POST, &format!("/v1/idocs/test/{what}"));
        started(call.json(request).send().await.unwrap()).await
    }

    async fn finished(&self, path: &str) -> Value {
        let job = self.world.agent.settled(path).await;
        assert_eq!(job["state"], "finished", "{job}\n{}", self.world.agent.log());
        job
    }

    fn exactly_once(&self, count: u64) {
        let summary = self.sandbox.summary();
        assert_eq!(saves(&summary), count, "{summary:?}");
        assert!(summary.duplicates.is_empty(), "{summary:?}");
    }
}

async fn started(answer: reqwest::Response) -> String {
    let status = answer.status();
    let location = answer
        .headers()
        .get("location")
        .map(|location| location.to_str().unwrap().to_owned());
    let body = answer.text().await.unwrap();
    assert_eq!(status, 202, "{body}");
    location.unwrap()
}

#[tokio::test]
async fn many_files_are_one_question_and_each_is_saved_once() {
    let business = Business::new().await;
    let path = business.send_files(5).await;
    let question = business.approve_as_director().await;
    assert_eq!(question["documents"].as_array().unwrap().len(), 5, "{question}");
    assert_eq!(question["destination"]["counterparty"], "050140009999", "{question}");
    let job = business.finished(&path).await;
    assert_eq!(
        (&job["outcome"]["signed"], &job["outcome"]["failed"]),
        (&json!(5), &json!(0)),
        "{job}"
    );
    business.exactly_once(5);
    let bulk = |request: &tokensign_tests::sandbox::LoggedRequest| request.path.contains("/async/bulk/");
    assert!(business.sandbox.requests().iter().any(bulk), "the bulk calls are used");
    let plain = |request: &tokensign_tests::sandbox::LoggedRequest| {
        request.path.contains("/sync/") && request.path.ends_with("quick-sign/save")
    };
    assert!(
        !business.sandbox.requests().iter().any(plain),
        "and the plain ones are not"
    );
}

#[tokio::test]
async fn what_waits_in_the_inbox_is_signed_with_one_pin() {
    let business = Business::new().await;
    for number in ["1", "2", "3"] {
        let seed = InboxDocumentSeed {
            number: number.to_owned(),
            name: format!("Акт {number}"),
            files: vec![SeedFile::new(format!("act-{number}.txt"), number.as_bytes())],
        };
        business.sandbox.seed_inbox_document(seed).unwrap();
    }
    let request = json!({ "inbox": { "limit": 2 }, "certificate": business.director() });
    let path = business.start("bulk-signs", &request).await;
    let question = business.approve_as_director().await;
    assert_eq!(question["documents"][0]["entries"][0], "act-1.txt", "{question}");
    let job = business.finished(&path).await;
    assert_eq!(job["outcome"]["signed"], 2, "{job}");
    business.exactly_once(2);

    // What is signed waits no more.
    let request = json!({ "inbox": {}, "certificate": business.director() });
    let path = business.start("bulk-signs", &request).await;
    let question = business.approve_as_director().await;
    assert_eq!(question["documents"].as_array().unwrap().len(), 1, "{question}");
    business.finished(&path).await;
    business.exactly_once(3);
    let path = business.start("bulk-signs", &request).await;
    let job = business.finished(&path).await;
    assert_eq!(
        job["outcome"]["documents"],
        json!([]),
        "nothing waits, nobody is asked: {job}"
    );
}

/// Makes a draft of one file and gives its id; with a route when `employee` makes one.
async fn draft(business: &Business, number: &str, kind: &str) -> String {
    let request = json!({ "name": "Договор", "number": number, "date": "2026-11-21", "kind": kind });
    let request = Part::text(request.to_string()).mime_str("application/json").unwrap();
    let file = Part::bytes(number.as_bytes().to_vec())
        .file_name("a.txt")
        .mime_str("text/plain")
        .unwrap();
    let form = Form::new().part("request", request).part("file", file);
    let call = business.world.agent.owner(Method::POST, "/v1/idocs/test/documents");
    let path = started(call.multipart(form).send().await.unwrap()).await;
    let job = business.finished(&path).await;
    job["outcome"]["document_id"].as_str().unwrap().to_owned()
}

async fn get(business: &Business, path: &str) -> Value {
    let answer = business
        .world
        .agent
        .owner(Method::GET, &format!("/v1/idocs/test/{path}"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

async fn employee(business: &Business) -> String {
    let employees = get(business, "employees").await;
    employees["employees"][0]["id"].as_str().unwrap().to_owned()
}

fn quick_route(document: &str, employee: &str) -> Value {
    json!({ "document_id": document, "kind": "quick", "employee_id": employee,
            "external": { "counterparties": [{ "bin": "050140009999" }] } })
}

#[tokio::test]
async fn one_refused_document_does_not_keep_the_others() {
    let business = Business::new().await;
    let employee = employee(&business).await;
    let mut documents = Vec::new();
    for number in ["1", "2", "3"] {
        documents.push(draft(&business, number, "outgoing").await);
    }
    // The second has no route, which the service says when the signature is saved.
    let routes = json!({ "routes": [quick_route(&documents[0], &employee), quick_route(&documents[2], &employee)] });
    let path = business.start("routes", &routes).await;
    assert_eq!(business.finished(&path).await["outcome"]["routed"], 2);
    let named: Vec<_> = documents.iter().map(|id| json!({ "document_id": id })).collect();
    let request = json!({ "documents": named, "certificate": business.director() });
    let path = business.start("bulk-signs", &request).await;
    business.approve_as_director().await;
    let job = business.finished(&path).await;
    let states: Vec<_> = (0..3).map(|n| &job["outcome"]["documents"][n]["state"]).collect();
    assert_eq!(states, ["signed", "failed", "signed"], "{job}");
    assert_eq!(
        job["outcome"]["documents"][1]["fault"]["code"], "service_refused",
        "{job}"
    );
    business.exactly_once(2);

    // What is signed is told before anybody is asked.
    let path = business.start("bulk-signs", &json!({ "documents": [named[0]] })).await;
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["fault"]["code"], "wrong_state", "{job}");
}

#[tokio::test]
async fn answers_that_are_lost_repeat_nothing() {
    for (call, when) in [
        ("outbox/document/create", When::After),
        ("outbox/route/quick-route/create", When::After),
        ("async/bulk/external/outbox/signature/quick-sign/save", When::After),
        ("async/bulk/external/outbox/signature/quick-sign/save", When::Before),
    ] {
        let rule = FaultRule::on("POST", call, Action::Cut { when }).nth(1);
        let business = Business::with(|config| config.faults.push(rule), "", &[]).await;
        let path = business.send_files(3).await;
        business.approve_as_director().await;
        let job = business.finished(&path).await;
        assert_eq!(job["outcome"]["signed"], 3, "{call} {when:?}: {job}");
        business.exactly_once(3);
    }
}

#[tokio::test]
async fn an_operation_that_breaks_off_is_judged_by_its_document() {
    for (when, signed) in [(When::After, 3), (When::Before, 2)] {
        let action = Action::BreakOperation { nth: 2, when };
        let rule = FaultRule::on("POST", "outbox/signature/quick-sign/save", action).times(1);
        let business = Business::with(|config| config.faults.push(rule), "", &[]).await;
        let path = business.send_files(3).await;
        business.approve_as_director().await;
        let job = business.finished(&path).await;
        assert_eq!(job["outcome"]["signed"], signed, "{when:?}: {job}");
        business.exactly_once(signed);
    }
}

/// The bulk call that saves signatures.
const SAVE: &str = "async/bulk/external/outbox/signature/quick-sign/save";

fn refusal(when: When) -> Action {
    Action::Answer {
        status: 400,
        content_type: None,
        body: json!("no"),
        when,
    }
}

#[tokio::test]
async fn a_bulk_save_that_is_refused_because_it_arrived_is_done() {
    let second = Action::DuplicateDelivery {
        answer: RedeliveredAnswer::Second,
    };
    for action in [second, refusal(When::After)] {
        let rule = FaultRule::on("POST", SAVE, action.clone()).nth(1);
        let business = Business::with(|config| config.faults.push(rule), "", &[]).await;
        let path = business.send_files(3).await;
        business.approve_as_director().await;
        let job = business.finished(&path).await;
        assert_eq!(job["outcome"]["signed"], 3, "{action:?}: {job}");
        business.exactly_once(3);
    }
}

#[tokio::test]
async fn what_is_not_known_of_documents_is_not_called_unsent() {
    let silent = FaultRule {
        method: None,
        ..FaultRule::on("", "GetDocumentStatusByDocumentId", Action::Cut { when: When::Before })
    };
    for (rules, state, sent) in [
        (vec![], "failed", json!(false)),
        (vec![silent], "uncertain", Value::Null),
    ] {
        let refused = FaultRule::on("POST", SAVE, refusal(When::Before)).nth(1);
        let business = Business::with(|config| config.faults.extend([vec![refused], rules].concat()), "", &[]).await;
        let path = business.send_files(2).await;
        business.approve_as_director().await;
        let job = business.world.agent.settled(&path).await;
        assert_eq!(job["state"], "failed", "{job}");
        let left = &job["fault"]["left_behind"];
        assert_eq!((&left["created"], &left["sent"]), (&json!(true), &sent), "{job}");
        for n in 0..2 {
            assert_eq!(job["fault"]["documents"][n]["state"], state, "{job}");
        }
        business.exactly_once(0);
    }
}

#[tokio::test]
async fn a_cancelled_bulk_job_names_every_draft_that_it_leaves() {
    let business = Business::new().await;
    let path = business.send_files(3).await;
    business.world.agent.question("approve").await;
    let id = path.rsplit('/').next().unwrap();
    business.world.command(&["jobs", "cancel", id]);
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["state"], "cancelled", "{job}");
    let documents = business.sandbox.summary().idocs.documents;
    let left = &job["fault"]["left_behind"];
    assert_eq!(
        (&left["created"], &left["sent"]),
        (&json!(true), &json!(false)),
        "{job}"
    );
    assert_eq!(left["document_ids"].as_array().unwrap().len(), 3, "{job}");
    let shown = business.world.command(&["jobs", "show", id]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    for document in documents {
        let document = document.document_id.to_string();
        assert!(
            left["document_ids"].as_array().unwrap().contains(&json!(document)),
            "{job}"
        );
        assert!(shown.contains(&document), "{shown}");
    }
}

#[tokio::test]
async fn a_bulk_job_goes_on_after_the_agent_is_killed() {
    let slow =
        |config: &mut tokensign_tests::sandbox::SandboxConfig| config.behaviour.idocs.bulk_latency_millis = 1_500;
    let mut business = Business::with(slow, "", &[]).await;
    let path = business.send_files(3).await;
    // While the service works on the drafts.
    let begun = |job: &Value| {
        job["steps"]
            .as_array()
            .unwrap()
            .iter()
            .any(|step| step["name"] == "created.0")
    };
    business.world.agent.until(&path, begun).await;
    let configuration = business.world.agent.configuration().to_owned();
    business.world.agent.kill();
    business.world.agent = tokensign_tests::agent::Agent::start(&configuration).await;
    business.approve_as_director().await;
    let job = business.finished(&path).await;
    assert_eq!(job["outcome"]["signed"], 3, "{job}");
    business.exactly_once(3);
}

/// A service that works for a long time is no silence: the job, its events and the command line say that it is waited for.
#[tokio::test]
async fn a_job_says_that_it_waits_for_the_service() {
    let slow =
        |config: &mut tokensign_tests::sandbox::SandboxConfig| config.behaviour.idocs.bulk_latency_millis = 6_000;
    let business = Business::with(slow, "", &[]).await;
    let path = business.send_files(2).await;
    let waits = |job: &Value| job["waiting"]["for"] == "waiting_for_service" && job["waiting"]["until"].is_string();
    business.world.agent.until(&path, waits).await;
    let id = path.rsplit('/').next().unwrap();
    let shown = business.world.command(&["jobs", "show", id]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("waits for the service"), "{shown}");
    let events = business.world.agent.owner(Method::GET, "/v1/events");
    let mut stream = events.header("Last-Event-ID", "0").send().await.unwrap();
    let mut told = String::new();
    while !told.contains("\"state\":\"waiting_for_service\"") {
        let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
        told.push_str(&String::from_utf8_lossy(&chunk));
    }
    business.approve_as_director().await;
    business.finished(&path).await;
    business.exactly_once(2);
}

#[tokio::test]
async fn every_reading_call_answers() {
    let business = Business::new().await;
    let employee = employee(&business).await;
    let document = draft(&business, "77", "outgoing").await;
    assert!(get(&business, "company").await["bin"].is_string());
    let permissions = get(&business, &format!("employees/{employee}/permissions")).await;
    assert_eq!(permissions["employee_id"], json!(employee), "{permissions}");
    let listed = get(&business, "documents?status=draft&from=2026-11-20&to=2026-11-22").await;
    assert_eq!(listed["documents"][0]["document_number"], "77", "{listed}");
    assert_eq!(
        get(&business, "documents?status=FINISHED").await["documents"],
        json!([])
    );
    assert_eq!(
        get(&business, &format!("documents/{document}")).await["document_status"],
        "DRAFT"
    );
    assert_eq!(
        get(&business, &format!("documents/{document}/status")).await["status"],
        "DRAFT"
    );
    for (what, beginning) in [("print-form", &b"%PDF"[..]), ("archive", b"PK\x03\x04")] {
        let path = format!("/v1/idocs/test/documents/{document}/{what}");
        let answer = business.world.agent.owner(Method::GET, &path).send().await.unwrap();
        let bytes = answer.bytes().await.unwrap();
        assert!(bytes.starts_with(beginning), "{what}");
    }
    let path = business
        .start(
            "downloads",
            &json!({ "document_ids": [document, "5f0c1a00-0000-4000-8000-000000000000"] }),
        )
        .await;
    let job = business.finished(&path).await;
    assert_eq!(
        (&job["outcome"]["prepared"], &job["outcome"]["failed"]),
        (&json!(1), &json!(1)),
        "{job}"
    );
    let file = format!("/v1/idocs/test/downloads/{}/0", job["id"].as_str().unwrap());
    let bytes = business
        .world
        .agent
        .owner(Method::GET, &file)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert!(bytes.starts_with(b"PK\x03\x04"));
    let operations = get(&business, "operations").await;
    assert_eq!(operations["total"], 2, "{operations}");

    // Each call has its permission.
    let token = business.world.agent.pair("reader", &["idocs:test:read"]).await;
    let as_reader = |method, path: &str| {
        business
            .world
            .agent
            .application(&token, method, &format!("/v1/idocs/test/{path}"))
    };
    assert_eq!(as_reader(Method::GET, "company").send().await.unwrap().status(), 200);
    for path in ["bulk-signs", "routes", "webhook-subscription", "quick-signs"] {
        let answer = as_reader(Method::POST, path).json(&json!({})).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn drafts_and_routes_of_every_kind_are_made_once() {
    let lost = |call: &str| FaultRule::on("POST", call, Action::Cut { when: When::After }).nth(1);
    let rules = [
        lost("outbox/document/create"),
        lost("outbox/route/create"),
        lost("inbox/route/create"),
    ];
    let business = Business::with(|config| config.faults.extend(rules), "", &[]).await;
    let employee = employee(&business).await;
    let outgoing = draft(&business, "1", "outgoing").await;
    let internal = draft(&business, "2", "internal").await;
    let seed = InboxDocumentSeed {
        number: "3".to_owned(),
        name: "Акт".to_owned(),
        files: vec![SeedFile::new("act.txt", b"act")],
    };
    let incoming = business.sandbox.seed_inbox_document(seed).unwrap().to_string();
    let inside = json!({ "order": "sequential", "employees": [{ "employee_id": employee, "action": "approve" }] });
    for (document, kind) in [
        (&outgoing, "outgoing"),
        (&incoming, "incoming"),
        (&internal, "internal"),
    ] {
        let mut route = json!({ "document_id": document, "kind": kind, "employee_id": employee, "internal": inside });
        if kind == "outgoing" {
            route["external"] = json!({ "order": "parallel", "counterparties": [{ "bin": "050140009999", "emails": ["a@example.kz"] }] });
        }
        let path = business.start("routes", &json!({ "routes": [route] })).await;
        let job = business.finished(&path).await;
        assert_eq!(job["outcome"]["routed"], 1, "{kind}: {job}");
    }
    let shown = get(&business, &format!("documents/{incoming}?direction=incoming")).await;
    assert_eq!(
        shown["document_route"]["internal"]["nodes"][0]["required_action"], "APPROVE",
        "{shown}"
    );
    let summary = business.sandbox.summary();
    assert!(summary.duplicates.is_empty(), "{summary:?}");
}

#[tokio::test]
async fn an_internal_draft_whose_answer_is_lost_waits_for_a_person() {
    let rule = FaultRule::on("POST", "internal/document/create", Action::Cut { when: When::After }).nth(1);
    let business = Business::with(|config| config.faults.push(rule), "", &[]).await;
    let request = json!({ "name": "Приказ", "number": "1", "date": "2026-11-21", "kind": "internal" });
    let request = Part::text(request.to_string()).mime_str("application/json").unwrap();
    let file = Part::bytes(b"x".to_vec())
        .file_name("a.txt")
        .mime_str("text/plain")
        .unwrap();
    let form = Form::new().part("request", request).part("file", file);
    let call = business.world.agent.owner(Method::POST, "/v1/idocs/test/documents");
    let path = started(call.multipart(form).send().await.unwrap()).await;
    let job = business.world.agent.settled(&path).await;
    assert_eq!(
        (&job["state"], &job["fault"]["code"]),
        (&json!("stopped"), &json!("service_uncertain")),
        "{job}"
    );
    assert_eq!(business.sandbox.summary().idocs.documents.len(), 1);
}

/// What signing many documents in bulk took.
struct Figures {
    until_question: Duration,
    from_approval: Duration,
    /// The agent's `VmHWM`, in MiB, and how much of it the documents added.
    peak: u64,
    added: u64,
}

/// Signs so many documents in bulk.
async fn measure(count: usize) -> Figures {
    let business = Business::new().await;
    let before = business.world.agent.peak_mib();
    let began = Instant::now();
    let path = business.send_files(count).await;
    let until = Instant::now() + Duration::from_secs(1_200);
    while business.world.agent.waiting().await.is_empty() {
        assert!(
            Instant::now() < until,
            "a question comes:\n{}",
            business.world.agent.log()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let asked = began.elapsed();
    business.approve_as_director().await;
    let signing = Instant::now();
    let job = loop {
        let job = business.world.agent.get(&path).await;
        if job["state"] != "running" {
            break job;
        }
        assert!(Instant::now() < until, "{job}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(job["outcome"]["signed"], count, "{}", job["outcome"]["documents"][0]);
    business.exactly_once(count as u64);
    let figures = Figures {
        until_question: asked,
        from_approval: signing.elapsed(),
        peak: business.world.agent.peak_mib(),
        added: business.world.agent.peak_mib() - before,
    };
    println!(
        "{count} documents: {:?} until the question, {:?} from the approval; memory {} MiB at most, {} of them for the documents",
        figures.until_question, figures.from_approval, figures.peak, figures.added
    );
    figures
}

#[tokio::test]
#[ignore = "a thousand documents: make test-full"]
async fn a_thousand_documents_are_one_approval_in_linear_time_and_bounded_memory() {
    let few = measure(100).await;
    let many = measure(1_000).await;
    let whole = |figures: &Figures| figures.until_question + figures.from_approval;
    assert!(
        whole(&many) < whole(&few) * 20,
        "ten times as many documents take {:?} after {:?}",
        whole(&many),
        whole(&few)
    );
    assert!(
        many.added < 128,
        "{} MiB for 1,000 documents, {} in all",
        many.added,
        many.peak
    );
}

/// Routes of many documents are one job and go by the bulk calls, each kind by its own; what gets lost is not made twice.
#[tokio::test]
async fn routes_of_many_documents_go_by_the_bulk_calls() {
    let calls = [
        "outbox/route/create",
        "inbox/route/create",
        "outbox/route/quick-route/create",
    ];
    let lost = calls.map(|call| {
        FaultRule::on(
            "POST",
            &format!("async/bulk/external/{call}"),
            Action::Cut { when: When::After },
        )
        .nth(1)
    });
    for rules in [vec![], lost.to_vec()] {
        let business = Business::with(|config| config.faults.extend(rules), "", &[]).await;
        let employee = employee(&business).await;
        let inside = json!({ "order": "sequential", "employees": [{ "employee_id": employee, "action": "approve" }] });
        let outside =
            json!({ "order": "parallel", "counterparties": [{ "bin": "050140009999", "emails": ["a@example.kz"] }] });
        let mut routes = Vec::new();
        for n in 0..2 {
            let outgoing = draft(&business, &format!("o-{n}"), "outgoing").await;
            routes.push(json!({ "document_id": outgoing, "kind": "outgoing", "employee_id": employee, "internal": inside, "external": outside }));
            let quick = draft(&business, &format!("q-{n}"), "outgoing").await;
            routes.push(quick_route(&quick, &employee));
            let seed = InboxDocumentSeed {
                number: format!("i-{n}"),
                name: "Акт".to_owned(),
                files: vec![SeedFile::new("act.txt", b"act")],
            };
            let incoming = business.sandbox.seed_inbox_document(seed).unwrap();
            routes.push(
                json!({ "document_id": incoming, "kind": "incoming", "employee_id": employee, "internal": inside }),
            );
        }
        let path = business.start("routes", &json!({ "routes": routes })).await;
        let job = business.finished(&path).await;
        assert_eq!(
            (&job["kind"], &job["outcome"]["routed"]),
            (&json!("idocs_route"), &json!(6)),
            "{job}"
        );
        let summary = business.sandbox.summary();
        assert!(
            summary.idocs.documents.iter().all(|document| document.routes == 1),
            "{summary:?}"
        );
        assert!(summary.duplicates.is_empty(), "{summary:?}");
        let called = business.sandbox.requests();
        for call in calls {
            let path = format!("/api/v3/async/bulk/external/{call}");
            assert_eq!(
                called.iter().filter(|request| request.path == path).count(),
                1,
                "{path}"
            );
            let plain = format!("/api/v3/sync/external/{call}");
            assert!(!called.iter().any(|request| request.path == plain), "{plain}");
        }
    }
}

#[tokio::test]
async fn events_are_subscribed_and_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let secrets = tempfile::tempdir().unwrap();
    let secret = secrets.path().join("secret");
    std::fs::write(&secret, "path-secret").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut business = Business::new().await;
    let configuration = business.world.agent.configuration().to_owned();
    let token = business.world.path().join("idocs.token");
    business.world.agent.kill();
    business.world.tokens.configure(&format!(
        "[idocs.test.webhooks]\nbase_url = \"{}/api/1/\"\ntoken = {{ file = \"{}\" }}\nlisten = \"127.0.0.1:{port}\"\n\
         secret = {{ file = \"{}\" }}\n",
        business.sandbox.base_url(),
        token.display(),
        secret.display()
    ));
    business.world.agent = tokensign_tests::agent::Agent::start(&configuration).await;

    // Only https addresses are subscribed.
    for (url, status) in [("http://example.kz/x", 400), ("https://example.kz/x", 200)] {
        let call = business
            .world
            .agent
            .owner(Method::POST, "/v1/idocs/test/webhook-subscription");
        let answer = call.json(&json!({ "subscription_url": url })).send().await.unwrap();
        assert_eq!(answer.status(), status, "{url}");
    }
    let effects = serde_json::to_string(&business.sandbox.effects()).unwrap();
    assert!(effects.contains("https://example.kz/x"), "{effects}");

    let mut events = business
        .world
        .agent
        .owner(Method::GET, "/v1/events")
        .send()
        .await
        .unwrap();
    let client = reqwest::Client::new();
    let event = json!({ "documentId": "d-1", "documentStatus": "FINISHED" });
    for (path, body, status) in [
        ("wrong", event.clone(), 404),
        ("path-secret", json!({}), 400),
        ("path-secret", event, 204),
    ] {
        let url = format!("http://127.0.0.1:{port}/{path}");
        let answer = client.post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path} {body}");
    }
    let told = async {
        let mut text = String::new();
        while !text.contains("\"document_id\":\"d-1\"") {
            text.push_str(&String::from_utf8_lossy(&events.chunk().await.unwrap().unwrap()));
        }
        text
    };
    let text = tokio::time::timeout(Duration::from_secs(30), told).await.unwrap();
    assert!(text.contains("event: idocs") || text.contains("event:idocs"), "{text}");
}

fn tokensign(business: &Business, arguments: &[&str]) -> std::process::Output {
    std::process::Command::new(tokensign_tests::programs::tokensign())
        .arg("idocs")
        .args(arguments)
        .arg("--config")
        .arg(business.world.agent.configuration())
        .env("LANG", "C.UTF-8")
        .current_dir(business.world.path())
        .output()
        .unwrap()
}

fn json_of(output: &std::process::Output) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}\n{}", text(&output.stdout), text(&output.stderr)))
}

#[tokio::test]
async fn the_command_line_sends_lists_and_fetches() {
    use std::os::unix::fs::PermissionsExt as _;
    let business = Business::new().await;
    for n in 1..=3 {
        business
            .world
            .file(&format!("invoice-{n}.txt"), format!("№ {n}\n").as_bytes());
    }
    let pin = business
        .world
        .file("pin", business.world.tokens.certificate(DIRECTOR).pin.as_bytes());
    std::fs::set_permissions(&pin, std::fs::Permissions::from_mode(0o600)).unwrap();
    let pin = format!("file:{}", pin.display());
    let certificate = business.director();
    let send = [
        "send",
        "invoice-*.txt",
        "--number",
        "B-{n}",
        "--date",
        "2026-11-21",
        "--group",
        "Accounting",
        "--counterparty",
        "050140009999",
        "--cert",
        &certificate,
        "--pin-source",
        &pin,
        "--json",
    ];
    let dry = json_of(&tokensign(&business, &[&send[..], &["--dry-run"]].concat()));
    assert_eq!(dry["files"].as_array().unwrap().len(), 3, "{dry}");
    assert_eq!(dry["request"]["send"][1]["document"]["number"], "B-2", "{dry}");
    assert!(business.sandbox.effects().is_empty(), "a dry run sends nothing");

    let job = json_of(&tokensign(&business, &send));
    assert_eq!(job["outcome"]["signed"], 3, "{job}");
    business.exactly_once(3);

    let listed = tokensign(&business, &["documents", "--status", "SENT_BY_SENDER"]);
    let table = String::from_utf8(listed.stdout).unwrap();
    assert!(table.contains("B-1") && table.contains("SENT_BY_SENDER"), "{table}");
    let document = job["outcome"]["documents"][0]["document_id"].as_str().unwrap();
    for rehearsed in [
        &["sign", document, "--dry-run", "--json"][..],
        &["sign-inbox", "--dry-run", "--json"],
        &["subscribe", "https://example.kz/x", "--dry-run", "--json"],
    ] {
        assert_eq!(
            json_of(&tokensign(&business, rehearsed))["dry_run"],
            true,
            "{rehearsed:?}"
        );
    }
    let effects = serde_json::to_string(&business.sandbox.effects()).unwrap();
    assert!(
        !effects.contains("https://example.kz/x"),
        "a dry run subscribes nothing"
    );
    let shown = json_of(&tokensign(&business, &["show", document, "--json"]));
    assert_eq!(shown["document_number"], "B-1", "{shown}");
    for command in ["company", "employees", "operations", "inbox"] {
        assert!(tokensign(&business, &[command]).status.success(), "{command}");
    }

    // What is fetched overwrites nothing.
    let fetch = ["archive", document, "--out", "archive.zip", "--json"];
    assert!(json_of(&tokensign(&business, &fetch))["size"].as_u64().unwrap() > 0);
    let archive = business.world.path().join("archive.zip");
    std::fs::write(&archive, "mine").unwrap();
    let again = tokensign(&business, &fetch);
    assert_eq!(again.status.code(), Some(2), "a file that is there is not overwritten");
    assert_eq!(std::fs::read(&archive).unwrap(), b"mine");
    assert!(
        tokensign(&business, &[&fetch[..], &["--force"]].concat())
            .status
            .success()
    );
    assert!(std::fs::read(&archive).unwrap().starts_with(b"PK"));
    let fetched = json_of(&tokensign(&business, &["download", document, "--json"]));
    assert!(
        fetched["documents"][0]["output"].as_str().unwrap().ends_with(".zip"),
        "{fetched}"
    );
    let form = json_of(&tokensign(
        &business,
        &["print-form", document, "--out", "form.pdf", "--json"],
    ));
    assert_eq!(form["output"], "form.pdf", "{form}");
}

#[tokio::test]
async fn a_content_that_changes_while_the_question_waits_voids_it() {
    let changed = FaultRule::on("POST", "content-to-sign/generate", Action::ChangedContent)
        .nth(2)
        .times(1_000);
    let change = |config: &mut tokensign_tests::sandbox::SandboxConfig| {
        config.behaviour.idocs.dispose_after_seconds = 12;
        // The companion's calls count too and have no content: every generation but the first is another content.
        config.faults.push(changed);
    };
    let business = Business::with(change, "", &[]).await;
    let path = business.send_files(2).await;
    let first = business.world.agent.question("approve").await;
    let until = Instant::now() + Duration::from_secs(60);
    let second = loop {
        let asked = business.world.agent.waiting().await;
        if let Some(question) = asked.into_iter().find(|question| question["id"] != first["id"]) {
            break question;
        }
        assert!(
            Instant::now() < until,
            "another question comes:\n{}",
            business.world.agent.log()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(second["notice"]["code"], "content_changed", "{second}");
    business.approve_as_director().await;
    let job = business.finished(&path).await;
    assert_eq!(job["outcome"]["signed"], 2, "{job}");
    business.exactly_once(2);
}
