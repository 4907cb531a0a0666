use std::time::Duration;

use tokensign_tests::card::{Behaviour, Counters, PIN, Slot};

use super::rig::{Module, Rig};

#[tokio::test]
async fn opensc_lists_and_signs_with_every_key() {
    lists_and_signs(Module::OpenSc).await;
}

#[tokio::test]
async fn ykcs11_lists_and_signs_with_every_key() {
    lists_and_signs(Module::YkCs11).await;
}

/// The key in 9C wants the PIN before every signature (CKA_ALWAYS_AUTHENTICATE); the person enters it once for the batch.
async fn lists_and_signs(module: Module) {
    const BATCH: usize = 3;
    let rig = Rig::new(module).await;
    rig.listed(0).await;
    let _inserted = rig.insert().await;
    let listed = rig.read("/v1/certificates").await;
    for slot in [Slot::Authentication, Slot::Signature] {
        let fingerprint = rig.card.identity().fingerprint(slot);
        let certificates = listed["certificates"].as_array().unwrap();
        let found = certificates
            .iter()
            .find(|certificate| certificate["fingerprint"] == fingerprint);
        let found = found.unwrap_or_else(|| panic!("{slot:?} is missing in {listed}"));
        assert_eq!(found["usable"], true, "{found}");
    }
    assert_eq!(rig.card.counters().verifications, 0, "nobody logs in to list");

    for slot in [Slot::Authentication, Slot::Signature] {
        let path = rig.request(slot, BATCH).await;
        rig.agent.approve(PIN).await;
        rig.verified(&path, BATCH).await;
    }
    let seen = rig.card.counters();
    let expected = Counters {
        wrong_pins: 0,
        signatures: 2 * BATCH as u64,
        tries_left: 3,
        ..seen
    };
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_slow_card_is_waited_for_while_the_agent_answers() {
    let rig = Rig::new(Module::OpenSc).await;
    let _inserted = rig.insert().await;
    rig.card.behave(Behaviour {
        delay: Duration::from_secs(4),
        ..Behaviour::default()
    });
    let path = rig.request(Slot::Authentication, 2).await;
    rig.agent.approve(PIN).await;
    // OpenSC holds a lock of its own while the card signs; nobody of the agent's waits for it.
    while rig.card.counters().signatures == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let started = std::time::Instant::now();
    assert_eq!(rig.listed(1).await["modules"][0]["state"], "ok");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    rig.verified(&path, 2).await;
    assert_eq!(rig.card.counters().signatures, 2);
}
