use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::StatusCode;
use http::header::{CONTENT_TYPE, LOCATION};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::jobs::{self, Waiting};
use super::started::StartHeaders;
use crate::certificate::{Purpose, Selector};
use crate::cms::{Digest, DigestAlgorithm, DigestError, Encoding};
use crate::config::TimestampLevel;
use crate::consent::CallerView;
use crate::endpoint::body::parse_json;
use crate::endpoint::caller::{Caller, Identity};
use crate::endpoint::extract::InPath;
use crate::endpoint::idempotency::IdempotencyKey;
use crate::endpoint::language::CallerLanguage;
use crate::endpoint::permission::Permission;
use crate::endpoint::preference::Preference;
use crate::endpoint::problem::{self, Problem, ProblemSchema};
use crate::endpoint::selector;
use crate::endpoint::shared::Shared;
use crate::endpoint::submission::{Submission, check_digest, spool_base64};
use crate::endpoint::visible::visible;
use crate::jobs::{Job, JobContext, JobEnd, JobState, NewJob, Outcome, Scenario, StepError};
use crate::messages::{Code, Fault, Localizer};
use crate::signing::{self, Document, DocumentKind, Format, Signed, Signing};
use crate::store::blobs::Spooled;

/// The kind of jobs that make signatures.
pub(in crate::endpoint) const KIND: &str = "signature";
/// The most documents of one request.
const MOST_DOCUMENTS: usize = 10_000;
/// The longest name, media type and reference of a document, in bytes.
const LONGEST_TEXT: usize = 1024;

/// A request for signatures.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "purpose": "signature",
    "certificate": "bin=123456789012",
    "format": "cades-b",
    "documents": [{ "name": "contract.txt", "media_type": "text/plain", "reference": "№ 17", "content": "aGVsbG8=" }],
}))]
pub(crate) struct SignatureRequest<'a> {
    /// `signature` for documents, `authentication` for login challenges.
    #[serde(default = "signature")]
    #[schema(example = "signature")]
    purpose: Purpose,
    /// Which certificate: the beginning of its fingerprint, a PKCS#11 URI, or filters such as `iin=…,bin=…`. Several fit: the
    /// person is asked.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    certificate: Option<Cow<'a, str>>,
    /// What is made.
    #[serde(default)]
    format: SignatureFormat,
    /// Whether the content stays outside of the signature.
    #[serde(default = "yes")]
    detached: bool,
    /// How the signatures come back.
    #[serde(default)]
    encoding: SignatureEncoding,
    /// Whether the known certificates of the chain go in besides the signer's.
    #[serde(default)]
    include_chain: bool,
    /// What is signed, in the order shown to the person.
    #[serde(borrow)]
    #[schema(min_items = 1, max_items = 10000)]
    documents: Vec<DocumentRequest<'a>>,
    /// The command line will give the PIN itself, for a certificate that is configured so.
    #[serde(default)]
    unattended: bool,
}

/// A document to be signed: its content, or only its digest, or both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentRequest<'a> {
    /// Its name, for the person.
    #[schema(example = "contract.pdf", min_length = 1, max_length = 1024, pattern = r"\S")]
    name: String,
    /// Its media type.
    #[serde(default)]
    media_type: Option<String>,
    /// The caller's own reference; it comes back with the signature.
    #[serde(default)]
    reference: Option<String>,
    /// The content in base64.
    #[serde(default, borrow)]
    #[schema(value_type = Option<String>)]
    content: Option<Cow<'a, str>>,
    /// The name of the part that holds the content, in a form.
    #[serde(default)]
    part: Option<String>,
    /// A signature over this content, CMS in PEM or DER in base64, that the new signer joins; what is in it stays as it is.
    #[serde(default, borrow)]
    #[schema(value_type = Option<String>)]
    add_to: Option<Cow<'a, str>>,
    /// The name of the part that holds such a signature, in a form.
    #[serde(default)]
    add_to_part: Option<String>,
    /// The content's digest. With content it is checked; without, it is signed as it is, which needs the permission `raw_hash`.
    #[serde(default)]
    digest: Option<DigestRequest>,
}

/// A digest.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DigestRequest {
    /// `sha256`, `sha384`, `sha512`, `streebog256` or `streebog512`.
    #[schema(example = "sha256")]
    algorithm: String,
    /// In base64 or in hex.
    value: String,
}

/// The formats of signatures.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
pub(crate) enum SignatureFormat {
    /// CAdES baseline B (ETSI EN 319 122-1).
    #[default]
    #[serde(rename = "cades-b")]
    CadesB,
    /// CAdES baseline T: with a timestamp.
    #[serde(rename = "cades-t")]
    CadesT,
    /// CMS (RFC 5652); what is made is a CAdES-B signature, which is one.
    #[serde(rename = "cms")]
    Cms,
}

impl SignatureFormat {
    fn timestamp(self) -> TimestampLevel {
        match self {
            Self::CadesT => TimestampLevel::Required,
            Self::CadesB | Self::Cms => TimestampLevel::None,
        }
    }
}

/// How signatures come back in JSON.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SignatureEncoding {
    /// DER, in base64 as everything binary.
    #[default]
    Der,
    /// The same.
    Base64,
    /// PEM.
    Pem,
}

/// A form with documents.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form; it is read part by part")]
pub(crate) struct SignatureForm {
    /// The request; its documents name their parts.
    request: SignatureRequest<'static>,
    /// The documents, one part each, under the names that the request gives them.
    #[schema(value_type = String, format = Binary)]
    document: Vec<u8>,
}

/// A request for signatures, and how it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Signature)]
pub(crate) struct SignatureResource {
    /// Its id; also the job's.
    id: Uuid,
    /// Where it stands.
    #[schema(value_type = String, example = "finished")]
    state: JobState,
    /// What it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<Waiting>,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was closed.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    closed_at: Option<OffsetDateTime>,
    /// The certificate that signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<SignedBy>,
    /// The documents, in the request's order.
    documents: Vec<SignedDocument>,
    /// Why it failed or was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemSchema>)]
    fault: Option<Value>,
}

/// The certificate that signed.
#[derive(Deserialize, Serialize, ToSchema)]
pub(crate) struct SignedBy {
    /// SHA-256 of the certificate.
    fingerprint: String,
    /// The subject, readable.
    subject: String,
}

/// A document of a request.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedDocument {
    /// Its name.
    name: String,
    /// The caller's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// The digest that was signed, or that came with the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DigestRequest>)]
    digest: Option<Digest>,
    /// Its size in bytes, when the agent has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    state: DocumentState,
    /// The signature: DER in base64, or PEM where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

/// Where a document stands.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DocumentState {
    /// Not signed yet.
    Waiting,
    /// Signed.
    Signed,
    /// It will not be.
    Failed,
}

/// What a job of this kind keeps: all that is needed to run it again after a restart.
#[derive(Deserialize, Serialize)]
struct Input {
    caller: CallerView,
    #[serde(flatten)]
    order: Order,
}

/// What makes the request, and the same request.
#[derive(Deserialize, Serialize)]
struct Order {
    purpose: Purpose,
    selector: Selector,
    format: Format,
    encoding: SignatureEncoding,
    documents: Vec<Document>,
    /// Signatures that the new signer joins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    additions: Vec<Addition>,
}

/// A spooled signature that the new signer joins.
#[derive(Deserialize, Serialize)]
struct Addition {
    /// The place of the document that both are over.
    document: usize,
    blob: String,
}

/// Asks for signatures.
///
/// The person sees who asks, every document with its digest, and the certificate, and approves with the PIN. Large documents come as a
/// form: the JSON in the part `request`, each document in a part that it names. Honours `Prefer: wait=N` and `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v1/signatures", tag = "signatures",
    request_body(content(
        (SignatureRequest<'static> = "application/json"),
        (SignatureForm = "multipart/form-data"),
    )),
    params(
        StartHeaders,
    ),
    responses((status = ACCEPTED, body = SignatureResource, headers(("Location" = String, description = "Where it stands"))))
)]
pub(super) async fn begin(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    CallerLanguage(localizer): CallerLanguage,
    preference: Preference,
    key: IdempotencyKey,
    request: Request,
) -> Result<Response, Problem> {
    let submission = Submission::read(&shared, request).await?;
    let request: SignatureRequest<'_> = parse_json(submission.request()?)?;
    check(&caller, &request)?;
    // Held until the job refers to the documents.
    let mut held = Vec::new();
    let mut documents = Vec::with_capacity(request.documents.len());
    let mut additions = Vec::new();
    for (index, asked) in request.documents.iter().enumerate() {
        let place = Place(index);
        let (document, spooled) = receive(&shared, &submission, place, asked).await?;
        held.extend(spooled);
        if let Some(existing) = receive_addition(&shared, &submission, place, asked).await? {
            let blob = existing.id().to_string();
            signing::check_addition(&shared.store, &blob, &document).await?;
            additions.push(Addition { document: index, blob });
            held.push(existing);
        }
        documents.push(document);
    }
    let documents_asked = request.documents.iter();
    let parts = documents_asked.flat_map(|document| [document.part.as_deref(), document.add_to_part.as_deref()]);
    submission.only(parts.flatten())?;
    let order = Order {
        purpose: request.purpose,
        selector: selector::read(request.certificate.as_deref())?,
        format: Format {
            detached: request.detached,
            include_chain: request.include_chain,
            timestamp: request.format.timestamp(),
        },
        encoding: request.encoding,
        documents,
        additions,
    };
    let input = Input {
        caller: caller.view().await,
        order,
    };
    let job = NewJob {
        kind: KIND,
        profile: None,
        application: caller.application(),
        title: title(&input.order.documents),
        input: serde_json::to_value(&input).map_err(Fault::internal)?,
        blobs: input
            .order
            .documents
            .iter()
            .filter_map(|document| document.blob.clone())
            .chain(input.order.additions.iter().map(|addition| addition.blob.clone()))
            .collect(),
    };
    let id = key.start(&shared, &caller, &input.order, job).await?;
    drop(held);
    let job = jobs::settled(&shared, id, &preference).await?;
    let body = SignatureResource::of(job, localizer)?;
    let location = format!("/v1/signatures/{id}");
    let response = (StatusCode::ACCEPTED, [(LOCATION, location)], Json(body)).into_response();
    Ok(preference.applied_to(response))
}

/// Shows how a request for signatures stands.
///
/// A finished one carries its signatures. Honours `Prefer: wait=N`.
#[utoipa::path(
    get, path = "/v1/signatures/{id}", tag = "signatures",
    params(
        ("id" = Uuid, Path, description = "The request for signatures"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: answer when it is settled, after N seconds at the latest"),
    ),
    responses((status = OK, body = SignatureResource))
)]
pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    CallerLanguage(localizer): CallerLanguage,
    preference: Preference,
    InPath(id): InPath<Uuid>,
) -> Result<Response, Problem> {
    jobs::own(&shared, &caller, id, Some(KIND)).await?;
    let job = jobs::settled(&shared, id, &preference).await?;
    let body = SignatureResource::of(job, localizer)?;
    Ok(preference.applied_to(Json(body).into_response()))
}

/// Cancels a request for signatures.
#[utoipa::path(
    delete, path = "/v1/signatures/{id}", tag = "signatures",
    params(("id" = Uuid, Path, description = "The request for signatures")),
    responses((status = OK, body = SignatureResource))
)]
pub(super) async fn cancel(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    CallerLanguage(localizer): CallerLanguage,
    InPath(id): InPath<Uuid>,
) -> Result<Json<SignatureResource>, Problem> {
    jobs::own(&shared, &caller, id, Some(KIND)).await?;
    let job = shared.engine.cancel(id).await?;
    Ok(Json(SignatureResource::of(job, localizer)?))
}

/// Gives one signature as a file.
#[utoipa::path(
    get, path = "/v1/signatures/{id}/documents/{index}/signature", tag = "signatures",
    params(
        ("id" = Uuid, Path, description = "The request for signatures"),
        ("index" = usize, Path, description = "The document's place in the request, from 0"),
    ),
    responses((status = OK, content_type = "application/pkcs7-signature", body = Vec<u8>))
)]
pub(super) async fn file(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    InPath((id, index)): InPath<(Uuid, usize)>,
) -> Result<Response, Problem> {
    let job = jobs::own(&shared, &caller, id, Some(KIND)).await?;
    let Some(outcome) = job.outcome else {
        return Err(Fault::new(Code::WrongState)
            .detail("there are no signatures yet")
            .into());
    };
    let mut signed: Signed = outcome.read()?;
    if index >= signed.documents.len() {
        return Err(Fault::new(Code::NoSuchItem).arg("item", "document").into());
    }
    let signature = signed.documents.swap_remove(index).signature;
    Ok(([(CONTENT_TYPE, "application/pkcs7-signature")], signature).into_response())
}

/// The job that makes signatures.
#[derive(Debug)]
pub(in crate::endpoint) struct SignatureScenario {
    signing: Signing,
}

impl SignatureScenario {
    pub(in crate::endpoint) fn new(signing: Signing) -> Self {
        Self { signing }
    }

    async fn sign(&self, context: &JobContext) -> Result<Outcome, JobEnd> {
        let Input { caller, order } = context.input()?;
        let additions = order.additions;
        let request = signing::Request {
            key: format!("{}:sign", context.id()),
            caller,
            purpose: order.purpose,
            selector: order.selector,
            chosen_on: None,
            format: order.format,
            documents: order.documents,
            destination: None,
            notice: None,
        };
        let format = request.format;
        if format.timestamp == TimestampLevel::None {
            let signed = self.signing.sign(context, request).await?;
            return Ok(Outcome::of(&joined(context, signed, &additions).await?)?);
        }
        // As a step: what is signed is kept, whatever becomes of the timestamp.
        let sign = || async {
            self.signing
                .sign(context, request.clone())
                .await
                .map_err(StepError::from)
        };
        let signed: Signed = context.safe_step("sign", sign).await?;
        let stamped = self.signing.timestamped(context, "timestamp", format, signed).await?;
        Ok(Outcome::of(&joined(context, stamped, &additions).await?)?)
    }
}

/// Puts the new signers into the signatures that they join.
async fn joined(context: &JobContext, mut signed: Signed, additions: &[Addition]) -> Result<Signed, Fault> {
    for addition in additions {
        let document = signed
            .documents
            .get_mut(addition.document)
            .ok_or_else(|| Fault::internal("a signature is to join one over a document that is not there"))?;
        signing::add_signer(context.store(), &addition.blob, document).await?;
    }
    Ok(signed)
}

impl Scenario for SignatureScenario {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// It names the documents and digests that were approved.
    fn is_found_by_its_outcome(&self) -> bool {
        false
    }

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>> {
        self.sign(context).boxed()
    }
}

impl SignatureResource {
    fn of(job: Job, localizer: Localizer) -> Result<Self, Fault> {
        let waiting = jobs::waiting(&job);
        let (certificate, documents) = match &job.outcome {
            Some(outcome) => {
                let encoding = SignatureEncoding::deserialize(&job.input["encoding"]).map_err(Fault::internal)?;
                let KeptSignatures { certificate, documents } = outcome.read()?;
                let documents: Result<_, Fault> = documents.into_iter().map(|kept| kept.told(encoding)).collect();
                (Some(certificate), documents?)
            }
            None => {
                let Input { order, .. } = serde_json::from_value(job.input).map_err(Fault::internal)?;
                let state = if job.state.is_settled() {
                    DocumentState::Failed
                } else {
                    DocumentState::Waiting
                };
                let documents = order.documents.into_iter().map(|document| SignedDocument {
                    name: document.name,
                    reference: document.reference,
                    digest: document.digest,
                    size: document.size,
                    state,
                    signature: None,
                });
                (None, documents.collect())
            }
        };
        Ok(Self {
            id: job.id,
            state: job.state,
            waiting,
            created_at: job.created_at,
            closed_at: job.closed_at,
            certificate,
            documents,
            fault: job.fault.map(|fault| problem::body(&fault, localizer)),
        })
    }
}

/// What is told of [`Signed`], as it lies in the outcome: the signatures stay the base64 that they are there.
#[derive(Deserialize)]
struct KeptSignatures<'a> {
    certificate: SignedBy,
    #[serde(borrow)]
    documents: Vec<KeptSignature<'a>>,
}

#[derive(Deserialize)]
struct KeptSignature<'a> {
    name: String,
    reference: Option<String>,
    digest: Digest,
    size: Option<u64>,
    #[serde(borrow)]
    signature: Cow<'a, str>,
}

impl KeptSignature<'_> {
    fn told(self, encoding: SignatureEncoding) -> Result<SignedDocument, Fault> {
        let signature = match encoding {
            SignatureEncoding::Der | SignatureEncoding::Base64 => self.signature.into_owned(),
            SignatureEncoding::Pem => {
                encoding.text(&BASE64_STANDARD.decode(&*self.signature).map_err(Fault::internal)?)
            }
        };
        Ok(SignedDocument {
            name: self.name,
            reference: self.reference,
            digest: Some(self.digest),
            size: self.size,
            state: DocumentState::Signed,
            signature: Some(signature),
        })
    }
}

impl SignatureEncoding {
    pub(super) fn text(self, der: &[u8]) -> String {
        let encoding = match self {
            // JSON holds no bytes.
            Self::Der | Self::Base64 => Encoding::Base64,
            Self::Pem => Encoding::Pem,
        };
        String::from_utf8_lossy(&encoding.encode(der)).into_owned()
    }
}

/// A document's place in the request, for faults.
#[derive(Clone, Copy)]
struct Place(usize);

impl Place {
    fn field(self, name: &str) -> String {
        format!("documents[{}].{name}", self.0)
    }
}

fn check(caller: &Caller, request: &SignatureRequest<'_>) -> Result<(), Fault> {
    caller.require(match request.purpose {
        Purpose::Signature => &Permission::Sign,
        Purpose::Authentication => &Permission::Authenticate,
    })?;
    if request.unattended && !matches!(caller.identity, Identity::Owner) {
        return Err(Fault::new(Code::NotUnattended).detail("only the command line gives a PIN by itself"));
    }
    if request.documents.is_empty() || request.documents.len() > MOST_DOCUMENTS {
        return Err(Fault::invalid_field(
            "documents",
            format_args!("has 1 to {MOST_DOCUMENTS} entries"),
        ));
    }
    for (index, document) in request.documents.iter().enumerate() {
        let place = Place(index);
        if document.name.trim().is_empty() {
            return Err(Fault::invalid_field(place.field("name"), "is empty"));
        }
        let texts = [
            ("name", Some(&document.name)),
            ("media_type", document.media_type.as_ref()),
            ("reference", document.reference.as_ref()),
        ];
        for (name, text) in texts {
            if text.is_some_and(|text| text.len() > LONGEST_TEXT) {
                return Err(Fault::invalid_field(
                    place.field(name),
                    format_args!("is longer than {LONGEST_TEXT} bytes"),
                ));
            }
        }
        let is_addition = document.add_to.is_some() || document.add_to_part.is_some();
        if is_addition && !request.detached {
            return Err(Fault::invalid_field(
                place.field("add_to"),
                "and detached = false exclude each other: whether the content is inside, the existing signature says",
            ));
        }
        match (&document.content, &document.part, &document.digest) {
            (Some(_), Some(_), _) => {
                return Err(Fault::invalid_field(
                    place.field("part"),
                    "comes with content; one of them is enough",
                ));
            }
            (None, None, None) => {
                return Err(Fault::invalid_field(
                    place.field("content"),
                    "is missing, and there is no digest",
                ));
            }
            (None, None, Some(_)) => {
                if !request.detached {
                    return Err(Fault::invalid_field(
                        place.field("content"),
                        "is missing: it is to go into the signature",
                    ));
                }
                caller.require(&Permission::RawHash)?;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn receive(
    shared: &Shared,
    submission: &Submission,
    place: Place,
    request: &DocumentRequest<'_>,
) -> Result<(Document, Option<Spooled>), Fault> {
    let digest = request
        .digest
        .as_ref()
        .map(|digest| digest.read(&place.field("digest")))
        .transpose()?;
    let spooled = match (&request.content, &request.part) {
        (Some(content), _) => Some(spool_base64(shared, &place.field("content"), content).await?),
        (None, Some(part)) => Some(submission.file(&place.field("part"), part)?.spooled.clone()),
        (None, None) => None,
    };
    if let (Some(spooled), Some(digest)) = (&spooled, &digest) {
        check_digest(&shared.store, spooled, digest, &request.name).await?;
    }
    let document = Document {
        name: request.name.clone(),
        media_type: request.media_type.clone(),
        reference: request.reference.clone(),
        blob: spooled.as_ref().map(|spooled| spooled.id().to_string()),
        size: spooled.as_ref().map(Spooled::size),
        digest,
        kind: DocumentKind::Content,
    };
    Ok((document, spooled))
}

/// The signature that the new signer joins.
async fn receive_addition(
    shared: &Shared,
    submission: &Submission,
    place: Place,
    request: &DocumentRequest<'_>,
) -> Result<Option<Spooled>, Fault> {
    match (&request.add_to, &request.add_to_part) {
        (None, None) => Ok(None),
        (None, Some(part)) => Ok(Some(
            submission.file(&place.field("add_to_part"), part)?.spooled.clone(),
        )),
        (Some(text), None) => {
            let (der, _) = Encoding::decode(text.as_bytes())
                .map_err(|error| Fault::invalid_field(place.field("add_to"), error))?;
            let mut spool = shared.store.spool(shared.config.endpoint.max_document_bytes).await?;
            spool.write(&der).await?;
            spool.finish().await.map(Some)
        }
        (Some(_), Some(_)) => Err(Fault::invalid_field(
            place.field("add_to_part"),
            "comes with add_to; one of them is enough",
        )),
    }
}

impl DigestRequest {
    /// Reads it; `field` is where it stands in the request.
    ///
    /// # Errors
    /// `invalid_field`, `digest_length`.
    pub(super) fn read(&self, field: &str) -> Result<Digest, Fault> {
        let algorithm: DigestAlgorithm = self
            .algorithm
            .parse()
            .map_err(|error: DigestError| Fault::invalid_field(format!("{field}.algorithm"), error))?;
        Digest::from_text(algorithm, &self.value).map_err(|error| match error {
            DigestError::Length { .. } => Fault::new(Code::DigestLength)
                .arg("field", format_args!("{field}.value"))
                .arg("document", format_args!("{field}.value"))
                .detail(error),
            _ => Fault::invalid_field(format!("{field}.value"), error),
        })
    }
}

/// One line for people: the first document, and how many more.
fn title(documents: &[Document]) -> String {
    const LONGEST: usize = 80;
    let first: String = documents
        .first()
        .map(|document| visible(&document.name).chars().take(LONGEST).collect())
        .unwrap_or_default();
    match documents.len() {
        0 | 1 => first,
        more => format!("{first} (+{})", more - 1),
    }
}

fn signature() -> Purpose {
    Purpose::Signature
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_has_lines_of_64_characters() {
        let pem = SignatureEncoding::Pem.text(&[0; 100]);
        assert!(pem.starts_with("-----BEGIN CMS-----\nAAAA"));
        assert!(pem.lines().all(|line| line.len() <= 64));
        assert!(pem.ends_with("=\n-----END CMS-----\n"));
    }
}
