//! Verification: a verdict with a reason for each signer, in two parts that are never mixed. *Integrity* is mathematics: the content, the attributes
//! and the signature belong together. *Trust* is the certification path at the time of signing.

use serde::Serialize;
use thiserror::Error;
use time::OffsetDateTime;

use super::algorithm::{SignatureAlgorithm, ToBeSigned};
use super::digest::{ContentDigester, ContentDigests, Digest};
use super::path;
use super::primitive::{DigestOrder, GostLayout, SignatureError};
use super::signed_data::{SignedData, SignerId, SignerInfo};
use super::timestamp::TimestampVerdict;
use crate::certificate::Certificate;

/// What a verdict may rely on.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// Trusted as they are.
    pub roots: &'a [Certificate],
    /// Further certificates that may stand between a signer and a root; those inside the CMS are used as well.
    pub intermediates: &'a [Certificate],
    /// The present. Certificates are checked at the time of a timestamp that holds; without one at the signing time that the signer claims, or at
    /// this time when none is claimed or it lies in the future.
    pub now: OffsetDateTime,
}

/// What verification found about one signer.
#[derive(Debug, Clone)]
pub struct SignerVerdict {
    /// How the CMS names the signer's certificate.
    pub signer: SignerId,
    /// That certificate, when it is at hand.
    pub certificate: Option<Certificate>,
    /// The time the signer claims. Nothing but the signer's word stands behind it.
    pub signing_time: Option<OffsetDateTime>,
    /// What was found about each timestamp on the signature.
    pub timestamps: Vec<TimestampVerdict>,
    /// Whether the signed attributes name the certificate by its hash (signing-certificate), as CAdES requires.
    pub names_certificate: bool,
    /// Whether content, attributes and signature belong together.
    pub integrity: Result<(), Reason>,
    /// The certification path, leaf first, or why there is none.
    pub trust: Result<Vec<Certificate>, Reason>,
}

/// A verdict in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Integrity and trust hold.
    Valid,
    /// Integrity holds, but the certificate is not trusted.
    Untrusted,
    /// Integrity does not hold or could not be established, or the certificate was revoked.
    Invalid,
}

impl SignerVerdict {
    /// The verdict in one word.
    pub const fn status(&self) -> Status {
        match (&self.integrity, &self.trust) {
            (Ok(()), Ok(_)) => Status::Valid,
            (Ok(()), Err(Reason::CertificateRevoked)) => Status::Invalid,
            (Ok(()), Err(_)) => Status::Untrusted,
            (Err(_), _) => Status::Invalid,
        }
    }

    /// Why the status is not [`Status::Valid`].
    pub fn reason(&self) -> Option<Reason> {
        self.integrity
            .as_ref()
            .err()
            .or_else(|| self.trust.as_ref().err())
            .copied()
    }
}

/// Why a signature is not valid. Serialised as its [`code`](Self::code).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Detached, and the content's digest was not given.
    #[error("the signature is detached and the signed content was not given")]
    ContentMissing,
    /// messageDigest differs.
    #[error("the content is not what was signed: its digest differs")]
    ContentDigestMismatch,
    /// The contentType attribute differs from eContentType.
    #[error("the signed attributes are about content of another type")]
    ContentTypeMismatch,
    /// The signer's certificate is neither inside nor given.
    #[error("the signer's certificate is not in the signature and was not given")]
    CertificateMissing,
    /// signing-certificate-v2 names another certificate.
    #[error("the signature names another certificate than the one it carries")]
    CertificateHashMismatch,
    /// An algorithm, a curve or a key size that is not supported.
    #[error("the signature uses an algorithm or a key size that is not supported")]
    AlgorithmUnsupported,
    /// The signature algorithm is not one for the certificate's key.
    #[error("the signature's algorithm does not fit the certificate's key")]
    AlgorithmMismatch,
    /// The parameters of the certificate's key (RSASSA-PSS) do not allow the digest or the salt.
    #[error("the signature's digest or salt is not what the parameters of the certificate's key demand")]
    KeyParameters,
    /// The value does not verify.
    #[error("the signature does not verify with the signer's public key")]
    SignatureMismatch,
    /// A GOST value that verifies, but laid out as its country does not have it.
    #[error("the signature's bytes are in the wrong order for its country; other verifiers reject it")]
    SignatureLayout,
    /// Ed25519 without signed attributes over detached content.
    #[error("this signature covers the content directly and can be verified only with the whole content attached")]
    ContentNeededWhole,
    /// No issuer.
    #[error("the certificate of the issuer is not known; give the chain or the root")]
    IssuerUnknown,
    /// The path ends in a self-signed certificate that is not trusted.
    #[error("the certificate chain ends in a root that is not trusted")]
    RootUntrusted,
    /// A certificate whose issuer's signature does not verify.
    #[error("a certificate in the chain is not signed by its issuer")]
    CertificateSignature,
    /// An issuer that may not issue.
    #[error("a certificate in the chain was issued by one that is not an authority")]
    IssuerNotAuthority,
    /// Expired at the time of signing.
    #[error("a certificate in the chain had expired at the time of signing")]
    CertificateExpired,
    /// Not yet valid at the time of signing.
    #[error("a certificate in the chain was not yet valid at the time of signing")]
    CertificateNotYetValid,
    /// An extension that must be understood and is not.
    #[error("a certificate in the chain has a critical extension that is not supported")]
    CriticalExtension,
    /// The issuer says that a certificate was revoked before the signature was made.
    #[error("a certificate in the chain was revoked before the signature was made")]
    CertificateRevoked,
    /// Nobody said whether a certificate was revoked.
    #[error("it could not be found out whether a certificate in the chain was revoked")]
    RevocationUnknown,
    /// A timestamp that cannot be read, or that has not exactly one signer.
    #[error("the timestamp cannot be read")]
    TimestampMalformed,
    /// A timestamp over something else.
    #[error("the timestamp was made for another signature")]
    TimestampImprint,
    /// A timestamp by a certificate without the extended key usage timeStamping.
    #[error("the timestamp was not made by a time stamping authority")]
    TimestampSigner,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::ContentMissing,
        Self::ContentDigestMismatch,
        Self::ContentTypeMismatch,
        Self::CertificateMissing,
        Self::CertificateHashMismatch,
        Self::AlgorithmUnsupported,
        Self::AlgorithmMismatch,
        Self::KeyParameters,
        Self::SignatureMismatch,
        Self::SignatureLayout,
        Self::ContentNeededWhole,
        Self::IssuerUnknown,
        Self::RootUntrusted,
        Self::CertificateSignature,
        Self::IssuerNotAuthority,
        Self::CertificateExpired,
        Self::CertificateNotYetValid,
        Self::CriticalExtension,
        Self::CertificateRevoked,
        Self::RevocationUnknown,
        Self::TimestampMalformed,
        Self::TimestampImprint,
        Self::TimestampSigner,
    ];

    /// A stable code for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ContentMissing => "content_missing",
            Self::ContentDigestMismatch => "content_digest_mismatch",
            Self::ContentTypeMismatch => "content_type_mismatch",
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateHashMismatch => "certificate_hash_mismatch",
            Self::AlgorithmUnsupported => "algorithm_unsupported",
            Self::AlgorithmMismatch => "algorithm_mismatch",
            Self::KeyParameters => "key_parameters",
            Self::SignatureMismatch => "signature_mismatch",
            Self::SignatureLayout => "signature_layout",
            Self::ContentNeededWhole => "content_needed_whole",
            Self::IssuerUnknown => "issuer_unknown",
            Self::RootUntrusted => "root_untrusted",
            Self::CertificateSignature => "certificate_signature",
            Self::IssuerNotAuthority => "issuer_not_authority",
            Self::CertificateExpired => "certificate_expired",
            Self::CertificateNotYetValid => "certificate_not_yet_valid",
            Self::CriticalExtension => "critical_extension",
            Self::CertificateRevoked => "certificate_revoked",
            Self::RevocationUnknown => "revocation_unknown",
            Self::TimestampMalformed => "timestamp_malformed",
            Self::TimestampImprint => "timestamp_imprint",
            Self::TimestampSigner => "timestamp_signer",
        }
    }
}

impl SignedData {
    /// A verdict for each signer over content whose digests, those of [`required_digests`](Self::required_digests), were computed by the caller.
    pub fn verify(&self, content: &ContentDigests, trust: &Trust<'_>) -> Vec<SignerVerdict> {
        self.signers()
            .iter()
            .map(|signer| self.verdict(signer, content, trust))
            .collect()
    }

    /// A verdict for each signer over the attached content; without any, each says [`Reason::ContentMissing`].
    pub fn verify_attached(&self, trust: &Trust<'_>) -> Vec<SignerVerdict> {
        self.verify(&self.attached_digests(), trust)
    }

    /// The digests of the attached content; none without content.
    pub(super) fn attached_digests(&self) -> ContentDigests {
        let digests = self.attached_content().map(|content| {
            let mut digester = ContentDigester::new(&self.required_digests());
            digester.update(content);
            digester.finish()
        });
        digests.unwrap_or_default()
    }

    fn verdict(&self, signer: &SignerInfo, content: &ContentDigests, trust: &Trust<'_>) -> SignerVerdict {
        let at_hand = || self.certificates().iter().chain(trust.intermediates).chain(trust.roots);
        let hash = signer.attributes().and_then(|attributes| attributes.certificate_hash());
        let certificate = signer.certificate_among(at_hand);
        let signing_time = signer.attributes().and_then(|attributes| attributes.signing_time());
        let names_certificate = match (&certificate, hash) {
            (Some(certificate), Some(hash)) => hash.names(certificate),
            _ => false,
        };
        let integrity = match &certificate {
            None => Err(Reason::CertificateMissing),
            Some(certificate) => self.integrity(signer, certificate, content),
        };
        let timestamps: Vec<_> = signer
            .timestamps
            .iter()
            .map(|token| TimestampVerdict::of(token, signer.signature(), trust))
            .collect();
        let proven = timestamps.iter().filter_map(TimestampVerdict::proven_time).min();
        let claimed = signing_time.filter(|time| *time <= trust.now);
        let at = proven.or(claimed).unwrap_or(trust.now);
        let path = match &certificate {
            None => Err(Reason::CertificateMissing),
            Some(certificate) => {
                let pool: Vec<Certificate> = self.certificates().iter().chain(trust.intermediates).cloned().collect();
                path::build(certificate, trust.roots, &pool, at)
            }
        };
        SignerVerdict {
            signer: signer.id().clone(),
            certificate,
            signing_time,
            timestamps,
            names_certificate,
            integrity,
            trust: path,
        }
    }

    /// Whether content, attributes and signature belong together and to `certificate`.
    pub(super) fn integrity(
        &self,
        signer: &SignerInfo,
        certificate: &Certificate,
        content: &ContentDigests,
    ) -> Result<(), Reason> {
        let hash = signer.attributes().and_then(|attributes| attributes.certificate_hash());
        if hash.is_some_and(|hash| !hash.names(certificate)) {
            return Err(Reason::CertificateHashMismatch);
        }
        let algorithm = signer.algorithm.ok_or(Reason::AlgorithmUnsupported)?;
        let Some(attributes) = signer.attributes() else {
            return self.integrity_without_attributes(signer, algorithm, certificate, content);
        };
        let digest = content_digest(signer, content)?;
        if attributes.content_type() != self.content_type() {
            return Err(Reason::ContentTypeMismatch);
        }
        if attributes.message_digest() != digest.value() {
            return Err(Reason::ContentDigestMismatch);
        }
        verify_value(algorithm, certificate, &attributes.as_input(), signer.signature())
    }

    fn integrity_without_attributes(
        &self,
        signer: &SignerInfo,
        algorithm: SignatureAlgorithm,
        certificate: &Certificate,
        content: &ContentDigests,
    ) -> Result<(), Reason> {
        if algorithm.digest().is_some() {
            let digest = content_digest(signer, content)?;
            return verify_value(algorithm, certificate, &ToBeSigned::Digest(digest), signer.signature());
        }
        let message = self.attached_content().ok_or(Reason::ContentNeededWhole)?;
        verify_value(
            algorithm,
            certificate,
            &ToBeSigned::Message(message),
            signer.signature(),
        )
    }
}

fn content_digest<'a>(signer: &SignerInfo, content: &'a ContentDigests) -> Result<&'a Digest, Reason> {
    let algorithm = signer.content_digest().ok_or(Reason::AlgorithmUnsupported)?;
    content.by(algorithm).ok_or(Reason::ContentMissing)
}

fn verify_value(
    algorithm: SignatureAlgorithm,
    certificate: &Certificate,
    input: &ToBeSigned<'_>,
    signature: &[u8],
) -> Result<(), Reason> {
    algorithm
        .verify(certificate, input, signature)
        .map_err(|error| match error {
            SignatureError::Mismatch if verifies_in_another_layout(algorithm, certificate, input, signature) => {
                Reason::SignatureLayout
            }
            SignatureError::Mismatch => Reason::SignatureMismatch,
            SignatureError::KeyMismatch => Reason::AlgorithmMismatch,
            SignatureError::KeyParameters => Reason::KeyParameters,
            SignatureError::Unsupported => Reason::AlgorithmUnsupported,
            SignatureError::NeedsMessage => Reason::ContentNeededWhole,
        })
}

fn verifies_in_another_layout(
    algorithm: SignatureAlgorithm,
    certificate: &Certificate,
    input: &ToBeSigned<'_>,
    signature: &[u8],
) -> bool {
    matches!(algorithm, SignatureAlgorithm::Gost { .. })
        && GostLayout::ALL.iter().any(|layout| {
            algorithm
                .verify_gost(certificate, input, DigestOrder::Standard, signature, *layout)
                .is_ok()
        })
}
