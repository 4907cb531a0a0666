use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::messages::Fault;

/// How many random bytes a bearer token holds.
const TOKEN_BYTES: usize = 32;

/// A bearer token or one-time code that the agent has just made. It is shown once and never stored.
#[derive(Clone, Debug)]
pub(crate) struct FreshToken(SecretString);

impl FreshToken {
    /// A new random one: `prefix` and 32 random bytes in base64url.
    pub(crate) fn generate(prefix: &str) -> Result<Self, Fault> {
        let mut bytes = [0_u8; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(Fault::internal)?;
        let text = format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
        Ok(Self(SecretString::from(text)))
    }

    /// The text to hand over.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash::of(self.expose())
    }
}

/// SHA-256 of a token: all that is stored. Comparing takes the same time whatever differs.
#[derive(Clone, Copy)]
pub(crate) struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token as it came.
    pub(crate) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Its bytes, for the store.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// Six random digits, for two screens to be compared by eye.
pub(crate) fn six_digits() -> Result<String, Fault> {
    let random = getrandom::u64().map_err(Fault::internal)?;
    Ok(format!("{:06}", random % 1_000_000))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn tokens_differ_and_are_kept_as_hashes() {
        let (a, b) = (
            FreshToken::generate("ts_").unwrap(),
            FreshToken::generate("ts_").unwrap(),
        );
        assert!(a.expose().starts_with("ts_"));
        assert_eq!(a.expose().len(), 3 + 43);
        assert!(a.hash() == TokenHash::of(a.expose()));
        assert!(a.hash() != b.hash());
        assert!(!format!("{a:?} {:?}", a.hash()).contains(&a.expose()[3..]));
    }

    #[test]
    fn codes_have_six_digits() {
        let code = six_digits().unwrap();
        assert_eq!(code.len(), 6);
        assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
    }
}
