//! The scenario: removes a package group that a job made and did not send.

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use serde_json::json;

use super::client::Mig24Client;
use super::model::Signedness;
use super::service::Mig24;
use crate::http_client::ServiceId;
use crate::jobs::{JobContext, JobEnd, Outcome, Probe, Removal, Scenario, StepError, Terms};
use crate::messages::{Code, Fault};

/// The kind of jobs that remove a package group.
pub const REMOVAL: &str = "mig24_removal";

/// Removes what another job left.
#[derive(Debug)]
pub(super) struct RemovalScenario {
    pub(super) mig24: Mig24,
}

impl Scenario for RemovalScenario {
    fn kind(&self) -> &'static str {
        REMOVAL
    }

    fn terms(&self, profile: Option<&str>) -> Terms {
        self.mig24.profiles().terms(profile)
    }

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>> {
        async move {
            let removal: Removal = context.input()?;
            let profile = self.mig24.profile(context.profile().unwrap_or_default())?;
            let client = profile.client()?;
            let group: ServiceId = removal.id("package_group_id")?.parse().map_err(Fault::internal)?;
            context.claim(format!("mig24/{}/remove/{group}", profile.name)).await?;
            // Somebody may have signed it at the service since.
            context
                .safe_step("look", || async { still_unsigned(client, &group).await })
                .await?;
            context
                .guarded_step(
                    "remove",
                    || async {
                        match client.delete_group(&group).await {
                            Err(failure) if failure.is_not_found() => Ok(()),
                            deleted => Ok(deleted?),
                        }
                    },
                    || async {
                        match client.group_info(&group).await {
                            Ok(_) => Ok(Probe::NotDone),
                            Err(failure) if failure.is_not_found() => Ok(Probe::Done(())),
                            Err(failure) => Err(failure.into()),
                        }
                    },
                )
                .await?;
            Ok(json!({ "package_group_id": group, "removed": true, "job": removal.job }))
        }
        .map_ok(Outcome::from)
        .boxed()
    }
}

/// A group that is gone already is as good as removed, and one that is signed stays.
async fn still_unsigned(client: &Mig24Client, group: &ServiceId) -> Result<(), StepError> {
    let info = match client.group_info(group).await {
        Ok(info) => info,
        Err(failure) if failure.is_not_found() => return Ok(()),
        Err(failure) => return Err(failure.into()),
    };
    match info.signedness() {
        Signedness::Unsigned => Ok(()),
        Signedness::Signed | Signedness::Unclear => Err(StepError::Refused(
            Fault::new(Code::NotRemovable).arg("reason", info.status().unwrap_or("it may be signed")),
        )),
    }
}
