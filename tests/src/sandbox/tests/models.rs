//! The iDocs answers against the vendor's description, as `tests/vectors/idocs/models.json` restates it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::caller::Answer;
use super::idocs_quick_sign::Office;
use crate::sandbox::{InboxDocumentSeed, SeedFile};

/// The vendor's calls and schemas.
#[derive(Deserialize)]
struct Models {
    calls: Vec<Call>,
    schemas: BTreeMap<String, Schema>,
}

#[derive(Deserialize)]
struct Call {
    call: String,
    answers: BTreeMap<String, Option<Type>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Schema {
    Enumeration { one_of: Vec<String> },
    Object { members: BTreeMap<String, Type> },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Type {
    Named(String),
    Array([Box<Self>; 1]),
    Nullable { nullable: Box<Self> },
}

impl Models {
    fn read() -> Self {
        serde_json::from_str(include_str!("../../../vectors/idocs/models.json")).unwrap()
    }

    /// Asserts that an answer is what the description has for this call and status.
    fn check(&self, call: &str, answer: &Answer) {
        let described = self
            .calls
            .iter()
            .find(|it| it.call == call)
            .unwrap_or_else(|| panic!("unknown call {call}"));
        let status = answer.status.as_u16().to_string();
        let answers = &described.answers;
        let expected = answers
            .get(&status)
            .unwrap_or_else(|| panic!("{call} is not described to answer {status}"));
        if let (Some(expected), false) = (expected, answer.body.is_empty()) {
            let value = serde_json::from_slice(&answer.body).unwrap();
            if let Err(problem) = self.fits(&value, expected) {
                panic!("{call} {status}: {problem} in {value}");
            }
        }
    }

    fn fits(&self, value: &Value, expected: &Type) -> Result<(), String> {
        match expected {
            Type::Nullable { nullable } if value.is_null() || self.fits(value, nullable).is_ok() => Ok(()),
            Type::Nullable { nullable } => self.fits(value, nullable),
            Type::Array([item]) => {
                let items = value.as_array().ok_or_else(|| format!("{value} is not an array"))?;
                items.iter().try_for_each(|value| self.fits(value, item))
            }
            Type::Named(name) => self.fits_named(value, name),
        }
    }

    fn fits_named(&self, value: &Value, name: &str) -> Result<(), String> {
        let fits = match name {
            "string" => value.is_string(),
            "uuid" => value.as_str().is_some_and(|text| Uuid::parse_str(text).is_ok()),
            "int32" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "int64" => value.is_i64(),
            "boolean" => value.is_boolean(),
            _ => return self.fits_schema(value, name),
        };
        if fits {
            Ok(())
        } else {
            Err(format!("{value} is not of type {name}"))
        }
    }

    fn fits_schema(&self, value: &Value, name: &str) -> Result<(), String> {
        match (
            self.schemas.get(name).ok_or_else(|| format!("unknown schema {name}"))?,
            value,
        ) {
            // A reference cannot be marked nullable in OpenAPI 3.0, and the service's serializer writes null for it.
            (Schema::Object { .. }, Value::Null) => Ok(()),
            (Schema::Object { members }, Value::Object(object)) => self.fits_members(object, members, name),
            (Schema::Enumeration { one_of }, Value::String(text)) if one_of.contains(text) => Ok(()),
            _ => Err(format!("{value} is not {name}")),
        }
    }

    fn fits_members(
        &self,
        object: &Map<String, Value>,
        members: &BTreeMap<String, Type>,
        name: &str,
    ) -> Result<(), String> {
        if let Some(unknown) = object.keys().find(|member| !members.contains_key(*member)) {
            return Err(format!("{name} has no member {unknown}"));
        }
        members.iter().try_for_each(|(member, expected)| {
            let value = object
                .get(member)
                .ok_or_else(|| format!("{name}.{member} is missing"))?;
            self.fits(value, expected)
                .map_err(|problem| format!("{name}.{member}: {problem}"))
        })
    }
}

#[tokio::test]
async fn answers_are_what_the_vendor_describes() {
    let models = Models::read();
    let office = Office::open();
    let mut behaviour = office.sandbox.behaviour();
    behaviour.idocs.empty_bodies = false;
    office.sandbox.set_behaviour(behaviour);

    let blobs = "/api/v3/sync/blobs/document-content";
    let upload = async |name| office.idocs.upload(blobs, "documentContent", name, b"%PDF-1.4").await;
    models.check(&format!("POST {blobs}"), &upload("a.pdf").await);
    models.check(&format!("POST {blobs}"), &upload("a.exe").await);
    for (path, body) in [
        ("/api/v3/sync/references/company-token", json!({})),
        (
            "/api/v3/sync/references/company-employees",
            json!({"skip": 0, "top": 10}),
        ),
    ] {
        models.check(&format!("POST {path}"), &office.idocs.post(path, &body).await);
    }

    let created = office.create(&office.upload().await).await;
    models.check("POST /api/v3/sync/external/outbox/document/create", &created);
    let document_id = created.json()["id"].as_str().unwrap().to_owned();
    let routed = office.route(&document_id).await;
    models.check("POST /api/v3/sync/external/outbox/route/quick-route/create", &routed);
    let generated = office.generate("outbox", &document_id).await;
    models.check(
        "POST /api/v3/sync/external/outbox/signature/content-to-sign/generate",
        &generated,
    );

    let to_sign = office.to_sign(&document_id).await;
    let cms = office.pki.sign(&office.director, &to_sign.content);
    let blobs = "/api/v3/sync/blobs/document-signature-content";
    let uploaded = office
        .idocs
        .upload(blobs, "signatureContent", "signature.cms", &cms)
        .await;
    models.check(&format!("POST {blobs}"), &uploaded);
    let saved = office.save(&to_sign, &cms).await;
    models.check("POST /api/v3/sync/external/outbox/signature/quick-sign/save", &saved);

    for id in [document_id.clone(), Uuid::new_v4().to_string()] {
        for (call, path) in [
            (
                "GET /api/v3/sync/single/document/GetDocumentStatusByDocumentId/{id}",
                "single/document/GetDocumentStatusByDocumentId",
            ),
            (
                "GET /api/v3/sync/external/documents-query/single/outbox/{id}",
                "external/documents-query/single/outbox",
            ),
        ] {
            models.check(call, &office.idocs.get(&format!("/api/v3/sync/{path}/{id}")).await);
        }
    }
    let seed = InboxDocumentSeed {
        number: "1".to_owned(),
        name: "Invoice".to_owned(),
        files: vec![SeedFile::new("a.pdf", b"%PDF-1.4")],
    };
    let incoming = office.sandbox.seed_inbox_document(seed).unwrap().to_string();
    let generated = office.generate("inbox", &incoming).await;
    models.check(
        "POST /api/v3/sync/external/inbox/signature/content-to-sign/generate",
        &generated,
    );
    for direction in ["outbox", "inbox"] {
        let path = format!("/api/v3/sync/external/documents-query/{direction}");
        models.check(&format!("POST {path}"), &office.idocs.post(&path, &json!({})).await);
    }
}

#[test]
fn the_check_itself_finds_what_does_not_fit() {
    let models = Models::read();
    let employee = json!({
        "id": Uuid::nil(), "nationalIdentificationNumber": null, "firstName": "", "lastName": "", "fullName": "",
        "position": "", "email": "", "createdOn": 0,
    });
    let fits = |value: &Value| models.fits_named(value, "EmployeeVM");
    fits(&employee).unwrap();
    for (member, wrong) in [
        ("id", json!("x")),
        ("createdOn", json!(null)),
        ("iin", json!("")),
        ("email", json!(1)),
    ] {
        let mut bent = employee.clone();
        bent[member] = wrong;
        fits(&bent).unwrap_err();
    }
}
