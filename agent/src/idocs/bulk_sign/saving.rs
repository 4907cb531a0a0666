//! Saving many signatures, each once: begun in bulk, and after a lost answer only where the document's status says that it is not signed.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::drafts::operations;
use super::item::{Item, in_chunks};
use super::scenario::Run;
use super::signing::{Ready, ToSave};
use crate::http_client::{Failure, ServiceId};
use crate::idocs::bulk::BulkKind;
use crate::idocs::bulk_steps::{Begun, Ended, Look, PARALLEL};
use crate::idocs::model::{BlobReference, Direction, DocumentStatus, Signedness};
use crate::idocs::quick_sign::LIKELY_CAUSES;
use crate::idocs::signatures::SaveSignature;
use crate::jobs::{JobEnd, StepError};
use crate::messages::{Code, Fault};

/// What became of one signature.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Saved {
    /// The document's place.
    pub(super) place: usize,
    /// The document's status afterwards, if the service says it.
    pub(super) status: Option<DocumentStatus>,
    pub(super) failure: Option<Fault>,
    /// Whether the document may be signed although the service reports a failure.
    pub(super) unclear: bool,
}

impl Run<'_> {
    /// Saves what is ready.
    pub(super) async fn save(
        &self,
        employee: &ServiceId,
        items: &mut [Item],
        ready: &Ready,
    ) -> Result<Vec<Saved>, JobEnd> {
        ready.restore(items);
        let places: Vec<_> = ready.saves.iter().map(|save| save.place).collect();
        let by_place: HashMap<_, _> = ready.saves.iter().map(|save| (save.place, save)).collect();
        let mut saved = Vec::with_capacity(places.len());
        for (k, (direction, chunk)) in in_chunks(items, &places).into_iter().enumerate() {
            let saves: Vec<_> = chunk.iter().filter_map(|place| by_place.get(place).copied()).collect();
            let chunk = match self.save_chunk(k, direction, employee, items, &saves).await {
                // The call was refused as a whole; what became of other documents stands.
                Err(JobEnd::Closed(fault)) => self.look_after_refusal(k, direction, items, &saves, &fault).await?,
                ended => ended?,
            };
            for saved in &chunk {
                let item = &mut items[saved.place];
                item.failure.clone_from(&saved.failure);
                item.unclear = saved.unclear;
            }
            saved.extend(chunk);
        }
        Ok(saved)
    }

    async fn save_chunk(
        &self,
        k: usize,
        direction: Direction,
        employee: &ServiceId,
        items: &[Item],
        saves: &[&ToSave],
    ) -> Result<Vec<Saved>, JobEnd> {
        let kind = BulkKind::SaveSignatures(direction);
        let documents: Vec<_> = saves
            .iter()
            .filter_map(|save| items[save.place].document.as_ref())
            .collect();
        let requests: Vec<_> = saves
            .iter()
            .zip(&documents)
            .map(|(save, document_id)| SaveSignature {
                document_id,
                signed_by_employee_id: employee,
                signature_binary_content: BlobReference {
                    blob_id: &save.signature_blob,
                },
                idempotency_ticket: &save.ticket,
            })
            .collect();
        let documents = &documents;
        let look = |at: usize| async move {
            let status = self.client.document_status(documents[at]).await?;
            Ok(match status.signedness(direction) {
                Signedness::Signed => Look::Done(()),
                Signedness::Unsigned => Look::NotDone,
                Signedness::Unclear => Look::Unclear(unclear(documents[at], &status)),
            })
        };
        let begun: Vec<Begun<()>> = self
            .steps
            .begin_once(&format!("save.{k}"), kind, &requests, look)
            .await?;
        // Some are with the service now: cancelling would say what is untrue.
        self.context.point_of_no_return();
        let operations = operations(&begun);
        let wait = || async {
            let mut ends = self.steps.ends::<Value>(kind, &operations).await?.into_iter();
            let mut saved = Vec::with_capacity(begun.len());
            for ((save, document), begun) in saves.iter().zip(documents).zip(&begun) {
                let end = match begun {
                    Begun::Found(()) => None,
                    Begun::Operation(_) => ends.next(),
                };
                saved.push(self.judge(save.place, direction, document, end).await?);
            }
            Ok(saved)
        };
        self.context.safe_step(&format!("saved.{k}"), wait).await
    }

    /// What a refused call means for each of its documents: one that was delivered twice, or that came late, is refused because it
    /// had its effect. Each document's status is asked for once, and nothing is repeated.
    async fn look_after_refusal(
        &self,
        k: usize,
        direction: Direction,
        items: &[Item],
        saves: &[&ToSave],
        fault: &Fault,
    ) -> Result<Vec<Saved>, JobEnd> {
        let look = || async {
            // What an earlier delivery began may still be under way.
            let is_quiet = self.steps.quiet().await.is_ok();
            let looks: Vec<_> = saves
                .iter()
                .map(|save| async move {
                    let status = match &items[save.place].document {
                        Some(document) => self.client.document_status(document).await.ok(),
                        None => None,
                    };
                    let signedness = status.as_ref().map(|status| status.signedness(direction));
                    let is_signed = signedness == Some(Signedness::Signed);
                    let is_unsigned = is_quiet && signedness == Some(Signedness::Unsigned);
                    Saved {
                        place: save.place,
                        status,
                        failure: (!is_signed).then(|| fault.clone()),
                        unclear: !(is_signed || is_unsigned),
                    }
                })
                .collect();
            Ok(stream::iter(looks).buffered(PARALLEL).collect().await)
        };
        self.context.safe_step(&format!("refused.{k}"), look).await
    }

    /// What an operation's end means for its document. Where the end does not say, or refuses, the document's status does.
    async fn judge(
        &self,
        place: usize,
        direction: Direction,
        document: &ServiceId,
        end: Option<Ended<Value>>,
    ) -> Result<Saved, StepError> {
        let status = match &end {
            // After a success it is only told. After a refusal it tells of an earlier delivery of the same request.
            Some(Ended::Done(_) | Ended::Refused(_)) | None => self.client.document_status(document).await.ok(),
            Some(Ended::Unclear(_)) => match self.client.document_status(document).await {
                Ok(status) => Some(status),
                Err(Failure::Refused(_)) => None,
                Err(failure) => return Err(failure.into()),
            },
        };
        let signedness = status.as_ref().map(|status| status.signedness(direction));
        let (failure, is_unclear) = match (end, signedness) {
            (None | Some(Ended::Done(_)), _) | (Some(_), Some(Signedness::Signed)) => (None, false),
            (Some(Ended::Refused(fault)), _) => (
                Some(fault.extra("likely_causes", json!(LIKELY_CAUSES))),
                signedness != Some(Signedness::Unsigned),
            ),
            (Some(Ended::Unclear(fault)), Some(Signedness::Unsigned)) => {
                let reason = fault
                    .detail_text()
                    .unwrap_or("the service failed while it worked on it")
                    .to_owned();
                (
                    Some(Fault::new(Code::ServiceRefused).arg("reason", &reason).detail(reason)),
                    false,
                )
            }
            (Some(Ended::Unclear(fault)), _) => (Some(fault), true),
        };
        Ok(Saved {
            place,
            status,
            failure,
            unclear: is_unclear,
        })
    }
}

fn unclear(document: &ServiceId, status: &DocumentStatus) -> Fault {
    Fault::new(Code::ServiceUncertain)
        .arg("service_status", status)
        .detail(format!(
            "the status {status} of document {document} does not say whether the signature was saved"
        ))
}
