//! The log of effects: everything that changed the sandbox, in order, with its time.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::call::Call;
use super::clock;

/// Something that happened, with its place in the order of things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Position in the log, from 1, without gaps.
    pub seq: u64,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Which service.
    pub service: Service,
    /// The number of the HTTP call that caused it, as in `/_sandbox/requests`; 0 for a seed.
    pub call: u64,
    /// 1, or 2 when a fault delivered the same call a second time.
    pub delivery: u8,
    /// What.
    #[serde(flatten)]
    pub happened: Happened,
}

/// One of the two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// iDocs Integration API V3.
    Idocs,
    /// EDO.MIG24 API.
    Mig24,
}

/// What happened. Digests are SHA-256 in hexadecimal unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(
    missing_docs,
    reason = "each member is what its name says; the variants are documented"
)]
pub enum Happened {
    /// iDocs: a file was uploaded.
    BlobUploaded {
        blob_id: Uuid,
        name: String,
        size: u64,
        sha256: String,
    },
    /// iDocs: an incoming document was put into the inbox by the control API.
    DocumentSeeded {
        document_id: Uuid,
        number: String,
        name: String,
    },
    /// iDocs: an outgoing draft was created.
    DocumentCreated {
        document_id: Uuid,
        number: String,
        name: String,
    },
    /// iDocs: a route was created.
    RouteCreated { document_id: Uuid },
    /// iDocs: a content to be signed and its ticket were issued.
    ContentGenerated {
        document_id: Uuid,
        content_id: Uuid,
        ticket: String,
        sha256: String,
    },
    /// iDocs: that content was fetched.
    ContentDownloaded {
        document_id: Uuid,
        content_id: Uuid,
        sha256: String,
    },
    /// iDocs: a signature file was uploaded; nothing is verified yet.
    SignatureUploaded { blob_id: Uuid, sha256: String },
    /// iDocs: a verified signature was saved, the document went on its way.
    SignatureSaved {
        document_id: Uuid,
        blob_id: Uuid,
        ticket: String,
        content_sha256: String,
        signer_sha256: String,
    },
    /// iDocs: a save of a document that is saved already. It changed nothing.
    SaveRepeated {
        document_id: Uuid,
        blob_id: Uuid,
        ticket: String,
    },
    /// iDocs: a save was refused. It changed nothing.
    SaveRefused { document_id: Uuid, reason: String },

    /// iDocs: changes of documents are told to this address from now on.
    Subscribed { url: String },

    /// MIG24: a document was uploaded.
    DocumentUploaded {
        document_id: Uuid,
        name: String,
        size: u64,
        sha256: String,
    },
    /// MIG24: the same bytes came again under the same id. It changed nothing.
    UploadRepeated { document_id: Uuid },
    /// MIG24: a package group was created.
    GroupCreated { group_id: Uuid, document_ids: Vec<Uuid> },
    /// MIG24: packages were added to a group.
    PackagesAdded { group_id: Uuid, document_ids: Vec<Uuid> },
    /// MIG24: a group's recipient or packages were replaced.
    GroupUpdated { group_id: Uuid, document_ids: Vec<Uuid> },
    /// MIG24: a group was deleted.
    GroupDeleted { group_id: Uuid },
    /// MIG24: hashes were handed out for a certificate.
    GroupPrepared {
        group_id: Uuid,
        certificate_sha256: String,
        mchd_info_id: Option<String>,
        digests: Vec<PreparedDigest>,
    },
    /// MIG24: verified signatures of every document of a group were accepted.
    GroupFinished {
        group_id: Uuid,
        document_ids: Vec<Uuid>,
        certificate_sha256: String,
    },
    /// MIG24: a finish of a group that is finished already. It changed nothing.
    FinishRepeated { group_id: Uuid },
    /// MIG24: a finish was refused as a whole. It changed nothing.
    FinishRefused { group_id: Uuid, reason: String },
    /// MIG24: the service was asked to sign with an employee's server certificate.
    SignedByUser { group_id: Uuid, user_id: Uuid },
    /// MIG24: an employee without a server certificate was sent a link.
    LinkSentToUser { group_id: Uuid, user_id: Uuid },
    /// MIG24: the service was asked to sign with a server container.
    SignedByContainer {
        group_id: Uuid,
        container: String,
        mchd_info_id: Option<String>,
    },
    /// MIG24: a package's status was asked for; the answer would come through the queue.
    StatusRequested { package_id: Uuid },
}

/// A hash that `prepare` handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedDigest {
    /// The document.
    pub document_id: Uuid,
    /// The digest of its content in hexadecimal, by the algorithm that fits the certificate's key.
    pub digest: String,
}

impl Happened {
    fn service(&self) -> Service {
        match self {
            Self::BlobUploaded { .. }
            | Self::DocumentSeeded { .. }
            | Self::DocumentCreated { .. }
            | Self::RouteCreated { .. }
            | Self::ContentGenerated { .. }
            | Self::ContentDownloaded { .. }
            | Self::SignatureUploaded { .. }
            | Self::SignatureSaved { .. }
            | Self::SaveRepeated { .. }
            | Self::SaveRefused { .. }
            | Self::Subscribed { .. } => Service::Idocs,
            Self::DocumentUploaded { .. }
            | Self::UploadRepeated { .. }
            | Self::GroupCreated { .. }
            | Self::PackagesAdded { .. }
            | Self::GroupUpdated { .. }
            | Self::GroupDeleted { .. }
            | Self::GroupPrepared { .. }
            | Self::GroupFinished { .. }
            | Self::FinishRepeated { .. }
            | Self::FinishRefused { .. }
            | Self::SignedByUser { .. }
            | Self::LinkSentToUser { .. }
            | Self::SignedByContainer { .. }
            | Self::StatusRequested { .. } => Service::Mig24,
        }
    }
}

/// The log, kept in memory and appended to a file of JSON lines.
#[derive(Debug)]
pub(crate) struct EffectLog {
    file: File,
    effects: Vec<Effect>,
}

impl EffectLog {
    /// Opens the log, with what an earlier run left in it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let effects = BufReader::new(&file)
            .lines()
            .map(|line| serde_json::from_str(&line?).map_err(io::Error::other))
            .collect::<io::Result<_>>()?;
        Ok(Self { file, effects })
    }

    pub(crate) fn record(&mut self, call: &Call, happened: Happened) -> io::Result<()> {
        let effect = Effect {
            seq: self.effects.len() as u64 + 1,
            at: clock::rfc3339(),
            service: happened.service(),
            call: call.number,
            delivery: call.delivery,
            happened,
        };
        let mut line = serde_json::to_vec(&effect)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.effects.push(effect);
        Ok(())
    }

    pub(crate) fn all(&self) -> &[Effect] {
        &self.effects
    }

    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.effects.clear();
        self.file.set_len(0)
    }
}
