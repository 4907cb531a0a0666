use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::bulk_sign::{BULK_SEND, BULK_SIGN, BulkSignScenario};
use super::client::IdocsClient;
use super::downloading::DownloadScenario;
use super::drafting::DraftScenario;
use super::input::{QuickSign, Send, SpooledFile};
use super::model::DocumentStatus;
use super::quick_sign::{Input, QUICK_SIGN, QuickSignScenario, SEND, Subject};
use super::routing::RouteScenario;
use super::webhooks::WebhooksClient;
use crate::config::IdocsProfile;
use crate::consent::CallerView;
use crate::http_client::{Failure, ServiceId};
use crate::jobs::{NewJob, Scenario};
use crate::messages::Fault;
use crate::service_profiles::{self, Profiles};
use crate::signing::Signing;

/// One profile.
pub(super) type Profile = service_profiles::Profile<IdocsProfile, IdocsClient>;

/// iDocs with every profile of the configuration, cheap to clone.
#[derive(Clone)]
pub struct Idocs {
    profiles: Profiles<IdocsProfile, IdocsClient>,
    signing: Signing,
}

impl Idocs {
    /// The service over the configured profiles. Tokens are read when they are needed.
    pub fn new(profiles: &BTreeMap<String, IdocsProfile>, signing: Signing) -> Self {
        Self {
            profiles: Profiles::new(profiles, IdocsClient::new),
            signing,
        }
    }

    /// The scenarios to register with the engine.
    pub fn scenarios(&self) -> Vec<Arc<dyn Scenario>> {
        let quick = [QUICK_SIGN, SEND].map(|kind| {
            let idocs = self.clone();
            Arc::new(QuickSignScenario { kind, idocs }) as Arc<dyn Scenario>
        });
        let bulk = [BULK_SIGN, BULK_SEND].map(|kind| {
            let idocs = self.clone();
            Arc::new(BulkSignScenario { kind, idocs }) as Arc<dyn Scenario>
        });
        let idocs = || self.clone();
        let others: [Arc<dyn Scenario>; 3] = [
            Arc::new(DraftScenario { idocs: idocs() }),
            Arc::new(RouteScenario { idocs: idocs() }),
            Arc::new(DownloadScenario { idocs: idocs() }),
        ];
        quick.into_iter().chain(bulk).chain(others).collect()
    }

    /// The job that signs a document which is at the service.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`.
    pub fn quick_sign(&self, profile: &str, caller: CallerView, request: QuickSign) -> Result<NewJob, Fault> {
        let profile = self.profile(profile)?;
        profile.client()?;
        let title = format!("iDocs {}: {}", profile.name, request.document_id);
        let input = Input {
            caller,
            employee_id: request.employee_id,
            certificate: request.certificate,
            subject: Subject::Document {
                document_id: request.document_id,
                direction: request.direction,
            },
        };
        Ok(profile.job(QUICK_SIGN, &input.caller, title, &input, Vec::new()))
    }

    /// The job that sends a file, which is in the store.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`, `invalid_field`.
    pub fn send(&self, profile: &str, caller: CallerView, request: Send, file: SpooledFile) -> Result<NewJob, Fault> {
        let profile = self.profile(profile)?;
        profile.client()?;
        request.send.check(&file)?;
        let title = format!(
            "iDocs {}: {} № {} → {}",
            profile.name, request.send.name, request.send.number, request.send.counterparty_bin
        );
        let blobs = vec![file.blob.to_string()];
        let input = Input {
            caller,
            employee_id: request.employee_id,
            certificate: request.certificate,
            subject: Subject::File {
                send: Box::new(request.send),
                file,
            },
        };
        Ok(profile.job(SEND, &input.caller, title, &input, blobs))
    }

    /// A document's status as the service says it now.
    ///
    /// # Errors
    /// `profile_unknown`, and those of any call.
    pub async fn document_status(&self, profile: &str, document: &ServiceId) -> Result<DocumentStatus, Fault> {
        let profile = self.profile(profile)?;
        let status = profile.client()?.document_status(document).await;
        status.map_err(Failure::into_fault)
    }

    /// Has changes of documents told to `url` from now on.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`, and those of any call.
    pub async fn subscribe(&self, profile: &str, url: &str) -> Result<(), Fault> {
        let profile = self.profile(profile)?;
        let webhooks = WebhooksClient::new(&profile.name, &profile.config)?;
        webhooks.subscribe(url).await.map_err(Failure::into_fault)
    }

    /// The client of a profile, for the calls that need no scenario.
    ///
    /// # Errors
    /// `profile_unknown`, `config_invalid`.
    pub fn client(&self, profile: &str) -> Result<IdocsClient, Fault> {
        self.profiles.client(profile)
    }

    pub(super) fn profile(&self, name: &str) -> Result<Arc<Profile>, Fault> {
        self.profiles.profile(name)
    }

    pub(super) fn profiles(&self) -> &Profiles<IdocsProfile, IdocsClient> {
        &self.profiles
    }

    pub(super) fn signing(&self) -> &Signing {
        &self.signing
    }

    /// The same for the signatures of a profile.
    pub(super) fn signing_of(&self, profile: &Profile) -> Signing {
        self.signing.of_profile("idocs", &profile.name)
    }
}

impl fmt::Debug for Idocs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idocs")
            .field("profiles", &self.profiles)
            .finish_non_exhaustive()
    }
}
