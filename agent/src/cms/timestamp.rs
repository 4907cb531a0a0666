//! Timestamps (RFC 3161): a SignedData of a time stamping authority over a TSTInfo, which ties a digest to a time.

use thiserror::Error;
use time::OffsetDateTime;

use super::digest::DigestAlgorithm;
use super::path;
use super::signed_data::{SignedData, SignedDataError, SignerInfo};
use super::verify::{Reason, Trust};
use crate::certificate::asn1::{Asn1Error, Element, Oid, Tag, parse_time};
use crate::certificate::{Certificate, ExtendedKeyUsage};

/// A timestamp token (RFC 3161 section 2.4.2), as it came.
#[derive(Debug, Clone)]
pub struct TimestampToken {
    signed: SignedData,
    policy: Oid,
    imprint_algorithm: Option<DigestAlgorithm>,
    imprint: Vec<u8>,
    generated_at: OffsetDateTime,
    nonce: Option<Vec<u8>>,
}

/// Why bytes are not a timestamp token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TimestampError {
    /// Not a SignedData.
    #[error("this is no timestamp: {0}")]
    SignedData(#[from] SignedDataError),
    /// A SignedData over something else than a TSTInfo.
    #[error("this is no timestamp but a signature over content of type {0}")]
    ContentType(Oid),
    /// A TSTInfo that breaks the rules.
    #[error("the timestamp is malformed: {0}")]
    Malformed(#[from] Asn1Error),
    /// RFC 3161 wants exactly one signer.
    #[error("the timestamp has {0} signers instead of one")]
    Signers(usize),
}

impl TimestampToken {
    /// Reads DER or BER.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, TimestampError> {
        let signed = SignedData::parse(bytes)?;
        if signed.content_type() != TST_INFO {
            return Err(TimestampError::ContentType(signed.content_type()));
        }
        if signed.signers().len() != 1 {
            return Err(TimestampError::Signers(signed.signers().len()));
        }
        let info = signed.attached_content().ok_or(Asn1Error::Truncated)?;
        let mut fields = Element::try_from(info)?.tagged(Tag::SEQUENCE)?.reader();
        fields.required(Tag::INTEGER)?;
        let policy = fields.required(Tag::OID)?.oid()?;
        let mut message_imprint = fields.sequence()?;
        let imprint_algorithm = DigestAlgorithm::from_identifier(&message_imprint.required(Tag::SEQUENCE)?)?;
        let imprint = message_imprint.required(Tag::OCTET_STRING)?.content.to_vec();
        fields.required(Tag::INTEGER)?;
        let generated_at = parse_time(&fields.required(Tag::GENERALIZED_TIME)?)?;
        // accuracy, ordering: what they say does not change whether the time counts.
        fields.optional(Tag::SEQUENCE)?;
        fields.optional(Tag::BOOLEAN)?;
        let nonce = match fields.optional(Tag::INTEGER)? {
            Some(nonce) => Some(nonce.unsigned_integer()?.to_vec()),
            None => None,
        };
        Ok(Self {
            policy,
            imprint_algorithm,
            imprint,
            generated_at,
            nonce,
            signed,
        })
    }

    /// The token in definite-length form.
    pub fn der(&self) -> &[u8] {
        self.signed.der()
    }

    /// The time that it attests.
    pub const fn generated_at(&self) -> OffsetDateTime {
        self.generated_at
    }

    /// The authority's policy.
    pub const fn policy(&self) -> Oid {
        self.policy
    }

    /// The nonce of the request, big-endian without leading zeros.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// The digest algorithm of what was stamped; `None` for one that the agent does not compute.
    pub const fn imprint_algorithm(&self) -> Option<DigestAlgorithm> {
        self.imprint_algorithm
    }

    /// Whether this is a timestamp of `bytes`.
    pub fn covers(&self, bytes: &[u8]) -> bool {
        self.imprint_algorithm
            .is_some_and(|algorithm| algorithm.digest(bytes).value() == self.imprint)
    }

    /// The authority that signed, proved: its certificate is in the token or among `others`, it may stamp time, it was valid then, and the
    /// signature is its own. Whether the certificate is trusted is another question ([`Self::path`]).
    ///
    /// # Errors
    /// Why not.
    pub fn authority(&self, others: &[Certificate]) -> Result<Certificate, Reason> {
        let signer = self.signer()?;
        let certificate = signer
            .certificate_among(|| self.signed.certificates().iter().chain(others))
            .ok_or(Reason::CertificateMissing)?;
        let may_stamp = certificate
            .extended_key_usage()
            .is_some_and(|usage| usage.contains(ExtendedKeyUsage::TIME_STAMPING));
        if !may_stamp {
            return Err(Reason::TimestampSigner);
        }
        if self.generated_at < certificate.not_before() {
            return Err(Reason::CertificateNotYetValid);
        }
        if self.generated_at > certificate.not_after() {
            return Err(Reason::CertificateExpired);
        }
        self.signed
            .integrity(signer, &certificate, &self.signed.attached_digests())?;
        Ok(certificate)
    }

    /// The certification path of the authority's certificate at the time of the timestamp.
    ///
    /// # Errors
    /// Why there is none.
    pub fn path(&self, authority: &Certificate, trust: &Trust<'_>) -> Result<Vec<Certificate>, Reason> {
        let inside = self.signed.certificates().iter();
        let pool: Vec<Certificate> = inside.chain(trust.intermediates).cloned().collect();
        path::build(authority, trust.roots, &pool, self.generated_at)
    }

    fn signer(&self) -> Result<&SignerInfo, Reason> {
        self.signed.signers().first().ok_or(Reason::TimestampMalformed)
    }
}

/// What verification found about one timestamp on a signature.
#[derive(Debug, Clone)]
pub struct TimestampVerdict {
    /// The time that it attests, when it can be read.
    pub generated_at: Option<OffsetDateTime>,
    /// The authority's certificate, when the timestamp holds.
    pub authority: Option<Certificate>,
    /// Whether it is a timestamp of this signature, made by a time stamping authority.
    pub integrity: Result<(), Reason>,
    /// The authority's certification path, or why there is none.
    pub trust: Result<Vec<Certificate>, Reason>,
}

impl TimestampVerdict {
    pub(super) fn of(token: &[u8], stamped: &[u8], trust: &Trust<'_>) -> Self {
        let Ok(token) = TimestampToken::parse(token) else {
            return Self {
                generated_at: None,
                authority: None,
                integrity: Err(Reason::TimestampMalformed),
                trust: Err(Reason::TimestampMalformed),
            };
        };
        let others: Vec<Certificate> = trust.intermediates.iter().chain(trust.roots).cloned().collect();
        let authority = match token.covers(stamped) {
            true => token.authority(&others),
            false => Err(Reason::TimestampImprint),
        };
        Self {
            generated_at: Some(token.generated_at()),
            integrity: authority.as_ref().map(|_| ()).map_err(|reason| *reason),
            trust: authority
                .as_ref()
                .map_err(|reason| *reason)
                .and_then(|authority| token.path(authority, trust)),
            authority: authority.ok(),
        }
    }

    /// The time, when the timestamp holds and its authority is trusted.
    pub fn proven_time(&self) -> Option<OffsetDateTime> {
        self.generated_at
            .filter(|_| self.integrity.is_ok() && self.trust.is_ok())
    }
}

/// id-aa-signatureTimeStampToken (RFC 3161 appendix A).
pub(super) const SIGNATURE_TIME_STAMP: Oid = Oid::literal("1.2.840.113549.1.9.16.2.14");
/// id-ct-TSTInfo (RFC 3161 section 2.4.2).
const TST_INFO: Oid = Oid::literal("1.2.840.113549.1.9.16.1.4");
