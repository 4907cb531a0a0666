//! Certificates (RFC 5280), assembled here and signed elsewhere.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::der;
use crate::distinguished_name::DistinguishedName;

/// What a certificate says about its subject and key.
pub(crate) struct Contents<'a> {
    pub(crate) subject: &'a DistinguishedName,
    /// SubjectPublicKeyInfo in DER
    pub(crate) public_key: &'a [u8],
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
    pub(crate) kind: Kind,
}

/// What the certificate is for.
pub(crate) enum Kind {
    Authority,
    Signer(SignerExtensions),
}

/// The extensions in which signers differ.
#[derive(Clone, Debug)]
pub(crate) struct SignerExtensions {
    /// The first byte of the keyUsage BIT STRING
    pub(crate) key_usage: u8,
    pub(crate) extended_key_usage: Vec<&'static str>,
    pub(crate) policy: &'static str,
    /// SubjectSignTool and IssuerSignTool of a Russian qualified certificate
    pub(crate) sign_tools: bool,
}

/// keyUsage digitalSignature (RFC 5280 section 4.2.1.3)
pub(crate) const DIGITAL_SIGNATURE: u8 = 0x80;
/// keyUsage nonRepudiation, also called contentCommitment
pub(crate) const NON_REPUDIATION: u8 = 0x40;
/// keyUsage keyEncipherment
pub(crate) const KEY_ENCIPHERMENT: u8 = 0x20;
const KEY_CERT_SIGN: u8 = 0x04;
const CRL_SIGN: u8 = 0x02;

/// The issuer as a certificate names it.
pub(crate) struct Issuer<'a> {
    pub(crate) name: &'a DistinguishedName,
    pub(crate) public_key: &'a [u8],
    /// AlgorithmIdentifier in DER
    pub(crate) signature_algorithm: &'a [u8],
}

/// The part of the certificate that is signed, with `serial` as DER.
pub(crate) fn to_be_signed(contents: &Contents<'_>, issuer: &Issuer<'_>, serial: &[u8]) -> Vec<u8> {
    let validity = der::sequence(&[&der::time(contents.not_before), &der::time(contents.not_after)]);
    der::sequence(&[
        // version 3
        b"\xa0\x03\x02\x01\x02",
        serial,
        issuer.signature_algorithm,
        &issuer.name.to_der(),
        &validity,
        &contents.subject.to_der(),
        contents.public_key,
        &der::tlv(0xa3, &[&extensions(contents, issuer)]),
    ])
}

/// The whole certificate.
pub(crate) fn certificate(to_be_signed: &[u8], signature_algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    der::sequence(&[to_be_signed, signature_algorithm, &der::bits(signature)])
}

fn extensions(contents: &Contents<'_>, issuer: &Issuer<'_>) -> Vec<u8> {
    let mut extensions = vec![
        extension("2.5.29.14", false, &der::octets(&key_identifier(contents.public_key))),
        extension(
            "2.5.29.35",
            false,
            &der::sequence(&[&der::tlv(0x80, &[&key_identifier(issuer.public_key)])]),
        ),
    ];
    match &contents.kind {
        Kind::Authority => {
            extensions.push(extension("2.5.29.19", true, &der::sequence(&[b"\x01\x01\xff"])));
            extensions.push(extension("2.5.29.15", true, &key_usage(KEY_CERT_SIGN | CRL_SIGN)));
        }
        Kind::Signer(signer) => {
            extensions.push(extension("2.5.29.15", true, &key_usage(signer.key_usage)));
            let purposes: Vec<Vec<u8>> = signer
                .extended_key_usage
                .iter()
                .map(|purpose| der::oid(purpose))
                .collect();
            let purposes: Vec<&[u8]> = purposes.iter().map(Vec::as_slice).collect();
            extensions.push(extension("2.5.29.37", false, &der::sequence(&purposes)));
            let policy = der::sequence(&[&der::sequence(&[&der::oid(signer.policy)])]);
            extensions.push(extension("2.5.29.32", false, &policy));
            if signer.sign_tools {
                let tool = der::utf8_string("Тестовый токен, не сертифицирован");
                extensions.push(extension("1.2.643.100.111", false, &tool));
                extensions.push(extension(
                    "1.2.643.100.112",
                    false,
                    &der::sequence(&[&tool, &tool, &tool, &tool]),
                ));
            }
        }
    }
    der::sequence(&extensions.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { b"\x01\x01\xff" } else { b"" };
    der::sequence(&[&der::oid(oid), critical, &der::octets(value)])
}

fn key_usage(usage: u8) -> Vec<u8> {
    let unused = u8::try_from(usage.trailing_zeros()).unwrap_or_default();
    der::tlv(0x03, &[&[unused, usage]])
}

/// RFC 7093 section 2 method 4, cut to 20 bytes.
fn key_identifier(public_key: &[u8]) -> Vec<u8> {
    Sha256::digest(public_key)[..20].to_vec()
}
