//! What one call of a service gave, for a caller that asked for just that call.

use crate::endpoint::problem::Problem;
use crate::http_client::Failure;
use crate::messages::{Code, Fault};

/// The answer, or the failure as it is: nothing is repeated here. That the service knows no such thing is told as that, for the caller named it.
pub(super) fn told<T>(result: Result<T, Failure>) -> Result<T, Problem> {
    result.map_err(|failure| Problem(fault(failure)))
}

fn fault(failure: Failure) -> Fault {
    if !failure.is_not_found() {
        return failure.into_fault();
    }
    let said = failure.into_fault();
    let missing = ["host", "profile", "service_status", "reason"]
        .into_iter()
        .filter_map(|name| Some((name, said.args().get(name)?)))
        .fold(
            Fault::new(Code::NoSuchItem).arg("item", "at_service"),
            |fault, (name, value)| fault.arg(name, value),
        );
    match said.detail_text() {
        Some(detail) => missing.detail(detail),
        None => missing,
    }
}
