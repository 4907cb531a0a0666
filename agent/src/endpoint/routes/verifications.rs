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

use super::example_signature::EXAMPLE_SIGNATURE;
use super::signatures::DigestRequest;
use crate::certificate::Certificate;
use crate::cms::{
    AttachedReader, ContentDigests, Reason, SignedData, SignedDataError, SignerVerdict, Status, TimestampVerdict, Trust,
};
use crate::config::VerificationConfig;
use crate::endpoint::body::parse_json;
use crate::endpoint::caller::Caller;
use crate::endpoint::language::CallerLanguage;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::endpoint::submission::{Submission, digests, spool_base64};
use crate::messages::{Code, Fault, Localizer};
use crate::signing::certificates_of;
use crate::store::blobs::Spooled;
use crate::time_and_revocation::RevocationChecker;

const SIGNATURE_PART: &str = "signature";
const CONTENT_PART: &str = "content";
/// How long an issuer's responder or list may take.
const REVOCATION_TIMEOUT: Duration = Duration::from_secs(15);
/// Up to this size, in bytes, a signature is read whole; it may then also be without its content.
const HELD_WHOLE: u64 = 8 << 20;
/// How much of a larger one is read at a time, in bytes.
const PIECE: usize = 256 << 10;
/// The most root certificates of one request.
const MOST_ROOTS: usize = 100;

/// A signature to be verified.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "signature": EXAMPLE_SIGNATURE, "content": "aGVsbG8=" }))]
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
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes a form; it is read part by part")]
pub(crate) struct VerificationForm {
    /// Roots and digests.
    #[schema(nullable = false)]
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
    /// Whether the signed attributes name the certificate by its hash, as CAdES requires; a plain CMS does not.
    names_certificate: bool,
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
#[schema(as = SignerVerdict)]
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
    /// In the caller's language, for people.
    text: String,
    /// In English, with the technical words.
    detail: String,
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
/// The verdict is the answer, also where it is not `valid`. Nothing is fetched from elsewhere unless `revocation` asks for it; for an application only
/// where a chain ends at a root of the agent's configuration, since a root of its own could send the agent to any address.
#[utoipa::path(
    post, path = "/v1/verifications", tag = "signatures",
    request_body(content(
        (VerificationRequest<'static> = "application/json"),
        (VerificationForm = "multipart/form-data"),
    )),
    responses((status = OK, body = Verification))
)]
pub(super) async fn verify(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    CallerLanguage(localizer): CallerLanguage,
    request: Request,
) -> Result<Json<Verification>, Problem> {
    let submission = Submission::read(&shared, request).await?;
    submission.only([SIGNATURE_PART, CONTENT_PART].into_iter())?;
    let request: VerificationRequest<'_> = parse_json(submission.optional_request().unwrap_or(b"{}"))?;
    let (signature, inside) = match &request.signature {
        Some(text) => (SignedData::parse(text.as_bytes()).map_err(unreadable)?, None),
        None => read_signature(&shared, &submission.file(SIGNATURE_PART, SIGNATURE_PART)?.spooled).await?,
    };
    let content = match (&request.content, submission.has_files()) {
        (Some(text), _) => Some(spool_base64(&shared, CONTENT_PART, text).await?),
        (None, true) => submission
            .file(CONTENT_PART, CONTENT_PART)
            .ok()
            .map(|file| file.spooled.clone()),
        (None, false) => None,
    };
    let mut roots = roots(&request.roots)?;
    let VerificationConfig {
        roots: configured,
        intermediates,
    } = &shared.config.verification;
    let configured = certificates_of("verification.roots", configured)?;
    roots.extend(configured.iter().cloned());
    let intermediates = certificates_of("verification.intermediates", intermediates)?;
    let given = given_digests(&request)?;
    let digests = match (content, given) {
        (Some(content), _) => Some(digests(&shared.store, content.id(), &signature.required_digests()).await?),
        (None, given) => given.or(inside),
    };
    // Public-key arithmetic over many signers takes a while; other requests go on meanwhile.
    let verdicts = tokio::task::spawn_blocking(move || {
        let trust = Trust {
            roots: &roots,
            intermediates: &intermediates,
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
            let vouched = |root: &Certificate| caller.is_person() || configured.contains(root);
            checker.complete(verdict, OffsetDateTime::now_utc(), vouched).await;
        }
    }
    let signers: Vec<SignerView> = found
        .into_iter()
        .map(|(verdict, algorithm)| SignerView::of(verdict, algorithm, localizer))
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

/// A signature that came as a file. A large one holds its content; that is hashed while the rest is read, and never held.
async fn read_signature(shared: &Shared, file: &Spooled) -> Result<(SignedData, Option<ContentDigests>), Fault> {
    let unread = |error: std::io::Error| Fault::new(Code::StoreFailed).detail(error);
    let mut stored = shared.store.blob(file.id()).await?;
    if file.size() <= HELD_WHOLE {
        let mut bytes = Vec::new();
        stored.read_to_end(&mut bytes).await.map_err(unread)?;
        return Ok((SignedData::parse(&bytes).map_err(unreadable)?, None));
    }
    let mut reader = AttachedReader::new();
    let mut piece = vec![0; PIECE];
    loop {
        let read = stored.read(&mut piece).await.map_err(unread)?;
        if read == 0 {
            break;
        }
        reader.push(&piece[..read]).map_err(unreadable)?;
    }
    let (signed, digests) = reader.finish().map_err(unreadable)?;
    Ok((signed, Some(digests)))
}

fn unreadable(error: SignedDataError) -> Fault {
    Fault::invalid_field(SIGNATURE_PART, format_args!("cannot be read: {error}"))
}

impl SignerView {
    fn of(found: SignerVerdict, algorithm: Option<String>, localizer: Localizer) -> Self {
        let reasons = [found.integrity.as_ref().err(), found.trust.as_ref().err()];
        Self {
            signing_time: found.signing_time,
            algorithm,
            verdict: match found.status() {
                Status::Valid => Verdict::Valid,
                Status::Invalid => Verdict::Invalid,
                Status::Untrusted => Verdict::Unknown,
            },
            reasons: reasons
                .into_iter()
                .flatten()
                .map(|reason| ReasonView::of(*reason, localizer))
                .collect(),
            timestamps: found
                .timestamps
                .iter()
                .map(|timestamp| TimestampView::of(timestamp, localizer))
                .collect(),
            names_certificate: found.names_certificate,
            certificate: found.certificate.as_ref().map(SignerCertificate::of),
        }
    }
}

impl TimestampView {
    fn of(found: &TimestampVerdict, localizer: Localizer) -> Self {
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
            reasons: reason
                .into_iter()
                .map(|reason| ReasonView::of(reason, localizer))
                .collect(),
        }
    }
}

impl ReasonView {
    fn of(reason: Reason, localizer: Localizer) -> Self {
        let code = reason.code();
        Self {
            code,
            text: localizer.text(&format!("reason-{}", code.replace('_', "-")), &[]),
            detail: reason.to_string(),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::messages::Language;

    #[test]
    fn every_reason_has_a_text_in_each_language_and_a_line_in_the_documentation() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/signatures.md");
        let page = std::fs::read_to_string(page).unwrap();
        for reason in Reason::ALL {
            for language in [Language::En, Language::Kk, Language::Ru] {
                let view = ReasonView::of(reason, Localizer::new(language));
                assert!(
                    !view.text.starts_with("reason-"),
                    "{}: {}",
                    language.as_str(),
                    view.text
                );
            }
            assert!(page.contains(&format!("| `{}` |", reason.code())), "{}", reason.code());
        }
    }
}
