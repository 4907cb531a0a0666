//! Every method of MIG24's guide answers with what the guide promises.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::caller::Answer;
use super::mig24_package_groups::Desk;
use super::pki::Family;

/// The guide, restated.
fn methods() -> Vec<Value> {
    let vectors: Value = serde_json::from_str(include_str!("../../../vectors/mig24/methods.json")).unwrap();
    vectors["methods"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_method_answers_as_the_guide_says() {
    let desk = Desk::open(Family::Rsa);
    let mut seen = Seen::default();
    let document = Uuid::new_v4();
    let base = format!("/api/v1/documents/{document}");
    let uploaded = desk
        .mig24
        .upload(&format!("{base}/informal"), "file", "letter.txt", b"letter")
        .await;
    seen.check("upload_informal", uploaded);
    let detected = format!("/api/v1/documents/{}", Uuid::new_v4());
    seen.check(
        "upload_detected",
        desk.mig24.upload(&detected, "file", "a.xml", b"<?xml?><a/>").await,
    );
    let upd = Uuid::new_v4();
    seen.check(
        "upload_upd",
        desk.mig24.post("/api/v1/documents/upd", &json!({ "id": upd })).await,
    );
    seen.check("documents", desk.mig24.get("/api/v1/documents").await);
    seen.check("document", desk.mig24.get(&base).await);
    seen.check("document_file", desk.mig24.get(&format!("{base}/file")).await);
    let picture = format!("/api/v1/documents/upd/draft-visualization/{upd}");
    seen.check("draft_visualization", desk.mig24.get(&picture).await);

    let listed = |id: Uuid| json!([{ "documentId": id, "recipientSignatureRequired": true }]);
    let create = json!({ "recipientAbonentCode": "2XX-someone", "documents": listed(document) });
    let group = seen.check("create_group", desk.mig24.post("/api/v1/package-groups", &create).await);
    let group = format!("/api/v1/package-groups/{}", group["id"].as_str().unwrap());
    let added = json!({ "documents": listed(upd) });
    seen.check(
        "add_packages",
        desk.mig24.post(&format!("{group}/packages"), &added).await,
    );
    seen.check("update_group", desk.mig24.put(&group, &create).await);
    let info = seen.check("group_info", desk.mig24.get(&format!("{group}/info")).await);
    let package = format!("/api/v1/packages/{}", info["packages"][0]["id"].as_str().unwrap());
    seen.check("package_info", desk.mig24.get(&format!("{package}/info")).await);
    seen.check("package_files", desk.mig24.get(&format!("{package}/files")).await);
    seen.check(
        "package_status",
        desk.mig24.get(&format!("{package}/status/async")).await,
    );
    seen.check("delete_group", desk.mig24.delete(&group).await);

    let (signed, documents) = desk.group().await;
    let certificate = STANDARD.encode(desk.pki.certificate_der(&desk.employee));
    let prepare = json!({ "packageGroupId": signed, "certificate": certificate });
    let prepared = seen.check(
        "prepare",
        desk.mig24.post("/api/v1/sign/package-group/prepare", &prepare).await,
    );
    seen.check(
        "finish",
        desk.finish(&signed, &prepared, desk.signatures(&documents)).await,
    );
    let org = desk.sandbox.announcement().organisation_id;
    let users = seen.check("employees", desk.mig24.get(&format!("/{org}/users")).await);
    let user = users[0]["userId"].clone();
    let one = format!("/api/v1/orgs/{org}/users/{}", user.as_str().unwrap());
    seen.check("employee", desk.mig24.get(&one).await);
    let (by_user, _) = desk.group().await;
    let body = json!({ "packageGroupId": by_user, "userId": user });
    seen.check(
        "sign_by_user",
        desk.mig24.post("/api/v1/sign/package-group/user", &body).await,
    );
    let (by_container, _) = desk.group().await;
    let body = json!({ "packageGroupId": by_container, "containerName": "box", "mchdInfoId": "m-1" });
    seen.check(
        "sign_by_container",
        desk.mig24.post("/api/v1/sign/package-group", &body).await,
    );
    let requests = "/api/v1/counteragent-requests";
    seen.check("invitations_inbox", desk.mig24.get(&format!("{requests}/inbox")).await);
    seen.check(
        "invitations_outbox",
        desk.mig24.get(&format!("{requests}/outbox")).await,
    );
    seen.check("counterparties", desk.mig24.get("/api/v1/counteragents").await);
    seen.check("operators", desk.mig24.get("/api/v1/operators").await);

    let mut all: Vec<_> = methods()
        .iter()
        .map(|method| method["name"].as_str().unwrap().to_owned())
        .collect();
    all.sort();
    seen.0.sort();
    assert_eq!(seen.0, all);
}

/// The methods that were asked.
#[derive(Default)]
struct Seen(Vec<String>);

impl Seen {
    /// Checks an answer against the vectors and gives its JSON, `Null` where it is none.
    fn check(&mut self, name: &str, answer: Answer) -> Value {
        self.0.push(name.to_owned());
        let method = methods().into_iter().find(|method| method["name"] == name);
        let method = method.unwrap_or_else(|| panic!("the vectors know no {name}"));
        assert!(
            answer.status.is_success(),
            "{name}: {} {}",
            answer.status,
            answer.text()
        );
        match &method["answer"] {
            Value::Null => serde_json::from_slice(&answer.body).unwrap_or_default(),
            Value::String(_) => {
                assert!(!answer.body.is_empty(), "{name}");
                Value::Null
            }
            shape => {
                let value = answer.json();
                assert_shape(shape, &value, name);
                value
            }
        }
    }
}

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
            for (name, shape) in members {
                assert_shape(shape, &value[name], &format!("{place}.{name}"));
            }
        }
        Value::String(kind) => {
            let fits = match kind.trim_end_matches('?') {
                _ if kind.ends_with('?') && value.is_null() => true,
                "guid" => value.as_str().is_some_and(|text| text.parse::<Uuid>().is_ok()),
                "string" => value.is_string(),
                "bool" => value.is_boolean(),
                _ => false,
            };
            assert!(fits, "{place}: {value} is no {kind}");
        }
        _ => panic!("{place}: the vectors are broken"),
    }
}
