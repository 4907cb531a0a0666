//! Signatures through the endpoint under a standing grant, beside a raw C_Sign loop over the same key: everything between a program's request
//! and its answer is in it, from the guard to the self-check and the store's syncs.

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;
use tokensign_tests::fixtures::Tokens;

use crate::measure::Report;
use crate::raw_loop::RawLoop;

const KEYS: [(&str, &str); 2] = [("RSA-2048", "kz-director"), ("P-256", "kz-individual")];

/// So many digests in a batch.
const BATCH: usize = 200;

/// Without a disk under it the store's syncs cost nothing.
const MEMORY: &str = "/dev/shm";

pub(crate) fn run(report: &mut Report) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (key, name) in KEYS {
        let on_disk = std::env::temp_dir();
        let program = runtime.block_on(Program::start(&on_disk, name));
        let mut raw = program.raw_loop(name);
        report.compare(
            &format!("{key}: a batch of {BATCH} through the endpoint beside raw C_Sign"),
            BATCH,
            || runtime.block_on(program.sign(BATCH)),
            || raw.sign(BATCH),
        );
        let program = runtime.block_on(Program::start(Path::new(MEMORY), name));
        let mut raw = program.raw_loop(name);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..200 {
            ours.push(runtime.block_on(program.sign(1)));
            theirs.push(raw.sign(1));
        }
        println!(
            "  {key}: a single request takes {:?} at p50, {:?} of it C_Sign (store in memory)",
            middle(&mut ours),
            middle(&mut theirs)
        );
    }
}

fn middle(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// A paired program with a standing grant.
struct Program {
    agent: Agent,
    token: String,
    certificate: String,
    tokens: Tokens,
    _directory: tempfile::TempDir,
}

impl Program {
    async fn start(place: &Path, name: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("ts-").tempdir_in(place).unwrap();
        let tokens = Tokens::copy_into(directory.path());
        tokens.configure("\n[grants]\nmax_uses = 1000000\n\n[endpoint]\nrequests_per_second = 100000\n");
        let certificate = tokens.certificate(name);
        let agent = Agent::start(&tokens.configuration()).await;
        let token = agent.pair("bench", &["sign", "raw_hash"]).await;
        let program = Self {
            agent,
            token,
            certificate: certificate.fingerprint,
            tokens,
            _directory: directory,
        };
        let first = program.ask(1);
        let approve = async {
            let question = program.agent.question("approve").await;
            let remember = json!({ "uses": 1_000_000, "seconds": 3600 });
            let decision = json!({ "decision": "approve", "pin": certificate.pin, "remember": remember });
            program.agent.decide(&question, decision).await.unwrap();
        };
        tokio::join!(first, approve);
        program
            .agent
            .until("/v1/grants", |grants| {
                grants["grants"].as_array().is_some_and(|grants| grants.len() == 1)
            })
            .await;
        program
    }

    fn raw_loop(&self, name: &str) -> RawLoop {
        let fixtures = self.tokens.fixtures();
        RawLoop::start(fixtures.token_of(name), &fixtures.certificate(name).label, 1)
    }

    async fn sign(&self, count: usize) -> Duration {
        self.ask(count).await
    }

    /// Asks and waits in one call, and gives the time from sending the request to the answer's last byte. Writing the one and reading the other is the
    /// program's own affair.
    async fn ask(&self, count: usize) -> Duration {
        let digest = json!({ "algorithm": "sha256", "value": BASE64_STANDARD.encode([7; 32]) });
        let document = |n: usize| json!({ "name": n.to_string(), "digest": digest });
        let documents: Vec<_> = (0..count).map(document).collect();
        let body = json!({ "certificate": self.certificate, "documents": documents });
        let request = self
            .agent
            .application(&self.token, Method::POST, "/v1/signatures")
            .header("prefer", "wait=60")
            .json(&body);
        let begun = Instant::now();
        let answer = request.send().await.unwrap();
        let answer = answer.bytes().await.unwrap();
        let took = begun.elapsed();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["state"], "finished", "{answer}");
        took
    }
}
