//! One try for each PIN that a person enters, and a PIN that is nowhere to be found afterwards.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;
use tokensign_tests::fixtures::workers_of;
use tokensign_tests::programs;

use crate::world::{World, prepared, signature_of};

const CERTIFICATE: &str = "gost-director";

#[tokio::test]
async fn a_second_application_does_not_ride_on_the_login_of_the_first() {
    let world = World::new().await;
    let certificate = world.tokens.certificate(CERTIFICATE);
    let first = world.agent.pair("first", &["sign"]).await;
    let second = world.agent.pair("second", &["sign"]).await;
    world.tokens.gost_control(&json!({ "sign_delay_ms": 400 }));

    let (batch, of_first) = asked_by(&world, &first, 5).await;
    world
        .agent
        .decide(&of_first, json!({ "decision": "approve", "pin": certificate.pin }))
        .await
        .unwrap();
    // The token is logged in to and at work; whoever comes now needs a PIN of their own, and no other is right.
    while world.tokens.gost_login_count() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let (alone, of_second) = asked_by(&world, &second, 1).await;
    let without_pin = world.agent.decide(&of_second, json!({ "decision": "approve" })).await;
    assert_eq!(without_pin.unwrap_err()["code"], "pin_required");
    world
        .agent
        .decide(&of_second, json!({ "decision": "approve", "pin": "00000000" }))
        .await
        .unwrap();

    let resource = world.agent.settled(&batch).await;
    assert_eq!(resource["state"], "finished", "{resource}");
    let again = world.agent.question("approve").await;
    assert_eq!(
        (&again["id"], &again["notice"]["code"]),
        (&of_second["id"], &json!("pin_incorrect"))
    );
    let token = world.tokens.fixtures().gost_token_state().unwrap();
    assert_eq!((token.login_calls, token.wrong_pins, token.signatures), (2, 1, 5));

    world
        .agent
        .decide(&again, json!({ "decision": "approve", "pin": certificate.pin }))
        .await
        .unwrap();
    let resource = world.agent.settled(&alone).await;
    world
        .verify(CERTIFICATE, b"document", &signature_of(&resource))
        .unwrap();
}

/// A request of an application with its question.
async fn asked_by(world: &World, application: &str, documents: usize) -> (String, Value) {
    let path = request_of(world, application, documents).await;
    (path, world.agent.question("approve").await)
}

/// A request of an application; the path of its resource.
async fn request_of(world: &World, application: &str, documents: usize) -> String {
    let document =
        json!({ "name": "a.txt", "media_type": "text/plain", "content": BASE64_STANDARD.encode("document") });
    let body = json!({
        "purpose": "signature",
        "certificate": world.tokens.certificate(CERTIFICATE).fingerprint,
        "documents": vec![document; documents],
    });
    let sent = world
        .agent
        .application(application, Method::POST, "/v1/signatures")
        .json(&body);
    let answer: Value = sent.send().await.unwrap().json().await.unwrap();
    let id = answer["id"].as_str().unwrap_or_else(|| panic!("no id in {answer}"));
    format!("/v1/signatures/{id}")
}

#[tokio::test]
async fn the_last_try_is_spent_only_after_the_person_said_so() {
    let world = World::new().await;
    let certificate = world.tokens.certificate(CERTIFICATE);
    world.request_signature(&certificate.fingerprint, b"document").await;
    let spent = || {
        let token = world.tokens.fixtures().gost_token_state().unwrap();
        (token.wrong_pins, token.tries_left)
    };
    let wrong = json!({ "decision": "approve", "pin": "00000000" });
    for tries in 1..=2 {
        let question = world.agent.question("approve").await;
        world.agent.decide(&question, wrong.clone()).await.unwrap();
        let question = world.agent.question("approve").await;
        assert_eq!(question["notice"]["code"], "pin_incorrect", "{question}");
        assert_eq!(spent(), (tries, 3 - tries as u8));
    }
    let question = world.agent.question("approve").await;
    assert_eq!(question["pin"]["state"], "final_try", "{question}");
    if world.agent.decide(&question, wrong).await.is_ok() {
        let question = world.agent.question("approve").await;
        assert_eq!(question["notice"]["code"], "pin_last_try", "{question}");
    }
    assert_eq!(spent(), (2, 1));
    let question = world.agent.question("approve").await;
    let confirmed = json!({ "decision": "approve", "pin": certificate.pin, "confirm_last_try": true });
    world.agent.decide(&question, confirmed).await.unwrap();
    let started = std::time::Instant::now();
    while spent() != (2, 3) {
        assert!(started.elapsed() < std::time::Duration::from_secs(30), "{:?}", spent());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // Each try that was spent is on record, with where the PIN was entered, and without the PIN.
    let audit = world.audit().await;
    let refused: Vec<_> = audit.iter().filter(|entry| entry["kind"] == "pin_refused").collect();
    assert_eq!(refused.len(), 2, "{audit:?}");
    for entry in refused {
        let body = &entry["body"];
        assert_eq!(
            (&body["code"], &body["prompter"]),
            (&json!("pin_incorrect"), &json!("terminal"))
        );
        assert!(
            body["token"].is_string() && body["approval"].is_string() && entry["job"].is_string(),
            "{entry}"
        );
        assert!(!entry.to_string().contains("00000000\""), "{entry}");
    }
}

#[tokio::test]
async fn the_pin_is_in_no_command_line_environment_log_or_file() {
    let world = World::new().await;
    for name in [CERTIFICATE, "kz-director"] {
        let certificate = world.tokens.certificate(name);
        let id = world.request_signature(&certificate.fingerprint, b"document").await;
        world.agent.approve(&certificate.pin).await;
        world.agent.settled(&format!("/v1/signatures/{id}")).await;
    }
    let pin = world.tokens.certificate(CERTIFICATE).pin;
    let holds_it = |bytes: &[u8]| bytes.windows(pin.len()).any(|window| window == pin.as_bytes());
    let agent = world.agent.pid();
    let mut processes = workers_of(agent, "");
    assert_eq!(processes.len(), 2, "a worker for each module");
    processes.push(agent);
    for process in processes {
        for file in ["cmdline", "environ"] {
            let bytes = fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
            assert!(!holds_it(&bytes), "{file} of {process}");
        }
        // The limit is set together with PR_SET_DUMPABLE: no core, and no reading of the memory by others of the same user.
        assert!(dumps_no_core(process), "{process}");
        if !rustix::process::geteuid().is_root() {
            assert!(
                fs::read(format!("/proc/{process}/environ")).is_err(),
                "{process} may be dumped"
            );
        }
    }
    assert!(!holds_it(world.agent.log().as_bytes()), "the log");
    for directory in ["state", "run"] {
        for file in files_in(&world.tokens.fixtures().directory().join(directory)) {
            let bytes = fs::read(&file).unwrap_or_default();
            assert!(!holds_it(&bytes), "{}", file.display());
        }
    }
}

/// Whether the process has renounced core dumps.
fn dumps_no_core(process: u32) -> bool {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap_or_default();
    let core = limits.lines().find(|line| line.starts_with("Max core file size"));
    core.is_some_and(|core| core.split_whitespace().skip(4).take(2).eq(["0", "0"]))
}

/// A client dumps no core either, but stays one whose program the agent can name; one that is its own agent is as private as any agent.
#[tokio::test]
async fn a_command_that_may_ask_for_a_pin_dumps_no_core() {
    for has_agent in [true, false] {
        let (directory, tokens) = prepared("");
        let agent = match has_agent {
            true => Some(Agent::start(&tokens.configuration()).await),
            false => None,
        };
        let mut command = Command::new(programs::tokensign())
            .args(["tokens", "--watch", "--config"])
            .arg(tokens.configuration())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let process = command.id();
        let environ = || fs::read(format!("/proc/{process}/environ"));
        let is_private = || rustix::process::geteuid().is_root() || environ().is_err();
        let started = std::time::Instant::now();
        while !dumps_no_core(process) || (!has_agent && !is_private()) {
            assert!(started.elapsed() < std::time::Duration::from_secs(30), "{process}");
            assert!(command.try_wait().unwrap().is_none(), "the command has ended");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(!has_agent || fs::read_link(format!("/proc/{process}/exe")).is_ok());
        command.kill().unwrap();
        command.wait().unwrap();
        drop((agent, directory));
    }
}

fn files_in(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] })
        .filter(|path| path.is_file())
        .collect()
}

/// A kept login has a worker process of its own: it signs without a PIN for its grant, is no way in for anybody else, and goes with the token.
#[tokio::test]
async fn a_kept_login_serves_its_grant_alone_and_ends_with_the_token() {
    let world = World::new().await;
    let certificate = world.tokens.certificate(CERTIFICATE);
    let first = world.agent.pair("first", &["sign"]).await;
    let second = world.agent.pair("second", &["sign"]).await;
    let (path, question) = asked_by(&world, &first, 1).await;
    let remember = json!({ "uses": 9, "seconds": 600 });
    let decision = json!({ "decision": "approve", "pin": certificate.pin, "remember": remember });
    world.agent.decide(&question, decision).await.unwrap();
    assert_eq!(world.agent.settled(&path).await["state"], "finished");
    let workers = || workers_of(world.agent.pid(), "libgost_token").len();
    world
        .agent
        .until("/v1/grants", |grants| {
            grants["grants"].as_array().is_some_and(|all| all.len() == 1)
        })
        .await;
    assert_eq!(workers(), 2, "one for all, one for the grant");

    let path = request_of(&world, &first, 3).await;
    let resource = world.agent.settled(&path).await;
    assert_eq!(resource["state"], "finished", "nobody is asked: {resource}");
    let seen = || {
        let token = world.tokens.fixtures().gost_token_state().unwrap();
        (token.login_calls, token.wrong_pins, token.signatures)
    };
    assert_eq!(seen(), (1, 0, 4), "one login for both requests");

    let (_, question) = asked_by(&world, &second, 1).await;
    let wrong = json!({ "decision": "approve", "pin": "00000000" });
    world.agent.decide(&question, wrong).await.unwrap();
    let again = world.agent.question("approve").await;
    assert_eq!(again["notice"]["code"], "pin_incorrect", "{again}");
    assert_eq!(seen(), (2, 1, 4));
    world
        .agent
        .decide(&again, json!({ "decision": "refuse" }))
        .await
        .unwrap();

    world.tokens.gost_control(&json!({ "device_removed": true }));
    world
        .agent
        .until("/v1/grants", |grants| {
            grants["grants"].as_array().is_some_and(Vec::is_empty)
        })
        .await;
    let started = std::time::Instant::now();
    while workers() != 1 {
        assert!(
            started.elapsed() < std::time::Duration::from_secs(30),
            "{} workers",
            workers()
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    world.tokens.gost_control(&json!({}));
    world
        .agent
        .until("/v1/tokens", |answer| {
            answer["tokens"].as_array().is_some_and(|all| all.len() == 2)
        })
        .await;
    let (_, question) = asked_by(&world, &first, 1).await;
    assert_eq!(question["kind"], "approve");
    assert_eq!(seen(), (2, 1, 4));
}
