//! The contents to sign of many documents: generated in bulk, renewed when the service has thrown some away.

use futures_util::FutureExt;
use futures_util::future::{pending, select_all};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::item::{Item, Part, each, going_on, in_chunks};
use crate::http_client::ServiceId;
use crate::idocs::IdocsClient;
use crate::idocs::bulk::BulkKind;
use crate::idocs::bulk_steps::{BulkSteps, Ended};
use crate::idocs::content::Content;
use crate::idocs::model::Direction;
use crate::idocs::signatures::{GenerateContent, SignContent};
use crate::jobs::{JobContext, JobEnd, StepError};
use crate::messages::{Code, Fault};

/// The current contents of a run.
pub(super) struct BulkContents<'a> {
    client: &'a IdocsClient,
    context: &'a JobContext,
    employee: &'a ServiceId,
    chunks: Vec<Chunk>,
    /// By the document's place.
    current: Vec<Option<Content>>,
}

/// Documents whose contents are generated in one call.
struct Chunk {
    direction: Direction,
    members: Vec<usize>,
    generated: u32,
}

/// Operations that generate contents, and for whom.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Generating {
    members: Vec<usize>,
    operations: Vec<ServiceId>,
}

impl<'a> BulkContents<'a> {
    pub(super) fn new(
        client: &'a IdocsClient,
        context: &'a JobContext,
        employee: &'a ServiceId,
        items: &[Item],
    ) -> Self {
        let chunk = |(direction, members)| Chunk {
            direction,
            members,
            generated: 0,
        };
        Self {
            client,
            context,
            employee,
            chunks: in_chunks(items, &going_on(items)).into_iter().map(chunk).collect(),
            current: items.iter().map(|_| None).collect(),
        }
    }

    /// The content of the document at that place.
    pub(super) fn of(&self, place: usize) -> Option<&Content> {
        self.current[place].as_ref()
    }

    /// Sees to it that every document that goes on has a content which the service still has. A document whose content cannot be had
    /// goes no further.
    pub(super) async fn renew(&mut self, items: &mut [Item]) -> Result<(), JobEnd> {
        for k in 0..self.chunks.len() {
            loop {
                let wanted = self.wanted(k, items);
                if wanted.is_empty() {
                    break;
                }
                self.generate(k, wanted, items).await?;
            }
        }
        Ok(())
    }

    /// Waits until one of the contents is thrown away.
    pub(super) async fn disposed(&self, items: &[Item]) {
        let waits: Vec<_> = going_on(items)
            .into_iter()
            .filter_map(|n| self.current[n].as_ref())
            .map(|content| content.disposed().boxed())
            .collect();
        if waits.is_empty() {
            return pending().await;
        }
        select_all(waits).await;
    }

    /// Names what is there to sign by its bytes: the same after a restart, another when any content changes.
    pub(super) fn version(&self, items: &[Item]) -> String {
        let mut hasher = Sha256::new();
        for n in going_on(items) {
            if let Some(content) = &self.current[n] {
                hasher.update(format!("{n}:{}\n", content.blob));
            }
        }
        hex::encode(&hasher.finalize()[..6])
    }

    fn wanted(&self, k: usize, items: &[Item]) -> Vec<usize> {
        let is_wanted =
            |n: &usize| items[*n].failure.is_none() && self.current[*n].as_ref().is_none_or(Content::is_disposed);
        self.chunks[k].members.iter().copied().filter(is_wanted).collect()
    }

    async fn generate(&mut self, k: usize, wanted: Vec<usize>, items: &mut [Item]) -> Result<(), JobEnd> {
        self.chunks[k].generated += 1;
        let (direction, round) = (self.chunks[k].direction, self.chunks[k].generated);
        let kind = BulkKind::GenerateContents(direction);
        let steps = BulkSteps {
            client: self.client,
            context: self.context,
        };
        let documents: Vec<_> = wanted.iter().filter_map(|n| items[*n].document.clone()).collect();
        let requests: Vec<_> = documents
            .iter()
            .map(|document_id| GenerateContent {
                document_id,
                signed_by_employee_id: self.employee,
            })
            .collect();
        // Two steps: what was begun is waited for again after a restart, not begun again.
        let begin = || async {
            let operations = steps.begin(kind, &requests).await?;
            Ok(Generating {
                members: wanted.clone(),
                operations,
            })
        };
        let generating: Generating = self.context.safe_step(&format!("generate.{k}.{round}"), begin).await?;
        let fetch = || async {
            let ends = steps.ends::<SignContent>(kind, &generating.operations).await?;
            let fetches: Vec<_> = ends.into_iter().map(|end| self.fetch(end)).collect();
            each(fetches).await
        };
        let fetched: Vec<Part<Content>> = self.context.safe_step(&format!("content.{k}.{round}"), fetch).await?;
        for (n, part) in generating.members.into_iter().zip(fetched) {
            match part {
                Part::Done(content) => self.current[n] = Some(content),
                Part::Failed(fault) => items[n].failure = Some(fault),
            }
        }
        Ok(())
    }

    async fn fetch(&self, end: Ended<SignContent>) -> Result<Content, StepError> {
        match end {
            Ended::Done(Some(generated)) => Content::fetch(self.client, self.context, generated).await,
            Ended::Done(None) => Err(StepError::Refused(Fault::new(Code::TicketMissing))),
            Ended::Refused(fault) | Ended::Unclear(fault) => Err(StepError::Refused(fault)),
        }
    }
}
