use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::certificate::{Fingerprint, Purpose, Selector};
use crate::cms::Digest;
use crate::config::TimestampLevel;
use crate::consent::{CallerView, CertificateView, Destination};
use crate::messages::Fault;

/// A request for one approval and its signatures.
#[derive(Clone, Debug)]
pub struct Request {
    /// Names it durably; the same after a restart (`<job id>:<step>`).
    pub key: String,
    /// Who asks.
    pub caller: CallerView,
    /// Signature or authentication; they never mix.
    pub purpose: Purpose,
    /// Which certificate. Several fit: the person is asked which one.
    pub selector: Selector,
    /// The label of the token that the certificate lay on when an earlier step chose it. It is waited for when it is not there; a certificate
    /// that nobody has chosen yet is not.
    pub chosen_on: Option<String>,
    /// What is made.
    pub format: Format,
    /// What is signed, in the order shown.
    pub documents: Vec<Document>,
    /// Where it goes afterwards, for the person.
    pub destination: Option<Destination>,
    /// What the person must know before deciding, for instance that the content is not the one they saw before.
    pub notice: Option<Fault>,
}

/// What is made of a signature value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// The content is outside the CMS.
    pub detached: bool,
    /// The certificates of the chain that are known go in besides the signer's.
    #[serde(default)]
    pub include_chain: bool,
    /// Whether the CMS gets a timestamp ([`Signing::timestamped`](super::Signing::timestamped)).
    #[serde(default)]
    pub timestamp: TimestampLevel,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            detached: true,
            include_chain: false,
            timestamp: TimestampLevel::None,
        }
    }
}

/// One document of a request.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Document {
    /// Its name, for the person.
    pub name: String,
    /// Its media type as the caller gives it.
    #[serde(default)]
    pub media_type: Option<String>,
    /// The caller's own reference, echoed.
    #[serde(default)]
    pub reference: Option<String>,
    /// The spooled content's address in the store.
    #[serde(default)]
    pub blob: Option<String>,
    /// The content's size in bytes, when it is spooled.
    #[serde(default)]
    pub size: Option<u64>,
    /// The digest that came with it: checked against the content, or signed as it is when there is no content.
    #[serde(default)]
    pub digest: Option<Digest>,
    /// What the digest is a digest of.
    #[serde(default)]
    pub kind: DocumentKind,
}

/// What a document without content stands for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// The document itself; a CMS is made.
    #[default]
    Content,
    /// The document itself; a CMS without signed attributes is made (RFC 5652 section 5.4), for a profile that asks for it.
    BareContent,
    /// Signed attributes that a service built (the blob holds them); the raw signature value is returned.
    ForeignAttributes,
    /// A digest of signed attributes that a service built; the raw signature value is returned.
    ForeignAttributesDigest,
}

impl Document {
    /// This document for a profile: `plain` ones want a CMS without signed attributes. What a service built itself stays what it is.
    #[must_use]
    pub fn in_profile(mut self, plain: bool) -> Self {
        if self.kind == DocumentKind::Content {
            self.kind = DocumentKind::of_document(plain);
        }
        self
    }
}

impl DocumentKind {
    /// That of a document itself; `plain` profiles want a CMS without signed attributes.
    pub const fn of_document(plain: bool) -> Self {
        if plain { Self::BareContent } else { Self::Content }
    }
}

/// Which certificate to use, before the documents' digests are known.
#[derive(Clone, Debug)]
pub struct CertificateRequest {
    /// Who asks.
    pub caller: CallerView,
    /// Signature or authentication.
    pub purpose: Purpose,
    /// Which ones may be used.
    pub selector: Selector,
    /// The documents' names, for the person.
    pub documents: Vec<String>,
    /// Where it goes afterwards, for the person.
    pub destination: Option<Destination>,
}

/// The certificate that will sign.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ChosenCertificate {
    /// How it is shown.
    pub view: CertificateView,
    /// Its DER.
    #[serde(with = "crate::signing::base64_bytes")]
    pub der: Vec<u8>,
}

impl ChosenCertificate {
    /// Its fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        self.view.fingerprint
    }
}

/// The signatures of one request.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Signed {
    /// The certificate that signed.
    pub certificate: CertificateView,
    /// One entry a document, in the request's order.
    pub documents: Vec<SignedDocument>,
}

/// One signed document.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SignedDocument {
    /// Its name.
    pub name: String,
    /// The caller's reference.
    #[serde(default)]
    pub reference: Option<String>,
    /// Its size in bytes, when the content was seen.
    #[serde(default)]
    pub size: Option<u64>,
    /// The digest that was signed.
    pub digest: Digest,
    /// The CMS in DER, or the raw value where the request's kind says so.
    #[serde(with = "crate::signing::base64_bytes")]
    pub signature: Vec<u8>,
    /// The time that the timestamp in the CMS attests, if there is one.
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub timestamp: Option<OffsetDateTime>,
}
