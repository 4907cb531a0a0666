//! What a hash of `prepare` is: the contract's readings A (a digest of the document), B (a digest of signed attributes that the
//! service built) and C (those attributes themselves).

use crate::certificate::{Certificate, PublicKey};
use crate::cms::{Digest, DigestAlgorithm, SignedAttributes};
use crate::config::HashKind;
use crate::messages::{Code, Fault};

use super::hash_value;
use super::shapes::{PreparedItem, unusable};

/// How the hashes of a profile are read for one certificate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Readings<'a> {
    pub(super) kind: HashKind,
    /// Whether `auto` may take signed attributes.
    pub(super) accept_attributes: bool,
    pub(super) certificate: &'a Certificate,
}

/// One hash, read; not yet compared with its document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Reading {
    /// A.
    Content(Digest),
    /// B.
    AttributesDigest(Digest),
    /// C, as DER.
    Attributes(Vec<u8>),
}

impl Readings<'_> {
    /// The algorithm of the digests that go with the certificate's key.
    ///
    /// # Errors
    /// `prepare_unusable`: the algorithm that the answer states is unknown or does not go with the key.
    pub(super) fn algorithm(&self, item: &PreparedItem, at: usize) -> Result<DigestAlgorithm, Fault> {
        let stated = item.algorithm.as_deref();
        let known = stated.map(str::parse::<DigestAlgorithm>);
        let not_the_keys = || {
            let reason = format!(
                "its algorithm {} does not go with the certificate's key",
                stated.unwrap_or_default()
            );
            unusable(Some(&item.label(at)), &reason)
        };
        match (self.certificate.public_key(), known) {
            (PublicKey::Gost2012 { bits, .. }, known) => {
                let own = if *bits == 512 {
                    DigestAlgorithm::Streebog512
                } else {
                    DigestAlgorithm::Streebog256
                };
                match known {
                    Some(Ok(other)) if other != own => Err(not_the_keys()),
                    // A word that is not known ("GOST R 34.11-2012") leaves it to the key, and the length is checked anyway.
                    _ => Ok(own),
                }
            }
            (_, Some(Ok(DigestAlgorithm::Streebog256 | DigestAlgorithm::Streebog512) | Err(_))) => Err(not_the_keys()),
            (_, Some(Ok(algorithm))) => Ok(algorithm),
            // RFC 8419 section 3.1: with Ed25519 the message digest is SHA-512.
            (PublicKey::Ed25519, None) => Ok(DigestAlgorithm::Sha512),
            (_, None) => Ok(DigestAlgorithm::Sha256),
        }
    }

    /// Reads one hash.
    ///
    /// # Errors
    /// `digest_length`, `prepare_unusable`.
    pub(super) fn read(&self, item: &PreparedItem, at: usize) -> Result<Reading, Fault> {
        let algorithm = self.algorithm(item, at)?;
        match self.kind {
            HashKind::ContentDigest => digest(item, at, algorithm).map(Reading::Content),
            HashKind::SignedAttributesDigest => digest(item, at, algorithm).map(Reading::AttributesDigest),
            HashKind::SignedAttributes => attributes(item, at).map(Reading::Attributes),
            HashKind::Auto => match digest(item, at, algorithm) {
                Err(fault) if fault.code() == Code::DigestLength && self.accept_attributes => {
                    attributes(item, at).map(Reading::Attributes)
                }
                read => read.map(Reading::Content),
            },
        }
    }

    /// Compares a hash with its document, `None` when the document cannot be had.
    ///
    /// # Errors
    /// `prepare_unusable`.
    pub(super) fn confirm(&self, reading: &Reading, document: Option<&Digest>, label: &str) -> Result<(), Fault> {
        match (reading, document) {
            (Reading::Content(hash), Some(document)) if hash == document => Ok(()),
            (Reading::Content(hash), Some(document)) => Err(unusable(Some(label), "its hash is not that of its file")
                .detail(format!("the service says {hash}, the document's file gives {document}"))),
            (Reading::Content(_), None) if self.kind == HashKind::Auto => Err(unusable(
                Some(label),
                "its file cannot be had, so what the hash is cannot be told; set hash_kind in the profile",
            )),
            (Reading::Content(_), None) | (Reading::AttributesDigest(_), _) => Ok(()),
            (Reading::Attributes(_), None) => Err(unusable(
                Some(label),
                "its file cannot be had, so the signed attributes cannot be checked",
            )),
            (Reading::Attributes(der), Some(document)) => SignedAttributes::parse(der)
                .map_err(|error| error.to_string())
                .and_then(|attributes| {
                    let checked = attributes.check(document, self.certificate);
                    checked.map_err(|error| error.to_string())
                })
                .map_err(|reason| unusable(Some(label), &format!("its signed attributes: {reason}"))),
        }
    }
}

fn digest(item: &PreparedItem, at: usize, algorithm: DigestAlgorithm) -> Result<Digest, Fault> {
    let label = item.label(at);
    let bytes = hash_value::digest(&item.hash, algorithm.size())
        .ok_or_else(|| unusable(Some(&label), "its hash is neither base64 nor hexadecimal"))?;
    Digest::new(algorithm, bytes).map_err(|error| {
        Fault::new(Code::DigestLength)
            .arg("document", &label)
            .detail(error.to_string())
    })
}

fn attributes(item: &PreparedItem, at: usize) -> Result<Vec<u8>, Fault> {
    hash_value::attributes(&item.hash)
        .ok_or_else(|| unusable(Some(&item.label(at)), "it is no DER SET of signed attributes"))
}
