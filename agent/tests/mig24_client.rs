//! The MIG24 client against answers of every style, and its settings.

#![allow(clippy::unwrap_used)]

mod service_fakes;

use serde_json::json;
use tokensign::config::{GroupIdBy, HashKind, Mig24Profile, Mig24Shapes, Verb};
use tokensign::http_client::{FilePart, ServiceId};
use tokensign::messages::Code;
use tokensign::mig24::{DocumentForm, GroupDocument, Mig24Client, Recipient, RecipientOrganisation, Signedness};

use service_fakes::{Asked, Break, Fake, answer, bearer, breaking, class, config};

const GROUP: &str = "00000000-0000-4000-8000-00000000000a";
const ONE: &str = "00000000-0000-4000-8000-000000000001";

fn profile(base_url: &str) -> Mig24Profile {
    Mig24Profile {
        service: config(base_url),
        hash_kind: HashKind::ContentDigest,
        mchd_info_id: None,
        organization_id: None,
        accept_signed_attributes: false,
        shapes: Mig24Shapes::default(),
    }
}

fn client(base_url: &str) -> Mig24Client {
    Mig24Client::new("test", &profile(base_url), bearer()).unwrap()
}

fn id(text: &str) -> ServiceId {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_file_is_uploaded_under_the_clients_id() {
    let fake = Fake::answering(200, "").await;
    let upload = async |client: &Mig24Client, form| {
        let part = FilePart::of_bytes("file", "act.xml", "text/xml", "<a/>");
        client.upload(&id(ONE), form, part).await.unwrap();
    };
    upload(&client(&fake.base_url), DocumentForm::Informal).await;
    upload(&client(&fake.base_url), DocumentForm::Detected).await;
    let mut other = profile(&fake.base_url);
    other.shapes.upload.method = Verb::Put;
    other.shapes.upload.field = "document".to_owned();
    upload(
        &Mig24Client::new("test", &other, bearer()).unwrap(),
        DocumentForm::Informal,
    )
    .await;
    let asked = fake.asked();
    let seen: Vec<_> = asked
        .iter()
        .map(|asked| (asked.method.as_str(), asked.path.clone()))
        .collect();
    let informal = format!("/api/v1/documents/{ONE}/informal");
    assert_eq!(
        seen,
        [
            ("POST", informal.clone()),
            ("POST", format!("/api/v1/documents/{ONE}")),
            ("PUT", informal),
        ]
    );
    assert!(asked.iter().all(Asked::bears_the_token));
    assert!(asked[0].text().contains(r#"name="file"; filename="act.xml""#));
    assert!(asked[2].text().contains(r#"name="document"; filename="act.xml""#));
}

#[tokio::test]
async fn a_group_is_made_with_the_clients_id() {
    let fake = Fake::answering(201, "").await;
    let documents = [GroupDocument {
        id: &id(ONE),
        recipient_signs: true,
    }];
    let made = client(&fake.base_url)
        .create_group(&id(GROUP), &Recipient::AbonentCode("2XX-1".to_owned()), &documents)
        .await
        .unwrap();
    assert_eq!(made, id(GROUP), "an empty answer leaves the client's own id");
    assert_eq!(
        fake.only().json(),
        json!({
            "id": GROUP, "recipientAbonentCode": "2XX-1",
            "documents": [{ "documentId": ONE, "recipientSignatureRequired": true }],
        })
    );
}

#[tokio::test]
async fn a_service_may_choose_the_groups_id() {
    let organisation = Recipient::Organisation(RecipientOrganisation {
        email: "a@b.example".to_owned(),
        name: None,
        inn: "7701234567".to_owned(),
        kpp: None,
        ogrn: None,
    });
    for (body, expected) in [
        (r#"{"id":"g-7"}"#, Some("g-7")),
        (r#"{"packageGroupId":"g-7"}"#, Some("g-7")),
        ("\"g-7\"", Some("g-7")),
        ("", None),
    ] {
        let fake = Fake::answering(200, body).await;
        let mut profile = profile(&fake.base_url);
        profile.shapes.group.id = GroupIdBy::Service;
        let client = Mig24Client::new("test", &profile, bearer()).unwrap();
        let made = client.create_group(&id(GROUP), &organisation, &[]).await;
        assert_eq!(
            fake.only().json(),
            json!({ "recipientOrg": { "email": "a@b.example", "inn": "7701234567" }, "documents": [] })
        );
        match expected {
            Some(expected) => assert_eq!(made.unwrap(), id(expected)),
            None => assert_eq!(class(&made.unwrap_err()), ("ambiguous", Code::ServiceUnreadable)),
        }
    }
}

#[tokio::test]
async fn prepare_and_finish_belong_together() {
    let fake = Fake::start(|asked: &Asked| match asked.path.as_str() {
        "/api/v1/sign/package-group/prepare" => {
            let body =
                json!({ "requestId": "r-1", "hashes": [{ "documentId": ONE, "packageId": "p-1", "hash": "AAAA" }] });
            answer(200, "text/plain", body.to_string())
        }
        _ => answer(200, "application/json", ""),
    })
    .await;
    let client = client(&fake.base_url);
    let prepared = client.prepare(&id(GROUP), b"der", Some("m-1")).await.unwrap();
    client.finish(&id(GROUP), &prepared, &[vec![1, 2, 3]]).await.unwrap();
    let bodies: Vec<_> = fake.asked().iter().map(Asked::json).collect();
    assert_eq!(
        bodies,
        [
            json!({ "packageGroupId": GROUP, "certificate": "ZGVy", "mchdInfoId": "m-1" }),
            json!({
                "packageGroupId": GROUP, "requestId": "r-1",
                "signatures": [{ "documentId": ONE, "packageId": "p-1", "signature": "AQID" }],
            }),
        ]
    );
}

#[tokio::test]
async fn an_answer_of_prepare_that_cannot_be_used_is_refused() {
    for body in ["[]", "{}", "", "null", r#"{"hashes":[{"documentId":"1"}]}"#] {
        let fake = Fake::answering(200, body).await;
        let failure = client(&fake.base_url)
            .prepare(&id(GROUP), b"der", None)
            .await
            .unwrap_err();
        assert_eq!(class(&failure), ("refused", Code::PrepareUnusable), "{body}");
    }
    let fake = Fake::answering(200, "<html></html>").await;
    let failure = client(&fake.base_url)
        .prepare(&id(GROUP), b"der", None)
        .await
        .unwrap_err();
    assert_eq!(class(&failure), ("ambiguous", Code::ServiceUnreadable));
}

#[tokio::test]
async fn a_finish_fails_in_its_class() {
    let prepared = {
        let fake = Fake::answering(200, "[\"AAAA\"]").await;
        client(&fake.base_url).prepare(&id(GROUP), b"der", None).await.unwrap()
    };
    let finish = async |base_url: &str| {
        let failure = client(base_url)
            .finish(&id(GROUP), &prepared, &[vec![1]])
            .await
            .unwrap_err();
        class(&failure)
    };
    for (status, body, expected) in [
        (
            409,
            "{\"message\":\"signed already\"}",
            ("refused", Code::ServiceRefused),
        ),
        (401, "Оплаченный срок доступа истек", ("refused", Code::ServiceBilling)),
        (402, "Оплаченный срок доступа истек", ("refused", Code::ServiceBilling)),
        (
            403,
            "{\"error\":\"Оплаченный срок доступа истек\"}",
            ("refused", Code::ServiceBilling),
        ),
        (401, "", ("refused", Code::ServiceUnauthorised)),
        (500, "", ("ambiguous", Code::ServiceFailed)),
        (200, "<html></html>", ("ambiguous", Code::ServiceUnreadable)),
    ] {
        let fake = Fake::answering(status, body).await;
        assert_eq!(finish(&fake.base_url).await, expected, "{status} {body}");
    }
    assert_eq!(
        finish(&breaking(Break::Silence).await).await,
        ("ambiguous", Code::ServiceTimeout)
    );
    assert_eq!(
        finish(&breaking(Break::AfterTheRequest).await).await,
        ("ambiguous", Code::ServiceUnreachable)
    );
}

#[tokio::test]
async fn reads_and_deletes_go_to_their_paths() {
    let fake = Fake::start(|asked: &Asked| match asked.path.as_str() {
        "/org-1/users" => answer(
            200,
            "text/plain",
            r#"[{"userId":"u-1","snils":"159-893-872 55","mchdInfoId":null}]"#,
        ),
        path if path.ends_with("/info") => answer(200, "text/plain", r#"{"isSigned":false,"status":"Created"}"#),
        path if path.ends_with("/file") => answer(200, "application/octet-stream", "the file"),
        _ => answer(200, "text/plain", ""),
    })
    .await;
    let client = client(&fake.base_url);
    assert_eq!(
        client.group_info(&id(GROUP)).await.unwrap().signedness(),
        Signedness::Unsigned
    );
    assert_eq!(
        client.users(&id("org-1")).await.unwrap()[0].snils.as_deref(),
        Some("159-893-872 55")
    );
    client.request_package_status(&id("p-1")).await.unwrap();
    client.delete_group(&id(GROUP)).await.unwrap();
    let mut file = client.document_file(&id(ONE)).await.unwrap();
    assert_eq!(file.chunk().await.unwrap().unwrap(), "the file");
    let seen: Vec<_> = fake
        .asked()
        .iter()
        .map(|asked| format!("{} {}", asked.method, asked.path))
        .collect();
    assert_eq!(
        seen,
        [
            format!("GET /api/v1/package-groups/{GROUP}/info"),
            "GET /org-1/users".to_owned(),
            "GET /api/v1/packages/p-1/status/async".to_owned(),
            format!("DELETE /api/v1/package-groups/{GROUP}"),
            format!("GET /api/v1/documents/{ONE}/file"),
        ]
    );
    assert!(fake.asked().iter().all(Asked::bears_the_token));
}
