use serde_json::json;
use tokensign_tests::card::{PIN, Slot};

use super::rig::{Module, Rig};

const WRONG_PIN: &str = "654321";

#[tokio::test]
async fn opensc_spends_one_try_for_each_pin_entered() {
    each_pin_spends_one_try(Module::OpenSc).await;
}

#[tokio::test]
async fn ykcs11_spends_one_try_for_each_pin_entered() {
    each_pin_spends_one_try(Module::YkCs11).await;
}

/// Wrong, wrong, the last try only when the person says so, and then locked: the card counts.
async fn each_pin_spends_one_try(module: Module) {
    let rig = Rig::new(module).await;
    let _inserted = rig.insert().await;
    let path = rig.request(Slot::Authentication, 2).await;
    let presented = || {
        let seen = rig.card.counters();
        (seen.verifications, seen.wrong_pins, seen.tries_left, seen.signatures)
    };

    // Too short: it never reaches the card.
    let question = rig.agent.question("approve").await;
    rig.approve(&question, "12").await;
    let question = rig.asked_again("pin_length").await;
    assert_eq!(presented(), (0, 0, 3, 0));

    rig.approve(&question, WRONG_PIN).await;
    let question = rig.asked_again("pin_incorrect").await;
    assert_eq!(presented(), (1, 1, 2, 0));

    rig.approve(&question, WRONG_PIN).await;
    let question = rig.asked_again("pin_incorrect").await;
    assert_eq!(presented(), (2, 2, 1, 0));
    assert_eq!(question["pin"]["state"], "final_try", "{question}");

    // The last try is not spent before the person confirms it, not even with the right PIN.
    let decision = rig
        .agent
        .decide(&question, json!({ "decision": "approve", "pin": PIN }))
        .await;
    let question = match decision {
        Ok(_) => rig.asked_again("pin_last_try").await,
        Err(problem) => {
            assert_eq!(problem["code"], "pin_last_try", "{problem}");
            question
        }
    };
    assert_eq!(presented(), (2, 2, 1, 0));

    let last = json!({ "decision": "approve", "pin": WRONG_PIN, "confirm_last_try": true });
    rig.agent.decide(&question, last).await.unwrap();
    let question = rig.asked_again("pin_locked").await;
    assert_eq!(presented(), (3, 3, 0, 0));
    assert_eq!(question["pin"]["state"], "locked", "{question}");
    assert_eq!(rig.read(&path).await["state"], "running", "nothing was signed");

    // A PIN that is known to be locked is not sent at all.
    let again = json!({ "decision": "approve", "pin": PIN, "confirm_last_try": true });
    if rig.agent.decide(&question, again).await.is_ok() {
        rig.asked_again("pin_locked").await;
    }
    assert_eq!(presented(), (3, 3, 0, 0));
}

#[tokio::test]
async fn the_right_pin_after_a_wrong_one_signs() {
    let rig = Rig::new(Module::OpenSc).await;
    let _inserted = rig.insert().await;
    let path = rig.request(Slot::Signature, 2).await;
    let question = rig.agent.question("approve").await;
    rig.approve(&question, WRONG_PIN).await;
    let question = rig.asked_again("pin_incorrect").await;
    rig.approve(&question, PIN).await;
    rig.verified(&path, 2).await;
    let seen = rig.card.counters();
    assert_eq!((seen.wrong_pins, seen.tries_left, seen.signatures), (1, 3, 2));
}
