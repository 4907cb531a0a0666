use serde_json::{Map, Value, json};

use super::arguments::{GroupDocuments, Groups, ProfileName};
use super::call;
use super::path;
use super::rehearsal::Rehearsal;
use super::scenarios::recipient;
use crate::cli::services::segment;
use crate::cli::session::Session;
use crate::messages::Fault;

/// `tokensign mig24 status`
pub(super) async fn status(session: &Session, profile: &ProfileName, group: &str) -> Result<(), Fault> {
    call::show(session, &path(session, profile, &of(group))?).await
}

/// `tokensign mig24 groups`
pub(super) async fn run(session: &Session, command: &Groups) -> Result<(), Fault> {
    let (profile, rehearsal, service_call, rest, request) = match command {
        Groups::Create {
            documents,
            recipient: to,
            profile,
            rehearsal,
        } => {
            let mut request = recipient(to);
            request.insert("documents".to_owned(), listed(documents));
            (
                profile,
                rehearsal,
                "POST /api/v1/package-groups",
                "package-groups".to_owned(),
                request,
            )
        }
        Groups::Update {
            group,
            documents,
            recipient: to,
            profile,
            rehearsal,
        } => {
            let mut request = recipient(to);
            request.insert("documents".to_owned(), listed(documents));
            (
                profile,
                rehearsal,
                "PUT /api/v1/package-groups/{id}",
                of(group),
                request,
            )
        }
        Groups::Add {
            group,
            documents,
            profile,
            rehearsal,
        } => {
            let request = Map::from_iter([("documents".to_owned(), listed(documents))]);
            let rest = format!("{}/packages", of(group));
            (
                profile,
                rehearsal,
                "POST /api/v1/package-groups/{id}/packages",
                rest,
                request,
            )
        }
        Groups::Delete {
            group,
            profile,
            rehearsal,
        } => {
            if rehearsal.dry_run {
                return rehearse(
                    session,
                    profile,
                    "DELETE /api/v1/package-groups/{id}",
                    &json!({ "id": group }),
                );
            }
            return call::delete(session, &path(session, profile, &of(group))?).await;
        }
    };
    let request = Value::Object(request);
    if rehearsal.dry_run {
        return rehearse(session, profile, service_call, &request);
    }
    call::change(session, &path(session, profile, &rest)?, &request).await
}

fn rehearse(session: &Session, profile: &ProfileName, service_call: &str, request: &Value) -> Result<(), Fault> {
    Rehearsal {
        calls: &[service_call],
        signed_by: None,
        request,
        files: &[],
    }
    .show(session, profile.profile.as_deref())
}

fn of(group: &str) -> String {
    format!("package-groups/{}", segment(group))
}

fn listed(documents: &GroupDocuments) -> Value {
    let signed = documents.documents.iter().map(|id| (id, true));
    let unsigned = documents.unsigned_by_recipient.iter().map(|id| (id, false));
    signed
        .chain(unsigned)
        .map(|(id, sign_required)| json!({ "document_id": id, "sign_required": sign_required }))
        .collect()
}
