//! `tokensign idocs`: documents in iDocs.

mod arguments;
mod drafts;
mod files;
mod lists;
mod scenarios;

use serde_json::json;

use super::services::{self, segment};
use super::session::Session;
use crate::messages::Fault;

pub(super) use arguments::Idocs;

/// `tokensign idocs`
pub(super) async fn run(session: &Session, command: &Idocs) -> Result<(), Fault> {
    match command {
        Idocs::Send(arguments) => scenarios::send(session, arguments).await,
        Idocs::Sign(arguments) => scenarios::sign(session, arguments).await,
        Idocs::SignInbox(arguments) => scenarios::sign_inbox(session, arguments).await,
        Idocs::Inbox(page) => lists::inbox(session, page).await,
        Idocs::Documents(arguments) => lists::documents(session, arguments).await,
        Idocs::Show(arguments) => lists::show(session, arguments).await,
        Idocs::Status { document, profile } => {
            let path = format!("documents/{}/status", segment(document));
            services::status(session, &path_of(session, profile, &path)?).await
        }
        Idocs::PrintForm(arguments) => files::print_form(session, arguments).await,
        Idocs::Archive(arguments) => files::archive(session, arguments).await,
        Idocs::Download(arguments) => files::download(session, arguments).await,
        Idocs::Draft(arguments) => drafts::draft(session, arguments).await,
        Idocs::Route(arguments) => drafts::route(session, arguments).await,
        Idocs::Company(profile) => services::status(session, &path_of(session, profile, "company")?).await,
        Idocs::Employees(profile) => lists::employees(session, profile).await,
        Idocs::Permissions { employee, profile } => {
            let path = format!("employees/{}/permissions", segment(employee));
            services::status(session, &path_of(session, profile, &path)?).await
        }
        Idocs::Operations(page) => lists::operations(session, page).await,
        Idocs::Subscribe { url, dry_run, profile } => {
            let path = path_of(session, profile, "webhook-subscription")?;
            let request = json!({ "subscription_url": url });
            if *dry_run {
                return services::dry_run(session, &path, &services::Work::plain(request)).await;
            }
            services::tell(session, &path, &request).await
        }
    }
}

/// A path below the profile that was named, or the only one there is.
fn path_of(session: &Session, profile: &arguments::Profile, path: &str) -> Result<String, Fault> {
    let profile = profile_of(session, profile.name.as_deref())?;
    Ok(format!("/v1/idocs/{profile}/{path}"))
}

/// The profile that was named, or the only one there is.
fn profile_of<'a>(session: &'a Session, named: Option<&'a str>) -> Result<&'a str, Fault> {
    services::one_profile("idocs", session.config.idocs.keys(), named)
}
