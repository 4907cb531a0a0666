//! What kind of public key a certificate holds (SubjectPublicKeyInfo).

use std::fmt;

use serde::Serialize;

use super::PssDemands;
use super::asn1::{Asn1Error, Element, Oid, Reader, Tag};

/// The kind and the size of a public key. The key itself is [`public_key_bits`](super::Certificate::public_key_bits).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PublicKey {
    /// rsaEncryption (RFC 8017).
    Rsa {
        /// The modulus' length in bits.
        bits: u32,
    },
    /// id-RSASSA-PSS (RFC 4055): an RSA key that may sign with PSS only.
    RsaPss {
        /// The modulus' length in bits.
        bits: u32,
        /// What it demands of its signatures; a key without parameters demands nothing more.
        #[serde(skip_serializing_if = "Option::is_none")]
        demands: Option<PssDemands>,
    },
    /// id-ecPublicKey on a named curve (RFC 5480).
    Ec {
        /// The curve.
        curve: EcCurve,
    },
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// GOST R 34.10-2012 (RFC 7091, RFC 9215) or GOST 34.10-2015 of Kazakhstan: the same arithmetic under other identifiers.
    Gost2012 {
        /// 256 or 512.
        bits: u32,
        /// The curve.
        param_set: GostParamSet,
        /// Whose identifiers and byte order apply.
        country: GostCountry,
    },
    /// GOST R 34.10-2001 (RFC 4491): no longer signs; old signatures are verified.
    Gost2001 {
        /// The curve.
        param_set: GostParamSet,
    },
    /// A key that the agent cannot use, by its algorithm's identifier.
    Unsupported {
        /// The algorithm.
        oid: Oid,
    },
}

/// A named elliptic curve (RFC 5480 section 2.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum EcCurve {
    /// secp256r1.
    #[serde(rename = "P-256")]
    P256,
    /// secp384r1.
    #[serde(rename = "P-384")]
    P384,
    /// secp521r1.
    #[serde(rename = "P-521")]
    P521,
}

/// Whose object identifiers and signature layout a GOST key follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GostCountry {
    /// Russia: RFC 9215, signature `s ‖ r`, big-endian.
    Ru,
    /// Kazakhstan: the national authority's identifiers, signature `r ‖ s`, little-endian.
    Kz,
}

/// A GOST R 34.10-2012 parameter set (RFC 4357, RFC 7836).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum GostParamSet {
    /// id-GostR3410-2001-CryptoPro-A-ParamSet.
    CryptoProA,
    /// id-GostR3410-2001-CryptoPro-B-ParamSet.
    CryptoProB,
    /// id-GostR3410-2001-CryptoPro-C-ParamSet.
    CryptoProC,
    /// id-GostR3410-2001-CryptoPro-XchA-ParamSet.
    CryptoProXchA,
    /// id-GostR3410-2001-CryptoPro-XchB-ParamSet.
    CryptoProXchB,
    /// id-tc26-gost-3410-2012-256-paramSetA.
    Tc26A256,
    /// id-tc26-gost-3410-2012-256-paramSetB.
    Tc26B256,
    /// id-tc26-gost-3410-2012-256-paramSetC.
    Tc26C256,
    /// id-tc26-gost-3410-2012-256-paramSetD.
    Tc26D256,
    /// id-tc26-gost-3410-2012-512-paramSetA.
    Tc26A512,
    /// id-tc26-gost-3410-2012-512-paramSetB.
    Tc26B512,
    /// id-tc26-gost-3410-2012-512-paramSetC.
    Tc26C512,
}

impl PublicKey {
    /// Reads the SubjectPublicKeyInfo element `spki`; the bits of the key come with it.
    pub(super) fn read<'a>(spki: &Element<'a>) -> Result<(Self, &'a [u8]), Asn1Error> {
        let mut fields = spki.tagged(Tag::SEQUENCE)?.reader();
        let mut algorithm = fields.sequence()?;
        let bits = fields.required(Tag::BIT_STRING)?.bit_string()?;
        let oid = algorithm.required(Tag::OID)?.oid()?;
        let key = Self::recognised(oid, algorithm, bits).unwrap_or(Self::Unsupported { oid });
        Ok((key, bits))
    }

    fn recognised(algorithm: Oid, parameters: Reader<'_>, bits: &[u8]) -> Option<Self> {
        match algorithm {
            RSA_ENCRYPTION => modulus_bits(bits).map(|bits| Self::Rsa { bits }),
            RSASSA_PSS => {
                let demands = match parameters.is_empty() {
                    true => None,
                    false => Some(PssDemands::read(parameters)?),
                };
                modulus_bits(bits).map(|bits| Self::RsaPss { bits, demands })
            }
            EC_PUBLIC_KEY => {
                let name = first_oid(parameters)?;
                EC_CURVES
                    .iter()
                    .find(|(oid, _)| *oid == name)
                    .map(|(_, curve)| Self::Ec { curve: *curve })
            }
            ED25519 => (bits.len() == 32).then_some(Self::Ed25519),
            _ => {
                let mut parameters = parameters;
                let name = first_oid(parameters.sequence().ok()?)?;
                let param_set = |name| GOST_PARAM_SETS.iter().find(|(oid, _)| *oid == name);
                if algorithm == GOST_2001 {
                    let (_, param_set) = param_set(name).filter(|(_, set)| set.bits() == 256)?;
                    let fits = gost_point(bits)?.len() == 64;
                    return fits.then_some(Self::Gost2001 { param_set: *param_set });
                }
                let (_, size, country) = GOST_KEYS.iter().find(|(oid, ..)| *oid == algorithm)?;
                let (_, param_set) = param_set(name)?;
                let fits = param_set.bits() == *size && gost_point(bits)?.len() * 4 == *size as usize;
                fits.then_some(Self::Gost2012 {
                    bits: *size,
                    param_set: *param_set,
                    country: *country,
                })
            }
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA-{bits}"),
            Self::RsaPss { bits, .. } => write!(f, "RSA-PSS-{bits}"),
            Self::Ec { curve: EcCurve::P256 } => f.write_str("P-256"),
            Self::Ec { curve: EcCurve::P384 } => f.write_str("P-384"),
            Self::Ec { curve: EcCurve::P521 } => f.write_str("P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Gost2012 {
                bits,
                country: GostCountry::Ru,
                ..
            } => write!(f, "GOST R 34.10-2012-{bits}"),
            Self::Gost2012 {
                bits,
                country: GostCountry::Kz,
                ..
            } => write!(f, "GOST 34.10-2015-{bits}"),
            Self::Gost2001 { .. } => f.write_str("GOST R 34.10-2001"),
            Self::Unsupported { oid } => write!(f, "{oid}"),
        }
    }
}

impl GostParamSet {
    /// The size of the field in bits: 256 or 512.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Tc26A512 | Self::Tc26B512 | Self::Tc26C512 => 512,
            _ => 256,
        }
    }
}

/// The point in a GOST key's BIT STRING: `x ‖ y`, each little-endian, in an OCTET STRING (RFC 9215 section 4.3).
pub(crate) fn gost_point(bits: &[u8]) -> Option<&[u8]> {
    let octets = Element::try_from(bits).ok()?;
    octets.tagged(Tag::OCTET_STRING).ok().map(|octets| octets.content)
}

/// The modulus and the public exponent in an RSA key's BIT STRING, big-endian (RFC 8017 A.1.1).
pub(crate) fn rsa_components(bits: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = Reader::new(bits).sequence().ok()?;
    let modulus = fields.element().ok()?.unsigned_integer().ok()?;
    let exponent = fields.element().ok()?.unsigned_integer().ok()?;
    Some((modulus, exponent))
}

fn modulus_bits(bits: &[u8]) -> Option<u32> {
    let (modulus, _) = rsa_components(bits)?;
    let leading = modulus.first()?.leading_zeros();
    u32::try_from(modulus.len())
        .ok()?
        .checked_mul(8)
        .map(|bits| bits - leading)
}

fn first_oid(mut fields: Reader<'_>) -> Option<Oid> {
    fields.required(Tag::OID).ok()?.oid().ok()
}

const RSA_ENCRYPTION: Oid = Oid::literal("1.2.840.113549.1.1.1");
const RSASSA_PSS: Oid = Oid::literal("1.2.840.113549.1.1.10");
const EC_PUBLIC_KEY: Oid = Oid::literal("1.2.840.10045.2.1");
const GOST_2001: Oid = Oid::literal("1.2.643.2.2.19");
const ED25519: Oid = Oid::literal("1.3.101.112");

const EC_CURVES: [(Oid, EcCurve); 3] = [
    (Oid::literal("1.2.840.10045.3.1.7"), EcCurve::P256),
    (Oid::literal("1.3.132.0.34"), EcCurve::P384),
    (Oid::literal("1.3.132.0.35"), EcCurve::P521),
];

const GOST_KEYS: [(Oid, u32, GostCountry); 4] = [
    (Oid::literal("1.2.643.7.1.1.1.1"), 256, GostCountry::Ru),
    (Oid::literal("1.2.643.7.1.1.1.2"), 512, GostCountry::Ru),
    (Oid::literal("1.2.398.3.10.1.1.2.1"), 256, GostCountry::Kz),
    (Oid::literal("1.2.398.3.10.1.1.2.2"), 512, GostCountry::Kz),
];

/// The Kazakh sets are TC26's curves under identifiers of their own.
const GOST_PARAM_SETS: [(Oid, GostParamSet); 14] = [
    (Oid::literal("1.2.643.2.2.35.1"), GostParamSet::CryptoProA),
    (Oid::literal("1.2.643.2.2.35.2"), GostParamSet::CryptoProB),
    (Oid::literal("1.2.643.2.2.35.3"), GostParamSet::CryptoProC),
    (Oid::literal("1.2.643.2.2.36.0"), GostParamSet::CryptoProXchA),
    (Oid::literal("1.2.643.2.2.36.1"), GostParamSet::CryptoProXchB),
    (Oid::literal("1.2.643.7.1.2.1.1.1"), GostParamSet::Tc26A256),
    (Oid::literal("1.2.643.7.1.2.1.1.2"), GostParamSet::Tc26B256),
    (Oid::literal("1.2.643.7.1.2.1.1.3"), GostParamSet::Tc26C256),
    (Oid::literal("1.2.643.7.1.2.1.1.4"), GostParamSet::Tc26D256),
    (Oid::literal("1.2.643.7.1.2.1.2.1"), GostParamSet::Tc26A512),
    (Oid::literal("1.2.643.7.1.2.1.2.2"), GostParamSet::Tc26B512),
    (Oid::literal("1.2.643.7.1.2.1.2.3"), GostParamSet::Tc26C512),
    (Oid::literal("1.2.398.3.10.1.1.2.1.1"), GostParamSet::Tc26A256),
    (Oid::literal("1.2.398.3.10.1.1.2.2.1"), GostParamSet::Tc26A512),
];
