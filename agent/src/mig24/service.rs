use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::json;

use super::client::Mig24Client;
use super::input::{SendGroup, SignGroup, SpooledFile};
use super::package_group::{Input, PACKAGE_GROUP, PackageGroupScenario, SEND, Subject};
use super::queue::{QueueBoard, Watched};
use super::remote::RemoteSignatureScenario;
use crate::config::Mig24Profile;
use crate::consent::CallerView;
use crate::http_client::Bearer;
use crate::jobs::{NewJob, Scenario};
use crate::messages::{Code, Fault};
use crate::secrets;
use crate::signing::Signing;

/// MIG24 with every profile of the configuration, cheap to clone.
#[derive(Clone)]
pub struct Mig24 {
    inner: Arc<Inner>,
}

struct Inner {
    profiles: BTreeMap<String, Arc<Profile>>,
    signing: Signing,
    queues: QueueBoard,
}

/// One profile.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) config: Mig24Profile,
    /// A profile that cannot be used spoils only its own jobs.
    client: Result<Mig24Client, Fault>,
}

impl Profile {
    pub(super) fn client(&self) -> Result<&Mig24Client, Fault> {
        self.client
            .as_ref()
            .map_err(|fault| fault.clone().arg("profile", &self.name))
    }
}

impl Mig24 {
    /// The service over the configured profiles. Tokens are read when they are needed.
    pub fn new(profiles: &BTreeMap<String, Mig24Profile>, signing: Signing) -> Self {
        let profile = |(name, config): (&String, &Mig24Profile)| {
            let source = config.service.token.clone();
            let bearer = Bearer::new(move || secrets::resolve(&source));
            let profile = Profile {
                name: name.clone(),
                config: config.clone(),
                client: Mig24Client::new(name, config, bearer),
            };
            (name.clone(), Arc::new(profile))
        };
        let profiles = profiles.iter().map(profile).collect();
        Self {
            inner: Arc::new(Inner {
                profiles,
                signing,
                queues: QueueBoard::default(),
            }),
        }
    }

    /// The scenarios to register with the engine.
    pub fn scenarios(&self) -> Vec<Arc<dyn Scenario>> {
        let signing_here = [PACKAGE_GROUP, SEND].into_iter().map(|kind| {
            let mig24 = self.clone();
            Arc::new(PackageGroupScenario { kind, mig24 }) as Arc<dyn Scenario>
        });
        let signing_there = RemoteSignatureScenario { mig24: self.clone() };
        signing_here
            .chain([Arc::new(signing_there) as Arc<dyn Scenario>])
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
        Ok(job(PACKAGE_GROUP, &profile, title, input, Vec::new()))
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
        Ok(job(SEND, &profile, title, input, blobs))
    }

    /// The client of a profile, for the calls that need no scenario.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`.
    pub fn client(&self, profile: &str) -> Result<Mig24Client, Fault> {
        self.profile(profile)?.client().cloned()
    }

    pub(super) fn profiles(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.inner.profiles.values()
    }

    /// What is seen of the consumer of a profile's queues.
    pub(super) fn watched(&self, profile: &str) -> Watched {
        self.inner.queues.of(profile)
    }

    pub(super) fn profile(&self, name: &str) -> Result<Arc<Profile>, Fault> {
        let profile = self.inner.profiles.get(name).cloned();
        profile.ok_or_else(|| Fault::new(Code::ProfileUnknown).arg("profile", name))
    }

    pub(super) fn signing(&self) -> &Signing {
        &self.inner.signing
    }
}

impl fmt::Debug for Mig24 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mig24")
            .field("profiles", &self.inner.profiles.keys())
            .finish_non_exhaustive()
    }
}

fn job(kind: &'static str, profile: &Profile, title: String, input: Input, blobs: Vec<String>) -> NewJob {
    NewJob {
        kind,
        profile: Some(profile.name.clone()),
        application: input.caller.application,
        title,
        input: json!(input),
        blobs,
    }
}
