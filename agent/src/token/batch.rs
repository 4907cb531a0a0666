use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::authorised::Authorised;
use super::error::TokenError;
use super::inventory::TokenId;
use crate::consent::Unlock;

/// What is signed under one login.
#[derive(Debug)]
pub struct Batch {
    /// The token whose key signs.
    pub token: TokenId,
    /// What is signed, all with one certificate's key.
    pub items: Vec<Authorised>,
    /// What opens the token for it, once.
    pub unlock: Unlock,
}

/// What became of one item of a batch. Every item gets exactly one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// The item's place in the batch.
    pub index: usize,
    /// The token got the digest reversed (GOST R 34.10), whatever the item said: it was found out that it has to.
    pub reversed_digest: bool,
    /// The signature as PKCS#11 lays it down (ECDSA `r ‖ s`, GOST `s ‖ r`, big-endian), or why there is none.
    pub result: Result<Vec<u8>, Unsigned>,
}

impl Outcome {
    pub(super) fn unsigned(index: usize, why: Unsigned) -> Self {
        Self {
            index,
            reversed_digest: false,
            result: Err(why),
        }
    }
}

/// Why an item has no signature.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unsigned {
    /// It was being signed when this happened. The token may have made a signature that nobody has seen.
    #[error(transparent)]
    Failed(Arc<TokenError>),
    /// It was never given to the token, because of this. It can go on after the person entered the PIN again.
    #[error("not signed: {0}")]
    NotBegun(Arc<TokenError>),
}

impl Unsigned {
    /// What happened.
    pub fn cause(&self) -> &TokenError {
        match self {
            Self::Failed(cause) | Self::NotBegun(cause) => cause,
        }
    }
}

/// The outcomes of a batch, as they come. Dropping it cancels what was not begun.
#[derive(Debug)]
pub struct Signatures {
    pub(super) outcomes: mpsc::Receiver<Outcome>,
    pub(super) cancellation: CancellationToken,
    pub(super) _cancel_on_drop: DropGuard,
}

impl Signatures {
    /// The next outcome; `None` when every item has had its own.
    pub async fn next(&mut self) -> Option<Outcome> {
        self.outcomes.recv().await
    }

    /// The next outcome if it is there already.
    pub fn at_hand(&mut self) -> Option<Outcome> {
        self.outcomes.try_recv().ok()
    }

    /// Ends the batch before its next signature. The items that remain come out as not begun, for [`TokenError::Cancelled`].
    pub fn cancel(&self) {
        self.cancellation.cancel();
    }

    /// A handle that cancels from elsewhere.
    pub fn cancellation(&self) -> CancellationToken {
        self.cancellation.clone()
    }
}
