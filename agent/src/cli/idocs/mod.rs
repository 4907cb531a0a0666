//! `tokensign idocs`: documents in iDocs.

mod arguments;
mod scenarios;

use super::services::{self, segment};
use super::session::Session;
use crate::messages::Fault;

pub(super) use arguments::Idocs;

/// `tokensign idocs`
pub(in crate::cli) async fn run(session: &Session, command: &Idocs) -> Result<(), Fault> {
    match command {
        Idocs::Send(arguments) => scenarios::send(session, arguments).await,
        Idocs::Sign(arguments) => scenarios::sign(session, arguments).await,
        Idocs::Status {
            document,
            profile: named,
        } => {
            let profile = profile(session, named.as_deref())?;
            services::status(
                session,
                &format!("/v1/idocs/{profile}/documents/{}/status", segment(document)),
            )
            .await
        }
    }
}

/// The profile that was named, or the only one there is.
fn profile<'a>(session: &'a Session, named: Option<&'a str>) -> Result<&'a str, Fault> {
    services::one_profile("idocs", session.config.idocs.keys(), named)
}
