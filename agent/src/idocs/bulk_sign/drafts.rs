//! Documents made of files, in bulk: uploads, drafts, quick routes. Each draft and each route is made once, whatever gets lost.

use std::collections::HashSet;

use super::item::{Item, Part, each, going_on, in_chunks};
use super::scenario::Run;
use crate::http_client::ServiceId;
use crate::idocs::bulk::BulkKind;
use crate::idocs::bulk_steps::{Begun, Ended, Look};
use crate::idocs::documents::DocumentView;
use crate::idocs::draft::{new_document, route_of, upload};
use crate::idocs::input::{DocumentToSend, SpooledFile};
use crate::idocs::model::Direction;
use crate::idocs::namesakes;
use crate::jobs::{JobEnd, StepError};
use crate::messages::{Code, Fault};

impl Run<'_> {
    /// Makes a document of each file and gives it its route.
    pub(super) async fn make_documents(
        &self,
        employee: &ServiceId,
        files: &[(DocumentToSend, SpooledFile)],
        items: &mut [Item],
    ) -> Result<(), JobEnd> {
        let uploaded = self.upload(files, items).await?;
        // Documents of these numbers and names that were there before: none of them is one being made.
        let before: HashSet<ServiceId> = self
            .context
            .safe_step("documents_before", || async {
                let metadata: Vec<_> = files.iter().map(|(send, _)| send.metadata()).collect();
                let found = namesakes::find(self.client, &metadata).await?;
                Ok(found.into_iter().map(|document| document.id).collect())
            })
            .await?;
        for (k, (_, chunk)) in in_chunks(items, &going_on(items)).into_iter().enumerate() {
            self.create(k, &chunk, employee, files, &uploaded, &before, items)
                .await?;
        }
        for (k, (_, chunk)) in in_chunks(items, &going_on(items)).into_iter().enumerate() {
            self.route(k, &chunk, employee, files, items).await?;
        }
        Ok(())
    }

    async fn upload(
        &self,
        files: &[(DocumentToSend, SpooledFile)],
        items: &mut [Item],
    ) -> Result<Vec<Vec<ServiceId>>, JobEnd> {
        let mut uploaded = vec![Vec::new(); files.len()];
        for (k, (_, chunk)) in in_chunks(items, &going_on(items)).into_iter().enumerate() {
            let send = || async {
                let uploads: Vec<_> = chunk
                    .iter()
                    .map(|n| upload(self.client, self.context, &files[*n].1))
                    .collect();
                each(uploads).await
            };
            let parts: Vec<Part<ServiceId>> = self.context.safe_step(&format!("upload.{k}"), send).await?;
            for (n, part) in chunk.into_iter().zip(parts) {
                match part {
                    Part::Done(id) => uploaded[n].push(id),
                    Part::Failed(fault) => items[n].failure = Some(fault),
                }
            }
        }
        Ok(uploaded)
    }

    #[expect(clippy::too_many_arguments, reason = "what one chunk is made of")]
    async fn create(
        &self,
        k: usize,
        chunk: &[usize],
        employee: &ServiceId,
        files: &[(DocumentToSend, SpooledFile)],
        uploaded: &[Vec<ServiceId>],
        before: &HashSet<ServiceId>,
        items: &mut [Item],
    ) -> Result<(), JobEnd> {
        let kind = BulkKind::CreateDocuments;
        let requests: Vec<_> = chunk
            .iter()
            .map(|n| new_document(&files[*n].0.metadata(), Some(employee), &uploaded[*n]))
            .collect();
        let look = |at: usize| async move { Ok(found(self.find_made(&files[chunk[at]].0, before).await?)) };
        let begun: Vec<Begun<ServiceId>> = self
            .steps
            .begin_once(&format!("document.{k}"), kind, &requests, look)
            .await?;
        let operations = operations(&begun);
        self.note_left(items, &operations);
        let wait = || async {
            let mut ends = self.steps.ends::<DocumentView>(kind, &operations).await?.into_iter();
            let mut made = Vec::with_capacity(begun.len());
            for (n, begun) in chunk.iter().zip(&begun) {
                made.push(match begun {
                    Begun::Found(id) => Part::Done(id.clone()),
                    Begun::Operation(_) => match ends.next() {
                        Some(Ended::Done(Some(document))) => Part::Done(document.id),
                        Some(Ended::Refused(fault)) => Part::Failed(fault),
                        Some(Ended::Unclear(fault)) => self.made(&files[*n].0, before, fault).await?,
                        Some(Ended::Done(None)) | None => {
                            let fault = Fault::new(Code::ServiceUncertain)
                                .detail("the service says that the document was made, and does not name it");
                            self.made(&files[*n].0, before, fault).await?
                        }
                    },
                });
            }
            Ok(made)
        };
        let made: Vec<Part<ServiceId>> = self.context.safe_step(&format!("created.{k}"), wait).await?;
        for (n, made) in chunk.iter().zip(made) {
            match made {
                Part::Done(id) => items[*n].document = Some(id),
                Part::Failed(fault) => items[*n].failure = Some(fault),
            }
        }
        self.note_left(items, &[]);
        Ok(())
    }

    /// The document that was made, when the operation does not say; `fault` when it cannot be found.
    async fn made(
        &self,
        send: &DocumentToSend,
        before: &HashSet<ServiceId>,
        fault: Fault,
    ) -> Result<Part<ServiceId>, StepError> {
        Ok(match found(self.find_made(send, before).await?) {
            Look::Done(id) => Part::Done(id),
            Look::NotDone | Look::Unclear(_) => Part::Failed(fault),
        })
    }

    async fn find_made(&self, send: &DocumentToSend, before: &HashSet<ServiceId>) -> Result<Vec<ServiceId>, StepError> {
        let metadata = send.metadata();
        let namesakes = namesakes::find(self.client, &[metadata]).await?;
        let new = namesakes
            .into_iter()
            .filter(|document| metadata.is_of(document) && !before.contains(&document.id));
        Ok(new.map(|document| document.id).collect())
    }

    async fn route(
        &self,
        k: usize,
        chunk: &[usize],
        employee: &ServiceId,
        files: &[(DocumentToSend, SpooledFile)],
        items: &mut [Item],
    ) -> Result<(), JobEnd> {
        let kind = BulkKind::CreateQuickRoutes;
        let required_action_type = self.profile.config.required_action_type.as_deref();
        let documents: Vec<_> = chunk.iter().filter_map(|n| items[*n].document.clone()).collect();
        let requests: Vec<_> = chunk
            .iter()
            .zip(&documents)
            .map(|(n, document)| route_of(document, employee, &files[*n].0, required_action_type))
            .collect();
        let documents = &documents;
        let look = |at: usize| async move {
            Ok(if self.has_route(&documents[at]).await? {
                Look::Done(())
            } else {
                Look::NotDone
            })
        };
        let begun: Vec<Begun<()>> = self
            .steps
            .begin_once(&format!("route.{k}"), kind, &requests, look)
            .await?;
        let operations = operations(&begun);
        let wait = || async {
            let mut ends = self
                .steps
                .ends::<serde_json::Value>(kind, &operations)
                .await?
                .into_iter();
            let mut routed = Vec::with_capacity(begun.len());
            for (document, begun) in documents.iter().zip(&begun) {
                routed.push(match begun {
                    Begun::Found(()) => Part::Done(()),
                    Begun::Operation(_) => match ends.next() {
                        Some(Ended::Done(_)) | None => Part::Done(()),
                        Some(Ended::Refused(fault)) => Part::Failed(fault),
                        Some(Ended::Unclear(_)) if self.has_route(document).await? => Part::Done(()),
                        Some(Ended::Unclear(fault)) => Part::Failed(fault),
                    },
                });
            }
            Ok(routed)
        };
        let routed: Vec<Part<()>> = self.context.safe_step(&format!("routed.{k}"), wait).await?;
        for (n, routed) in chunk.iter().zip(routed) {
            if let Part::Failed(fault) = routed {
                items[*n].failure = Some(fault);
            }
        }
        Ok(())
    }

    async fn has_route(&self, document: &ServiceId) -> Result<bool, StepError> {
        let document = self.client.document(Direction::Outgoing, document).await?;
        Ok(!document.external_nodes().is_empty())
    }
}

/// Which new document is the one: the only one.
fn found(new: Vec<ServiceId>) -> Look<ServiceId> {
    let mut new = new.into_iter();
    match (new.next(), new.next()) {
        (Some(id), None) => Look::Done(id),
        (None, _) => Look::NotDone,
        (Some(_), Some(_)) => Look::Unclear(
            Fault::new(Code::ServiceUncertain)
                .detail("several new documents have this number and name; which one this job made cannot be told"),
        ),
    }
}

/// The operations to wait for.
pub(super) fn operations<R>(begun: &[Begun<R>]) -> Vec<ServiceId> {
    let operation = |begun: &Begun<R>| match begun {
        Begun::Operation(id) => Some(id.clone()),
        Begun::Found(_) => None,
    };
    begun.iter().filter_map(operation).collect()
}
