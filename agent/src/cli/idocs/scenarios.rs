use serde_json::{Value, json};

use super::arguments::{Direction, SendFile, Sign};
use super::profile;
use crate::cli::services::{members, run};
use crate::cli::session::Session;
use crate::cli::upload::FileToSend;
use crate::messages::Fault;

pub(super) async fn send(session: &Session, arguments: &SendFile) -> Result<(), Fault> {
    let profile = profile(session, arguments.scenario.profile.as_deref())?;
    let file = FileToSend::open(&arguments.file).await?;
    let mut send = members([
        (
            "name",
            Some(json!(arguments.name.as_deref().unwrap_or_else(|| file.name()))),
        ),
        ("number", Some(json!(arguments.number))),
        ("date", Some(json!(arguments.date))),
        ("group", Some(json!(arguments.group))),
        ("counterparty_bin", Some(json!(arguments.counterparty))),
        ("comment", arguments.comment.as_ref().map(|text| json!(text))),
        ("is_individual", arguments.individual.then_some(json!(true))),
    ]);
    if !arguments.email.is_empty() {
        send.insert("counterparty_emails".to_owned(), json!(arguments.email));
    }
    let request = members([
        ("send", Some(Value::Object(send))),
        ("employee_id", arguments.employee.as_ref().map(|id| json!(id))),
        (
            "certificate",
            arguments
                .scenario
                .signer
                .certificate
                .as_ref()
                .map(|selector| json!(selector)),
        ),
    ]);
    let path = format!("/v1/idocs/{profile}/quick-signs");
    run(
        session,
        &arguments.scenario,
        &path,
        request,
        vec![("file".to_owned(), file)],
    )
    .await
}

pub(super) async fn sign(session: &Session, arguments: &Sign) -> Result<(), Fault> {
    let profile = profile(session, arguments.scenario.profile.as_deref())?;
    let request = members([
        ("document_id", Some(json!(arguments.document))),
        (
            "direction",
            Some(json!(match arguments.direction {
                Direction::Outgoing => "outgoing",
                Direction::Incoming => "incoming",
            })),
        ),
        ("employee_id", arguments.employee.as_ref().map(|id| json!(id))),
        (
            "certificate",
            arguments
                .scenario
                .signer
                .certificate
                .as_ref()
                .map(|selector| json!(selector)),
        ),
    ]);
    run(
        session,
        &arguments.scenario,
        &format!("/v1/idocs/{profile}/quick-signs"),
        request,
        Vec::new(),
    )
    .await
}
