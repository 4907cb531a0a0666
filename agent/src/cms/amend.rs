//! Additions to a signature that exists, ours or another producer's: a timestamp, a further signer. What is there keeps its bytes; only the lengths
//! around the additions grow.

use thiserror::Error;

use super::assemble::implicit;
use super::signed_attributes::attribute;
use super::signed_data::{MAX_SIGNERS, Outline, SignedData, SignedDataError};
use super::timestamp::{SIGNATURE_TIME_STAMP, TimestampToken};
use crate::certificate::asn1::{Asn1Error, Element, Oid, Tag, insert, offset_in, place_in_set, writer};

/// Why nothing can be added.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AmendError {
    /// There is no such signer.
    #[error("the signature has no signer number {0}")]
    NoSuchSigner(usize),
    /// The timestamp belongs to another signature.
    #[error("the timestamp was made for another signature")]
    OtherImprint,
    /// The other signature is about content of another type.
    #[error("the signature is over content of type {0}; a signer of the same content must name the same type")]
    ContentType(Oid),
    /// The signature cannot be taken apart.
    #[error(transparent)]
    Malformed(#[from] SignedDataError),
}

impl SignedData {
    /// This signature with `token` as an unsigned attribute signature-time-stamp (RFC 5126 section 6.1.1) of the signer at `index`, from 0.
    ///
    /// # Errors
    /// [`AmendError::NoSuchSigner`], [`AmendError::OtherImprint`].
    pub fn with_timestamp(&self, index: usize, token: &TimestampToken) -> Result<Vec<u8>, AmendError> {
        let signer = self.signers().get(index).ok_or(AmendError::NoSuchSigner(index))?;
        if !token.covers(signer.signature()) {
            return Err(AmendError::OtherImprint);
        }
        let der = self.der();
        let outline = Outline::read(der)?;
        let mut signers = outline.signers.reader();
        let mut info = signers.element().map_err(malformed)?;
        for _ in 0..index {
            info = signers.element().map_err(malformed)?;
        }
        let addition = attribute(SIGNATURE_TIME_STAMP, token.der());
        let mut enclosing = outline.enclosing.to_vec();
        enclosing.extend([outline.signers, info]);
        Ok(match last_of(&info).map_err(malformed)?.tagged(Tag::constructed(1)) {
            Ok(unsigned) => {
                let offset = place_in_set(der, &unsigned, &addition);
                enclosing.push(unsigned);
                insert(der, &enclosing, offset, &addition)
            }
            Err(_) => {
                let unsigned = writer::element(Tag::constructed(1), &[&addition]);
                insert(der, &enclosing, end_of(der, &info), &unsigned)
            }
        })
    }

    /// This signature with the signers of `other`, a signature over the same content, as further ones: their SignerInfos with what stands in them,
    /// and certificates and digest algorithms that are not there already.
    ///
    /// # Errors
    /// [`AmendError::ContentType`] when `other` is about content of another type; [`AmendError::Malformed`] when there would be more signers than
    /// are read.
    pub fn with_signers_of(&self, other: &Self) -> Result<Vec<u8>, AmendError> {
        if other.content_type() != self.content_type() {
            return Err(AmendError::ContentType(self.content_type()));
        }
        if self.signers().len() + other.signers().len() > MAX_SIGNERS {
            return Err(AmendError::Malformed(SignedDataError::TooMany {
                what: "signers",
                limit: MAX_SIGNERS,
            }));
        }
        let added = Outline::read(other.der())?;
        let mut der = self.der().to_vec();
        for signer in elements(&added.signers) {
            der = insert_into(&der, |outline| Some(outline.signers), signer)?;
        }
        for certificate in added.certificates.iter().flat_map(elements) {
            der = with_certificate(&der, certificate)?;
        }
        for algorithm in elements(&added.digest_algorithms) {
            if !elements(&Outline::read(&der)?.digest_algorithms).any(|known| known == algorithm) {
                der = insert_into(&der, |outline| Some(outline.digest_algorithms), algorithm)?;
            }
        }
        Ok(der)
    }
}

fn with_certificate(der: &[u8], certificate: &[u8]) -> Result<Vec<u8>, AmendError> {
    let outline = Outline::read(der)?;
    if let Some(certificates) = outline.certificates {
        if elements(&certificates).any(|known| known == certificate) {
            return Ok(der.to_vec());
        }
        return insert_into(der, |outline| outline.certificates, certificate);
    }
    let certificates = implicit(Tag::constructed(0), writer::set_of(vec![certificate.to_vec()]));
    Ok(insert(
        der,
        &outline.enclosing,
        end_of(der, &outline.encapsulated),
        &certificates,
    ))
}

/// `der` with `addition` in the set of SignedData that `set` names, in its place.
fn insert_into(
    der: &[u8],
    set: impl for<'a> Fn(&Outline<'a>) -> Option<Element<'a>>,
    addition: &[u8],
) -> Result<Vec<u8>, AmendError> {
    let outline = Outline::read(der)?;
    let set = set(&outline).ok_or_else(|| malformed(Asn1Error::Truncated))?;
    let mut enclosing = outline.enclosing.to_vec();
    enclosing.push(set);
    Ok(insert(der, &enclosing, place_in_set(der, &set, addition), addition))
}

/// The elements of a set, each whole.
fn elements<'a>(set: &Element<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let mut elements = set.reader();
    std::iter::from_fn(move || elements.element().ok().map(|element| element.whole))
}

fn last_of<'a>(parent: &Element<'a>) -> Result<Element<'a>, Asn1Error> {
    let mut fields = parent.reader();
    let mut last = fields.element()?;
    while !fields.is_empty() {
        last = fields.element()?;
    }
    Ok(last)
}

fn end_of(der: &[u8], element: &Element<'_>) -> usize {
    offset_in(der, element.whole) + element.whole.len()
}

fn malformed(error: Asn1Error) -> AmendError {
    AmendError::Malformed(SignedDataError::Malformed(error))
}
