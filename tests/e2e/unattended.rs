//! Electronic seals: a certificate that the agent uses by itself, because the configuration says so.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;

use crate::world::{World, prepared};

async fn sealed(pin: &str) -> (World, String, String) {
    sealed_from(pin, |file| format!("file = \"{}\"", file.display()), |_| Vec::new()).await
}

/// A seal whose PIN lies in the file `seal.pin` and is found as the configuration's `source` says, with these variables of the agent's.
async fn sealed_from(
    pin: &str,
    source: impl FnOnce(&Path) -> String,
    environment: impl FnOnce(&Path) -> Vec<(&'static str, String)>,
) -> (World, String, String) {
    let (directory, tokens) = prepared("");
    let certificate = tokens.certificate("gost-director");
    let file = directory.path().join("seal.pin");
    std::fs::write(&file, pin).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    tokens.configure(&format!(
        "\n[[certificates]]\nfingerprint = \"{}\"\nunattended = true\npin = {{ {} }}\n",
        certificate.fingerprint,
        source(&file)
    ));
    let environment = environment(&file);
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let agent = Agent::start_with(&tokens.configuration(), &environment).await;
    let token = agent.pair("ERP", &["sign"]).await;
    (World::around(agent, tokens, directory), token, certificate.fingerprint)
}

fn right_pin() -> String {
    let (_directory, tokens) = prepared("");
    tokens.certificate("gost-director").pin
}

/// Asks for a signature; where it is followed.
async fn begin(world: &World, token: &str, certificate: &str) -> String {
    let body = json!({ "certificate": certificate, "documents": [{ "name": "a", "content": "aGVsbG8=" }] });
    let answer = world
        .agent
        .application(token, Method::POST, "/v1/signatures")
        .json(&body);
    let answer: Value = answer.send().await.unwrap().json().await.unwrap();
    format!("/v1/signatures/{}", answer["id"].as_str().unwrap())
}

async fn ask(world: &World, token: &str, certificate: &str) -> Value {
    world.agent.settled(&begin(world, token, certificate).await).await
}

#[tokio::test]
async fn a_seal_signs_by_itself_and_says_so_loudly() {
    let pin = right_pin();
    let (world, token, certificate) = sealed(&pin).await;
    let settled = ask(&world, &token, &certificate).await;
    assert_eq!(settled["state"], "finished", "{settled}");
    assert!(world.agent.log().contains("WITHOUT A PERSON") && !world.agent.log().contains(&format!("\"{pin}\"")));
    let status: Value = world.agent.get("/v1/status").await;
    assert!(
        status["unattended"].as_array().unwrap().contains(&json!(certificate)),
        "{status}"
    );
    let shown = world.command(&["status"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        shown.contains("WITHOUT A PERSON") && shown.contains(&certificate),
        "{shown}"
    );
    let audit: Value = world.agent.get("/v1/audit").await;
    let entries = audit["entries"].as_array().unwrap();
    let of = |kind: &str| entries.iter().find(|entry| entry["kind"] == kind).unwrap();
    let allowed = &of("unattended_allowed")["body"]["certificates"];
    assert!(
        allowed
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["certificate"] == certificate && entry["pin_from"].is_string())
    );
    assert_eq!(
        (&of("approved")["body"]["kind"], &of("approved")["actor"]),
        (&json!("unattended"), &json!("agent"))
    );
}

#[tokio::test]
async fn the_pin_of_a_seal_comes_from_a_credential_of_systemd_or_a_variable() {
    let pin = right_pin();
    let as_credential = sealed_from(
        &pin,
        |_| "credential = \"seal.pin\"".to_owned(),
        |file| vec![("CREDENTIALS_DIRECTORY", file.parent().unwrap().display().to_string())],
    );
    let as_variable = sealed_from(
        &pin,
        |_| "env = \"SEAL_PIN\"".to_owned(),
        |_| vec![("SEAL_PIN", pin.clone())],
    );
    for (world, token, certificate) in [as_credential.await, as_variable.await] {
        let settled = ask(&world, &token, &certificate).await;
        assert_eq!(settled["state"], "finished", "{settled}");
        assert!(!world.agent.log().contains(&format!("\"{pin}\"")));
    }
}

#[tokio::test]
async fn a_wrong_pin_of_a_seal_is_sent_once() {
    let (world, token, certificate) = sealed("00000000").await;
    let before = world.tokens.gost_login_count();
    let settled = ask(&world, &token, &certificate).await;
    assert_eq!(
        (&settled["state"], &settled["fault"]["code"]),
        (&json!("failed"), &json!("pin_incorrect")),
        "{settled}"
    );
    assert_eq!(world.tokens.gost_login_count(), before + 1);
}

/// A token need not show in its flags that a PIN was wrong: with every further request a program would spend a try, until the token locks.
#[tokio::test]
async fn a_refused_pin_is_not_sent_with_the_next_request_either() {
    let (world, token, certificate) = sealed("00000000").await;
    world.tokens.gost_control(&json!({ "no_count_flags": true }));
    let spent = || {
        let token = world.tokens.fixtures().gost_token_state().unwrap();
        (token.login_calls, token.wrong_pins)
    };
    let settled = ask(&world, &token, &certificate).await;
    assert_eq!(settled["fault"]["code"], "pin_incorrect", "{settled}");
    assert_eq!(spent(), (1, 1));

    // A command with a PIN source is a program, too.
    let wrong = format!("file:{}", world.path().join("seal.pin").display());
    let file = world.file("contract", b"hello");
    let file = file.to_str().unwrap();
    let output = world.command(&["--json", "sign", file, "--cert", &certificate, "--pin-source", &wrong]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("pin_not_sent_again"), "{told}");
    assert_eq!((output.status.code(), spent()), (Some(4), (1, 1)));

    // A person may answer instead.
    let path = begin(&world, &token, &certificate).await;
    let question = loop {
        let question = world.agent.question("approve").await;
        if question["notice"]["code"] == "pin_not_sent_again" {
            break question;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(spent(), (1, 1));
    let pin = world.tokens.certificate("gost-director").pin;
    let decision = json!({ "decision": "approve", "pin": pin });
    world.agent.decide(&question, decision).await.unwrap();
    assert_eq!(world.agent.settled(&path).await["state"], "finished");
    assert_eq!(spent(), (2, 1));

    // A source that changed is believed.
    std::fs::write(world.path().join("seal.pin"), &pin).unwrap();
    let settled = ask(&world, &token, &certificate).await;
    assert_eq!((&settled["state"], spent()), (&json!("finished"), (3, 1)), "{settled}");
}
