//! Reading a certificate (RFC 5280 section 4.1) without judging it: whatever keeps the outline is accepted, and an extension that cannot be
//! understood is only left out of what it would have told.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use thiserror::Error;
use x509_parser::pem::Pem;

use super::asn1::{Asn1Error, Element, Oid, Reader, Tag, offset_in, parse_time};
use super::extensions::{
    self, AUTHORITY_KEY_ID, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, KEY_USAGE, SUBJECT_ALTERNATIVE_NAME, SUBJECT_KEY_ID,
};
use super::name::Name;
use super::{ExtendedKeyUsage, Extension, Fingerprint, Identity, Inner, KeyUsage, PublicKey};

/// Why bytes are not a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// The outline of RFC 5280 is not there.
    #[error("this is not an X.509 certificate: {0}")]
    Malformed(#[from] Asn1Error),
    /// Neither DER nor PEM nor base64.
    #[error(
        "this is neither a DER nor a PEM certificate; export the certificate as DER or PEM (-----BEGIN CERTIFICATE-----)"
    )]
    UnknownEncoding,
    /// Larger than any certificate.
    #[error("the certificate is larger than {} KiB", MAX_SIZE / 1024)]
    TooLarge,
}

/// Real certificates take 1 to 4 KiB; the largest seen in practice stay under 64 KiB.
const MAX_SIZE: usize = 256 * 1024;

pub(super) fn from_pem_or_der(bytes: &[u8]) -> Result<Inner, CertificateError> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    if bytes.first() == Some(&Tag::SEQUENCE.0) {
        return from_der(bytes);
    }
    if bytes.len() > 2 * MAX_SIZE {
        return Err(CertificateError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| CertificateError::UnknownEncoding)?;
    let body = match text.split_once(BEGIN) {
        Some((_, rest)) => rest.split_once(END).ok_or(CertificateError::UnknownEncoding)?.0,
        None => text,
    };
    let compact: String = body
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .collect();
    match BASE64.decode(compact) {
        Ok(der) if !der.is_empty() => from_der(&der),
        _ => Err(CertificateError::UnknownEncoding),
    }
}

/// The DER of each certificate in a PEM file, or of the one in a DER file.
pub(super) fn list_from_pem(bytes: &[u8]) -> Result<Vec<Vec<u8>>, CertificateError> {
    const LABEL: &str = "CERTIFICATE";
    if bytes.first() == Some(&Tag::SEQUENCE.0) {
        return Ok(vec![bytes.to_vec()]);
    }
    let mut list = Vec::new();
    for block in Pem::iter_from_buffer(bytes) {
        let block = block.map_err(|_| CertificateError::UnknownEncoding)?;
        if block.label == LABEL {
            list.push(block.contents);
        }
    }
    if list.is_empty() {
        return Err(CertificateError::UnknownEncoding);
    }
    Ok(list)
}

pub(super) fn from_der(bytes: &[u8]) -> Result<Inner, CertificateError> {
    let mut reader = Reader::new(bytes);
    let certificate = reader.required(Tag::SEQUENCE)?;
    if reader.rest().iter().any(|&byte| byte != 0) {
        return Err(Asn1Error::Trailing.into());
    }
    if certificate.whole.len() > MAX_SIZE {
        return Err(CertificateError::TooLarge);
    }
    read(certificate.whole).map_err(CertificateError::Malformed)
}

fn read(der: &[u8]) -> Result<Inner, Asn1Error> {
    let range = |part: &[u8]| range_within(der, part);
    let mut certificate = Element::try_from(der)?.reader();
    let tbs_element = certificate.required(Tag::SEQUENCE)?;
    let signature_algorithm = certificate.required(Tag::SEQUENCE)?;
    let signature = certificate.required(Tag::BIT_STRING)?.bit_string()?;
    certificate.finish()?;

    let mut tbs = tbs_element.reader();
    tbs.optional(Tag::constructed(0))?;
    let serial = tbs.required(Tag::INTEGER)?;
    tbs.required(Tag::SEQUENCE)?;
    let issuer = tbs.required(Tag::SEQUENCE)?;
    let mut validity = tbs.sequence()?;
    let (not_before, not_after) = (parse_time(&validity.element()?)?, parse_time(&validity.element()?)?);
    let subject = tbs.required(Tag::SEQUENCE)?;
    let spki = tbs.required(Tag::SEQUENCE)?;
    let (public_key, public_key_bits) = PublicKey::read(&spki)?;
    for unique_id in [1, 2] {
        tbs.optional(Tag::context(unique_id))?;
    }
    let listed = match tbs.optional(Tag::constructed(3))? {
        Some(wrapped) => read_extensions(der, wrapped.reader().sequence()?)?,
        None => Vec::new(),
    };

    let subject_name = Name::read(&subject)?;
    let issuer_name = Name::read(&issuer)?;
    let value = |oid: Oid| {
        listed
            .iter()
            .find(|extension| extension.oid == oid)
            .map(|found| &der[found.value.clone()])
    };
    let email = value(SUBJECT_ALTERNATIVE_NAME).and_then(extensions::alternative_email);
    Ok(Inner {
        fingerprint: Fingerprint::of(der),
        tbs: range(tbs_element.whole),
        serial: range(serial.whole),
        serial_content: range(serial.content),
        issuer: range(issuer.whole),
        subject: range(subject.whole),
        spki: range(spki.whole),
        public_key_bits: range(public_key_bits),
        signature_algorithm: range(signature_algorithm.whole),
        signature: range(signature),
        subject_text: subject_name.readable(),
        issuer_text: issuer_name.readable(),
        not_before,
        not_after,
        public_key,
        identity: Identity::read(&subject_name, email),
        key_usage: value(KEY_USAGE).and_then(KeyUsage::read),
        extended_key_usage: value(EXTENDED_KEY_USAGE).and_then(ExtendedKeyUsage::read),
        authority: value(BASIC_CONSTRAINTS).and_then(extensions::authority),
        subject_key_id: value(SUBJECT_KEY_ID).and_then(extensions::subject_key_id).map(range),
        authority_key_id: value(AUTHORITY_KEY_ID)
            .and_then(extensions::authority_key_id)
            .map(range),
        extensions: listed,
        der: der.into(),
    })
}

fn read_extensions(der: &[u8], mut list: Reader<'_>) -> Result<Vec<Extension>, Asn1Error> {
    let mut extensions = Vec::new();
    while !list.is_empty() {
        let mut fields = list.sequence()?;
        let oid = fields.required(Tag::OID)?;
        let critical = match fields.optional(Tag::BOOLEAN)? {
            Some(critical) => critical.boolean()?,
            None => false,
        };
        let value = fields.required(Tag::OCTET_STRING)?;
        match oid.oid() {
            Ok(oid) => extensions.push(Extension {
                oid,
                critical,
                value: range_within(der, value.content),
            }),
            // An identifier too long to be held is one that nobody here asks for; only a critical one matters.
            Err(error) if critical => return Err(error),
            Err(_) => {}
        }
    }
    Ok(extensions)
}

/// Where `part`, a slice of `whole`, lies in it.
fn range_within(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = offset_in(whole, part);
    start..start + part.len()
}
