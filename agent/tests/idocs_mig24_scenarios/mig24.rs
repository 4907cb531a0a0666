use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokensign::certificate::Certificate;
use tokensign::cms::{DigestAlgorithm, Preference, Scheme, SignedAttributes, SignedData};
use tokensign::config::{HashKind, Mig24Profile};
use tokensign::consent::{ItemKind, QuestionBody, Verdict};
use tokensign::jobs::{Job, JobId, JobState};
use tokensign::messages::Code;
use tokensign::mig24::SpooledFile;

use crate::idocs_service::Wrong;
use crate::mig24_service::{Mig24Service, State};
use crate::world::{World, caller, kinds, shown};

const SIGNER: &str = "gost-director";
const STREEBOG: DigestAlgorithm = DigestAlgorithm::Streebog256;

struct Scene {
    world: World,
    service: Mig24Service,
}

impl Scene {
    /// A group `g-0` of two documents, whose hashes are their digests.
    async fn new(profile: impl FnOnce(&mut Mig24Profile), change: impl FnOnce(&mut State, &Certificate)) -> Self {
        Self::signed_by(SIGNER, profile, change).await
    }

    async fn signed_by(
        signer: &str,
        profile: impl FnOnce(&mut Mig24Profile),
        change: impl FnOnce(&mut State, &Certificate),
    ) -> Self {
        let service = Mig24Service::start().await;
        let world = World::new(&service.fake.base_url, signer, |_, mig24| profile(mig24)).await;
        {
            let mut state = service.state();
            state.documents = vec![
                ("one".to_owned(), b"first".to_vec()),
                ("two".to_owned(), b"second".to_vec()),
            ];
            state.hash = Some(Box::new(|content| STREEBOG.digest(content).value().to_vec()));
            change(&mut state, &world.certificate(signer));
        }
        Self { world, service }
    }

    async fn sign(&self) -> JobId {
        let request = serde_json::from_value(json!({ "package_group_id": "g-0" })).unwrap();
        let job = self.world.mig24.sign_group("test", caller(), request).unwrap();
        self.world.start(job).await
    }

    async fn signed(&self) -> Job {
        let job = self.sign().await;
        self.world.approve().await;
        self.world.settled(job).await
    }
}

fn signatures(finish: &Value) -> Vec<Vec<u8>> {
    let list = finish["signatures"].as_array().unwrap();
    list.iter()
        .map(|item| BASE64_STANDARD.decode(item["signature"].as_str().unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn a_group_is_signed_with_one_question_and_one_finish() {
    let scene = Scene::new(|profile| profile.mchd_info_id = Some("m-1".to_owned()), |_, _| {}).await;
    let job = scene.sign().await;
    let question = scene.world.approve().await;
    assert_eq!(
        shown(&question),
        [("one.pdf".to_owned(), true), ("two.pdf".to_owned(), true)]
    );
    let QuestionBody::Approve { destination, .. } = &question.body else {
        panic!()
    };
    let destination = destination.as_ref().unwrap();
    assert_eq!(destination.power_of_attorney.as_deref(), Some("m-1"));
    assert_eq!(destination.counterparty.as_deref(), Some("2XX-1"));
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
    let outcome = job.outcome.unwrap().value().unwrap();
    assert_eq!(
        (&outcome["state"], &outcome["status"]),
        (&json!("submitted"), &json!("Sent"))
    );
    let state = scene.service.state();
    assert_eq!(state.prepares[0]["mchdInfoId"], "m-1");
    let [finish] = state.finishes.as_slice() else {
        panic!("one finish: {:?}", state.finishes)
    };
    assert_eq!(finish["requestId"], "r-1");
    for (signature, content) in signatures(finish).iter().zip([&b"first"[..], b"second"]) {
        let signed = SignedData::parse(signature).unwrap();
        let attributes = signed.signers()[0].attributes().unwrap();
        assert_eq!(attributes.message_digest(), STREEBOG.digest(content).value());
    }
}

/// A person without an organisation in the certificate is the ordinary case: the power of attorney comes from the employee whose
/// СНИЛС is the certificate's, however either is written.
#[tokio::test]
async fn a_persons_power_of_attorney_is_found_by_snils() {
    for (own, mchd) in [(true, json!("m-7")), (false, Value::Null)] {
        let scene = Scene::signed_by(
            "gost-person",
            |profile| profile.organization_id = Some("o-1".to_owned()),
            |state, certificate| {
                let snils = certificate
                    .identity()
                    .snils
                    .clone()
                    .expect("the certificate names a СНИЛС");
                let digits: String = snils.chars().filter(char::is_ascii_digit).collect();
                let (head, check) = digits.split_at(9);
                let dashed = format!("{}-{}-{} {check}", &head[..3], &head[3..6], &head[6..]);
                state.users = vec![json!({ "userId": "u-1", "snils": "000-000-000 01", "mchdInfoId": "m-1" })];
                if own {
                    state
                        .users
                        .push(json!({ "userId": "u-2", "snils": dashed, "mchdInfoId": "m-7" }));
                }
            },
        )
        .await;
        let job = scene.sign().await;
        let question = scene.world.approve().await;
        let QuestionBody::Approve { destination, .. } = &question.body else {
            panic!()
        };
        assert_eq!(json!(destination.as_ref().unwrap().power_of_attorney), mchd);
        let job = scene.world.settled(job).await;
        assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
        assert_eq!(job.outcome.unwrap().value().unwrap()["mchd_info_id"], mchd);
        let state = scene.service.state();
        assert_eq!(state.prepares[0]["mchdInfoId"], mchd, "{:?}", state.prepares);
    }
}

#[tokio::test]
async fn files_become_a_group_that_is_made_once() {
    for wrong in [None, Some(Wrong::Before), Some(Wrong::After)] {
        let scene = Scene::new(
            |_| {},
            |state, _| {
                state.documents.clear();
                state.without_files = true;
                state.group = wrong.into_iter().collect();
            },
        )
        .await;
        let mut files = std::collections::BTreeMap::new();
        let mut held = Vec::new();
        for part in ["a", "b"] {
            let spooled = scene.world.spool(part.as_bytes()).await;
            let (blob, size) = (spooled.id().clone(), spooled.size());
            files.insert(
                part.to_owned(),
                SpooledFile {
                    media_type: None,
                    blob,
                    size,
                },
            );
            held.push(spooled);
        }
        let request = json!({ "send": { "recipient_abonent_code": "2XX-1", "documents": [
            { "part": "a", "name": "Акт.pdf" }, { "part": "b", "name": "Счёт.pdf", "sign_required": false },
        ] } });
        let request = serde_json::from_value(request).unwrap();
        let job = scene.world.mig24.send("test", caller(), request, files).unwrap();
        let job = scene.world.start(job).await;
        drop(held);
        let question = scene.world.approve().await;
        assert_eq!(
            shown(&question),
            [("Акт.pdf".to_owned(), true), ("Счёт.pdf".to_owned(), true)],
            "the caller's own files are compared"
        );
        let job = scene.world.settled(job).await;
        assert_eq!(job.state, JobState::Finished, "{wrong:?}: {:?}", job.fault);
        let state = scene.service.state();
        assert_eq!((state.groups.len(), state.finishes.len()), (1, 1), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_document_without_a_file_is_signed_unseen() {
    let scene = Scene::new(|_| {}, |state, _| state.without_files = true).await;
    let job = scene.sign().await;
    let question = scene.world.approve().await;
    assert!(shown(&question).iter().all(|(_, seen)| !seen));
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
    assert_eq!(job.outcome.unwrap().value().unwrap()["documents"][0]["seen"], false);
}

#[tokio::test]
async fn a_wrong_hash_refuses_the_whole_group() {
    let shorter = |content: &[u8]| STREEBOG.digest(content).value()[..31].to_vec();
    let foreign = |content: &[u8]| match content {
        b"second" => STREEBOG.digest(b"another").value().to_vec(),
        _ => STREEBOG.digest(content).value().to_vec(),
    };
    for (hash, code) in [
        (shorter as fn(&[u8]) -> Vec<u8>, Code::DigestLength),
        (foreign, Code::PrepareUnusable),
    ] {
        let scene = Scene::new(|_| {}, |state, _| state.hash = Some(Box::new(hash))).await;
        let job = scene.sign().await;
        let job = scene.world.settled_unasked(job).await;
        let fault = job.fault.unwrap();
        assert_eq!(fault.code(), code, "{fault}");
        assert!(scene.service.state().finishes.is_empty());
    }
}

/// What a service that builds the attributes itself hands out.
fn attributes(certificate: &Certificate, content: &[u8]) -> Vec<u8> {
    let scheme = Scheme::for_certificate(certificate, &Preference::default()).unwrap();
    let digest = STREEBOG.digest(content);
    let attributes = SignedAttributes::new(&digest, certificate, OffsetDateTime::UNIX_EPOCH, &scheme);
    attributes.unwrap().to_be_signed().to_vec()
}

#[tokio::test]
async fn attributes_are_checked_and_signed_raw() {
    for kind in [HashKind::SignedAttributes, HashKind::Auto] {
        let scene = Scene::new(
            |profile| {
                profile.hash_kind = kind;
                profile.accept_signed_attributes = true;
            },
            |state, certificate| {
                let certificate = certificate.clone();
                state.hash = Some(Box::new(move |content| attributes(&certificate, content)));
            },
        )
        .await;
        let job = scene.sign().await;
        let question = scene.world.approve().await;
        assert!(kinds(&question).iter().all(|kind| *kind == ItemKind::ForeignAttributes));
        let job = scene.world.settled(job).await;
        assert_eq!(job.state, JobState::Finished, "{kind:?}: {:?}", job.fault);
        let finishes = scene.service.state().finishes.clone();
        assert!(
            signatures(&finishes[0]).iter().all(|value| value.len() == 64),
            "raw values"
        );
    }
}

#[tokio::test]
async fn attributes_of_another_document_are_refused() {
    let profile = |kind| move |profile: &mut Mig24Profile| profile.hash_kind = kind;
    let foreign = |state: &mut State, certificate: &Certificate| {
        let certificate = certificate.clone();
        state.hash = Some(Box::new(move |_| attributes(&certificate, b"another")));
    };
    for (kind, code) in [
        (HashKind::SignedAttributes, Code::PrepareUnusable),
        // Not accepted where the profile does not say so.
        (HashKind::Auto, Code::DigestLength),
    ] {
        let scene = Scene::new(profile(kind), foreign).await;
        let job = scene.sign().await;
        let job = scene.world.settled_unasked(job).await;
        assert_eq!(job.fault.unwrap().code(), code, "{kind:?}");
    }
}

#[tokio::test]
async fn a_digest_of_attributes_is_signed_raw_and_unseen() {
    let scene = Scene::new(
        |profile| profile.hash_kind = HashKind::SignedAttributesDigest,
        |state, certificate| {
            let certificate = certificate.clone();
            state.hash = Some(Box::new(move |content| {
                STREEBOG.digest(&attributes(&certificate, content)).value().to_vec()
            }));
        },
    )
    .await;
    let job = scene.sign().await;
    let question = scene.world.approve().await;
    assert!(shown(&question).iter().all(|(_, seen)| !seen));
    let digests_of_attributes = |kind: &ItemKind| *kind == ItemKind::ForeignAttributesDigest;
    assert!(kinds(&question).iter().all(digests_of_attributes));
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
    let finishes = scene.service.state().finishes.clone();
    assert!(signatures(&finishes[0]).iter().all(|value| value.len() == 64));
}

#[tokio::test]
async fn a_profile_may_want_cms_without_signed_attributes() {
    let scene = Scene::new(|profile| profile.service.plain_cms = true, |_, _| {}).await;
    let job = scene.sign().await;
    let question = scene.world.approve().await;
    assert!(kinds(&question).iter().all(|kind| *kind == ItemKind::BareContent));
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
    let finishes = scene.service.state().finishes.clone();
    for value in signatures(&finishes[0]) {
        let signed = SignedData::parse(&value).unwrap();
        assert!(signed.signers()[0].attributes().is_none());
    }
}

#[tokio::test]
async fn a_lost_finish_is_asked_about() {
    for (finish, status, state, calls) in [
        (vec![Wrong::After], None, JobState::Finished, 1),
        (vec![Wrong::Before], None, JobState::Finished, 2),
        (vec![Wrong::Before; 5], None, JobState::Stopped, 2),
        (vec![Wrong::Before], Some("WaitingForUser"), JobState::Stopped, 1),
        (vec![Wrong::Refused], None, JobState::Failed, 1),
        (vec![Wrong::Refused], Some("WaitingForUser"), JobState::Failed, 1),
        (vec![Wrong::RefusedAfter], None, JobState::Finished, 1),
    ] {
        let case = format!("{finish:?} {status:?}");
        let scene = Scene::new(
            |_| {},
            |state, _| {
                state.finish = finish.into();
                state.status = status;
            },
        )
        .await;
        let job = scene.signed().await;
        assert_eq!(job.state, state, "{case}: {:?}", job.fault);
        if state == JobState::Failed {
            let left = job.fault.unwrap().extras()["left_behind"].clone();
            let sent = if status.is_some() { Value::Null } else { json!(false) };
            assert_eq!(left["sent"], sent, "{case}");
        }
        let finishes = scene.service.state().finishes.clone();
        assert_eq!(finishes.len(), calls, "{case}");
        assert!(
            finishes.iter().all(|finish| *finish == finishes[0]),
            "{case}: the same bytes"
        );
    }
}

#[tokio::test]
async fn a_refused_question_finishes_nothing() {
    let scene = Scene::new(|_| {}, |_, _| {}).await;
    let job = scene.sign().await;
    let question = scene.world.question().await;
    scene.world.decide(&question, Verdict::Refuse);
    let job = scene.world.settled(job).await;
    assert_eq!(job.state, JobState::Refused);
    assert_eq!(
        job.fault.unwrap().extras()["left_behind"],
        json!({ "package_group_id": "g-0", "created": false, "sent": false })
    );
    assert!(scene.service.state().finishes.is_empty());
}

#[tokio::test]
async fn a_group_that_is_signed_already_is_not_signed_again() {
    let scene = Scene::new(|_| {}, |state, _| state.finished = true).await;
    let job = scene.sign().await;
    let job = scene.world.settled_unasked(job).await;
    assert_eq!(job.fault.unwrap().code(), Code::WrongState);
}
