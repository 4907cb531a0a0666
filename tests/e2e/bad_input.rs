//! Bad input: a stable code, words that say what to do, nothing prompted and nothing signed.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, prepared};
use tokensign_tests::agent::Agent;

/// Posts a signature request as the owner and waits for what comes of it without a person: a problem, or a settled resource's fault.
async fn code_of(world: &World, body: Value) -> String {
    let answer = world
        .agent
        .owner(Method::POST, "/v1/signatures")
        .json(&body)
        .send()
        .await
        .unwrap();
    let success = answer.status().is_success();
    let answer: Value = answer.json().await.unwrap();
    let problem = if success {
        let path = format!("/v1/signatures/{}", answer["id"].as_str().unwrap());
        let resource = world.agent.settled(&path).await;
        resource["fault"].clone()
    } else {
        answer
    };
    assert!(
        !problem["what_to_do"].as_str().unwrap_or_default().is_empty(),
        "says what to do: {problem}"
    );
    assert!(world.agent.waiting().await.is_empty(), "nobody is asked");
    problem["code"]
        .as_str()
        .unwrap_or_else(|| panic!("no code in {problem}"))
        .to_owned()
}

fn request(certificate: &str) -> Value {
    json!({
        "purpose": "signature",
        "certificate": certificate,
        "documents": [{ "name": "a.txt", "content": "aGVsbG8=" }],
    })
}

#[tokio::test]
async fn certificates_that_cannot_sign_are_refused_before_the_prompt() {
    let world = World::new().await;
    for (name, code) in [
        ("expired", "certificate_expired"),
        ("not-yet-valid", "certificate_not_yet_valid"),
        ("authentication-only", "certificate_wrong_purpose"),
    ] {
        let fingerprint = world.tokens.certificate(name).fingerprint;
        assert_eq!(code_of(&world, request(&fingerprint)).await, code, "{name}");
    }
}

/// The token shows its keys after the PIN only, so the missing one shows then.
#[tokio::test]
async fn a_certificate_without_its_key_ends_with_a_true_error() {
    let world = World::new().await;
    let certificate = world.tokens.certificate("certificate-without-key");
    let id = world.request_signature(&certificate.fingerprint, b"x").await;
    world.agent.approve(&certificate.pin).await;
    let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
    assert_eq!(resource["state"], "failed", "{resource}");
    assert_eq!(resource["fault"]["code"], "key_not_found", "{resource}");
}

#[tokio::test]
async fn selectors_that_fit_nothing_or_cannot_be_read() {
    let world = World::new().await;
    assert_eq!(
        code_of(&world, request(&"ab".repeat(32))).await,
        "certificate_not_found"
    );
    assert_eq!(
        code_of(&world, request("iin=000000000000")).await,
        "certificate_not_found"
    );
    assert_eq!(code_of(&world, request("colour=red")).await, "invalid_selector");
    assert_eq!(
        code_of(&world, request("pkcs11:token=x?pin-value=1234")).await,
        "invalid_selector"
    );
}

#[tokio::test]
async fn content_must_match_its_digest() {
    let world = World::new().await;
    let mut body = request(&world.tokens.certificate("kz-director").fingerprint);
    body["documents"][0]["digest"] = json!({ "algorithm": "sha256", "value": BASE64_STANDARD.encode([7; 32]) });
    assert_eq!(code_of(&world, body.clone()).await, "digest_mismatch");
    body["documents"][0]["digest"] = json!({ "algorithm": "sha256", "value": BASE64_STANDARD.encode([7; 20]) });
    assert_eq!(code_of(&world, body).await, "digest_length");
}

#[tokio::test]
async fn malformed_bodies_name_what_is_wrong() {
    let world = World::new().await;
    let post = |body: &'static str| {
        world
            .agent
            .owner(Method::POST, "/v1/signatures")
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    let problem: Value = post("{").await.unwrap().json().await.unwrap();
    assert_eq!(problem["code"], "malformed_json");
    let problem: Value = post(r#"{"purpose":"signature","documents":[],"colour":1}"#)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(problem.to_string().contains("colour"), "names the field: {problem}");
    let problem: Value = post(r#"{"purpose":"signature","documents":[{"name":"a","content":"***"}]}"#)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(problem.to_string().contains("content"), "names the field: {problem}");
    let problem: Value = post(r#"{"purpose":"signature","documents":[]}"#)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(problem.to_string().contains("documents"), "names the field: {problem}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let (directory, tokens) = prepared("\n[endpoint]\nmax_json_bytes = 4096\n");
    let agent = Agent::start(&tokens.configuration()).await;
    let body = json!({ "purpose": "signature", "documents": [{ "name": "a", "content": "A".repeat(8192) }] });
    let answer = agent
        .owner(Method::POST, "/v1/signatures")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 413);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], "body_too_large");
    drop(directory);
}

#[tokio::test]
async fn a_missing_module_is_named_and_the_others_work() {
    let world = World::with_configuration("\n[[modules]]\npath = \"/nonexistent/libvendor.so\"\n").await;
    let tokens: Value = world.agent.get("/v1/tokens").await;
    let modules = tokens["modules"].as_array().unwrap();
    let missing = modules
        .iter()
        .find(|module| module["path"] == "/nonexistent/libvendor.so")
        .unwrap_or_else(|| panic!("{tokens}"));
    assert_eq!(missing["fault"]["code"], "module_missing", "{missing}");
    assert!(!tokens["tokens"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_key_is_not_used_twice_for_another_request() {
    let world = World::new().await;
    let post = |content: &'static str| {
        let mut body = request(&world.tokens.certificate("kz-director").fingerprint);
        body["documents"][0]["content"] = json!(content);
        world
            .agent
            .owner(Method::POST, "/v1/signatures")
            .header("idempotency-key", "k-1")
            .json(&body)
            .send()
    };
    let first: Value = post("aGVsbG8=").await.unwrap().json().await.unwrap();
    let second: Value = post("aGVsbG8=").await.unwrap().json().await.unwrap();
    assert_eq!(first["id"], second["id"], "the same request again is the same job");
    let other: Value = post("d29ybGQ=").await.unwrap().json().await.unwrap();
    assert_eq!(other["code"], "idempotency_mismatch", "{other}");
}
