//! The PINs that programs gave and tokens refused: none of them is sent a second time.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use secrecy::{ExposeSecret as _, SecretString};

use super::error::TokenError;
use super::inventory::TokenId;
use crate::consent::{Unlock, UnlockSource};

/// What is remembered of refused PINs, by token: certificates of one token share its tries. A token may count tries without showing it
/// in its flags, so the flags alone do not keep a program from locking it, one request after another.
#[derive(Debug, Default)]
pub(super) struct RefusedPins {
    /// Only keyed hashes: nothing here tells what was tried.
    tokens: HashMap<TokenId, HashSet<u64>>,
    keys: RandomState,
}

/// An unlock on its way to a token, as far as it matters here.
#[derive(Debug)]
pub(super) struct Try {
    token: TokenId,
    source: UnlockSource,
    pin: Option<u64>,
}

impl RefusedPins {
    /// Lets a try pass, to be settled by [`RefusedPins::settle`].
    ///
    /// # Errors
    /// The token refused this very PIN, and it comes from a program again.
    pub(super) fn pass(&self, token: &TokenId, unlock: &Unlock) -> Result<Try, TokenError> {
        let pin = unlock.pin().map(|pin| self.hash(pin));
        let refused = |pin| self.tokens.get(token).is_some_and(|pins| pins.contains(&pin));
        if unlock.source() == UnlockSource::Unattended && pin.is_some_and(refused) {
            return Err(TokenError::PinNotSentAgain);
        }
        Ok(Try {
            token: token.clone(),
            source: unlock.source(),
            pin,
        })
    }

    /// Takes note of how a try ended.
    pub(super) fn settle<T>(&mut self, tried: Try, result: &Result<T, TokenError>) {
        match (tried.source, result) {
            (UnlockSource::Unattended, Err(TokenError::PinIncorrect { .. })) => {
                self.tokens.entry(tried.token).or_default().extend(tried.pin);
            }
            // Since then the person may have changed the PIN to the configured one, and a right PIN gives the token all its tries back.
            (UnlockSource::Person, Ok(_)) => {
                self.tokens.remove(&tried.token);
            }
            (UnlockSource::Person | UnlockSource::Unattended | UnlockSource::Grant, _) => {}
        }
    }

    fn hash(&self, pin: &SecretString) -> u64 {
        self.keys.hash_one(pin.expose_secret())
    }
}
