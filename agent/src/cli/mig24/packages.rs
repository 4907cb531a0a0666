use serde_json::json;

use super::arguments::Packages;
use super::rehearsal::Rehearsal;
use super::{call, download, path};
use crate::cli::services::segment;
use crate::cli::session::Session;
use crate::messages::Fault;

/// `tokensign mig24 packages`
pub(super) async fn run(session: &Session, command: &Packages) -> Result<(), Fault> {
    let of = |package: &str| format!("packages/{}", segment(package));
    match command {
        Packages::Show { package, profile } => call::show(session, &path(session, profile, &of(package))?).await,
        Packages::Download {
            package,
            target,
            profile,
        } => {
            let files = path(session, profile, &format!("{}/files", of(package)))?;
            download::save(session, &files, download::Name::Known(format!("{package}.zip")), target).await
        }
        Packages::RequestStatus {
            package,
            rehearsal,
            profile,
        } => {
            if rehearsal.dry_run {
                return Rehearsal {
                    calls: &[&format!("GET /api/v1/packages/{package}/status/async")],
                    signed_by: None,
                    request: &json!({}),
                    files: &[],
                }
                .show(session, profile.profile.as_deref());
            }
            let path = path(session, profile, &format!("{}/status-requests", of(package)))?;
            call::change(session, &path, &json!({})).await
        }
    }
}
