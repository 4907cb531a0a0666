use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::jobs;
use crate::consent::CallerView;
use crate::endpoint::body::parse_json;
use crate::endpoint::caller::Caller;
use crate::endpoint::extract::InPath;
use crate::endpoint::idempotency::IdempotencyKey;
use crate::endpoint::language::CallerLanguage;
use crate::endpoint::preference::Preference;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::endpoint::submission::Submission;
use crate::jobs::NewJob;
use crate::messages::Fault;

/// A profile of a service, as the path names it.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what the path holds")]
pub(super) struct ProfileInPath {
    /// The profile of the configuration
    profile: String,
}

/// What the headers of a request that starts a job may say.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes headers that have readers of their own")]
pub(super) struct StartHeaders {
    /// `wait=N`: answer when it is settled, after N seconds at the latest
    #[param(rename = "Prefer")]
    prefer: Option<String>,
    /// The same request under the same key is made once, within 24 hours
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 200,
        pattern = "^[!-~]([ -~]*[!-~])?$"
    )]
    idempotency_key: Option<String>,
}

/// A request that starts a job at a profile of a service, without its body.
pub(super) struct Starting {
    place: Place,
    caller: Caller,
    language: CallerLanguage,
    preference: Preference,
    key: IdempotencyKey,
}

/// Where a job is started.
pub(super) struct Place {
    /// The agent.
    pub(super) shared: Arc<Shared>,
    /// The profile's name.
    pub(super) profile: String,
}

/// A job that a request asks for.
pub(super) struct Asked {
    /// What makes the request: another one under the same idempotency key is refused.
    identity: Value,
    job: NewJob,
}

impl Asked {
    pub(super) fn new(identity: &impl Serialize, job: NewJob) -> Self {
        Self {
            identity: json!(identity),
            job,
        }
    }

    /// What `make` makes of the JSON of a request, which is all that it is known by.
    ///
    /// # Errors
    /// What `make` returns, and those of reading JSON.
    pub(super) fn by_request<T: DeserializeOwned + Serialize>(
        submission: &Submission,
        make: impl FnOnce(T) -> Result<NewJob, Fault>,
    ) -> Result<Self, Fault> {
        let request: T = parse_json(submission.request()?)?;
        let identity = json!(request);
        Ok(Self {
            identity,
            job: make(request)?,
        })
    }
}

impl Starting {
    /// Reads the request's documents into the store, starts the job that `ask` makes of it and answers 202 with the job.
    ///
    /// # Errors
    /// What `ask` returns, and those of reading a [`Submission`] and of an idempotency key.
    pub(super) async fn job(
        self,
        request: Request,
        ask: impl FnOnce(&Place, &Submission, CallerView) -> Result<Asked, Fault>,
    ) -> Result<Response, Problem> {
        let shared = &self.place.shared;
        let submission = Submission::read(shared, request).await?;
        let Asked { identity, job } = ask(&self.place, &submission, self.caller.view().await)?;
        let id = self.key.start(shared, &self.caller, &identity, job).await?;
        // The files stay in the store until the job refers to them.
        drop(submission);
        jobs::started(shared, id, self.preference, self.language.0).await
    }
}

impl FromRequestParts<Arc<Shared>> for Starting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let InPath(profile) = InPath::from_request_parts(parts, shared).await?;
        Ok(Self {
            place: Place {
                shared: Arc::clone(shared),
                profile,
            },
            caller: Caller::from_request_parts(parts, shared).await?,
            language: CallerLanguage::from_request_parts(parts, shared).await?,
            preference: Preference::from_request_parts(parts, shared).await?,
            key: IdempotencyKey::from_request_parts(parts, shared).await?,
        })
    }
}
