//! A TPM as a token: slow hardware with a serial number of zeros.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;
use tokensign_tests::openssl;
use tokensign_tests::soft_tpm::{PIN, SoftTpm};

#[tokio::test]
#[ignore = "needs swtpm and a minute; run by `make test-full`"]
async fn a_tpm_lists_and_signs() {
    let directory = tempfile::Builder::new().prefix("ts-").tempdir().unwrap();
    let tpm = SoftTpm::create(&directory.path().join("tpm"));
    let environment: Vec<String> = tpm
        .environment()
        .iter()
        .map(|(name, value)| format!("{name} = \"{value}\""))
        .collect();
    let configuration = directory.path().join("tokensign.toml");
    let text = format!(
        "[agent]\nstate_dir = \"{directory}/state\"\nruntime_dir = \"{directory}/run\"\n\n\
         [discovery]\nenabled = false\n\n[[modules]]\npath = \"{module}\"\nenv = {{ {environment} }}\n",
        directory = directory.path().display(),
        module = tpm.module().display(),
        environment = environment.join(", "),
    );
    std::fs::write(&configuration, text).unwrap();
    let agent = Agent::start(&configuration).await;
    let listed = agent
        .until("/v1/tokens", |answer| {
            answer["tokens"].as_array().is_some_and(|tokens| tokens.len() == 1)
        })
        .await;
    assert_eq!(listed["tokens"][0]["label"], "tpm", "{listed}");

    let fingerprint = {
        use sha2::Digest as _;
        hex::encode(sha2::Sha256::digest(std::fs::read(tpm.certificate()).unwrap()))
    };
    let document = |number: usize| json!({ "name": "a.txt", "content": BASE64_STANDARD.encode(number.to_string()) });
    let body = json!({
        "purpose": "signature",
        "certificate": fingerprint,
        "documents": (0..5).map(document).collect::<Vec<_>>(),
    });
    let answer = agent
        .owner(Method::POST, "/v1/signatures")
        .json(&body)
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    agent.approve(PIN).await;
    let path = format!(
        "/v1/signatures/{}",
        answer["id"].as_str().unwrap_or_else(|| panic!("{answer}"))
    );
    let resource = agent.settled(&path).await;
    assert_eq!(resource["state"], "finished", "{resource}\n{}", agent.log());
    for number in 0..5 {
        let signature = resource["documents"][number]["signature"].as_str().unwrap();
        let (content, p7s) = (directory.path().join("content"), directory.path().join("signature.p7s"));
        std::fs::write(&content, number.to_string()).unwrap();
        std::fs::write(&p7s, BASE64_STANDARD.decode(signature).unwrap()).unwrap();
        openssl::verify(&p7s, &content, &tpm.ca(), None).unwrap();
    }
}
