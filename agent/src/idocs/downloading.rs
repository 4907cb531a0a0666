//! The scenario that has documents prepared for download in bulk. Repeat-safe: nothing at the service changes.

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use super::Idocs;
use super::bulk::{BulkKind, PrepareDownload, PreparedDownload};
use super::bulk_steps::{BulkSteps, CHUNK, Ended};
use super::input::BulkDownload;
use crate::http_client::ServiceId;
use crate::jobs::{JobContext, JobEnd, Outcome, Scenario, Terms};
use crate::messages::{Code, Fault};

/// The kind of jobs that have documents prepared for download.
pub const DOWNLOAD: &str = "idocs_download";

/// One document of the outcome.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Prepared {
    /// The document.
    pub document_id: ServiceId,
    /// Where it lies at the service.
    pub download_link: Option<String>,
    /// When the service throws it away.
    #[serde(with = "time::serde::rfc3339::option")]
    pub dispose_on: Option<OffsetDateTime>,
    /// Why it cannot be had.
    pub fault: Option<Fault>,
}

#[derive(Debug)]
pub(super) struct DownloadScenario {
    pub(super) idocs: Idocs,
}

impl Scenario for DownloadScenario {
    fn kind(&self) -> &'static str {
        DOWNLOAD
    }

    fn terms(&self, profile: Option<&str>) -> Terms {
        self.idocs.profiles().terms(profile)
    }

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>> {
        async move {
            let input: BulkDownload = context.input()?;
            let profile = self.idocs.profile(context.profile().unwrap_or_default())?;
            let steps = BulkSteps {
                client: profile.client()?,
                context,
            };
            let mut documents = Vec::with_capacity(input.document_ids.len());
            for (k, chunk) in input.document_ids.chunks(CHUNK).enumerate() {
                let requests: Vec<_> = chunk
                    .iter()
                    .map(|document_id| PrepareDownload {
                        document_id,
                        employee_id: input.employee_id.as_ref(),
                    })
                    .collect();
                let begin = || steps.begin(BulkKind::Download, &requests);
                let operations: Vec<ServiceId> = context.safe_step(&format!("prepare.{k}"), begin).await?;
                let wait = || async {
                    let ends = steps.ends::<PreparedDownload>(BulkKind::Download, &operations).await?;
                    Ok(chunk.iter().zip(ends).map(prepared).collect::<Vec<_>>())
                };
                let prepared: Vec<Prepared> = context.safe_step(&format!("prepared.{k}"), wait).await?;
                documents.extend(prepared);
            }
            let failed = documents.iter().filter(|document| document.fault.is_some()).count();
            Ok(json!({ "prepared": documents.len() - failed, "failed": failed, "documents": documents }))
        }
        .map_ok(Outcome::from)
        .boxed()
    }
}

fn prepared((document, end): (&ServiceId, Ended<PreparedDownload>)) -> Prepared {
    let (download, fault) = match end {
        Ended::Done(Some(download)) if download.download_link.is_some() => (Some(download), None),
        Ended::Done(_) => {
            let fault = Fault::new(Code::ServiceUnreadable).detail("the service gives no link to the document");
            (None, Some(fault))
        }
        Ended::Refused(fault) | Ended::Unclear(fault) => (None, Some(fault)),
    };
    Prepared {
        document_id: document.clone(),
        dispose_on: download.as_ref().and_then(|download| download.dispose_on.0),
        download_link: download.and_then(|download| download.download_link),
        fault,
    }
}
