//! Signature schemes, and how a token's mechanisms carry them out.

use std::fmt;

use cryptoki_sys as ck;
use pkcs11_profiles::{ByteOrder, Pairs, Quirks};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use streebog::{Streebog256, Streebog512};

use super::protocol::base64_bytes;

/// A signature scheme, as certificates and CMS name them.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2).
    RsaPkcs1Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaPkcs1Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaPkcs1Sha512,
    /// ECDSA with SHA-256 (FIPS 186-5).
    EcdsaSha256,
    /// ECDSA with SHA-384.
    EcdsaSha384,
    /// ECDSA with SHA-512.
    EcdsaSha512,
    /// Ed25519 without prehash (RFC 8032).
    Ed25519,
    /// GOST R 34.10-2012 with a 256-bit key and Streebog-256 (RFC 7091, RFC 6986).
    Gost2012_256,
    /// GOST R 34.10-2012 with a 512-bit key and Streebog-512.
    Gost2012_512,
}

/// What is given to a scheme.
#[derive(Clone, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// The message; the scheme's digest is taken on the way.
    Message(#[serde(with = "base64_bytes")] Vec<u8>),
    /// The scheme's digest of the message, already taken. Ed25519 has none.
    Digest(#[serde(with = "base64_bytes")] Vec<u8>),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(bytes) => write!(f, "Message({} bytes)", bytes.len()),
            Self::Digest(bytes) => write!(f, "Digest({} bytes)", bytes.len()),
        }
    }
}

/// `C_SignInit`'s mechanism with what `C_Sign` then takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Call {
    /// `CK_MECHANISM_TYPE`. None of those used here has a parameter.
    pub(crate) mechanism: u64,
    pub(crate) input: Vec<u8>,
}

// The GOST mechanisms that cryptoki-sys lacks: PKCS#11 v2.40 `pkcs11t.h`, and TC26's in 0xD4321000
// (RtPkcs11Constants.java; OpenSC src/pkcs11/pkcs11.h, commit 14c80b0). 0xD4321007 is a derivation, not a signature.
const CKM_GOSTR3410: u64 = 0x1201;
const CKM_GOSTR3410_512: u64 = 0xD432_1006;
const CKM_GOSTR3410_WITH_GOSTR3411_12_256: u64 = 0xD432_1008;
const CKM_GOSTR3410_WITH_GOSTR3411_12_512: u64 = 0xD432_1009;

/// The token has no mechanism for the scheme, or the value does not fit it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Unsupported;

impl Scheme {
    /// The mechanisms that carry the scheme out, the preferred first. A raw mechanism over our own digest comes first: it is
    /// the most portable (SoftHSM has no other for ECDSA, Rutoken none for RSA), and what is signed is short anyway.
    fn mechanisms(self) -> (u64, u64) {
        match self {
            Self::RsaPkcs1Sha256 => (ck::CKM_RSA_PKCS, ck::CKM_SHA256_RSA_PKCS),
            Self::RsaPkcs1Sha384 => (ck::CKM_RSA_PKCS, ck::CKM_SHA384_RSA_PKCS),
            Self::RsaPkcs1Sha512 => (ck::CKM_RSA_PKCS, ck::CKM_SHA512_RSA_PKCS),
            Self::EcdsaSha256 => (ck::CKM_ECDSA, ck::CKM_ECDSA_SHA256),
            Self::EcdsaSha384 => (ck::CKM_ECDSA, ck::CKM_ECDSA_SHA384),
            Self::EcdsaSha512 => (ck::CKM_ECDSA, ck::CKM_ECDSA_SHA512),
            Self::Ed25519 => (ck::CKM_EDDSA, ck::CKM_EDDSA),
            Self::Gost2012_256 => (CKM_GOSTR3410, CKM_GOSTR3410_WITH_GOSTR3411_12_256),
            Self::Gost2012_512 => (CKM_GOSTR3410_512, CKM_GOSTR3410_WITH_GOSTR3411_12_512),
        }
    }

    /// The call that signs `value`, with one of the mechanisms the token lists.
    pub(crate) fn call(self, value: &Value, listed: &[u64], quirks: &Quirks) -> Result<Call, Unsupported> {
        let (raw, hashing) = self.mechanisms();
        if self == Self::Ed25519 {
            return match value {
                Value::Message(message) if listed.contains(&raw) => Ok(Call {
                    mechanism: raw,
                    input: message.clone(),
                }),
                _ => Err(Unsupported),
            };
        }
        if listed.contains(&raw) {
            let digest = match value {
                Value::Message(message) => self.digest(message),
                Value::Digest(digest) => digest.clone(),
            };
            return Ok(Call {
                mechanism: raw,
                input: self.raw_input(digest, quirks)?,
            });
        }
        match value {
            Value::Message(message) if listed.contains(&hashing) => Ok(Call {
                mechanism: hashing,
                input: message.clone(),
            }),
            _ => Err(Unsupported),
        }
    }

    /// Brings what a module returned into the layout that PKCS#11 lays down: `s ‖ r` for GOST R 34.10, as it is for others.
    pub(crate) fn normalise(self, mut signature: Vec<u8>, quirks: &Quirks) -> Vec<u8> {
        let gost = matches!(self, Self::Gost2012_256 | Self::Gost2012_512);
        if gost && quirks.gost_signature == Pairs::RThenS {
            let half = signature.len() / 2;
            signature.rotate_left(half);
        }
        signature
    }

    /// The length in bytes of the scheme's digest; `None` for Ed25519, which signs the message.
    pub fn digest_length(self) -> Option<usize> {
        match self {
            Self::RsaPkcs1Sha256 | Self::EcdsaSha256 | Self::Gost2012_256 => Some(32),
            Self::RsaPkcs1Sha384 | Self::EcdsaSha384 => Some(48),
            Self::RsaPkcs1Sha512 | Self::EcdsaSha512 | Self::Gost2012_512 => Some(64),
            Self::Ed25519 => None,
        }
    }

    fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::RsaPkcs1Sha256 | Self::EcdsaSha256 => Sha256::digest(message).to_vec(),
            Self::RsaPkcs1Sha384 | Self::EcdsaSha384 => Sha384::digest(message).to_vec(),
            Self::RsaPkcs1Sha512 | Self::EcdsaSha512 => Sha512::digest(message).to_vec(),
            Self::Gost2012_256 => Streebog256::digest(message).to_vec(),
            Self::Gost2012_512 => Streebog512::digest(message).to_vec(),
            Self::Ed25519 => message.to_vec(),
        }
    }

    /// What the raw mechanism takes for a digest.
    fn raw_input(self, mut digest: Vec<u8>, quirks: &Quirks) -> Result<Vec<u8>, Unsupported> {
        if Some(digest.len()) != self.digest_length() {
            return Err(Unsupported);
        }
        let prefix: &[u8] = match self {
            Self::RsaPkcs1Sha256 => DIGEST_INFO_SHA256,
            Self::RsaPkcs1Sha384 => DIGEST_INFO_SHA384,
            Self::RsaPkcs1Sha512 => DIGEST_INFO_SHA512,
            Self::Gost2012_256 | Self::Gost2012_512 if quirks.gost_digest == ByteOrder::Reversed => {
                digest.reverse();
                &[]
            }
            _ => &[],
        };
        Ok([prefix, &digest].concat())
    }
}

// `DigestInfo` up to the digest (RFC 8017 section 9.2, note 1).
const DIGEST_INFO_SHA256: &[u8] = &[
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
];
const DIGEST_INFO_SHA384: &[u8] = &[
    0x30, 0x41, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30,
];
const DIGEST_INFO_SHA512: &[u8] = &[
    0x30, 0x51, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40,
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn message() -> Value {
        Value::Message(b"abc".to_vec())
    }

    #[test]
    fn the_raw_mechanism_is_preferred_and_takes_a_digest_info_for_rsa() {
        let both = [ck::CKM_SHA256_RSA_PKCS, ck::CKM_RSA_PKCS];
        let call = Scheme::RsaPkcs1Sha256.call(&message(), &both, &Quirks::default()).unwrap();
        assert_eq!(call.mechanism, ck::CKM_RSA_PKCS);
        assert_eq!(call.input.len(), 19 + 32);
        assert!(call.input.ends_with(&Sha256::digest(b"abc")));
        let digest = Value::Digest(Sha256::digest(b"abc").to_vec());
        assert_eq!(Scheme::RsaPkcs1Sha256.call(&digest, &both, &Quirks::default()).unwrap(), call);
    }

    #[test]
    fn a_token_that_only_hashes_itself_gets_the_message_and_cannot_take_a_digest() {
        let listed = [ck::CKM_ECDSA_SHA256];
        let call = Scheme::EcdsaSha256.call(&message(), &listed, &Quirks::default()).unwrap();
        assert_eq!((call.mechanism, call.input.as_slice()), (ck::CKM_ECDSA_SHA256, &b"abc"[..]));
        let digest = Value::Digest(vec![0; 32]);
        assert_eq!(Scheme::EcdsaSha256.call(&digest, &listed, &Quirks::default()), Err(Unsupported));
    }

    #[test]
    fn a_digest_of_the_wrong_length_is_refused() {
        let digest = Value::Digest(vec![0; 31]);
        assert_eq!(Scheme::EcdsaSha256.call(&digest, &[ck::CKM_ECDSA], &Quirks::default()), Err(Unsupported));
    }

    #[test]
    fn ed25519_signs_the_message_only() {
        let listed = [ck::CKM_EDDSA];
        let call = Scheme::Ed25519.call(&message(), &listed, &Quirks::default()).unwrap();
        assert_eq!((call.mechanism, call.input.as_slice()), (ck::CKM_EDDSA, &b"abc"[..]));
        assert_eq!(Scheme::Ed25519.call(&Value::Digest(vec![0; 64]), &listed, &Quirks::default()), Err(Unsupported));
    }

    #[test]
    fn gost_obeys_the_profile_in_digest_order_and_signature_layout() {
        let digest = Value::Digest((0..32).collect());
        let plain = Scheme::Gost2012_256.call(&digest, &[CKM_GOSTR3410], &Quirks::default()).unwrap();
        assert_eq!(plain.input, (0..32).collect::<Vec<u8>>());
        let quirks = Quirks {
            gost_digest: ByteOrder::Reversed,
            gost_signature: Pairs::RThenS,
            ..Quirks::default()
        };
        let reversed = Scheme::Gost2012_256.call(&digest, &[CKM_GOSTR3410], &quirks).unwrap();
        assert_eq!(reversed.input, (0..32).rev().collect::<Vec<u8>>());
        assert_eq!(Scheme::Gost2012_256.normalise(vec![1, 2, 3, 4], &quirks), [3, 4, 1, 2]);
        assert_eq!(Scheme::EcdsaSha256.normalise(vec![1, 2, 3, 4], &quirks), [1, 2, 3, 4]);
    }
}
