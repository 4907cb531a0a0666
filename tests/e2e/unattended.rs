//! Electronic seals: a certificate that the agent uses by itself, because the configuration says so.

use std::os::unix::fs::PermissionsExt as _;

use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;

use crate::world::{World, prepared};

async fn sealed(pin: &str) -> (World, String, String) {
    let (directory, tokens) = prepared("");
    let certificate = tokens.certificate("gost-director");
    let file = directory.path().join("seal.pin");
    std::fs::write(&file, pin).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    tokens.configure(&format!(
        "\n[[certificates]]\nfingerprint = \"{}\"\nunattended = true\npin = {{ file = \"{}\" }}\n",
        certificate.fingerprint,
        file.display()
    ));
    let agent = Agent::start(&tokens.configuration()).await;
    let token = agent.pair("ERP", &["sign"]).await;
    (World::around(agent, tokens, directory), token, certificate.fingerprint)
}

async fn ask(world: &World, token: &str, certificate: &str) -> Value {
    let body = json!({ "certificate": certificate, "documents": [{ "name": "a", "content": "aGVsbG8=" }] });
    let answer = world
        .agent
        .application(token, Method::POST, "/v1/signatures")
        .json(&body);
    let answer: Value = answer.send().await.unwrap().json().await.unwrap();
    world
        .agent
        .settled(&format!("/v1/signatures/{}", answer["id"].as_str().unwrap()))
        .await
}

#[tokio::test]
async fn a_seal_signs_by_itself_and_says_so_loudly() {
    let pin = {
        let (_directory, tokens) = prepared("");
        tokens.certificate("gost-director").pin
    };
    let (world, token, certificate) = sealed(&pin).await;
    let settled = ask(&world, &token, &certificate).await;
    assert_eq!(settled["state"], "finished", "{settled}");
    assert!(world.agent.log().contains("WITHOUT A PERSON") && !world.agent.log().contains(&format!("\"{pin}\"")));
    let status: Value = world
        .agent
        .owner(Method::GET, "/v1/status")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
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
    let audit: Value = world
        .agent
        .owner(Method::GET, "/v1/audit")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
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
