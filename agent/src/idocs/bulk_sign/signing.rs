//! One question and one approval for all, and the uploaded signatures with the tickets to save them with.

use std::pin::pin;

use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::contents::BulkContents;
use super::item::{Item, Part, each, going_on};
use super::scenario::{Run, any_left};
use crate::certificate::{Purpose, Selector};
use crate::consent::Destination;
use crate::http_client::{FilePart, ServiceId};
use crate::idocs::bulk_steps::CHUNK;
use crate::idocs::quick_sign::TimedSigned;
use crate::idocs::signatory::SignedBy;
use crate::jobs::{JobEnd, StepError};
use crate::messages::{Code, Fault};
use crate::signing::{Document, DocumentKind, Format, Request, Signed};
use crate::store::blobs::BlobId;

/// The step that fixes what the saves send.
const READY: &str = "ready";

/// The step that names what was signed.
const SIGNED: &str = "signed";

/// What was signed: which documents, over which bytes, in which step.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct SignedSet {
    asked: String,
    pub(super) members: Vec<usize>,
    contents: Vec<BlobId>,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
}

/// Signatures and what they are saved with; fixed before the first save is sent.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Ready {
    pub(super) signed: SignedSet,
    pub(super) saves: Vec<ToSave>,
    /// The documents that went no further, by their place.
    failures: Vec<(usize, Fault)>,
}

/// One signature to save.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct ToSave {
    /// The document's place.
    pub(super) place: usize,
    pub(super) ticket: String,
    pub(super) signature_blob: ServiceId,
    pub(super) content: BlobId,
    pub(super) size: u64,
}

impl Ready {
    /// Gives the documents the failures that they had when it was fixed.
    pub(super) fn restore(&self, items: &mut [Item]) {
        for (place, fault) in &self.failures {
            items[*place].failure = Some(fault.clone());
        }
    }
}

impl Run<'_> {
    /// What an earlier run fixed. Once the tickets to save with are fixed no other content is asked for: documents may be signed by now.
    pub(super) fn ready_before(&self) -> Result<Option<(Ready, Signed)>, JobEnd> {
        let Some(ready) = self.context.earlier::<Ready>(READY)? else {
            return Ok(None);
        };
        let signed = self.signed_before(&ready.signed)?;
        Ok(Some((ready, signed)))
    }

    /// Has every content signed under one approval and uploads the signatures.
    pub(super) async fn make_ready(
        &self,
        mut contents: BulkContents<'_>,
        items: &mut [Item],
        by: &SignedBy,
        destination: &Destination,
    ) -> Result<(Ready, Signed), JobEnd> {
        contents.renew(items).await?;
        any_left(items)?;
        let (set, signed) = match self.context.earlier::<SignedSet>(SIGNED)? {
            Some(set) => {
                let signed = self.signed_before(&set)?;
                (set, signed)
            }
            None => self.sign(&mut contents, items, by, destination).await?,
        };
        let uploaded = self.upload_signatures(&set, &signed, items).await?;
        contents.renew(items).await?;
        let mut saves = Vec::with_capacity(set.members.len());
        for ((place, signed_content), blob) in set.members.iter().zip(&set.contents).zip(uploaded) {
            let item = &mut items[*place];
            let (None, Some(blob)) = (&item.failure, blob) else {
                continue;
            };
            match contents.of(*place) {
                // Other bytes under the same document: what was approved says nothing about them.
                Some(content) if content.blob == *signed_content => saves.push(ToSave {
                    place: *place,
                    ticket: content.ticket.clone(),
                    signature_blob: blob,
                    content: content.blob.clone(),
                    size: content.size,
                }),
                _ => item.failure = Some(Fault::new(Code::ContentChanged)),
            }
        }
        any_left(items)?;
        let failures = items
            .iter()
            .enumerate()
            .filter_map(|(place, item)| Some((place, item.failure.clone()?)));
        let ready = Ready {
            signed: set,
            saves,
            failures: failures.collect(),
        };
        let ready = self.context.safe_step(READY, || async { Ok(ready.clone()) }).await?;
        Ok((ready, signed))
    }

    /// Asks about what is there. When the service throws contents away while the question waits they are generated again: the same
    /// bytes keep the question and its approval, other bytes close it and bring a new one.
    async fn sign(
        &self,
        contents: &mut BulkContents<'_>,
        items: &mut [Item],
        by: &SignedBy,
        destination: &Destination,
    ) -> Result<(SignedSet, Signed), JobEnd> {
        let mut versions: Vec<String> = Vec::new();
        loop {
            let version = contents.version(items);
            let times = versions.iter().filter(|asked| **asked == version).count();
            versions.push(version.clone());
            let asked = match times {
                0 => format!("sign.{version}"),
                times => format!("sign.{version}.{}", times + 1),
            };
            let request = self.request(contents, items, &asked, by, destination, versions.len() > 1);
            let mut signing = pin!(
                self.context
                    .safe_step(&asked, || self.approve_and_sign(request.clone()))
            );
            loop {
                let renewed = {
                    let renewal = pin!(async {
                        contents.disposed(items).await;
                        contents.renew(items).await
                    });
                    match select(signing.as_mut(), renewal).await {
                        // What the renewal had begun is done again by the next one.
                        Either::Left((signed, _)) => {
                            return self.after_signing(&asked, &request, signed?).await;
                        }
                        Either::Right((renewed, _)) => renewed,
                    }
                };
                renewed?;
                any_left(items)?;
                if contents.version(items) != version {
                    break;
                }
            }
        }
    }

    async fn after_signing(
        &self,
        asked: &str,
        request: &Request,
        made: TimedSigned,
    ) -> Result<(SignedSet, Signed), JobEnd> {
        let signing = self.idocs.signing_of(self.profile);
        let signed = signing
            .timestamped(self.context, &timestamp_step(asked), request.format, made.signed)
            .await?;
        // In the request's order, which is that of the signatures.
        let members: Vec<_> = request
            .documents
            .iter()
            .filter_map(|document| document.reference.as_deref()?.parse().ok())
            .collect();
        let set = SignedSet {
            asked: asked.to_owned(),
            contents: request
                .documents
                .iter()
                .filter_map(|document| document.blob.as_deref()?.parse().ok())
                .collect(),
            members,
            at: made.at,
        };
        let set = self.context.safe_step(SIGNED, || async { Ok(set.clone()) }).await?;
        Ok((set, signed))
    }

    fn signed_before(&self, set: &SignedSet) -> Result<Signed, JobEnd> {
        if let Some(stamped) = self.context.earlier(&timestamp_step(&set.asked))? {
            return Ok(stamped);
        }
        let signed: Option<TimedSigned> = self.context.earlier(&set.asked)?;
        signed
            .map(|made| made.signed)
            .ok_or_else(|| JobEnd::Stopped(Fault::internal("the step that signed is missing")))
    }

    async fn approve_and_sign(&self, request: Request) -> Result<TimedSigned, StepError> {
        let signed = self.idocs.signing_of(self.profile).sign(self.context, request).await?;
        Ok(TimedSigned {
            signed,
            at: OffsetDateTime::now_utc(),
        })
    }

    fn request(
        &self,
        contents: &BulkContents<'_>,
        items: &[Item],
        asked: &str,
        by: &SignedBy,
        destination: &Destination,
        changed: bool,
    ) -> Request {
        let service = &self.profile.config.service;
        let documents = going_on(items).into_iter().filter_map(|place| {
            let content = contents.of(place)?;
            Some(Document {
                name: items[place].label(),
                media_type: Some("application/zip".to_owned()),
                reference: Some(place.to_string()),
                blob: Some(content.blob.to_string()),
                size: Some(content.size),
                digest: None,
                kind: DocumentKind::of_document(service.plain_cms),
            })
        });
        Request {
            key: format!("{}:{asked}", self.context.id()),
            caller: self.input.caller.clone(),
            purpose: Purpose::Signature,
            selector: Selector::exactly(&by.certificate),
            chosen_on: Some(by.chosen.view.token.clone()),
            format: Format {
                detached: !self.profile.config.attached,
                include_chain: service.include_chain,
                timestamp: service.timestamp.level,
            },
            documents: documents.collect(),
            destination: Some(destination.clone()),
            notice: changed.then(|| Fault::new(Code::ContentChanged)),
        }
    }

    /// Uploads the signatures; the files' ids in the set's order, `None` for a document that went no further.
    async fn upload_signatures(
        &self,
        set: &SignedSet,
        signed: &Signed,
        items: &mut [Item],
    ) -> Result<Vec<Option<ServiceId>>, JobEnd> {
        if signed.documents.len() != set.members.len() {
            let (made, wanted) = (signed.documents.len(), set.members.len());
            return Err(Fault::internal(format!("{made} signatures were made of {wanted} documents")).into());
        }
        let mut uploaded = Vec::with_capacity(set.members.len());
        let pairs = set.members.chunks(CHUNK).zip(signed.documents.chunks(CHUNK));
        for (k, (places, documents)) in pairs.enumerate() {
            let upload = || async {
                let uploads: Vec<_> = documents
                    .iter()
                    .map(|document| self.upload_signature(document.signature.clone()))
                    .collect();
                each(uploads).await
            };
            let parts: Vec<Part<ServiceId>> = self.context.safe_step(&format!("signature.{k}"), upload).await?;
            for (place, part) in places.iter().zip(parts) {
                uploaded.push(match part {
                    Part::Done(blob) => Some(blob),
                    Part::Failed(fault) => {
                        items[*place].failure = Some(fault);
                        None
                    }
                });
            }
        }
        Ok(uploaded)
    }

    async fn upload_signature(&self, cms: Vec<u8>) -> Result<ServiceId, StepError> {
        let part = FilePart::of_bytes("signatureContent", "signature.cms", "application/octet-stream", cms);
        Ok(self.client.upload_signature(part).await?)
    }
}

fn timestamp_step(asked: &str) -> String {
    format!("{asked}_timestamp")
}
