//! Message digests: SHA-2 (FIPS 180-4), Streebog (GOST R 34.11-2012, RFC 6986) and, for verification, GOST R 34.11-94 (RFC 5831).

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64_URL};
use gost94::Gost94CryptoPro;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::digest::Digest as _;
use sha2::{Sha256, Sha384, Sha512};
use thiserror::Error;
use tokensign_streebog::{Size, Streebog};

use crate::certificate::asn1::{Asn1Error, Element, Oid, Tag};

/// A digest algorithm. Serialised and shown as `sha256`, `streebog512` and so on; read also from other spellings and from object identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// Streebog with 256 bits, GOST R 34.11-2012.
    Streebog256,
    /// Streebog with 512 bits, GOST R 34.11-2012.
    Streebog512,
    /// GOST R 34.11-94 with the CryptoPro parameters (RFC 4357). Old signatures are verified with it; none is made.
    Gost94,
}

impl DigestAlgorithm {
    /// The digest's length in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::Sha256 | Self::Streebog256 | Self::Gost94 => 32,
            Self::Sha384 => 48,
            Self::Sha512 | Self::Streebog512 => 64,
        }
    }

    /// The digest of `bytes`.
    pub fn digest(self, bytes: &[u8]) -> Digest {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The algorithm that `oid` names. Kazakhstan has its own identifiers for Streebog.
    pub fn from_oid(oid: Oid) -> Option<Self> {
        OIDS.iter()
            .find(|(known, _)| *known == oid)
            .map(|(_, algorithm)| *algorithm)
    }

    /// The algorithm's international (for Streebog: Russian) identifier.
    pub(super) const fn oid(self) -> Oid {
        match self {
            Self::Sha256 => oid::SHA256,
            Self::Sha384 => oid::SHA384,
            Self::Sha512 => oid::SHA512,
            Self::Streebog256 => oid::STREEBOG256,
            Self::Streebog512 => oid::STREEBOG512,
            Self::Gost94 => oid::GOST94,
        }
    }

    /// The algorithm in a digest AlgorithmIdentifier; its parameters are NULL or absent and carry nothing.
    pub(super) fn from_identifier(identifier: &Element<'_>) -> Result<Option<Self>, Asn1Error> {
        let oid = identifier.tagged(Tag::SEQUENCE)?.reader().required(Tag::OID)?.oid()?;
        Ok(Self::from_oid(oid))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Streebog256 => "streebog256",
            Self::Streebog512 => "streebog512",
            Self::Gost94 => "gost94",
        }
    }
}

pub(super) mod oid {
    use super::Oid;

    pub(in crate::cms) const SHA256: Oid = Oid::literal("2.16.840.1.101.3.4.2.1");
    pub(in crate::cms) const SHA384: Oid = Oid::literal("2.16.840.1.101.3.4.2.2");
    pub(in crate::cms) const SHA512: Oid = Oid::literal("2.16.840.1.101.3.4.2.3");
    pub(in crate::cms) const STREEBOG256: Oid = Oid::literal("1.2.643.7.1.1.2.2");
    pub(in crate::cms) const STREEBOG512: Oid = Oid::literal("1.2.643.7.1.1.2.3");
    pub(in crate::cms) const GOST94: Oid = Oid::literal("1.2.643.2.2.9");
    pub(in crate::cms) const KZ_STREEBOG256: Oid = Oid::literal("1.2.398.3.10.1.3.2");
    pub(in crate::cms) const KZ_STREEBOG512: Oid = Oid::literal("1.2.398.3.10.1.3.3");
}

const OIDS: [(Oid, DigestAlgorithm); 8] = [
    (oid::SHA256, DigestAlgorithm::Sha256),
    (oid::SHA384, DigestAlgorithm::Sha384),
    (oid::SHA512, DigestAlgorithm::Sha512),
    (oid::STREEBOG256, DigestAlgorithm::Streebog256),
    (oid::STREEBOG512, DigestAlgorithm::Streebog512),
    (oid::GOST94, DigestAlgorithm::Gost94),
    (oid::KZ_STREEBOG256, DigestAlgorithm::Streebog256),
    (oid::KZ_STREEBOG512, DigestAlgorithm::Streebog512),
];

/// Why text or bytes are not a digest.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DigestError {
    /// A name that is not in the table.
    #[error("unknown digest algorithm; the agent knows sha256, sha384, sha512, streebog256 and streebog512")]
    UnknownAlgorithm,
    /// A value whose length is not the algorithm's.
    #[error("a {algorithm} digest is {} bytes long, this one has {found}", .algorithm.size())]
    Length {
        /// The algorithm stated.
        algorithm: DigestAlgorithm,
        /// The value's length in bytes.
        found: usize,
    },
    /// Neither hexadecimal nor base64.
    #[error("the digest's value is neither hexadecimal nor base64")]
    Encoding,
}

impl FromStr for DigestAlgorithm {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain: String = text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        match plain.as_str() {
            "sha256" | "sha2256" => Ok(Self::Sha256),
            "sha384" | "sha2384" => Ok(Self::Sha384),
            "sha512" | "sha2512" => Ok(Self::Sha512),
            "streebog256" | "stribog256" | "gost34112012256" | "gostr34112012256" | "mdgost12256" => {
                Ok(Self::Streebog256)
            }
            "gost94" | "gost341194" | "gostr341194" | "mdgost94" => Ok(Self::Gost94),
            "streebog512" | "stribog512" | "gost34112012512" | "gostr34112012512" | "mdgost12512" => {
                Ok(Self::Streebog512)
            }
            _ => text
                .parse()
                .ok()
                .and_then(Self::from_oid)
                .ok_or(DigestError::UnknownAlgorithm),
        }
    }
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for DigestAlgorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for DigestAlgorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A digest and its algorithm; the length always fits. Serialised as `{"algorithm": …, "value": …}` with the value in base64; hexadecimal is
/// understood on the way in.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Encoded", into = "Encoded")]
pub struct Digest {
    algorithm: DigestAlgorithm,
    value: Vec<u8>,
}

impl Digest {
    /// A digest computed elsewhere.
    pub fn new(algorithm: DigestAlgorithm, value: impl Into<Vec<u8>>) -> Result<Self, DigestError> {
        let value = value.into();
        if value.len() != algorithm.size() {
            return Err(DigestError::Length {
                algorithm,
                found: value.len(),
            });
        }
        Ok(Self { algorithm, value })
    }

    /// A digest computed elsewhere, from hexadecimal, base64 or base64url text. The length decides which: they never coincide.
    pub fn from_text(algorithm: DigestAlgorithm, text: &str) -> Result<Self, DigestError> {
        let text = text.trim();
        let value = if text.len() == 2 * algorithm.size() {
            hex::decode(text).map_err(|_| DigestError::Encoding)?
        } else {
            BASE64
                .decode(text)
                .or_else(|_| BASE64_URL.decode(text))
                .map_err(|_| DigestError::Encoding)?
        };
        Self::new(algorithm, value)
    }

    /// The algorithm.
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The bytes, in the order the algorithm emits them.
    pub fn value(&self) -> &[u8] {
        &self.value
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, hex::encode(&self.value))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Encoded {
    algorithm: DigestAlgorithm,
    value: String,
}

impl From<Digest> for Encoded {
    fn from(digest: Digest) -> Self {
        Self {
            algorithm: digest.algorithm,
            value: BASE64.encode(&digest.value),
        }
    }
}

impl TryFrom<Encoded> for Digest {
    type Error = DigestError;

    fn try_from(encoded: Encoded) -> Result<Self, Self::Error> {
        Self::from_text(encoded.algorithm, &encoded.value)
    }
}

/// Computes a digest from content that comes in pieces.
#[derive(Clone)]
pub struct Hasher {
    algorithm: DigestAlgorithm,
    state: State,
}

#[derive(Clone)]
enum State {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
    Streebog(Box<Streebog>),
    Gost94(Gost94CryptoPro),
}

impl Hasher {
    /// A hasher that has seen nothing yet.
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        let state = match algorithm {
            DigestAlgorithm::Sha256 => State::Sha256(Sha256::new()),
            DigestAlgorithm::Sha384 => State::Sha384(Sha384::new()),
            DigestAlgorithm::Sha512 => State::Sha512(Sha512::new()),
            DigestAlgorithm::Streebog256 => State::Streebog(Box::new(Streebog::new(Size::Bits256))),
            DigestAlgorithm::Streebog512 => State::Streebog(Box::new(Streebog::new(Size::Bits512))),
            DigestAlgorithm::Gost94 => State::Gost94(Gost94CryptoPro::new()),
        };
        Self { algorithm, state }
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.state {
            State::Sha256(state) => state.update(piece),
            State::Sha384(state) => state.update(piece),
            State::Sha512(state) => state.update(piece),
            State::Streebog(state) => state.update(piece),
            State::Gost94(state) => state.update(piece),
        }
    }

    /// The digest of everything taken.
    pub fn finish(self) -> Digest {
        let value = match self.state {
            State::Sha256(state) => state.finalize().to_vec(),
            State::Sha384(state) => state.finalize().to_vec(),
            State::Sha512(state) => state.finalize().to_vec(),
            State::Streebog(state) => state.finish(),
            State::Gost94(state) => state.finalize().to_vec(),
        };
        Digest {
            algorithm: self.algorithm,
            value,
        }
    }
}

impl io::Write for Hasher {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.update(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Computes several digests of the same content in one pass.
#[derive(Clone)]
pub struct ContentDigester {
    hashers: Vec<Hasher>,
}

impl ContentDigester {
    /// One hasher for each algorithm.
    pub fn new(algorithms: &BTreeSet<DigestAlgorithm>) -> Self {
        Self {
            hashers: algorithms.iter().map(|algorithm| Hasher::new(*algorithm)).collect(),
        }
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.hashers.iter_mut().for_each(|hasher| hasher.update(piece));
    }

    /// The digests of everything taken.
    pub fn finish(self) -> ContentDigests {
        ContentDigests {
            digests: self.hashers.into_iter().map(Hasher::finish).collect(),
        }
    }
}

impl io::Write for ContentDigester {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.update(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Digests of one content, by algorithm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContentDigests {
    digests: Vec<Digest>,
}

impl ContentDigests {
    /// The digest by `algorithm`, if it was computed.
    pub fn by(&self, algorithm: DigestAlgorithm) -> Option<&Digest> {
        self.digests.iter().find(|digest| digest.algorithm == algorithm)
    }
}

impl FromIterator<Digest> for ContentDigests {
    fn from_iter<I: IntoIterator<Item = Digest>>(digests: I) -> Self {
        Self {
            digests: digests.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// RFC 6986 section 10.1 (M1), digests in the order that implementations emit.
    #[test]
    fn streebog_matches_rfc_6986() {
        let message = b"012345678901234567890123456789012345678901234567890123456789012";
        assert_eq!(
            DigestAlgorithm::Streebog256.digest(message).to_string(),
            "streebog256:9d151eefd8590b89daa6ba6cb74af9275dd051026bb149a452fd84e5e57b5500"
        );
        assert!(
            DigestAlgorithm::Streebog512
                .digest(message)
                .to_string()
                .starts_with("streebog512:1b54d01a4af5b9d5cc3d86d68d285462")
        );
    }

    #[test]
    fn pieces_make_the_same_digest() {
        for (_, algorithm) in OIDS {
            let mut digester = ContentDigester::new(&BTreeSet::from([algorithm]));
            digester.update(b"one ");
            digester.update(b"");
            digester.update(b"two");
            assert_eq!(digester.finish().by(algorithm).unwrap(), &algorithm.digest(b"one two"));
        }
    }

    #[test]
    fn names_identifiers_and_encodings_are_understood() {
        for text in [
            "Streebog-256",
            "gost3411-2012-256",
            "1.2.643.7.1.1.2.2",
            "1.2.398.3.10.1.3.2",
            "md_gost12_256",
        ] {
            assert_eq!(
                text.parse::<DigestAlgorithm>().unwrap(),
                DigestAlgorithm::Streebog256,
                "{text}"
            );
        }
        assert!("md5".parse::<DigestAlgorithm>().is_err());
        let digest = DigestAlgorithm::Sha256.digest(b"abc");
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(
            json,
            r#"{"algorithm":"sha256","value":"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="}"#
        );
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
        assert_eq!(
            Digest::from_text(DigestAlgorithm::Sha256, &hex::encode(digest.value())).unwrap(),
            digest
        );
        let url_safe = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
        assert_eq!(Digest::from_text(DigestAlgorithm::Sha256, url_safe).unwrap(), digest);
        assert!(matches!(
            Digest::new(DigestAlgorithm::Sha512, [0; 32]),
            Err(DigestError::Length { found: 32, .. })
        ));
        assert_eq!(
            Digest::from_text(DigestAlgorithm::Sha256, "я").unwrap_err(),
            DigestError::Encoding
        );
    }
}
