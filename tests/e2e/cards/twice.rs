//! One card that two real modules show.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokensign_tests::card::{PIN, Slot};

use super::rig::{Module, Rig};

/// The one token, once both modules show it.
async fn seen_by_both(rig: &Rig) -> Value {
    let started = Instant::now();
    loop {
        let answer = rig.read("/v1/tokens").await;
        let tokens = answer["tokens"].as_array().unwrap();
        // While one module is still reading, the other may show the card alone; never are there two.
        assert!(tokens.len() <= 1, "{answer}");
        if let Some(token) = tokens.iter().find(|token| token["also_through"].is_array()) {
            return token.clone();
        }
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "{answer}\n{}",
            rig.agent.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_card_that_two_modules_show_is_one_token_and_the_person_may_say_through_which() {
    let by_name = "prefer = [\"opensc\"]";
    let by_uri = "prefer = [\"PKCS11:?module-name=opensc-pkcs11\"]";
    for (discovery, serving, other) in [
        ("", Module::YkCs11, Module::OpenSc),
        (by_name, Module::OpenSc, Module::YkCs11),
        (by_uri, Module::OpenSc, Module::YkCs11),
    ] {
        let rig = Rig::over(&[Module::OpenSc, Module::YkCs11], discovery).await;
        let _card = rig.card.insert(&rig.service);
        let token = seen_by_both(&rig).await;
        let file = |module: Module| Value::from(module.path().to_str().unwrap());
        assert_eq!(token["module"]["path"], file(serving), "{discovery}: {token}");
        assert_eq!(
            token["also_through"],
            Value::from(vec![file(other)]),
            "{discovery}: {token}"
        );

        let listed = rig.read("/v1/certificates").await;
        let mut fingerprints: Vec<_> = listed["certificates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|certificate| certificate["fingerprint"].as_str().unwrap())
            .collect();
        let all = fingerprints.len();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), all, "each certificate once: {listed}");
        assert!(fingerprints.contains(&rig.card.identity().fingerprint(Slot::Signature).as_str()));

        let request = rig.request(Slot::Signature, 1).await;
        let question = rig.agent.question("approve").await;
        rig.approve(&question, PIN).await;
        rig.verified(&request, 1).await;
    }
}
