//! A remembered decision hangs on its card: pulled, it is over, also when the card is back at once.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::card::{PIN, Slot};

use super::rig::{Module, Rig};
use super::watched::told;

async fn ask(rig: &Rig, token: &str) -> String {
    let body = json!({
        "purpose": "signature",
        "certificate": rig.card.identity().fingerprint(Slot::Authentication),
        "documents": [{ "name": "a.txt", "media_type": "text/plain", "content": BASE64_STANDARD.encode("a") }],
    });
    let request = rig.agent.application(token, Method::POST, "/v1/signatures").json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    let id = answer["id"].as_str().unwrap_or_else(|| panic!("no id in {answer}"));
    format!("/v1/signatures/{id}")
}

#[tokio::test]
async fn a_pulled_card_ends_what_was_remembered() {
    let rig = Rig::new(Module::OpenSc).await;
    let inserted = rig.insert().await;
    let token = rig.agent.pair("ERP", &["sign", "questions:10"]).await;
    let path = ask(&rig, &token).await;
    let question = rig.agent.question("approve").await;
    let remember = json!({ "uses": 9, "seconds": 600 });
    let decision = json!({ "decision": "approve", "pin": PIN, "remember": remember });
    rig.agent.decide(&question, decision).await.unwrap();
    assert_eq!(rig.agent.settled(&path).await["state"], "finished");
    let holds = |count: usize| move |grants: &Value| grants["grants"].as_array().map(Vec::len) == Some(count);
    let grant = rig.agent.until("/v1/grants", holds(1)).await["grants"][0].clone();
    let path = ask(&rig, &token).await;
    assert_eq!(rig.agent.settled(&path).await["state"], "finished", "nobody is asked");
    let verifications = rig.card.counters().verifications;

    inserted.pull();
    rig.agent.until("/v1/grants", holds(0)).await;
    let ended = told(&rig.agent, |name, data| name == "grant" && data["state"] == "ended").await;
    assert_eq!((&ended["id"], &ended["why"]), (&grant["id"], &json!("token_removed")));

    let _inserted = rig.insert().await;
    let path = ask(&rig, &token).await;
    let question = rig.agent.question("approve").await;
    assert!(rig.read("/v1/grants").await["grants"].as_array().unwrap().is_empty());
    rig.agent
        .decide(&question, json!({ "decision": "refuse" }))
        .await
        .unwrap();
    assert_eq!(rig.agent.settled(&path).await["state"], "refused");
    assert_eq!(
        rig.card.counters().verifications,
        verifications,
        "the card saw no PIN again"
    );
}
