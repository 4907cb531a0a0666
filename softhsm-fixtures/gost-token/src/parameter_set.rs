//! The named curves and their identifiers.

use num_bigint::BigUint;

use crate::curve::{Curve, Point};

/// A named set of domain parameters for GOST R 34.10-2012.
///
/// Values: RFC 4357 section 11.4 (CryptoPro), RFC 7836 appendix A (TC26). RFC 9215 appendix C makes the TC26 sets
/// 256-B, C and D the same curves as CryptoPro A, B and C, under other names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParameterSet {
    /// id-GostR3410-2001-CryptoPro-A-ParamSet, 1.2.643.2.2.35.1
    CryptoProA,
    /// id-GostR3410-2001-CryptoPro-B-ParamSet, 1.2.643.2.2.35.2
    CryptoProB,
    /// id-GostR3410-2001-CryptoPro-C-ParamSet, 1.2.643.2.2.35.3
    CryptoProC,
    /// id-tc26-gost-3410-2012-256-paramSetA, 1.2.643.7.1.2.1.1.1
    Tc26A256,
    /// id-tc26-gost-3410-2012-256-paramSetB, 1.2.643.7.1.2.1.1.2
    Tc26B256,
    /// id-tc26-gost-3410-2012-256-paramSetC, 1.2.643.7.1.2.1.1.3
    Tc26C256,
    /// id-tc26-gost-3410-2012-256-paramSetD, 1.2.643.7.1.2.1.1.4
    Tc26D256,
    /// id-tc26-gost-3410-12-512-paramSetA, 1.2.643.7.1.2.1.2.1
    Tc26A512,
    /// id-tc26-gost-3410-12-512-paramSetB, 1.2.643.7.1.2.1.2.2
    Tc26B512,
    /// id-tc26-gost-3410-2012-512-paramSetC, 1.2.643.7.1.2.1.2.3
    Tc26C512,
}

/// The two sizes of GOST R 34.10-2012.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeySize {
    /// 256 bits, hashed with Streebog-256
    Bits256,
    /// 512 bits, hashed with Streebog-512
    Bits512,
}

impl ParameterSet {
    /// Every set the module can use.
    pub const ALL: [Self; 10] = [
        Self::CryptoProA,
        Self::CryptoProB,
        Self::CryptoProC,
        Self::Tc26A256,
        Self::Tc26B256,
        Self::Tc26C256,
        Self::Tc26D256,
        Self::Tc26A512,
        Self::Tc26B512,
        Self::Tc26C512,
    ];

    /// The set whose DER object identifier (tag and length included) is `der`, as `CKA_GOSTR3410_PARAMS` carries it.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.der() == der)
    }

    /// The set's object identifier in DER, tag and length included.
    pub fn der(self) -> &'static [u8] {
        match self {
            Self::CryptoProA => b"\x06\x07\x2a\x85\x03\x02\x02\x23\x01",
            Self::CryptoProB => b"\x06\x07\x2a\x85\x03\x02\x02\x23\x02",
            Self::CryptoProC => b"\x06\x07\x2a\x85\x03\x02\x02\x23\x03",
            Self::Tc26A256 => b"\x06\x09\x2a\x85\x03\x07\x01\x02\x01\x01\x01",
            Self::Tc26B256 => b"\x06\x09\x2a\x85\x03\x07\x01\x02\x01\x01\x02",
            Self::Tc26C256 => b"\x06\x09\x2a\x85\x03\x07\x01\x02\x01\x01\x03",
            Self::Tc26D256 => b"\x06\x09\x2a\x85\x03\x07\x01\x02\x01\x01\x04",
            Self::Tc26A512 => b"\x06\x09\x2a\x85\x03\x07\x01\x02\x01\x02\x01",
            Self::Tc26B512 => b"\x06\x09\x2a\x85\x03\x07\x01\x02\x01\x02\x02",
            Self::Tc26C512 => b"\x06\x09\x2a\x85\x03\x07\x01\x02\x01\x02\x03",
        }
    }

    /// The key size the set is for.
    pub fn key_size(self) -> KeySize {
        match self {
            Self::Tc26A512 | Self::Tc26B512 | Self::Tc26C512 => KeySize::Bits512,
            _ => KeySize::Bits256,
        }
    }

    /// Whether a SubjectPublicKeyInfo names the digest beside the set.
    ///
    /// RFC 9215 section 4.2: required for the CryptoPro sets, forbidden for TC26 256-B, C and D. For 512-A and 512-B the
    /// standard says "should be omitted", but older verifiers want it there and none objects.
    pub fn names_digest(self) -> bool {
        matches!(
            self,
            Self::CryptoProA | Self::CryptoProB | Self::CryptoProC | Self::Tc26A512 | Self::Tc26B512
        )
    }

    pub(crate) fn curve(self) -> Curve {
        match self {
            Self::CryptoProA | Self::Tc26B256 => curve(
                "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffd97",
                "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffd94",
                "a6",
                "ffffffffffffffffffffffffffffffff6c611070995ad10045841b09b761b893",
                "1",
                "8d91e471e0989cda27df505a453f2b7635294f2ddf23e3b122acc99c9e9f1e14",
            ),
            Self::CryptoProB | Self::Tc26C256 => curve(
                "8000000000000000000000000000000000000000000000000000000000000c99",
                "8000000000000000000000000000000000000000000000000000000000000c96",
                "3e1af419a269a5f866a7d3c25c3df80ae979259373ff2b182f49d4ce7e1bbc8b",
                "800000000000000000000000000000015f700cfff1a624e5e497161bcc8a198f",
                "1",
                "3fa8124359f96680b83d1c3eb2c070e5c545c9858d03ecfb744bf8d717717efc",
            ),
            Self::CryptoProC | Self::Tc26D256 => curve(
                "9b9f605f5a858107ab1ec85e6b41c8aacf846e86789051d37998f7b9022d759b",
                "9b9f605f5a858107ab1ec85e6b41c8aacf846e86789051d37998f7b9022d7598",
                "805a",
                "9b9f605f5a858107ab1ec85e6b41c8aa582ca3511eddfb74f02f3a6598980bb9",
                "0",
                "41ece55743711a8c3cbf3783cd08c0ee4d4dc440d4641a8f366e550dfdb3bb67",
            ),
            Self::Tc26A256 => curve(
                "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffd97",
                "c2173f1513981673af4892c23035a27ce25e2013bf95aa33b22c656f277e7335",
                "295f9bae7428ed9ccc20e7c359a9d41a22fccd9108e17bf7ba9337a6f8ae9513",
                "400000000000000000000000000000000fd8cddfc87b6635c115af556c360c67",
                "91e38443a5e82c0d880923425712b2bb658b9196932e02c78b2582fe742daa28",
                "32879423ab1a0375895786c4bb46e9565fde0b5344766740af268adb32322e5c",
            ),
            Self::Tc26A512 => curve(
                concat!(
                    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffdc7"
                ),
                concat!(
                    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffdc4"
                ),
                concat!(
                    "e8c2505dedfc86ddc1bd0b2b6667f1da34b82574761cb0e879bd081cfd0b6265",
                    "ee3cb090f30d27614cb4574010da90dd862ef9d4ebee4761503190785a71c760"
                ),
                concat!(
                    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                    "27e69532f48d89116ff22b8d4e0560609b4b38abfad2b85dcacdb1411f10b275"
                ),
                "3",
                concat!(
                    "7503cfe87a836ae3a61b8816e25450e6ce5e1c93acf1abc1778064fdcbefa921",
                    "df1626be4fd036e93d75e6a50e3a41e98028fe5fc235f5b889a589cb5215f2a4"
                ),
            ),
            Self::Tc26B512 => curve(
                concat!(
                    "8000000000000000000000000000000000000000000000000000000000000000",
                    "000000000000000000000000000000000000000000000000000000000000006f"
                ),
                concat!(
                    "8000000000000000000000000000000000000000000000000000000000000000",
                    "000000000000000000000000000000000000000000000000000000000000006c"
                ),
                concat!(
                    "687d1b459dc841457e3e06cf6f5e2517b97c7d614af138bcbf85dc806c4b289f",
                    "3e965d2db1416d217f8b276fad1ab69c50f78bee1fa3106efb8ccbc7c5140116"
                ),
                concat!(
                    "8000000000000000000000000000000000000000000000000000000000000001",
                    "49a1ec142565a545acfdb77bd9d40cfa8b996712101bea0ec6346c54374f25bd"
                ),
                "2",
                concat!(
                    "1a8f7eda389b094c2c071e3647a8940f3c123b697578c213be6dd9e6c8ec7335",
                    "dcb228fd1edf4a39152cbcaaf8c0398828041055f94ceeec7e21340780fe41bd"
                ),
            ),
            Self::Tc26C512 => curve(
                concat!(
                    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffdc7"
                ),
                concat!(
                    "dc9203e514a721875485a529d2c722fb187bc8980eb866644de41c68e1430645",
                    "46e861c0e2c9edd92ade71f46fcf50ff2ad97f951fda9f2a2eb6546f39689bd3"
                ),
                concat!(
                    "b4c4ee28cebc6c2c8ac12952cf37f16ac7efb6a9f69f4b57ffda2e4f0de5ade0",
                    "38cbc2fff719d2c18de0284b8bfef3b52b8cc7a5f5bf0a3c8d2319a5312557e1"
                ),
                concat!(
                    "3fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                    "c98cdba46506ab004c33a9ff5147502cc8eda9e7a769a12694623cef47f023ed"
                ),
                concat!(
                    "e2e31edfc23de7bdebe241ce593ef5de2295b7a9cbaef021d385f7074cea043a",
                    "a27272a7ae602bf2a7b9033db9ed3610c6fb85487eae97aac5bc7928c1950148"
                ),
                concat!(
                    "f5ce40d95b5eb899abbccff5911cb8577939804d6527378b8c108c3d2090ff9b",
                    "e18e2d33e3021ed2ef32d85822423b6304f726aa854bae07d0396e9a9addc40f"
                ),
            ),
        }
    }
}

impl KeySize {
    /// Bytes of a coordinate, of a digest, and of each half of a signature.
    pub fn bytes(self) -> usize {
        match self {
            Self::Bits256 => 32,
            Self::Bits512 => 64,
        }
    }

    /// The object identifier of the public key algorithm in DER (1.2.643.7.1.1.1.1 and .2).
    pub fn public_key_algorithm_der(self) -> &'static [u8] {
        match self {
            Self::Bits256 => b"\x06\x08\x2a\x85\x03\x07\x01\x01\x01\x01",
            Self::Bits512 => b"\x06\x08\x2a\x85\x03\x07\x01\x01\x01\x02",
        }
    }

    /// The object identifier of Streebog at this size in DER (1.2.643.7.1.1.2.2 and .3).
    pub fn digest_der(self) -> &'static [u8] {
        match self {
            Self::Bits256 => b"\x06\x08\x2a\x85\x03\x07\x01\x01\x02\x02",
            Self::Bits512 => b"\x06\x08\x2a\x85\x03\x07\x01\x01\x02\x03",
        }
    }
}

/// A curve from the hexadecimal constants `p`, `a`, `b`, `q` and the base point.
pub(crate) fn curve(p: &str, a: &str, b: &str, q: &str, x: &str, y: &str) -> Curve {
    Curve {
        p: number(p),
        a: number(a),
        b: number(b),
        q: number(q),
        generator: Point {
            x: number(x),
            y: number(y),
        },
    }
}

fn number(hexadecimal: &str) -> BigUint {
    BigUint::parse_bytes(hexadecimal.as_bytes(), 16).expect("a constant of this file is hexadecimal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generator_lies_on_its_curve_and_has_the_stated_order() {
        for set in ParameterSet::ALL {
            let curve = set.curve();
            assert!(
                curve.contains(&curve.generator),
                "{set:?}: the generator is not on the curve"
            );
            assert!(
                curve.multiply(&curve.generator, &curve.q).is_none(),
                "{set:?}: q times the generator is not zero"
            );
        }
    }

    #[test]
    fn identifiers_are_distinct() {
        for set in ParameterSet::ALL {
            assert_eq!(ParameterSet::from_der(set.der()), Some(set));
        }
    }
}
