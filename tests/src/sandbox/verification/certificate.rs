//! What the services read in a signer's certificate.

use sha2::{Digest, Sha256};
use thiserror::Error;
use x509_parser::oid_registry::Oid;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::digest::DigestAlgorithm;

/// A certificate and the parts of it that matter here.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    der: Vec<u8>,
    key: KeyKind,
    issuer_and_serial: IssuerAndSerial,
    subject: Vec<(String, String)>,
}

/// What identifies a signer in CMS (RFC 5652 section 10.2.4).
#[derive(Clone, Debug)]
pub(super) struct IssuerAndSerial {
    /// The issuer's name, DER, as it stands in the certificate.
    pub(super) issuer: Vec<u8>,
    /// The content octets of the serial number's INTEGER.
    pub(super) serial: Vec<u8>,
}

/// The kind of a certificate's public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// RSA.
    Rsa,
    /// ECDSA on a NIST curve.
    Ecdsa,
    /// GOST R 34.10-2012 with 256 bits.
    Gost256,
    /// GOST R 34.10-2012 with 512 bits.
    Gost512,
}

impl KeyKind {
    /// The digest that signatures of this key are made over.
    pub(crate) fn digest(self) -> DigestAlgorithm {
        match self {
            Self::Rsa | Self::Ecdsa => DigestAlgorithm::Sha256,
            Self::Gost256 => DigestAlgorithm::Streebog256,
            Self::Gost512 => DigestAlgorithm::Streebog512,
        }
    }
}

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub(crate) enum CertificateError {
    /// It is not one DER certificate.
    #[error("the certificate is not one X.509 certificate in DER")]
    Malformed,
    /// No signature of such a key could be verified here.
    #[error("keys of algorithm {0} are not supported; use RSA, ECDSA or GOST R 34.10-2012")]
    UnsupportedKey(String),
}

impl Certificate {
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        if !rest.is_empty() {
            return Err(CertificateError::Malformed);
        }
        Ok(Self {
            der: der.to_owned(),
            key: key_kind(&certificate.public_key().algorithm.algorithm)?,
            issuer_and_serial: IssuerAndSerial {
                issuer: certificate.issuer().as_raw().to_owned(),
                serial: certificate.raw_serial().to_owned(),
            },
            subject: certificate
                .subject()
                .iter_attributes()
                .map(|attribute| {
                    // `as_str` of the parser refuses NumericString, the type of INN and SNILS (RFC 9215 section 5).
                    let value = String::from_utf8_lossy(attribute.attr_value().data).into_owned();
                    (attribute.attr_type().to_id_string(), value)
                })
                .collect(),
        })
    }

    /// Every certificate of a PEM file.
    pub(crate) fn all_from_pem(pem: &[u8]) -> Result<Vec<Self>, CertificateError> {
        Pem::iter_from_buffer(pem)
            .map(|block| Self::from_der(&block.map_err(|_| CertificateError::Malformed)?.contents))
            .collect()
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn key(&self) -> KeyKind {
        self.key
    }

    /// SHA-256 of the DER, in hexadecimal.
    pub(crate) fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(&self.der))
    }

    /// The IIN of a Kazakhstani certificate's holder: `serialNumber=IIN…`.
    pub(crate) fn iin(&self) -> Option<&str> {
        self.subject_value("2.5.4.5", "IIN")
    }

    /// The BIN of a Kazakhstani company: `OU=BIN…`. Absent in a natural person's certificate.
    pub(crate) fn bin(&self) -> Option<&str> {
        self.subject_value("2.5.4.11", "BIN")
    }

    /// The INN of a Russian legal entity (INNLE). Absent in a natural person's certificate.
    pub(crate) fn organisation_inn(&self) -> Option<&str> {
        self.subject_value("1.2.643.100.4", "")
    }

    pub(super) fn issuer_and_serial(&self) -> &IssuerAndSerial {
        &self.issuer_and_serial
    }

    fn subject_value(&self, oid: &str, prefix: &str) -> Option<&str> {
        self.subject
            .iter()
            .filter(|(name, _)| name == oid)
            .find_map(|(_, value)| value.strip_prefix(prefix))
    }
}

fn key_kind(algorithm: &Oid<'_>) -> Result<KeyKind, CertificateError> {
    match algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.1" => Ok(KeyKind::Rsa),
        "1.2.840.10045.2.1" => Ok(KeyKind::Ecdsa),
        "1.2.643.7.1.1.1.1" => Ok(KeyKind::Gost256),
        "1.2.643.7.1.1.1.2" => Ok(KeyKind::Gost512),
        other => Err(CertificateError::UnsupportedKey(other.to_owned())),
    }
}
