//! Reading SignedData (RFC 5652 section 5.1), ours or another producer's.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use thiserror::Error;

use super::algorithm::SignatureAlgorithm;
use super::assemble::SIGNED_DATA;
use super::digest::DigestAlgorithm;
use super::encoding::{Encoding, EncodingError};
use super::signed_attributes::{AttributesError, ID_DATA, SignedAttributes};
use super::timestamp::SIGNATURE_TIME_STAMP;
use crate::certificate::Certificate;
use crate::certificate::asn1::{Asn1Error, Element, Oid, Reader, Tag, ber, offset_in};

/// A parsed SignedData. Its parts keep their bytes.
#[derive(Debug, Clone)]
pub struct SignedData {
    der: Vec<u8>,
    content_type: Oid,
    content: Option<Range<usize>>,
    certificates: Vec<Certificate>,
    signers: Vec<SignerInfo>,
}

/// One signer's part (RFC 5652 section 5.3).
#[derive(Debug, Clone)]
pub struct SignerInfo {
    pub(super) id: SignerId,
    pub(super) digest: Option<DigestAlgorithm>,
    pub(super) attributes: Option<SignedAttributes>,
    pub(super) algorithm: Option<SignatureAlgorithm>,
    pub(super) signature: Vec<u8>,
    /// The values of the unsigned attribute signature-time-stamp, as they are.
    pub(super) timestamps: Vec<Vec<u8>>,
}

/// How a SignerInfo names its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerId {
    /// By issuer and serial number, both as complete DER elements.
    IssuerAndSerial {
        /// The issuer's Name.
        issuer: Vec<u8>,
        /// The serial number INTEGER.
        serial: Vec<u8>,
    },
    /// By the subjectKeyIdentifier.
    SubjectKeyId(Vec<u8>),
}

/// Why bytes are not a SignedData that can be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignedDataError {
    /// Neither DER nor PEM nor base64.
    #[error("this is no CMS signature: {0}")]
    Encoding(#[from] EncodingError),
    /// The structure of RFC 5652 is not there.
    #[error("this is no CMS signature: {0}")]
    Malformed(#[from] Asn1Error),
    /// A CMS of another kind.
    #[error("this CMS is of type {0}, not SignedData; it holds no signature")]
    OtherType(Oid),
    /// Signed attributes that break the rules.
    #[error("the signature of signer {signer} is malformed: {error}")]
    Attributes {
        /// The signer's position, from 1.
        signer: usize,
        /// What is wrong.
        error: AttributesError,
    },
    /// More signers or certificates than any honest file has.
    #[error("the CMS holds more than {limit} {what}; it is refused")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many are read.
        limit: usize,
    },
    /// A signer's digest algorithm is not in digestAlgorithms (RFC 5652 section 5.1), so that content read in one pass was not hashed with it.
    #[error("the CMS does not announce the digest algorithm {0} that a signer of it uses")]
    DigestNotAnnounced(DigestAlgorithm),
    /// No signer at all (a bag of certificates).
    #[error("the CMS holds no signature, only certificates")]
    NoSigner,
}

impl SignedData {
    /// Reads DER or BER, PEM or base64.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignedDataError> {
        let (encoded, _) = Encoding::decode(bytes)?;
        let der = ber::to_definite(&encoded)?.into_owned();
        let outline = Outline::read(&der)?;
        let certificates = outline.certificates()?;
        let signers = outline.signers()?;
        let content = outline.content.map(|content| {
            let start = offset_in(&der, content);
            start..start + content.len()
        });
        Ok(Self {
            content_type: outline.content_type,
            content,
            certificates,
            signers,
            der,
        })
    }

    /// The signed content, when it is inside.
    pub fn attached_content(&self) -> Option<&[u8]> {
        self.content.as_ref().map(|range| &self.der[range.clone()])
    }

    /// eContentType.
    pub const fn content_type(&self) -> Oid {
        self.content_type
    }

    /// Whether the content is plain data (id-data, RFC 5652 section 4), as documents are.
    pub fn is_over_data(&self) -> bool {
        self.content_type == ID_DATA
    }

    /// The certificates inside, except those that cannot be read.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The certificate of the signer at `index`, from 0, when it is inside.
    pub fn signer_certificate(&self, index: usize) -> Option<Certificate> {
        self.signers.get(index)?.certificate_among(|| self.certificates.iter())
    }

    /// The signers, in the file's order.
    pub fn signers(&self) -> &[SignerInfo] {
        &self.signers
    }

    /// The digests of the content that [`verify`](Self::verify) needs.
    pub fn required_digests(&self) -> BTreeSet<DigestAlgorithm> {
        self.signers.iter().filter_map(SignerInfo::content_digest).collect()
    }

    /// The SignedData in definite-length form.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

impl SignerInfo {
    /// How the signer's certificate is named.
    pub const fn id(&self) -> &SignerId {
        &self.id
    }

    /// The signed attributes, if there are any.
    pub const fn attributes(&self) -> Option<&SignedAttributes> {
        self.attributes.as_ref()
    }

    /// digestAlgorithm; `None` when it is not one of those known.
    pub const fn digest(&self) -> Option<DigestAlgorithm> {
        self.digest
    }

    /// The signature value.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The signature algorithm; `None` when it is not one of those known.
    pub const fn algorithm(&self) -> Option<SignatureAlgorithm> {
        self.algorithm
    }

    /// How many timestamps the signature has (signature-time-stamp, RFC 5126 section 6.1.1). [`SignedData::verify`] looks at each.
    pub fn timestamp_count(&self) -> usize {
        self.timestamps.len()
    }

    /// The signer's certificate among those at hand. Two may share issuer and serial number; the hash in the attributes then decides.
    pub(super) fn certificate_among<'a, I: Iterator<Item = &'a Certificate>>(
        &self,
        at_hand: impl Fn() -> I,
    ) -> Option<Certificate> {
        let hash = self.attributes().and_then(SignedAttributes::certificate_hash);
        let named = || at_hand().filter(|certificate| self.id.names(certificate));
        let by_hash = named().find(|certificate| hash.is_none_or(|hash| hash.names(certificate)));
        by_hash.or_else(|| named().next()).cloned()
    }

    /// The algorithm of the content's digest: digestAlgorithm, or without signed attributes the signature's own.
    pub(super) fn content_digest(&self) -> Option<DigestAlgorithm> {
        match self.attributes {
            Some(_) => self.digest,
            None => self.algorithm?.digest(),
        }
    }
}

impl SignerId {
    /// Whether this names `certificate`.
    pub fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerAndSerial { issuer, serial } => {
                issuer == certificate.issuer_der() && serial == certificate.serial_der()
            }
            Self::SubjectKeyId(id) => certificate.subject_key_id() == Some(id),
        }
    }
}

impl fmt::Display for SignerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IssuerAndSerial { serial, .. } => match Element::try_from(&serial[..]) {
                Ok(serial) => write!(f, "certificate serial number {}", hex::encode(serial.content)),
                Err(_) => f.write_str("certificate with an unreadable serial number"),
            },
            Self::SubjectKeyId(id) => write!(f, "certificate with key identifier {}", hex::encode(id)),
        }
    }
}

/// Honest files hold a few of each; the limits bound the work that a hostile one can ask for.
pub(super) const MAX_SIGNERS: usize = 64;
const MAX_CERTIFICATES: usize = 256;
const MAX_TIMESTAMPS: usize = 16;

/// The fields of SignedData, as slices of the file.
pub(super) struct Outline<'a> {
    /// ContentInfo, its `[0]`, SignedData: each around the next.
    pub(super) enclosing: [Element<'a>; 3],
    pub(super) digest_algorithms: Element<'a>,
    pub(super) encapsulated: Element<'a>,
    content_type: Oid,
    content: Option<&'a [u8]>,
    pub(super) certificates: Option<Element<'a>>,
    pub(super) signers: Element<'a>,
}

impl<'a> Outline<'a> {
    pub(super) fn read(der: &'a [u8]) -> Result<Self, SignedDataError> {
        let content_info = Element::try_from(der)?.tagged(Tag::SEQUENCE)?;
        let mut fields = content_info.reader();
        let kind = fields.required(Tag::OID)?.oid()?;
        if kind != SIGNED_DATA {
            return Err(SignedDataError::OtherType(kind));
        }
        let explicit = fields.required(Tag::constructed(0))?;
        let whole = explicit.reader().required(Tag::SEQUENCE)?;
        let mut signed_data = whole.reader();
        signed_data.required(Tag::INTEGER)?;
        let digest_algorithms = signed_data.required(Tag::SET)?;
        let encapsulated_whole = signed_data.required(Tag::SEQUENCE)?;
        let mut encapsulated = encapsulated_whole.reader();
        let content_type = encapsulated.required(Tag::OID)?.oid()?;
        let content = match encapsulated.optional(Tag::constructed(0))? {
            Some(explicit) => Some(explicit.reader().required(Tag::OCTET_STRING)?.content),
            None => None,
        };
        let certificates = signed_data.optional(Tag::constructed(0))?;
        signed_data.optional(Tag::constructed(1))?;
        let signers = signed_data.required(Tag::SET)?;
        signed_data.finish()?;
        Ok(Self {
            enclosing: [content_info, explicit, whole],
            digest_algorithms,
            encapsulated: encapsulated_whole,
            content_type,
            content,
            certificates,
            signers,
        })
    }

    fn certificates(&self) -> Result<Vec<Certificate>, SignedDataError> {
        let mut certificates = Vec::new();
        let mut set = self.certificates.map_or(Reader::new(&[]), |set| set.reader());
        while !set.is_empty() {
            let choice = set.element()?;
            if certificates.len() == MAX_CERTIFICATES {
                return Err(SignedDataError::TooMany {
                    what: "certificates",
                    limit: MAX_CERTIFICATES,
                });
            }
            // Attribute certificates ([1], [2]) and broken ones name no signer.
            certificates.extend(Certificate::from_der(choice.whole));
        }
        Ok(certificates)
    }

    fn signers(&self) -> Result<Vec<SignerInfo>, SignedDataError> {
        let mut signers = Vec::new();
        let mut set = self.signers.reader();
        while !set.is_empty() {
            if signers.len() == MAX_SIGNERS {
                return Err(SignedDataError::TooMany {
                    what: "signers",
                    limit: MAX_SIGNERS,
                });
            }
            signers.push(read_signer(set.sequence()?, signers.len() + 1)?);
        }
        if signers.is_empty() {
            Err(SignedDataError::NoSigner)
        } else {
            Ok(signers)
        }
    }
}

fn read_signer(mut fields: Reader<'_>, position: usize) -> Result<SignerInfo, SignedDataError> {
    fields.required(Tag::INTEGER)?;
    let id = match fields.optional(Tag::context(0))? {
        Some(key_id) => SignerId::SubjectKeyId(key_id.content.to_vec()),
        None => {
            let mut named = fields.sequence()?;
            let issuer = named.required(Tag::SEQUENCE)?.whole.to_vec();
            let serial = named.required(Tag::INTEGER)?.whole.to_vec();
            SignerId::IssuerAndSerial { issuer, serial }
        }
    };
    let digest = DigestAlgorithm::from_identifier(&fields.required(Tag::SEQUENCE)?)?;
    let attributes = match fields.optional(Tag::constructed(0))? {
        Some(element) => {
            Some(
                SignedAttributes::parse_implicit(&element).map_err(|error| SignedDataError::Attributes {
                    signer: position,
                    error,
                })?,
            )
        }
        None => None,
    };
    let algorithm = SignatureAlgorithm::from_identifier(&fields.required(Tag::SEQUENCE)?, digest)?;
    let signature = fields.required(Tag::OCTET_STRING)?.content.to_vec();
    let timestamps = match fields.optional(Tag::constructed(1))? {
        Some(unsigned) => timestamps(unsigned.reader())?,
        None => Vec::new(),
    };
    fields.finish()?;
    Ok(SignerInfo {
        id,
        digest,
        attributes,
        algorithm,
        signature,
        timestamps,
    })
}

/// The timestamps among the unsigned attributes; whatever else stands there says nothing about the signature.
fn timestamps(mut unsigned: Reader<'_>) -> Result<Vec<Vec<u8>>, SignedDataError> {
    let mut timestamps = Vec::new();
    while !unsigned.is_empty() {
        let mut attribute = unsigned.sequence()?;
        let is_timestamp = attribute.required(Tag::OID)?.oid() == Ok(SIGNATURE_TIME_STAMP);
        let mut values = attribute.required(Tag::SET)?.reader();
        while is_timestamp && !values.is_empty() {
            if timestamps.len() == MAX_TIMESTAMPS {
                return Err(SignedDataError::TooMany {
                    what: "timestamps",
                    limit: MAX_TIMESTAMPS,
                });
            }
            timestamps.push(values.element()?.whole.to_vec());
        }
    }
    Ok(timestamps)
}
