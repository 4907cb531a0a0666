//! Faults by rule, as a client meets them.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::idocs_quick_sign::{Office, SAVE};
use super::mig24_package_groups::Desk;
use super::pki::Family;
use crate::sandbox::{Action, Authorization, ControlClient, FaultRule, RedeliveredAnswer, When};

const GENERATE: &str = "/content-to-sign/generate";

#[tokio::test]
async fn answers_replace_the_services_before_or_after_the_effect() {
    let office = Office::open();
    let to_sign = office.to_sign(&office.draft().await).await;
    let cms = office.pki.sign(&office.director, &to_sign.content);
    office.sandbox.faults([
        FaultRule::on(
            "POST",
            "/quick-sign/save",
            Action::HtmlPage {
                status: 502,
                when: When::Before,
            },
        )
        .nth(1),
        FaultRule::on(
            "POST",
            "/quick-sign/save",
            Action::Answer {
                status: 504,
                content_type: None,
                body: json!({"a": 1}),
                when: When::After,
            },
        )
        .nth(2),
    ]);
    let page = office.save(&to_sign, &cms).await;
    page.refuses(502, "<!DOCTYPE html>");
    assert_eq!(office.status(&to_sign.document_id).await, "DRAFT");
    let lost = office.save(&to_sign, &cms).await;
    lost.refuses(504, r#"{"a":1}"#);
    assert_eq!(lost.label, "application/json; charset=utf-8");
    assert_eq!(office.status(&to_sign.document_id).await, "SENT_BY_SENDER");
}

#[tokio::test]
async fn connections_are_cut_before_after_and_during() {
    let office = Office::open();
    let to_sign = office.to_sign(&office.draft().await).await;
    let blob_id = office
        .upload_signature(&office.pki.sign(&office.director, &to_sign.content))
        .await;
    let request = office.save_request(&to_sign, &blob_id);
    let cut = |when, nth| FaultRule::on("POST", "/quick-sign/save", Action::Cut { when }).nth(nth);
    office.sandbox.faults([cut(When::Before, 1), cut(When::After, 2)]);
    office
        .idocs
        .try_post(SAVE, &request)
        .await
        .expect_err("the connection is cut");
    assert_eq!(office.sandbox.summary().idocs.documents[0].saves, 0);
    office
        .idocs
        .try_post(SAVE, &request)
        .await
        .expect_err("the connection is cut");
    assert_eq!(office.sandbox.summary().idocs.documents[0].saves, 1);
    let cuts = office
        .sandbox
        .requests()
        .iter()
        .filter(|it| it.cut && it.status.is_none())
        .count();
    assert_eq!(cuts, 2);

    let generated = office.generate("outbox", &office.draft().await).await.json();
    office
        .sandbox
        .faults([FaultRule::on("GET", "/download/", Action::Cut { when: When::During })]);
    let url = office.idocs.url(generated["downloadLink"].as_str().unwrap());
    let token = office.sandbox.idocs_token().expose();
    let response = office.idocs.http.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.bytes().await.expect_err("the body is broken off");
}

#[tokio::test]
async fn delays_hold_the_answer_and_the_effect_happens_though_the_caller_hangs_up() {
    let office = Office::open();
    let to_sign = office.to_sign(&office.draft().await).await;
    let blob_id = office
        .upload_signature(&office.pki.sign(&office.director, &to_sign.content))
        .await;
    let delay = Action::Delay {
        millis: 300,
        when: When::Before,
    };
    office
        .sandbox
        .faults([FaultRule::on("POST", "/quick-sign/save", delay)]);
    let request = office
        .idocs
        .http
        .post(office.idocs.url(SAVE))
        .timeout(Duration::from_millis(100));
    let request = request.json(&office.save_request(&to_sign, &blob_id));
    assert!(office.idocs.send(request).await.unwrap_err().is_timeout());
    assert_eq!(office.sandbox.summary().idocs.documents[0].saves, 0);
    let deadline = Instant::now() + Duration::from_secs(10);
    while office.sandbox.summary().idocs.documents[0].saves == 0 {
        assert!(Instant::now() < deadline, "the save never took effect");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_slow_body_arrives_whole() {
    let office = Office::open();
    let generated = office.generate("outbox", &office.draft().await).await.json();
    let link = generated["downloadLink"].as_str().unwrap();
    let fast = office.idocs.get(link).await.body;
    let chunk_bytes = fast.len().div_ceil(4);
    office.sandbox.faults([FaultRule::on(
        "GET",
        "/download/",
        Action::SlowBody {
            chunk_bytes,
            pause_millis: 50,
        },
    )]);
    let start = Instant::now();
    assert_eq!(office.idocs.get(link).await.body, fast);
    assert!(start.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn generate_can_lack_its_ticket_point_elsewhere_or_change_the_content() {
    let office = Office::open();
    let document_id = office.draft().await;
    let before = office.to_sign(&document_id).await;
    let link = "http://127.0.0.2:9/elsewhere".to_owned();
    let rule = |action, nth| FaultRule::on("POST", GENERATE, action).nth(nth);
    office.sandbox.faults([
        rule(Action::NoTicket, 1),
        rule(Action::DownloadLink { link: link.clone() }, 2),
        rule(Action::ChangedContent, 3),
    ]);
    assert_eq!(
        office.generate("outbox", &document_id).await.json()["idempotencyTicket"],
        json!(null)
    );
    assert_eq!(
        office.generate("outbox", &document_id).await.json()["downloadLink"],
        link
    );
    let after = office.to_sign(&document_id).await;
    assert_ne!(before.content, after.content);
    let old = office.pki.sign(&office.director, &before.content);
    office.save(&before, &old).await.refuses(400, "content has changed");
    assert_eq!(
        office
            .save(&after, &office.pki.sign(&office.director, &after.content))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn prepare_can_give_hashes_of_the_wrong_length_or_value() {
    let desk = Desk::open(Family::P256);
    let (group_id, _) = desk.group().await;
    let rule = |action, nth| FaultRule::on("POST", "/prepare", action).nth(nth);
    desk.sandbox
        .faults([rule(Action::WrongDigestLength, 1), rule(Action::WrongDigest, 2)]);
    let mut hashes = Vec::new();
    for _ in 0..3 {
        let prepared = desk.prepare(&group_id, &desk.employee).await.json();
        hashes.push(
            STANDARD
                .decode(prepared["hashes"][0]["hash"].as_str().unwrap())
                .unwrap(),
        );
    }
    assert_eq!(hashes.iter().map(Vec::len).collect::<Vec<_>>(), [31, 32, 32]);
    assert_eq!(hashes[0], hashes[2][..31]);
    assert_ne!(hashes[1], hashes[2]);
}

#[tokio::test]
async fn a_request_delivered_twice_shows_as_the_faults_doing() {
    let office = Office::open();
    let blob_id = office.upload().await;
    let twice = |answer| Action::DuplicateDelivery { answer };
    office.sandbox.faults([
        FaultRule::on("POST", "/document/create", twice(RedeliveredAnswer::First)),
        FaultRule::on("POST", "/quick-sign/save", twice(RedeliveredAnswer::Second)),
    ]);
    let document_id = office.create(&blob_id).await.json()["id"].as_str().unwrap().to_owned();
    let summary = office.sandbox.summary();
    assert_eq!((summary.idocs.documents.len(), summary.redelivered_effects), (2, 1));
    office.route(&document_id).await;
    let to_sign = office.to_sign(&document_id).await;
    let cms = office.pki.sign(&office.director, &to_sign.content);
    office.save(&to_sign, &cms).await.refuses(400, "signed already");
    let summary = office.sandbox.summary();
    assert_eq!(summary.idocs.documents[0].saves, 1);
    assert_eq!(summary.duplicates, [], "the caller asked once");
}

#[tokio::test]
async fn the_control_api_does_over_http_what_the_handle_does() {
    let office = Office::open();
    let control = ControlClient::new(office.sandbox.base_url());
    let expired = Action::Answer {
        status: 200,
        content_type: None,
        body: json!({"response": null, "errors": [{"errorCode": "BILLING_ERROR", "errorDescription": "unpaid"}]}),
        when: When::Before,
    };
    control
        .faults(vec![FaultRule::on("POST", "/company-token", expired)])
        .await
        .unwrap();
    let answer = office
        .idocs
        .post("/api/v3/sync/references/company-token", &json!({}))
        .await;
    assert_eq!(answer.json()["errors"][0]["errorCode"], "BILLING_ERROR");

    office.draft().await;
    assert_eq!(control.effects().await.unwrap(), office.sandbox.effects());
    assert_eq!(control.summary().await.unwrap(), office.sandbox.summary());
    let requests = control.requests().await.unwrap();
    assert_eq!(
        (requests[0].authorization, requests[0].status),
        (Authorization::Right, Some(200))
    );
    assert_eq!(requests.len(), 4, "the control API does not log itself");

    let mut behaviour = office.sandbox.behaviour();
    behaviour.idocs.empty_bodies = false;
    control.set_behaviour(&behaviour).await.unwrap();
    assert_eq!(office.sandbox.behaviour(), behaviour);
    control.reset().await.unwrap();
    assert_eq!(control.effects().await.unwrap(), []);
    assert!(office.sandbox.behaviour().idocs.empty_bodies);
    office
        .idocs
        .post("/api/v3/sync/references/company-token", &json!({}))
        .await
        .json()["response"]["companyBin"]
        .as_str()
        .unwrap();
}

#[tokio::test]
async fn a_method_that_is_not_there_is_logged_all_the_same() {
    let office = Office::open();
    office
        .idocs
        .get("/api/v3/sync/nothing")
        .await
        .refuses(404, "no such method");
    let requests = office.sandbox.requests();
    assert_eq!(
        (requests[0].path.as_str(), requests[0].status),
        ("/api/v3/sync/nothing", Some(404))
    );
}
