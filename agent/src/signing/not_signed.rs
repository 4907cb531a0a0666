use crate::jobs::{JobEnd, StepError};
use crate::messages::Fault;

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
