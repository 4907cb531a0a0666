//! ECDSA (FIPS 186-5) with signatures in the form of RFC 3279: SEQUENCE { r, s }.

use std::sync::LazyLock;

use num_bigint::BigUint;
use num_traits::Zero;
use ring::signature::{self, EcdsaVerificationAlgorithm};

use super::curve::Curve;
use super::{SignatureError, parameters, verify_with_ring};
use crate::certificate::EcCurve;
use crate::certificate::asn1::{Element, Tag, writer};
use crate::cms::algorithm::ToBeSigned;
use crate::cms::digest::DigestAlgorithm;

/// Verifies `signature`, DER, with the uncompressed point `key`.
pub(in crate::cms) fn verify(
    curve: EcCurve,
    digest: DigestAlgorithm,
    key: &[u8],
    input: &ToBeSigned<'_>,
    signature: &[u8],
) -> Result<(), SignatureError> {
    if let (ToBeSigned::Message(message), Some(algorithm)) = (input, ring_algorithm(curve, digest)) {
        return verify_with_ring(algorithm, key, message, signature);
    }
    let (r, s) = components(signature).ok_or(SignatureError::Mismatch)?;
    verify_digest(parameters_of(curve), key, input.digest(digest)?.value(), &r, &s)
}

/// The length of r and of s in a raw signature, in bytes.
pub(in crate::cms) const fn field_size(curve: EcCurve) -> usize {
    match curve {
        EcCurve::P256 => 32,
        EcCurve::P384 => 48,
        EcCurve::P521 => 66,
    }
}

/// The DER form of a raw `r ‖ s` (PKCS#11 CKM_ECDSA returns that), when its length is right.
pub(in crate::cms) fn signature_from_raw(curve: EcCurve, raw: &[u8]) -> Option<Vec<u8>> {
    let size = field_size(curve);
    if raw.len() != 2 * size {
        return None;
    }
    let (r, s) = raw.split_at(size);
    Some(writer::sequence(&[
        &writer::unsigned_integer(r),
        &writer::unsigned_integer(s),
    ]))
}

fn ring_algorithm(curve: EcCurve, digest: DigestAlgorithm) -> Option<&'static EcdsaVerificationAlgorithm> {
    match (curve, digest) {
        (EcCurve::P256, DigestAlgorithm::Sha256) => Some(&signature::ECDSA_P256_SHA256_ASN1),
        (EcCurve::P256, DigestAlgorithm::Sha384) => Some(&signature::ECDSA_P256_SHA384_ASN1),
        (EcCurve::P384, DigestAlgorithm::Sha256) => Some(&signature::ECDSA_P384_SHA256_ASN1),
        (EcCurve::P384, DigestAlgorithm::Sha384) => Some(&signature::ECDSA_P384_SHA384_ASN1),
        _ => None,
    }
}

fn parameters_of(curve: EcCurve) -> &'static Curve {
    static P256: LazyLock<Curve> = LazyLock::new(|| Curve::new(parameters::P256));
    static P384: LazyLock<Curve> = LazyLock::new(|| Curve::new(parameters::P384));
    static P521: LazyLock<Curve> = LazyLock::new(|| Curve::new(parameters::P521));
    match curve {
        EcCurve::P256 => &P256,
        EcCurve::P384 => &P384,
        EcCurve::P521 => &P521,
    }
}

fn components(signature: &[u8]) -> Option<(BigUint, BigUint)> {
    let mut fields = Element::try_from(signature).ok()?.tagged(Tag::SEQUENCE).ok()?.reader();
    let r = fields.element().ok()?.unsigned_integer().ok()?;
    let s = fields.element().ok()?.unsigned_integer().ok()?;
    fields.finish().ok()?;
    Some((BigUint::from_bytes_be(r), BigUint::from_bytes_be(s)))
}

fn verify_digest(curve: &Curve, key: &[u8], digest: &[u8], r: &BigUint, s: &BigUint) -> Result<(), SignatureError> {
    let n = &curve.n;
    if r.is_zero() || s.is_zero() || r >= n || s >= n {
        return Err(SignatureError::Mismatch);
    }
    // SEC 1 section 2.3.4, uncompressed points only: certificates carry no others.
    let (&[4], coordinates) = key.split_at_checked(1).ok_or(SignatureError::Unsupported)? else {
        return Err(SignatureError::Unsupported);
    };
    if coordinates.len() != 2 * curve.size {
        return Err(SignatureError::Unsupported);
    }
    let (x, y) = coordinates.split_at(curve.size);
    let point = curve
        .point(BigUint::from_bytes_be(x), BigUint::from_bytes_be(y))
        .ok_or(SignatureError::Unsupported)?;
    // The leftmost bits of the digest, as many as the order has (FIPS 186-5 section 6.4.2).
    let excess = (8 * digest.len() as u64).saturating_sub(n.bits());
    let e = BigUint::from_bytes_be(digest) >> excess;
    let w = s.modinv(n).ok_or(SignatureError::Mismatch)?;
    let x = curve
        .combination(&(e * &w % n), &(r * &w % n), &point)
        .ok_or(SignatureError::Mismatch)?;
    if x % n == *r {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}
