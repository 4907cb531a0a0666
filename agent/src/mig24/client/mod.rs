//! Every method of the EDO.MIG24 API, one file a resource. Nothing here repeats anything.

mod documents;
mod operators;
mod package_groups;
mod packages;
mod people;
mod signing;

use http::Method;
use serde::Serialize;

pub use documents::DocumentForm;
pub use people::InvitationDirection;

use crate::config::{Mig24Profile, Mig24Shapes, Verb};
use crate::http_client::{Answer, Bearer, Download, DownloadLimits, Failure, JsonLabel, ServiceClient};
use crate::messages::Fault;

/// The largest file that is fetched, in bytes.
const LARGEST_FILE: u64 = 4 << 30;

/// The client of one MIG24 profile. It repeats nothing by itself.
#[derive(Clone, Debug)]
pub struct Mig24Client {
    http: ServiceClient,
    shapes: Mig24Shapes,
}

impl Mig24Client {
    /// A client after the profile with that name.
    ///
    /// # Errors
    /// `config_invalid`.
    pub fn new(name: &str, profile: &Mig24Profile, bearer: Bearer) -> Result<Self, Fault> {
        Ok(Self {
            http: ServiceClient::new(name, &profile.service, bearer)?,
            shapes: profile.shapes.clone(),
        })
    }

    /// The host it talks to, for people.
    pub fn host(&self) -> String {
        self.http.host()
    }

    async fn read(&self, path: &str) -> Result<Answer, Failure> {
        self.http.call(Method::GET, path)?.send().await
    }

    async fn write(&self, verb: Verb, path: &str, body: &(impl Serialize + Sync)) -> Result<Answer, Failure> {
        let call = self.http.call(method(verb), path)?;
        call.json(JsonLabel::Json, body)?.send().await
    }

    async fn open(&self, path: &str) -> Result<Download, Failure> {
        let limits = DownloadLimits {
            hosts: &[],
            max_bytes: LARGEST_FILE,
        };
        self.http.download(&self.http.path(path)?, limits).await
    }
}

/// Takes a 2xx with a few words or nothing as success. A page with status 200 comes from something in between, not from the service.
fn accepted(answer: &Answer) -> Result<(), Failure> {
    if answer.is_text() {
        Ok(())
    } else {
        answer.json().map(drop)
    }
}

fn method(verb: Verb) -> Method {
    match verb {
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
    }
}
