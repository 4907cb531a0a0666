//! The mechanisms of the module.

use cryptoki_sys::{
    CK_FLAGS, CK_MECHANISM_INFO, CK_MECHANISM_TYPE, CKF_GENERATE_KEY_PAIR, CKF_SIGN, CKM_GOSTR3410,
    CKM_GOSTR3410_KEY_PAIR_GEN,
};

use crate::parameter_set::KeySize;

/// The vendor space of TC26, `NSSCK_VENDOR_PKCS11_RU_TEAM` (OpenSC `src/pkcs11/pkcs11.h`, p11-kit `common/pkcs11x.h`).
pub(crate) const TC26: CK_MECHANISM_TYPE = 0xD432_1000;

/// One mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// `CKM_GOSTR3410_KEY_PAIR_GEN`, `CKM_GOSTR3410_512_KEY_PAIR_GEN`
    KeyPairGeneration(KeySize),
    /// `CKM_GOSTR3410`, `CKM_GOSTR3410_512`: the input is the digest
    SignDigest(KeySize),
    /// `CKM_GOSTR3410_WITH_GOSTR3411_12_256`, `…_512`: the input is hashed on the token
    HashAndSign(KeySize),
}

impl Mechanism {
    pub(crate) const ALL: [Self; 6] = [
        Self::KeyPairGeneration(KeySize::Bits256),
        Self::KeyPairGeneration(KeySize::Bits512),
        Self::SignDigest(KeySize::Bits256),
        Self::SignDigest(KeySize::Bits512),
        Self::HashAndSign(KeySize::Bits256),
        Self::HashAndSign(KeySize::Bits512),
    ];

    pub(crate) fn from_type(kind: CK_MECHANISM_TYPE) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.to_type() == kind)
    }

    pub(crate) fn to_type(self) -> CK_MECHANISM_TYPE {
        match self {
            Self::KeyPairGeneration(KeySize::Bits256) => CKM_GOSTR3410_KEY_PAIR_GEN,
            Self::KeyPairGeneration(KeySize::Bits512) => TC26 | 5,
            Self::SignDigest(KeySize::Bits256) => CKM_GOSTR3410,
            Self::SignDigest(KeySize::Bits512) => TC26 | 6,
            Self::HashAndSign(KeySize::Bits256) => TC26 | 8,
            Self::HashAndSign(KeySize::Bits512) => TC26 | 9,
        }
    }

    pub(crate) fn key_size(self) -> KeySize {
        match self {
            Self::KeyPairGeneration(size) | Self::SignDigest(size) | Self::HashAndSign(size) => size,
        }
    }

    pub(crate) fn info(self) -> CK_MECHANISM_INFO {
        let bits = match self.key_size() {
            KeySize::Bits256 => 256,
            KeySize::Bits512 => 512,
        };
        let flags: CK_FLAGS = match self {
            Self::KeyPairGeneration(_) => CKF_GENERATE_KEY_PAIR,
            Self::SignDigest(_) | Self::HashAndSign(_) => CKF_SIGN,
        };
        CK_MECHANISM_INFO {
            ulMinKeySize: bits,
            ulMaxKeySize: bits,
            flags,
        }
    }
}
