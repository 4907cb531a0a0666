use serde_json::Value;
use uuid::Uuid;

use crate::jobs::{JobContext, JobEnd, StepError};
use crate::messages::{Code, Fault};
use crate::store::{approvals, audit};

/// Why a request was not signed.
#[derive(Clone, Debug)]
pub enum NotSigned {
    /// It cannot be, or nobody wants it: final.
    Final(Fault),
    /// The token that it was approved or chosen for did not come in time: retrying waits for it again.
    TokenAwaited(Fault),
}

impl From<Fault> for NotSigned {
    fn from(fault: Fault) -> Self {
        Self::Final(fault)
    }
}

impl From<NotSigned> for StepError {
    fn from(not_signed: NotSigned) -> Self {
        match not_signed {
            NotSigned::Final(fault) => Self::Refused(fault),
            NotSigned::TokenAwaited(fault) => Self::Blocked(fault),
        }
    }
}

impl From<NotSigned> for JobEnd {
    fn from(not_signed: NotSigned) -> Self {
        match not_signed {
            NotSigned::Final(fault) => Self::Closed(fault),
            NotSigned::TokenAwaited(fault) => Self::Stopped(fault),
        }
    }
}

/// Records that a request was not signed, and why; the `body` says who asked for what, never the content. An approval that stood is withdrawn.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub(super) async fn record(context: &JobContext, approval: Option<Uuid>, why: Code, body: Value) -> Result<(), Fault> {
    let job = context.id();
    context
        .write(move |transaction| {
            if let Some(id) = approval {
                approvals::withdraw(transaction, id)?;
            }
            let entry = audit::Entry {
                kind: "not_signed",
                actor: audit::Actor::of_refusal(why),
                job: Some(job),
                body,
            };
            audit::append(transaction, entry).map(drop)
        })
        .await
}
