//! One session and the operations active in it.

use std::collections::VecDeque;

use cryptoki_sys::{CK_OBJECT_HANDLE, CKR_DATA_LEN_RANGE, CKR_OPERATION_NOT_INITIALIZED};
use streebog::{Digest, Streebog256, Streebog512};

use crate::mechanism::Mechanism;
use crate::parameter_set::KeySize;
use crate::return_value::{Failure, Result};

/// A session and its active operations (PKCS #11 v2.40 base, section 5.6): at most one search and one signature.
pub(crate) struct Session {
    pub(crate) read_write: bool,
    pub(crate) search: Option<VecDeque<CK_OBJECT_HANDLE>>,
    pub(crate) signing: Option<Signing>,
}

/// A signature between `C_SignInit` and its end.
pub(crate) struct Signing {
    pub(crate) key: CK_OBJECT_HANDLE,
    pub(crate) size: KeySize,
    /// A context-specific login is still missing.
    pub(crate) needs_login: bool,
    input: Input,
}

enum Input {
    Digest,
    Hash256(Streebog256),
    Hash512(Streebog512),
}

impl Signing {
    pub(crate) fn new(key: CK_OBJECT_HANDLE, mechanism: Mechanism, needs_login: bool) -> Self {
        let input = match mechanism {
            Mechanism::HashAndSign(KeySize::Bits256) => Input::Hash256(Streebog256::new()),
            Mechanism::HashAndSign(KeySize::Bits512) => Input::Hash512(Streebog512::new()),
            Mechanism::SignDigest(_) | Mechanism::KeyPairGeneration(_) => Input::Digest,
        };
        Self {
            key,
            size: mechanism.key_size(),
            needs_login,
            input,
        }
    }

    /// Bytes of the signature to come.
    pub(crate) fn signature_bytes(&self) -> usize {
        2 * self.size.bytes()
    }

    /// Takes a part of the content. A mechanism that signs a digest works in one part only, as in SoftHSM.
    pub(crate) fn update(&mut self, part: &[u8]) -> Result<()> {
        match &mut self.input {
            Input::Digest => return Err(Failure(CKR_OPERATION_NOT_INITIALIZED)),
            Input::Hash256(hash) => hash.update(part),
            Input::Hash512(hash) => hash.update(part),
        }
        Ok(())
    }

    /// The digest to sign, `rest` being the last part or the only one.
    pub(crate) fn digest(self, rest: &[u8]) -> Result<Vec<u8>> {
        match self.input {
            Input::Digest if rest.len() == self.size.bytes() => Ok(rest.to_vec()),
            Input::Digest => Err(Failure(CKR_DATA_LEN_RANGE)),
            Input::Hash256(hash) => Ok(hash.chain_update(rest).finalize().to_vec()),
            Input::Hash512(hash) => Ok(hash.chain_update(rest).finalize().to_vec()),
        }
    }
}
