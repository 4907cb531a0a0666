//! The signatures of a group between their making and the end of the job: one file beside the database, so that ten thousand of them
//! stand in no row twice. The job's outcome keeps them for good.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::consent::CertificateView;
use crate::jobs::{JobContext, JobEnd};
use crate::messages::{Code, Fault};
use crate::signing::{Signed, SignedDocument};
use crate::store::blobs::{self, BlobId};

/// The largest file of signatures, in bytes: far more than any group needs.
const LARGEST: u64 = 4 << 30;

/// Where the signatures lie, and when they were made.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct KeptSignatures {
    blob: BlobId,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
}

impl KeptSignatures {
    /// Writes them: the certificate's line, then one line a document.
    ///
    /// # Errors
    /// `store_failed`, `disk_full`.
    pub(super) async fn keep(context: &JobContext, signed: &Signed) -> Result<Self, Fault> {
        let mut spool = context.store().spool(LARGEST).await?;
        spool.write(&line(&signed.certificate)?).await?;
        for document in &signed.documents {
            spool.write(&line(document)?).await?;
        }
        let spooled = spool.finish().await?;
        let (job, blob) = (context.id(), spooled.id().clone());
        // While `spooled` is held the file stays; from the commit on it stays for the job.
        context.write(move |tx| blobs::refer_work(tx, job, &blob)).await?;
        Ok(Self {
            blob: spooled.id().clone(),
            at: OffsetDateTime::now_utc(),
        })
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Stopped with `store_failed`: what was signed is not signed again without a person's knowledge.
    pub(super) async fn read(&self, context: &JobContext) -> Result<Signed, JobEnd> {
        self.read_lines(context).await.map_err(JobEnd::Stopped)
    }

    async fn read_lines(&self, context: &JobContext) -> Result<Signed, Fault> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Fault::new(Code::StoreFailed).detail(format!("the signatures of a group cannot be read: {error}"))
        };
        let file = context.store().blob(&self.blob).await?;
        let mut lines = BufReader::new(file).lines();
        let mut certificate: Option<CertificateView> = None;
        let mut documents: Vec<SignedDocument> = Vec::new();
        while let Some(line) = lines.next_line().await.map_err(|error| unreadable(&error))? {
            if certificate.is_none() {
                certificate = Some(serde_json::from_str(&line).map_err(|error| unreadable(&error))?);
            } else {
                documents.push(serde_json::from_str(&line).map_err(|error| unreadable(&error))?);
            }
        }
        let certificate = certificate.ok_or_else(|| unreadable(&"the file is empty"))?;
        Ok(Signed { certificate, documents })
    }
}

fn line(value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let mut line = serde_json::to_vec(value).map_err(Fault::internal)?;
    line.push(b'\n');
    Ok(line)
}
