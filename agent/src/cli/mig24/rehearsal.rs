//! `--dry-run`: what would be sent and signed, told without the service, the token or the person.

use serde_json::{Value, json};

use super::call::facts;
use super::profile;
use crate::cli::session::Session;
use crate::cli::upload::FileToSend;
use crate::messages::Fault;

/// What a command would do.
#[derive(Debug)]
pub(super) struct Rehearsal<'a> {
    /// The calls of the service, in order.
    pub(super) calls: &'a [&'a str],
    /// Whether something would be signed, and by whom: `token` or `service`.
    pub(super) signed_by: Option<&'a str>,
    /// The request to the agent.
    pub(super) request: &'a Value,
    /// The files that would go.
    pub(super) files: &'a [&'a FileToSend],
}

impl Rehearsal<'_> {
    /// Shows it.
    ///
    /// # Errors
    /// `profile_unknown`.
    pub(super) fn show(&self, session: &Session, named: Option<&str>) -> Result<(), Fault> {
        let profile = profile(session, named)?;
        let base_url = session
            .config
            .mig24
            .get(profile)
            .map(|profile| profile.service.base_url.as_str());
        let files: Vec<_> = self
            .files
            .iter()
            .map(|file| json!({ "name": file.name(), "size": file.size() }))
            .collect();
        let told = json!({
            "dry_run": true,
            "profile": profile,
            "service": base_url,
            "calls": self.calls,
            "signed_by": self.signed_by,
            "request": self.request,
            "files": files,
        });
        session.output.result(&told, || facts(&told));
        Ok(())
    }
}
