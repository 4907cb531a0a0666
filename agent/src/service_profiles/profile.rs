use serde::Serialize;
use serde_json::json;
use time::Duration;

use crate::config::ServiceProfile;
use crate::consent::CallerView;
use crate::jobs::{NewJob, Terms};
use crate::messages::Fault;

/// One profile: its settings `P` and the client `C` that they make.
#[derive(Debug)]
pub struct Profile<P, C> {
    /// Its name in the configuration; a part of addresses and permissions.
    pub name: String,
    /// Its settings.
    pub config: P,
    /// A profile that cannot be used spoils only its own jobs.
    client: Result<C, Fault>,
}

impl<P: ServiceProfile, C> Profile<P, C> {
    pub(super) fn new(name: &str, config: P, client: Result<C, Fault>) -> Self {
        Self {
            name: name.to_owned(),
            config,
            client,
        }
    }

    /// The client.
    ///
    /// # Errors
    /// `config_invalid` with the profile's name.
    pub fn client(&self) -> Result<&C, Fault> {
        self.client
            .as_ref()
            .map_err(|fault| fault.clone().arg("profile", &self.name))
    }

    /// A job of this profile; `blobs` are the spooled documents that it needs.
    pub fn job(
        &self,
        kind: &'static str,
        caller: &CallerView,
        title: String,
        input: &impl Serialize,
        blobs: Vec<String>,
    ) -> NewJob {
        NewJob {
            kind,
            profile: Some(self.name.clone()),
            application: caller.application,
            title,
            input: json!(input),
            blobs,
        }
    }

    /// What the configuration says of this profile's jobs.
    pub fn terms(&self) -> Terms {
        let service = self.config.service();
        let mut retry = service.retry.clone();
        // A service may work at a request for as long as its answer is waited for, also when nobody waits any more.
        let answer_due = u32::try_from(service.timeout_seconds).unwrap_or(u32::MAX);
        retry.settling_seconds.get_or_insert_with(|| f64::from(answer_due));
        Terms {
            retry,
            keep_documents: Duration::days(service.keep_documents_days.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::IdocsProfile;

    #[test]
    fn a_lost_request_is_believed_lost_when_its_answer_would_have_been_due() {
        let settling = |lines: &str| {
            let config: IdocsProfile =
                toml::from_str(&format!("base_url = 'https://i.example'\ntoken.env = 'T'\n{lines}")).unwrap();
            let profile = Profile::new("main", config, Ok(()));
            profile.terms().retry.settling_seconds
        };
        assert_eq!(settling("timeout_seconds = 90"), Some(90.0));
        assert_eq!(settling("retry = { settling_seconds = 5 }"), Some(5.0));
    }
}
