//! The MIG24 client against answers of every style, and its settings.

#![allow(clippy::unwrap_used)]

mod service_fakes;

use serde_json::{Value, json};
use tokensign::config::{GroupIdBy, HashKind, Mig24Profile, Mig24Shapes, Verb};
use tokensign::http_client::{FilePart, ServiceId};
use tokensign::messages::Code;
use tokensign::mig24::{
    DocumentForm, GroupDocument, InvitationDirection, Mig24Client, Recipient, RecipientOrganisation, Signedness,
};

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
        queue: None,
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
        document_id: id(ONE),
        sign_required: true,
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
    client
        .finish(&id(GROUP), &prepared, std::iter::once(&[1, 2, 3][..]))
        .await
        .unwrap();
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
            .finish(&id(GROUP), &prepared, std::iter::once(&[1][..]))
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
        client.employees(&id("org-1")).await.unwrap()[0].snils.as_deref(),
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

/// The vendor's guide, restated: every method with its verb, its path and what goes in.
fn methods() -> Vec<Value> {
    let vectors: Value = serde_json::from_str(include_str!("../../tests/vectors/mig24/methods.json")).unwrap();
    vectors["methods"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_method_of_the_guide_is_asked_as_the_guide_says() {
    const USER: &str = "00000000-0000-4000-8000-0000000000e1";
    let fake = Fake::start(|asked: &Asked| {
        let body = match asked.path.as_str() {
            path if path.ends_with("/prepare") => {
                json!({ "requestId": "r-1", "hashes": [{ "documentId": ONE, "hash": "AAAA" }] })
            }
            path if path.ends_with("/info") || path.ends_with(ONE) || path == "/api/v1/package-groups" => {
                json!({ "id": ONE })
            }
            path if path.ends_with(USER) => json!({ "userId": USER }),
            path if asked.method == "GET" && !path.ends_with("/file") && !path.ends_with("/files") => json!([]),
            _ => Value::Null,
        };
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        answer(200, "application/json", body)
    })
    .await;
    let client = client(&fake.base_url);
    let (group, one) = (id(GROUP), id(ONE));
    let documents = [GroupDocument {
        document_id: one.clone(),
        sign_required: false,
    }];
    let code = Recipient::AbonentCode("2XX-1".to_owned());
    let organisation = Recipient::Organisation(RecipientOrganisation {
        email: "a@b.example".to_owned(),
        name: Some("ООО «Ромашка»".to_owned()),
        inn: "7701234567".to_owned(),
        kpp: Some("770101001".to_owned()),
        ogrn: Some("1027700000000".to_owned()),
    });
    let part = || FilePart::of_bytes("file", "act.xml", "text/xml", "<a/>");

    client.upload(&one, DocumentForm::Informal, part()).await.unwrap();
    client.upload(&one, DocumentForm::Detected, part()).await.unwrap();
    client.upload_upd(&json!({ "id": ONE, "sum": 5 })).await.unwrap();
    client.documents().await.unwrap();
    client.document(&one).await.unwrap();
    client.document_file(&one).await.unwrap();
    client.draft_visualization(&one).await.unwrap();
    client.create_group(&group, &code, &documents).await.unwrap();
    client.add_packages(&group, &documents).await.unwrap();
    client.update_group(&group, &organisation, &documents).await.unwrap();
    client.delete_group(&group).await.unwrap();
    client.group_info(&group).await.unwrap();
    client.package(&one).await.unwrap();
    client.package_files(&one).await.unwrap();
    client.request_package_status(&one).await.unwrap();
    let prepared = client.prepare(&group, b"der", Some("m-1")).await.unwrap();
    client
        .finish(&group, &prepared, std::iter::once(&[1][..]))
        .await
        .unwrap();
    client.sign_by_user(&group, &id(USER)).await.unwrap();
    client.sign_by_container(&group, "box", Some("m-1")).await.unwrap();
    client.invitations(InvitationDirection::Inbox).await.unwrap();
    client.invitations(InvitationDirection::Outbox).await.unwrap();
    client.counterparties().await.unwrap();
    client.employees(&group).await.unwrap();
    client.employee(&group, &id(USER)).await.unwrap();
    client.operators().await.unwrap();

    let (asked, methods) = (fake.asked(), methods());
    assert_eq!(asked.len(), methods.len(), "a method of the guide is missing");
    for (asked, method) in asked.iter().zip(&methods) {
        let name = method["name"].as_str().unwrap();
        assert_eq!(asked.method.as_str(), method["verb"], "{name}");
        let path = method["path"].as_str().unwrap();
        let (wanted, given): (Vec<_>, Vec<_>) = (path.split('/').collect(), asked.path.split('/').collect());
        let same = |(wanted, given): (&&str, &&str)| wanted.starts_with('{') && !given.is_empty() || wanted == given;
        assert!(
            wanted.len() == given.len() && wanted.iter().zip(&given).all(same),
            "{name}: {} is not {path}",
            asked.path
        );
        match &method["request"] {
            Value::Null => assert!(asked.body.is_empty(), "{name}"),
            Value::String(_) => assert!(asked.text().contains(r#"filename="act.xml""#), "{name}"),
            shape => assert_shape(shape, &asked.json(), name),
        }
    }
}

/// Checks a value against a shape of the vectors.
fn assert_shape(shape: &Value, value: &Value, place: &str) {
    match shape {
        Value::Array(entries) => {
            let values = value
                .as_array()
                .unwrap_or_else(|| panic!("{place}: {value} is no list"));
            assert!(!values.is_empty(), "{place} is empty");
            values.iter().for_each(|value| assert_shape(&entries[0], value, place));
        }
        Value::Object(members) => {
            if members.contains_key("?") && value.is_null() {
                return;
            }
            for (name, shape) in members.iter().filter(|(name, _)| *name != "?") {
                assert_shape(shape, &value[name], &format!("{place}.{name}"));
            }
        }
        Value::String(kind) => {
            let fits = match kind.trim_end_matches('?') {
                _ if kind.ends_with('?') && value.is_null() => true,
                "guid" => value.as_str().is_some_and(|text| text.len() == 36),
                "string" => value.is_string(),
                "bool" => value.is_boolean(),
                _ => false,
            };
            assert!(fits, "{place}: {value} is no {kind}");
        }
        _ => panic!("{place}: the vectors are broken"),
    }
}
