//! What a failed call to a service means for the step that made it.

use super::StepError;
use crate::http_client::Failure;
use crate::messages::{Code, Fault};

/// Whether the same answer is to be expected again until a person has done something, so that trying again by itself is idle: the
/// token, the plan, the address of the service, or what stands between.
pub(super) fn is_lasting(fault: &Fault) -> bool {
    matches!(
        fault.code(),
        Code::ServiceUnauthorised
            | Code::ServiceBilling
            | Code::ServiceWrongEnvironment
            | Code::ServiceTokenMissing
            | Code::ServiceUnreadable
            | Code::ConfigInvalid
    )
}

impl From<Failure> for StepError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(fault) | Failure::NotSent(fault) if is_lasting(&fault) => Self::Blocked(fault),
            Failure::Refused(fault) => Self::Refused(fault),
            Failure::NotSent(fault) => Self::NotSent(fault),
            Failure::Ambiguous(fault) => Self::Ambiguous(fault),
        }
    }
}
