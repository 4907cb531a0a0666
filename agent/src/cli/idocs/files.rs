use serde_json::{Value, json};

use super::arguments::{Download, Fetch};
use super::lists::{cell, rows};
use super::path_of;
use crate::cli::client::Client;
use crate::cli::result_files;
use crate::cli::services::{self, Work, segment};
use crate::cli::session::Session;
use crate::messages::{Code, Fault};

pub(super) async fn print_form(session: &Session, arguments: &Fetch) -> Result<(), Fault> {
    fetch(session, arguments, "print-form", "pdf").await
}

pub(super) async fn archive(session: &Session, arguments: &Fetch) -> Result<(), Fault> {
    fetch(session, arguments, "archive", "zip").await
}

async fn fetch(session: &Session, arguments: &Fetch, what: &str, ending: &str) -> Result<(), Fault> {
    let path = format!("documents/{}/{what}", segment(&arguments.document));
    let path = path_of(session, &arguments.profile, &path)?;
    let target = result_files::target(arguments.out.as_deref(), &file_name(&arguments.document, ending));
    let agent = session.agent().await?;
    let fetched = result_files::fetch(&session.output, agent.client(), &path, &target, arguments.force).await;
    agent.end().await;
    let result = json!({ "document_id": arguments.document, "output": target, "size": fetched? });
    session.output.result(&result, || {
        vec![session.output.text_with("cli-written", &[("path", &target.display())])]
    });
    Ok(())
}

/// `tokensign idocs download`
pub(super) async fn download(session: &Session, arguments: &Download) -> Result<(), Fault> {
    let path = path_of(session, &arguments.profile, "downloads")?;
    let request = services::members([
        ("document_ids", Some(json!(arguments.documents))),
        ("employee_id", arguments.employee.as_ref().map(|id| json!(id))),
    ]);
    let agent = session.agent().await?;
    let client = agent.client();
    let fetched = async {
        let work = Work::plain(Value::Object(request));
        let job = services::carry_out(session, client, &path, work).await?;
        write_all(session, arguments, client, &path, &job).await
    }
    .await;
    agent.end().await;
    let (written, failed) = fetched?;
    let result = json!({ "documents": written });
    session.output.result(&result, || {
        let line = |document: &Value| match document["output"].as_str() {
            Some(path) => session.output.text_with("cli-written", &[("path", &path)]),
            None => format!(
                "{}: {}",
                cell(document, "document_id"),
                cell(&document["fault"], "code")
            ),
        };
        written.iter().map(line).collect()
    });
    match failed {
        0 => Ok(()),
        failed => Err(services::partly(failed, written.len())),
    }
}

async fn write_all(
    session: &Session,
    arguments: &Download,
    client: &Client,
    path: &str,
    job: &Value,
) -> Result<(Vec<Value>, usize), Fault> {
    if let Some(out) = &arguments.out
        && !out.is_dir()
    {
        return Err(Fault::invalid_field("--out", "is a directory that exists"));
    }
    let id = job["id"].as_str().unwrap_or_default();
    let documents = rows(&job["outcome"]["documents"]);
    let mut written = Vec::with_capacity(documents.len());
    let mut failed = 0;
    for (index, document) in documents.iter().enumerate() {
        let document_id = cell(document, "document_id");
        if !document["fault"].is_null() {
            failed += 1;
            written.push(json!({ "document_id": document_id, "fault": document["fault"] }));
            continue;
        }
        let target = result_files::target(
            arguments.out.as_deref().or_else(|| Some(std::path::Path::new("."))),
            &file_name(&document_id, "zip"),
        );
        let from = format!("{path}/{id}/{index}");
        let size = result_files::fetch(&session.output, client, &from, &target, arguments.force).await?;
        written.push(json!({ "document_id": document_id, "output": target, "size": size }));
    }
    if documents.len() != arguments.documents.len() {
        return Err(Fault::new(Code::AgentUnreachable).detail("the agent answers for another number of documents"));
    }
    Ok((written, failed))
}

/// A file name of an id, which is the service's and not to be trusted with a path.
fn file_name(id: &str, ending: &str) -> String {
    let plain: String = id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    format!("{plain}.{ending}")
}
