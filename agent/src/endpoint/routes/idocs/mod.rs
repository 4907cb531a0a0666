//! `/v1/idocs/{profile}/…`: what is read of iDocs, and the jobs that change something there.

pub(super) mod reading;
pub(super) mod starting;
pub(super) mod subscribing;

use crate::http_client::ServiceId;
use crate::messages::{Code, Fault};

/// An id of something at a service.
///
/// # Errors
/// `no_such_item`: what is no id names nothing.
pub(super) fn service_id(text: &str) -> Result<ServiceId, Fault> {
    text.parse().map_err(|_| {
        Fault::new(Code::NoSuchItem)
            .arg("item", "document")
            .detail("this is no id of the service")
    })
}
