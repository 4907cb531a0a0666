use std::time::Duration;

use axum::extract::FromRequestParts;
use http::HeaderName;
use http::request::Parts;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::caller::Caller;
use super::problem::{Problem, rate_limited};
use super::shared::Shared;
use crate::jobs::{JobId, NewJob};
use crate::messages::{Code, Fault};
use crate::store::{Transaction, idempotency};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key, in bytes.
const LONGEST_KEY: usize = 200;
/// So many questions of one application may be open, and how long to wait when they are.
const MOST_WAITING: usize = 200;
const WAIT_MORE: Duration = Duration::from_secs(30);

/// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the same request under the same key starts one job.
#[derive(Clone, Debug)]
pub(super) struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    /// Starts the job, or gives the one that the same request started before. `request` is what makes the request: the same
    /// key with another request is refused.
    ///
    /// # Errors
    /// `idempotency_mismatch`, `rate_limited` when the application has as many requests before the person as anybody may,
    /// `store_failed`, `disk_full`.
    pub(super) async fn start(
        self,
        shared: &Shared,
        caller: &Caller,
        request: &impl Serialize,
        job: NewJob,
    ) -> Result<JobId, Fault> {
        let what = serde_json::to_vec(&(job.kind, &job.profile, request)).map_err(Fault::internal)?;
        let begin = |reserve| async move {
            check_waiting(shared, caller)?;
            shared.engine.start(job, reserve).await
        };
        self.once(shared, caller, &what, begin).await
    }

    /// Starts the job that removes what `left` left at its service, or gives the one that the same request started before.
    ///
    /// # Errors
    /// `idempotency_mismatch`, `no_such_item`, `not_removable`, `store_failed`, `disk_full`.
    pub(super) async fn start_removal(self, shared: &Shared, caller: &Caller, left: JobId) -> Result<JobId, Fault> {
        let what = serde_json::to_vec(&("removal", left)).map_err(Fault::internal)?;
        let begin = |reserve| shared.engine.remove_left(left, reserve);
        self.once(shared, caller, &what, begin).await
    }

    /// `begin` starts a job with what it is given in the same transaction, unless the key was used for `what` before.
    async fn once<F>(
        self,
        shared: &Shared,
        caller: &Caller,
        what: &[u8],
        begin: impl FnOnce(Reserve) -> F,
    ) -> Result<JobId, Fault>
    where
        F: Future<Output = Result<JobId, Fault>>,
    {
        let Some(key) = self.0 else {
            return begin(Box::new(|_, _| Ok(()))).await;
        };
        let application = caller.application();
        let fingerprint: [u8; 32] = Sha256::digest(what).into();
        if let Some(job) = used(shared, application, &key, fingerprint).await? {
            return Ok(job);
        }
        let reserved = key.clone();
        let reserve: Reserve = Box::new(move |transaction, job| {
            idempotency::reserve(transaction, application, &reserved, &fingerprint, Some(job))
        });
        match begin(reserve).await {
            // The same request came twice at once: the other one has the job.
            Err(fault) if fault.code() == Code::IdempotencyInProgress => {
                used(shared, application, &key, fingerprint).await?.ok_or(fault)
            }
            started => started,
        }
    }
}

/// Notes a key beside the job that is started under it.
type Reserve = Box<dyn FnOnce(&Transaction<'_>, JobId) -> Result<(), Fault> + Send>;

/// Questions that are held back wait without an end; somebody has to say so to a program that goes on asking.
fn check_waiting(shared: &Shared, caller: &Caller) -> Result<(), Fault> {
    match caller.application() {
        Some(application) if shared.desk.open_questions(application) >= MOST_WAITING => {
            Err(rate_limited(WAIT_MORE).detail("the person has not answered what this program asked before"))
        }
        _ => Ok(()),
    }
}

async fn used(
    shared: &Shared,
    application: Option<uuid::Uuid>,
    key: &str,
    fingerprint: [u8; 32],
) -> Result<Option<JobId>, Fault> {
    let key = key.to_owned();
    let used = shared
        .store
        .read(move |connection| idempotency::find(connection, application, &key, &fingerprint))
        .await?;
    Ok(used.and_then(|used| used.job))
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        let wrong = |reason: &str| Problem(Fault::invalid_field(IDEMPOTENCY_KEY.as_str(), reason));
        if values.next().is_some() {
            return Err(wrong("comes more than once"));
        }
        match value.to_str() {
            Ok(key)
                if (1..=LONGEST_KEY).contains(&key.len())
                    && key.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) =>
            {
                Ok(Self(Some(key.to_owned())))
            }
            _ => Err(wrong("has 1 to 200 visible ASCII characters")),
        }
    }
}
