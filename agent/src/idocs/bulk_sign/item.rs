use std::future::Future;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::certificate::Selector;
use crate::consent::CallerView;
use crate::http_client::ServiceId;
use crate::idocs::bulk_steps::{CHUNK, PARALLEL};
use crate::idocs::facts::Facts;
use crate::idocs::input::{DocumentReference, DocumentToSend, InboxFilter, SpooledFile};
use crate::idocs::model::Direction;
use crate::jobs::StepError;
use crate::messages::{Code, Fault};

/// The stored input.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::idocs) struct Input {
    pub(in crate::idocs) caller: CallerView,
    pub(in crate::idocs) employee_id: Option<ServiceId>,
    pub(in crate::idocs) certificate: Option<Selector>,
    pub(in crate::idocs) subject: Subject,
}

/// What is signed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::idocs) enum Subject {
    /// Documents that are there.
    Documents(Vec<DocumentReference>),
    /// What waits in the inbox.
    Inbox(InboxFilter),
    /// Files from which documents are made.
    Files(Vec<(DocumentToSend, SpooledFile)>),
}

/// One document of a run.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) direction: Direction,
    /// `None` until it is made.
    pub(super) document: Option<ServiceId>,
    pub(super) facts: Facts,
    /// Why it goes no further.
    pub(super) failure: Option<Fault>,
    /// Whether it may be signed although there is a failure.
    pub(super) unclear: bool,
}

impl Item {
    pub(super) fn new(direction: Direction, document: Option<ServiceId>, facts: Facts) -> Self {
        Self {
            direction,
            document,
            facts,
            failure: None,
            unclear: false,
        }
    }

    /// What is told of one that goes no further.
    pub(super) fn failed_state(&self) -> &'static str {
        if self.unclear { "uncertain" } else { "failed" }
    }

    /// What it is called in the question.
    pub(super) fn label(&self) -> String {
        self.facts.label().unwrap_or_else(|| {
            let id = self.document.as_ref().map_or("document", ServiceId::as_str);
            format!("{id}.zip")
        })
    }
}

/// The places of the documents that are still to be signed.
pub(super) fn going_on(items: &[Item]) -> Vec<usize> {
    (0..items.len()).filter(|n| items[*n].failure.is_none()).collect()
}

/// The same in parts that one bulk call takes, each of one direction.
pub(super) fn in_chunks(items: &[Item], places: &[usize]) -> Vec<(Direction, Vec<usize>)> {
    let mut chunks = Vec::new();
    for direction in [Direction::Outgoing, Direction::Incoming] {
        let of_it: Vec<_> = places
            .iter()
            .copied()
            .filter(|n| items[*n].direction == direction)
            .collect();
        chunks.extend(of_it.chunks(CHUNK).map(|chunk| (direction, chunk.to_vec())));
    }
    chunks
}

/// What became of one document in a step.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part<T> {
    Done(T),
    Failed(Fault),
}

/// Carries out so many at once; a refusal concerns only its own document, any other failure all.
pub(super) async fn each<T, F>(futures: Vec<F>) -> Result<Vec<Part<T>>, StepError>
where
    F: Future<Output = Result<T, StepError>>,
{
    stream::iter(futures).buffered(PARALLEL).map(part).try_collect().await
}

/// What one document's own result is; a failure that concerns all goes on as an error.
pub(super) fn part<T>(result: Result<T, StepError>) -> Result<Part<T>, StepError> {
    match result {
        Ok(value) => Ok(Part::Done(value)),
        Err(StepError::Refused(fault)) if !matches!(fault.code(), Code::DiskFull | Code::StoreFailed) => {
            Ok(Part::Failed(fault))
        }
        Err(error) => Err(error),
    }
}
