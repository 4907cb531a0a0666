//! Chains: authorities that the configuration names, for verdicts and inside of signatures.

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tokensign::cms::SignedData;
use tokensign_tests::openssl;

use crate::world::{World, prepared, signature_of};

const CONTENT: &[u8] = "Акт № 9".as_bytes();

/// A world whose configuration trusts the fixtures' root only; with `intermediates` it names the issuing authority, too. Beside it the root's file.
async fn world(intermediates: Option<&str>) -> (World, PathBuf) {
    let (directory, tokens) = prepared("");
    let both = std::fs::read_to_string(&tokens.fixtures().certificate("kz-director").ca).unwrap();
    let end = "-----END CERTIFICATE-----\n";
    let (root, issuing) = both.split_at(both.find(end).unwrap() + end.len());
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (root, issuing) = (file("root.pem", root), file("issuing.pem", issuing));
    let named = intermediates.map(|name| format!("intermediates = [\"{}\"]\n", issuing.with_file_name(name).display()));
    tokens.configure(&format!(
        "\n[verification]\nroots = [\"{}\"]\n{}",
        root.display(),
        named.unwrap_or_default()
    ));
    (World::of(directory, tokens).await, root)
}

async fn request(world: &World, include_chain: bool) -> Value {
    let body = json!({
        "certificate": world.tokens.certificate("kz-director").fingerprint,
        "include_chain": include_chain,
        "documents": [{ "name": "act.txt", "content": BASE64_STANDARD.encode(CONTENT) }],
    });
    let posted = world.agent.owner(Method::POST, "/v1/signatures").json(&body);
    posted.send().await.unwrap().json().await.unwrap()
}

async fn signed(world: &World, include_chain: bool) -> Vec<u8> {
    let answer = request(world, include_chain).await;
    world.agent.approve(&world.tokens.certificate("kz-director").pin).await;
    let id = answer["id"].as_str().unwrap_or_else(|| panic!("{answer}"));
    signature_of(&world.agent.settled(&format!("/v1/signatures/{id}")).await)
}

async fn verdict(world: &World, signature: &[u8]) -> Value {
    let body = json!({ "signature": BASE64_STANDARD.encode(signature), "content": BASE64_STANDARD.encode(CONTENT) });
    let posted = world.agent.owner(Method::POST, "/v1/verifications").json(&body);
    posted.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn configured_intermediates_close_the_gap_between_a_signer_and_a_root() {
    let (alone, _) = world(None).await;
    let signature = signed(&alone, true).await;
    let answer = verdict(&alone, &signature).await;
    assert_eq!(answer["valid"], Value::Null, "{answer}");
    assert_eq!(answer["signers"][0]["reasons"][0]["code"], "issuer_unknown", "{answer}");

    let (world, root) = world(Some("issuing.pem")).await;
    let bare = signed(&world, false).await;
    let answer = verdict(&world, &bare).await;
    assert_eq!(answer["valid"], true, "{answer}");
    let file = world.file("act.p7s", &bare);
    let content = world.file("act.txt", CONTENT);
    let output = world.command(&[
        "--json",
        "verify",
        file.to_str().unwrap(),
        "--content",
        content.to_str().unwrap(),
    ]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &answer["valid"]),
        (Some(0), &json!(true)),
        "{answer}"
    );

    // Being named is no trust: without its root the same chain ends nowhere.
    let root_text = std::fs::read(&root).unwrap();
    std::fs::write(&root, std::fs::read(world.tokens.fixtures().gost_ca()).unwrap()).unwrap();
    let answer = verdict(&world, &bare).await;
    assert_eq!(answer["valid"], Value::Null, "{answer}");
    std::fs::write(&root, root_text).unwrap();
}

#[tokio::test]
async fn the_chain_in_a_signature_comes_from_the_configuration_as_well() {
    let (world, root) = world(Some("issuing.pem")).await;
    let content = world.file("act.txt", CONTENT);
    let by_openssl = |signature: &[u8]| {
        let signature = world.file("judged.p7s", signature);
        openssl::verify(&signature, &content, &root, None).is_ok()
    };
    let (whole, bare) = (signed(&world, true).await, signed(&world, false).await);
    assert_eq!(SignedData::parse(&whole).unwrap().certificates().len(), 2);
    assert_eq!(SignedData::parse(&bare).unwrap().certificates().len(), 1);
    assert!(by_openssl(&whole), "with the chain the root alone is enough");
    assert!(!by_openssl(&bare), "without it, it is not");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_told_before_anybody_is_asked() {
    let (world, _) = world(Some("absent.pem")).await;
    let answer = request(&world, true).await;
    let id = answer["id"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
    assert_eq!(resource["fault"]["code"], "config_invalid", "{resource}");
    let reason = resource["fault"]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("verification.intermediates: ") && reason.contains("absent.pem"),
        "{reason}"
    );
    assert!(world.agent.waiting().await.is_empty());
}
