use std::time::Duration;

use serde_json::{Value, json};
use tokensign::cms::{DigestAlgorithm, SignedData};
use tokensign::consent::Verdict;
use tokensign::idocs::SpooledFile;
use tokensign::jobs::{JobId, JobState};
use tokensign::messages::Code;

use crate::idocs_service::{IdocsService, State, Wrong};
use crate::world::{World, caller, shown};

const SIGNER: &str = "kz-director";
const FIRST: &[u8] = b"PK\x03\x04 first";
const SECOND: &[u8] = b"PK\x03\x04 second";

/// How many seconds a content lives that is gone while the person thinks: five of them are the agent's margin, the others are for a busy machine
/// to ask the question in.
const BRIEF: i64 = 11;

struct Scene {
    world: World,
    service: IdocsService,
}

impl Scene {
    async fn new(change: impl FnOnce(&mut State)) -> Self {
        let service = IdocsService::start(State::default()).await;
        let world = World::new(&service.fake.base_url, SIGNER, |_, _| {}).await;
        {
            let identity = &world.fixtures.certificate(SIGNER).identity;
            let mut state = service.state();
            state.bin = identity.bin.clone().unwrap();
            state.iins = vec!["000000000000".to_owned(), identity.iin.clone().unwrap()];
            change(&mut state);
        }
        Self { world, service }
    }

    async fn send(&self) -> JobId {
        let spooled = self.world.spool(b"text").await;
        let request = json!({ "send": {
            "name": "Акт", "number": "7", "date": "2026-02-03", "counterparty_bin": "050140009999",
        } });
        let file = SpooledFile {
            name: "act.txt".to_owned(),
            media_type: None,
            blob: spooled.id().clone(),
            size: spooled.size(),
        };
        let request = serde_json::from_value(request).unwrap();
        let job = self.world.idocs.send("test", caller(), request, file).unwrap();
        self.world.start(job).await
    }

    async fn sign(&self) -> JobId {
        let request = serde_json::from_value(json!({ "document_id": "d-0", "direction": "outgoing" })).unwrap();
        let job = self.world.idocs.quick_sign("test", caller(), request).unwrap();
        self.world.start(job).await
    }
}

fn left_behind(fault: &tokensign::messages::Fault) -> Value {
    fault.extras().get("left_behind").cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_file_is_sent_with_the_services_ticket() {
    let scene = Scene::new(|state| state.contents = [(FIRST, 900)].into()).await;
    let job = scene.send().await;
    let question = scene.world.approve().await;
    assert_eq!(shown(&question), [("Акт № 7.zip".to_owned(), true)]);
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
    let outcome = job.outcome.unwrap().value().unwrap();
    assert_eq!(outcome["employee_id"], "e-1", "found by the certificate's IIN");
    assert_eq!(outcome["status"], "SENT_BY_SENDER");
    assert_eq!(
        scene.service.state().saves,
        [json!({
            "documentId": "d-0", "signedByEmployeeId": "e-1", "idempotencyTicket": "ticket-1",
            "signatureBinaryContent": { "blobId": "blob-1" },
        })]
    );
    let signature: Vec<u8> = {
        use base64::Engine as _;
        base64::prelude::BASE64_STANDARD
            .decode(outcome["signature"].as_str().unwrap())
            .unwrap()
    };
    let signed = SignedData::parse(&signature).unwrap();
    let attributes = signed.signers()[0].attributes().unwrap();
    assert_eq!(
        attributes.message_digest(),
        DigestAlgorithm::Sha256.digest(FIRST).value()
    );
}

#[tokio::test]
async fn the_same_bytes_keep_the_question_and_bring_the_new_ticket() {
    let scene = Scene::new(|state| state.contents = [(FIRST, BRIEF), (FIRST, 900)].into()).await;
    let job = scene.send().await;
    let question = scene.world.question().await;
    scene
        .world
        .until("the second content", || scene.service.state().generated == 2)
        .await;
    // What follows the second content, if anything did, would be a new question.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let still = scene.world.question().await;
    assert_eq!(still.id, question.id);
    scene.world.decide(&still, Verdict::Approve);
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
    assert_eq!(scene.service.state().saves[0]["idempotencyTicket"], "ticket-2");
}

#[tokio::test]
async fn other_bytes_void_the_question_and_say_so_in_a_new_one() {
    let scene = Scene::new(|state| state.contents = [(FIRST, BRIEF), (SECOND, 900)].into()).await;
    let job = scene.send().await;
    let first = scene.world.question().await;
    assert!(first.notice.is_none());
    let second = scene.world.question_after(Some(&first)).await;
    assert_eq!(
        second.notice.as_ref().map(|notice| notice.code()),
        Some(Code::ContentChanged)
    );
    assert!(
        scene.world.desk.question(first.id).is_err(),
        "the first question is gone"
    );
    scene.world.decide(&second, Verdict::Approve);
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
    let state = scene.service.state();
    assert_eq!(state.saves.len(), 1);
    assert_eq!(state.saves[0]["idempotencyTicket"], "ticket-2");
}

#[tokio::test]
async fn without_a_ticket_nobody_is_asked() {
    let scene = Scene::new(|state| state.no_ticket = true).await;
    let job = scene.send().await;
    let job = scene.world.settled_unasked(job).await;
    assert_eq!(job.state, JobState::Failed);
    let fault = job.fault.unwrap();
    assert_eq!(fault.code(), Code::TicketMissing);
    assert_eq!(
        left_behind(&fault),
        json!({ "document_id": "d-0", "created": true, "sent": false })
    );
}

#[tokio::test]
async fn what_is_no_content_is_not_signed() {
    for content in [&b"<html>gone</html>"[..], b"", b"{\"errors\":[]}"] {
        let scene = Scene::new(|state| state.contents = [(content, 900)].into()).await;
        let job = scene.send().await;
        let job = scene.world.settled_unasked(job).await;
        assert_eq!(job.fault.unwrap().code(), Code::ServiceUnreadable);
    }
}

#[tokio::test]
async fn a_refused_question_says_what_is_left() {
    let scene = Scene::new(|_| {}).await;
    let job = scene.sign().await;
    let question = scene.world.question().await;
    scene.world.decide(&question, Verdict::Refuse);
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Refused);
    assert_eq!(
        left_behind(&job.fault.unwrap()),
        json!({ "document_id": "d-0", "created": false, "sent": false })
    );
    assert!(scene.service.state().saves.is_empty());
}

#[tokio::test]
async fn a_lost_save_is_asked_about_and_not_repeated_when_it_arrived() {
    let scene = Scene::new(|state| state.save = [Wrong::After].into()).await;
    let job = scene.sign().await;
    scene.world.approve().await;
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
    assert_eq!(scene.service.state().saves.len(), 1);
}

#[tokio::test]
async fn a_save_that_does_not_arrive_is_repeated_twice_with_the_same_bytes() {
    let scene = Scene::new(|state| state.save = [Wrong::Before; 9].into()).await;
    let job = scene.sign().await;
    scene.world.approve().await;
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Stopped);
    assert_eq!(left_behind(&job.fault.unwrap())["sent"], Value::Null, "it is not known");
    let state = scene.service.state();
    assert_eq!(state.saves.len(), 3);
    assert!(state.saves.iter().all(|save| *save == state.saves[0]));
    assert_eq!(state.generated, 1, "no new ticket");
}

#[tokio::test]
async fn a_save_of_which_nothing_can_be_known_stops_for_a_person() {
    let scene = Scene::new(|state| {
        state.save = [Wrong::Before].into();
        state.status = Some("IN_PROCESS_BY_SENDER");
    })
    .await;
    let job = scene.sign().await;
    scene.world.approve().await;
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Stopped);
    assert_eq!(job.fault.unwrap().code(), Code::ServiceUncertain);
    assert_eq!(scene.service.state().saves.len(), 1);
}

#[tokio::test]
async fn a_refused_save_is_final_and_names_likely_causes() {
    let scene = Scene::new(|state| state.save = [Wrong::Refused].into()).await;
    let job = scene.sign().await;
    scene.world.approve().await;
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Failed);
    let fault = job.fault.unwrap();
    assert_eq!(fault.code(), Code::ServiceRefused);
    assert_eq!(fault.args()["reason"], "IIN");
    assert_eq!(fault.extras()["likely_causes"].as_array().unwrap().len(), 4);
    assert_eq!(left_behind(&fault)["sent"], false);
    assert_eq!(scene.service.state().saves.len(), 1);
}

#[tokio::test]
async fn a_refused_save_is_asked_about_once_and_never_repeated() {
    for (wrong, status, state, sent) in [
        (Wrong::RefusedAfter, None, JobState::Finished, json!(true)),
        (Wrong::Refused, None, JobState::Failed, json!(false)),
        (
            Wrong::Refused,
            Some("IN_PROCESS_BY_SENDER"),
            JobState::Failed,
            Value::Null,
        ),
    ] {
        let case = format!("{wrong:?} {status:?}");
        let scene = Scene::new(|state| {
            state.save = [wrong].into();
            state.status = status;
        })
        .await;
        let job = scene.sign().await;
        scene.world.approve().await;
        let job = scene.world.settled(job).await;
        assert_eq!(job.state, state, "{case}: {:?}", job.fault);
        if let Some(fault) = &job.fault {
            assert_eq!(fault.code(), Code::ServiceRefused, "{case}");
            assert_eq!(left_behind(fault)["sent"], sent, "{case}");
        }
        assert_eq!(scene.service.state().saves.len(), 1, "{case}");
    }
}

#[tokio::test]
async fn a_lost_document_and_a_lost_route_are_found_again() {
    for (create, route) in [(Wrong::After, Wrong::After), (Wrong::Before, Wrong::Before)] {
        let scene = Scene::new(|state| {
            // One of the same number and name, from another day's work.
            state.documents = vec![json!({ "id": "old", "documentNumber": "7", "documentName": "Акт" })];
            state.create = [create].into();
            state.route = [route].into();
        })
        .await;
        let job = scene.send().await;
        scene.world.approve().await;
        let job = scene.world.settled(job).await;
        assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
        let state = scene.service.state();
        assert_eq!(state.documents.len(), 2, "made once");
        assert_eq!(state.routed, 1, "made once");
        assert_eq!(state.saves[0]["documentId"], "d-1", "the new one");
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_belong_there_is_told_before_anything_is_made() {
    for (code, change) in [
        (
            Code::SignerMismatch,
            (|state| state.bin = "000000000000".to_owned()) as fn(&mut State),
        ),
        (Code::EmployeeUnknown, |state| state.iins.clear()),
    ] {
        let scene = Scene::new(change).await;
        let job = scene.send().await;
        let job = scene.world.settled_unasked(job).await;
        assert_eq!(job.fault.unwrap().code(), code);
        assert!(scene.service.state().documents.is_empty());
    }
}

#[tokio::test]
async fn a_job_stopped_by_its_token_goes_on_when_the_token_is_mended() {
    let scene = Scene::new(|state| state.unauthorised = true).await;
    let job = scene.sign().await;
    let stopped = scene.world.settled_unasked(job).await;
    assert_eq!(stopped.state, JobState::Stopped);
    assert_eq!(stopped.fault.unwrap().code(), Code::ServiceUnauthorised);
    scene.service.state().unauthorised = false;
    scene.world.has_bearer(false);
    scene.world.engine.retry(job).await.unwrap();
    let stopped = scene.world.settled_unasked(job).await;
    assert_eq!(stopped.fault.unwrap().code(), Code::ServiceTokenMissing);
    scene.world.has_bearer(true);
    scene.world.engine.retry(job).await.unwrap();
    scene.world.approve().await;
    assert_eq!(scene.world.settled(job).await.state, JobState::Finished);
}

#[tokio::test]
async fn a_document_that_is_signed_already_is_not_signed_again() {
    let scene = Scene::new(|state| state.saved = true).await;
    let job = scene.sign().await;
    let job = scene.world.settled_unasked(job).await;
    assert_eq!(job.fault.unwrap().code(), Code::WrongState);
}

#[tokio::test]
async fn one_employee_signs_a_document_in_one_job() {
    let scene = Scene::new(|_| {}).await;
    let first = scene.sign().await;
    scene.world.question().await;
    let second = scene.sign().await;
    let second = scene.world.settled(second).await;
    assert_eq!(second.fault.unwrap().code(), Code::WrongState);
    scene.world.approve().await;
    assert_eq!(scene.world.settled(first).await.state, JobState::Finished);
}
