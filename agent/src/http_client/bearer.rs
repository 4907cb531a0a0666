use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

use crate::messages::Fault;

/// Where a profile's bearer token comes from, read anew for every call so that a replaced token works without a restart.
#[derive(Clone)]
pub struct Bearer {
    read: Arc<dyn Fn() -> Result<SecretString, Fault> + Send + Sync>,
}

impl Bearer {
    /// A bearer that `read` gives; it answers `service_token_missing` when there is none.
    pub fn new(read: impl Fn() -> Result<SecretString, Fault> + Send + Sync + 'static) -> Self {
        Self { read: Arc::new(read) }
    }

    /// The token as it is now.
    ///
    /// # Errors
    /// `service_token_missing`.
    pub(super) fn read(&self) -> Result<SecretString, Fault> {
        (self.read)()
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer([redacted])")
    }
}
