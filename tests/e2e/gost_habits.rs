//! Tokens differ in how they lay a GOST signature out and in how they read a digest. Whatever a token does, what leaves the agent is laid out as the
//! certificate's country has it, or nothing leaves.

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, signature_of};

const CONTENT: &[u8] = "Приказ № 8".as_bytes();
const SIGNERS: [&str; 4] = ["gost-director", "gost-512", "kz-gost-individual", "kz-gost-director"];

/// Signs with one approval; the finished or failed resource.
async fn request(world: &World, name: &str) -> Value {
    let certificate = world.tokens.certificate(name);
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    world.agent.approve(&certificate.pin).await;
    world.agent.settled(&format!("/v1/signatures/{id}")).await
}

async fn audit(world: &World) -> Vec<Value> {
    let answer = world.agent.get("/v1/audit").await;
    answer["entries"].as_array().unwrap().clone()
}

/// What the independent verifiers accept is the Russian layout for Russian certificates and, of Kazakh ones, that which is the Russian in reverse.
#[tokio::test]
async fn every_layout_of_a_token_leaves_as_the_countrys() {
    let world = World::new().await;
    for layout in [
        "s-big-endian-r-big-endian",
        "r-big-endian-s-big-endian",
        "s-little-endian-r-little-endian",
        "r-little-endian-s-little-endian",
    ] {
        world.tokens.gost_control(&json!({ "signature_layout": layout }));
        for name in SIGNERS {
            let resource = request(&world, name).await;
            assert_eq!(resource["state"], "finished", "{layout}, {name}: {resource}");
            let signature = signature_of(&resource);
            let verified = |content: &[u8]| world.verify(name, content, &signature);
            verified(CONTENT).unwrap_or_else(|error| panic!("{layout}, {name}: {error}"));
            verified(b"something else").expect_err("changed content is refused");
        }
    }
    // The token did what it was told; otherwise nothing would have been put right.
    let state = world.tokens.fixtures().gost_token_state().unwrap();
    assert_eq!(state.signatures, 16);
}

#[tokio::test]
async fn a_kazakh_signature_is_valid_under_its_own_authority() {
    let world = World::new().await;
    let ca = std::fs::read_to_string(world.tokens.fixtures().kz_gost_ca()).unwrap();
    for (name, algorithm) in [
        ("kz-gost-director", "GOST 34.10-2015, 512"),
        ("kz-gost-individual", "GOST 34.10-2015, 256"),
    ] {
        let signature = signature_of(&request(&world, name).await);
        let body = json!({
            "signature": BASE64_STANDARD.encode(&signature),
            "content": BASE64_STANDARD.encode(CONTENT),
            "roots": [ca],
        });
        let posted = world.agent.owner(Method::POST, "/v1/verifications").json(&body);
        let verdict: Value = posted.send().await.unwrap().json().await.unwrap();
        assert_eq!(verdict["valid"], true, "{verdict}");
        assert_eq!(verdict["signers"][0]["algorithm"], algorithm, "{verdict}");
        let identity = &world.tokens.fixtures().certificate(name).identity;
        assert_eq!(
            verdict["signers"][0]["certificate"]["iin"],
            json!(identity.iin),
            "{verdict}"
        );
    }
}

#[tokio::test]
async fn a_value_that_verifies_in_no_layout_does_not_leave_and_the_token_is_named() {
    let world = World::new().await;
    for (name, signatures) in SIGNERS.into_iter().zip(1..) {
        world.tokens.gost_control(&json!({ "wrong_signature": true }));
        let resource = request(&world, name).await;
        assert_eq!(
            (
                &resource["state"],
                &resource["fault"]["code"],
                &resource["fault"]["token"]
            ),
            (&json!("failed"), &json!("signature_invalid"), &json!("gost-fixtures")),
            "{name}: {resource}"
        );
        let document = &resource["documents"][0];
        assert_eq!(
            (&document["state"], &document["signature"]),
            (&json!("failed"), &Value::Null)
        );
        let path = format!(
            "/v1/signatures/{}/documents/0/signature",
            resource["id"].as_str().unwrap()
        );
        let file = world.agent.owner(Method::GET, &path).send().await.unwrap();
        assert_eq!(file.status(), 409);
        let state = world.tokens.fixtures().gost_token_state().unwrap();
        assert_eq!(state.signatures, signatures, "the token is not asked a second time");

        let entries = audit(&world).await;
        assert!(entries.iter().all(|entry| entry["kind"] != "signed"), "{entries:?}");
        let certificate = world.tokens.certificate(name).fingerprint;
        let refusal = entries
            .iter()
            .find(|entry| entry["kind"] == "not_signed" && entry["body"]["certificate"] == json!(certificate))
            .unwrap_or_else(|| panic!("{entries:?}"));
        assert_eq!(
            (&refusal["body"]["code"], &refusal["body"]["token"]),
            (&json!("signature_invalid"), &json!("gost-fixtures")),
            "{refusal}"
        );
    }

    // The command line says the same, and writes no file.
    let certificate = world.tokens.certificate("kz-gost-director");
    let pin = world.file("pin", certificate.pin.as_bytes());
    std::fs::set_permissions(&pin, std::fs::Permissions::from_mode(0o600)).unwrap();
    let source = format!("file:{}", pin.display());
    let document = world.file("order.txt", CONTENT);
    let sign = || {
        let file = document.to_str().unwrap();
        world.command(&[
            "--json",
            "sign",
            file,
            "--cert",
            &certificate.fingerprint,
            "--pin-source",
            &source,
        ])
    };
    let output = sign();
    let problem: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), &problem["code"], &problem["token"]),
        (Some(4), &json!("signature_invalid"), &json!("gost-fixtures")),
        "{problem}"
    );
    let signature = world.path().join("order.txt.p7s");
    assert!(!signature.exists());

    // A token that has come to its senses signs.
    world.tokens.gost_control(&json!({}));
    let output = sign();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    world.tokens.verify("kz-gost-director", &signature, &document).unwrap();
}

/// The value on the reversed digest is discarded, the right one is made under the same approval and the same PIN, and the next time the token is asked
/// the right way at once.
#[tokio::test]
async fn a_token_that_reads_digests_backwards_is_asked_again_under_the_same_approval() {
    let world = World::new().await;
    world.tokens.gost_control(&json!({ "hash_order": "big-endian" }));
    let certificate = world.tokens.certificate("kz-gost-director");
    let documents: Vec<_> = (0..3)
        .map(|n| json!({ "name": format!("{n}.txt"), "content": BASE64_STANDARD.encode(CONTENT) }))
        .collect();
    let body = json!({ "certificate": certificate.fingerprint, "documents": documents });
    let counters = || {
        let state = world.tokens.fixtures().gost_token_state().unwrap();
        (state.login_calls, state.signatures)
    };
    for (made, corrections) in [(4, 1), (3, 1)] {
        let (logins, signatures) = counters();
        let posted = world.agent.owner(Method::POST, "/v1/signatures").json(&body);
        let answer: Value = posted.send().await.unwrap().json().await.unwrap();
        world.agent.approve(&certificate.pin).await;
        let id = answer["id"].as_str().unwrap_or_else(|| panic!("{answer}"));
        let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
        assert_eq!(resource["state"], "finished", "{resource}");
        for document in resource["documents"].as_array().unwrap() {
            let signature = BASE64_STANDARD.decode(document["signature"].as_str().unwrap()).unwrap();
            world.verify("kz-gost-director", CONTENT, &signature).unwrap();
        }
        assert_eq!(counters(), (logins + 1, signatures + made));
        let entries = audit(&world).await;
        let corrected: Vec<_> = entries
            .iter()
            .filter(|entry| entry["kind"] == "digest_order_corrected")
            .collect();
        assert_eq!(corrected.len(), corrections, "{corrected:?}");
        assert_eq!(
            (&corrected[0]["body"]["token"], &corrected[0]["body"]["reversed_digest"]),
            (&json!("gost-fixtures"), &json!(true))
        );
    }
}
