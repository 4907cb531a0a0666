use serde::{Deserialize, Serialize};

use super::client::Mig24Client;
use super::model::{Delivery, GroupInfo, Signedness};
use crate::http_client::ServiceId;
use crate::jobs::{JobContext, JobEnd, StepError};
use crate::messages::{Code, Fault};

/// What a scenario needs to know of a group before it is signed; the rest of the answer is not kept.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct KnownGroup {
    /// Who receives it, for people.
    pub(super) recipient: Option<String>,
    /// The documents that the answer lists, with their names.
    pub(super) documents: Vec<(ServiceId, Option<String>)>,
}

/// The group after its signatures were accepted.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Afterwards {
    /// The service's word.
    pub(super) status: Option<String>,
    /// How far it has come.
    pub(super) delivery: Delivery,
}

impl KnownGroup {
    /// Asks for the group, in the step `info`; one that is signed already is not signed again.
    ///
    /// # Errors
    /// `wrong_state`, and those of any call.
    pub(super) async fn ask(context: &JobContext, client: &Mig24Client, group: &ServiceId) -> Result<Self, JobEnd> {
        context
            .safe_step("info", || async {
                let info = client.group_info(group).await?;
                if info.signedness() == Signedness::Signed {
                    return Err(StepError::Refused(signed_already(group, &info)));
                }
                Ok(Self {
                    recipient: info.recipient(),
                    documents: info.documents(),
                })
            })
            .await
    }

    /// The documents' names; the group's id when none is known.
    pub(super) fn names(&self, group: &ServiceId) -> Vec<String> {
        if self.documents.is_empty() {
            return vec![group.to_string()];
        }
        self.documents
            .iter()
            .map(|(id, name)| name.clone().unwrap_or_else(|| id.to_string()))
            .collect()
    }
}

impl Afterwards {
    /// Asks how far the group has come, in the step `after`, if the service says it: the signatures are handed in in any case. This is
    /// where a job ends that no queue tells of the group's way.
    pub(super) async fn ask(
        context: &JobContext,
        client: &Mig24Client,
        group: &ServiceId,
    ) -> Result<Option<Self>, JobEnd> {
        context
            .safe_step("after", || async {
                let info = client.group_info(group).await.ok();
                Ok(info.map(|info| Self {
                    status: info.status().map(str::to_owned),
                    delivery: info.delivery(),
                }))
            })
            .await
    }
}

fn signed_already(group: &ServiceId, info: &GroupInfo) -> Fault {
    let status = info.status().unwrap_or("signed");
    Fault::new(Code::WrongState)
        .arg("service_status", status)
        .detail(format!(
            "package group {group} is signed already: its status is {status}"
        ))
}
