//! The algorithm table: for each kind of key what is hashed, what stands in the CMS, what a token is asked for, and how a signature value is
//! verified. Adding an algorithm means adding to this file (and, for new mathematics, a file in `primitive`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::digest::{Digest, DigestAlgorithm, oid as digest_oid};
use super::primitive::{self, DigestOrder, GostLayout, SignatureError};
use crate::certificate::asn1::{Asn1Error, Element, Oid, Reader, Tag, writer};
use crate::certificate::{Certificate, EcCurve, GostCountry, PublicKey};

/// How one signature is made: the digest, the identifiers written into the CMS, and the ways of asking a token. Serialised and shown by name
/// (`rsa-sha256`, `gost-ru-256`, …).
#[derive(Clone, Copy)]
pub struct Scheme {
    row: &'static Row,
}

/// What a caller prefers where a key allows several schemes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preference {
    /// The digest algorithm; it is that of the content and of the signed attributes alike (RFC 8933).
    pub digest: Option<DigestAlgorithm>,
    /// RSASSA-PSS rather than PKCS#1 v1.5 for an ordinary RSA key.
    pub rsa_pss: bool,
}

/// Why there is no scheme.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SchemeError {
    /// No scheme knows the key's algorithm, curve or size.
    #[error("the agent cannot make signatures with a {key} key; choose another certificate")]
    UnsupportedKey {
        /// The key's kind.
        key: String,
    },
    /// The key exists, the combination does not.
    #[error("a {key} key does not sign {digest} digests; a digest for this key is one of: {possible}")]
    UnsupportedDigest {
        /// The key's kind.
        key: String,
        /// The digest asked for.
        digest: DigestAlgorithm,
        /// The digests that go with the key, separated by commas.
        possible: String,
    },
    /// A name that is not in the table.
    #[error("there is no signature scheme of this name")]
    UnknownName,
}

impl Scheme {
    /// The scheme for the key in `certificate`.
    pub fn for_certificate(certificate: &Certificate, preference: &Preference) -> Result<Self, SchemeError> {
        let key = certificate.public_key();
        let wants_pss = preference.rsa_pss || matches!(key, PublicKey::RsaPss { .. });
        let is_pss = |row: &Row| matches!(row.signature, SignatureAlgorithm::RsaPss { .. });
        let is_rsa = matches!(key, PublicKey::Rsa { .. } | PublicKey::RsaPss { .. });
        let fitting = || {
            SCHEMES.iter().filter(|row| {
                (row.key)(key) && (!is_rsa || is_pss(row) == wants_pss) && row.signature.is_allowed_by(key)
            })
        };
        match preference.digest {
            None => fitting().next(),
            Some(digest) => fitting().find(|row| row.digest == digest),
        }
        .map(|row| Self { row })
        .ok_or_else(|| match preference.digest {
            Some(digest) if fitting().next().is_some() => {
                let possible: Vec<String> = fitting().map(|row| row.digest.to_string()).collect();
                SchemeError::UnsupportedDigest {
                    key: key.to_string(),
                    digest,
                    possible: possible.join(", "),
                }
            }
            _ => SchemeError::UnsupportedKey { key: described(key) },
        })
    }

    /// The scheme's name.
    pub const fn name(&self) -> &'static str {
        self.row.name
    }

    /// The digest algorithm of the content and of the signed attributes.
    pub const fn digest(&self) -> DigestAlgorithm {
        self.row.digest
    }

    /// How the signature value is verified.
    pub const fn signature(&self) -> SignatureAlgorithm {
        self.row.signature
    }

    /// The ways of asking a token for the signature, best first. Which one is possible depends on the mechanisms that the token lists.
    pub const fn token_calls(&self) -> &'static [TokenCall] {
        self.row.token_calls
    }

    /// Whether a token can be given a digest whose message is not at hand.
    pub fn signs_digests(&self) -> bool {
        self.token_calls().iter().any(|call| call.input != InputForm::Message)
    }

    /// The AlgorithmIdentifier of `digest` for a timestamp of a signature by this scheme (RFC 3161 section 2.4.1): the scheme's own where it is the
    /// scheme's digest, so that Kazakh signatures are stamped under Kazakh identifiers; NULL parameters, which every authority reads.
    pub fn imprint_identifier(&self, digest: DigestAlgorithm) -> Vec<u8> {
        let oid = if digest == self.row.digest {
            self.row.digest_identifier.oid
        } else {
            digest.oid()
        };
        Identifier::null(oid).encode()
    }

    /// The digestAlgorithm AlgorithmIdentifier.
    pub(super) fn digest_identifier(&self) -> Vec<u8> {
        self.row.digest_identifier.encode()
    }

    /// The signatureAlgorithm AlgorithmIdentifier.
    pub(super) fn signature_identifier(&self) -> Vec<u8> {
        self.row.signature_identifier.encode()
    }

    /// The digest in signing-certificate-v2, with its AlgorithmIdentifier unless that is the default (RFC 5035 section 4: SHA-256).
    pub(super) fn certificate_hash(&self) -> (DigestAlgorithm, Option<Vec<u8>>) {
        match self.row.certificate_hash {
            None => (DigestAlgorithm::Sha256, None),
            Some((algorithm, identifier)) => (algorithm, Some(identifier.encode())),
        }
    }
}

impl PartialEq for Scheme {
    fn eq(&self, other: &Self) -> bool {
        self.row.name == other.row.name
    }
}

impl Eq for Scheme {}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scheme({})", self.row.name)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row.name)
    }
}

impl FromStr for Scheme {
    type Err = SchemeError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        SCHEMES
            .iter()
            .find(|row| row.name == name)
            .map(|row| Self { row })
            .ok_or(SchemeError::UnknownName)
    }
}

impl Serialize for Scheme {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.row.name)
    }
}

impl<'de> Deserialize<'de> for Scheme {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What a signature is made on.
#[derive(Debug, Clone, Copy)]
pub enum ToBeSigned<'a> {
    /// The bytes themselves: signed attributes, or a short message.
    Message(&'a [u8]),
    /// A digest whose message is not at hand.
    Digest(&'a Digest),
}

impl ToBeSigned<'_> {
    /// The digest by `algorithm`; an error when only another digest is at hand.
    pub(super) fn digest(&self, algorithm: DigestAlgorithm) -> Result<Digest, SignatureError> {
        match self {
            Self::Message(message) => Ok(algorithm.digest(message)),
            Self::Digest(digest) if digest.algorithm() == algorithm => Ok((*digest).clone()),
            Self::Digest(_) => Err(SignatureError::Unsupported),
        }
    }
}

/// One way of asking a token: a PKCS#11 mechanism and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenCall {
    /// The CK_MECHANISM_TYPE value (PKCS#11 v3.1; TC26's vendor range for GOST R 34.10-2012).
    pub mechanism: u64,
    /// The mechanism's parameter.
    pub parameter: TokenParameter,
    /// What C_Sign is given.
    pub input: InputForm,
}

/// A mechanism parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenParameter {
    /// None.
    None,
    /// CK_RSA_PKCS_PSS_PARAMS: `digest` for hashAlg and mgf, and its length as sLen.
    Pss {
        /// The digest.
        digest: DigestAlgorithm,
    },
}

/// In which form a mechanism takes what is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputForm {
    /// The whole message; the token hashes it.
    Message,
    /// The digest.
    Digest,
    /// The digest inside a DigestInfo (RFC 8017 section 9.2), for CKM_RSA_PKCS.
    DigestInfo,
}

/// The bytes for C_Sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInput {
    form: InputForm,
    bytes: Vec<u8>,
}

impl TokenInput {
    /// The bytes for C_Sign.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The form they have.
    pub const fn form(&self) -> InputForm {
        self.form
    }

    /// The same digest with its bytes reversed, for a token that reads GOST digests the other way round; `None` unless this is a bare digest.
    pub fn reversed_digest(&self) -> Option<Self> {
        let is_digest = self.form == InputForm::Digest;
        is_digest.then(|| Self {
            form: self.form,
            bytes: self.bytes.iter().rev().copied().collect(),
        })
    }
}

impl TokenCall {
    /// The bytes for this call; `None` when the mechanism needs the message and only a digest is at hand, or the digest is by another algorithm
    /// than the scheme's.
    pub fn input(&self, scheme: &Scheme, input: &ToBeSigned<'_>) -> Option<TokenInput> {
        let bytes = match (self.input, input) {
            (InputForm::Message, ToBeSigned::Message(message)) => message.to_vec(),
            (InputForm::Message, ToBeSigned::Digest(_)) => return None,
            (InputForm::Digest, _) => input.digest(scheme.digest()).ok()?.value().to_vec(),
            (InputForm::DigestInfo, _) => digest_info(input.digest(scheme.digest()).ok()?)?,
        };
        Some(TokenInput {
            form: self.input,
            bytes,
        })
    }
}

/// How a signature value relates to a key and an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(DigestAlgorithm),
    /// RSASSA-PSS, MGF1 with the same digest.
    RsaPss {
        /// The digest.
        digest: DigestAlgorithm,
        /// The salt's length in bytes.
        salt_length: usize,
    },
    /// ECDSA.
    Ecdsa(DigestAlgorithm),
    /// Pure Ed25519.
    Ed25519,
    /// GOST R 34.10-2012 with Streebog of the same size.
    Gost {
        /// 256 or 512.
        bits: u32,
        /// Whose layout the value has.
        country: GostCountry,
    },
    /// GOST R 34.10-2001 with GOST R 34.11-94 (RFC 4490), for verification only.
    Gost2001,
}

impl SignatureAlgorithm {
    /// The digest inside the signature; `None` for Ed25519, which takes messages.
    pub const fn digest(&self) -> Option<DigestAlgorithm> {
        match *self {
            Self::RsaPkcs1(digest) | Self::RsaPss { digest, .. } | Self::Ecdsa(digest) => Some(digest),
            Self::Ed25519 => None,
            Self::Gost { bits: 256, .. } => Some(DigestAlgorithm::Streebog256),
            Self::Gost { .. } => Some(DigestAlgorithm::Streebog512),
            Self::Gost2001 => Some(DigestAlgorithm::Gost94),
        }
    }

    /// Verifies `signature` as it stands in a certificate or a CMS.
    pub fn verify(&self, signer: &Certificate, input: &ToBeSigned<'_>, signature: &[u8]) -> Result<(), SignatureError> {
        let key = signer.public_key_bits();
        match (*self, signer.public_key()) {
            (Self::RsaPkcs1(digest), PublicKey::Rsa { .. }) => primitive::verify_pkcs1(digest, key, input, signature),
            (Self::RsaPss { .. }, key) if !self.is_allowed_by(key) => Err(SignatureError::KeyParameters),
            (Self::RsaPss { digest, salt_length }, PublicKey::Rsa { .. } | PublicKey::RsaPss { .. }) => {
                primitive::verify_pss(digest, salt_length, key, input, signature)
            }
            (Self::Ecdsa(digest), PublicKey::Ec { curve }) => {
                primitive::verify_ecdsa(*curve, digest, key, input, signature)
            }
            (Self::Ed25519, PublicKey::Ed25519) => primitive::verify_ed25519(key, input, signature),
            (Self::Gost { country, .. }, PublicKey::Gost2012 { .. }) => {
                self.verify_gost(signer, input, DigestOrder::Standard, signature, GostLayout::of(country))
            }
            // The arithmetic is that of 34.10-2012 with 256 bits; the standards differ in the digest.
            (Self::Gost2001, PublicKey::Gost2001 { param_set }) => primitive::verify_gost(
                *param_set,
                key,
                input.digest(DigestAlgorithm::Gost94)?.value(),
                DigestOrder::Standard,
                signature,
                GostLayout::SrBigEndian,
            ),
            (_, PublicKey::Unsupported { .. }) => Err(SignatureError::Unsupported),
            _ => Err(SignatureError::KeyMismatch),
        }
    }

    /// Whether the parameters of an id-RSASSA-PSS key allow it: its digest for the message and the mask, and a salt that is long enough (RFC 4055
    /// section 3.3).
    fn is_allowed_by(&self, key: &PublicKey) -> bool {
        match (self, key) {
            (
                Self::RsaPss { digest, salt_length },
                PublicKey::RsaPss {
                    demands: Some(demands), ..
                },
            ) => {
                [demands.digest, demands.mask_digest] == [digest.oid(); 2]
                    && *salt_length >= demands.salt_length as usize
            }
            _ => true,
        }
    }

    /// Verifies a GOST `signature` in a given layout and digest order.
    pub(super) fn verify_gost(
        &self,
        signer: &Certificate,
        input: &ToBeSigned<'_>,
        order: DigestOrder,
        signature: &[u8],
        layout: GostLayout,
    ) -> Result<(), SignatureError> {
        match (*self, signer.public_key(), self.digest()) {
            (
                Self::Gost { bits, .. },
                PublicKey::Gost2012 {
                    bits: key_bits,
                    param_set,
                    ..
                },
                Some(digest),
            ) if bits == *key_bits => {
                let digest = input.digest(digest)?;
                primitive::verify_gost(
                    *param_set,
                    signer.public_key_bits(),
                    digest.value(),
                    order,
                    signature,
                    layout,
                )
            }
            _ => Err(SignatureError::KeyMismatch),
        }
    }

    /// The algorithm in a signature AlgorithmIdentifier. Some identifiers name the key only; `digest` then completes them. `Ok(None)`: not
    /// supported.
    pub(super) fn from_identifier(
        identifier: &Element<'_>,
        digest: Option<DigestAlgorithm>,
    ) -> Result<Option<Self>, Asn1Error> {
        let mut fields = identifier.tagged(Tag::SEQUENCE)?.reader();
        let oid = fields.required(Tag::OID)?.oid()?;
        let Some((_, named)) = SIGNATURE_OIDS.iter().find(|(known, _)| *known == oid) else {
            return Ok(None);
        };
        Ok(match named {
            Named::Complete(algorithm) => Some(*algorithm),
            Named::RsaKey => digest.map(Self::RsaPkcs1),
            Named::EcKey => digest.map(Self::Ecdsa),
            Named::Pss => pss(fields)?,
        })
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RsaPkcs1(digest) => write!(f, "RSA PKCS#1 v1.5, {digest}"),
            Self::RsaPss { digest, .. } => write!(f, "RSA-PSS, {digest}"),
            Self::Ecdsa(digest) => write!(f, "ECDSA, {digest}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Gost {
                bits,
                country: GostCountry::Ru,
            } => write!(f, "GOST R 34.10-2012, {bits}"),
            Self::Gost {
                bits,
                country: GostCountry::Kz,
            } => write!(f, "GOST 34.10-2015, {bits}"),
            Self::Gost2001 => f.write_str("GOST R 34.10-2001"),
        }
    }
}

/// A key for an error: with what it demands.
fn described(key: &PublicKey) -> String {
    match key {
        PublicKey::RsaPss {
            demands: Some(demands), ..
        } => format!("{key} ({demands})"),
        _ => key.to_string(),
    }
}

/// RSASSA-PSS-params (RFC 4055 section 3.1). The defaults mean SHA-1, which is not supported.
fn pss(mut fields: Reader<'_>) -> Result<Option<SignatureAlgorithm>, Asn1Error> {
    let mut parameters = fields.sequence()?;
    let digest = match parameters.optional(Tag::constructed(0))? {
        Some(hash) => DigestAlgorithm::from_identifier(&hash.reader().element()?)?,
        None => None,
    };
    let mask_digest = match parameters.optional(Tag::constructed(1))? {
        Some(mask) => {
            let mut mask = mask.reader().sequence()?;
            let is_mgf1 = mask.required(Tag::OID)?.oid()? == MGF1;
            DigestAlgorithm::from_identifier(&mask.element()?)?.filter(|_| is_mgf1)
        }
        None => None,
    };
    let salt_length = match parameters.optional(Tag::constructed(2))? {
        Some(length) => length.reader().element()?.small_integer()? as usize,
        None => 20,
    };
    Ok(digest
        .filter(|_| digest == mask_digest)
        .map(|digest| SignatureAlgorithm::RsaPss { digest, salt_length }))
}

/// DigestInfo (RFC 8017 section 9.2); SHA-2 only, with NULL parameters as the RFC lists them.
pub(super) fn digest_info(digest: Digest) -> Option<Vec<u8>> {
    let oid = match digest.algorithm() {
        DigestAlgorithm::Sha256 => digest_oid::SHA256,
        DigestAlgorithm::Sha384 => digest_oid::SHA384,
        DigestAlgorithm::Sha512 => digest_oid::SHA512,
        DigestAlgorithm::Streebog256 | DigestAlgorithm::Streebog512 | DigestAlgorithm::Gost94 => return None,
    };
    let identifier = Identifier {
        oid,
        parameters: Parameters::Null,
    }
    .encode();
    Some(writer::sequence(&[&identifier, &writer::octet_string(digest.value())]))
}

#[derive(Clone, Copy)]
struct Identifier {
    oid: Oid,
    parameters: Parameters,
}

#[derive(Clone, Copy)]
enum Parameters {
    Absent,
    Null,
    Pss(DigestAlgorithm),
}

impl Identifier {
    const fn absent(oid: Oid) -> Self {
        Self {
            oid,
            parameters: Parameters::Absent,
        }
    }

    const fn null(oid: Oid) -> Self {
        Self {
            oid,
            parameters: Parameters::Null,
        }
    }

    const fn pss(digest: DigestAlgorithm) -> Self {
        Self {
            oid: RSASSA_PSS,
            parameters: Parameters::Pss(digest),
        }
    }

    fn encode(&self) -> Vec<u8> {
        let oid = writer::oid(&self.oid);
        match self.parameters {
            Parameters::Absent => writer::sequence(&[&oid]),
            Parameters::Null => writer::sequence(&[&oid, &writer::NULL]),
            Parameters::Pss(digest) => {
                let hash = digest_identifier_for_pss(digest);
                let mask = writer::sequence(&[&writer::oid(&MGF1), &hash]);
                let salt = writer::unsigned_integer(&[digest.size() as u8]);
                let explicit = |number, inner: &[u8]| writer::element(Tag::constructed(number), &[inner]);
                writer::sequence(&[
                    &oid,
                    &writer::sequence(&[&explicit(0, &hash), &explicit(1, &mask), &explicit(2, &salt)]),
                ])
            }
        }
    }
}

/// RFC 4055 section 2.1: inside PSS parameters the digest's parameters are NULL.
fn digest_identifier_for_pss(digest: DigestAlgorithm) -> Vec<u8> {
    let oid = match digest {
        DigestAlgorithm::Sha384 => digest_oid::SHA384,
        DigestAlgorithm::Sha512 => digest_oid::SHA512,
        _ => digest_oid::SHA256,
    };
    Identifier::null(oid).encode()
}

struct Row {
    name: &'static str,
    key: fn(&PublicKey) -> bool,
    digest: DigestAlgorithm,
    digest_identifier: Identifier,
    signature: SignatureAlgorithm,
    signature_identifier: Identifier,
    /// The digest in signing-certificate-v2; `None` is SHA-256, the default.
    certificate_hash: Option<(DigestAlgorithm, Identifier)>,
    token_calls: &'static [TokenCall],
}

const fn call(mechanism: u64, input: InputForm) -> TokenCall {
    TokenCall {
        mechanism,
        parameter: TokenParameter::None,
        input,
    }
}

/// PKCS#1 v1.5: hash-and-sign where the token has it, else our DigestInfo (the older Rutoken list CKM_RSA_PKCS only).
const fn rsa(
    name: &'static str,
    digest: DigestAlgorithm,
    digest_oid: Oid,
    signature_oid: Oid,
    calls: &'static [TokenCall],
) -> Row {
    Row {
        name,
        key: |key| matches!(key, PublicKey::Rsa { bits: 2048..=8192 }),
        digest,
        digest_identifier: Identifier::absent(digest_oid),
        signature: SignatureAlgorithm::RsaPkcs1(digest),
        signature_identifier: Identifier::null(signature_oid),
        certificate_hash: None,
        token_calls: calls,
    }
}

const fn rsa_pss(name: &'static str, digest: DigestAlgorithm, digest_oid: Oid, calls: &'static [TokenCall]) -> Row {
    Row {
        name,
        key: |key| {
            matches!(
                key,
                PublicKey::Rsa { bits: 2048..=8192 } | PublicKey::RsaPss { bits: 2048..=8192, .. }
            )
        },
        digest,
        digest_identifier: Identifier::absent(digest_oid),
        signature: SignatureAlgorithm::RsaPss {
            digest,
            salt_length: digest.size(),
        },
        signature_identifier: Identifier::pss(digest),
        certificate_hash: None,
        token_calls: calls,
    }
}

const fn pss_call(mechanism: u64, digest: DigestAlgorithm, input: InputForm) -> TokenCall {
    TokenCall {
        mechanism,
        parameter: TokenParameter::Pss { digest },
        input,
    }
}

const fn ecdsa(
    name: &'static str,
    key: fn(&PublicKey) -> bool,
    digest: DigestAlgorithm,
    digest_oid: Oid,
    signature_oid: Oid,
    calls: &'static [TokenCall],
) -> Row {
    Row {
        name,
        key,
        digest,
        digest_identifier: Identifier::absent(digest_oid),
        signature: SignatureAlgorithm::Ecdsa(digest),
        signature_identifier: Identifier::absent(signature_oid),
        certificate_hash: None,
        token_calls: calls,
    }
}

/// Russia: TK26's CMS vectors and gost-engine write the key's identifier and NULL everywhere, and every verifier accepts that.
const fn gost_ru(name: &'static str, bits: u32, key: fn(&PublicKey) -> bool, calls: &'static [TokenCall]) -> Row {
    let (digest, digest_oid, key_oid) = if bits == 256 {
        (DigestAlgorithm::Streebog256, digest_oid::STREEBOG256, GOST_RU_256)
    } else {
        (DigestAlgorithm::Streebog512, digest_oid::STREEBOG512, GOST_RU_512)
    };
    Row {
        name,
        key,
        digest,
        digest_identifier: Identifier::null(digest_oid),
        signature: SignatureAlgorithm::Gost {
            bits,
            country: GostCountry::Ru,
        },
        signature_identifier: Identifier::null(key_oid),
        certificate_hash: Some((DigestAlgorithm::Streebog256, Identifier::null(digest_oid::STREEBOG256))),
        token_calls: calls,
    }
}

/// Kazakhstan: as in signatures published under the national authority, signature identifier and NULL, SHA-256 for the certificate's hash.
const fn gost_kz(name: &'static str, bits: u32, key: fn(&PublicKey) -> bool, calls: &'static [TokenCall]) -> Row {
    let (digest, digest_oid, signature_oid) = if bits == 256 {
        (
            DigestAlgorithm::Streebog256,
            digest_oid::KZ_STREEBOG256,
            GOST_KZ_SIGNATURE_256,
        )
    } else {
        (
            DigestAlgorithm::Streebog512,
            digest_oid::KZ_STREEBOG512,
            GOST_KZ_SIGNATURE_512,
        )
    };
    Row {
        name,
        key,
        digest,
        digest_identifier: Identifier::null(digest_oid),
        signature: SignatureAlgorithm::Gost {
            bits,
            country: GostCountry::Kz,
        },
        signature_identifier: Identifier::null(signature_oid),
        certificate_hash: None,
        token_calls: calls,
    }
}

const fn is_p256(key: &PublicKey) -> bool {
    matches!(key, PublicKey::Ec { curve: EcCurve::P256 })
}

const fn is_p384(key: &PublicKey) -> bool {
    matches!(key, PublicKey::Ec { curve: EcCurve::P384 })
}

const fn is_p521(key: &PublicKey) -> bool {
    matches!(key, PublicKey::Ec { curve: EcCurve::P521 })
}

/// ECDSA over our own digest first: it is the mechanism that every token with EC keys has.
const ECDSA_SHA256_CALLS: [TokenCall; 2] = [
    call(ckm::ECDSA, InputForm::Digest),
    call(ckm::ECDSA_SHA256, InputForm::Message),
];
const ECDSA_SHA384_CALLS: [TokenCall; 2] = [
    call(ckm::ECDSA, InputForm::Digest),
    call(ckm::ECDSA_SHA384, InputForm::Message),
];
const ECDSA_SHA512_CALLS: [TokenCall; 2] = [
    call(ckm::ECDSA, InputForm::Digest),
    call(ckm::ECDSA_SHA512, InputForm::Message),
];

/// GOST over our own digest first: the token then need not have Streebog, and a digest made elsewhere goes the same way.
const GOST_256_CALLS: [TokenCall; 2] = [
    call(ckm::GOSTR3410, InputForm::Digest),
    call(ckm::GOSTR3410_WITH_GOSTR3411_12_256, InputForm::Message),
];
const GOST_512_CALLS: [TokenCall; 2] = [
    call(ckm::GOSTR3410_512, InputForm::Digest),
    call(ckm::GOSTR3410_WITH_GOSTR3411_12_512, InputForm::Message),
];

/// For each kind of key the default digest comes first.
static SCHEMES: [Row; 20] = [
    rsa(
        "rsa-sha256",
        DigestAlgorithm::Sha256,
        digest_oid::SHA256,
        SHA256_WITH_RSA,
        &[
            call(ckm::SHA256_RSA_PKCS, InputForm::Message),
            call(ckm::RSA_PKCS, InputForm::DigestInfo),
        ],
    ),
    rsa(
        "rsa-sha384",
        DigestAlgorithm::Sha384,
        digest_oid::SHA384,
        SHA384_WITH_RSA,
        &[
            call(ckm::SHA384_RSA_PKCS, InputForm::Message),
            call(ckm::RSA_PKCS, InputForm::DigestInfo),
        ],
    ),
    rsa(
        "rsa-sha512",
        DigestAlgorithm::Sha512,
        digest_oid::SHA512,
        SHA512_WITH_RSA,
        &[
            call(ckm::SHA512_RSA_PKCS, InputForm::Message),
            call(ckm::RSA_PKCS, InputForm::DigestInfo),
        ],
    ),
    rsa_pss(
        "rsa-pss-sha256",
        DigestAlgorithm::Sha256,
        digest_oid::SHA256,
        &[
            pss_call(ckm::SHA256_RSA_PKCS_PSS, DigestAlgorithm::Sha256, InputForm::Message),
            pss_call(ckm::RSA_PKCS_PSS, DigestAlgorithm::Sha256, InputForm::Digest),
        ],
    ),
    rsa_pss(
        "rsa-pss-sha384",
        DigestAlgorithm::Sha384,
        digest_oid::SHA384,
        &[
            pss_call(ckm::SHA384_RSA_PKCS_PSS, DigestAlgorithm::Sha384, InputForm::Message),
            pss_call(ckm::RSA_PKCS_PSS, DigestAlgorithm::Sha384, InputForm::Digest),
        ],
    ),
    rsa_pss(
        "rsa-pss-sha512",
        DigestAlgorithm::Sha512,
        digest_oid::SHA512,
        &[
            pss_call(ckm::SHA512_RSA_PKCS_PSS, DigestAlgorithm::Sha512, InputForm::Message),
            pss_call(ckm::RSA_PKCS_PSS, DigestAlgorithm::Sha512, InputForm::Digest),
        ],
    ),
    ecdsa(
        "p256-sha256",
        is_p256,
        DigestAlgorithm::Sha256,
        digest_oid::SHA256,
        ECDSA_WITH_SHA256,
        &ECDSA_SHA256_CALLS,
    ),
    ecdsa(
        "p256-sha384",
        is_p256,
        DigestAlgorithm::Sha384,
        digest_oid::SHA384,
        ECDSA_WITH_SHA384,
        &ECDSA_SHA384_CALLS,
    ),
    ecdsa(
        "p256-sha512",
        is_p256,
        DigestAlgorithm::Sha512,
        digest_oid::SHA512,
        ECDSA_WITH_SHA512,
        &ECDSA_SHA512_CALLS,
    ),
    ecdsa(
        "p384-sha384",
        is_p384,
        DigestAlgorithm::Sha384,
        digest_oid::SHA384,
        ECDSA_WITH_SHA384,
        &ECDSA_SHA384_CALLS,
    ),
    ecdsa(
        "p384-sha256",
        is_p384,
        DigestAlgorithm::Sha256,
        digest_oid::SHA256,
        ECDSA_WITH_SHA256,
        &ECDSA_SHA256_CALLS,
    ),
    ecdsa(
        "p384-sha512",
        is_p384,
        DigestAlgorithm::Sha512,
        digest_oid::SHA512,
        ECDSA_WITH_SHA512,
        &ECDSA_SHA512_CALLS,
    ),
    ecdsa(
        "p521-sha512",
        is_p521,
        DigestAlgorithm::Sha512,
        digest_oid::SHA512,
        ECDSA_WITH_SHA512,
        &ECDSA_SHA512_CALLS,
    ),
    ecdsa(
        "p521-sha256",
        is_p521,
        DigestAlgorithm::Sha256,
        digest_oid::SHA256,
        ECDSA_WITH_SHA256,
        &ECDSA_SHA256_CALLS,
    ),
    ecdsa(
        "p521-sha384",
        is_p521,
        DigestAlgorithm::Sha384,
        digest_oid::SHA384,
        ECDSA_WITH_SHA384,
        &ECDSA_SHA384_CALLS,
    ),
    // RFC 8419: SHA-512 for the content, the whole attributes to the token.
    Row {
        name: "ed25519",
        key: |key| matches!(key, PublicKey::Ed25519),
        digest: DigestAlgorithm::Sha512,
        digest_identifier: Identifier::absent(digest_oid::SHA512),
        signature: SignatureAlgorithm::Ed25519,
        signature_identifier: Identifier::absent(ED25519),
        certificate_hash: None,
        token_calls: &[call(ckm::EDDSA, InputForm::Message)],
    },
    gost_ru(
        "gost-ru-256",
        256,
        |key| {
            matches!(
                key,
                PublicKey::Gost2012 {
                    bits: 256,
                    country: GostCountry::Ru,
                    ..
                }
            )
        },
        &GOST_256_CALLS,
    ),
    gost_ru(
        "gost-ru-512",
        512,
        |key| {
            matches!(
                key,
                PublicKey::Gost2012 {
                    bits: 512,
                    country: GostCountry::Ru,
                    ..
                }
            )
        },
        &GOST_512_CALLS,
    ),
    gost_kz(
        "gost-kz-256",
        256,
        |key| {
            matches!(
                key,
                PublicKey::Gost2012 {
                    bits: 256,
                    country: GostCountry::Kz,
                    ..
                }
            )
        },
        &GOST_256_CALLS,
    ),
    gost_kz(
        "gost-kz-512",
        512,
        |key| {
            matches!(
                key,
                PublicKey::Gost2012 {
                    bits: 512,
                    country: GostCountry::Kz,
                    ..
                }
            )
        },
        &GOST_512_CALLS,
    ),
];

/// What an object identifier in signatureAlgorithm says.
enum Named {
    Complete(SignatureAlgorithm),
    /// The key only: CMS producers also write that (RFC 3370 section 3.2).
    RsaKey,
    EcKey,
    /// The parameters say the rest.
    Pss,
}

const SIGNATURE_OIDS: [(Oid, Named); 20] = [
    (Oid::literal("1.2.840.113549.1.1.1"), Named::RsaKey),
    (
        SHA256_WITH_RSA,
        Named::Complete(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256)),
    ),
    (
        SHA384_WITH_RSA,
        Named::Complete(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha384)),
    ),
    (
        SHA512_WITH_RSA,
        Named::Complete(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha512)),
    ),
    (RSASSA_PSS, Named::Pss),
    (Oid::literal("1.2.840.10045.2.1"), Named::EcKey),
    (
        ECDSA_WITH_SHA256,
        Named::Complete(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256)),
    ),
    (
        ECDSA_WITH_SHA384,
        Named::Complete(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha384)),
    ),
    (
        ECDSA_WITH_SHA512,
        Named::Complete(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha512)),
    ),
    (ED25519, Named::Complete(SignatureAlgorithm::Ed25519)),
    (GOST_RU_256, Named::Complete(GOST_RU_SIGNATURE[0])),
    (GOST_RU_512, Named::Complete(GOST_RU_SIGNATURE[1])),
    (
        Oid::literal("1.2.643.2.2.19"),
        Named::Complete(SignatureAlgorithm::Gost2001),
    ),
    (
        Oid::literal("1.2.643.2.2.3"),
        Named::Complete(SignatureAlgorithm::Gost2001),
    ),
    (Oid::literal("1.2.643.7.1.1.3.2"), Named::Complete(GOST_RU_SIGNATURE[0])),
    (Oid::literal("1.2.643.7.1.1.3.3"), Named::Complete(GOST_RU_SIGNATURE[1])),
    (
        Oid::literal("1.2.398.3.10.1.1.2.1"),
        Named::Complete(GOST_KZ_SIGNATURE[0]),
    ),
    (
        Oid::literal("1.2.398.3.10.1.1.2.2"),
        Named::Complete(GOST_KZ_SIGNATURE[1]),
    ),
    (GOST_KZ_SIGNATURE_256, Named::Complete(GOST_KZ_SIGNATURE[0])),
    (GOST_KZ_SIGNATURE_512, Named::Complete(GOST_KZ_SIGNATURE[1])),
];

const GOST_RU_SIGNATURE: [SignatureAlgorithm; 2] = [
    SignatureAlgorithm::Gost {
        bits: 256,
        country: GostCountry::Ru,
    },
    SignatureAlgorithm::Gost {
        bits: 512,
        country: GostCountry::Ru,
    },
];
const GOST_KZ_SIGNATURE: [SignatureAlgorithm; 2] = [
    SignatureAlgorithm::Gost {
        bits: 256,
        country: GostCountry::Kz,
    },
    SignatureAlgorithm::Gost {
        bits: 512,
        country: GostCountry::Kz,
    },
];

const RSASSA_PSS: Oid = Oid::literal("1.2.840.113549.1.1.10");
const MGF1: Oid = Oid::literal("1.2.840.113549.1.1.8");
const SHA256_WITH_RSA: Oid = Oid::literal("1.2.840.113549.1.1.11");
const SHA384_WITH_RSA: Oid = Oid::literal("1.2.840.113549.1.1.12");
const SHA512_WITH_RSA: Oid = Oid::literal("1.2.840.113549.1.1.13");
const ECDSA_WITH_SHA256: Oid = Oid::literal("1.2.840.10045.4.3.2");
const ECDSA_WITH_SHA384: Oid = Oid::literal("1.2.840.10045.4.3.3");
const ECDSA_WITH_SHA512: Oid = Oid::literal("1.2.840.10045.4.3.4");
const ED25519: Oid = Oid::literal("1.3.101.112");
const GOST_RU_256: Oid = Oid::literal("1.2.643.7.1.1.1.1");
const GOST_RU_512: Oid = Oid::literal("1.2.643.7.1.1.1.2");
const GOST_KZ_SIGNATURE_256: Oid = Oid::literal("1.2.398.3.10.1.1.2.3.1");
const GOST_KZ_SIGNATURE_512: Oid = Oid::literal("1.2.398.3.10.1.1.2.3.2");

/// Mechanism numbers (PKCS#11 v3.1 appendix B; TC26's vendor range 0xD4321000).
mod ckm {
    pub(super) const RSA_PKCS: u64 = 0x0001;
    pub(super) const RSA_PKCS_PSS: u64 = 0x000d;
    pub(super) const SHA256_RSA_PKCS: u64 = 0x0040;
    pub(super) const SHA384_RSA_PKCS: u64 = 0x0041;
    pub(super) const SHA512_RSA_PKCS: u64 = 0x0042;
    pub(super) const SHA256_RSA_PKCS_PSS: u64 = 0x0043;
    pub(super) const SHA384_RSA_PKCS_PSS: u64 = 0x0044;
    pub(super) const SHA512_RSA_PKCS_PSS: u64 = 0x0045;
    pub(super) const ECDSA: u64 = 0x1041;
    pub(super) const ECDSA_SHA256: u64 = 0x1044;
    pub(super) const ECDSA_SHA384: u64 = 0x1045;
    pub(super) const ECDSA_SHA512: u64 = 0x1046;
    pub(super) const EDDSA: u64 = 0x1057;
    pub(super) const GOSTR3410: u64 = 0x1201;
    pub(super) const GOSTR3410_512: u64 = 0xd432_1006;
    pub(super) const GOSTR3410_WITH_GOSTR3411_12_256: u64 = 0xd432_1008;
    pub(super) const GOSTR3410_WITH_GOSTR3411_12_512: u64 = 0xd432_1009;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_are_unique_and_parse_back() {
        for row in &SCHEMES {
            let scheme: Scheme = row.name.parse().unwrap();
            assert!(std::ptr::eq(scheme.row, row), "{}", row.name);
        }
        assert!("rsa".parse::<Scheme>().is_err());
    }

    #[test]
    fn what_is_written_is_read_back_as_the_same_algorithm() {
        for row in &SCHEMES {
            let scheme = Scheme { row };
            let signature = scheme.signature_identifier();
            let read = SignatureAlgorithm::from_identifier(&Element::try_from(&signature[..]).unwrap(), None).unwrap();
            assert_eq!(read, Some(row.signature), "{}", row.name);
            let digest = scheme.digest_identifier();
            let read = DigestAlgorithm::from_identifier(&Element::try_from(&digest[..]).unwrap()).unwrap();
            assert_eq!(read, Some(row.digest), "{}", row.name);
            assert!(
                row.signature.digest().is_none_or(|digest| digest == row.digest),
                "{}",
                row.name
            );
        }
    }

    /// A further algorithm is a row here (a key that `certificate` does not know keeps its identifier): no other file names one.
    #[test]
    fn signature_algorithms_are_named_in_this_file_only() {
        let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut directories = vec![sources];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                    continue;
                }
                // The reader of keys has the identifiers that keys and signatures share.
                let is_ours = path.ends_with("cms/algorithm.rs") || path.ends_with("certificate/public_key.rs");
                if is_ours || path.extension().is_none_or(|extension| extension != "rs") {
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                for (oid, _) in &SIGNATURE_OIDS {
                    assert!(!text.contains(&format!("\"{oid}\"")), "{oid} in {}", path.display());
                }
            }
        }
    }

    #[test]
    fn token_inputs_take_their_form() {
        let scheme: Scheme = "rsa-sha256".parse().unwrap();
        let digest = DigestAlgorithm::Sha256.digest(b"abc");
        let [hash_and_sign, raw] = scheme.token_calls() else {
            panic!("two ways")
        };
        let message = ToBeSigned::Message(b"abc");
        assert_eq!(hash_and_sign.input(&scheme, &message).unwrap().as_bytes(), b"abc");
        assert!(hash_and_sign.input(&scheme, &ToBeSigned::Digest(&digest)).is_none());
        let info = raw.input(&scheme, &ToBeSigned::Digest(&digest)).unwrap();
        assert_eq!(
            info.as_bytes()[..19],
            *hex::decode("3031300d060960864801650304020105000420").unwrap()
        );
        assert_eq!(&info.as_bytes()[19..], digest.value());
        assert_eq!(raw.input(&scheme, &message).unwrap(), info);
        assert!(info.reversed_digest().is_none());

        let gost: Scheme = "gost-ru-256".parse().unwrap();
        let input = gost.token_calls()[0].input(&gost, &message).unwrap();
        let reversed: Vec<u8> = input.as_bytes().iter().rev().copied().collect();
        assert_eq!(input.reversed_digest().unwrap().as_bytes(), reversed);
        assert!(
            gost.token_calls()[0]
                .input(&gost, &ToBeSigned::Digest(&digest))
                .is_none()
        );
    }
}
