//! What a failed call to a service means for the step that made it.

use super::StepError;
use crate::http_client::Failure;
use crate::messages::Code;

impl From<Failure> for StepError {
    fn from(failure: Failure) -> Self {
        match failure {
            // The service did nothing, and will do it once a person has seen to the token, the plan or the address.
            Failure::Refused(fault) | Failure::NotSent(fault)
                if matches!(
                    fault.code(),
                    Code::ServiceUnauthorised
                        | Code::ServiceBilling
                        | Code::ServiceTokenMissing
                        | Code::ServiceUnreadable
                        | Code::ConfigInvalid
                ) =>
            {
                Self::Blocked(fault)
            }
            Failure::Refused(fault) => Self::Refused(fault),
            Failure::NotSent(fault) => Self::NotSent(fault),
            Failure::Ambiguous(fault) => Self::Ambiguous(fault),
        }
    }
}
