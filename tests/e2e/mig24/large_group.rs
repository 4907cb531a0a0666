//! A package group of many documents: one approval, linear time, bounded memory.

use std::fmt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::peak_mib;
use tokensign_tests::programs;
use tokensign_tests::sandbox::{Effect, Happened, RunningSandbox};
use uuid::Uuid;

use crate::world::Business;

const CERTIFICATE: &str = "kz-director";

/// The profile `[mig24.large]`: the same service with more patience.
async fn office() -> Business {
    Business::with_lines_of(
        |_| {},
        |directory, sandbox| {
            format!(
                "[mig24.large]\nbase_url = \"{}\"\ntoken = {{ file = \"{}\" }}\ntimeout_seconds = 300\n",
                sandbox.base_url(),
                directory.join("mig24.token").display()
            )
        },
        &[],
    )
    .await
}

/// Puts a group of `count` documents into the service, as another program of the organisation would.
async fn group_of(sandbox: &RunningSandbox, count: usize) -> String {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = |path: &str| {
        http.post(format!("{}{path}", sandbox.base_url()))
            .bearer_auth(sandbox.mig24_token().expose())
    };
    let ids: Vec<_> = (0..count).map(|_| Uuid::new_v4()).collect();
    stream::iter(ids.iter().enumerate())
        .for_each_concurrent(8, |(number, id)| {
            let upload = post(&format!(
                "/api/v1/documents/{id}/informal?fileName=document-{number}.txt"
            ));
            async move {
                let answer = upload.body(format!("document {number}\n")).send().await.unwrap();
                assert_eq!(answer.status(), 201);
            }
        })
        .await;
    let documents: Vec<_> = ids
        .iter()
        .map(|id| json!({ "documentId": id, "recipientSignatureRequired": true }))
        .collect();
    let body = json!({ "recipientAbonentCode": "2BM-TEST", "documents": documents });
    let made: Value = post("/api/v1/package-groups")
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    made["id"].as_str().unwrap().to_owned()
}

/// What signing a group took.
struct Figures {
    documents: usize,
    until_question: Duration,
    from_approval: Duration,
    /// The agent's `VmHWM`, in MiB, and how much of it the group added.
    peak: u64,
    added: u64,
    /// The store with its write-ahead log, in MiB.
    store: u64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} documents: {:?} until the question, {:?} from the approval; memory {} MiB at most, {} of them for the group; store {} MiB",
            self.documents, self.until_question, self.from_approval, self.peak, self.added, self.store
        )
    }
}

async fn sign(count: usize, patience: Duration) -> Figures {
    let business = office().await;
    let group = group_of(&business.sandbox, count).await;
    let certificate = business.world.tokens.certificate(CERTIFICATE);
    let before = business.world.agent.peak_mib();
    let request = json!({ "package_group_id": group, "certificate": certificate.fingerprint });
    let started = Instant::now();
    let answer = business
        .world
        .agent
        .owner(Method::POST, "/v1/mig24/large/package-group-signatures");
    let job: Value = answer.json(&request).send().await.unwrap().json().await.unwrap();
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap_or_else(|| panic!("{job}")));
    carried(&business, &path, count, started, patience, before).await
}

/// Sends so many files by one command, which may have no more files open than a system allows by default, and often fewer.
async fn send(count: usize, patience: Duration) -> Figures {
    let business = office().await;
    let directory = business.world.path().join("files");
    std::fs::create_dir(&directory).unwrap();
    for number in 0..count {
        std::fs::write(
            directory.join(format!("{number:05}.txt")),
            format!("document {number}\n"),
        )
        .unwrap();
    }
    let before = business.world.agent.peak_mib();
    let started = Instant::now();
    let fingerprint = business.world.tokens.certificate(CERTIFICATE).fingerprint;
    let mut command = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$@\"", "sh"])
        .arg(programs::tokensign())
        .args([
            "mig24",
            "send",
            "files/*.txt",
            "--recipient",
            "2BM-TEST",
            "--profile",
            "large",
        ])
        .args(["--cert", &fingerprint, "--detach", "--json", "--config"])
        .arg(business.world.agent.configuration())
        .current_dir(business.world.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut of_command = 0;
    while command.try_wait().unwrap().is_none() {
        of_command = of_command.max(peak_mib(command.id()).unwrap_or_default());
        assert!(started.elapsed() < patience, "not sent\n{}", business.world.agent.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let output = command.wait_with_output().unwrap();
    let job: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    println!(
        "{count} files sent in {:?}; memory of the command {of_command} MiB",
        started.elapsed()
    );
    assert!(of_command < 128, "{of_command} MiB for {count} files");
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap_or_else(|| panic!("{job}")));
    let figures = carried(&business, &path, count, started, patience, before).await;
    let uploaded = |effect: &Effect| matches!(effect.happened, Happened::DocumentUploaded { .. });
    let uploads = business
        .sandbox
        .effects()
        .iter()
        .filter(|effect| uploaded(effect))
        .count();
    assert_eq!(uploads, count, "each file is stored once");
    figures
}

/// Approves the job's one question and sees it through; `before` is the agent's peak before it was started.
async fn carried(
    business: &Business,
    path: &str,
    count: usize,
    started: Instant,
    patience: Duration,
    before: u64,
) -> Figures {
    let certificate = business.world.tokens.certificate(CERTIFICATE);
    let question = waited_for(business, started + patience, async || {
        let waiting = business.world.agent.waiting().await;
        waiting.into_iter().find(|question| question["kind"] == "approve")
    })
    .await;
    let until_question = started.elapsed();
    assert_eq!(
        question["documents"].as_array().unwrap().len(),
        count,
        "one question for all"
    );
    let approved = Instant::now();
    let decision = json!({ "decision": "approve", "pin": certificate.pin });
    business.world.agent.decide(&question, decision).await.unwrap();
    let job = waited_for(business, approved + patience, async || {
        let answer = business.world.agent.owner(Method::GET, path).send().await.unwrap();
        let job: Value = answer.json().await.unwrap();
        (job["state"] != "running").then_some(job)
    })
    .await;
    let from_approval = approved.elapsed();
    assert_eq!(
        job["state"],
        "finished",
        "{}\n{}",
        job["fault"],
        business.world.agent.log()
    );
    assert_eq!(job["outcome"]["documents"].as_array().unwrap().len(), count);
    let summary = business.sandbox.summary();
    assert_eq!(
        (summary.mig24.groups[0].finishes, summary.mig24.groups[0].documents),
        (1, count as u64)
    );
    assert!(summary.duplicates.is_empty());
    let steps = job["steps"].as_array().unwrap().len();
    assert!(steps < 20 + count / 20, "{steps} steps for {count} documents");
    let peak = business.world.agent.peak_mib();
    Figures {
        documents: count,
        until_question,
        from_approval,
        peak,
        added: peak - before,
        store: store_mib(business),
    }
}

async fn waited_for<T>(business: &Business, until: Instant, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < until, "not in time\n{}", business.world.agent.log());
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_documents_need_one_approval() {
    let figures = sign(500, Duration::from_secs(300)).await;
    println!("{figures}");
    assert!(figures.added < 64, "{figures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_and_one_files_are_sent_by_one_command() {
    let figures = send(1_001, Duration::from_secs(300)).await;
    println!("{figures}");
    assert!(figures.added < 96, "{figures}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: make test-full"]
async fn ten_thousand_documents_need_one_approval_and_linear_time() {
    let patience = Duration::from_secs(1800);
    is_linear(sign(1_000, patience).await, sign(10_000, patience).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: make test-full"]
async fn ten_thousand_files_are_sent_by_one_command_in_linear_time() {
    let patience = Duration::from_secs(1800);
    is_linear(send(1_000, patience).await, send(10_000, patience).await);
}

fn is_linear(small: Figures, large: Figures) {
    println!("{small}\n{large}");
    // Ten times the documents: ten times the time, with room for a busy machine.
    for (small, large) in [
        (small.until_question, large.until_question),
        (small.from_approval, large.from_approval),
    ] {
        assert!(large < small * 16, "{small:?} for 1,000, {large:?} for 10,000");
    }
    assert!(large.added < 512, "{large}");
}

fn store_mib(business: &Business) -> u64 {
    let mut size = 0;
    let mut directories = vec![business.world.path().to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                directories.push(path);
            } else if name.contains(".db") || name.contains(".sqlite") {
                size += entry.metadata().map_or(0, |metadata| metadata.len());
            }
        }
    }
    size >> 20
}
