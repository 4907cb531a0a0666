//! Every method by HTTP, and who may call it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{call, done, group, office, upload};
use crate::world::Business;

#[tokio::test]
async fn documents_are_stored_listed_and_fetched() {
    let business = office().await;
    let letter = upload(&business, "Письмо.txt", b"letter").await;
    let upd = json!({ "upd": { "number": "17", "sum": 5 } });
    let upd = done(&business, Method::POST, "universal-transfer-documents", Some(upd)).await;
    let upd = upd["document_id"].as_str().unwrap().to_owned();

    let listed = done(&business, Method::GET, "documents", None).await;
    let ids: Vec<_> = listed["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|document| document["id"].clone())
        .collect();
    assert_eq!(ids, [json!(letter), json!(upd)], "{listed}");
    let shown = done(&business, Method::GET, &format!("documents/{letter}"), None).await;
    assert_eq!(
        (&shown["name"], &shown["other"]["size"]),
        (&json!("Письмо.txt"), &json!(6))
    );
    let file = done(&business, Method::GET, &format!("documents/{letter}/file"), None).await;
    assert_eq!(file, "letter");
    let picture = done(
        &business,
        Method::GET,
        &format!("documents/{upd}/draft-visualization"),
        None,
    )
    .await;
    assert!(picture.as_str().unwrap().starts_with("%PDF"));

    let (status, problem) = call(
        &business,
        Method::GET,
        "documents/00000000-0000-4000-8000-000000000000/file",
        None,
    )
    .await;
    assert_eq!((status, &problem["code"]), (404, &json!("no_such_item")), "{problem}");
}

#[tokio::test]
async fn groups_are_made_changed_and_deleted() {
    let business = office().await;
    let made = group(&business).await;
    let more = upload(&business, "Договор.txt", b"contract").await;
    let addition = json!({ "documents": [{ "document_id": more, "sign_required": false }] });
    done(
        &business,
        Method::POST,
        &format!("package-groups/{made}/packages"),
        Some(addition.clone()),
    )
    .await;
    let info = done(&business, Method::GET, &format!("package-groups/{made}"), None).await;
    let packages = info["info"]["packages"].as_array().unwrap();
    assert_eq!(
        (packages.len(), &info["delivery"]),
        (3, &json!("not_submitted")),
        "{info}"
    );
    assert_eq!(packages[2]["recipientSignatureRequired"], false);

    let package = packages[2]["id"].as_str().unwrap();
    let shown = done(&business, Method::GET, &format!("packages/{package}"), None).await;
    assert_eq!(
        (&shown["document_id"], &shown["signed"]),
        (&json!(more), &json!(false)),
        "{shown}"
    );
    let files = business
        .world
        .agent
        .owner(Method::GET, &format!("/v1/mig24/test/packages/{package}/files"));
    let files = files.send().await.unwrap();
    assert_eq!(files.headers()["content-disposition"], "attachment");
    assert!(files.bytes().await.unwrap().starts_with(b"PK"));
    let asked = done(
        &business,
        Method::POST,
        &format!("packages/{package}/status-requests"),
        Some(json!({})),
    )
    .await;
    assert_eq!(asked["package_id"], package);

    let organisation = json!({ "email": "buh@example.ru", "name": "ООО «Ромашка»", "inn": "7701234567" });
    let change = json!({ "recipient_org": organisation, "documents": [{ "document_id": more }] });
    done(&business, Method::POST, &format!("package-groups/{made}"), Some(change)).await;
    let info = done(&business, Method::GET, &format!("package-groups/{made}"), None).await;
    assert_eq!(info["info"]["recipientOrg"]["inn"], "7701234567");
    assert_eq!(info["info"]["packages"].as_array().unwrap().len(), 1);
    done(&business, Method::DELETE, &format!("package-groups/{made}"), None).await;
    assert!(business.sandbox.summary().mig24.groups[0].deleted);

    for wrong in [
        json!({ "documents": [{ "document_id": more }] }),
        json!({ "recipient_abonent_code": "1", "recipient_org": organisation, "documents": [{ "document_id": more }] }),
        json!({ "recipient_abonent_code": "1", "documents": [] }),
        json!({ "recipient_abonent_code": "1", "documents": [{ "id": more }] }),
    ] {
        let (status, problem) = call(&business, Method::POST, "package-groups", Some(wrong.clone())).await;
        assert_eq!(
            (status, &problem["code"]),
            (400, &json!("invalid_field")),
            "{wrong}: {problem}"
        );
    }
}

#[tokio::test]
async fn people_and_organisations_are_listed() {
    let business = office().await;
    let employees = done(&business, Method::GET, "employees", None).await;
    let names: Vec<_> = employees["employees"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["full_name"].clone())
        .collect();
    assert_eq!(
        names,
        [json!("Иванова Анна Петровна"), json!("Петров Пётр Петрович")],
        "{employees}"
    );
    let id = employees["employees"][0]["user_id"].as_str().unwrap();
    let one = done(&business, Method::GET, &format!("employees/{id}"), None).await;
    assert_eq!(
        (&one["mchd_info_id"], &one["cert_container_name"]),
        (&json!("m-7"), &json!("box")),
        "{one}"
    );
    for (direction, name) in [("inbox", "ООО «Приглашающий»"), ("outbox", "ООО «Приглашённый»")]
    {
        let invitations = done(&business, Method::GET, &format!("invitations/{direction}"), None).await;
        let states: Vec<_> = invitations["invitations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["state"].clone())
            .collect();
        assert_eq!(
            json!(states),
            json!(["new", "sent", "delivered", "accepted", "rejected"])
        );
        assert_eq!(invitations["invitations"][0]["name"], name);
    }
    let counterparties = done(&business, Method::GET, "counterparties", None).await;
    assert_eq!(
        counterparties["counterparties"][0]["abonent_id"],
        "2XX-sandbox-counteragent"
    );
    let operators = done(&business, Method::GET, "operators", None).await;
    assert_eq!(operators["operators"][0]["code"], "2XX");
    let events = done(&business, Method::GET, "events", None).await;
    assert_eq!(events["queue"]["state"], "off");
}

/// One call of each class, and the permission that it needs.
#[tokio::test]
async fn each_call_needs_its_own_permission() {
    let business = office().await;
    let made = group(&business).await;
    let calls = [
        ("read", Method::GET, "documents".to_owned(), None),
        ("read", Method::GET, "events".to_owned(), None),
        (
            "draft",
            Method::POST,
            "package-groups".to_owned(),
            Some(json!({ "documents": [] })),
        ),
        (
            "draft",
            Method::POST,
            format!("package-groups/{made}/packages"),
            Some(json!({ "documents": [] })),
        ),
        (
            "submit",
            Method::POST,
            "remote-signatures".to_owned(),
            Some(json!({ "package_group_id": made })),
        ),
        (
            "submit",
            Method::POST,
            format!("package-groups/{made}/explanations"),
            Some(json!({ "certificate": "no such" })),
        ),
        ("counterparties", Method::GET, "invitations/inbox".to_owned(), None),
        ("counterparties", Method::GET, "counterparties".to_owned(), None),
        ("delete", Method::DELETE, format!("package-groups/{made}"), None),
    ];
    for held in ["read", "draft", "submit", "counterparties", "delete"] {
        // The same of another profile opens nothing here.
        let permissions = [
            &format!("mig24:test:{held}")[..],
            "mig24:other:read",
            "mig24:other:delete",
        ];
        let token = business.world.agent.pair("ERP", &permissions).await;
        for (needed, method, path, body) in &calls {
            let code = application_code(&business, &token, method.clone(), path, body.clone()).await;
            assert_eq!(code == "permission_denied", held != *needed, "{held} at {path}: {code}");
        }
    }
}

async fn application_code(business: &Business, token: &str, method: Method, path: &str, body: Option<Value>) -> String {
    let mut request = business
        .world
        .agent
        .application(token, method, &format!("/v1/mig24/test/{path}"));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["code"].as_str().unwrap_or_default().to_owned()
}
