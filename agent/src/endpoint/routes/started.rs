use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use http::request::Parts;
use serde::Serialize;
use serde_json::{Value, json};

use super::jobs;
use crate::consent::CallerView;
use crate::endpoint::caller::Caller;
use crate::endpoint::idempotency::IdempotencyKey;
use crate::endpoint::language::CallerLanguage;
use crate::endpoint::preference::Preference;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::endpoint::submission::Submission;
use crate::jobs::NewJob;
use crate::messages::Fault;

/// What the headers of a request that starts a job say.
pub(super) struct Starting {
    caller: Caller,
    language: CallerLanguage,
    preference: Preference,
    key: IdempotencyKey,
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
}

impl Starting {
    /// Reads the request's documents into the store, starts the job that `ask` makes of it and answers 202 with the job.
    ///
    /// # Errors
    /// What `ask` returns, and those of reading a [`Submission`] and of an idempotency key.
    pub(super) async fn job(
        self,
        shared: &Shared,
        request: Request,
        ask: impl FnOnce(&Submission, CallerView) -> Result<Asked, Fault>,
    ) -> Result<Response, Problem> {
        let submission = Submission::read(shared, request).await?;
        let Asked { identity, job } = ask(&submission, self.caller.view().await)?;
        let id = self.key.start(shared, &self.caller, &identity, job).await?;
        // The files stay in the store until the job refers to them.
        drop(submission);
        jobs::started(shared, id, self.preference, self.language.0).await
    }
}

impl FromRequestParts<Arc<Shared>> for Starting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        Ok(Self {
            caller: Caller::from_request_parts(parts, shared).await?,
            language: CallerLanguage::from_request_parts(parts, shared).await?,
            preference: Preference::from_request_parts(parts, shared).await?,
            key: IdempotencyKey::from_request_parts(parts, shared).await?,
        })
    }
}
