//! The scenario of a signature made at the service: by a certificate that it keeps, by a named container, or by an employee who is sent a
//! link. The token has no part in it; the person approves documents, signer and power of attorney.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::fetched::{self, Source};
use super::group_scenario::{CarryThrough, Run};
use super::known_group::{Afterwards, KnownGroup};
use super::model::{Employee, Signedness};
use super::package_group::claim_key;
use super::service::{Mig24, Profile};
use crate::cms::DigestAlgorithm;
use crate::consent::{CallerView, Destination, DocumentView, ItemKind, RemoteApproval, RemoteMeans, RemoteSigner};
use crate::http_client::{Failure, ServiceId};
use crate::jobs::{JobEnd, NewJob, Probe, Repetition, StepError};
use crate::messages::{Code, Fault};
use crate::signing::RemoteRequest;
use crate::store::blobs::{BlobId, Spooled};

/// The kind of jobs that have a package group signed at the service.
pub const REMOTE_SIGNATURE: &str = "mig24_remote_signature";

/// How often a lost request is repeated, each time only when the group is still unsigned.
const REPEATS: u32 = 1;

/// So many documents are looked at in one step, and so many at a time.
const PORTION: usize = 50;
const AT_ONCE: usize = 4;

/// Has a package group signed at the service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignRemotely {
    /// The group.
    pub package_group_id: ServiceId,
    /// The employee who signs, with the certificate that the service keeps or by a link; this or `container`.
    #[serde(default)]
    pub user_id: Option<ServiceId>,
    /// The name of the container that signs.
    #[serde(default)]
    pub container: Option<String>,
    /// The power of attorney that goes with the container; the profile's when absent.
    #[serde(default)]
    pub mchd_info_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Input {
    caller: CallerView,
    package_group_id: ServiceId,
    by: By,
}

/// Who is asked to sign.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum By {
    User(ServiceId),
    Container { name: String, mchd: Option<String> },
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Asked {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
}

/// A document as it is shown, and its file, which stays in the store for the person to look into until the job closes.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Seen {
    #[serde(flatten)]
    view: DocumentView,
    /// Absent in a step of an earlier version.
    #[serde(default)]
    blob: Option<BlobId>,
}

impl Seen {
    fn into_view(self) -> DocumentView {
        DocumentView {
            content: self.blob,
            ..self.view
        }
    }
}

impl Mig24 {
    /// The job that has a package group signed at the service.
    ///
    /// # Errors
    /// `profile_unknown`, `not_configured`, `config_invalid`, `invalid_field`.
    pub fn sign_remotely(&self, profile: &str, caller: CallerView, request: SignRemotely) -> Result<NewJob, Fault> {
        let profile = self.profile(profile)?;
        profile.client()?;
        let by = match (request.user_id, request.container) {
            (Some(user), None) => {
                if request.mchd_info_id.is_some() {
                    let reason = "goes with a container; an employee's own stands in the employee record";
                    return Err(Fault::invalid_field("mchd_info_id", reason));
                }
                organisation(&profile)?;
                By::User(user)
            }
            (None, Some(name)) if !name.trim().is_empty() => By::Container {
                name,
                mchd: request.mchd_info_id.or_else(|| profile.config.mchd_info_id.clone()),
            },
            _ => {
                let reason = "exactly one of user_id and container is needed";
                return Err(Fault::invalid_field("user_id", reason));
            }
        };
        let title = format!("MIG24 {}: {}", profile.name, request.package_group_id);
        let input = Input {
            caller,
            package_group_id: request.package_group_id,
            by,
        };
        Ok(profile.job(REMOTE_SIGNATURE, &input.caller, title, &input, Vec::new()))
    }
}

/// The organisation whose employees may be asked: without it nobody could say who signs.
fn organisation(profile: &Profile) -> Result<ServiceId, Fault> {
    let id = profile.config.organization_id.as_deref().ok_or_else(|| {
        let key = format!("mig24.{}.organization_id", profile.name);
        Fault::not_configured(key, "it names the organisation whose employee signs")
    })?;
    id.parse()
        .map_err(|error| Fault::new(Code::ConfigInvalid).arg("reason", format!("organization_id: {error}")))
}

impl CarryThrough for Input {
    async fn carry_through(run: Run<'_, Self>) -> Result<Value, JobEnd> {
        run.carry_through().await
    }
}

impl Run<'_, Input> {
    async fn carry_through(&self) -> Result<Value, JobEnd> {
        let group = &self.input.package_group_id;
        self.context.claim(claim_key(&self.profile.name, group)).await?;
        let known = KnownGroup::ask(self.context, self.client, group).await?;
        self.context.left().is("package_group_id", group, false);
        let signer = self.signer().await?;
        let documents = self.documents(&known).await?;
        let key = format!("{}:approve", self.context.id());
        let request = RemoteRequest {
            key: key.clone(),
            caller: self.input.caller.clone(),
            documents: documents.clone(),
            signer: signer.clone(),
            destination: self.destination(&known, &signer),
        };
        self.context
            .safe_step("approve", || async {
                let approved = self.mig24.signing().approve_remote(self.context, request.clone()).await;
                Ok(approved.map_err(StepError::Refused)?.id())
            })
            .await?;
        self.context.left().may_be_sent();
        let asked = self
            .ask(group, &key, signer.means)
            .await
            .inspect_err(|end| self.context.left().was_not_taken(end))?;
        self.context.point_of_no_return();
        self.context.left().is_nothing();
        let after = Afterwards::ask(self.context, self.client, group).await?;
        Ok(outcome(group, &signer, &documents, &asked, after.as_ref()))
    }

    /// Who will sign, by name, and by what means.
    async fn signer(&self) -> Result<RemoteSigner, JobEnd> {
        let user = match &self.input.by {
            By::Container { name, mchd } => {
                return Ok(RemoteSigner {
                    means: RemoteMeans::Container,
                    name: name.clone(),
                    id: None,
                    power_of_attorney: mchd.clone(),
                });
            }
            By::User(user) => user,
        };
        let organisation = organisation(self.profile)?;
        self.context
            .safe_step("signer", || async {
                let employee = self.client.employee(&organisation, user).await?;
                Ok(signer_of(user, employee))
            })
            .await
    }

    /// Every document of the group with the digest of its file: what nobody can look at is not signed unseen.
    async fn documents(&self, known: &KnownGroup) -> Result<Vec<DocumentView>, JobEnd> {
        if known.documents.is_empty() {
            return Err(unseen("the group's documents").into());
        }
        let mut documents = Vec::with_capacity(known.documents.len());
        for (number, portion) in known.documents.chunks(PORTION).enumerate() {
            let seen: Vec<Seen> = self
                .context
                .safe_step(&format!("files.{}", number + 1), || async {
                    let looks: Vec<_> = portion
                        .iter()
                        .map(|(id, name)| self.look_at(id, name.as_deref()))
                        .collect();
                    let had: Vec<(Seen, Spooled)> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
                    let (seen, spooled) = had.into_iter().unzip();
                    fetched::keep(self.context, spooled).await?;
                    Ok(seen)
                })
                .await?;
            documents.extend(seen.into_iter().map(Seen::into_view));
        }
        Ok(documents)
    }

    async fn look_at(&self, id: &ServiceId, name: Option<&str>) -> Result<(Seen, Spooled), StepError> {
        let source = Source {
            store: self.context.store(),
            algorithm: DigestAlgorithm::Sha256,
        };
        let label = name.unwrap_or(id.as_str());
        let Some((file, spooled)) = source.download(self.client, id).await? else {
            return Err(StepError::Refused(unseen(label)));
        };
        let view = DocumentView {
            name: label.to_owned(),
            media_type: None,
            size: Some(file.size),
            digest: file.digest,
            seen: true,
            kind: ItemKind::Content,
            entries: Vec::new(),
            content: None,
        };
        let seen = Seen {
            view,
            blob: Some(file.blob),
        };
        Ok((seen, spooled))
    }

    /// Asks the service to sign, once: a lost answer is followed by a look at the group.
    async fn ask(&self, group: &ServiceId, key: &str, means: RemoteMeans) -> Result<Asked, JobEnd> {
        let asked = || Asked {
            at: OffsetDateTime::now_utc(),
        };
        self.context
            .submitting_step(
                "remote",
                Repetition {
                    at_most: REPEATS,
                    long: Duration::ZERO,
                },
                || async {
                    // The approval may have run out while the service could not be reached.
                    let standing = RemoteApproval::restore(self.context.store(), key).await;
                    if standing.map_err(StepError::Refused)?.is_none() {
                        let fault = Fault::new(Code::Expired).detail("the approval's deadline has passed");
                        return Err(StepError::Refused(fault));
                    }
                    let sent = match &self.input.by {
                        By::User(user) => self.client.sign_by_user(group, user).await,
                        By::Container { name, mchd } => {
                            self.client.sign_by_container(group, name, mchd.as_deref()).await
                        }
                    };
                    sent.map_err(|failure| {
                        if matches!(failure, Failure::Ambiguous(_)) {
                            // Cancelling would say what may be untrue.
                            self.context.point_of_no_return();
                        }
                        StepError::from(failure)
                    })?;
                    Ok(asked())
                },
                || async {
                    let info = self.client.group_info(group).await?;
                    Ok(match info.signedness() {
                        Signedness::Signed => Probe::Done(asked()),
                        Signedness::Unsigned => Probe::NotDone,
                        Signedness::Unclear if means == RemoteMeans::EmployeeLink && info.waits_for_signer() => {
                            Probe::Done(asked())
                        }
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

    fn destination(&self, known: &KnownGroup, signer: &RemoteSigner) -> Destination {
        let effect = match signer.means {
            RemoteMeans::EmployeeLink => "effect-mig24-link",
            RemoteMeans::EmployeeCertificate | RemoteMeans::Container => "effect-mig24-remote",
        };
        Destination {
            service: "mig24".to_owned(),
            profile: self.profile.name.clone(),
            host: self.client.host(),
            organisation: None,
            counterparty: known.recipient.clone(),
            power_of_attorney: None,
            effect: effect.to_owned(),
            reversible: false,
        }
    }
}

/// An employee without a container at the service is sent a link.
fn signer_of(user: &ServiceId, employee: Employee) -> RemoteSigner {
    let means = match &employee.cert_container_name {
        Some(_) => RemoteMeans::EmployeeCertificate,
        None => RemoteMeans::EmployeeLink,
    };
    let name = match (employee.full_name, employee.snils) {
        (Some(name), Some(snils)) => format!("{name}, СНИЛС {snils}"),
        (Some(name), None) => name,
        (None, Some(snils)) => format!("СНИЛС {snils}"),
        (None, None) => user.to_string(),
    };
    RemoteSigner {
        means,
        name,
        id: Some(user.to_string()),
        power_of_attorney: employee.mchd_info_id,
    }
}

fn unseen(what: &str) -> Fault {
    let reason = format!("the service does not give {what}, and nothing is signed unseen");
    Fault::new(Code::ServiceRefused).arg("reason", reason)
}

fn outcome(
    group: &ServiceId,
    signer: &RemoteSigner,
    documents: &[DocumentView],
    asked: &Asked,
    after: Option<&Afterwards>,
) -> Value {
    let documents: Vec<_> = documents
        .iter()
        .map(|document| json!({ "name": document.name, "size": document.size, "digest": document.digest }))
        .collect();
    let state = match signer.means {
        RemoteMeans::EmployeeLink => "link_sent",
        RemoteMeans::EmployeeCertificate | RemoteMeans::Container => "submitted",
    };
    json!({
        "package_group_id": group,
        "state": state,
        "status": after.and_then(|after| after.status.as_deref()),
        "delivery": after.map(|after| after.delivery),
        "signer": signer,
        "documents": documents,
        "asked_at": asked.at.format(&time::format_description::well_known::Rfc3339).ok(),
    })
}
