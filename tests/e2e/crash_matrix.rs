//! SIGKILL of the agent at random moments of both scenarios, with batches of one and fifty, each document in a job of its own or all
//! in bulk, while the services fail at random: everything ends finished, exactly once.
//!
//! The moments come from a seed. What the machine does between two of them does not, so a seed repeats the plan of a run and not
//! its every interleaving; the plan is printed with a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokensign_tests::sandbox::{Action, FaultRule, When};
use tokio::time::{sleep, timeout};

use crate::services::INVOICE;
use crate::world::Business;

/// How long one round may take after its last kill.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long one request to the agent may take; it may be killed meanwhile.
const REQUEST: Duration = Duration::from_secs(20);

#[tokio::test]
async fn fifty_kills_at_random_moments_lose_nothing_and_do_nothing_twice() {
    Matrix::new(0x5EED_0001, 50).await.run().await;
}

#[tokio::test]
#[ignore = "the long matrix: make test-full"]
async fn a_thousand_kills_at_random_moments_lose_nothing_and_do_nothing_twice() {
    Matrix::new(0x5EED_1000, 1000).await.run().await;
}

/// What one round does.
#[derive(Clone, Copy, Debug)]
enum Batch {
    /// So many iDocs documents, a job each, all at once.
    Idocs(usize),
    /// So many iDocs documents in one job, by the service's bulk calls.
    IdocsBulk(usize),
    /// One MIG24 package group of so many documents.
    Mig24(usize),
}

/// The rounds, over and over until the kills are used up, and how many kills each may have: every kind of batch has its share.
const ROUNDS: [(Batch, u32); 5] = [
    (Batch::Idocs(1), 4),
    (Batch::Mig24(1), 4),
    (Batch::Mig24(50), 12),
    (Batch::IdocsBulk(50), 10),
    (Batch::Idocs(50), 20),
];

struct Matrix {
    business: Business,
    dice: Dice,
    kills_left: u32,
    kills: u32,
    /// The questions that were approved, by job and by the agent's life in which they were.
    approved: BTreeMap<(String, u32), BTreeSet<String>>,
    next_number: u32,
    expected: Expected,
}

/// What the services must have at the end.
#[derive(Debug, Default)]
struct Expected {
    /// Names of iDocs documents.
    documents: BTreeSet<String>,
    jobs: usize,
    groups: usize,
    group_documents: u64,
}

impl Matrix {
    async fn new(seed: u64, kills: u32) -> Self {
        Self {
            business: Business::patient().await,
            dice: Dice(seed),
            kills_left: kills,
            kills: 0,
            approved: BTreeMap::new(),
            next_number: 0,
            expected: Expected::default(),
        }
    }

    async fn run(mut self) {
        let began = Instant::now();
        // The first ones whole, so that every kind of batch is there.
        for (n, (batch, kills)) in ROUNDS.into_iter().cycle().enumerate() {
            if n >= ROUNDS.len() && self.kills_left == 0 {
                break;
            }
            self.round(batch, kills.min(self.kills_left)).await;
            if n % ROUNDS.len() == ROUNDS.len() - 1 {
                self.report(began);
                self.judge().await;
            }
        }
        self.report(began);
        self.judge().await;
    }

    fn report(&self, began: Instant) {
        println!(
            "{} kills in {:?}: {} iDocs documents, {} groups of {} documents",
            self.kills,
            began.elapsed(),
            self.expected.documents.len(),
            self.expected.groups,
            self.expected.group_documents,
        );
    }

    /// Starts a batch, has the agent killed while it runs, and brings it to its end.
    async fn round(&mut self, batch: Batch, mut kills: u32) {
        self.business.sandbox.clear_faults();
        let faults = self.dice.faults();
        self.business.sandbox.faults(faults.clone());
        let mut jobs = Vec::new();
        let mut to_start = self.requests(batch);
        let mut undisturbed = Instant::now();
        loop {
            // While there are kills left each stretch of work ends with one.
            let stretch = match kills {
                0 => Duration::from_secs(5),
                _ => Duration::from_millis(self.dice.between(30, 900)),
            };
            let whole = timeout(stretch, self.work(&mut to_start, &mut jobs)).await.is_ok();
            if whole && self.settle(&jobs).await {
                return;
            }
            if !whole && kills > 0 {
                kills -= 1;
                self.kill(kills > 0).await;
                undisturbed = Instant::now();
            }
            assert!(
                undisturbed.elapsed() < PATIENCE,
                "{batch:?} does not end; faults {faults:?}; jobs {}\n{}",
                json!(self.open().await),
                self.business.world.agent.log(),
            );
        }
    }

    /// Starts what is to be started and answers questions until nothing runs any more. May be broken off at any moment.
    async fn work(&mut self, to_start: &mut Vec<Request>, jobs: &mut Vec<String>) {
        while let Some(request) = to_start.last() {
            if let Some(job) = self.start(request).await {
                jobs.push(job);
                to_start.pop();
            }
        }
        loop {
            for question in self.business.world.agent.try_waiting().await {
                self.answer(&question).await;
            }
            let open = self.open().await;
            let running = |job: &Value| job["state"] == "running";
            if open.is_some_and(|open| !open.iter().any(running)) {
                return;
            }
            sleep(Duration::from_millis(15)).await;
        }
    }

    /// Starts a job. A request whose answer is lost is sent again under its key and gives the same job.
    async fn start(&self, request: &Request) -> Option<String> {
        let sent = self
            .business
            .world
            .agent
            .owner(Method::POST, request.path)
            .header("idempotency-key", &request.key)
            .multipart(request.form())
            .timeout(REQUEST)
            .send()
            .await
            .ok()?;
        let status = sent.status();
        let job: Value = sent.json().await.ok()?;
        assert_eq!(status, 202, "{job}");
        Some(job["id"].as_str().unwrap().to_owned())
    }

    async fn answer(&mut self, question: &Value) {
        assert_eq!(question["kind"], "approve", "{question}");
        let job = question["job"].as_str().unwrap().to_owned();
        let signer = if question["destination"]["service"] == "idocs" {
            "kz-director"
        } else {
            "gost-director"
        };
        let pin = self.business.world.tokens.certificate(signer).pin;
        // Counted before it is sent: it may arrive although the answer does not. A question that still waits did not get the answer, because
        // the stretch of work was over before it was sent; one that waits again says why.
        let questions = self.approved.entry((job, self.kills)).or_default();
        questions.insert(question["id"].as_str().unwrap().to_owned());
        assert!(
            questions.len() == 1 && question["notice"].is_null(),
            "the PIN is asked twice for one approval in one life of the agent: {question}"
        );
        let decision = json!({ "decision": "approve", "pin": pin });
        // Fails only when the agent is killed meanwhile.
        let _ = self.business.world.agent.try_decide(question, decision).await;
    }

    async fn open(&self) -> Option<Vec<Value>> {
        let answer = self.jobs("/v1/jobs?open=true&limit=1000").await?;
        Some(answer["jobs"].as_array()?.clone())
    }

    async fn jobs(&self, path: &str) -> Option<Value> {
        let sent = self
            .business
            .world
            .agent
            .owner(Method::GET, path)
            .timeout(REQUEST)
            .send();
        sent.await.ok()?.json().await.ok()
    }

    /// Whether everything is finished. A job that stopped has a reason, and goes on when a person says retry.
    async fn settle(&self, jobs: &[String]) -> bool {
        let open = self.open().await.unwrap_or_default();
        for job in &open {
            assert_eq!(job["state"], "stopped", "{job}");
            let code = job["fault"]["code"].as_str().unwrap_or_default();
            assert!(
                [
                    "service_failed",
                    "service_unreachable",
                    "service_timeout",
                    "service_uncertain",
                    "service_unreadable"
                ]
                .contains(&code),
                "stopped for no reason that a person can act on: {job}"
            );
            // The services have recovered when the person looks.
            self.business.sandbox.clear_faults();
            let path = format!("/v1/jobs/{}/retry", job["id"].as_str().unwrap());
            let _ = self
                .business
                .world
                .agent
                .owner(Method::POST, &path)
                .json(&json!({}))
                .send()
                .await;
        }
        if !open.is_empty() {
            return false;
        }
        for id in jobs {
            let job = self.jobs(&format!("/v1/jobs/{id}")).await.unwrap();
            assert_eq!(job["state"], "finished", "{job}\n{}", self.business.world.agent.log());
            // A bulk job finishes although a document failed.
            assert_eq!(job["outcome"]["failed"].as_u64().unwrap_or_default(), 0, "{job}");
        }
        true
    }

    /// Kills the agent and starts another one. While there are more kills to come in this round, some of them kill themselves between the
    /// token's making a signature and its commit, if they come to it.
    async fn kill(&mut self, more_come: bool) {
        self.kills += 1;
        self.kills_left -= 1;
        let point = format!("signature:{}:made=return", self.dice.between(0, 3));
        let environment = [("FAILPOINTS", point.as_str())];
        let armed = more_come && self.dice.between(1, 4) == 1;
        self.business
            .world
            .restart(if armed { &environment } else { &[] })
            .await;
    }

    /// What the services and the audit log have to say.
    async fn judge(&self) {
        let summary = self.business.sandbox.summary();
        assert!(summary.duplicates.is_empty(), "{:?}", summary.duplicates);
        let documents: BTreeSet<_> = summary
            .idocs
            .documents
            .iter()
            .map(|document| document.name.clone())
            .collect();
        assert_eq!(documents, self.expected.documents);
        for document in &summary.idocs.documents {
            assert_eq!(
                (document.routes, document.saves, document.repeated_saves),
                (1, 1, 0),
                "{document:?}"
            );
        }
        let groups = &summary.mig24.groups;
        assert_eq!(groups.len(), self.expected.groups, "{groups:?}");
        for group in groups {
            assert_eq!((group.finishes, group.repeated_finishes), (1, 0), "{group:?}");
        }
        assert_eq!(summary.mig24.documents, self.expected.group_documents);
        let jobs = self.jobs("/v1/jobs?limit=1000").await.unwrap();
        // A list has a thousand at most.
        let wanted = self.expected.jobs.min(1000);
        assert_eq!(
            jobs["jobs"].as_array().unwrap().len(),
            wanted,
            "a job was started twice or lost"
        );
        // Every signature was approved before it was made, by its digest.
        let signed = self.business.world.signed_as_approved().await;
        let least = self.expected.documents.len() as u64 + self.expected.group_documents;
        assert!(signed >= least, "{signed} signatures for {least} documents");
        assert!(
            self.business.world.tokens.gost_login_count()
                <= self.approved.values().map(BTreeSet::len).sum::<usize>() as u64
        );
    }

    fn requests(&mut self, batch: Batch) -> Vec<Request> {
        let requests: Vec<_> = match batch {
            Batch::Idocs(count) => (0..count).map(|_| self.idocs_request()).collect(),
            Batch::IdocsBulk(count) => vec![self.idocs_bulk_request(count)],
            Batch::Mig24(count) => vec![self.mig24_request(count)],
        };
        self.expected.jobs += requests.len();
        requests
    }

    /// A document that iDocs must have at the end.
    fn idocs_document(&mut self, number: u32) -> Value {
        let name = format!("Счёт {number}");
        self.expected.documents.insert(name.clone());
        json!({
            "name": name, "number": number.to_string(), "date": "2026-11-21", "group": "Accounting",
            "counterparty_bin": "050140009999", "counterparty_emails": ["buh@example.kz"],
        })
    }

    fn idocs_bulk_request(&mut self, count: usize) -> Request {
        let key = format!("key-{}", self.number());
        let parts: Vec<_> = (0..count).map(|n| format!("p{n}")).collect();
        let documents: Vec<_> = parts
            .iter()
            .map(|part| {
                let number = self.number();
                json!({ "part": part, "document": self.idocs_document(number) })
            })
            .collect();
        let certificate = self.business.world.tokens.certificate("kz-director");
        Request {
            path: "/v1/idocs/test/bulk-signs",
            key,
            request: json!({ "send": documents, "certificate": certificate.fingerprint }),
            files: parts.into_iter().map(|part| (part, INVOICE.to_vec())).collect(),
        }
    }

    fn idocs_request(&mut self) -> Request {
        let number = self.number();
        let document = self.idocs_document(number);
        let certificate = self.business.world.tokens.certificate("kz-director");
        let request = json!({ "send": document, "certificate": certificate.fingerprint });
        Request {
            path: "/v1/idocs/test/quick-signs",
            key: format!("key-{number}"),
            request,
            files: vec![("file".to_owned(), INVOICE.to_vec())],
        }
    }

    fn mig24_request(&mut self, count: usize) -> Request {
        let number = self.number();
        self.expected.groups += 1;
        self.expected.group_documents += count as u64;
        let certificate = self.business.world.tokens.certificate("gost-director");
        let documents: Vec<_> = (0..count)
            .map(|n| json!({ "part": format!("p{n}"), "name": format!("Акт {number}-{n}.txt"), "sign_required": true }))
            .collect();
        let files = (0..count).map(|n| (format!("p{n}"), format!("акт {number}-{n}\n").into_bytes()));
        Request {
            path: "/v1/mig24/test/package-group-signatures",
            key: format!("key-{number}"),
            request: json!({
                "send": { "recipient_abonent_code": "2BM-TEST", "documents": documents },
                "certificate": certificate.fingerprint,
            }),
            files: files.collect(),
        }
    }

    fn number(&mut self) -> u32 {
        self.next_number += 1;
        self.next_number
    }
}

/// A request that starts a job, to be sent as often as it takes.
struct Request {
    path: &'static str,
    key: String,
    request: Value,
    files: Vec<(String, Vec<u8>)>,
}

impl Request {
    fn form(&self) -> Form {
        let request = Part::text(self.request.to_string())
            .mime_str("application/json")
            .unwrap();
        self.files
            .iter()
            .fold(Form::new().part("request", request), |form, (part, content)| {
                let file = Part::bytes(content.clone()).file_name(format!("{part}.txt"));
                form.part(part.clone(), file.mime_str("text/plain").unwrap())
            })
    }
}

/// A small generator (xorshift64*): the plan of a run comes from its seed alone.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least + 1)
    }

    /// A few faults: before or after the effect, of reads and of writes.
    fn faults(&mut self) -> Vec<FaultRule> {
        let count = self.between(1, 4);
        (0..count).map(|_| self.fault()).collect()
    }

    fn fault(&mut self) -> FaultRule {
        // Those of iDocs fit its bulk calls and their companions too.
        const PLACES: [&str; 9] = [
            "document/create",
            "route/create",
            "quick-sign/save",
            "/async/bulk/",
            "content-to-sign",
            "package-groups",
            "/finish",
            "/prepare",
            "",
        ];
        let place = PLACES[usize::try_from(self.between(0, PLACES.len() as u64 - 1)).unwrap()];
        let when = if self.between(0, 1) == 0 {
            When::Before
        } else {
            When::After
        };
        let action = match self.between(0, 3) {
            0 | 1 => Action::Cut { when },
            2 => Action::HtmlPage { status: 502, when },
            _ => Action::Delay {
                millis: self.between(10, 300),
                when,
            },
        };
        FaultRule {
            method: None,
            path: place.to_owned(),
            nth: Some(self.between(1, 6)),
            times: Some(self.between(1, 2)),
            action,
        }
    }
}
