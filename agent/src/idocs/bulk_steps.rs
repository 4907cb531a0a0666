//! Bulk operations as steps of a job: begun once, waited for as long as they take, told one by one.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::time::sleep;

use super::bulk::{BulkKind, Operation, Progress};
use super::client::IdocsClient;
use crate::http_client::{Failure, ServiceId};
use crate::jobs::{JobContext, JobEnd, Probe, Stage, StepError};
use crate::messages::{Code, Fault};

/// How many documents one bulk call, and so one step, takes: what is lost at once, and how large a step's result grows.
pub(super) const CHUNK: usize = 100;

/// How many plain calls are under way at once where the service has no bulk call.
pub(super) const PARALLEL: usize = 4;

/// The pause between two looks at operations: at first, growing to.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How many looks in a row may fail before the step counts a failure.
const FAILED_LOOKS: u32 = 5;

/// How far the clocks of the service and this machine may be apart.
const CLOCKS: time::Duration = time::Duration::minutes(5);

/// What was begun for one item.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Begun<R> {
    /// An operation, to be waited for.
    Operation(ServiceId),
    /// Nothing: it was done before, and this came of it.
    Found(R),
}

/// What asking about one item says, after an answer was lost.
#[derive(Clone, Debug)]
pub(super) enum Look<R> {
    Done(R),
    NotDone,
    Unclear(Fault),
}

/// How one operation ended.
#[derive(Clone, Debug)]
pub(super) enum Ended<D> {
    Done(Option<D>),
    /// The service refused it.
    Refused(Fault),
    /// The service does not say whether it had its effect.
    Unclear(Fault),
}

/// The bulk operations of one job.
#[derive(Clone, Copy, Debug)]
pub(super) struct BulkSteps<'a> {
    pub(super) client: &'a IdocsClient,
    pub(super) context: &'a JobContext,
}

impl BulkSteps<'_> {
    /// Begins operations that may be repeated freely; their ids in the items' order.
    pub(super) async fn begin<T: Serialize + Sync>(
        &self,
        kind: BulkKind,
        items: &[T],
    ) -> Result<Vec<ServiceId>, StepError> {
        Ok(ids(self.client.begin_bulk(kind, items).await?, items.len())?)
    }

    /// Begins operations whose effect must happen once. After a lost answer it waits until nothing that was begun since the job
    /// came into being is open any more, then `look`s at each item, and begins again only those that were not done.
    pub(super) async fn begin_once<T, R, L, F>(
        &self,
        step: &str,
        kind: BulkKind,
        items: &[T],
        look: L,
    ) -> Result<Vec<Begun<R>>, JobEnd>
    where
        T: Serialize + Sync,
        R: Clone + Serialize + DeserializeOwned,
        L: Fn(usize) -> F,
        F: Future<Output = Result<Look<R>, StepError>>,
    {
        let found: Mutex<HashMap<usize, R>> = Mutex::default();
        let known = || found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let effect = || async {
            let known = known();
            let wanted: Vec<_> = (0..items.len()).filter(|n| !known.contains_key(n)).collect();
            let operations = self.client.begin_bulk(kind, wanted.iter().map(|n| &items[*n])).await?;
            let mut begun = ids(operations, wanted.len())?.into_iter();
            let all = (0..items.len()).map(|n| match known.get(&n) {
                Some(found) => Some(Begun::Found(found.clone())),
                None => begun.next().map(Begun::Operation),
            });
            all.collect::<Option<Vec<_>>>()
                .ok_or_else(|| StepError::Refused(Fault::internal("an operation has no id")))
        };
        let probe = || async {
            self.quiet().await?;
            let mut done = Vec::with_capacity(items.len());
            for n in 0..items.len() {
                match look(n).await? {
                    Look::Done(result) => {
                        found
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .insert(n, result.clone());
                        done.push(Begun::Found(result));
                    }
                    Look::NotDone => {}
                    Look::Unclear(fault) => return Ok(Probe::Unknown(fault)),
                }
            }
            Ok(if done.len() == items.len() {
                Probe::Done(done)
            } else {
                Probe::NotDone
            })
        };
        self.context.guarded_step(step, effect, probe).await
    }

    /// Waits until every operation is completed; how each ended, in their order. Safe to begin again at any time.
    pub(super) async fn ends<D: DeserializeOwned>(
        &self,
        kind: BulkKind,
        operations: &[ServiceId],
    ) -> Result<Vec<Ended<D>>, StepError> {
        let mut ended: Vec<Option<Ended<D>>> = operations.iter().map(|_| None).collect();
        let places: HashMap<_, _> = operations.iter().enumerate().map(|(n, id)| (id, n)).collect();
        let (mut pause, mut failed) = (FIRST_PAUSE, 0);
        loop {
            let open: Vec<_> = operations
                .iter()
                .zip(&ended)
                .filter(|(_, ended)| ended.is_none())
                .map(|(id, _)| id.clone())
                .collect();
            if open.is_empty() {
                return Ok(ended.into_iter().flatten().collect());
            }
            match self.client.bulk_status::<D>(kind, &open).await {
                Ok(looked) => {
                    failed = 0;
                    for operation in looked {
                        let place = operation.operation_id.as_ref().and_then(|id| places.get(id));
                        if let (Some(place), Some(end)) = (place, end_of(operation)) {
                            ended[*place] = Some(end);
                        }
                    }
                }
                Err(failure) => {
                    failed += 1;
                    if failed == FAILED_LOOKS {
                        return Err(match failure.into() {
                            // What was begun goes on, whatever the companion says.
                            StepError::Refused(fault) => StepError::Ambiguous(fault),
                            error => error,
                        });
                    }
                }
            }
            if ended.iter().any(Option::is_none) {
                self.pause(&mut pause).await;
            }
        }
    }

    /// Waits until no operation is open that was begun since this job was: one of them may be ours.
    pub(super) async fn quiet(&self) -> Result<(), StepError> {
        let since = self.context.created_at() - CLOCKS;
        let mut pause = FIRST_PAUSE;
        loop {
            let operations = self.client.all_operations().await?;
            let is_ours = |begun: Option<OffsetDateTime>| begun.is_none_or(|begun| begun >= since);
            let is_open =
                |operation: &Operation<_>| operation.progress() == Progress::Open && is_ours(operation.created_on.0);
            if !operations.iter().any(is_open) {
                self.context.set_stage(Stage::Working);
                return Ok(());
            }
            self.pause(&mut pause).await;
        }
    }

    /// Waits until the service is asked again, and says so; the next pause is longer.
    async fn pause(&self, pause: &mut Duration) {
        self.context.set_stage(Stage::WaitingForService {
            until: OffsetDateTime::now_utc() + *pause,
        });
        sleep(*pause).await;
        *pause = (*pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

/// The operations' ids. The service names no item in its answer: only their order and number tell which is which.
fn ids<D>(operations: Vec<Operation<D>>, expected: usize) -> Result<Vec<ServiceId>, Failure> {
    let ids: Vec<_> = operations
        .into_iter()
        .filter_map(|operation| operation.operation_id)
        .collect();
    if ids.len() == expected {
        return Ok(ids);
    }
    Err(Failure::Ambiguous(Fault::new(Code::ServiceUnreadable).detail(format!(
        "{expected} operations were begun, and the answer names {}",
        ids.len()
    ))))
}

fn end_of<D>(operation: Operation<D>) -> Option<Ended<D>> {
    let said = |code: Code| {
        let reason = operation.reasons();
        let fault = match operation.error_code() {
            Some(service_code) => Fault::new(code).arg("service_code", service_code),
            None => Fault::new(code),
        };
        match reason {
            Some(reason) => fault.arg("reason", &reason).detail(reason),
            None => fault.arg("reason", operation.operation_status.as_deref().unwrap_or_default()),
        }
    };
    Some(match operation.progress() {
        Progress::Open => return None,
        Progress::Done => Ended::Done(operation.data),
        Progress::Failed if operation.error_code() == Some("BILLING_ERROR") => {
            Ended::Refused(said(Code::ServiceBilling))
        }
        Progress::Failed => Ended::Refused(said(Code::ServiceRefused)),
        Progress::Broken | Progress::Unknown => Ended::Unclear(said(Code::ServiceUncertain)),
    })
}
