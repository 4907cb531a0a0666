//! Making a document at the service: its file, the draft, the route. Draft and route are made once, whatever gets lost.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::client::IdocsClient;
use super::input::{DocumentToSend, SpooledFile};
use super::model::{
    BlobReference, Direction, DocumentMetadata, DocumentView, NewDocument, NewExternalNode, NewExternalRoute,
    NewQuickRoute, NewRoute,
};
use crate::http_client::{FilePart, ServiceId};
use crate::jobs::{JobContext, JobEnd, Probe, StepError};
use crate::messages::{Code, Fault};

/// A document's date may come back as that of a neighbouring day: the service counts in its own time zone.
const DATE_RANGE: Duration = Duration::days(1);

/// A document being made in one job.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) client: &'a IdocsClient,
    pub(super) context: &'a JobContext,
    pub(super) employee: &'a ServiceId,
    pub(super) send: &'a DocumentToSend,
    pub(super) file: &'a SpooledFile,
    /// The guide's `requiredActionType`, where it is configured.
    pub(super) required_action_type: Option<&'a str>,
}

#[derive(Deserialize, Serialize)]
struct Made {
    id: ServiceId,
}

impl Draft<'_> {
    /// Uploads the file and makes the draft; gives its id.
    pub(super) async fn create(&self) -> Result<ServiceId, JobEnd> {
        let uploaded: Made = self.context.safe_step("upload", || self.upload()).await?;
        // Documents of that number and name that were there before: none of them is the one being made.
        let before: Vec<ServiceId> = self
            .context
            .safe_step("documents_before", || async { Ok(self.namesakes().await?) })
            .await?;
        let created: Made = self
            .context
            .guarded_step(
                "document",
                || self.create_document(&uploaded.id),
                || self.find_created(&before),
            )
            .await?;
        Ok(created.id)
    }

    /// Gives the draft its route.
    pub(super) async fn route(&self, document: &ServiceId) -> Result<(), JobEnd> {
        self.context
            .guarded_step("route", || self.create_route(document), || self.find_route(document))
            .await
    }

    async fn upload(&self) -> Result<Made, StepError> {
        let file = self
            .context
            .store()
            .blob(&self.file.blob)
            .await
            .map_err(StepError::Refused)?;
        let media_type = self.file.media_type.as_deref().unwrap_or("application/octet-stream");
        let part = FilePart::of_file("documentContent", &self.file.name, media_type, file, self.file.size);
        let id = self.client.upload_document(part).await?;
        Ok(Made { id })
    }

    async fn create_document(&self, file: &ServiceId) -> Result<Made, StepError> {
        let document = NewDocument {
            document_metadata: DocumentMetadata {
                document_name: &self.send.name,
                document_number: &self.send.number,
                document_date: self.send.date.0.unix_timestamp(),
                document_group: self.send.group,
                document_author_employee_id: self.employee,
            },
            document_binary_contents: vec![BlobReference { blob_id: file }],
        };
        let created = self.client.create_document(&document).await?;
        Ok(Made { id: created.id })
    }

    async fn find_created(&self, before: &[ServiceId]) -> Result<Probe<Made>, StepError> {
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
        let date = self.send.date.0;
        let same = |text: &Option<String>, wanted: &str| text.as_deref().map(str::trim) == Some(wanted.trim());
        let wanted = |document: &DocumentView| {
            same(&document.document_number, &self.send.number) && same(&document.document_name, &self.send.name)
        };
        let from = (date - DATE_RANGE).unix_timestamp().max(0);
        let to = (date + DATE_RANGE).unix_timestamp();
        let found = self.client.find_outgoing(from, to, wanted).await?;
        Ok(found.into_iter().map(|document| document.id).collect())
    }

    async fn create_route(&self, document: &ServiceId) -> Result<(), StepError> {
        let node = NewExternalNode {
            order: 0,
            counterparty_bin: &self.send.counterparty_bin,
            comment: self.send.comment.as_deref(),
            is_individual: self.send.is_individual,
            counterparty_emails: &self.send.counterparty_emails,
            is_sign_required_by_counterparty: true,
            required_action_type: self.required_action_type,
        };
        let route = NewQuickRoute {
            document_id: document,
            employee_id: self.employee,
            route: NewRoute {
                external: NewExternalRoute {
                    route_order_type: "NONE",
                    is_sign_required_by_sender: true,
                    nodes: vec![node],
                },
            },
        };
        Ok(self.client.create_quick_route(&route).await?)
    }

    async fn find_route(&self, document: &ServiceId) -> Result<Probe<()>, StepError> {
        let document = self.client.document(Direction::Outgoing, document).await?;
        Ok(if document.external_nodes().is_empty() {
            Probe::NotDone
        } else {
            Probe::Done(())
        })
    }
}
