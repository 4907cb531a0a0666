//! RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 8017 section 8).

use num_bigint::BigUint;
use ring::signature::{self, RsaParameters};

use super::{SignatureError, verify_with_ring};
use crate::certificate::rsa_components;
use crate::cms::algorithm::{ToBeSigned, digest_info};
use crate::cms::digest::DigestAlgorithm;

/// Verifies a PKCS#1 v1.5 signature with the RSAPublicKey `key`.
pub(in crate::cms) fn verify_pkcs1(
    digest: DigestAlgorithm,
    key: &[u8],
    input: &ToBeSigned<'_>,
    signature: &[u8],
) -> Result<(), SignatureError> {
    if let (ToBeSigned::Message(message), Some(algorithm)) = (input, ring_algorithm(digest)) {
        return verify_with_ring(algorithm, key, message, signature);
    }
    let key = Key::read(key)?;
    let info = digest_info(input.digest(digest)?).ok_or(SignatureError::Unsupported)?;
    // EMSA-PKCS1-v1_5 (RFC 8017 section 9.2), rebuilt and compared whole rather than parsed.
    let padding = key
        .size
        .checked_sub(info.len() + 3)
        .ok_or(SignatureError::Unsupported)?;
    let expected = [&[0, 1], &vec![0xff; padding][..], &[0], &info].concat();
    if key.open(signature)? == expected {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// Verifies a PSS signature, MGF1 with the same digest, with the RSAPublicKey `key`.
pub(in crate::cms) fn verify_pss(
    digest: DigestAlgorithm,
    salt_length: usize,
    key: &[u8],
    input: &ToBeSigned<'_>,
    signature: &[u8],
) -> Result<(), SignatureError> {
    let key = Key::read(key)?;
    let message_digest = input.digest(digest)?;
    let encoded = key.open(signature)?;
    // The encoded message has one bit less than the modulus (RFC 8017 section 8.1.2); when that saves a whole byte, it must be zero.
    let bits = key.modulus.bits() as usize - 1;
    let (leading, encoded) = encoded.split_at(key.size - bits.div_ceil(8));
    let is_pss = leading.iter().all(|&byte| byte == 0)
        && emsa_pss_verify(digest, salt_length, message_digest.value(), encoded, bits).unwrap_or(false);
    if is_pss { Ok(()) } else { Err(SignatureError::Mismatch) }
}

/// The modulus' length in bytes, which is the signature's.
pub(in crate::cms) fn modulus_size(key: &[u8]) -> Option<usize> {
    rsa_components(key).map(|(modulus, _)| modulus.len())
}

fn ring_algorithm(digest: DigestAlgorithm) -> Option<&'static RsaParameters> {
    match digest {
        DigestAlgorithm::Sha256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        DigestAlgorithm::Sha384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        DigestAlgorithm::Sha512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        DigestAlgorithm::Streebog256 | DigestAlgorithm::Streebog512 | DigestAlgorithm::Gost94 => None,
    }
}

struct Key {
    modulus: BigUint,
    exponent: BigUint,
    size: usize,
}

impl Key {
    /// Reads an RSAPublicKey within ring's limits: a hostile key must not cost more than an honest one.
    fn read(key: &[u8]) -> Result<Self, SignatureError> {
        let (modulus, exponent) = rsa_components(key).ok_or(SignatureError::Unsupported)?;
        let size = modulus.len();
        let (modulus, exponent) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
        let fits = (2048..=8192).contains(&modulus.bits()) && modulus.bit(0) && (2..=33).contains(&exponent.bits());
        if fits {
            Ok(Self {
                modulus,
                exponent,
                size,
            })
        } else {
            Err(SignatureError::Unsupported)
        }
    }

    /// The encoded message in `signature`, as long as the modulus.
    fn open(&self, signature: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let value = BigUint::from_bytes_be(signature);
        if signature.len() != self.size || value >= self.modulus {
            return Err(SignatureError::Mismatch);
        }
        let digits = value.modpow(&self.exponent, &self.modulus).to_bytes_be();
        Ok([&vec![0; self.size - digits.len()][..], &digits].concat())
    }
}

/// RFC 8017 section 9.1.2; `None` when the encoded message is too short for its parts.
fn emsa_pss_verify(
    digest: DigestAlgorithm,
    salt_length: usize,
    message_digest: &[u8],
    encoded: &[u8],
    bits: usize,
) -> Option<bool> {
    let hash_length = digest.size();
    let (rest, trailer) = encoded.split_at(encoded.len().checked_sub(1)?);
    let (masked, hash) = rest.split_at_checked(rest.len().checked_sub(hash_length)?)?;
    let unused_bits = 0xff_u8.checked_shl(8 - (8 * encoded.len() - bits) as u32).unwrap_or(0);
    if trailer != [0xbc] || masked.first()? & unused_bits != 0 {
        return Some(false);
    }
    let mut block: Vec<u8> = masked
        .iter()
        .zip(mgf1(digest, hash, masked.len()))
        .map(|(byte, mask)| byte ^ mask)
        .collect();
    *block.first_mut()? &= !unused_bits;
    let (padding, salt) = block.split_at_checked(block.len().checked_sub(salt_length)?)?;
    let (last, zeros) = padding.split_last()?;
    if *last != 1 || zeros.iter().any(|&byte| byte != 0) {
        return Some(false);
    }
    let again = digest.digest(&[&[0; 8], message_digest, salt].concat());
    Some(again.value() == hash)
}

/// RFC 8017 appendix B.2.1.
fn mgf1(digest: DigestAlgorithm, seed: &[u8], length: usize) -> Vec<u8> {
    let mut mask = Vec::with_capacity(length + digest.size());
    for counter in 0_u32.. {
        if mask.len() >= length {
            break;
        }
        mask.extend_from_slice(digest.digest(&[seed, &counter.to_be_bytes()].concat()).value());
    }
    mask.truncate(length);
    mask
}
