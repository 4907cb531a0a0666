//! The iDocs answers against the vendor's description, as `tests/vectors/idocs/models.json` restates it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::caller::Answer;
use super::idocs_quick_sign::Office;
use crate::sandbox::{InboxDocumentSeed, SeedFile};

#[allow(dead_code, reason = "the requests are the client's to check")]
#[path = "../../../vectors/idocs/models.rs"]
mod description;

use description::Models;

#[tokio::test]
async fn answers_are_what_the_vendor_describes() {
    let models = Models::read();
    let office = Office::open();
    let mut behaviour = office.sandbox.behaviour();
    behaviour.idocs.empty_bodies = false;
    office.sandbox.set_behaviour(behaviour);

    let blobs = "/api/v3/sync/blobs/document-content";
    let upload = async |name| office.idocs.upload(blobs, "documentContent", name, b"%PDF-1.4").await;
    check(&models, &format!("POST {blobs}"), &upload("a.pdf").await);
    check(&models, &format!("POST {blobs}"), &upload("a.exe").await);
    for (path, body) in [
        ("/api/v3/sync/references/company-token", json!({})),
        (
            "/api/v3/sync/references/company-employees",
            json!({"skip": 0, "top": 10}),
        ),
    ] {
        check(&models, &format!("POST {path}"), &office.idocs.post(path, &body).await);
    }

    let created = office.create(&office.upload().await).await;
    check(&models, "POST /api/v3/sync/external/outbox/document/create", &created);
    let document_id = created.json()["id"].as_str().unwrap().to_owned();
    let routed = office.route(&document_id).await;
    check(
        &models,
        "POST /api/v3/sync/external/outbox/route/quick-route/create",
        &routed,
    );
    let generated = office.generate("outbox", &document_id).await;
    check(
        &models,
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
    check(&models, &format!("POST {blobs}"), &uploaded);
    let saved = office.save(&to_sign, &cms).await;
    check(
        &models,
        "POST /api/v3/sync/external/outbox/signature/quick-sign/save",
        &saved,
    );

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
            check(
                &models,
                call,
                &office.idocs.get(&format!("/api/v3/sync/{path}/{id}")).await,
            );
        }
    }
    let seed = InboxDocumentSeed {
        number: "1".to_owned(),
        name: "Invoice".to_owned(),
        files: vec![SeedFile::new("a.pdf", b"%PDF-1.4")],
    };
    let incoming = office.sandbox.seed_inbox_document(seed).unwrap().to_string();
    let generated = office.generate("inbox", &incoming).await;
    check(
        &models,
        "POST /api/v3/sync/external/inbox/signature/content-to-sign/generate",
        &generated,
    );
    for direction in ["outbox", "inbox"] {
        let path = format!("/api/v3/sync/external/documents-query/{direction}");
        check(
            &models,
            &format!("POST {path}"),
            &office.idocs.post(&path, &json!({})).await,
        );
    }
}

#[tokio::test]
async fn answers_of_the_other_calls_are_what_the_vendor_describes() {
    let models = Models::read();
    let office = Office::open();
    let mut behaviour = office.sandbox.behaviour();
    behaviour.idocs.empty_bodies = false;
    office.sandbox.set_behaviour(behaviour);
    let document_id = office.draft().await;
    for (call, path) in [
        (
            "GET /api/v3/sync/references/company-employees/permission/{employeeId}",
            format!("references/company-employees/permission/{}", office.employee_id),
        ),
        (
            "GET /api/v3/sync/single/document/GetDocumentPrintFormByDocumentId/{id}",
            format!("single/document/GetDocumentPrintFormByDocumentId/{document_id}"),
        ),
        (
            "GET /api/v3/sync/single/document/GetDocumentArchiveByDocumentId/{id}",
            format!("single/document/GetDocumentArchiveByDocumentId/{document_id}"),
        ),
    ] {
        check(&models, call, &office.idocs.get(&format!("/api/v3/sync/{path}")).await);
    }
    let document = |blob: &str| {
        json!({"documentMetadata": {"documentName": "A", "documentNumber": "9", "documentDate": 1, "documentGroup": "HR"},
               "documentBinaryContents": [{"blobId": blob}]})
    };
    let blob = office.upload().await;
    let internal = office
        .idocs
        .post("/api/v3/sync/internal/document/create", &document(&blob))
        .await;
    check(&models, "POST /api/v3/sync/internal/document/create", &internal);
    let nodes = json!([{"order": 0, "employeeId": office.employee_id, "requiredAction": "SIGN"}]);
    let inside = json!({"routeActionOrderingType": "NONE", "nodes": nodes});
    let routed = json!({"documentId": internal.json()["id"], "employeeId": office.employee_id, "nodes": nodes});
    let answer = office.idocs.post("/api/v3/sync/internal/route/create", &routed).await;
    check(&models, "POST /api/v3/sync/internal/route/create", &answer);
    let external = json!({"nodes": [{"counterpartyBin": "210987654321"}]});
    let route = json!({"documentId": document_id, "employeeId": office.employee_id,
                       "route": {"external": external, "internal": inside}});
    let ordinary = "/api/v3/sync/external/outbox/route/create";
    check(
        &models,
        &format!("POST {ordinary}"),
        &office.idocs.post(ordinary, &route).await,
    );
    let one = format!("/api/v3/sync/external/documents-query/single/outbox/{document_id}");
    check(
        &models,
        "GET /api/v3/sync/external/documents-query/single/outbox/{id}",
        &office.idocs.get(&one).await,
    );

    let generate = json!({"documentId": document_id, "signedByEmployeeId": office.employee_id});
    for (path, data) in [
        ("bulk/external/outbox/document/create", document(&blob)),
        ("bulk/external/outbox/route/create", route.clone()),
        ("bulk/external/outbox/route/quick-route/create", route),
        ("bulk/external/inbox/route/create", json!({})),
        (
            "bulk/external/outbox/signature/content-to-sign/generate",
            generate.clone(),
        ),
        ("bulk/external/inbox/signature/content-to-sign/generate", generate),
        ("bulk/external/outbox/signature/quick-sign/save", json!({})),
        ("bulk/external/inbox/signature/quick-sign/save", json!({})),
        ("documents/download/bulk-download", json!({"documentId": document_id})),
    ] {
        let call = format!("POST /api/v3/async/{path}");
        let begun = office
            .idocs
            .post(
                &format!("/api/v3/async/{path}"),
                &json!({"operations": [{"data": data}]}),
            )
            .await;
        check(&models, &call, &begun);
        let id = begun.json()["operations"][0]["operationId"].clone();
        let asked = json!({"operations": [{"operationId": id}, {"operationId": Uuid::new_v4()}]});
        loop {
            let status = office.idocs.post(&format!("/api/v3/async/{path}/status"), &asked).await;
            check(&models, &format!("{call}/status"), &status);
            let status = status.json();
            assert_eq!(status["operations"][1]["operationStatus"], "NotFound");
            let word = status["operations"][0]["operationStatus"].as_str().unwrap().to_owned();
            if word.starts_with("Completed") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    let list = "/api/v3/sync/bulk/operations";
    check(
        &models,
        &format!("POST {list}"),
        &office.idocs.post(list, &json!({"skip": 0, "top": 50})).await,
    );
}

/// Asserts that an answer is what the description has for this call and status.
fn check(models: &Models, call: &str, answer: &Answer) {
    models.check_answer(call, answer.status.as_u16(), &answer.body);
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
