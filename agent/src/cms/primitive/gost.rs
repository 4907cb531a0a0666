//! GOST R 34.10-2012 (RFC 7091): verification, in every layout that tokens and countries use.

use std::fmt;
use std::sync::LazyLock;

use num_bigint::BigUint;
use num_traits::{One, Zero};
use serde::Serialize;

use super::curve::Curve;
use super::{SignatureError, parameters};
use crate::certificate::{GostCountry, GostParamSet, gost_point};

/// How the two numbers of a GOST signature lie in its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GostLayout {
    /// `s ‖ r`, big-endian: Russia (RFC 9215 section 2, RFC 4490 section 3.2) and PKCS#11.
    SrBigEndian,
    /// `r ‖ s`, little-endian, the former reversed: Kazakhstan.
    RsLittleEndian,
    /// `r ‖ s`, big-endian.
    RsBigEndian,
    /// `s ‖ r`, little-endian.
    SrLittleEndian,
}

impl GostLayout {
    /// All of them, the two that standards know first.
    pub const ALL: [Self; 4] = [
        Self::SrBigEndian,
        Self::RsLittleEndian,
        Self::RsBigEndian,
        Self::SrLittleEndian,
    ];

    /// The layout that certificates and CMS of `country` use.
    pub const fn of(country: GostCountry) -> Self {
        match country {
            GostCountry::Ru => Self::SrBigEndian,
            GostCountry::Kz => Self::RsLittleEndian,
        }
    }

    /// `signature`, laid out this way, laid out as `wanted`. An odd length stays as it is: such a value verifies in no layout.
    pub(in crate::cms) fn convert(self, signature: &[u8], wanted: Self) -> Vec<u8> {
        let mut bytes = signature.to_vec();
        let middle = bytes.len() / 2;
        if self.is_little_endian() != wanted.is_little_endian() {
            let (first, second) = bytes.split_at_mut(middle);
            first.reverse();
            second.reverse();
        }
        if self.begins_with_s() != wanted.begins_with_s() {
            bytes.rotate_left(middle);
        }
        bytes
    }

    const fn is_little_endian(self) -> bool {
        matches!(self, Self::RsLittleEndian | Self::SrLittleEndian)
    }

    const fn begins_with_s(self) -> bool {
        matches!(self, Self::SrBigEndian | Self::SrLittleEndian)
    }
}

impl fmt::Display for GostLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SrBigEndian => "s‖r big-endian",
            Self::RsLittleEndian => "r‖s little-endian",
            Self::RsBigEndian => "r‖s big-endian",
            Self::SrLittleEndian => "s‖r little-endian",
        })
    }
}

/// How the digest's bytes were read as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cms) enum DigestOrder {
    /// Little-endian, as the standards have it for digests in the order that implementations emit.
    Standard,
    /// Big-endian: some token took the digest reversed.
    Reversed,
}

/// Verifies `signature` with the key in the content of a certificate's subjectPublicKey.
pub(in crate::cms) fn verify(
    param_set: GostParamSet,
    key: &[u8],
    digest: &[u8],
    order: DigestOrder,
    signature: &[u8],
    layout: GostLayout,
) -> Result<(), SignatureError> {
    let curve = curve_of(param_set);
    let coordinates = gost_point(key)
        .filter(|point| point.len() == 2 * curve.size)
        .ok_or(SignatureError::Unsupported)?;
    let (x, y) = coordinates.split_at(curve.size);
    let (x, y) = (BigUint::from_bytes_le(x), BigUint::from_bytes_le(y));
    if signature.len() != 2 * curve.size {
        return Err(SignatureError::Mismatch);
    }
    let standard = layout.convert(signature, GostLayout::SrBigEndian);
    let (s, r) = standard.split_at(curve.size);
    let e = match order {
        DigestOrder::Standard => BigUint::from_bytes_le(digest),
        DigestOrder::Reversed => BigUint::from_bytes_be(digest),
    };
    verify_numbers(
        curve,
        (x, y),
        &e,
        &BigUint::from_bytes_be(r),
        &BigUint::from_bytes_be(s),
    )
}

/// RFC 7091 section 6.2.
fn verify_numbers(
    curve: &Curve,
    (x, y): (BigUint, BigUint),
    alpha: &BigUint,
    r: &BigUint,
    s: &BigUint,
) -> Result<(), SignatureError> {
    let q = &curve.n;
    let point = curve.point(x, y).ok_or(SignatureError::Unsupported)?;
    if r.is_zero() || s.is_zero() || r >= q || s >= q {
        return Err(SignatureError::Mismatch);
    }
    let mut e = alpha % q;
    if e.is_zero() {
        e = BigUint::one();
    }
    let v = e.modinv(q).ok_or(SignatureError::Mismatch)?;
    let z1 = s * &v % q;
    let z2 = (q - r) * &v % q;
    let x = curve.combination(&z1, &z2, &point).ok_or(SignatureError::Mismatch)?;
    if x % q == *r {
        Ok(())
    } else {
        Err(SignatureError::Mismatch)
    }
}

/// Several names stand for one curve (RFC 7836 section 5.2, RFC 9215 section 4.2).
fn curve_of(param_set: GostParamSet) -> &'static Curve {
    static CRYPTO_PRO_A: LazyLock<Curve> = LazyLock::new(|| Curve::new(parameters::CRYPTO_PRO_A));
    static CRYPTO_PRO_B: LazyLock<Curve> = LazyLock::new(|| Curve::new(parameters::CRYPTO_PRO_B));
    static CRYPTO_PRO_C: LazyLock<Curve> = LazyLock::new(|| Curve::new(parameters::CRYPTO_PRO_C));
    static TC26_256_A: LazyLock<Curve> = LazyLock::new(|| Curve::new(parameters::TC26_256_A));
    static TC26_512_A: LazyLock<Curve> = LazyLock::new(|| Curve::new(parameters::TC26_512_A));
    static TC26_512_B: LazyLock<Curve> = LazyLock::new(|| Curve::new(parameters::TC26_512_B));
    static TC26_512_C: LazyLock<Curve> = LazyLock::new(|| Curve::new(parameters::TC26_512_C));
    match param_set {
        GostParamSet::CryptoProA | GostParamSet::CryptoProXchA | GostParamSet::Tc26B256 => &CRYPTO_PRO_A,
        GostParamSet::CryptoProB | GostParamSet::Tc26C256 => &CRYPTO_PRO_B,
        GostParamSet::CryptoProC | GostParamSet::CryptoProXchB | GostParamSet::Tc26D256 => &CRYPTO_PRO_C,
        GostParamSet::Tc26A256 => &TC26_256_A,
        GostParamSet::Tc26A512 => &TC26_512_A,
        GostParamSet::Tc26B512 => &TC26_512_B,
        GostParamSet::Tc26C512 => &TC26_512_C,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A key pair for tests that need GOST signatures: it is not fit for anything else (fixed nonce, no constant time).
    struct TestKey {
        curve: &'static Curve,
        secret: BigUint,
    }

    impl TestKey {
        fn new(param_set: GostParamSet, secret: u64) -> Self {
            let curve = curve_of(param_set);
            Self {
                curve,
                secret: (&curve.n >> 1) + secret,
            }
        }

        /// The content of subjectPublicKey.
        fn public_bits(&self) -> Vec<u8> {
            let (x, y) = self.curve.multiple_of_base(&self.secret);
            let mut point = x.to_bytes_le();
            point.resize(self.curve.size, 0);
            point.extend(y.to_bytes_le());
            point.resize(2 * self.curve.size, 0);
            crate::certificate::asn1::writer::octet_string(&point)
        }

        /// A signature in the Russian layout (RFC 7091 section 6.1) on the digest read little-endian.
        fn sign(&self, digest: &[u8]) -> Vec<u8> {
            let q = &self.curve.n;
            let e = BigUint::from_bytes_le(digest) % q;
            let k = (q >> 2) + BigUint::from_bytes_le(&digest[..8]) + 1_u8;
            let r = self.curve.multiple_of_base(&k).0 % q;
            let s = (&r * &self.secret + &k * e) % q;
            let fixed = |number: &BigUint| {
                let mut bytes = number.to_bytes_le();
                bytes.resize(self.curve.size, 0);
                bytes.reverse();
                bytes
            };
            [fixed(&s), fixed(&r)].concat()
        }
    }

    /// RFC 7091 section 7 (the curve, key, digest and signature of the standard's first example).
    #[test]
    fn rfc_7091_example() {
        let curve = Curve::new([
            "8000000000000000000000000000000000000000000000000000000000000431",
            "8000000000000000000000000000000150fe8a1892976154c59cfc193accf5b3",
            "7",
            "5fbff498aa938ce739b8e022fbafef40563f6e6a3472fc2a514c0ce9dae23b7e",
            "2",
            "8e2a8a0e65147d4bd6316030e16d19c85c97f0a9ca267122b96abbcea7e8fc8",
        ]);
        let key = (
            number("7f2b49e270db6d90d8595bec458b50c58585ba1d4e9b788f6689dbd8e56fd80b"),
            number("26f1b489d6701dd185c8413a977b3cbbaf64d1c593d26627dffb101a87ff77da"),
        );
        let e = number("2dfbc1b372d89a1188c09c52e0eec61fce52032ab1022e8e67ece6672b043ee5");
        let r = number("41aa28d2f1ab148280cd9ed56feda41974053554a42767b83ad043fd39dc0493");
        let s = number("1456c64ba4642a1653c235a98a60249bcd6d3f746b631df928014f6c5bf9c40");
        assert_eq!(verify_numbers(&curve, key.clone(), &e, &r, &s), Ok(()));
        assert_eq!(
            verify_numbers(&curve, key.clone(), &(e + 1_u8), &r, &s),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify_numbers(&curve, key.clone(), &s, &r, &curve.n),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify_numbers(&curve, (key.0, s.clone()), &r, &r, &s),
            Err(SignatureError::Unsupported)
        );
    }

    /// The 512-bit example of GOST R 34.10-2012 (appendix A.2 of the standard).
    #[test]
    fn standard_512_bit_example() {
        let curve = Curve::new([
            "4531acd1fe0023c7550d267b6b2fee80922b14b2ffb90f04d4eb7c09b5d2d15df1d852741af4704a0458047e80e4546d35b8336fac224dd81664bbf528be6373",
            "4531acd1fe0023c7550d267b6b2fee80922b14b2ffb90f04d4eb7c09b5d2d15da82f2d7ecb1dbac719905c5eecc423f1d86e25edbe23c595d644aaf187e6e6df",
            "7",
            "1cff0806a31116da29d8cfa54e57eb748bc5f377e49400fdd788b649eca1ac4361834013b2ad7322480a89ca58e0cf74bc9e540c2add6897fad0a3084f302adc",
            "24d19cc64572ee30f396bf6ebbfd7a6c5213b3b3d7057cc825f91093a68cd762fd60611262cd838dc6b60aa7eee804e28bc849977fac33b4b530f1b120248a9a",
            "2bb312a43bd2ce6e0d020613c857acddcfbf061e91e5f2c3f32447c259f39b2c83ab156d77f1496bf7eb3351e1ee4e43dc1a18b91b24640b6dbb92cb1add371e",
        ]);
        let key = (
            number(
                "115dc5bc96760c7b48598d8ab9e740d4c4a85a65be33c1815b5c320c854621dd5a515856d13314af69bc5b924c8b4ddff75c45415c1d9dd9dd33612cd530efe1",
            ),
            number(
                "37c7c90cd40b0f5621dc3ac1b751cfa0e2634fa0503b3d52639f5d7fb72afd61ea199441d943ffe7f0c70a2759a3cdb84c114e1f9339fdf27f35eca93677beec",
            ),
        );
        let e = number(
            "3754f3cfacc9e0615c4f4a7c4d8dab531b09b6f9c170c533a71d147035b0c5917184ee536593f4414339976c647c5d5a407adedb1d560c4fc6777d2972075b8c",
        );
        let r = number(
            "2f86fa60a081091a23dd795e1e3c689ee512a3c82ee0dcc2643c78eea8fcacd35492558486b20f1c9ec197c90699850260c93bcbcd9c5c3317e19344e173ae36",
        );
        let s = number(
            "1081b394696ffe8e6585e7a9362d26b6325f56778aadbc081c0bfbe933d52ff5823ce288e8c4f362526080df7f70ce406a6eeb1f56919cb92a9853bde73e5b4a",
        );
        assert_eq!(verify_numbers(&curve, key.clone(), &e, &r, &s), Ok(()));
        assert_eq!(verify_numbers(&curve, key, &e, &s, &r), Err(SignatureError::Mismatch));
    }

    #[test]
    fn layouts_convert_into_each_other() {
        let standard = [1, 2, 3, 4];
        let as_kazakh = GostLayout::SrBigEndian.convert(&standard, GostLayout::RsLittleEndian);
        assert_eq!(as_kazakh, [4, 3, 2, 1]);
        for layout in GostLayout::ALL {
            let there = GostLayout::SrBigEndian.convert(&standard, layout);
            assert_eq!(layout.convert(&there, GostLayout::SrBigEndian), standard);
        }
    }

    #[test]
    fn each_layout_and_order_verifies_only_as_itself() {
        let key = TestKey::new(GostParamSet::CryptoProA, 5);
        let digest: Vec<u8> = (1..=32).collect();
        let reversed: Vec<u8> = digest.iter().rev().copied().collect();
        let signature = key.sign(&digest);
        for layout in GostLayout::ALL {
            let laid_out = GostLayout::SrBigEndian.convert(&signature, layout);
            for other in GostLayout::ALL {
                let outcome = verify(
                    GostParamSet::CryptoProXchA,
                    &key.public_bits(),
                    &digest,
                    DigestOrder::Standard,
                    &laid_out,
                    other,
                );
                assert_eq!(outcome.is_ok(), layout == other);
            }
        }
        let outcome = |order| {
            verify(
                GostParamSet::CryptoProA,
                &key.public_bits(),
                &reversed,
                order,
                &signature,
                GostLayout::SrBigEndian,
            )
        };
        assert_eq!(outcome(DigestOrder::Reversed), Ok(()));
        assert_eq!(outcome(DigestOrder::Standard), Err(SignatureError::Mismatch));
    }

    fn number(digits: &str) -> BigUint {
        BigUint::parse_bytes(digits.as_bytes(), 16).unwrap()
    }
}
