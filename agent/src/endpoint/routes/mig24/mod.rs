//! EDO.MIG24, one file a resource. What signs starts a job; everything else is one call of the service.

pub(super) mod documents;
pub(super) mod download;
pub(super) mod events;
pub(super) mod package_groups;
pub(super) mod packages;
pub(super) mod people;
pub(super) mod signatures;

use crate::http_client::ServiceId;
use crate::messages::{Code, Fault};
use crate::mig24::Mig24Client;

use super::service_answer::told;
use crate::endpoint::shared::Shared;

/// The client of a profile.
fn client(shared: &Shared, profile: &str) -> Result<Mig24Client, Fault> {
    shared.mig24.client(profile)
}

/// An id in the path; what is none names nothing.
fn id(text: &str, item: &str) -> Result<ServiceId, Fault> {
    text.parse().map_err(|_| {
        Fault::new(Code::NoSuchItem)
            .arg("item", item)
            .detail("this is no id of the service")
    })
}
