use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::arguments::{Recipient, SendFiles, Sign, SignRemotely};
use super::profile;
use super::rehearsal::Rehearsal;
use crate::cli::arguments::{Scenario, Signer};
use crate::cli::globs;
use crate::cli::pin_source::PinSource;
use crate::cli::services::{members, run, segment};
use crate::cli::session::Session;
use crate::cli::upload::FileToSend;
use crate::messages::Fault;

pub(super) async fn send(session: &Session, arguments: &SendFiles) -> Result<(), Fault> {
    let named = arguments.scenario.profile.as_deref();
    let profile = profile(session, named)?;
    let paths = globs::expand(&arguments.files)?;
    let unsigned = globs::expand(&arguments.unsigned_by_recipient)?;
    let named_files: HashSet<_> = paths.iter().collect();
    if let Some(other) = unsigned.iter().find(|path| !named_files.contains(path)) {
        let reason = format!("{} is not among the files", other.display());
        return Err(Fault::invalid_field("--unsigned-by-recipient", reason));
    }
    let unsigned: HashSet<_> = unsigned.iter().collect();
    let mut files = Vec::with_capacity(paths.len());
    let mut documents = Vec::with_capacity(paths.len());
    for (index, path) in paths.iter().enumerate() {
        let file = FileToSend::open(path).await?;
        let part = FileToSend::part_name(index);
        let sign_required = !unsigned.contains(path);
        documents.push(json!({ "part": part, "name": file.name(), "sign_required": sign_required }));
        files.push((part, file));
    }
    let mut send = recipient(&arguments.recipient);
    send.insert("documents".to_owned(), json!(documents));
    let request = members([
        ("send", Some(Value::Object(send))),
        (
            "certificate",
            certificate(arguments.scenario.signer.certificate.as_deref()),
        ),
        ("mchd_info_id", arguments.mchd.as_ref().map(|id| json!(id))),
    ]);
    if arguments.rehearsal.dry_run {
        let files: Vec<_> = files.iter().map(|(_, file)| file).collect();
        return Rehearsal {
            calls: &[
                "POST /api/v1/documents/{id}/informal or /api/v1/documents/{id}, once a file",
                "POST /api/v1/package-groups",
                "POST /api/v1/sign/package-group/prepare",
                "POST /api/v1/sign/package-group/finish",
            ],
            signed_by: Some("token"),
            request: &Value::Object(request),
            files: &files,
        }
        .show(session, named);
    }
    let path = format!("/v1/mig24/{}/package-group-signatures", segment(profile));
    run(session, &arguments.scenario, &path, request, files).await
}

pub(super) async fn sign(session: &Session, arguments: &Sign) -> Result<(), Fault> {
    let named = arguments.scenario.profile.as_deref();
    let profile = profile(session, named)?;
    let request = members([
        ("package_group_id", Some(json!(arguments.what.group))),
        (
            "certificate",
            certificate(arguments.scenario.signer.certificate.as_deref()),
        ),
        ("mchd_info_id", arguments.what.mchd.as_ref().map(|id| json!(id))),
    ]);
    if arguments.rehearsal.dry_run {
        return Rehearsal {
            calls: &[
                "GET /api/v1/package-groups/{id}/info",
                "POST /api/v1/sign/package-group/prepare",
                "GET /api/v1/documents/{id}/file, once a document",
                "POST /api/v1/sign/package-group/finish",
            ],
            signed_by: Some("token"),
            request: &Value::Object(request),
            files: &[],
        }
        .show(session, named);
    }
    let path = format!("/v1/mig24/{}/package-group-signatures", segment(profile));
    run(session, &arguments.scenario, &path, request, Vec::new()).await
}

pub(super) async fn sign_remotely(session: &Session, arguments: &SignRemotely) -> Result<(), Fault> {
    let named = arguments.profile.profile.as_deref();
    let profile = profile(session, named)?;
    let request = members([
        ("package_group_id", Some(json!(arguments.group))),
        ("user_id", arguments.user.as_ref().map(|id| json!(id))),
        ("container", arguments.container.as_ref().map(|name| json!(name))),
        ("mchd_info_id", arguments.mchd.as_ref().map(|id| json!(id))),
    ]);
    if arguments.rehearsal.dry_run {
        let signing = match arguments.user {
            Some(_) => "POST /api/v1/sign/package-group/user",
            None => "POST /api/v1/sign/package-group",
        };
        return Rehearsal {
            calls: &[
                "GET /api/v1/package-groups/{id}/info",
                "GET /api/v1/documents/{id}/file, once a document",
                signing,
            ],
            signed_by: Some("service"),
            request: &Value::Object(request),
            files: &[],
        }
        .show(session, named);
    }
    let path = format!("/v1/mig24/{}/remote-signatures", segment(profile));
    // No certificate and no PIN: the token has no part in it.
    let scenario = Scenario {
        profile: arguments.profile.profile.clone(),
        signer: Signer {
            certificate: None,
            pin_source: PinSource::Prompt,
        },
        detach: arguments.detach,
    };
    run(session, &scenario, &path, request, Vec::new()).await
}

/// The recipient as the agent takes it.
pub(super) fn recipient(recipient: &Recipient) -> Map<String, Value> {
    let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
    let mut request = members([("recipient_abonent_code", text(&recipient.code))]);
    if recipient.inn.is_some() {
        let organisation = members([
            ("inn", text(&recipient.inn)),
            ("name", text(&recipient.name)),
            ("email", text(&recipient.email)),
            ("kpp", text(&recipient.kpp)),
            ("ogrn", text(&recipient.ogrn)),
        ]);
        request.insert("recipient_org".to_owned(), Value::Object(organisation));
    }
    request
}

fn certificate(selector: Option<&str>) -> Option<Value> {
    selector.map(|selector| json!(selector))
}
