//! Making a document at the service: its files, the draft, the quick route. Draft and route are made once, whatever gets lost.

use serde::{Deserialize, Serialize};

use super::client::IdocsClient;
use super::documents::{DocumentMetadata, DraftKind, NewDocument};
use super::input::{DocumentToSend, SpooledFile};
use super::model::{BlobReference, Direction};
use super::namesakes::{self, Metadata};
use super::routes::{NewExternalNode, NewExternalRoute, NewQuickRoute, NewRoute, RouteOrder};
use crate::http_client::{FilePart, ServiceId};
use crate::jobs::{JobContext, JobEnd, Probe, StepError};
use crate::messages::{Code, Fault};

/// A document being made in one job.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) client: &'a IdocsClient,
    pub(super) context: &'a JobContext,
    pub(super) kind: DraftKind,
    pub(super) author: Option<&'a ServiceId>,
    pub(super) metadata: Metadata<'a>,
    pub(super) files: &'a [SpooledFile],
}

#[derive(Deserialize, Serialize)]
struct Made {
    id: ServiceId,
}

impl Draft<'_> {
    /// Uploads the files and makes the draft; gives its id.
    pub(super) async fn create(&self) -> Result<ServiceId, JobEnd> {
        let uploaded: Vec<ServiceId> = self.context.safe_step("upload", || self.upload()).await?;
        // Documents of that number and name that were there before: none of them is the one being made.
        let before: Vec<ServiceId> = self
            .context
            .safe_step("documents_before", || async { Ok(self.namesakes().await?) })
            .await?;
        let created: Made = self
            .context
            .guarded_step(
                "document",
                || self.create_document(&uploaded),
                || self.find_created(&before),
            )
            .await?;
        Ok(created.id)
    }

    async fn upload(&self) -> Result<Vec<ServiceId>, StepError> {
        let mut uploaded = Vec::with_capacity(self.files.len());
        for file in self.files {
            uploaded.push(upload(self.client, self.context, file).await?);
        }
        Ok(uploaded)
    }

    async fn create_document(&self, files: &[ServiceId]) -> Result<Made, StepError> {
        let document = new_document(&self.metadata, self.author, files);
        let created = self.client.create_draft(self.kind, &document).await?;
        Ok(Made { id: created.id })
    }

    async fn find_created(&self, before: &[ServiceId]) -> Result<Probe<Made>, StepError> {
        if self.kind == DraftKind::Internal {
            return Ok(Probe::Unknown(Fault::new(Code::ServiceUncertain).detail(
                "the service cannot be asked for internal documents; whether this one was made, a person sees in iDocs",
            )));
        }
        let mut new = self.namesakes().await?;
        new.retain(|id| !before.contains(id));
        let mut new = new.into_iter();
        Ok(match (new.next(), new.next()) {
            (Some(id), None) => Probe::Done(Made { id }),
            (None, _) => Probe::NotDone,
            (Some(_), Some(_)) => Probe::Unknown(
                Fault::new(Code::ServiceUncertain)
                    .detail("several new documents have this number and name; which one this job made cannot be told"),
            ),
        })
    }

    async fn namesakes(&self) -> Result<Vec<ServiceId>, crate::http_client::Failure> {
        if self.kind == DraftKind::Internal {
            return Ok(Vec::new());
        }
        let found = namesakes::find(self.client, &[self.metadata]).await?;
        Ok(found.into_iter().map(|document| document.id).collect())
    }
}

/// Gives a draft its quick route, once.
pub(super) async fn quick_route(
    client: &IdocsClient,
    context: &JobContext,
    route: &NewQuickRoute<'_>,
) -> Result<(), JobEnd> {
    let probe = || async {
        let document = client.document(Direction::Outgoing, route.document_id).await?;
        Ok(if document.external_nodes().is_empty() {
            Probe::NotDone
        } else {
            Probe::Done(())
        })
    };
    context
        .guarded_step("route", || async { Ok(client.create_quick_route(route).await?) }, probe)
        .await
}

/// Uploads a file of the store.
pub(super) async fn upload(
    client: &IdocsClient,
    context: &JobContext,
    file: &SpooledFile,
) -> Result<ServiceId, StepError> {
    let opened = context.store().blob(&file.blob).await.map_err(StepError::Refused)?;
    let media_type = file.media_type.as_deref().unwrap_or("application/octet-stream");
    let part = FilePart::of_file("documentContent", &file.name, media_type, opened, file.size);
    Ok(client.upload_document(part).await?)
}

/// The request that makes a document of uploaded files.
pub(super) fn new_document<'a>(
    metadata: &Metadata<'a>,
    author: Option<&'a ServiceId>,
    files: &'a [ServiceId],
) -> NewDocument<'a> {
    NewDocument {
        document_metadata: DocumentMetadata {
            document_name: metadata.name,
            document_number: metadata.number,
            document_date: metadata.date.unix_timestamp(),
            document_group: metadata.group,
            document_author_employee_id: author,
        },
        document_binary_contents: files.iter().map(|blob_id| BlobReference { blob_id }).collect(),
    }
}

/// The request that sends a document to its one counterparty.
pub(super) fn route_of<'a>(
    document: &'a ServiceId,
    employee: &'a ServiceId,
    send: &'a DocumentToSend,
    required_action_type: Option<&'a str>,
) -> NewQuickRoute<'a> {
    let node = NewExternalNode {
        order: 0,
        counterparty_bin: &send.counterparty_bin,
        comment: send.comment.as_deref(),
        is_individual: send.is_individual,
        counterparty_emails: &send.counterparty_emails,
        is_sign_required_by_counterparty: true,
        org_unit_id: None,
        required_action_type,
    };
    NewQuickRoute {
        document_id: document,
        employee_id: employee,
        route: NewRoute {
            external: Some(NewExternalRoute {
                route_order_type: RouteOrder::None,
                is_sign_required_by_sender: true,
                nodes: vec![node],
            }),
            internal: None,
        },
    }
}
