//! Modules that crash and hang while the agent is at work.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::fixtures::workers_of;

use crate::world::{World, signature_of};

#[tokio::test]
async fn ten_crashes_under_load_leave_no_request_without_an_answer() {
    crashes_under_load(10, 0x5EED).await;
}

#[tokio::test]
#[ignore = "takes minutes; run by `make test-full`"]
async fn fifty_crashes_under_load_leave_no_request_without_an_answer() {
    crashes_under_load(50, 0xFACADE).await;
}

/// So many programs ask at once.
const PROGRAMS: usize = 3;
/// Documents of one request.
const DOCUMENTS: usize = 12;

const CERTIFICATE: &str = "gost-director";
const MODULE: &str = "libgost_token";

/// Kills the worker again and again at moments that the seed chooses, while programs ask and the person approves whatever waits.
#[allow(clippy::print_stdout, reason = "the figures belong to the test's report")]
async fn crashes_under_load(crashes: usize, seed: u64) {
    let mut world = World::new().await;
    let agent = world.agent.pid();
    let over = AtomicBool::new(false);
    let settled = {
        let world = &world;
        let crashing = async {
            kill_workers(world, crashes, seed).await;
            over.store(true, Ordering::Release);
        };
        let work = async { tokio::join!(crashing, ask_until(world, &over)).1 };
        tokio::select! {
            settled = work => settled,
            () = approve_whatever_waits(world) => unreachable!("the person is always there"),
        }
    };
    assert!(
        world.agent.is_running() && world.agent.pid() == agent,
        "nothing restarts but the worker"
    );
    let (finished, refused): (Vec<_>, Vec<_>) = settled.iter().partition(|resource| resource["state"] == "finished");
    for resource in &finished {
        let signature = signature_of(resource);
        world.verify(CERTIFICATE, &content(0), &signature).unwrap();
    }
    // Asked for while the module was set aside or down again: nobody was asked for a PIN.
    for resource in &refused {
        let code = resource["fault"]["code"].as_str().unwrap_or_default();
        assert!(
            ["module_quarantined", "module_crashed"].contains(&code),
            "seed {seed:#x}: {resource}"
        );
    }
    assert!(finished.len() > refused.len(), "seed {seed:#x}: {refused:?}");
    let token = world.tokens.fixtures().gost_token_state().unwrap();
    assert_eq!((token.wrong_pins, token.tries_left), (0, 3), "no crash costs a try");
    println!(
        "seed {seed:#x}: {crashes} crashes, {} requests finished, {} refused",
        finished.len(),
        refused.len()
    );
}

async fn kill_workers(world: &World, crashes: usize, mut seed: u64) {
    for _ in 0..crashes {
        // xorshift64
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        tokio::time::sleep(Duration::from_millis(seed % 700)).await;
        while world.tokens.kill_worker(world.agent.pid(), MODULE) == 0 {
            release_what_is_set_aside(world).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    // The last ones may have set it aside.
    for _ in 0..50 {
        release_what_is_set_aside(world).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// As a person does with `tokensign modules release`.
async fn release_what_is_set_aside(world: &World) {
    let answer = world.agent.get("/v1/tokens").await;
    for module in answer["modules"].as_array().unwrap() {
        if module["state"] == "quarantined" {
            let path = json!({ "path": module["path"] });
            let released = world.agent.owner(Method::POST, "/v1/modules/release").json(&path);
            assert!(released.send().await.unwrap().status().is_success());
        }
    }
}

/// For ever.
async fn approve_whatever_waits(world: &World) {
    let pin = world.tokens.certificate(CERTIFICATE).pin;
    loop {
        for question in world.agent.try_waiting().await {
            // Another answer of ours may have come first.
            let _ = world
                .agent
                .decide(&question, json!({ "decision": "approve", "pin": pin }))
                .await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Every request that was made, as it ended.
async fn ask_until(world: &World, over: &AtomicBool) -> Vec<Value> {
    let asked = AtomicUsize::new(0);
    let program = async || {
        let mut settled = Vec::new();
        loop {
            // The last request begins when no crash comes any more.
            let is_last = over.load(Ordering::Acquire);
            asked.fetch_add(1, Ordering::AcqRel);
            let path = request(world).await;
            settled.push(world.agent.settled(&path).await);
            if is_last {
                assert_eq!(settled[settled.len() - 1]["state"], "finished", "{settled:?}");
                return settled;
            }
        }
    };
    let settled: Vec<Value> = join_all((0..PROGRAMS).map(|_| program())).await.concat();
    assert_eq!(settled.len(), asked.into_inner());
    settled
}

async fn request(world: &World) -> String {
    let documents: Vec<_> = (0..DOCUMENTS)
        .map(|number| json!({ "name": format!("{number}.txt"), "content": BASE64_STANDARD.encode(content(number)) }))
        .collect();
    let body = json!({
        "purpose": "signature",
        "certificate": world.tokens.certificate(CERTIFICATE).fingerprint,
        "documents": documents,
    });
    let answer = world
        .agent
        .owner(Method::POST, "/v1/signatures")
        .json(&body)
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    format!(
        "/v1/signatures/{}",
        answer["id"].as_str().unwrap_or_else(|| panic!("{answer}"))
    )
}

fn content(number: usize) -> Vec<u8> {
    format!("document {number}").into_bytes()
}

#[tokio::test]
async fn a_module_that_hangs_holds_up_nobody_else_and_is_named() {
    let world = World::with_agent_settings("signature_timeout_seconds = 3").await;
    world.tokens.gost_control(&json!({ "hang_in_sign": true }));
    let hanging = world.tokens.certificate(CERTIFICATE);
    let hung = world.request_signature(&hanging.fingerprint, b"hangs").await;
    world.agent.approve(&hanging.pin).await;
    while world.tokens.gost_login_count() == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    // Meanwhile another module signs, and the agent answers.
    let other = world.tokens.certificate("kz-director");
    let fine = world.request_signature(&other.fingerprint, b"fine").await;
    world.agent.approve(&other.pin).await;
    let resource = world.agent.settled(&format!("/v1/signatures/{fine}")).await;
    world.verify("kz-director", b"fine", &signature_of(&resource)).unwrap();

    let started = Instant::now();
    let question = loop {
        let waiting = world.agent.waiting().await;
        if let Some(question) = waiting.into_iter().find(|question| question["notice"].is_object()) {
            break question;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "{}", world.agent.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(question["notice"]["code"], "module_hung", "{question}");
    world.tokens.gost_control(&json!({}));
    world
        .agent
        .decide(&question, json!({ "decision": "approve", "pin": hanging.pin }))
        .await
        .unwrap();
    let resource = world.agent.settled(&format!("/v1/signatures/{hung}")).await;
    world.verify(CERTIFICATE, b"hangs", &signature_of(&resource)).unwrap();
    let token = world.tokens.fixtures().gost_token_state().unwrap();
    assert_eq!(token.wrong_pins, 0);
}

#[tokio::test]
async fn a_worker_whose_agent_was_killed_finishes_its_call_and_ends() {
    let mut world = World::new().await;
    let before = world.tokens.fixtures().gost_token_state().unwrap();
    world.tokens.gost_control(&json!({ "sign_delay_ms": 700 }));
    let worker = signing_worker(&world).await;
    let signatures = || world.tokens.fixtures().gost_token_state().unwrap().signatures;
    while signatures() == before.signatures {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.agent.kill();
    ended(worker).await;
    let after = world.tokens.fixtures().gost_token_state().unwrap();
    assert!(
        after.signatures <= before.signatures + 2,
        "the call that was under way is the last one"
    );
    assert_eq!(
        after.sessions_closed, after.sessions_opened,
        "logged out, and every session closed"
    );
}

#[tokio::test]
async fn a_worker_that_hangs_ends_a_while_after_its_agent() {
    let mut world = World::new().await;
    world.tokens.gost_control(&json!({ "hang_in_sign": true }));
    let worker = signing_worker(&world).await;
    world.agent.kill();
    assert!(is_running(worker), "it is given a while");
    ended(worker).await;
}

/// The worker of the GOST token, logged in to sign many documents.
async fn signing_worker(world: &World) -> u32 {
    request(world).await;
    world.agent.approve(&world.tokens.certificate(CERTIFICATE).pin).await;
    while world.tokens.gost_login_count() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let workers = workers_of(world.agent.pid(), MODULE);
    assert_eq!(workers.len(), 1);
    workers[0]
}

fn is_running(pid: u32) -> bool {
    // A zombie has ended.
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|command| !command.is_empty())
}

async fn ended(pid: u32) {
    let started = Instant::now();
    while is_running(pid) {
        assert!(started.elapsed() < Duration::from_secs(60), "the worker stays");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_certificate_of_a_module_that_is_set_aside_is_not_called_absent() {
    let world = World::new().await;
    let state = async || {
        let answer = world.agent.get("/v1/tokens").await;
        let modules = answer["modules"].as_array().unwrap();
        let module = modules
            .iter()
            .find(|module| module["path"].as_str().unwrap().contains(MODULE));
        module.unwrap()["state"].clone()
    };
    while state().await != "quarantined" {
        world.tokens.kill_worker(world.agent.pid(), MODULE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let resource = world.agent.settled(&request(&world).await).await;
    assert_eq!(resource["fault"]["code"], "module_quarantined", "{resource}");

    release_what_is_set_aside(&world).await;
    let path = request(&world).await;
    world.agent.approve(&world.tokens.certificate(CERTIFICATE).pin).await;
    assert_eq!(world.agent.settled(&path).await["state"], "finished");
}
