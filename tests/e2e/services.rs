//! Both scenarios, whole: from a file to a finished quick-sign and a finished package group, exactly once.

use std::path::Path;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokensign_tests::sandbox::Summary;
use uuid::Uuid;

use crate::world::Business;

pub(crate) const INVOICE: &[u8] = "Счёт на оплату № 5\n".as_bytes();

/// Sends a file through iDocs as the owner; the job's path.
pub(crate) async fn start_idocs(business: &Business) -> String {
    started(send_idocs(business, &Uuid::new_v4().to_string()).await.unwrap()).await
}

/// Sends three files through MIG24 as the owner; the job's path.
pub(crate) async fn start_mig24(business: &Business) -> String {
    started(send_mig24(business, &Uuid::new_v4().to_string()).await.unwrap()).await
}

/// The request of [`start_idocs`] under an idempotency key, for an agent that may be gone before it answers.
pub(crate) async fn send_idocs(business: &Business, key: &str) -> reqwest::Result<Response> {
    let certificate = business.world.tokens.certificate("kz-director");
    let request = json!({
        "send": {
            "name": "Счёт № 5",
            "number": "5",
            "date": "2026-11-21",
            "group": "Accounting",
            "counterparty_bin": "050140009999",
            "counterparty_emails": ["buh@example.kz"],
        },
        "certificate": certificate.fingerprint,
    });
    let form = with_file(request_form(&request), "file", "invoice.txt", INVOICE.to_vec());
    send(business, "/v1/idocs/test/quick-signs", form, key).await
}

/// The request of [`start_mig24`] under an idempotency key, for an agent that may be gone before it answers.
pub(crate) async fn send_mig24(business: &Business, key: &str) -> reqwest::Result<Response> {
    let certificate = business.world.tokens.certificate("gost-director");
    let request = json!({
        "send": {
            "recipient_abonent_code": "2BM-TEST",
            "documents": [
                { "part": "a", "name": "Акт.txt", "sign_required": true },
                { "part": "b", "name": "Счёт.txt", "sign_required": false },
                { "part": "c", "name": "Договор.txt", "sign_required": true },
            ],
        },
        "certificate": certificate.fingerprint,
    });
    let form = ["a", "b", "c"].into_iter().fold(request_form(&request), |form, part| {
        let content = format!("документ {part}\n").into_bytes();
        with_file(form, part, &format!("{part}.txt"), content)
    });
    send(business, "/v1/mig24/test/package-group-signatures", form, key).await
}

fn request_form(request: &Value) -> Form {
    let request = Part::text(request.to_string());
    Form::new().part("request", request.mime_str("application/json").unwrap())
}

fn with_file(form: Form, part: &'static str, name: &str, content: Vec<u8>) -> Form {
    let file = Part::bytes(content).file_name(name.to_owned());
    form.part(part, file.mime_str("text/plain").unwrap())
}

async fn send(business: &Business, path: &str, form: Form, key: &str) -> reqwest::Result<Response> {
    let request = business.world.agent.owner(Method::POST, path);
    request.header("idempotency-key", key).multipart(form).send().await
}

/// The path of the job that an answer names.
pub(crate) async fn started(answer: Response) -> String {
    let status = answer.status();
    let location = answer
        .headers()
        .get("location")
        .map(|location| location.to_str().unwrap().to_owned());
    let body: Value = answer.json().await.unwrap();
    assert_eq!(status, 202, "{body}");
    location.unwrap()
}

/// How many signatures iDocs accepted.
pub(crate) fn saves(summary: &Summary) -> u64 {
    summary.idocs.documents.iter().map(|document| document.saves).sum()
}

/// How many package groups MIG24 finished.
pub(crate) fn finishes(summary: &Summary) -> u64 {
    summary.mig24.groups.iter().map(|group| group.finishes).sum()
}

#[tokio::test]
async fn a_file_becomes_a_signed_and_sent_idocs_document() {
    let business = Business::new().await;
    let path = start_idocs(&business).await;
    let certificate = business.world.tokens.certificate("kz-director");
    let question = business.world.agent.approve(&certificate.pin).await;
    assert_eq!(question["destination"]["service"], "idocs", "{question}");
    assert_eq!(
        question["documents"][0]["entries"][0], "invoice.txt",
        "the ZIP's entries are shown: {question}"
    );
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{job}\n{}", business.world.agent.log());
    let summary = business.sandbox.summary();
    assert_eq!(saves(&summary), 1, "{summary:?}");
    assert!(summary.duplicates.is_empty(), "{summary:?}");
}

#[tokio::test]
async fn three_files_become_a_finished_package_group() {
    let business = Business::new().await;
    let path = start_mig24(&business).await;
    let certificate = business.world.tokens.certificate("gost-director");
    let question = business.world.agent.approve(&certificate.pin).await;
    assert_eq!(question["destination"]["service"], "mig24", "{question}");
    assert_eq!(question["documents"].as_array().unwrap().len(), 3);
    let job = business.world.agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{job}\n{}", business.world.agent.log());
    let summary = business.sandbox.summary();
    assert_eq!(finishes(&summary), 1, "{summary:?}");
    assert!(summary.duplicates.is_empty(), "{summary:?}");
}

/// The tables of `docs/services.md` name a test for every method of both guides; each of them is there.
#[test]
fn every_test_that_the_tables_of_methods_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = std::fs::read_to_string(root.join("docs/services.md")).unwrap();
    let mut sources = String::new();
    for directory in ["tests/e2e", "tests/e2e/mig24"] {
        for entry in std::fs::read_dir(root.join(directory))
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if entry.is_file() {
                sources.push_str(&std::fs::read_to_string(entry).unwrap());
            }
        }
    }
    let mut is_of_tests = false;
    let mut rows = 0;
    for line in text.lines() {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        if !line.starts_with('|') {
            is_of_tests = false;
        } else if cells.last() == Some(&"test") {
            is_of_tests = true;
        } else if is_of_tests && !line.starts_with("|--") {
            rows += 1;
            let named: Vec<_> = cells.last().unwrap().split('`').skip(1).step_by(2).collect();
            assert!(!named.is_empty(), "{line}");
            for name in named {
                let is_there = match name.strip_suffix(".rs") {
                    Some(_) => root.join("tests/e2e").join(name).is_file(),
                    None => sources.contains(&format!("fn {name}(")),
                };
                assert!(is_there, "there is no test {name}: {line}");
            }
        }
    }
    assert!(rows > 45, "{rows} rows");
}
