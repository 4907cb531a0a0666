//! A token that was there before a restart and is not there after it: the job says which one it waits for, goes on when it comes, and
//! otherwise stops so that a person can take it up again. Nothing is closed as failed.

use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;

use crate::services::{finishes, start_mig24};
use crate::world::{Business, World, signature_of};

const CERTIFICATE: &str = "gost-director";
const CONTENT: &[u8] = b"contract";

async fn audited(agent: &Agent, kind: &str) -> usize {
    let answer = agent.get("/v1/audit?limit=1000").await;
    let entries = answer["entries"].as_array().unwrap().iter();
    entries.filter(|entry| entry["kind"] == kind).count()
}

/// Waits until the job or signature says that it waits for a token, and that nobody is asked meanwhile.
async fn awaits_its_token(world: &World, path: &str) -> Value {
    let waiting = world
        .agent
        .until(path, |job| {
            assert_eq!(job["state"], "running", "{job}");
            job["waiting"]["for"] == "waiting_for_token"
        })
        .await["waiting"]
        .clone();
    let listed = world.tokens.fixtures().certificate(CERTIFICATE).token.clone();
    assert_eq!(waiting["token"], json!(listed), "{waiting}");
    assert!(waiting["until"].is_string(), "{waiting}");
    assert!(world.agent.waiting().await.is_empty(), "nobody is asked");
    waiting
}

/// The agent dies between the approval and the signature, and comes back without the token.
#[tokio::test]
async fn an_approval_stands_until_its_token_is_back() {
    let mut world = World::new().await;
    let certificate = world.tokens.certificate(CERTIFICATE);
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    let path = format!("/v1/signatures/{id}");
    world.tokens.gost_control(&json!({ "sign_delay_ms": 600_000 }));
    world.agent.approve(&certificate.pin).await;
    let approved = async || while audited(&world.agent, "approved").await == 0 {};
    tokio::time::timeout(std::time::Duration::from_secs(60), approved())
        .await
        .unwrap_or_else(|_| panic!("not approved: {}", world.agent.log()));
    world.agent.kill();
    world.tokens.gost_control(&json!({ "device_removed": true }));
    world.agent = Agent::start(&world.tokens.configuration()).await;
    awaits_its_token(&world, &path).await;
    let shown = world.command(&["jobs", "show", &id]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    let label = &world.tokens.fixtures().certificate(CERTIFICATE).token;
    assert!(shown.contains(&format!("“{label}”")), "{shown}");

    world.tokens.gost_control(&json!({}));
    world.agent.approve(&certificate.pin).await;
    let resource = world.agent.settled(&path).await;
    assert_eq!(resource["state"], "finished", "{resource}\n{}", world.agent.log());
    world.verify(CERTIFICATE, CONTENT, &signature_of(&resource)).unwrap();
    let (approved, again) = (
        audited(&world.agent, "approved").await,
        audited(&world.agent, "approved_again").await,
    );
    assert_eq!((approved, again), (1, 1), "one approval, and the PIN once more");
}

/// The certificate was chosen, the question stood, the agent died. The token does not come: the job stops. Later it comes: retried, the job
/// is finished, once.
#[tokio::test]
async fn a_job_whose_token_does_not_come_stops_and_is_retried() {
    let mut business = Business::new().await;
    let path = start_mig24(&business).await;
    business.world.agent.question("approve").await;
    business.world.agent.kill();
    let world = &mut business.world;
    world.tokens.configure_agent("question_timeout_seconds = 15\n");
    world.tokens.gost_control(&json!({ "device_removed": true }));
    world.agent = Agent::start(&world.tokens.configuration()).await;
    awaits_its_token(world, &path).await;
    for _ in 0..2 {
        let job = world.agent.settled(&path).await;
        assert_eq!(
            (&job["state"], &job["fault"]["code"]),
            (&json!("stopped"), &json!("token_absent")),
            "{job}"
        );
        let label = &world.tokens.fixtures().certificate(CERTIFICATE).token;
        assert_eq!(job["fault"]["token"], json!(label), "{job}");
        assert_eq!(job["actions"], json!(["retry", "cancel"]), "{job}");
        let step = job["steps"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&step["name"], &step["state"]),
            (&json!("sign"), &json!("open")),
            "{job}"
        );
        let answer = world
            .agent
            .owner(Method::POST, &format!("{path}/retry"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 202);
        awaits_its_token(world, &path).await;
    }
    world.tokens.gost_control(&json!({}));
    let pin = world.tokens.certificate(CERTIFICATE).pin;
    world.agent.approve(&pin).await;
    let job = world.agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{job}\n{}", world.agent.log());
    let summary = business.sandbox.summary();
    assert_eq!(finishes(&summary), 1, "{summary:?}");
    assert!(summary.duplicates.is_empty(), "{summary:?}");
}

/// Nobody has chosen or approved anything yet: there is nothing to wait for.
#[tokio::test]
async fn a_certificate_that_nobody_chose_is_not_waited_for() {
    let business = Business::new().await;
    business.world.tokens.gost_control(&json!({ "device_removed": true }));
    let path = start_mig24(&business).await;
    let job = business.world.agent.settled(&path).await;
    assert_eq!(
        (&job["state"], &job["fault"]["code"]),
        (&json!("failed"), &json!("certificate_not_found")),
        "{job}"
    );
    assert!(business.sandbox.summary().mig24.groups.is_empty(), "nothing was sent");
}
