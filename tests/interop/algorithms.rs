//! The rows of the matrix.

use tokensign::cms::{DigestAlgorithm, Preference};

use crate::authority::{self, KeyKind};

/// A kind of key and how it signs.
#[derive(Clone, Copy)]
pub(crate) struct Algorithm {
    pub(crate) name: &'static str,
    pub(crate) key: KeyKind,
    pub(crate) preference: Preference,
    pub(crate) country: Country,
}

/// Whose identifiers and layout a GOST signature has.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Country {
    Russia,
    /// Under the number of bits.
    Kazakhstan(u32),
}

const fn plain(name: &'static str, key: KeyKind) -> Algorithm {
    Algorithm {
        name,
        key,
        preference: Preference {
            digest: None,
            rsa_pss: false,
        },
        country: Country::Russia,
    }
}

const fn kazakh(name: &'static str, bits: u32, key: KeyKind) -> Algorithm {
    Algorithm {
        country: Country::Kazakhstan(bits),
        ..plain(name, key)
    }
}

const fn rsa(name: &'static str, digest: DigestAlgorithm, rsa_pss: bool) -> Algorithm {
    Algorithm {
        name,
        key: authority::RSA_2048,
        preference: Preference {
            digest: Some(digest),
            rsa_pss,
        },
        country: Country::Russia,
    }
}

/// Every row.
pub(crate) const ALL: [Algorithm; 25] = [
    rsa("RSA, SHA-256", DigestAlgorithm::Sha256, false),
    rsa("RSA, SHA-384", DigestAlgorithm::Sha384, false),
    rsa("RSA, SHA-512", DigestAlgorithm::Sha512, false),
    rsa("RSA-PSS, SHA-256", DigestAlgorithm::Sha256, true),
    rsa("RSA-PSS, SHA-384", DigestAlgorithm::Sha384, true),
    rsa("RSA-PSS, SHA-512", DigestAlgorithm::Sha512, true),
    // The preference asks for nothing: the key's parameters do.
    plain("RSA-PSS key, SHA-384", authority::RSA_PSS_2048_SHA384),
    plain("ECDSA P-256", authority::P256),
    plain("ECDSA P-384", authority::P384),
    plain("ECDSA P-521", authority::P521),
    plain("Ed25519", authority::ED25519),
    plain("GOST R 34.10-2012-256, CryptoPro-A", authority::GOST_256_CRYPTO_PRO_A),
    plain("GOST R 34.10-2012-256, CryptoPro-B", authority::GOST_256_CRYPTO_PRO_B),
    plain("GOST R 34.10-2012-256, CryptoPro-C", authority::GOST_256_CRYPTO_PRO_C),
    plain("GOST R 34.10-2012-256, XchA", authority::GOST_256_XCH_A),
    plain("GOST R 34.10-2012-256, XchB", authority::GOST_256_XCH_B),
    plain("GOST R 34.10-2012-256, TC26-A", authority::GOST_256_TC26_A),
    plain("GOST R 34.10-2012-256, TC26-B", authority::GOST_256_TC26_B),
    plain("GOST R 34.10-2012-256, TC26-C", authority::GOST_256_TC26_C),
    plain("GOST R 34.10-2012-256, TC26-D", authority::GOST_256_TC26_D),
    plain("GOST R 34.10-2012-512, TC26-A", authority::GOST_512_A),
    plain("GOST R 34.10-2012-512, TC26-B", authority::GOST_512_B),
    plain("GOST R 34.10-2012-512, TC26-C", authority::GOST_512_C),
    kazakh("GOST 34.10-2015-256 (KZ)", 256, authority::GOST_256_TC26_A),
    kazakh("GOST 34.10-2015-512 (KZ)", 512, authority::GOST_512_A),
];

impl Algorithm {
    pub(crate) fn is_kazakh(&self) -> bool {
        matches!(self.country, Country::Kazakhstan(_))
    }

    pub(crate) fn is_gost(&self) -> bool {
        self.name.starts_with("GOST")
    }

    pub(crate) fn is_pss(&self) -> bool {
        self.preference.rsa_pss || self.is_pss_key()
    }

    /// Whether the certificate's key signs with PSS only.
    pub(crate) fn is_pss_key(&self) -> bool {
        self.name.starts_with("RSA-PSS key")
    }
}
