//! What a worker signs, and how a token's mechanisms carry it out.

use std::fmt;

use cryptoki_sys as ck;
use pkcs11_profiles::{ByteOrder, Pairs, Quirks};
use serde::{Deserialize, Serialize};

use super::protocol::base64_bytes;
use crate::cms::{Digest, DigestAlgorithm, Scheme, SignatureAlgorithm, ToBeSigned, TokenParameter};

/// One value to sign.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub(crate) struct SignItem {
    pub(crate) scheme: Scheme,
    pub(crate) value: Value,
    /// The token was seen to read digests the other way round (GOST R 34.10).
    pub(crate) reversed_digest: bool,
}

/// What is given to a scheme.
#[derive(Clone, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// The message; the scheme's digest is taken on the way, by the worker or by the token.
    Message(#[serde(with = "base64_bytes")] Vec<u8>),
    /// The scheme's digest of a message that is not at hand.
    Digest(Digest),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(bytes) => write!(f, "Message({} bytes)", bytes.len()),
            Self::Digest(digest) => write!(f, "Digest({})", digest.algorithm()),
        }
    }
}

/// `C_SignInit`'s mechanism with what `C_Sign` then takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Call {
    /// `CK_MECHANISM_TYPE`
    pub(crate) mechanism: u64,
    /// The mechanism's parameter: a structure of `CK_ULONG`s, or nothing.
    pub(crate) parameter: Vec<ck::CK_ULONG>,
    pub(crate) input: Vec<u8>,
}

/// The token lists no mechanism for the scheme, or only some that need the message where a digest is at hand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Unsupported;

impl SignItem {
    /// The best call among the mechanisms that the token lists.
    pub(crate) fn call(&self, listed: &[u64], quirks: &Quirks) -> Result<Call, Unsupported> {
        let value = self.to_be_signed();
        let calls = self
            .scheme
            .token_calls()
            .iter()
            .filter(|call| listed.contains(&call.mechanism));
        let (call, input) = calls
            .filter_map(|call| Some((call, call.input(&self.scheme, &value)?)))
            .next()
            .ok_or(Unsupported)?;
        // What the profile says of the family, turned by what was seen of the token.
        let reversed = self.is_gost() && (quirks.gost_digest == ByteOrder::Reversed) != self.reversed_digest;
        let input = input.reversed_digest().filter(|_| reversed).unwrap_or(input);
        Ok(Call {
            mechanism: call.mechanism,
            parameter: parameter(call.parameter),
            input: input.as_bytes().to_vec(),
        })
    }

    /// Brings what a module returned into the layout that PKCS#11 lays down (`s ‖ r` for GOST R 34.10), where its profile says
    /// that it departs from it.
    pub(crate) fn normalise(&self, mut signature: Vec<u8>, quirks: &Quirks) -> Vec<u8> {
        if self.is_gost() && quirks.gost_signature == Pairs::RThenS {
            let half = signature.len() / 2;
            signature.rotate_left(half);
        }
        signature
    }

    /// What the signature is on.
    pub(crate) fn to_be_signed(&self) -> ToBeSigned<'_> {
        match &self.value {
            Value::Message(message) => ToBeSigned::Message(message),
            Value::Digest(digest) => ToBeSigned::Digest(digest),
        }
    }

    pub(crate) fn is_gost(&self) -> bool {
        matches!(self.scheme.signature(), SignatureAlgorithm::Gost { .. })
    }
}

/// The parameter in memory: `CK_RSA_PKCS_PSS_PARAMS` is three `CK_ULONG`s, hashAlg, mgf and sLen (PKCS#11 v3.1 section 6.1.11).
fn parameter(parameter: TokenParameter) -> Vec<ck::CK_ULONG> {
    let TokenParameter::Pss { digest } = parameter else {
        return Vec::new();
    };
    let (hash, mask) = match digest {
        DigestAlgorithm::Sha384 => (ck::CKM_SHA384, ck::CKG_MGF1_SHA384),
        DigestAlgorithm::Sha512 => (ck::CKM_SHA512, ck::CKG_MGF1_SHA512),
        _ => (ck::CKM_SHA256, ck::CKG_MGF1_SHA256),
    };
    vec![hash, mask, digest.size() as ck::CK_ULONG]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    // PKCS#11 v2.40 `pkcs11t.h`; 0xD4321008 hashes, too (OpenSC src/pkcs11/pkcs11.h, commit 14c80b0).
    const CKM_GOSTR3410: u64 = 0x1201;
    const CKM_GOSTR3410_WITH_GOSTR3411_12_256: u64 = 0xD432_1008;

    fn item(scheme: &str, value: Value) -> SignItem {
        SignItem {
            scheme: scheme.parse().unwrap(),
            value,
            reversed_digest: false,
        }
    }

    fn message() -> Value {
        Value::Message(b"abc".to_vec())
    }

    fn call(item: &SignItem, listed: &[u64]) -> Result<Call, Unsupported> {
        item.call(listed, &Quirks::default())
    }

    #[test]
    fn rsa_takes_a_digest_info_or_lets_the_token_hash() {
        let digest = Value::Digest(DigestAlgorithm::Sha256.digest(b"abc"));
        let raw = call(&item("rsa-sha256", message()), &[ck::CKM_RSA_PKCS]).unwrap();
        assert_eq!((raw.mechanism, raw.input.len()), (ck::CKM_RSA_PKCS, 19 + 32));
        assert_eq!(
            call(&item("rsa-sha256", digest.clone()), &[ck::CKM_RSA_PKCS]).unwrap(),
            raw
        );
        let hashing = call(&item("rsa-sha256", message()), &[ck::CKM_SHA256_RSA_PKCS]).unwrap();
        assert_eq!(
            (hashing.mechanism, hashing.input.as_slice()),
            (ck::CKM_SHA256_RSA_PKCS, &b"abc"[..])
        );
        assert_eq!(
            call(&item("rsa-sha256", digest), &[ck::CKM_SHA256_RSA_PKCS]),
            Err(Unsupported)
        );
    }

    #[test]
    fn a_token_that_lists_nothing_fitting_is_told_so() {
        assert_eq!(
            call(&item("p256-sha256", message()), &[ck::CKM_RSA_PKCS]),
            Err(Unsupported)
        );
        assert_eq!(call(&item("ed25519", message()), &[]), Err(Unsupported));
        let digest_of_another_kind = Value::Digest(DigestAlgorithm::Sha512.digest(b"abc"));
        assert_eq!(
            call(&item("p256-sha256", digest_of_another_kind), &[ck::CKM_ECDSA]),
            Err(Unsupported)
        );
    }

    #[test]
    fn gost_obeys_the_profile_and_what_was_seen_of_the_token() {
        let mut gost = item(
            "gost-ru-256",
            Value::Digest(DigestAlgorithm::Streebog256.digest(b"abc")),
        );
        let plain = call(&gost, &[CKM_GOSTR3410]).unwrap().input;
        let backwards: Vec<u8> = plain.iter().rev().copied().collect();
        let quirks = Quirks {
            gost_digest: ByteOrder::Reversed,
            gost_signature: Pairs::RThenS,
            ..Quirks::default()
        };
        assert_eq!(gost.call(&[CKM_GOSTR3410], &quirks).unwrap().input, backwards);
        gost.reversed_digest = true;
        assert_eq!(call(&gost, &[CKM_GOSTR3410]).unwrap().input, backwards);
        assert_eq!(gost.call(&[CKM_GOSTR3410], &quirks).unwrap().input, plain);
        assert_eq!(gost.normalise(vec![1, 2, 3, 4], &quirks), [3, 4, 1, 2]);
        assert_eq!(gost.normalise(vec![1, 2, 3, 4], &Quirks::default()), [1, 2, 3, 4]);
        assert_eq!(item("p256-sha256", message()).normalise(vec![1, 2], &quirks), [1, 2]);
    }

    #[test]
    fn gost_lets_the_token_hash_where_it_offers_nothing_else() {
        let hashing = call(&item("gost-ru-256", message()), &[CKM_GOSTR3410_WITH_GOSTR3411_12_256]).unwrap();
        assert_eq!(hashing.input, b"abc");
    }

    #[test]
    fn the_vendor_mechanisms_of_the_profiles_are_those_that_schemes_use() {
        let schemes = ["gost-ru-256", "gost-ru-512"].map(|scheme| scheme.parse::<Scheme>().unwrap());
        let used = |value| {
            let mut calls = schemes.iter().flat_map(|scheme| scheme.token_calls());
            calls.any(|call| call.mechanism == value)
        };
        for profile in pkcs11_profiles::Catalogue::embedded().unwrap().iter() {
            for mechanism in &profile.mechanisms {
                assert!(used(mechanism.value), "{}: {}", profile.name, mechanism.name);
            }
        }
    }

    #[test]
    fn pss_has_its_parameter() {
        let pss = call(
            &item("rsa-pss-sha256", message()),
            &[ck::CKM_SHA256_RSA_PKCS_PSS, ck::CKM_RSA_PKCS_PSS],
        )
        .unwrap();
        assert_eq!(pss.parameter, [ck::CKM_SHA256, ck::CKG_MGF1_SHA256, 32]);
    }
}
