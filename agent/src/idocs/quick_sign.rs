//! The scenario: one document, one signer. Choose the certificate, compare it with the organisation, fetch the content, sign exactly
//! those bytes, save with the service's ticket.

use std::pin::pin;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::future::{BoxFuture, Either, select};
use futures_util::{FutureExt, TryFutureExt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::content::{Content, ContentSource, Contents};
use super::documents::DraftKind;
use super::draft::{self, Draft};
use super::facts::Facts;
use super::input::{DocumentToSend, SpooledFile};
use super::model::{BlobReference, Direction, DocumentStatus, Signedness};
use super::references::Company;
use super::service::Profile;
use super::signatory::{Signatory, SignedBy};
use super::signatures::SaveSignature;
use super::{Idocs, IdocsClient};
use crate::certificate::{Purpose, Selector};
use crate::consent::{CallerView, Destination};
use crate::http_client::{Failure, FilePart, ServiceId};
use crate::jobs::{JobContext, JobEnd, Outcome, Probe, Scenario, StepError, Terms};
use crate::messages::{Code, Fault};
use crate::signing::{Document, DocumentKind, Format, Request, Signed};

/// The kind of jobs that sign a document at the service.
pub const QUICK_SIGN: &str = "idocs_quick_sign";

/// The kind of jobs that send a file.
pub const SEND: &str = "idocs_send";

/// What a refused save most often means.
pub(super) const LIKELY_CAUSES: [&str; 4] = [
    "the certificate's IIN is not the employee's",
    "the certificate's BIN is not the organisation's",
    "the service expects the other form of signature (`attached` in the profile)",
    "the document has no route",
];

/// The stored input of both kinds.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Input {
    pub(super) caller: CallerView,
    pub(super) employee_id: Option<ServiceId>,
    pub(super) certificate: Option<Selector>,
    pub(super) subject: Subject,
}

/// What is signed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    /// A document that is there.
    Document {
        document_id: ServiceId,
        direction: Direction,
    },
    /// A file from which the document is made.
    File {
        send: Box<DocumentToSend>,
        file: SpooledFile,
    },
}

/// One of the two kinds.
#[derive(Debug)]
pub(super) struct QuickSignScenario {
    pub(super) kind: &'static str,
    pub(super) idocs: Idocs,
}

impl Scenario for QuickSignScenario {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn terms(&self, profile: Option<&str>) -> Terms {
        self.idocs.profiles().terms(profile)
    }

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>> {
        async move {
            let input: Input = context.input()?;
            let profile = self.idocs.profile(context.profile().unwrap_or_default())?;
            let run = Run {
                client: profile.client()?,
                profile: &profile,
                context,
                idocs: &self.idocs,
                input: &input,
            };
            run.carry_through().await
        }
        .map_ok(Outcome::from)
        .boxed()
    }
}

/// One run of one job.
struct Run<'a> {
    client: &'a IdocsClient,
    profile: &'a Arc<Profile>,
    context: &'a JobContext,
    idocs: &'a Idocs,
    input: &'a Input,
}

/// A signature and what it is saved with; fixed before the save is sent for the first time.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct ReadyToSave {
    content: Content,
    signature_blob: ServiceId,
    signed: Signed,
    #[serde(with = "time::serde::rfc3339")]
    signed_at: OffsetDateTime,
}

/// Signatures and when they were made.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct TimedSigned {
    pub(super) signed: Signed,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Saved {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

impl Run<'_> {
    async fn carry_through(&self) -> Result<Value, JobEnd> {
        let company: Company = self
            .context
            .safe_step("company", || async { Ok(self.client.company().await?) })
            .await?;
        let facts = self.facts().await?;
        let destination = self.destination(&company, &facts);
        let by = self
            .signatory()
            .find(&company, vec![self.label(&facts)], &destination)
            .await?;
        let employee = &by.signer.employee_id;
        let (document, direction) = match &self.input.subject {
            Subject::Document { document_id, direction } => {
                // One signature of one employee: no second job saves it too.
                let key = format!("idocs/{}/save/{document_id}/{employee}", self.profile.name);
                self.context.claim(key.to_ascii_lowercase()).await?;
                (document_id.clone(), *direction)
            }
            Subject::File { send, file } => (self.make_document(employee, send, file).await?, Direction::Outgoing),
        };
        let source = ContentSource {
            client: self.client,
            context: self.context,
            direction,
            document: &document,
            employee,
        };
        // Once the ticket to save with is fixed, no other content is asked for: the document may be signed by now.
        let ready = match self.context.earlier(READY)? {
            Some(ready) => ready,
            None => self.make_ready(&source, &by, &facts, &destination).await?,
        };
        self.context.left().may_be_sent();
        let saved = self
            .save(direction, &document, employee, &ready)
            .await
            .inspect_err(|end| self.context.left().was_not_taken(end))?;
        self.context.point_of_no_return();
        self.context.left().is_nothing();
        let status = self.status(&document).await?;
        Ok(self.outcome(&document, &facts, &by, &ready, &saved, status))
    }

    /// What the person is told of the document, and whether there is anything to sign.
    async fn facts(&self) -> Result<Facts, JobEnd> {
        let (document_id, direction) = match &self.input.subject {
            Subject::File { send, .. } => return Ok(Facts::of_sending(send)),
            Subject::Document { document_id, direction } => (document_id, *direction),
        };
        let facts = self
            .context
            .safe_step("facts", || Facts::read(self.client, document_id, direction))
            .await?;
        self.context.left().is("document_id", document_id, false);
        Ok(facts)
    }

    async fn make_document(
        &self,
        employee: &ServiceId,
        send: &DocumentToSend,
        file: &SpooledFile,
    ) -> Result<ServiceId, JobEnd> {
        let draft = Draft {
            client: self.client,
            context: self.context,
            kind: DraftKind::Outgoing,
            author: Some(employee),
            metadata: send.metadata(),
            files: std::slice::from_ref(file),
        };
        let document = draft.create().await?;
        self.context.left().is("document_id", &document, true);
        let required_action_type = self.profile.config.required_action_type.as_deref();
        let route = draft::route_of(&document, employee, send, required_action_type);
        draft::quick_route(self.client, self.context, &route).await?;
        Ok(document)
    }

    /// Signs a content and uploads the signature, until a signature is there whose content the service still has.
    async fn make_ready(
        &self,
        source: &ContentSource<'_>,
        by: &SignedBy,
        facts: &Facts,
        destination: &Destination,
    ) -> Result<ReadyToSave, JobEnd> {
        let mut contents = Contents::first(source).await?;
        loop {
            let signed = self.sign(&mut contents, by, facts, destination).await?;
            let content = contents.current.clone();
            let signature_blob = self.upload_signature(&contents, &signed.signed).await?;
            contents.renew().await?;
            if contents.current.blob != content.blob {
                continue;
            }
            let ready = ReadyToSave {
                content: contents.current.clone(),
                signature_blob,
                signed: signed.signed,
                signed_at: signed.at,
            };
            return self.context.safe_step(READY, || async { Ok(ready.clone()) }).await;
        }
    }

    /// Has the current content signed. When the service throws it away while the question waits it is generated again: the same
    /// bytes keep the question and its approval and bring a new ticket, other bytes bring a new question.
    async fn sign(
        &self,
        contents: &mut Contents<'_>,
        by: &SignedBy,
        facts: &Facts,
        destination: &Destination,
    ) -> Result<TimedSigned, JobEnd> {
        loop {
            // Also after a restart: nothing is asked about a content that is gone.
            contents.renew().await?;
            let asked = contents.ask();
            let request = self.request(contents, &asked, by, facts, destination);
            let mut signing = pin!(
                self.context
                    .safe_step(&asked, || self.approve_and_sign(request.clone()))
            );
            loop {
                let blob = contents.current.blob.clone();
                let renewed = {
                    let renewal = pin!(async {
                        contents.current.disposed().await;
                        contents.renew().await
                    });
                    match select(signing.as_mut(), renewal).await {
                        // What the renewal had begun is done again by the next one.
                        Either::Left((signed, _)) => return self.timestamped(&asked, request.format, signed?).await,
                        Either::Right((renewed, _)) => renewed,
                    }
                };
                renewed?;
                if contents.current.blob != blob {
                    break;
                }
            }
        }
    }

    async fn timestamped(&self, asked: &str, format: Format, made: TimedSigned) -> Result<TimedSigned, JobEnd> {
        let step = format!("{asked}_timestamp");
        let signing = self.idocs.signing_of(self.profile);
        let signed = signing.timestamped(self.context, &step, format, made.signed).await?;
        Ok(TimedSigned { signed, ..made })
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
        contents: &Contents<'_>,
        asked: &str,
        by: &SignedBy,
        facts: &Facts,
        destination: &Destination,
    ) -> Request {
        let content = &contents.current;
        let service = &self.profile.config.service;
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
            documents: vec![Document {
                name: self.label(facts),
                media_type: Some("application/zip".to_owned()),
                reference: None,
                blob: Some(content.blob.to_string()),
                size: Some(content.size),
                digest: None,
                kind: DocumentKind::of_document(service.plain_cms),
            }],
            destination: Some(destination.clone()),
            notice: contents.changed.then(|| Fault::new(Code::ContentChanged)),
        }
    }

    async fn upload_signature(&self, contents: &Contents<'_>, signed: &Signed) -> Result<ServiceId, JobEnd> {
        let cms = match signed.documents.as_slice() {
            [document] => document.signature.clone(),
            documents => {
                let count = documents.len();
                return Err(Fault::internal(format!("{count} signatures were made of one document")).into());
            }
        };
        let step = format!("signature.{}", contents.label());
        self.context
            .safe_step(&step, || async {
                let part = FilePart::of_bytes(
                    "signatureContent",
                    "signature.cms",
                    "application/octet-stream",
                    cms.clone(),
                );
                Ok(self.client.upload_signature(part).await?)
            })
            .await
    }

    /// Saves the signature, once: a lost answer is followed by a look at the document's status.
    async fn save(
        &self,
        direction: Direction,
        document: &ServiceId,
        employee: &ServiceId,
        ready: &ReadyToSave,
    ) -> Result<Saved, JobEnd> {
        let saved = || Saved {
            at: OffsetDateTime::now_utc(),
        };
        self.context
            .submitting_step(
                "save",
                self.context.repetition(),
                || async {
                    let request = SaveSignature {
                        document_id: document,
                        signed_by_employee_id: employee,
                        signature_binary_content: BlobReference {
                            blob_id: &ready.signature_blob,
                        },
                        idempotency_ticket: &ready.content.ticket,
                    };
                    match self.client.save_signature(direction, &request).await {
                        Ok(()) => Ok(saved()),
                        Err(failure) => {
                            if matches!(failure, Failure::Ambiguous(_)) {
                                // Cancelling would say what may be untrue.
                                self.context.point_of_no_return();
                            }
                            Err(with_likely_causes(failure).into())
                        }
                    }
                },
                || async {
                    let status = self.client.document_status(document).await?;
                    Ok(match status.signedness(direction) {
                        Signedness::Signed => Probe::Done(saved()),
                        Signedness::Unsigned => Probe::NotDone,
                        Signedness::Unclear => Probe::Unknown(
                            Fault::new(Code::ServiceUncertain)
                                .arg("service_status", &status)
                                .detail(format!(
                                    "the document's status {status} does not say whether the signature was saved"
                                )),
                        ),
                    })
                },
            )
            .await
    }

    /// The status afterwards, if the service says it: the signature is saved in any case.
    async fn status(&self, document: &ServiceId) -> Result<Option<DocumentStatus>, JobEnd> {
        self.context
            .safe_step("status", || async {
                Ok(self.client.document_status(document).await.ok())
            })
            .await
    }

    fn signatory(&self) -> Signatory<'_> {
        Signatory {
            signing: self.idocs.signing(),
            client: self.client,
            context: self.context,
            profile: self.profile,
            caller: &self.input.caller,
            certificate: self.input.certificate.as_ref(),
            employee: self.input.employee_id.as_ref(),
        }
    }

    /// What the document is called in the question.
    fn label(&self, facts: &Facts) -> String {
        facts.label().unwrap_or_else(|| match &self.input.subject {
            Subject::Document { document_id, .. } => format!("{document_id}.zip"),
            Subject::File { file, .. } => file.name.clone(),
        })
    }

    fn destination(&self, company: &Company, facts: &Facts) -> Destination {
        let effect = match &self.input.subject {
            Subject::File { .. } => "effect-idocs-send",
            Subject::Document { .. } => "effect-idocs-sign",
        };
        Destination {
            service: "idocs".to_owned(),
            profile: self.profile.name.clone(),
            host: self.client.host(),
            organisation: company.label(),
            counterparty: facts.counterparty.clone(),
            power_of_attorney: None,
            effect: effect.to_owned(),
            reversible: false,
        }
    }

    fn outcome(
        &self,
        document: &ServiceId,
        facts: &Facts,
        by: &SignedBy,
        ready: &ReadyToSave,
        saved: &Saved,
        status: Option<DocumentStatus>,
    ) -> Value {
        let signed = ready.signed.documents.first();
        let rfc3339 = |at: OffsetDateTime| at.format(&Rfc3339).ok();
        json!({
            "document_id": document,
            "document_name": facts.name,
            "document_number": facts.number,
            "counterparty": facts.counterparty,
            "employee_id": by.signer.employee_id,
            "employee_name": by.signer.name,
            "status": status,
            "content_blob": ready.content.blob,
            "content_size": ready.content.size,
            "content_digest": signed.map(|signed| &signed.digest),
            "signature": signed.map(|signed| BASE64_STANDARD.encode(&signed.signature)),
            "signature_blob_id": ready.signature_blob,
            "certificate": by.chosen.fingerprint(),
            "timings": {
                "started_at": rfc3339(self.context.created_at()),
                "content_at": rfc3339(ready.content.at),
                "signed_at": rfc3339(ready.signed_at),
                "saved_at": rfc3339(saved.at),
            },
        })
    }
}

/// The step that fixes what the save sends.
const READY: &str = "ready";

/// A refusal of the save says more with what most often causes it.
fn with_likely_causes(failure: Failure) -> Failure {
    match failure {
        Failure::Refused(fault) if fault.code() == Code::ServiceRefused => {
            Failure::Refused(fault.extra("likely_causes", json!(LIKELY_CAUSES)))
        }
        failure => failure,
    }
}
