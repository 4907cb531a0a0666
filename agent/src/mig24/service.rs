use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::client::Mig24Client;
use super::group_scenario::GroupScenario;
use super::input::{SendGroup, SignGroup, SpooledFile};
use super::package_group::{Input, PACKAGE_GROUP, SEND, Subject};
use super::queue::{QueueBoard, Watched};
use super::remote::{self, REMOTE_SIGNATURE};
use super::removal::RemovalScenario;
use crate::config::Mig24Profile;
use crate::consent::CallerView;
use crate::jobs::{NewJob, Scenario};
use crate::messages::Fault;
use crate::service_profiles::{self, Profiles};
use crate::signing::Signing;

/// One profile.
pub(super) type Profile = service_profiles::Profile<Mig24Profile, Mig24Client>;

/// MIG24 with every profile of the configuration, cheap to clone.
#[derive(Clone)]
pub struct Mig24 {
    profiles: Profiles<Mig24Profile, Mig24Client>,
    signing: Signing,
    queues: QueueBoard,
}

impl Mig24 {
    /// The service over the configured profiles. Tokens are read when they are needed.
    pub fn new(profiles: &BTreeMap<String, Mig24Profile>, signing: Signing) -> Self {
        Self {
            profiles: Profiles::new(profiles, Mig24Client::new),
            signing,
            queues: QueueBoard::default(),
        }
    }

    /// The scenarios to register with the engine.
    pub fn scenarios(&self) -> Vec<Arc<dyn Scenario>> {
        let groups = [PACKAGE_GROUP, SEND]
            .into_iter()
            .map(|kind| Arc::new(GroupScenario::<Input>::new(kind, self.clone())) as Arc<dyn Scenario>);
        let remote = GroupScenario::<remote::Input>::new(REMOTE_SIGNATURE, self.clone());
        let removal = RemovalScenario { mig24: self.clone() };
        groups
            .chain([Arc::new(remote) as Arc<dyn Scenario>, Arc::new(removal)])
            .collect()
    }

    /// The job that signs a package group which is at the service.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`.
    pub fn sign_group(&self, profile: &str, caller: CallerView, request: SignGroup) -> Result<NewJob, Fault> {
        let profile = self.profile(profile)?;
        profile.client()?;
        let title = format!("MIG24 {}: {}", profile.name, request.package_group_id);
        let input = Input {
            caller,
            certificate: request.certificate,
            mchd_info_id: request.mchd_info_id,
            subject: Subject::Group(request.package_group_id),
        };
        Ok(profile.job(PACKAGE_GROUP, &input.caller, title, &input, Vec::new()))
    }

    /// The job that sends files, which are in the store; `files` are named as the request's documents name them (`part`).
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`, `invalid_field`.
    pub fn send(
        &self,
        profile: &str,
        caller: CallerView,
        request: SendGroup,
        files: BTreeMap<String, SpooledFile>,
    ) -> Result<NewJob, Fault> {
        let profile = self.profile(profile)?;
        profile.client()?;
        let blobs = files.values().map(|file| file.blob.to_string()).collect();
        let planned = request.send.plan(files)?;
        let first = planned.documents.first().map_or("", |document| document.name.as_str());
        let more = match planned.documents.len() {
            0 | 1 => String::new(),
            count => format!(" (+{})", count - 1),
        };
        let title = format!("MIG24 {}: {first}{more} → {}", profile.name, planned.recipient.label());
        let input = Input {
            caller,
            certificate: request.certificate,
            mchd_info_id: request.mchd_info_id,
            subject: Subject::Files(planned),
        };
        Ok(profile.job(SEND, &input.caller, title, &input, blobs))
    }

    /// The client of a profile, for the calls that need no scenario.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`.
    pub fn client(&self, profile: &str) -> Result<Mig24Client, Fault> {
        self.profiles.client(profile)
    }

    /// What is seen of the consumer of a profile's queues.
    pub(super) fn watched(&self, profile: &str) -> Watched {
        self.queues.of(profile)
    }

    pub(super) fn profile(&self, name: &str) -> Result<Arc<Profile>, Fault> {
        self.profiles.profile(name)
    }

    pub(super) fn profiles(&self) -> &Profiles<Mig24Profile, Mig24Client> {
        &self.profiles
    }

    pub(super) fn signing(&self) -> &Signing {
        &self.signing
    }

    /// The same for the signatures of a profile.
    pub(super) fn signing_of(&self, profile: &Profile) -> Signing {
        self.signing.of_profile("mig24", &profile.name)
    }
}

impl fmt::Debug for Mig24 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mig24")
            .field("profiles", &self.profiles)
            .finish_non_exhaustive()
    }
}
