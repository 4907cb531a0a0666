//! EDO.MIG24 whole: every method by HTTP and by command, signatures at the service, explanations, queues, large groups.

mod calls;
mod commands;
mod explain;
mod large_group;
mod queues;
mod remote;

use std::process::{Command, Output};

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokensign_tests::programs;
use tokensign_tests::sandbox::User;

use crate::world::Business;

/// An employee whose key the service keeps.
pub(crate) fn with_container() -> User {
    User {
        snils: "11223344595".to_owned(),
        full_name: "Иванова Анна Петровна".to_owned(),
        cert_container_name: Some("box".to_owned()),
        mchd_info_id: Some("m-7".to_owned()),
        ..User::default()
    }
}

/// An employee who is sent a link.
pub(crate) fn without_container() -> User {
    User {
        snils: "15989387255".to_owned(),
        full_name: "Петров Пётр Петрович".to_owned(),
        ..User::default()
    }
}

/// A world in which the profile knows the organisation, with both employees.
pub(crate) async fn office() -> Business {
    Business::with_lines_of(
        |config| config.people.users = vec![with_container(), without_container()],
        |_, sandbox| format!("organization_id = \"{}\"\n", sandbox.announcement().organisation_id),
        &[],
    )
    .await
}

/// A call of the agent as its owner: status and JSON.
pub(crate) async fn call(business: &Business, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let mut request = business.world.agent.owner(method, &format!("/v1/mig24/test/{path}"));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A successful call.
pub(crate) async fn done(business: &Business, method: Method, path: &str, body: Option<Value>) -> Value {
    let (status, answer) = call(business, method, path, body).await;
    assert!(
        (200..300).contains(&status),
        "{path}: {status} {answer}\n{}",
        business.world.agent.log()
    );
    answer
}

/// Stores a file and gives the document's id.
pub(crate) async fn upload(business: &Business, name: &str, content: &[u8]) -> String {
    let part = Part::bytes(content.to_vec())
        .file_name(name.to_owned())
        .mime_str("application/octet-stream")
        .unwrap();
    let answer = business
        .world
        .agent
        .owner(Method::POST, "/v1/mig24/test/documents")
        .multipart(Form::new().part("file", part))
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(status, 201, "{answer}");
    answer["document_id"].as_str().unwrap().to_owned()
}

/// A group of two documents.
pub(crate) async fn group(business: &Business) -> String {
    let mut documents = Vec::new();
    for name in ["Акт.txt", "Счёт.txt"] {
        let id = upload(business, name, format!("{name}\n").as_bytes()).await;
        documents.push(json!({ "document_id": id, "sign_required": true }));
    }
    let body = json!({ "recipient_abonent_code": "2BM-TEST", "documents": documents });
    let made = done(business, Method::POST, "package-groups", Some(body)).await;
    made["package_group_id"].as_str().unwrap().to_owned()
}

/// `tokensign mig24 …` beside the running agent.
pub(crate) fn tokensign(business: &Business, arguments: &[&str]) -> Output {
    Command::new(programs::tokensign())
        .arg("mig24")
        .args(arguments)
        .arg("--config")
        .arg(business.world.agent.configuration())
        .env("LANG", "C.UTF-8")
        .current_dir(business.world.path())
        .output()
        .unwrap()
}

/// The JSON that a successful command prints.
pub(crate) fn printed(business: &Business, arguments: &[&str]) -> Value {
    let output = tokensign(business, &[arguments, &["--json"]].concat());
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{arguments:?}: {}", String::from_utf8_lossy(&output.stdout)))
}
