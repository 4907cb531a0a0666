//! Verification of signature values. Only public data passes here, so nothing needs to run in constant time.
//!
//! ring verifies what it can. The rest is ours: GOST R 34.10-2012, P-521, other combinations of curve and digest, RSA-PSS with any salt, and every
//! algorithm over a digest whose content is not at hand (ring takes whole messages only).

mod curve;
mod ecdsa;
mod gost;
mod parameters;
mod rsa;

use ring::signature::{self, UnparsedPublicKey};
use thiserror::Error;

pub(super) use self::ecdsa::{
    field_size as ecdsa_field_size, signature_from_raw as ecdsa_signature_from_raw, verify as verify_ecdsa,
};
pub use self::gost::GostLayout;
pub(super) use self::gost::{DigestOrder, verify as verify_gost};
pub(super) use self::rsa::{modulus_size as rsa_modulus_size, verify_pkcs1, verify_pss};

use super::algorithm::ToBeSigned;

/// Why a signature value does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The value is not the key's signature on this input.
    #[error("the signature does not verify with the certificate's public key")]
    Mismatch,
    /// The algorithm does not belong to the certificate's key.
    #[error("the signature algorithm does not fit the certificate's public key")]
    KeyMismatch,
    /// The key is one for RSASSA-PSS, and its parameters do not allow the digest or the salt.
    #[error("the signature's digest or salt is not what the parameters of the certificate's public key demand")]
    KeyParameters,
    /// An algorithm, a curve or a key size that the agent does not verify.
    #[error("the signature algorithm or the key size is not supported")]
    Unsupported,
    /// Ed25519 signs whole messages; a digest is not enough.
    #[error("an Ed25519 signature can be verified only over the whole message, not over its digest")]
    NeedsMessage,
}

/// Verifies a pure Ed25519 signature (RFC 8032).
pub(super) fn verify_ed25519(key: &[u8], input: &ToBeSigned<'_>, signature: &[u8]) -> Result<(), SignatureError> {
    match input {
        ToBeSigned::Message(message) => verify_with_ring(&signature::ED25519, key, message, signature),
        ToBeSigned::Digest(_) => Err(SignatureError::NeedsMessage),
    }
}

fn verify_with_ring(
    algorithm: &'static dyn signature::VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    UnparsedPublicKey::new(algorithm, key)
        .verify(message, signature)
        .map_err(|_| SignatureError::Mismatch)
}
