use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::io::AsyncReadExt;
use utoipa::ToSchema;

use super::signatures::DigestRequest;
use crate::certificate::Certificate;
use crate::cms::{ContentDigests, Reason, SignedData, SignerVerdict, Status, TimestampVerdict, Trust};
use crate::endpoint::body::{parse_json, too_large};
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::endpoint::submission::{Submission, digests, spool_base64};
use crate::messages::{Code, Fault};
use crate::store::blobs::Spooled;
use crate::time_and_revocation::RevocationChecker;

const SIGNATURE_PART: &str = "signature";
const CONTENT_PART: &str = "content";
/// How long an issuer's responder or list may take.
const REVOCATION_TIMEOUT: Duration = Duration::from_secs(15);
/// The most root certificates of one request.
const MOST_ROOTS: usize = 100;

/// A signature to be verified.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerificationRequest<'a> {
    /// The signature: CMS in PEM, or DER in base64. In a form it is the part `signature` instead.
    #[serde(default, borrow)]
    #[schema(value_type = Option<String>)]
    signature: Option<Cow<'a, str>>,
    /// The content in base64, when the signature is detached. In a form it is the part `content` instead.
    #[serde(default, borrow)]
    #[schema(value_type = Option<String>)]
    content: Option<Cow<'a, str>>,
    /// The content's digest, where the content itself is not at hand.
    #[serde(default)]
    digest: Option<DigestRequest>,
    /// More digests, where signers use several algorithms.
    #[serde(default)]
    digests: Vec<DigestRequest>,
    /// The certificates that are trusted, in PEM. Without them a good signature is `unknown`.
    #[serde(default)]
    roots: Vec<String>,
    /// Whether the issuers of the certificates are asked about revocation, by OCSP or their lists. Only then anything is fetched.
    #[serde(default)]
    revocation: bool,
}

/// A form with a signature.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form; it is read part by part")]
pub(crate) struct VerificationForm {
    /// Roots and digests.
    request: Option<VerificationRequest<'static>>,
    /// The signature.
    #[schema(value_type = String, format = Binary)]
    signature: Vec<u8>,
    /// The content.
    #[schema(value_type = Option<String>, format = Binary)]
    content: Option<Vec<u8>>,
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Verification {
    /// Whether every signature is good and its signer trusted; `null` when it is good and the trust is not known.
    valid: Option<bool>,
    /// A verdict for each signer.
    signers: Vec<SignerView>,
}

/// What was found about one signer.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignerView {
    /// The signer's certificate, when it is at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<SignerCertificate>,
    /// The time that the signer claims.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    signing_time: Option<OffsetDateTime>,
    /// The algorithm.
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<String>,
    verdict: Verdict,
    /// Why it is not `valid`.
    reasons: Vec<ReasonView>,
    /// The timestamps on the signature.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    timestamps: Vec<TimestampView>,
}

/// A timestamp on a signature.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimestampView {
    /// The time that it attests, when it can be read.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    time: Option<OffsetDateTime>,
    /// The subject of the authority's certificate, when the timestamp holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
    verdict: Verdict,
    /// Why it is not `valid`.
    reasons: Vec<ReasonView>,
}

/// A verdict in one word.
#[derive(Clone, Copy, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Good, and the signer is trusted.
    Valid,
    /// Not good.
    Invalid,
    /// Good as far as it goes; the signer's certificate is not trusted.
    Unknown,
}

/// Why a signature is not `valid`.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReasonView {
    /// A stable word.
    code: &'static str,
    /// In English.
    text: String,
}

/// The certificate of a signer.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignerCertificate {
    /// SHA-256 of the certificate, in hex.
    fingerprint: String,
    /// The subject, readable.
    subject: String,
    /// The issuer, readable.
    issuer: String,
    /// The serial number, in hex.
    serial: String,
    /// Holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    common_name: Option<String>,
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
    /// Kazakh personal number.
    #[serde(skip_serializing_if = "Option::is_none")]
    iin: Option<String>,
    /// Kazakh business number.
    #[serde(skip_serializing_if = "Option::is_none")]
    bin: Option<String>,
    /// Russian personal taxpayer number.
    #[serde(skip_serializing_if = "Option::is_none")]
    inn: Option<String>,
    /// Russian taxpayer number of a legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    inn_le: Option<String>,
    /// Valid from.
    #[serde(with = "time::serde::rfc3339")]
    valid_from: OffsetDateTime,
    /// Valid until.
    #[serde(with = "time::serde::rfc3339")]
    valid_until: OffsetDateTime,
    /// The certificate, in base64.
    der: String,
}

/// Verifies a signature.
///
/// The verdict is the answer, also where it is not `valid`. Nothing is fetched from elsewhere unless `revocation` asks for it.
#[utoipa::path(
    post, path = "/v1/verifications", tag = "signatures",
    request_body(content(
        (VerificationRequest<'static> = "application/json"),
        (VerificationForm = "multipart/form-data"),
    )),
    responses((status = OK, body = Verification))
)]
pub(super) async fn verify(State(shared): State<Arc<Shared>>, request: Request) -> Result<Json<Verification>, Problem> {
    let submission = Submission::read(&shared, request).await?;
    submission.only([SIGNATURE_PART, CONTENT_PART].into_iter())?;
    let request: VerificationRequest<'_> = parse_json(submission.optional_request().unwrap_or(b"{}"))?;
    let signature = match &request.signature {
        Some(text) => SignedData::parse(text.as_bytes()),
        None => {
            let file = &submission.file(SIGNATURE_PART, SIGNATURE_PART)?.spooled;
            SignedData::parse(&read_small(&shared, file).await?)
        }
    };
    let signature =
        signature.map_err(|error| Fault::invalid_field(SIGNATURE_PART, format_args!("cannot be read: {error}")))?;
    let content = match (&request.content, submission.has_files()) {
        (Some(text), _) => Some(spool_base64(&shared, CONTENT_PART, text).await?),
        (None, true) => submission
            .file(CONTENT_PART, CONTENT_PART)
            .ok()
            .map(|file| file.spooled.clone()),
        (None, false) => None,
    };
    let roots = roots(&request.roots)?;
    let given = given_digests(&request)?;
    let digests = match (content, given) {
        (Some(content), _) => Some(digests(&shared.store, content.id(), &signature.required_digests()).await?),
        (None, given) => given,
    };
    // Public-key arithmetic over many signers takes a while; other requests go on meanwhile.
    let verdicts = tokio::task::spawn_blocking(move || {
        let trust = Trust {
            roots: &roots,
            intermediates: &[],
            now: OffsetDateTime::now_utc(),
        };
        let verdicts = match digests {
            None if signature.attached_content().is_some() => signature.verify_attached(&trust),
            digests => signature.verify(&digests.unwrap_or_else(none), &trust),
        };
        let algorithms = signature
            .signers()
            .iter()
            .map(|signer| signer.algorithm().map(|algorithm| algorithm.to_string()))
            .collect::<Vec<_>>();
        verdicts.into_iter().zip(algorithms).collect::<Vec<_>>()
    });
    let mut found = verdicts.await.map_err(Fault::internal)?;
    if request.revocation {
        let checker = RevocationChecker::new(REVOCATION_TIMEOUT).map_err(Fault::internal)?;
        for (verdict, _) in &mut found {
            checker.complete(verdict, OffsetDateTime::now_utc()).await;
        }
    }
    let signers: Vec<SignerView> = found
        .into_iter()
        .map(|(verdict, algorithm)| SignerView::of(verdict, algorithm))
        .collect();
    let valid = if signers.iter().any(|signer| signer.verdict == Verdict::Invalid) {
        Some(false)
    } else {
        signers
            .iter()
            .all(|signer| signer.verdict == Verdict::Valid)
            .then_some(true)
    };
    Ok(Json(Verification { valid, signers }))
}

fn none() -> ContentDigests {
    std::iter::empty().collect()
}

fn roots(texts: &[String]) -> Result<Vec<Certificate>, Fault> {
    const END: &str = "-----END CERTIFICATE-----";
    let mut roots = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        // One text may hold several, as files of roots do.
        for pem in text.split_inclusive(END).filter(|pem| !pem.trim().is_empty()) {
            if roots.len() == MOST_ROOTS {
                return Err(Fault::invalid_field(
                    "roots",
                    format_args!("are more than {MOST_ROOTS}"),
                ));
            }
            let root = Certificate::from_pem_or_der(pem.as_bytes())
                .map_err(|error| Fault::invalid_field(format!("roots[{index}]"), error))?;
            roots.push(root);
        }
    }
    Ok(roots)
}

fn given_digests(request: &VerificationRequest<'_>) -> Result<Option<ContentDigests>, Fault> {
    let first = request.digest.iter().map(|digest| digest.read("digest"));
    let more = request
        .digests
        .iter()
        .enumerate()
        .map(|(index, digest)| digest.read(&format!("digests[{index}]")));
    let digests = first.chain(more).collect::<Result<Vec<_>, _>>()?;
    Ok((!digests.is_empty()).then(|| digests.into_iter().collect()))
}

/// A signature that came as a file; it is read whole, so it has the limit of a JSON body.
async fn read_small(shared: &Shared, file: &Spooled) -> Result<Vec<u8>, Fault> {
    let limit = u64::try_from(shared.config.endpoint.max_json_bytes).unwrap_or(u64::MAX);
    if file.size() > limit {
        return Err(too_large(limit));
    }
    let mut bytes = Vec::new();
    let mut reader = shared.store.blob(file.id()).await?;
    reader
        .read_to_end(&mut bytes)
        .await
        .map_err(|error| Fault::new(Code::StoreFailed).detail(error))?;
    Ok(bytes)
}

impl SignerView {
    fn of(found: SignerVerdict, algorithm: Option<String>) -> Self {
        let reasons = [found.integrity.as_ref().err(), found.trust.as_ref().err()];
        Self {
            signing_time: found.signing_time,
            algorithm,
            verdict: match found.status() {
                Status::Valid => Verdict::Valid,
                Status::Invalid => Verdict::Invalid,
                Status::Untrusted => Verdict::Unknown,
            },
            reasons: reasons.into_iter().flatten().copied().map(ReasonView::of).collect(),
            timestamps: found.timestamps.iter().map(TimestampView::of).collect(),
            certificate: found.certificate.as_ref().map(SignerCertificate::of),
        }
    }
}

impl TimestampView {
    fn of(found: &TimestampVerdict) -> Self {
        let (verdict, reason) = match (&found.integrity, &found.trust) {
            (Err(reason), _) => (Verdict::Invalid, Some(*reason)),
            (Ok(()), Err(reason @ Reason::CertificateRevoked)) => (Verdict::Invalid, Some(*reason)),
            (Ok(()), Err(reason)) => (Verdict::Unknown, Some(*reason)),
            (Ok(()), Ok(_)) => (Verdict::Valid, None),
        };
        Self {
            time: found.generated_at,
            authority: found.authority.as_ref().map(|authority| authority.subject().to_owned()),
            verdict,
            reasons: reason.into_iter().map(ReasonView::of).collect(),
        }
    }
}

impl ReasonView {
    fn of(reason: Reason) -> Self {
        Self {
            code: reason.code(),
            text: reason.to_string(),
        }
    }
}

impl SignerCertificate {
    fn of(certificate: &Certificate) -> Self {
        let identity = certificate.identity();
        Self {
            fingerprint: certificate.fingerprint().to_string(),
            subject: certificate.subject().to_owned(),
            issuer: certificate.issuer().to_owned(),
            serial: certificate.serial_hex(),
            common_name: identity.common_name.clone(),
            organisation: identity.organisation.clone(),
            iin: identity.iin.clone(),
            bin: identity.bin.clone(),
            inn: identity.inn.clone(),
            inn_le: identity.inn_le.clone(),
            valid_from: certificate.not_before(),
            valid_until: certificate.not_after(),
            der: BASE64_STANDARD.encode(certificate.der()),
        }
    }
}
