//! Signing a package group: by the user's certificate in two calls, or by the service.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::{JsonBody, Refusal};
use super::finish_request::FinishRequest;
use super::prepare_answer::{self, HashItem};
use super::queue::Message;
use super::records::{Group, GroupState, PackageSignature, Preparation, PreparedItem, Records};
use crate::sandbox::app::{App, locked};
use crate::sandbox::behaviour::HashKind;
use crate::sandbox::call::{Call, DigestTwist};
use crate::sandbox::clock;
use crate::sandbox::effects::{Happened, PreparedDigest};
use crate::sandbox::storage::BlobRef;
use crate::sandbox::verification::{Certificate, SignedAttributes, SignedContent, assemble, is_detached};

/// How many signatures of one group are looked at together; OpenSSL itself runs as often as there are cores.
const AT_ONCE: usize = 16;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PrepareRequest {
    package_group_id: Uuid,
    certificate: String,
    /// The power of attorney under which an employee signs. Recorded, not checked: the sandbox keeps no such register.
    #[serde(default)]
    mchd_info_id: Option<String>,
}

/// Hands out the hashes of a group's documents for one certificate. Asked again, the last answer counts.
pub(super) async fn prepare(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<PrepareRequest>,
) -> Result<Json<Value>, Refusal> {
    let group_id = request.package_group_id;
    let certificate = read_certificate(&request.certificate)?;
    check_organisation(&app, &certificate)?;
    let behaviour = app.behaviour().mig24;
    let documents = locked(&app.mig24).documents_to_sign(group_id)?;

    let mut items = Vec::with_capacity(documents.len());
    let mut hashes = Vec::with_capacity(documents.len());
    let mut digests = Vec::with_capacity(documents.len());
    for document in documents {
        let (item, hash, digest) = document.hash(&app, &certificate, behaviour.hash_kind)?;
        items.push(item);
        hashes.push(hash);
        digests.push(digest);
    }
    if let (Some(first), Some(twist)) = (hashes.first_mut(), call.twists.digest) {
        twist_hash(&mut first.value, twist);
    }

    let shape = &behaviour.prepare_answer;
    let session = prepare_answer::carries_session(shape).then(|| Uuid::new_v4().to_string());
    let answer = prepare_answer::write(shape, group_id, session.as_deref(), &hashes);
    let preparation = Preparation {
        certificate: STANDARD.encode(certificate.der()),
        session,
        hash_kind: behaviour.hash_kind,
        items,
    };
    locked(&app.mig24).preparations.put(group_id, preparation)?;
    app.record(
        &call,
        Happened::GroupPrepared {
            group_id,
            certificate_sha256: certificate.fingerprint(),
            mchd_info_id: request.mchd_info_id,
            digests,
        },
    )?;
    Ok(Json(answer))
}

/// Base64 DER on one line.
fn read_certificate(base64: &str) -> Result<Certificate, Refusal> {
    let der = STANDARD
        .decode(base64)
        .map_err(|_| Refusal::invalid("certificate: the DER certificate in base64 is expected, on one line"))?;
    Certificate::from_der(&der).map_err(|error| Refusal::invalid(format!("certificate: {error}")))
}

/// An employee's certificate names no organisation, and that is in order; one that names another is not.
fn check_organisation(app: &App, certificate: &Certificate) -> Result<(), Refusal> {
    match certificate.organisation_inn() {
        Some(inn) if inn != app.organisation.inn => Err(Refusal::invalid(format!(
            "the certificate's organisation (INN {inn}) is not the token's"
        ))),
        _ => Ok(()),
    }
}

fn twist_hash(hash: &mut Vec<u8>, twist: DigestTwist) {
    match twist {
        DigestTwist::Short => drop(hash.pop()),
        DigestTwist::Foreign => hash.iter_mut().for_each(|byte| *byte = !*byte),
    }
}

struct DocumentToSign {
    package_id: Uuid,
    document_id: Uuid,
    name: String,
    bytes: BlobRef,
}

impl DocumentToSign {
    /// What `finish` has to fit, what is handed out, and what is recorded.
    fn hash(
        self,
        app: &App,
        certificate: &Certificate,
        kind: HashKind,
    ) -> Result<(PreparedItem, HashItem, PreparedDigest), Refusal> {
        let Self {
            package_id,
            document_id,
            name,
            bytes,
        } = self;
        let algorithm = certificate.key().digest();
        let content_digest = algorithm.digest(&app.blobs.read(&bytes)?);
        let digest = PreparedDigest {
            document_id,
            digest: hex::encode(&content_digest),
        };
        let attributes = || SignedAttributes::build(certificate, &content_digest);
        let (value, attributes) = match kind {
            HashKind::ContentDigest => (content_digest, None),
            HashKind::SignedAttributesDigest => {
                let attributes = attributes();
                (algorithm.digest(attributes.der()), Some(attributes))
            }
            HashKind::SignedAttributes => {
                let attributes = attributes();
                (attributes.der().to_vec(), Some(attributes))
            }
        };
        let signed_attributes = attributes.map(|attributes| hex::encode(attributes.der()));
        let item = PreparedItem {
            package_id,
            document_id,
            bytes,
            signed_attributes,
        };
        Ok((
            item,
            HashItem {
                package_id,
                document_id,
                name,
                algorithm: algorithm.oid(),
                value,
            },
            digest,
        ))
    }
}

impl Records {
    fn documents_to_sign(&self, group_id: Uuid) -> Result<Vec<DocumentToSign>, Refusal> {
        let group = self.group(group_id)?;
        if group.is_signed() {
            return Err(Refusal::conflict(format!("package group {group_id} is signed already")));
        }
        let packages = self.packages_of(group).into_iter();
        packages
            .map(|(package_id, package)| {
                let document = self.document(package.document_id)?;
                let (name, bytes) = (document.name.clone(), document.bytes.clone());
                Ok(DocumentToSign {
                    package_id,
                    document_id: package.document_id,
                    name,
                    bytes,
                })
            })
            .collect()
    }
}

/// Takes the signatures of a whole group; all are verified before any is kept.
pub(super) async fn finish(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(body): JsonBody<Map<String, Value>>,
) -> Result<Response, Refusal> {
    let request = FinishRequest::read(&body)?;
    let group_id = request.group_id;
    locked(&app.mig24).group(group_id)?;
    match attempt_finish(&app, &body, request).await {
        Ok(finished) => {
            app.record(&call, finished)?;
            if app.behaviour().mig24.empty_finish_body {
                return Ok(StatusCode::OK.into_response());
            }
            let records = locked(&app.mig24);
            Ok(Json(records.group_info(group_id, records.group(group_id)?, &app.behaviour().mig24)).into_response())
        }
        Err(NotFinished::Repeated) => {
            app.record(&call, Happened::FinishRepeated { group_id })?;
            Err(Refusal::conflict(format!("package group {group_id} is signed already")))
        }
        Err(NotFinished::Refused(refusal)) => {
            app.record(
                &call,
                Happened::FinishRefused {
                    group_id,
                    reason: refusal.text.clone(),
                },
            )?;
            Err(refusal)
        }
    }
}

enum NotFinished {
    /// The group has been finished before.
    Repeated,
    /// These signatures are not acceptable.
    Refused(Refusal),
}

impl<T: Into<Refusal>> From<T> for NotFinished {
    fn from(refusal: T) -> Self {
        Self::Refused(refusal.into())
    }
}

async fn attempt_finish(app: &App, body: &Map<String, Value>, request: FinishRequest) -> Result<Happened, NotFinished> {
    let group_id = request.group_id;
    let preparation = {
        let records = locked(&app.mig24);
        if records.group(group_id)?.is_signed() {
            return Err(NotFinished::Repeated);
        }
        let preparation = records.preparations.find(group_id).cloned();
        preparation.ok_or_else(|| Refusal::conflict(format!("package group {group_id} has not been prepared")))?
    };
    check_session(app, body, &preparation)?;
    let certificate = read_certificate(&preparation.certificate)?;
    let signatures = request.signatures_for(&preparation.items)?;

    let mut verifications = Vec::with_capacity(signatures.len());
    for (item, signature) in preparation.items.iter().zip(signatures) {
        verifications.push(accept(app, &certificate, item, signature));
    }
    let verified: Vec<_> = stream::iter(verifications).buffered(AT_ONCE).try_collect().await?;

    // Another finish may have come to its end while OpenSSL was running.
    let mut records = locked(&app.mig24);
    let mut group = records.group(group_id)?.clone();
    if group.is_signed() {
        return Err(NotFinished::Repeated);
    }
    for (package_id, bytes) in verified {
        if let Some(mut package) = records.packages.find(package_id).cloned() {
            package.signature = Some(PackageSignature {
                id: Uuid::new_v4(),
                bytes,
            });
            records.packages.put(package_id, package)?;
        }
    }
    group.send();
    records.groups.put(group_id, group)?;
    publish_states(app, &records, group_id);
    let document_ids = preparation.items.iter().map(|item| item.document_id).collect();
    Ok(Happened::GroupFinished {
        group_id,
        document_ids,
        certificate_sha256: certificate.fingerprint(),
    })
}

fn check_session(app: &App, body: &Map<String, Value>, preparation: &Preparation) -> Result<(), Refusal> {
    let (Some(session), Some(member)) = (
        &preparation.session,
        app.behaviour().mig24.prepare_answer.session_member,
    ) else {
        return Ok(());
    };
    if body.get(&member).and_then(Value::as_str) == Some(session) {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "{member} is not the one that prepare answered"
    )))
}

/// Verifies one signature and keeps the CMS. Returns the package and where its CMS is.
async fn accept(
    app: &App,
    certificate: &Certificate,
    item: &PreparedItem,
    signature: Vec<u8>,
) -> Result<(Uuid, BlobRef), Refusal> {
    let cms = verify(app, certificate, item, signature).await.map_err(|reason| {
        Refusal::invalid(format!(
            "the signature of document {} is not accepted: {reason}",
            item.document_id
        ))
    })?;
    Ok((item.package_id, app.blobs.put(&cms)?))
}

/// Has OpenSSL verify one signature, and returns the CMS to be kept.
async fn verify(
    app: &App,
    certificate: &Certificate,
    item: &PreparedItem,
    signature: Vec<u8>,
) -> Result<Vec<u8>, String> {
    let cms = match &item.signed_attributes {
        None => signature,
        Some(attributes) => {
            let attributes = hex::decode(attributes).map_err(|error| error.to_string())?;
            assemble(certificate, &SignedAttributes::from_der(attributes), &signature)
        }
    };
    if !is_detached(&cms).map_err(|error| error.to_string())? {
        return Err("it must be detached".to_owned());
    }
    let content = app.blobs.path(&item.bytes);
    let verified = app
        .openssl
        .verify(&cms, SignedContent::Beside(&content), certificate.key())
        .await;
    let signer = verified.map_err(|error| error.to_string())?;
    if signer.der() != certificate.der() {
        return Err("the signer is not the certificate that prepare was asked with".to_owned());
    }
    Ok(cms)
}

/// Tells the organisation's queue of every package of a group.
fn publish_states(app: &App, records: &Records, group_id: Uuid) {
    let Some(group) = records.groups.find(group_id) else {
        return;
    };
    let status = json!(group.state(&app.behaviour().mig24));
    for (package_id, package) in records.packages_of(group) {
        app.publish(Message::package(package_id, group_id, package.document_id, &status));
    }
}

impl Group {
    fn send(&mut self) {
        self.state = GroupState::Sent;
        self.signed_on = Some(clock::unix_seconds());
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignByUserRequest {
    package_group_id: Uuid,
    user_id: Uuid,
}

/// Signs by an employee's certificate at the service, or sends that employee a link.
///
/// The sandbox holds no keys: it marks the group as sent and keeps no signature.
pub(super) async fn sign_by_user(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<SignByUserRequest>,
) -> Result<StatusCode, Refusal> {
    let SignByUserRequest {
        package_group_id: group_id,
        user_id,
    } = request;
    let has_certificate = app.user(user_id)?.cert_container_name.is_some();
    sign_at_service(&app, group_id, |group| {
        if has_certificate {
            group.send()
        } else {
            group.state = GroupState::WaitingForUser
        }
    })?;
    let happened = if has_certificate {
        Happened::SignedByUser { group_id, user_id }
    } else {
        Happened::LinkSentToUser { group_id, user_id }
    };
    app.record(&call, happened)?;
    Ok(StatusCode::OK)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignByContainerRequest {
    package_group_id: Uuid,
    #[serde(alias = "certContainerName", alias = "container")]
    container_name: String,
    #[serde(default)]
    mchd_info_id: Option<String>,
}

/// Signs by a named container at the service. The sandbox holds no keys, as above.
pub(super) async fn sign_by_container(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<SignByContainerRequest>,
) -> Result<StatusCode, Refusal> {
    let SignByContainerRequest {
        package_group_id: group_id,
        container_name: container,
        mchd_info_id,
    } = request;
    if !app
        .people
        .users
        .iter()
        .any(|user| user.cert_container_name.as_ref() == Some(&container))
    {
        return Err(Refusal::not_found(format!("there is no container {container:?}")));
    }
    sign_at_service(&app, group_id, Group::send)?;
    app.record(
        &call,
        Happened::SignedByContainer {
            group_id,
            container,
            mchd_info_id,
        },
    )?;
    Ok(StatusCode::OK)
}

fn sign_at_service(app: &App, group_id: Uuid, change: impl FnOnce(&mut Group)) -> Result<(), Refusal> {
    let mut records = locked(&app.mig24);
    let mut group = records.group(group_id)?.clone();
    if group.is_signed() {
        return Err(Refusal::conflict(format!("package group {group_id} is signed already")));
    }
    change(&mut group);
    records.groups.put(group_id, group)?;
    publish_states(app, &records, group_id);
    Ok(())
}
