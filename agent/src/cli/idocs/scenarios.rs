use std::path::Path;

use serde_json::{Map, Value, json};

use super::arguments::{SendFiles, Sign, SignInbox};
use super::lists::{documents_table, rows};
use super::profile_of;
use crate::cli::arguments::Scenario;
use crate::cli::globs;
use crate::cli::services::{self, Work, members, segment};
use crate::cli::session::Session;
use crate::cli::upload::FileToSend;
use crate::messages::Fault;

/// `tokensign idocs send`
pub(super) async fn send(session: &Session, arguments: &SendFiles) -> Result<(), Fault> {
    let profile = profile_of(session, arguments.scenario.profile.as_deref())?;
    let mut files = Vec::new();
    for path in globs::expand(&arguments.files)? {
        files.push(FileToSend::open(&path).await?);
    }
    if files.len() > 1 && !arguments.paper.number.contains('{') {
        return Err(Fault::invalid_field(
            "--number",
            "must contain {n} or {name} for several files, so that each document has a number of its own",
        ));
    }
    let mut documents: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(index, file)| document(arguments, index, file))
        .collect();
    let (path, request, files) = if files.len() == 1 {
        let request = with_signer(
            arguments.employee.as_ref(),
            &arguments.scenario,
            [("send", documents.pop().unwrap_or_default())],
        );
        let files = files.into_iter().map(|file| ("file".to_owned(), file)).collect();
        ("quick-signs", request, files)
    } else {
        let parts: Vec<_> = documents
            .into_iter()
            .enumerate()
            .map(|(index, document)| json!({ "part": FileToSend::part_name(index), "document": document }))
            .collect();
        let request = with_signer(
            arguments.employee.as_ref(),
            &arguments.scenario,
            [("send", json!(parts))],
        );
        let files: Vec<_> = files
            .into_iter()
            .enumerate()
            .map(|(index, file)| (FileToSend::part_name(index), file))
            .collect();
        ("bulk-signs", request, files)
    };
    let path = format!("/v1/idocs/{profile}/{path}");
    if arguments.dry_run {
        let work = Work::with_files(Value::Object(request), files);
        return services::dry_run(session, &path, &work).await;
    }
    services::run(session, &arguments.scenario, &path, request, files).await
}

/// What a file becomes.
fn document(arguments: &SendFiles, index: usize, file: &FileToSend) -> Value {
    let stem = Path::new(file.name())
        .file_stem()
        .map_or_else(|| file.name().to_owned(), |stem| stem.to_string_lossy().into_owned());
    let filled = |template: &str| {
        template
            .replace("{n}", &(index + 1).to_string())
            .replace("{name}", &stem)
    };
    let name = arguments.name.as_deref().map_or_else(|| file.name().to_owned(), filled);
    let mut document = members([
        ("name", Some(json!(name))),
        ("number", Some(json!(filled(&arguments.paper.number)))),
        ("date", Some(json!(arguments.paper.date))),
        ("group", Some(json!(arguments.group))),
        ("counterparty_bin", Some(json!(arguments.counterparty))),
        ("comment", arguments.comment.as_ref().map(|text| json!(text))),
        ("is_individual", arguments.individual.then_some(json!(true))),
    ]);
    if !arguments.email.is_empty() {
        document.insert("counterparty_emails".to_owned(), json!(arguments.email));
    }
    Value::Object(document)
}

/// `tokensign idocs sign`
pub(super) async fn sign(session: &Session, arguments: &Sign) -> Result<(), Fault> {
    let profile = profile_of(session, arguments.scenario.profile.as_deref())?;
    let direction = arguments.direction.word();
    if arguments.dry_run {
        return show_what_would_be_signed(session, profile, direction, &arguments.documents).await;
    }
    let employee = arguments.employee.as_ref();
    let (path, request) = match arguments.documents.as_slice() {
        [document] => {
            let subject = [("document_id", json!(document)), ("direction", json!(direction))];
            ("quick-signs", with_signer(employee, &arguments.scenario, subject))
        }
        documents => {
            let documents: Vec<_> = documents
                .iter()
                .map(|document| json!({ "document_id": document, "direction": direction }))
                .collect();
            let subject = [("documents", json!(documents))];
            ("bulk-signs", with_signer(employee, &arguments.scenario, subject))
        }
    };
    let path = format!("/v1/idocs/{profile}/{path}");
    services::run(session, &arguments.scenario, &path, request, Vec::new()).await
}

async fn show_what_would_be_signed(
    session: &Session,
    profile: &str,
    direction: &str,
    documents: &[String],
) -> Result<(), Fault> {
    let mut found = Vec::with_capacity(documents.len());
    for document in documents {
        let path = format!("/v1/idocs/{profile}/documents/{}", segment(document));
        found.push(services::ask(session, &path, &[("direction", direction.to_owned())]).await?);
    }
    let answer = json!({ "dry_run": true, "documents": found });
    session.output.result(&answer, || {
        let mut lines = vec![session.output.text("cli-dry-run"), String::new()];
        lines.extend(documents_table(&session.output, &answer["documents"]));
        lines
    });
    Ok(())
}

/// `tokensign idocs sign-inbox`
pub(super) async fn sign_inbox(session: &Session, arguments: &SignInbox) -> Result<(), Fault> {
    let profile = profile_of(session, arguments.scenario.profile.as_deref())?;
    if arguments.dry_run {
        return show_inbox(session, profile, arguments).await;
    }
    let inbox = members([
        ("from", arguments.from.as_ref().map(|date| json!(date))),
        ("to", arguments.to.as_ref().map(|date| json!(date))),
        ("statuses", Some(json!(arguments.status))),
        ("limit", arguments.limit.map(|limit| json!(limit))),
    ]);
    let subject = [("inbox", Value::Object(inbox))];
    let request = with_signer(arguments.employee.as_ref(), &arguments.scenario, subject);
    let path = format!("/v1/idocs/{profile}/bulk-signs");
    services::run(session, &arguments.scenario, &path, request, Vec::new()).await
}

async fn show_inbox(session: &Session, profile: &str, arguments: &SignInbox) -> Result<(), Fault> {
    let statuses = match arguments.status.as_slice() {
        [] => "IN_NEW".to_owned(),
        statuses => statuses.join(","),
    };
    let top = arguments.limit.unwrap_or(1_000);
    let mut query = vec![
        ("direction", "incoming".to_owned()),
        ("status", statuses),
        ("top", top.to_string()),
    ];
    for (name, value) in [("from", &arguments.from), ("to", &arguments.to)] {
        query.extend(value.clone().map(|value| (name, value)));
    }
    let mut answer = services::ask(session, &format!("/v1/idocs/{profile}/documents"), &query).await?;
    answer["dry_run"] = json!(true);
    session.output.result(&answer, || {
        let mut lines = vec![session.output.text("cli-dry-run"), String::new()];
        lines.extend(documents_table(&session.output, &answer["documents"]));
        lines.push(String::new());
        let count = rows(&answer["documents"]).len();
        lines.push(session.output.text_with("cli-total", &[("count", &count)]));
        lines
    });
    Ok(())
}

/// The request with who signs.
fn with_signer<const N: usize>(
    employee: Option<&String>,
    scenario: &Scenario,
    subject: [(&str, Value); N],
) -> Map<String, Value> {
    let mut request = members([
        ("employee_id", employee.map(|id| json!(id))),
        (
            "certificate",
            scenario.signer.certificate.as_ref().map(|selector| json!(selector)),
        ),
    ]);
    request.extend(subject.map(|(name, value)| (name.to_owned(), value)));
    request
}
