//! Tokens that take long to bring about: a TPM in software, and kryoptic.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;
use tokensign_tests::kryoptic::{self, Kryoptic};
use tokensign_tests::openssl;
use tokensign_tests::soft_tpm::{self, SoftTpm};

/// Slow hardware with a serial number of zeros.
#[tokio::test]
#[ignore = "needs swtpm and a minute; run by `make test-full`"]
async fn a_tpm_lists_and_signs() {
    let directory = tempfile::Builder::new().prefix("ts-").tempdir().unwrap();
    let tpm = SoftTpm::create(&directory.path().join("tpm"));
    let token = RareToken {
        label: "tpm",
        module: tpm.module(),
        environment: &tpm.environment(),
        pin: soft_tpm::PIN,
        certificate: &tpm.certificate(),
        ca: &tpm.ca(),
    };
    token.lists_and_signs(directory.path(), 5).await;
}

/// A module of PKCS#11 3.2 whose serial number is empty at first, and which signs in several sessions.
#[tokio::test]
#[ignore = "kryoptic is built for some minutes; run by `make test-full`"]
async fn kryoptic_lists_and_signs() {
    for key_type in ["rsa:2048", "EC:prime256v1"] {
        let directory = tempfile::Builder::new().prefix("ts-").tempdir().unwrap();
        let kryoptic = Kryoptic::create(&directory.path().join("kryoptic"), key_type);
        let token = RareToken {
            label: "kryoptic",
            module: kryoptic.module(),
            environment: &[kryoptic.environment()],
            pin: kryoptic::PIN,
            certificate: &kryoptic.certificate(),
            ca: &kryoptic.ca(),
        };
        token.lists_and_signs(directory.path(), 50).await;
    }
}

struct RareToken<'a> {
    label: &'a str,
    module: &'a Path,
    environment: &'a [(&'static str, String)],
    pin: &'a str,
    certificate: &'a Path,
    ca: &'a Path,
}

impl RareToken<'_> {
    /// An agent shows the token and has it sign so many documents under one approval; OpenSSL accepts each.
    async fn lists_and_signs(&self, directory: &Path, count: usize) {
        let environment: Vec<String> = self
            .environment
            .iter()
            .map(|(name, value)| format!("{name} = \"{value}\""))
            .collect();
        let configuration = directory.join("tokensign.toml");
        let text = format!(
            "[agent]\nstate_dir = \"{directory}/state\"\nruntime_dir = \"{directory}/run\"\n\n\
             [discovery]\nenabled = false\n\n[[modules]]\npath = \"{module}\"\nenv = {{ {environment} }}\n",
            directory = directory.display(),
            module = self.module.display(),
            environment = environment.join(", "),
        );
        std::fs::write(&configuration, text).unwrap();
        let agent = Agent::start(&configuration).await;
        let listed = agent
            .until("/v1/tokens", |answer| {
                answer["tokens"].as_array().is_some_and(|tokens| tokens.len() == 1)
            })
            .await;
        assert_eq!(listed["tokens"][0]["label"], self.label, "{listed}");

        let fingerprint = {
            use sha2::Digest as _;
            hex::encode(sha2::Sha256::digest(std::fs::read(self.certificate).unwrap()))
        };
        let document =
            |number: usize| json!({ "name": "a.txt", "content": BASE64_STANDARD.encode(number.to_string()) });
        let body = json!({
            "purpose": "signature",
            "certificate": fingerprint,
            "documents": (0..count).map(document).collect::<Vec<_>>(),
        });
        let answer = agent
            .owner(Method::POST, "/v1/signatures")
            .json(&body)
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        agent.approve(self.pin).await;
        let path = format!(
            "/v1/signatures/{}",
            answer["id"].as_str().unwrap_or_else(|| panic!("{answer}"))
        );
        let resource = agent.settled(&path).await;
        assert_eq!(resource["state"], "finished", "{resource}\n{}", agent.log());
        for number in 0..count {
            let signature = resource["documents"][number]["signature"].as_str().unwrap();
            let (content, p7s) = (directory.join("content"), directory.join("signature.p7s"));
            std::fs::write(&content, number.to_string()).unwrap();
            std::fs::write(&p7s, BASE64_STANDARD.decode(signature).unwrap()).unwrap();
            openssl::verify(&p7s, &content, self.ca, None).unwrap();
        }
    }
}
