use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::bucket::Bucket;
use super::caller::{Caller, Identity};

/// So many requests at once for an application, refilled within [`REQUESTS_PERIOD`].
const REQUESTS: u32 = 300;
const REQUESTS_PERIOD: Duration = Duration::from_secs(10);
/// So many requests at once for all who show no token together.
const OPEN_REQUESTS: u32 = 300;

/// The rate limits of callers. The person's own command line and page have none.
#[derive(Debug)]
pub(super) struct Rates {
    open: Mutex<Bucket>,
    applications: Mutex<HashMap<Uuid, Bucket>>,
}

impl Rates {
    pub(super) fn new() -> Self {
        Self {
            open: Mutex::new(Bucket::new(OPEN_REQUESTS, REQUESTS_PERIOD)),
            applications: Mutex::default(),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub(super) fn take(&self, caller: &Caller) -> Result<(), Duration> {
        match &caller.identity {
            Identity::Owner | Identity::Page(_) => Ok(()),
            Identity::Anyone => self.open.lock().unwrap_or_else(PoisonError::into_inner).take(),
            Identity::Application(application) => self
                .applications
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(application.id)
                .or_insert_with(|| Bucket::new(REQUESTS, REQUESTS_PERIOD))
                .take(),
        }
    }
}
