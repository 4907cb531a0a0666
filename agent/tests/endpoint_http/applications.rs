//! Paired applications: what the person does with them, and those that the administrator pairs.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokensign::config::ApplicationConfig;
use tokensign::endpoint::{Agent, StartOptions};

use crate::client::Request;
use crate::running::{Running, configuration};

async fn applications(agent: &Running) -> Vec<Value> {
    let answer = agent.send(&agent.owned("GET /v1/applications")).await.json();
    answer["applications"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_renamed_used_and_revoked() {
    let agent = Running::start().await;
    let token = agent.pair(None, &["certificates", "questions:5"]).await;
    let [application] = applications(&agent).await.try_into().unwrap();
    let id = application["id"].as_str().unwrap();
    assert_eq!(
        (&application["prepared"], application.get("last_used_at")),
        (&json!(false), None)
    );
    let rename = |name: &str| {
        agent
            .owned(&format!("POST /v1/applications/{id}/name"))
            .json(&json!({ "name": name }))
    };
    let renamed = agent.send(&rename("  Accounting 8 ")).await;
    assert_eq!((renamed.status, &renamed.json()["name"]), (200, &json!("Accounting 8")));
    // A name cannot pass for another one in the list.
    let deceiving = agent.send(&rename("Two\u{202e}NAME\nline")).await.json();
    assert_eq!(deceiving["name"], "Two\\u{202e}NAME\\u{a}line");
    assert_eq!(applications(&agent).await[0]["name"], deceiving["name"]);
    assert_eq!(agent.send(&rename("Accounting 8")).await.status, 200);
    for wrong in ["", " ", &"a".repeat(81)] {
        assert_eq!(agent.send(&rename(wrong)).await.code(), "invalid_field");
    }
    assert_eq!(
        agent.send(&agent.request("GET /v1/tokens").bearer(&token)).await.status,
        200
    );
    let [used] = applications(&agent).await.try_into().unwrap();
    assert!(
        used["last_used_at"].is_string() && used["name"] == "Accounting 8",
        "{used}"
    );
    let revoke = agent.owned(&format!("DELETE /v1/applications/{id}"));
    assert_eq!(agent.send(&revoke).await.status, 204);
    assert_eq!(
        agent.send(&agent.request("GET /v1/tokens").bearer(&token)).await.code(),
        "unpaired"
    );
    assert_eq!(agent.send(&rename("again")).await.code(), "no_such_item");
    let audit = agent.send(&agent.owned("GET /v1/audit")).await.json();
    let entries = audit["entries"].as_array().unwrap();
    let paired = entries.iter().find(|entry| entry["kind"] == "application_paired");
    let paired = &paired.unwrap()["body"];
    assert_eq!(paired["prompter"], "terminal", "{paired}");
    let process = paired["caller"]["process"].as_str().unwrap();
    assert!(process.contains("endpoint_http"), "{paired}");
    for kind in ["application_paired", "application_renamed", "application_revoked"] {
        assert!(
            audit["entries"]
                .as_array()
                .unwrap()
                .iter()
                .any(|entry| entry["kind"] == kind),
            "{kind}"
        );
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_administrator_pairs_is_seen_bound_and_revocable() {
    let dir = tempfile::tempdir().unwrap();
    let prepared = |name: &str, token: &str| ApplicationConfig {
        name: name.to_owned(),
        origin: None,
        executable: std::env::current_exe().ok(),
        token_sha256: hex::encode(Sha256::digest(token)),
        permissions: vec!["certificates".to_owned()],
    };
    let mut config = configuration(dir.path());
    config.applications = vec![
        prepared("This test", "right"),
        ApplicationConfig {
            executable: Some("/usr/bin/another".into()),
            ..prepared("Another program", "elsewhere")
        },
        ApplicationConfig {
            executable: None,
            origin: Some("https://intra.example".to_owned()),
            ..prepared("A page", "page")
        },
    ];
    let agent = Running::started(
        Agent::start(
            config.clone(),
            StartOptions {
                tcp: true,
                queues: false,
            },
        )
        .await
        .unwrap(),
        dir,
    );
    let names: Vec<_> = applications(&agent).await.iter().map(|a| a["name"].clone()).collect();
    assert_eq!(names, ["This test", "Another program", "A page"]);
    let tokens = |token: &str| agent.request("GET /v1/tokens").bearer(token);
    assert_eq!(agent.send(&tokens("right")).await.status, 200);
    // The token of another program, and of a page, are worth nothing here.
    assert_eq!(agent.send(&tokens("elsewhere")).await.code(), "foreign_origin");
    assert_eq!(agent.send(&tokens("page")).await.code(), "foreign_origin");
    let page = tokens("page").header("Origin", "https://intra.example");
    assert_eq!(agent.send(&page).await.status, 200);

    let id = applications(&agent).await[0]["id"].as_str().unwrap().to_owned();
    let other = applications(&agent).await[1]["id"].as_str().unwrap().to_owned();
    let rename = agent.owned(&format!("POST /v1/applications/{other}/name"));
    let rename = rename.json(&json!({ "name": "As the person calls it" }));
    assert_eq!(agent.send(&rename).await.status, 200);
    let revoke = agent.owned(&format!("DELETE /v1/applications/{id}"));
    assert_eq!(agent.send(&revoke).await.status, 204);
    let dir = agent.stop_and_keep().await;
    // Revoked by the person, it stays so; what the configuration no longer names is gone.
    config.applications.pop();
    let agent = Running::started(
        Agent::start(
            config,
            StartOptions {
                tcp: true,
                queues: false,
            },
        )
        .await
        .unwrap(),
        dir,
    );
    let names: Vec<_> = applications(&agent).await.iter().map(|a| a["name"].clone()).collect();
    assert_eq!(names, ["As the person calls it"]);
    let request = Request::new(agent.address, "GET /v1/tokens").bearer("right");
    assert_eq!(agent.send(&request).await.code(), "unpaired");
    agent.stop().await;
}
