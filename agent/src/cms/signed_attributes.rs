//! The signed attributes of a CAdES baseline signature: what a token really signs.

use thiserror::Error;
use time::OffsetDateTime;

use super::algorithm::{Scheme, ToBeSigned};
use super::digest::{Digest, DigestAlgorithm};
use crate::certificate::Certificate;
use crate::certificate::asn1::{Asn1Error, Element, Oid, Tag, parse_time, writer};

/// A DER `SET OF Attribute` (RFC 5652 section 5.3): made here from a content digest and a certificate, or made elsewhere and read. Its bytes never
/// change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAttributes {
    der: Vec<u8>,
    content_type: Oid,
    message_digest: Vec<u8>,
    signing_time: Option<OffsetDateTime>,
    certificate_hash: Option<CertificateHash>,
    types: Vec<Oid>,
}

/// The signer's certificate as the signed attributes name it, by its digest: signing-certificate-v2 (RFC 5035) or, as older signers and many time
/// stamping authorities write, signing-certificate (RFC 2634 section 5.4, always SHA-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateHash {
    algorithm: HashAlgorithm,
    value: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HashAlgorithm {
    Known(DigestAlgorithm),
    /// Serves here only: to find another certificate with the same SHA-1 is out of reach, and the signature itself never uses it.
    Sha1,
    Unknown,
}

impl CertificateHash {
    /// The digest of the certificate; `None` when it is by an algorithm that signatures do not use.
    pub fn digest(&self) -> Option<Digest> {
        match self.algorithm {
            HashAlgorithm::Known(algorithm) => Digest::new(algorithm, self.value.as_slice()).ok(),
            HashAlgorithm::Sha1 | HashAlgorithm::Unknown => None,
        }
    }

    /// Whether this names `certificate`.
    pub fn names(&self, certificate: &Certificate) -> bool {
        match self.algorithm {
            HashAlgorithm::Known(algorithm) => algorithm.digest(certificate.der()).value() == self.value,
            HashAlgorithm::Sha1 => {
                ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, certificate.der()).as_ref() == self.value
            }
            HashAlgorithm::Unknown => false,
        }
    }
}

/// Why attributes cannot be made or read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AttributesError {
    /// The content was hashed with another algorithm than the signature will use (RFC 8933 forbids that).
    #[error("the content digest is {found}, but the signature scheme {scheme} needs {}", .scheme.digest())]
    DigestAlgorithm {
        /// The algorithm of the digest given.
        found: DigestAlgorithm,
        /// The scheme.
        scheme: Scheme,
    },
    /// Not a SET OF Attribute.
    #[error("these are not CMS signed attributes: {0}")]
    Malformed(#[from] Asn1Error),
    /// An attribute that must be there exactly once, with exactly one value.
    #[error("the signed attributes must hold {0} once, with one value")]
    Cardinality(&'static str),
}

/// Which part of foreign attributes does not match what was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AttributesMismatch {
    /// messageDigest is another content's.
    #[error("the attributes to be signed are about another document")]
    MessageDigest,
    /// signing-certificate-v2 is absent or names another certificate.
    #[error("the attributes to be signed do not name the chosen certificate")]
    Certificate,
}

impl SignedAttributes {
    /// The attributes of a CAdES baseline B-B signature over content of the type id-data: contentType, messageDigest, signingTime and
    /// signing-certificate-v2 without issuerSerial, in DER order.
    pub fn new(
        content: &Digest,
        certificate: &Certificate,
        signing_time: OffsetDateTime,
        scheme: &Scheme,
    ) -> Result<Self, AttributesError> {
        if content.algorithm() != scheme.digest() {
            return Err(AttributesError::DigestAlgorithm {
                found: content.algorithm(),
                scheme: *scheme,
            });
        }
        let (hash_algorithm, hash_identifier) = scheme.certificate_hash();
        let hash = hash_algorithm.digest(certificate.der());
        let certificate_id = writer::sequence(&[
            &hash_identifier.unwrap_or_default(),
            &writer::octet_string(hash.value()),
        ]);
        let signing_certificate = writer::sequence(&[&writer::sequence(&[&certificate_id])]);
        let der = writer::set_of(vec![
            attribute(CONTENT_TYPE, &writer::oid(&ID_DATA)),
            attribute(SIGNING_TIME, &writer::time(signing_time)),
            attribute(MESSAGE_DIGEST, &writer::octet_string(content.value())),
            attribute(SIGNING_CERTIFICATE_V2, &signing_certificate),
        ]);
        Self::parse(&der)
    }

    /// Reads the DER `SET OF Attribute` in `bytes` (first byte 0x31). contentType and messageDigest must be there.
    pub fn parse(bytes: &[u8]) -> Result<Self, AttributesError> {
        let mut attributes = Element::try_from(bytes)?.tagged(Tag::SET)?.reader();
        let mut found = Vec::new();
        while !attributes.is_empty() {
            let mut fields = attributes.sequence()?;
            let oid = fields.required(Tag::OID)?.oid()?;
            let values = fields.required(Tag::SET)?;
            fields.finish()?;
            found.push((oid, values));
        }
        let optional = |oid: Oid, name: &'static str| -> Result<Option<Element<'_>>, AttributesError> {
            let mut of_type = found.iter().filter(|(found_oid, _)| *found_oid == oid);
            let Some((_, values)) = of_type.next() else {
                return Ok(None);
            };
            let mut values = values.reader();
            let value = values.element()?;
            if of_type.next().is_some() || !values.is_empty() {
                return Err(AttributesError::Cardinality(name));
            }
            Ok(Some(value))
        };
        let required = |oid, name| optional(oid, name)?.ok_or(AttributesError::Cardinality(name));
        let signing_time = match optional(SIGNING_TIME, "signingTime")? {
            Some(time) => Some(parse_time(&time)?),
            None => None,
        };
        let version_2 = optional(SIGNING_CERTIFICATE_V2, "signing-certificate-v2")?;
        let version_1 = optional(SIGNING_CERTIFICATE, "signing-certificate")?;
        let certificate_hash = match (version_2, version_1) {
            (Some(value), _) => Some(first_certificate_hash(&value, DigestAlgorithm::Sha256.into())?),
            (None, Some(value)) => Some(first_certificate_hash(&value, HashAlgorithm::Sha1)?),
            (None, None) => None,
        };
        Ok(Self {
            content_type: required(CONTENT_TYPE, "contentType")?.oid()?,
            message_digest: required(MESSAGE_DIGEST, "messageDigest")?
                .tagged(Tag::OCTET_STRING)?
                .content
                .to_vec(),
            signing_time,
            certificate_hash,
            types: found.iter().map(|(oid, _)| *oid).collect(),
            der: bytes.to_vec(),
        })
    }

    /// Reads the attributes as they stand in a SignerInfo (`[0]` IMPLICIT, first byte 0xA0).
    pub(super) fn parse_implicit(element: &Element<'_>) -> Result<Self, AttributesError> {
        let mut bytes = element.whole.to_vec();
        // What is signed is the same encoding under the universal tag (RFC 5652 section 5.4).
        if let Some(identifier) = bytes.first_mut() {
            *identifier = Tag::SET.0;
        }
        Self::parse(&bytes)
    }

    /// The bytes that are signed.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.der
    }

    /// [`to_be_signed`](Self::to_be_signed) as input for a token call.
    pub fn as_input(&self) -> ToBeSigned<'_> {
        ToBeSigned::Message(&self.der)
    }

    /// eContentType of what is signed.
    pub const fn content_type(&self) -> Oid {
        self.content_type
    }

    /// The content's digest. Its algorithm stands outside the attributes.
    pub fn message_digest(&self) -> &[u8] {
        &self.message_digest
    }

    /// The signer's certificate by its hash, if the attributes name it (signing-certificate-v2, else signing-certificate).
    pub const fn certificate_hash(&self) -> Option<&CertificateHash> {
        self.certificate_hash.as_ref()
    }

    /// The time the signer claims.
    pub const fn signing_time(&self) -> Option<OffsetDateTime> {
        self.signing_time
    }

    /// The types of all attributes, in their order.
    pub fn types(&self) -> &[Oid] {
        &self.types
    }

    /// Whether these attributes, made by whomever, are about `content` and name `certificate`.
    pub fn check(&self, content: &Digest, certificate: &Certificate) -> Result<(), AttributesMismatch> {
        if self.message_digest != content.value() {
            return Err(AttributesMismatch::MessageDigest);
        }
        if !self
            .certificate_hash
            .as_ref()
            .is_some_and(|hash| hash.names(certificate))
        {
            return Err(AttributesMismatch::Certificate);
        }
        Ok(())
    }
}

/// The first ESSCertID or ESSCertIDv2, which is the signer's (RFC 5035 section 3). Only the latter may name its algorithm.
fn first_certificate_hash(value: &Element<'_>, default: HashAlgorithm) -> Result<CertificateHash, AttributesError> {
    let mut id = value.tagged(Tag::SEQUENCE)?.reader().sequence()?.sequence()?;
    let algorithm = match id.optional(Tag::SEQUENCE)? {
        Some(identifier) => HashAlgorithm::read(&identifier)?,
        None => default,
    };
    let value = id.required(Tag::OCTET_STRING)?.content.to_vec();
    Ok(CertificateHash { algorithm, value })
}

impl HashAlgorithm {
    fn read(identifier: &Element<'_>) -> Result<Self, Asn1Error> {
        const SHA1: Oid = Oid::literal("1.3.14.3.2.26");
        let oid = identifier.reader().required(Tag::OID)?.oid()?;
        Ok(match DigestAlgorithm::from_oid(oid) {
            Some(algorithm) => Self::Known(algorithm),
            None if oid == SHA1 => Self::Sha1,
            None => Self::Unknown,
        })
    }
}

impl From<DigestAlgorithm> for HashAlgorithm {
    fn from(algorithm: DigestAlgorithm) -> Self {
        Self::Known(algorithm)
    }
}

pub(super) fn attribute(oid: Oid, value: &[u8]) -> Vec<u8> {
    writer::sequence(&[&writer::oid(&oid), &writer::element(Tag::SET, &[value])])
}

/// id-data (RFC 5652 section 4).
pub(super) const ID_DATA: Oid = Oid::literal("1.2.840.113549.1.7.1");
const CONTENT_TYPE: Oid = Oid::literal("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: Oid = Oid::literal("1.2.840.113549.1.9.4");
const SIGNING_TIME: Oid = Oid::literal("1.2.840.113549.1.9.5");
const SIGNING_CERTIFICATE: Oid = Oid::literal("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: Oid = Oid::literal("1.2.840.113549.1.9.16.2.47");
