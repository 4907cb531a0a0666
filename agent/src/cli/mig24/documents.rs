use indicatif::ProgressBar;
use serde_json::{Value, json};
use uuid::Uuid;

use super::arguments::{Documents, Form, Upload, UploadUpd};
use super::call::{self, facts};
use super::rehearsal::Rehearsal;
use super::{download, path};
use crate::cli::client::Client;
use crate::cli::globs;
use crate::cli::services::{members, segment};
use crate::cli::session::Session;
use crate::cli::upload::{self, FileToSend};
use crate::messages::Fault;

/// The largest УПД as JSON, in bytes.
const LARGEST_UPD: u64 = 8 << 20;

/// `tokensign mig24 documents`
pub(super) async fn run(session: &Session, command: &Documents) -> Result<(), Fault> {
    match command {
        Documents::List { profile } => {
            let columns = [
                ("id", "ui-id"),
                ("created_on", "ui-created"),
                ("signature_file_id", "ui-signature-file"),
                ("name", "ui-name"),
            ];
            call::list(session, &path(session, profile, "documents")?, "documents", columns).await
        }
        Documents::Show { document, profile } => {
            call::show(
                session,
                &path(session, profile, &format!("documents/{}", segment(document)))?,
            )
            .await
        }
        Documents::Upload(arguments) => upload(session, arguments).await,
        Documents::UploadUpd(arguments) => upload_upd(session, arguments).await,
        Documents::Download {
            document,
            target,
            profile,
        } => {
            let document = path(session, profile, &format!("documents/{}", segment(document)))?;
            let name = download::Name::Asked(&document);
            download::save(session, &format!("{document}/file"), name, target).await
        }
        Documents::Visualize {
            picture,
            target,
            profile,
        } => {
            let file = path(
                session,
                profile,
                &format!("documents/{}/draft-visualization", segment(picture)),
            )?;
            download::save(session, &file, download::Name::Known(format!("{picture}.pdf")), target).await
        }
    }
}

async fn upload(session: &Session, arguments: &Upload) -> Result<(), Fault> {
    let paths = globs::expand(&arguments.files)?;
    if arguments.id.is_some() && paths.len() > 1 {
        return Err(Fault::invalid_field("--id", "goes with a single file"));
    }
    let mut files = Vec::with_capacity(paths.len());
    for path in &paths {
        files.push(FileToSend::open(path).await?);
    }
    let form = arguments.form.map(|form| match form {
        Form::Informal => "informal",
        Form::Detected => "detected",
    });
    // The id is chosen here, so that it is known whatever becomes of the answer.
    let request = |file: &FileToSend, id: Uuid| {
        Value::Object(members([
            ("id", Some(json!(id))),
            ("name", Some(json!(file.name()))),
            ("form", form.map(|form| json!(form))),
        ]))
    };
    if arguments.rehearsal.dry_run {
        let files: Vec<_> = files.iter().collect();
        return Rehearsal {
            calls: &["POST /api/v1/documents/{id}/informal or /api/v1/documents/{id}, once a file"],
            signed_by: None,
            request: &json!({ "form": form }),
            files: &files,
        }
        .show(session, arguments.profile.profile.as_deref());
    }
    let path = path(session, &arguments.profile, "documents")?;
    let output = session.output;
    let agent = session.agent().await?;
    let bar = if files.len() > 1 {
        output.counting_bar(
            &output.text("cli-uploading"),
            u64::try_from(files.len()).unwrap_or(u64::MAX),
        )
    } else {
        ProgressBar::hidden()
    };
    let mut stored = Vec::with_capacity(files.len());
    let mut outcome = Ok(());
    for file in &files {
        let id = arguments.id.unwrap_or_else(Uuid::new_v4);
        match upload_one(session, agent.client(), &path, file, &request(file, id)).await {
            Ok(answer) => stored.push(json!({ "name": file.name(), "document_id": answer["document_id"] })),
            Err(fault) => {
                outcome = Err(fault.arg("document", id));
                break;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    agent.end().await;
    // What is stored is told even when a later one failed.
    if outcome.is_ok() || !stored.is_empty() {
        let told = json!({ "documents": stored });
        output.result(&told, || facts(&told));
    }
    outcome
}

async fn upload_one(
    session: &Session,
    client: &Client,
    path: &str,
    file: &FileToSend,
    request: &Value,
) -> Result<Value, Fault> {
    let (form, bar) = upload::form_of_parts(&session.output, Some(request), vec![("file".to_owned(), file)]).await?;
    let answer = client.post_form(path, form).await;
    bar.finish_and_clear();
    answer
}

async fn upload_upd(session: &Session, arguments: &UploadUpd) -> Result<(), Fault> {
    let bytes = upload::read_small(&arguments.file, LARGEST_UPD)?;
    let upd: Value = serde_json::from_slice(&bytes)
        .map_err(|error| Fault::invalid_field("FILE", format!("{} is not JSON: {error}", arguments.file.display())))?;
    if !upd.is_object() {
        return Err(Fault::invalid_field("FILE", "does not hold a JSON object"));
    }
    let request = Value::Object(members([("id", arguments.id.map(|id| json!(id))), ("upd", Some(upd))]));
    if arguments.rehearsal.dry_run {
        return Rehearsal {
            calls: &["POST /api/v1/documents/upd"],
            signed_by: None,
            request: &request,
            files: &[],
        }
        .show(session, arguments.profile.profile.as_deref());
    }
    let path = path(session, &arguments.profile, "universal-transfer-documents")?;
    call::change(session, &path, &request).await
}
