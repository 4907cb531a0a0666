//! X.509 certificates as the agent needs them: whose they are (identity fields of Kazakhstan and Russia), what they may be used for, when they
//! are valid, and how a person or a program names one. No I/O, no tokens, no signatures: those are the rooms above.
//!
//! A [`Certificate`] keeps its DER exactly as it was read. It is embedded and hashed as those bytes, never encoded again.

pub mod asn1;
mod extensions;
mod fingerprint;
mod identity;
mod key_location;
mod name;
mod parse;
mod pkcs11_uri;
mod pss_demands;
mod public_key;
mod selector;
mod suitability;
mod usage;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::OffsetDateTime;

pub use self::fingerprint::{Fingerprint, FingerprintError};
pub use self::identity::Identity;
pub use self::key_location::KeyLocation;
pub use self::parse::CertificateError;
pub use self::pkcs11_uri::{ObjectType, Pkcs11Uri, Pkcs11UriError};
pub use self::pss_demands::PssDemands;
pub use self::public_key::{EcCurve, GostCountry, GostParamSet, PublicKey};
pub(crate) use self::public_key::{gost_point, rsa_components};
pub use self::selector::{Expected, Selector, SelectorError};
pub use self::suitability::{Purpose, Unsuitable};
pub use self::usage::{ExtendedKeyUsage, KeyUsage, Role};

use self::asn1::Oid;
use self::extensions::Authority;

/// A certificate (RFC 5280). Cheap to clone; equal when its bytes are equal. Serialised as base64 DER.
#[derive(Clone)]
pub struct Certificate {
    inner: Arc<Inner>,
}

impl Certificate {
    /// Reads one DER certificate. Zero bytes after it are ignored: some tokens return the whole fixed-size file that holds it.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        parse::from_der(der).map(|inner| Self { inner: Arc::new(inner) })
    }

    /// Reads one certificate from DER, from PEM (the first `CERTIFICATE` block) or from bare base64.
    pub fn from_pem_or_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        parse::from_pem_or_der(bytes).map(|inner| Self { inner: Arc::new(inner) })
    }

    /// Reads every `CERTIFICATE` block of a PEM file, or the one certificate of a DER file.
    pub fn list_from_pem(bytes: &[u8]) -> Result<Vec<Self>, CertificateError> {
        parse::list_from_pem(bytes)?
            .into_iter()
            .map(|der| Self::from_der(&der))
            .collect()
    }

    /// The certificate's bytes, exactly as read.
    pub fn der(&self) -> &[u8] {
        &self.inner.der
    }

    /// SHA-256 of [`der`](Self::der).
    pub fn fingerprint(&self) -> Fingerprint {
        self.inner.fingerprint
    }

    /// The issuer's Name, a complete element as it stands in the certificate.
    pub fn issuer_der(&self) -> &[u8] {
        self.slice(&self.inner.issuer)
    }

    /// The subject's Name, a complete element as it stands in the certificate.
    pub fn subject_der(&self) -> &[u8] {
        self.slice(&self.inner.subject)
    }

    /// The serial number, a complete INTEGER element as it stands in the certificate.
    pub fn serial_der(&self) -> &[u8] {
        self.slice(&self.inner.serial)
    }

    /// The serial number's content octets in lower-case hexadecimal.
    pub fn serial_hex(&self) -> String {
        hex::encode(self.slice(&self.inner.serial_content))
    }

    /// The SubjectPublicKeyInfo, a complete element.
    pub fn spki_der(&self) -> &[u8] {
        self.slice(&self.inner.spki)
    }

    /// The content of the subjectPublicKey BIT STRING.
    pub fn public_key_bits(&self) -> &[u8] {
        self.slice(&self.inner.public_key_bits)
    }

    /// The TBSCertificate, a complete element: what the issuer signed.
    pub fn tbs_der(&self) -> &[u8] {
        self.slice(&self.inner.tbs)
    }

    /// The signatureAlgorithm, a complete AlgorithmIdentifier.
    pub fn signature_algorithm_der(&self) -> &[u8] {
        self.slice(&self.inner.signature_algorithm)
    }

    /// The issuer's signature.
    pub fn signature_bits(&self) -> &[u8] {
        self.slice(&self.inner.signature)
    }

    /// The kind of the public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.inner.public_key
    }

    /// Whose certificate this is.
    pub fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    /// What the holder may act as, by the extended key usages of the Kazakh national authority.
    pub fn roles(&self) -> Vec<Role> {
        self.extended_key_usage()
            .map(ExtendedKeyUsage::roles)
            .unwrap_or_default()
    }

    /// The keyUsage extension, if there is one.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.inner.key_usage
    }

    /// The extKeyUsage extension, if there is one.
    pub fn extended_key_usage(&self) -> Option<&ExtendedKeyUsage> {
        self.inner.extended_key_usage.as_ref()
    }

    /// The first instant of validity.
    pub fn not_before(&self) -> OffsetDateTime {
        self.inner.not_before
    }

    /// The last instant of validity.
    pub fn not_after(&self) -> OffsetDateTime {
        self.inner.not_after
    }

    /// The subject for people, in the manner of RFC 4514, most specific part first.
    pub fn subject(&self) -> &str {
        &self.inner.subject_text
    }

    /// The issuer for people, in the manner of RFC 4514, most specific part first.
    pub fn issuer(&self) -> &str {
        &self.inner.issuer_text
    }

    /// Whether subject and issuer are the same name (a root, or a self-signed certificate).
    pub fn self_issued(&self) -> bool {
        self.subject_der() == self.issuer_der()
    }

    /// Whether basicConstraints say that this is an authority's certificate.
    pub fn is_authority(&self) -> bool {
        self.inner.authority.is_some()
    }

    /// How many authorities may follow below this one (pathLenConstraint), when limited.
    pub fn path_length(&self) -> Option<u32> {
        self.inner.authority.and_then(|authority| authority.path_length)
    }

    /// The subjectKeyIdentifier.
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.inner.subject_key_id.as_ref().map(|range| self.slice(range))
    }

    /// The keyIdentifier in authorityKeyIdentifier.
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.inner.authority_key_id.as_ref().map(|range| self.slice(range))
    }

    /// The value of the extension `oid`: the content of its OCTET STRING.
    pub fn extension(&self, oid: Oid) -> Option<&[u8]> {
        self.inner
            .extensions
            .iter()
            .find(|extension| extension.oid == oid)
            .map(|extension| self.slice(&extension.value))
    }

    /// Where complete revocation lists of the issuer may be had (cRLDistributionPoints), in the certificate's order.
    pub fn crl_addresses(&self) -> Vec<String> {
        self.extension(extensions::CRL_DISTRIBUTION_POINTS)
            .map(extensions::crl_addresses)
            .unwrap_or_default()
    }

    /// Where the issuer's OCSP responders are (authorityInfoAccess), in the certificate's order.
    pub fn ocsp_addresses(&self) -> Vec<String> {
        self.extension(extensions::AUTHORITY_INFORMATION_ACCESS)
            .map(extensions::ocsp_addresses)
            .unwrap_or_default()
    }

    /// The identifiers of all extensions.
    pub fn extensions(&self) -> impl Iterator<Item = Oid> + '_ {
        self.inner.extensions.iter().map(|extension| extension.oid)
    }

    /// The identifiers of the extensions marked critical.
    pub fn critical_extensions(&self) -> impl Iterator<Item = Oid> + '_ {
        self.inner
            .extensions
            .iter()
            .filter(|extension| extension.critical)
            .map(|extension| extension.oid)
    }

    /// Whether this certificate may be used for `purpose` at the instant `at`.
    pub fn check_suitable(&self, purpose: Purpose, at: OffsetDateTime) -> Result<(), Unsuitable> {
        suitability::check(self, purpose, at)
    }

    /// The whole days until the end of validity at the instant `at`, when they are 30 or fewer: then it is time to renew.
    pub fn expires_in_days(&self, at: OffsetDateTime) -> Option<u16> {
        suitability::days_left(self, at)
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        &self.inner.der[range.clone()]
    }
}

/// Everything read once from the DER; the ranges lie within it.
struct Inner {
    der: Box<[u8]>,
    fingerprint: Fingerprint,
    tbs: Range<usize>,
    serial: Range<usize>,
    serial_content: Range<usize>,
    issuer: Range<usize>,
    subject: Range<usize>,
    spki: Range<usize>,
    public_key_bits: Range<usize>,
    signature_algorithm: Range<usize>,
    signature: Range<usize>,
    subject_text: String,
    issuer_text: String,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    public_key: PublicKey,
    identity: Identity,
    key_usage: Option<KeyUsage>,
    extended_key_usage: Option<ExtendedKeyUsage>,
    authority: Option<Authority>,
    subject_key_id: Option<Range<usize>>,
    authority_key_id: Option<Range<usize>>,
    extensions: Vec<Extension>,
}

struct Extension {
    oid: Oid,
    critical: bool,
    value: Range<usize>,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.inner.der == other.inner.der
    }
}

impl Eq for Certificate {}

impl Hash for Certificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.fingerprint.hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject())
            .field("fingerprint", &self.fingerprint())
            .finish_non_exhaustive()
    }
}

impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(self.der()))
    }
}

impl<'de> Deserialize<'de> for Certificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let der = BASE64
            .decode(String::deserialize(deserializer)?)
            .map_err(de::Error::custom)?;
        Self::from_der(&der).map_err(de::Error::custom)
    }
}
