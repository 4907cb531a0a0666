//! The scenario: one package group, one approval. Choose the certificate, have the hashes made for it, compare them with the documents,
//! sign, hand all signatures in at once.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::documents::{Checked, Documents};
use super::group_scenario::{CarryThrough, Run};
use super::input::{PlannedDocument, PlannedGroup};
use super::known_group::{Afterwards, KnownGroup};
use super::model::{GroupDocument, Signedness};
use super::readings::Readings;
use super::shapes::Prepared;
use super::signatures::KeptSignatures;
use crate::certificate::{Certificate, Identity, Purpose, Selector};
use crate::config::GroupIdBy;
use crate::consent::{CallerView, Destination};
use crate::http_client::{Failure, FilePart, ServiceId, allowance};
use crate::jobs::{JobEnd, Probe, Repetition, StepError};
use crate::messages::{Code, Fault};
use crate::signing::{AllowedCertificates, CertificateRequest, ChosenCertificate, Format, Request, Signed};

/// The kind of jobs that sign a package group at the service.
pub const PACKAGE_GROUP: &str = "mig24_package_group";

/// The kind of jobs that send files.
pub const SEND: &str = "mig24_send";

/// So many files are uploaded in one step, and so many at a time.
const PORTION: usize = 50;
const AT_ONCE: usize = 4;

/// How often a lost `finish` is repeated, each time only when the group is still unsigned.
const FINISH_REPEATS: u32 = 1;

/// The stored input of both kinds.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Input {
    pub(super) caller: CallerView,
    pub(super) certificate: Option<Selector>,
    pub(super) mchd_info_id: Option<String>,
    pub(super) subject: Subject,
}

/// What is signed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    /// A group that is there.
    Group(ServiceId),
    /// Files from which the group is made.
    Files(PlannedGroup),
}

/// The certificate that signs, and the power of attorney that goes with it.
struct SignedBy {
    chosen: ChosenCertificate,
    certificate: Certificate,
    mchd: Option<String>,
}

/// The signatures, and when they were made.
struct TimedSigned {
    signed: Signed,
    at: OffsetDateTime,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Finished {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

impl CarryThrough for Input {
    async fn carry_through(run: Run<'_, Self>) -> Result<Value, JobEnd> {
        run.carry_through().await
    }
}

impl Run<'_, Input> {
    async fn carry_through(&self) -> Result<Value, JobEnd> {
        let (group, known, by) = match &self.input.subject {
            Subject::Group(group) => {
                self.context.claim(claim_key(&self.profile.name, group)).await?;
                let known = KnownGroup::ask(self.context, self.client, group).await?;
                self.context.left().is("package_group_id", group, false);
                let by = self.signed_by(&known).await?;
                (group.clone(), known, by)
            }
            Subject::Files(planned) => {
                // Before anything is uploaded: without a certificate nothing would be sent anyway.
                let by = self.signed_by(&KnownGroup::default()).await?;
                let group = self.make_group(planned).await?;
                self.context.left().is("package_group_id", &group, true);
                let known = KnownGroup::ask(self.context, self.client, &group).await?;
                (group, known, by)
            }
        };
        let prepared: Prepared = self
            .context
            .safe_step("prepare", || async {
                let mchd = by.mchd.as_deref();
                Ok(self.client.prepare(&group, by.certificate.der(), mchd).await?)
            })
            .await?;
        let checked = self.documents(&prepared, &known, &by).check().await?;
        let signed = self.sign(&by, &known, &checked).await?;
        self.context.left().may_be_sent();
        let finished = self
            .finish(&group, &prepared, &signed.signed)
            .await
            .inspect_err(|end| self.context.left().was_not_taken(end))?;
        self.context.point_of_no_return();
        self.context.left().is_nothing();
        let after = Afterwards::ask(self.context, self.client, &group).await?;
        Ok(self.outcome(&group, &by, &checked, &signed, &finished, after.as_ref()))
    }

    /// Uploads the files under their own ids, in portions, and makes the group.
    async fn make_group(&self, planned: &PlannedGroup) -> Result<ServiceId, JobEnd> {
        for (number, portion) in planned.documents.chunks(PORTION).enumerate() {
            self.context
                .safe_step(&format!("uploads.{}", number + 1), || async {
                    let uploads: Vec<_> = portion.iter().map(|document| self.upload_file(document)).collect();
                    stream::iter(uploads).buffered(AT_ONCE).try_collect::<()>().await
                })
                .await?;
        }
        let documents: Vec<_> = planned
            .documents
            .iter()
            .map(|document| GroupDocument {
                document_id: document.id.clone(),
                sign_required: document.recipient_signs,
            })
            .collect();
        self.context
            .guarded_step(
                "group",
                || async {
                    let created = self.client.create_group(&planned.id, &planned.recipient, &documents);
                    Ok(created.await?)
                },
                || self.find_group(&planned.id),
            )
            .await
    }

    async fn upload_file(&self, document: &PlannedDocument) -> Result<(), StepError> {
        let file = &document.file;
        let content = self.context.store().blob(&file.blob).await;
        let content = content.map_err(StepError::Refused)?;
        let media_type = file.media_type.as_deref().unwrap_or("application/octet-stream");
        let part = FilePart::of_file("file", &document.name, media_type, content, file.size);
        self.upload(document, part).await
    }

    /// Uploads one file. A service that refuses to take the same file twice has it already after a lost answer.
    async fn upload(&self, document: &PlannedDocument, part: FilePart) -> Result<(), StepError> {
        match self.client.upload(&document.id, document.form, part).await {
            Err(Failure::Refused(fault))
                if fault.args().get("service_status").is_some_and(|status| status == "409") =>
            {
                match self.client.document(&document.id).await {
                    Ok(_) => Ok(()),
                    Err(_) => Err(StepError::Refused(fault)),
                }
            }
            uploaded => Ok(uploaded?),
        }
    }

    /// Looks for a group that may have been made, by the id that was sent with it.
    async fn find_group(&self, id: &ServiceId) -> Result<Probe<ServiceId>, StepError> {
        if self.profile.config.shapes.group.id == GroupIdBy::Service {
            return Ok(Probe::Unknown(Fault::new(Code::ServiceUncertain).detail(
                "the answer to creating the group was lost, and the service alone knows the id that it chose",
            )));
        }
        match self.client.group_info(id).await {
            Ok(_) => Ok(Probe::Done(id.clone())),
            Err(failure) if failure.is_not_found() => Ok(Probe::NotDone),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn signed_by(&self, known: &KnownGroup) -> Result<SignedBy, JobEnd> {
        let configured = self.profile.config.service.certificate.as_deref();
        let allowed = AllowedCertificates::new(configured, self.input.certificate.as_ref())?;
        let mchd = self
            .input
            .mchd_info_id
            .clone()
            .or_else(|| self.profile.config.mchd_info_id.clone());
        let chosen: ChosenCertificate = self
            .context
            .safe_step("certificate", || async {
                let request = CertificateRequest {
                    caller: self.input.caller.clone(),
                    purpose: Purpose::Signature,
                    selector: allowed.selector(),
                    documents: self.names(known),
                    destination: Some(self.destination(known, None, mchd.clone())),
                };
                let chosen = self.mig24.signing().choose(self.context, request).await;
                chosen.map_err(StepError::Refused)
            })
            .await?;
        let certificate = allowed.check(&chosen)?;
        let mchd = match mchd {
            Some(mchd) => Some(mchd),
            None => self.employees_mchd(certificate.identity()).await?,
        };
        Ok(SignedBy {
            chosen,
            certificate,
            mchd,
        })
    }

    /// The power of attorney in the signer's employee record, where the profile names the organisation. A certificate of the
    /// organisation itself needs none.
    async fn employees_mchd(&self, identity: &Identity) -> Result<Option<String>, JobEnd> {
        let (Some(organisation), Some(snils), None) = (
            self.profile.config.organization_id.as_deref(),
            identity.snils.as_deref(),
            identity.inn_le.as_deref(),
        ) else {
            return Ok(None);
        };
        let organisation: ServiceId = organisation
            .parse()
            .map_err(|error| Fault::new(Code::ConfigInvalid).arg("reason", format!("organization_id: {error}")))?;
        self.context
            .safe_step("employee", || async {
                let employees = self.client.employees(&organisation).await?;
                let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
                let signer = employees.into_iter().find(|employee| {
                    employee
                        .snils
                        .as_deref()
                        .is_some_and(|own| digits(own) == digits(snils))
                });
                Ok(signer.and_then(|signer| signer.mchd_info_id))
            })
            .await
    }

    fn documents<'a>(&'a self, prepared: &'a Prepared, known: &'a KnownGroup, by: &'a SignedBy) -> Documents<'a> {
        Documents {
            client: self.client,
            context: self.context,
            prepared,
            known,
            own: match &self.input.subject {
                Subject::Group(_) => &[],
                Subject::Files(planned) => &planned.documents,
            },
            readings: Readings {
                kind: self.profile.config.hash_kind,
                accept_attributes: self.profile.config.accept_signed_attributes,
                certificate: &by.certificate,
            },
        }
    }

    /// One question for the whole group.
    async fn sign(&self, by: &SignedBy, known: &KnownGroup, checked: &[Checked]) -> Result<TimedSigned, JobEnd> {
        let organisation = by.certificate.identity().organisation.clone();
        let plain = self.profile.config.service.plain_cms;
        let request = Request {
            key: format!("{}:sign", self.context.id()),
            caller: self.input.caller.clone(),
            purpose: Purpose::Signature,
            selector: Selector::exactly(&by.certificate),
            chosen_on: Some(by.chosen.view.token.clone()),
            format: Format {
                detached: true,
                include_chain: self.profile.config.service.include_chain,
                timestamp: self.profile.config.service.timestamp.level,
            },
            documents: checked
                .iter()
                .map(|checked| checked.document.clone().in_profile(plain))
                .collect(),
            destination: Some(self.destination(known, organisation, by.mchd.clone())),
            notice: None,
        };
        let signing = self.mig24.signing_of(self.profile);
        let kept: KeptSignatures = self
            .context
            .safe_step("sign", || async {
                let signed = signing.sign(self.context, request.clone()).await?;
                KeptSignatures::keep(self.context, &signed)
                    .await
                    .map_err(StepError::Refused)
            })
            .await?;
        let signed = kept.read(self.context).await?;
        let signed = signing
            .timestamped(self.context, "timestamp", request.format, signed)
            .await?;
        if signed.documents.len() != checked.len() {
            let (made, wanted) = (signed.documents.len(), checked.len());
            return Err(Fault::internal(format!("{made} signatures were made of {wanted} documents")).into());
        }
        Ok(TimedSigned { signed, at: kept.at })
    }

    /// Hands in all signatures, once: a lost answer is followed by a look at the group.
    async fn finish(&self, group: &ServiceId, prepared: &Prepared, signed: &Signed) -> Result<Finished, JobEnd> {
        let finished = || Finished {
            at: OffsetDateTime::now_utc(),
        };
        let signatures = signed.documents.iter().map(|document| document.signature.len() as u64);
        let repetition = Repetition {
            at_most: FINISH_REPEATS,
            // In base64.
            long: allowance(signatures.sum::<u64>() * 4 / 3),
        };
        self.context
            .submitting_step(
                "finish",
                repetition,
                || async {
                    let signatures = signed.documents.iter().map(|document| document.signature.as_slice());
                    match self.client.finish(group, prepared, signatures).await {
                        Ok(()) => Ok(finished()),
                        Err(failure) => {
                            if matches!(failure, Failure::Ambiguous(_)) {
                                // Cancelling would say what may be untrue.
                                self.context.point_of_no_return();
                            }
                            Err(failure.into())
                        }
                    }
                },
                || async {
                    let info = self.client.group_info(group).await?;
                    Ok(match info.signedness() {
                        Signedness::Signed => Probe::Done(finished()),
                        Signedness::Unsigned => Probe::NotDone,
                        Signedness::Unclear => Probe::Unknown(
                            Fault::new(Code::ServiceUncertain)
                                .arg("service_status", info.status().unwrap_or("unknown"))
                                .detail("what the service says of the group does not tell whether it is signed"),
                        ),
                    })
                },
            )
            .await
    }

    fn names(&self, known: &KnownGroup) -> Vec<String> {
        match &self.input.subject {
            Subject::Files(planned) => planned.documents.iter().map(|document| document.name.clone()).collect(),
            Subject::Group(group) => known.names(group),
        }
    }

    fn destination(&self, known: &KnownGroup, organisation: Option<String>, mchd: Option<String>) -> Destination {
        let (counterparty, effect) = match &self.input.subject {
            Subject::Files(planned) => (Some(planned.recipient.label()), "effect-mig24-send"),
            Subject::Group(_) => (known.recipient.clone(), "effect-mig24-sign"),
        };
        Destination {
            service: "mig24".to_owned(),
            profile: self.profile.name.clone(),
            host: self.client.host(),
            organisation,
            counterparty,
            power_of_attorney: mchd,
            effect: effect.to_owned(),
            reversible: false,
        }
    }

    fn outcome(
        &self,
        group: &ServiceId,
        by: &SignedBy,
        checked: &[Checked],
        signed: &TimedSigned,
        finished: &Finished,
        after: Option<&Afterwards>,
    ) -> Value {
        let documents: Vec<_> = checked
            .iter()
            .zip(&signed.signed.documents)
            .map(|(checked, signed)| {
                json!({
                    "document_id": checked.document.reference,
                    "name": checked.document.name,
                    "size": checked.document.size,
                    "digest": signed.digest,
                    "seen": checked.seen,
                    "kind": checked.document.kind,
                    "signature": BASE64_STANDARD.encode(&signed.signature),
                })
            })
            .collect();
        let rfc3339 = |at: OffsetDateTime| at.format(&Rfc3339).ok();
        json!({
            "package_group_id": group,
            "state": "submitted",
            "status": after.and_then(|after| after.status.as_deref()),
            "delivery": after.map(|after| after.delivery),
            "certificate": by.chosen.fingerprint(),
            "mchd_info_id": by.mchd,
            "documents": documents,
            "timings": {
                "started_at": rfc3339(self.context.created_at()),
                "signed_at": rfc3339(signed.at),
                "finished_at": rfc3339(finished.at),
            },
        })
    }
}

/// Names what two jobs must not do both: signing this group, whoever signs.
pub(super) fn claim_key(profile: &str, group: &ServiceId) -> String {
    format!("mig24/{profile}/finish/{group}").to_ascii_lowercase()
}
