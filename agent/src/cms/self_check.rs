//! The self-check: no signature value leaves the agent unless it verifies with the certificate's public key. It is also where the layouts of
//! different tokens become the one that verifiers expect, because only a proof tells the layouts apart.

use std::fmt;

use thiserror::Error;

use super::algorithm::{Scheme, SignatureAlgorithm, ToBeSigned};
use super::primitive::{
    DigestOrder, GostLayout, SignatureError, ecdsa_field_size, ecdsa_signature_from_raw, rsa_modulus_size,
};
use crate::certificate::asn1::{Element, Tag, writer};
use crate::certificate::{Certificate, EcCurve, PublicKey};

/// A signature value that was proved and is laid out for a CMS. There is no other way to make one than [`normalise_signature`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureValue {
    bytes: Vec<u8>,
    observed: ObservedLayout,
}

impl SignatureValue {
    /// The value for SignerInfo.signature.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How the token had laid the value out; worth remembering for the token.
    pub const fn observed(&self) -> ObservedLayout {
        self.observed
    }
}

/// How a token laid out the value that it returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObservedLayout {
    /// As a CMS wants it (RSA, Ed25519, ECDSA in DER).
    Standard,
    /// ECDSA as `r ‖ s`, which is PKCS#11's form.
    EcdsaRaw,
    /// RSA without the leading zero bytes.
    RsaUnpadded,
    /// GOST.
    Gost(GostLayout),
}

impl fmt::Display for ObservedLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("standard"),
            Self::EcdsaRaw => f.write_str("ECDSA r‖s"),
            Self::RsaUnpadded => f.write_str("RSA without leading zeros"),
            Self::Gost(layout) => write!(f, "GOST {layout}"),
        }
    }
}

/// Why the self-check refuses a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SelfCheckError {
    /// The value is a signature on the digest with its bytes reversed. It must be thrown away; the token is to be asked again with
    /// [`TokenInput::reversed_digest`](super::TokenInput::reversed_digest).
    #[error(
        "the token signed the digest with its bytes reversed ({layout}); the value is discarded and the corrected digest must be signed"
    )]
    ReversedDigest {
        /// The layout in which it verifies.
        layout: GostLayout,
    },
    /// No layout verifies.
    #[error(
        "the token's signature does not verify with the certificate's public key; the key and the certificate on the token do not belong together, or the token is faulty"
    )]
    DoesNotVerify,
    /// The value has a length that no layout of this algorithm has.
    #[error("the token returned {found} bytes, which is no signature of this algorithm")]
    Length {
        /// The value's length in bytes.
        found: usize,
    },
    /// The scheme is not one for this certificate's key.
    #[error("the signature scheme does not fit the certificate's key")]
    Scheme,
}

/// Proves `raw`, what a token returned for `input`, against the key in `certificate`, and lays it out as the certificate's country and the CMS
/// require. This check is never skipped.
pub fn normalise_signature(
    certificate: &Certificate,
    scheme: &Scheme,
    input: &ToBeSigned<'_>,
    raw: &[u8],
) -> Result<SignatureValue, SelfCheckError> {
    let algorithm = scheme.signature();
    match (algorithm, certificate.public_key()) {
        (SignatureAlgorithm::Gost { .. }, PublicKey::Gost2012 { country, .. }) => {
            gost(certificate, algorithm, input, raw, GostLayout::of(*country))
        }
        (SignatureAlgorithm::Ecdsa(_), PublicKey::Ec { curve }) => {
            first_that_verifies(certificate, algorithm, input, ecdsa_candidates(*curve, raw), raw.len())
        }
        (SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss { .. }, _) => {
            let candidate = rsa_candidate(certificate, raw);
            first_that_verifies(
                certificate,
                algorithm,
                input,
                candidate.into_iter().collect(),
                raw.len(),
            )
        }
        _ => {
            let candidate = SignatureValue {
                bytes: raw.to_vec(),
                observed: ObservedLayout::Standard,
            };
            first_that_verifies(certificate, algorithm, input, vec![candidate], raw.len())
        }
    }
}

fn first_that_verifies(
    certificate: &Certificate,
    algorithm: SignatureAlgorithm,
    input: &ToBeSigned<'_>,
    candidates: Vec<SignatureValue>,
    length: usize,
) -> Result<SignatureValue, SelfCheckError> {
    if candidates.is_empty() {
        return Err(SelfCheckError::Length { found: length });
    }
    for candidate in candidates {
        match algorithm.verify(certificate, input, &candidate.bytes) {
            Ok(()) => return Ok(candidate),
            Err(SignatureError::Mismatch) => {}
            Err(_) => return Err(SelfCheckError::Scheme),
        }
    }
    Err(SelfCheckError::DoesNotVerify)
}

/// PKCS#11 says `r ‖ s`; some modules return DER. A value may look like both, so both are tried.
fn ecdsa_candidates(curve: EcCurve, raw: &[u8]) -> Vec<SignatureValue> {
    let from_raw = ecdsa_signature_from_raw(curve, raw).map(|bytes| (bytes, ObservedLayout::EcdsaRaw));
    let from_der = ecdsa_minimal_der(curve, raw).map(|bytes| (bytes, ObservedLayout::Standard));
    from_raw
        .into_iter()
        .chain(from_der)
        .map(|(bytes, observed)| SignatureValue { bytes, observed })
        .collect()
}

/// A DER value encoded anew, so that superfluous zeros, which strict verifiers refuse, do not get through.
fn ecdsa_minimal_der(curve: EcCurve, raw: &[u8]) -> Option<Vec<u8>> {
    let mut fields = Element::try_from(raw).ok()?.tagged(Tag::SEQUENCE).ok()?.reader();
    let r = fields.element().ok()?.unsigned_integer().ok()?;
    let s = fields.element().ok()?.unsigned_integer().ok()?;
    fields.finish().ok()?;
    let fits = r.len().max(s.len()) <= ecdsa_field_size(curve);
    fits.then(|| writer::sequence(&[&writer::unsigned_integer(r), &writer::unsigned_integer(s)]))
}

/// A token that treats the value as a number drops its leading zeros, once in 256 signatures.
fn rsa_candidate(certificate: &Certificate, raw: &[u8]) -> Option<SignatureValue> {
    let size = rsa_modulus_size(certificate.public_key_bits())?;
    let missing = size.checked_sub(raw.len())?;
    let observed = if missing == 0 {
        ObservedLayout::Standard
    } else {
        ObservedLayout::RsaUnpadded
    };
    let bytes = [&vec![0; missing][..], raw].concat();
    Some(SignatureValue { bytes, observed })
}

fn gost(
    certificate: &Certificate,
    algorithm: SignatureAlgorithm,
    input: &ToBeSigned<'_>,
    raw: &[u8],
    wanted: GostLayout,
) -> Result<SignatureValue, SelfCheckError> {
    let SignatureAlgorithm::Gost { bits, .. } = algorithm else {
        return Err(SelfCheckError::Scheme);
    };
    if raw.len() != bits as usize / 4 {
        return Err(SelfCheckError::Length { found: raw.len() });
    }
    for order in [DigestOrder::Standard, DigestOrder::Reversed] {
        for layout in GostLayout::ALL {
            match (algorithm.verify_gost(certificate, input, order, raw, layout), order) {
                (Ok(()), DigestOrder::Standard) => {
                    let bytes = layout.convert(raw, wanted);
                    return Ok(SignatureValue {
                        bytes,
                        observed: ObservedLayout::Gost(layout),
                    });
                }
                (Ok(()), DigestOrder::Reversed) => return Err(SelfCheckError::ReversedDigest { layout }),
                (Err(SignatureError::Mismatch), _) => {}
                (Err(_), _) => return Err(SelfCheckError::Scheme),
            }
        }
    }
    Err(SelfCheckError::DoesNotVerify)
}
