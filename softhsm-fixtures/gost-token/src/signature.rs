//! Keys, signing and verifying after GOST R 34.10-2012 (RFC 7091), and the byte layouts met on tokens.

use num_bigint::BigUint;
use num_traits::{One, Zero};
use serde::{Deserialize, Serialize};

use crate::curve::{Curve, Point};
use crate::parameter_set::ParameterSet;

/// A private key: the scalar d and its curve.
#[derive(Clone)]
pub(crate) struct PrivateKey {
    parameters: ParameterSet,
    d: BigUint,
}

/// A public key as PKCS #11 and RFC 9215 section 4.3 write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    parameters: ParameterSet,
    /// x then y, each little-endian: `CKA_VALUE`
    value: Vec<u8>,
}

/// The numbers of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) r: BigUint,
    pub(crate) s: BigUint,
}

/// In which order a token writes the halves of a signature, and the bytes of each half.
///
/// PKCS #11 and RFC 9215 section 2 say [`SBigEndianRBigEndian`](Self::SBigEndianRBigEndian); Kazakh software writes
/// [`RLittleEndianSLittleEndian`](Self::RLittleEndianSLittleEndian), which is the former reversed as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureLayout {
    /// s, r; both big-endian
    #[default]
    SBigEndianRBigEndian,
    /// r, s; both big-endian
    RBigEndianSBigEndian,
    /// s, r; both little-endian
    SLittleEndianRLittleEndian,
    /// r, s; both little-endian
    RLittleEndianSLittleEndian,
}

impl PrivateKey {
    /// A fresh key from the operating system's random numbers.
    ///
    /// # Errors
    /// When the operating system gives none.
    pub(crate) fn generate(parameters: ParameterSet) -> std::io::Result<Self> {
        Ok(Self {
            parameters,
            d: random_scalar(&parameters.curve().q)?,
        })
    }

    /// The key whose scalar is `bytes`, little-endian; `None` unless 0 < d < q.
    pub(crate) fn from_little_endian(parameters: ParameterSet, bytes: &[u8]) -> Option<Self> {
        let d = BigUint::from_bytes_le(bytes);
        (!d.is_zero() && d < parameters.curve().q).then_some(Self { parameters, d })
    }

    pub(crate) fn to_little_endian(&self) -> Vec<u8> {
        little_endian(&self.d, self.parameters.key_size().bytes())
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        let curve = self.parameters.curve();
        let point = curve
            .multiply(&curve.generator, &self.d)
            .expect("0 < d < q, the order of the generator");
        let bytes = self.parameters.key_size().bytes();
        let mut value = little_endian(&point.x, bytes);
        value.extend(little_endian(&point.y, bytes));
        PublicKey {
            parameters: self.parameters,
            value,
        }
    }

    /// Signs `digest`, read as a little-endian number as every library and token does.
    ///
    /// # Errors
    /// When the operating system gives no random numbers.
    pub(crate) fn sign(&self, digest: &[u8]) -> std::io::Result<Signature> {
        let curve = self.parameters.curve();
        let e = digest_number(digest, &curve.q);
        loop {
            let k = random_scalar(&curve.q)?;
            if let Some(signature) = sign_with(&curve, &self.d, &e, &k) {
                return Ok(signature);
            }
        }
    }
}

impl PublicKey {
    /// The key with this `CKA_VALUE`; `None` unless it is a point of the curve.
    pub fn from_value(parameters: ParameterSet, value: &[u8]) -> Option<Self> {
        let key = Self {
            parameters,
            value: value.to_vec(),
        };
        (value.len() == 2 * parameters.key_size().bytes() && parameters.curve().contains(&key.point())).then_some(key)
    }

    /// The curve.
    pub fn parameters(&self) -> ParameterSet {
        self.parameters
    }

    /// x then y, each little-endian: what `CKA_VALUE` of the public key object holds.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// The SubjectPublicKeyInfo in DER (RFC 9215 section 4).
    pub fn subject_public_key_info(&self) -> Vec<u8> {
        let size = self.parameters.key_size();
        let digest = if self.parameters.names_digest() {
            size.digest_der()
        } else {
            &[]
        };
        let parameters = tlv(0x30, &[self.parameters.der(), digest]);
        let algorithm = tlv(0x30, &[size.public_key_algorithm_der(), &parameters]);
        let point = tlv(0x04, &[&self.value]);
        tlv(0x30, &[&algorithm, &tlv(0x03, &[&[0], &point])])
    }

    /// Whether `signature` (s then r, big-endian) is this key's signature of `digest`.
    pub fn verifies(&self, digest: &[u8], signature: &[u8]) -> bool {
        let half = self.parameters.key_size().bytes();
        if signature.len() != 2 * half {
            return false;
        }
        let curve = self.parameters.curve();
        let s = BigUint::from_bytes_be(&signature[..half]);
        let r = BigUint::from_bytes_be(&signature[half..]);
        verify(
            &curve,
            &self.point(),
            &digest_number(digest, &curve.q),
            &Signature { r, s },
        )
    }

    fn point(&self) -> Point {
        let (x, y) = self.value.split_at(self.value.len() / 2);
        Point {
            x: BigUint::from_bytes_le(x),
            y: BigUint::from_bytes_le(y),
        }
    }
}

impl Signature {
    /// The signature's bytes; each half is `half` bytes.
    pub(crate) fn to_bytes(&self, half: usize, layout: SignatureLayout) -> Vec<u8> {
        let (first, second, big_endian) = match layout {
            SignatureLayout::SBigEndianRBigEndian => (&self.s, &self.r, true),
            SignatureLayout::RBigEndianSBigEndian => (&self.r, &self.s, true),
            SignatureLayout::SLittleEndianRLittleEndian => (&self.s, &self.r, false),
            SignatureLayout::RLittleEndianSLittleEndian => (&self.r, &self.s, false),
        };
        let mut bytes = Vec::with_capacity(2 * half);
        for number in [first, second] {
            let mut part = little_endian(number, half);
            if big_endian {
                part.reverse();
            }
            bytes.extend(part);
        }
        bytes
    }
}

/// RFC 7091 section 6.1 with a given k; `None` asks for another k.
fn sign_with(curve: &Curve, d: &BigUint, e: &BigUint, k: &BigUint) -> Option<Signature> {
    let r = curve.multiply(&curve.generator, k)?.x % &curve.q;
    let s = (&r * d + k * e) % &curve.q;
    (!r.is_zero() && !s.is_zero()).then_some(Signature { r, s })
}

/// RFC 7091 section 6.2.
fn verify(curve: &Curve, key: &Point, e: &BigUint, signature: &Signature) -> bool {
    let Signature { r, s } = signature;
    let q = &curve.q;
    if r.is_zero() || s.is_zero() || r >= q || s >= q {
        return false;
    }
    let Some(v) = e.modinv(q) else { return false };
    let z1 = s * &v % q;
    let z2 = (q - r) * v % q;
    curve
        .multiply_add((&curve.generator, &z1), (key, &z2))
        .is_some_and(|c| &(c.x % q) == r)
}

/// RFC 7091 section 6.1 steps 1 and 2.
fn digest_number(digest: &[u8], q: &BigUint) -> BigUint {
    let e = BigUint::from_bytes_le(digest) % q;
    if e.is_zero() { BigUint::one() } else { e }
}

fn random_scalar(q: &BigUint) -> std::io::Result<BigUint> {
    // Eight bytes more than q has make the bias of the reduction negligible.
    let mut bytes = vec![0; usize::try_from(q.bits().div_ceil(8)).unwrap_or(64) + 8];
    loop {
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        let scalar = BigUint::from_bytes_le(&bytes) % q;
        if !scalar.is_zero() {
            return Ok(scalar);
        }
    }
}

fn little_endian(number: &BigUint, length: usize) -> Vec<u8> {
    let mut bytes = number.to_bytes_le();
    bytes.resize(length, 0);
    bytes
}

/// A DER element; the lengths here stay below 65536.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [high, low] = u16::try_from(content.len())
        .expect("a public key is short")
        .to_be_bytes();
    let mut element = match (high, low) {
        (0, 0..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    element.extend(content);
    element
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::parameter_set::curve;

    fn hexadecimal(digits: &str) -> BigUint {
        BigUint::parse_bytes(digits.as_bytes(), 16).unwrap()
    }

    struct Example {
        curve: Curve,
        d: BigUint,
        e: BigUint,
        k: BigUint,
        public: Point,
        signature: Signature,
    }

    /// RFC 7091 section 7, which is GOST R 34.10-2012 appendix A.1
    fn example_256() -> Example {
        Example {
            curve: curve(
                "8000000000000000000000000000000000000000000000000000000000000431",
                "7",
                "5fbff498aa938ce739b8e022fbafef40563f6e6a3472fc2a514c0ce9dae23b7e",
                "8000000000000000000000000000000150fe8a1892976154c59cfc193accf5b3",
                "2",
                "08e2a8a0e65147d4bd6316030e16d19c85c97f0a9ca267122b96abbcea7e8fc8",
            ),
            d: hexadecimal("7a929ade789bb9be10ed359dd39a72c11b60961f49397eee1d19ce9891ec3b28"),
            e: hexadecimal("2dfbc1b372d89a1188c09c52e0eec61fce52032ab1022e8e67ece6672b043ee5"),
            k: hexadecimal("77105c9b20bcd3122823c8cf6fcc7b956de33814e95b7fe64fed924594dceab3"),
            public: Point {
                x: hexadecimal("7f2b49e270db6d90d8595bec458b50c58585ba1d4e9b788f6689dbd8e56fd80b"),
                y: hexadecimal("26f1b489d6701dd185c8413a977b3cbbaf64d1c593d26627dffb101a87ff77da"),
            },
            signature: Signature {
                r: hexadecimal("41aa28d2f1ab148280cd9ed56feda41974053554a42767b83ad043fd39dc0493"),
                s: hexadecimal("01456c64ba4642a1653c235a98a60249bcd6d3f746b631df928014f6c5bf9c40"),
            },
        }
    }

    /// GOST R 34.10-2012 appendix A.2
    fn example_512() -> Example {
        Example {
            curve: curve(
                concat!(
                    "4531acd1fe0023c7550d267b6b2fee80922b14b2ffb90f04d4eb7c09b5d2d15d",
                    "f1d852741af4704a0458047e80e4546d35b8336fac224dd81664bbf528be6373"
                ),
                "7",
                concat!(
                    "1cff0806a31116da29d8cfa54e57eb748bc5f377e49400fdd788b649eca1ac43",
                    "61834013b2ad7322480a89ca58e0cf74bc9e540c2add6897fad0a3084f302adc"
                ),
                concat!(
                    "4531acd1fe0023c7550d267b6b2fee80922b14b2ffb90f04d4eb7c09b5d2d15d",
                    "a82f2d7ecb1dbac719905c5eecc423f1d86e25edbe23c595d644aaf187e6e6df"
                ),
                concat!(
                    "24d19cc64572ee30f396bf6ebbfd7a6c5213b3b3d7057cc825f91093a68cd762",
                    "fd60611262cd838dc6b60aa7eee804e28bc849977fac33b4b530f1b120248a9a"
                ),
                concat!(
                    "2bb312a43bd2ce6e0d020613c857acddcfbf061e91e5f2c3f32447c259f39b2c",
                    "83ab156d77f1496bf7eb3351e1ee4e43dc1a18b91b24640b6dbb92cb1add371e"
                ),
            ),
            d: hexadecimal(concat!(
                "0ba6048aadae241ba40936d47756d7c93091a0e8514669700ee7508e508b1020",
                "72e8123b2200a0563322dad2827e2714a2636b7bfd18aadfc62967821fa18dd4"
            )),
            e: hexadecimal(concat!(
                "3754f3cfacc9e0615c4f4a7c4d8dab531b09b6f9c170c533a71d147035b0c591",
                "7184ee536593f4414339976c647c5d5a407adedb1d560c4fc6777d2972075b8c"
            )),
            k: hexadecimal(concat!(
                "0359e7f4b1410feacc570456c6801496946312120b39d019d455986e364f3658",
                "86748ed7a44b3e794434006011842286212273a6d14cf70ea3af71bb1ae679f1"
            )),
            public: Point {
                x: hexadecimal(concat!(
                    "115dc5bc96760c7b48598d8ab9e740d4c4a85a65be33c1815b5c320c854621dd",
                    "5a515856d13314af69bc5b924c8b4ddff75c45415c1d9dd9dd33612cd530efe1"
                )),
                y: hexadecimal(concat!(
                    "37c7c90cd40b0f5621dc3ac1b751cfa0e2634fa0503b3d52639f5d7fb72afd61",
                    "ea199441d943ffe7f0c70a2759a3cdb84c114e1f9339fdf27f35eca93677beec"
                )),
            },
            signature: Signature {
                r: hexadecimal(concat!(
                    "2f86fa60a081091a23dd795e1e3c689ee512a3c82ee0dcc2643c78eea8fcacd3",
                    "5492558486b20f1c9ec197c90699850260c93bcbcd9c5c3317e19344e173ae36"
                )),
                s: hexadecimal(concat!(
                    "1081b394696ffe8e6585e7a9362d26b6325f56778aadbc081c0bfbe933d52ff5",
                    "823ce288e8c4f362526080df7f70ce406a6eeb1f56919cb92a9853bde73e5b4a"
                )),
            },
        }
    }

    #[test]
    fn the_standards_examples_come_out() {
        for Example {
            curve,
            d,
            e,
            k,
            public,
            signature,
        } in [example_256(), example_512()]
        {
            assert_eq!(curve.multiply(&curve.generator, &d).unwrap(), public);
            assert_eq!(sign_with(&curve, &d, &e, &k).unwrap(), signature);
            assert!(verify(&curve, &public, &e, &signature));
            assert!(!verify(&curve, &public, &(e + 1u8), &signature));
        }
    }

    #[test]
    fn every_parameter_set_signs_what_it_verifies() {
        for parameters in ParameterSet::ALL {
            let half = parameters.key_size().bytes();
            let key = PrivateKey::generate(parameters).unwrap();
            let digest = vec![0x5a; half];
            let signature = key.sign(&digest).unwrap();
            let public = key.public_key();
            assert!(
                public.verifies(&digest, &signature.to_bytes(half, SignatureLayout::default())),
                "{parameters:?}"
            );
            assert_eq!(PublicKey::from_value(parameters, public.value()), Some(public));
        }
    }

    #[test]
    fn layouts_order_halves_and_bytes() {
        let signature = Signature {
            r: BigUint::from(0x0102u16),
            s: BigUint::from(0x0304u16),
        };
        let bytes = |layout| signature.to_bytes(2, layout);
        assert_eq!(bytes(SignatureLayout::SBigEndianRBigEndian), [3, 4, 1, 2]);
        assert_eq!(bytes(SignatureLayout::RBigEndianSBigEndian), [1, 2, 3, 4]);
        assert_eq!(bytes(SignatureLayout::SLittleEndianRLittleEndian), [4, 3, 2, 1]);
        assert_eq!(bytes(SignatureLayout::RLittleEndianSLittleEndian), [2, 1, 4, 3]);
    }
}
