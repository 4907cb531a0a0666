//! The service's half of a CMS under MIG24's readings B and C: it builds the signed attributes, the client signs them,
//! and the service puts the detached CMS together (RFC 5652 section 5.3, RFC 5035 for signing-certificate-v2).

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;

use super::certificate::{Certificate, KeyKind};
use super::der::{CONTEXT_0, INTEGER, NULL, OCTET_STRING, SEQUENCE, SET, UTC_TIME, oid, set_of, tlv};

/// DER `SET OF` signed attributes for one document and one signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedAttributes(Vec<u8>);

impl SignedAttributes {
    /// contentType, messageDigest, signingTime and signing-certificate-v2.
    pub(crate) fn build(certificate: &Certificate, content_digest: &[u8]) -> Self {
        let attribute = |kind: &str, value: &[u8]| tlv(SEQUENCE, &[&oid(kind), &tlv(SET, &[value])]);
        // UTCTime holds until 2049 (RFC 5652 section 11.3); a sandbox does not live that long.
        let now = OffsetDateTime::now_utc()
            .format(format_description!(
                "[year repr:last_two][month][day][hour][minute][second]Z"
            ))
            .expect("every UTC moment has these components");
        let certificate_hash = tlv(OCTET_STRING, &[&Sha256::digest(certificate.der())]);
        let ess_cert_id = tlv(SEQUENCE, &[&certificate_hash]);
        Self(set_of(vec![
            attribute("1.2.840.113549.1.9.3", &oid("1.2.840.113549.1.7.1")),
            attribute("1.2.840.113549.1.9.4", &tlv(OCTET_STRING, &[content_digest])),
            attribute("1.2.840.113549.1.9.5", &tlv(UTC_TIME, &[now.as_bytes()])),
            attribute(
                "1.2.840.113549.1.9.16.2.47",
                &tlv(SEQUENCE, &[&tlv(SEQUENCE, &[&ess_cert_id])]),
            ),
        ]))
    }

    /// Attributes built earlier.
    pub(crate) fn from_der(der: Vec<u8>) -> Self {
        Self(der)
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.0
    }
}

/// A detached CMS of one signer from attributes and the value that the signer returned for them.
pub(crate) fn assemble(certificate: &Certificate, attributes: &SignedAttributes, value: &[u8]) -> Vec<u8> {
    let digest_algorithm = tlv(SEQUENCE, &[&oid(certificate.key().digest().oid()), NULL]);
    // Inside SignerInfo the attributes are [0] IMPLICIT; the signature is over the SET OF form.
    let mut implicit_attributes = attributes.der().to_vec();
    if let Some(tag) = implicit_attributes.first_mut() {
        *tag = CONTEXT_0;
    }
    let signer = certificate.issuer_and_serial();
    let version = tlv(INTEGER, &[&[1]]);
    let signer_info = tlv(
        SEQUENCE,
        &[
            &version,
            &tlv(SEQUENCE, &[&signer.issuer, &tlv(INTEGER, &[&signer.serial])]),
            &digest_algorithm,
            &implicit_attributes,
            &signature_algorithm(certificate.key()),
            &tlv(OCTET_STRING, &[&cms_value(certificate.key(), value)]),
        ],
    );
    let signed_data = tlv(
        SEQUENCE,
        &[
            &version,
            &tlv(SET, &[&digest_algorithm]),
            &tlv(SEQUENCE, &[&oid("1.2.840.113549.1.7.1")]),
            &tlv(CONTEXT_0, &[certificate.der()]),
            &tlv(SET, &[&signer_info]),
        ],
    );
    tlv(
        SEQUENCE,
        &[&oid("1.2.840.113549.1.7.2"), &tlv(CONTEXT_0, &[&signed_data])],
    )
}

fn signature_algorithm(key: KeyKind) -> Vec<u8> {
    match key {
        KeyKind::Rsa => tlv(SEQUENCE, &[&oid("1.2.840.113549.1.1.11"), NULL]),
        KeyKind::Ecdsa => tlv(SEQUENCE, &[&oid("1.2.840.10045.4.3.2")]),
        KeyKind::Gost256 => tlv(SEQUENCE, &[&oid("1.2.643.7.1.1.1.1"), NULL]),
        KeyKind::Gost512 => tlv(SEQUENCE, &[&oid("1.2.643.7.1.1.1.2"), NULL]),
    }
}

/// ECDSA values may come as a token makes them, r and s side by side; CMS wants a SEQUENCE (RFC 5753 section 7.2).
fn cms_value(key: KeyKind, value: &[u8]) -> Vec<u8> {
    let is_plain = value.len().is_multiple_of(2) && value.first() != Some(&SEQUENCE);
    if key != KeyKind::Ecdsa || !is_plain {
        return value.to_owned();
    }
    let (r, s) = value.split_at(value.len() / 2);
    tlv(SEQUENCE, &[&unsigned_integer(r), &unsigned_integer(s)])
}

fn unsigned_integer(bytes: &[u8]) -> Vec<u8> {
    let leading_zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let significant = &bytes[leading_zeros.min(bytes.len().saturating_sub(1))..];
    let sign: &[u8] = if significant.first().is_some_and(|byte| *byte >= 0x80) {
        &[0]
    } else {
        &[]
    };
    tlv(INTEGER, &[sign, significant])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_ecdsa_values_become_a_sequence_of_positive_integers() {
        assert_eq!(
            cms_value(KeyKind::Ecdsa, &[0, 5, 0x80, 1]),
            [SEQUENCE, 8, 2, 1, 5, 2, 3, 0, 0x80, 1]
        );
        assert_eq!(cms_value(KeyKind::Gost256, &[0, 5, 0x80, 1]), [0, 5, 0x80, 1]);
    }
}
