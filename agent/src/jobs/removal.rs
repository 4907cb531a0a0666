use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::JobId;
use super::left_behind::LEFT_BEHIND;
use crate::messages::{Code, Fault};
use crate::store::jobs::JobRow;
use crate::store::{Connection, claims};

/// What a job that removes something is given.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Removal {
    /// The job that left it.
    pub job: JobId,
    /// What it left: the id under the name that the scenario gave it.
    pub left_behind: Value,
    #[serde(skip)]
    pub(super) kind: &'static str,
}

impl Removal {
    /// What is to be removed after `job`, by a job of the kind `by`.
    ///
    /// # Errors
    /// `not_removable` with the `reason`: nothing is left, it was there before, it may be on its way, or the service cannot.
    pub(super) fn of(job: &JobRow, by: Option<&'static str>) -> Result<Self, Fault> {
        let not = |reason: &str| Fault::new(Code::NotRemovable).arg("reason", reason);
        if !job.state.is_closed() {
            return Err(not("the job is not closed"));
        }
        let left = job.fault.as_ref().and_then(|fault| fault.extras().get(LEFT_BEHIND));
        let left = left.ok_or_else(|| not("the job left nothing"))?;
        if left["created"] != true {
            return Err(not("it was there before the job"));
        }
        if left["sent"] != false {
            return Err(not("it may have been sent"));
        }
        let kind = by.ok_or_else(|| not("the service has no call for it"))?;
        Ok(Self {
            job: job.id,
            left_behind: left.clone(),
            kind,
        })
    }

    /// What a removal claims, so that there is one at a time and none after it is done.
    pub(super) fn claim(job: JobId) -> String {
        format!("removal/{job}")
    }

    /// Whether what the job left is being removed, or is gone.
    ///
    /// # Errors
    /// `store_failed`.
    pub(super) fn is_begun(connection: &Connection, job: &JobRow) -> Result<bool, Fault> {
        let leaves = job
            .fault
            .as_ref()
            .is_some_and(|fault| fault.extras().contains_key(LEFT_BEHIND));
        Ok(leaves && claims::holder(connection, &Self::claim(job.id))?.is_some())
    }

    /// The id that stands under `member`.
    ///
    /// # Errors
    /// `internal` when there is none.
    pub fn id(&self, member: &str) -> Result<&str, Fault> {
        self.left_behind[member]
            .as_str()
            .ok_or_else(|| Fault::internal(format_args!("what is to be removed has no {member}")))
    }
}
