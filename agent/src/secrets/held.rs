use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::resolve;
use crate::config::TokenSource;
use crate::messages::Fault;

/// How long a secret of the keyring is held: asking takes a process each time, and a job may make thousands of calls.
const HELD: Duration = Duration::from_secs(30);

/// A source of a secret that is asked again and again.
pub struct HeldSecret {
    source: TokenSource,
    held: Mutex<Option<(Instant, SecretString)>>,
}

impl HeldSecret {
    /// Nothing is read yet.
    pub fn new(source: TokenSource) -> Self {
        Self {
            source,
            held: Mutex::new(None),
        }
    }

    /// The secret: as it is now, or for the keyring as it was half a minute ago at most.
    ///
    /// # Errors
    /// Those of [`resolve`].
    pub fn fetch(&self) -> Result<SecretString, Fault> {
        if !matches!(self.source, TokenSource::Keyring(_)) {
            return resolve(&self.source);
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, secret)) = &*held
            && since.elapsed() < HELD
        {
            return Ok(secret.clone());
        }
        let secret = resolve(&self.source)?;
        *held = Some((Instant::now(), secret.clone()));
        Ok(secret)
    }
}

impl fmt::Debug for HeldSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldSecret")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
