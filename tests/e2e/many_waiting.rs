//! Two hundred programs that wait for the person at once.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

const PROGRAMS: usize = 200;
/// The agent's memory stays under this, in KiB.
const MOST_MEMORY: u64 = 64 << 10;

/// Memory in KiB (proc_pid_status(5)): of an optimised program the most that was ever resident; of an unoptimised one only what is its own, for the pages of its
/// file are as large again and say nothing.
fn memory(pid: u32) -> u64 {
    let measured = if cfg!(debug_assertions) { "RssAnon:" } else { "VmHWM:" };
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(measured)).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn two_hundred_programs_wait_at_once_and_none_starves() {
    let (directory, tokens) = crate::world::prepared("");
    let certificate = tokens.certificate("kz-director");
    // An administrator's configuration pairs them: a person would confirm five a minute.
    let me = std::env::current_exe().unwrap();
    let token = |n: usize| format!("program-{n}");
    let lines: String = (0..PROGRAMS)
        .map(|n| {
            let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(token(n)));
            format!(
                "\n[[applications]]\nname = \"Program {n}\"\nexecutable = \"{}\"\ntoken_sha256 = \"{hash}\"\npermissions = [\"sign\"]\n",
                me.display()
            )
        })
        .collect();
    tokens.configure(&lines);
    let agent = tokensign_tests::agent::Agent::start(&tokens.configuration()).await;
    let world = World::around(agent, tokens, directory);
    let agent = &world.agent;

    let listed = world.command(&["apps", "list"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let program = me.display().to_string();
    assert_eq!(listed.matches("the administrator").count(), PROGRAMS, "{listed}");
    assert_eq!(listed.matches(&program).count(), PROGRAMS, "{listed}");

    let asked = (0..PROGRAMS).map(|n| {
        let body = json!({
            "certificate": certificate.fingerprint,
            "documents": [{ "name": format!("contract {n}.txt"), "content": "aGVsbG8=" }],
        });
        let answer = agent.application(&token(n), Method::POST, "/v1/signatures").json(&body);
        async move {
            let answer = answer.send().await.unwrap();
            assert_eq!(answer.status(), 202, "{n}");
            let answer: Value = answer.json().await.unwrap();
            format!("/v1/signatures/{}", answer["id"].as_str().unwrap())
        }
    });
    let paths = futures_util::future::join_all(asked).await;
    let begun = Instant::now();
    let questions = loop {
        let waiting = agent.waiting().await;
        if waiting.len() == PROGRAMS {
            break waiting;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{} of {PROGRAMS} are shown",
            waiting.len()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    // The page's data stay at hand while all of them wait.
    for path in [
        "/v1/questions",
        "/v1/status",
        "/v1/applications",
        "/v1/jobs?open=true",
        "/v1/grants",
    ] {
        let begun = Instant::now();
        assert!(
            agent
                .owner(Method::GET, path)
                .send()
                .await
                .unwrap()
                .status()
                .is_success()
        );
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{path}: {:?}",
            begun.elapsed()
        );
    }
    let used = memory(agent.pid());
    assert!(used < MOST_MEMORY, "the agent uses {used} KiB");
    // Each is answered, the last that asked as the first.
    for question in questions.iter().rev() {
        agent.decide(question, json!({ "decision": "refuse" })).await.unwrap();
    }
    for path in paths {
        assert_eq!(agent.settled(&path).await["state"], "refused");
    }
}
