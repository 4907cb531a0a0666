use std::time::Duration;

use tokensign_tests::card::{Behaviour, PIN, Slot};

use super::rig::{Module, Rig};

const BATCH: usize = 6;

#[tokio::test]
async fn opensc_goes_on_after_a_pull_in_the_middle_of_a_batch() {
    goes_on_after_a_pull(Module::OpenSc).await;
}

#[tokio::test]
async fn ykcs11_goes_on_after_a_pull_in_the_middle_of_a_batch() {
    goes_on_after_a_pull(Module::YkCs11).await;
}

/// What was signed is kept, the rest is signed after the PIN; no value is made twice but the one that nobody saw.
async fn goes_on_after_a_pull(module: Module) {
    const SIGNED: u64 = 3;
    let rig = Rig::new(module).await;
    let inserted = rig.insert().await;
    rig.card.behave(Behaviour {
        pulled_after: Some(SIGNED),
        ..Behaviour::default()
    });
    let path = rig.request(Slot::Authentication, BATCH).await;
    rig.agent.approve(PIN).await;
    // The virtual reader sometimes keeps the driver waiting for the card that is gone: then the agent ends the module, and says that.
    let question = rig.asked_again_for_one_of(&["token_removed", "module_hung"]).await;
    drop(inserted);
    rig.listed(0).await;

    rig.card.behave(Behaviour::default());
    let _inserted = rig.insert().await;
    rig.approve(&question, PIN).await;
    rig.verified(&path, BATCH).await;
    let seen = rig.card.counters();
    // One value was made while the card was pulled, and lost with it.
    assert_eq!((seen.signatures, seen.wrong_pins), (BATCH as u64 + 1, 0));
}

#[tokio::test]
async fn a_request_that_waits_survives_a_pull() {
    for module in Module::ALL {
        let rig = Rig::new(module).await;
        let inserted = rig.insert().await;
        let path = rig.request(Slot::Signature, 1).await;
        let question = rig.agent.question("approve").await;
        inserted.pull();
        rig.listed(0).await;
        assert_eq!(
            rig.agent.question("approve").await["id"],
            question["id"],
            "it waits on while the card is out"
        );
        let _inserted = rig.insert().await;
        rig.approve(&question, PIN).await;
        rig.verified(&path, 1).await;
    }
}

#[tokio::test]
async fn a_request_approved_without_its_card_waits_for_it() {
    let rig = Rig::new(Module::OpenSc).await;
    let inserted = rig.insert().await;
    let path = rig.request(Slot::Authentication, 1).await;
    let question = rig.agent.question("approve").await;
    inserted.pull();
    rig.listed(0).await;
    rig.approve(&question, PIN).await;
    let question = rig.asked_again("token_absent").await;
    assert_eq!(rig.card.counters().verifications, 0);
    let _inserted = rig.insert().await;
    rig.approve(&question, PIN).await;
    rig.verified(&path, 1).await;
}

#[tokio::test]
async fn opensc_works_again_after_the_service_was_killed() {
    works_after_the_service_was_killed(Module::OpenSc).await;
}

#[tokio::test]
async fn ykcs11_works_again_after_the_service_was_killed() {
    works_after_the_service_was_killed(Module::YkCs11).await;
}

async fn works_after_the_service_was_killed(module: Module) {
    let mut rig = Rig::new(module).await;
    let inserted = rig.insert().await;
    let agent = rig.agent.pid();
    rig.card.behave(Behaviour {
        delay: Duration::from_millis(200),
        ..Behaviour::default()
    });
    let path = rig.request(Slot::Authentication, BATCH).await;
    rig.agent.approve(PIN).await;
    while rig.card.counters().signatures < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    rig.service.kill();
    drop(inserted);
    rig.listed(0).await;
    let question = rig.agent.question("approve").await;
    assert!(question["notice"].is_object(), "it says what happened: {question}");

    rig.service.restart();
    let _inserted = rig.insert().await;
    rig.approve(&question, PIN).await;
    rig.verified(&path, BATCH).await;
    assert!(rig.agent.is_running() && rig.agent.pid() == agent);
    assert_eq!(rig.card.counters().wrong_pins, 0);
}
