//! `tokensign mig24`: documents, package groups and their signatures in EDO.MIG24.

mod arguments;
mod call;
mod documents;
mod download;
mod explain;
mod groups;
mod packages;
mod people;
mod rehearsal;
mod scenarios;
mod watch;

use super::services;
use super::session::Session;
use crate::messages::Fault;

pub(super) use arguments::Mig24;
use arguments::ProfileName;

/// `tokensign mig24`
pub(in crate::cli) async fn run(session: &Session, command: &Mig24) -> Result<(), Fault> {
    match command {
        Mig24::Send(arguments) => scenarios::send(session, arguments).await,
        Mig24::Sign(arguments) => scenarios::sign(session, arguments).await,
        Mig24::SignRemotely(arguments) => scenarios::sign_remotely(session, arguments).await,
        Mig24::Explain(arguments) => explain::run(session, arguments).await,
        Mig24::Status { group, profile } => groups::status(session, profile, group).await,
        Mig24::Documents(command) => documents::run(session, command).await,
        Mig24::Groups(command) => groups::run(session, command).await,
        Mig24::Packages(command) => packages::run(session, command).await,
        Mig24::Employees {
            employee,
            organization,
            profile,
        } => people::employees(session, profile, employee.as_deref(), organization.as_deref()).await,
        Mig24::Counterparties { profile } => people::counterparties(session, profile).await,
        Mig24::Invitations { outgoing, profile } => people::invitations(session, profile, *outgoing).await,
        Mig24::Operators { profile } => people::operators(session, profile).await,
        Mig24::Watch(arguments) => watch::run(session, arguments).await,
    }
}

/// The profile that was named, or the only one there is.
fn profile<'a>(session: &'a Session, named: Option<&'a str>) -> Result<&'a str, Fault> {
    services::one_profile("mig24", session.config.mig24.keys(), named)
}

/// The path of something in the profile that was named.
fn path(session: &Session, named: &ProfileName, rest: &str) -> Result<String, Fault> {
    let profile = profile(session, named.profile.as_deref())?;
    Ok(format!("/v1/mig24/{}/{rest}", services::segment(profile)))
}
