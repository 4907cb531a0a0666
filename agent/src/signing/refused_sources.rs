//! The PIN sources that a token refused before this agent was started.
//!
//! Within one agent the token room knows the refused PINs themselves and lets a corrected one pass. Nothing of a PIN may outlive the agent, so what
//! is kept is only where each came from: a command that is its own agent must not spend a try with each call of a script.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::attempt::Attempt;
use super::calibration;
use crate::consent::{Unlock, UnlockSource};
use crate::messages::{Code, Fault};
use crate::store::{Store, refused_pin_sources};
use crate::token::{TokenError, TokenId};

/// Tokens with the sources that they refused.
#[derive(Debug, Default)]
pub(super) struct RefusedSources {
    known: OnceCell<Mutex<Known>>,
}

#[derive(Debug)]
struct Known {
    /// What the store had when it was first asked: what earlier agents sent.
    earlier: HashSet<(String, String)>,
    /// The tokens of which the store says something, so that nothing is written where there is nothing to forget.
    noted: HashSet<String>,
}

/// An unlock on its way to a token, as far as it matters here.
#[derive(Debug)]
pub(super) struct Try {
    token: String,
    by_person: bool,
    source: Option<String>,
}

impl Try {
    pub(super) fn new(token: &TokenId, unlock: &Unlock) -> Self {
        Self {
            token: calibration::key(token),
            by_person: unlock.source() == UnlockSource::Person,
            source: unlock.pin_source().map(str::to_owned),
        }
    }
}

impl RefusedSources {
    /// What stands against a try: an earlier agent sent the PIN of this very source, and the token refused it.
    ///
    /// # Errors
    /// `store_failed`.
    pub(super) async fn objection(&self, store: &Store, tried: &Try) -> Result<Option<Fault>, Fault> {
        let Some(source) = &tried.source else {
            return Ok(None);
        };
        let known = self.known(store).await?;
        let refused = locked(known).earlier.contains(&(tried.token.clone(), source.clone()));
        Ok(refused.then(|| TokenError::PinNotSentAgain.into()))
    }

    /// Takes note of how a try ended. A person's right PIN gives the token all its tries back.
    ///
    /// # Errors
    /// `store_failed`, `disk_full`.
    pub(super) async fn settle(
        &self,
        store: &Store,
        tried: Try,
        attempt: &Result<Attempt, Fault>,
    ) -> Result<(), Fault> {
        let token = tried.token;
        match (tried.source, attempt) {
            (Some(source), Ok(Attempt::Interrupted(fault))) if fault.code() == Code::PinIncorrect => {
                // What was refused earlier is read first: what is refused now is for the agents that come.
                locked(self.known(store).await?).noted.insert(token.clone());
                store
                    .write(move |tx| refused_pin_sources::remember(tx, &token, &source))
                    .await
            }
            (_, Ok(Attempt::Complete)) if tried.by_person => {
                let known = self.known(store).await?;
                if !locked(known).forget_earlier(&token) {
                    return Ok(());
                }
                let key = token.clone();
                store.write(move |tx| refused_pin_sources::forget(tx, &key)).await?;
                locked(known).noted.remove(&token);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn known(&self, store: &Store) -> Result<&Mutex<Known>, Fault> {
        let read = || async {
            let rows = store.read(refused_pin_sources::all).await?;
            Ok(Mutex::new(Known {
                noted: rows.iter().map(|(token, _)| token.clone()).collect(),
                earlier: rows.into_iter().collect(),
            }))
        };
        self.known.get_or_try_init(read).await
    }
}

impl Known {
    /// Every source may try again with the token; whether the store has something to forget, too.
    fn forget_earlier(&mut self, token: &str) -> bool {
        self.earlier.retain(|(refusing, _)| refusing != token);
        self.noted.contains(token)
    }
}

fn locked(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
