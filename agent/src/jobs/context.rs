use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{JobEnd, JobId, Stage};
use crate::messages::Fault;

/// How an effect failed; decides whether it may be repeated.
#[derive(Clone, Debug)]
pub enum StepError {
    /// Definite: the other side said no. Never repeated.
    Refused(Fault),
    /// It certainly did not reach the other side (DNS, connect, TLS). Repeated with back-off.
    NotSent(Fault),
    /// It may or may not have happened (timeout or reset after the first byte, 5xx, 408, 429). Safe steps are repeated with
    /// back-off; guarded steps are probed first.
    Ambiguous(Fault),
}

/// What a probe found out about an effect that may have happened.
#[derive(Clone, Debug)]
pub enum Probe<T> {
    /// It happened, and this is its result.
    Done(T),
    /// It did not happen; it may be repeated.
    NotDone,
    /// It cannot be known; a person decides.
    Unknown(Fault),
}

/// What a scenario sees of its job.
#[derive(Clone, Debug)]
pub struct JobContext {}

impl JobContext {
    /// The job's id.
    pub fn id(&self) -> JobId {
        Uuid::nil()
    }

    /// The service profile's name.
    pub fn profile(&self) -> Option<&str> {
        None
    }

    /// The application that asked.
    pub fn application(&self) -> Option<Uuid> {
        None
    }

    /// The scenario's input.
    ///
    /// # Errors
    /// `internal` when the stored input is not a `T`.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        Err(Fault::internal("not built"))
    }

    /// Says what the job waits for; shown to the caller and sent as an event.
    pub fn set_stage(&self, _stage: Stage) {}

    /// A step whose effect may be repeated any number of times.
    ///
    /// # Errors
    /// The fault that closed it; `Stopped` when the attempts are used up.
    pub async fn safe_step<T, E, F>(&self, _name: &str, _effect: E) -> Result<T, JobEnd>
    where
        T: Serialize + DeserializeOwned,
        E: Fn() -> F,
        F: Future<Output = Result<T, StepError>>,
    {
        Err(JobEnd::Closed(Fault::internal("not built")))
    }

    /// A step whose effect must happen once: after an ambiguous outcome or a crash `probe` is asked first.
    ///
    /// # Errors
    /// The fault that closed it; `Stopped` when the probe cannot tell.
    pub async fn guarded_step<T, E, F, P, Q>(&self, _name: &str, _effect: E, _probe: P) -> Result<T, JobEnd>
    where
        T: Serialize + DeserializeOwned,
        E: Fn() -> F,
        F: Future<Output = Result<T, StepError>>,
        P: Fn() -> Q,
        Q: Future<Output = Result<Probe<T>, StepError>>,
    {
        Err(JobEnd::Closed(Fault::internal("not built")))
    }
}
