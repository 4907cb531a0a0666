//! SIGKILL of the agent at every step boundary of both scenarios, then a restart: finished exactly once.

use reqwest::Response;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;

use crate::services::{finishes, saves, send_idocs, send_mig24, start_idocs, start_mig24, started};
use crate::world::Business;

/// The boundaries of a step: before its effect, after it, after it is closed.
const BOUNDARIES: [&str; 3] = ["opened", "effect", "closed"];

#[tokio::test]
async fn idocs_survives_a_kill_at_every_step_boundary() {
    let steps = steps_of(false).await;
    assert!(steps.len() >= 8, "{steps:?}");
    for step in &steps {
        for boundary in BOUNDARIES {
            killed_at(&format!("step:{step}:{boundary}"), false).await;
        }
    }
}

#[tokio::test]
async fn mig24_survives_a_kill_at_every_step_boundary() {
    let steps = steps_of(true).await;
    assert!(steps.len() >= 5, "{steps:?}");
    for step in &steps {
        for boundary in BOUNDARIES {
            killed_at(&format!("step:{step}:{boundary}"), true).await;
        }
    }
}

/// The step names of an undisturbed run.
async fn steps_of(mig24: bool) -> Vec<String> {
    let business = Business::new().await;
    let job = run(&business, mig24).await;
    let steps = job["steps"].as_array().unwrap();
    steps
        .iter()
        .map(|step| step["name"].as_str().unwrap().to_owned())
        .collect()
}

async fn run(business: &Business, mig24: bool) -> Value {
    let path = if mig24 {
        start_mig24(business).await
    } else {
        start_idocs(business).await
    };
    finish(business, &path, mig24).await
}

async fn finish(business: &Business, path: &str, mig24: bool) -> Value {
    let pin = business.world.tokens.certificate(signer(mig24)).pin;
    tokio::select! {
        job = business.world.agent.settled(path) => return job,
        _ = business.world.agent.approve(&pin) => {}
    }
    business.world.agent.settled(path).await
}

fn signer(mig24: bool) -> &'static str {
    if mig24 { "gost-director" } else { "kz-director" }
}

/// One run in which the agent kills itself at a boundary and is started again without the failpoint.
async fn killed_at(boundary: &str, mig24: bool) {
    let failpoints = format!("{boundary}=return");
    let mut business = Business::with(|_| {}, "", &[("FAILPOINTS", &failpoints)]).await;
    // The first steps may be over, and the agent with them, before it has answered.
    let _ = send(&business, mig24).await;
    let pin = business.world.tokens.certificate(signer(mig24)).pin;
    let mut approved = 0;
    while business.world.agent.is_running() {
        if let Some(question) = asked(&business).await {
            // The agent may be gone before it answers.
            let _ = tokio::time::timeout(
                std::time::Duration::from_secs(5),
                business
                    .world
                    .agent
                    .try_decide(&question, json!({ "decision": "approve", "pin": pin })),
            )
            .await;
            approved += 1;
            assert!(approved < 3, "{boundary}: asked again and again");
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    business.world.agent = Agent::start(&business.world.tokens.configuration()).await;
    // Whose answer may be lost asks again under the same key, and is told the same job.
    let path = started(send(&business, mig24).await.unwrap()).await;
    let job = finish(&business, &path, mig24).await;
    assert_eq!(
        job["state"],
        "finished",
        "{boundary}: {job}\n{}",
        business.world.agent.log()
    );
    let summary = business.sandbox.summary();
    let finished = if mig24 { finishes(&summary) } else { saves(&summary) };
    assert_eq!(finished, 1, "{boundary}: {summary:?}");
    assert!(summary.duplicates.is_empty(), "{boundary}: {summary:?}");
}

async fn send(business: &Business, mig24: bool) -> reqwest::Result<Response> {
    match mig24 {
        true => send_mig24(business, "the one request").await,
        false => send_idocs(business, "the one request").await,
    }
}

async fn asked(business: &Business) -> Option<Value> {
    business
        .world
        .agent
        .try_waiting()
        .await
        .into_iter()
        .find(|question| question["kind"] == "approve")
}
