use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::bucket::Bucket;
use super::caller::{Caller, Identity};

/// A caller's rate holds on average over this time, in seconds.
const PERIOD: u32 = 10;

/// The rate limits of callers. The person's own command line and page have none.
#[derive(Debug)]
pub(super) struct Rates {
    /// How many requests at once, refilled within [`PERIOD`].
    requests: u32,
    /// Of all who show no token together.
    open: Mutex<Bucket>,
    applications: Mutex<HashMap<Uuid, Bucket>>,
}

impl Rates {
    /// So many requests a second for each.
    pub(super) fn new(per_second: u32) -> Self {
        let requests = per_second.saturating_mul(PERIOD);
        Self {
            requests,
            open: Mutex::new(bucket(requests)),
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
                .or_insert_with(|| bucket(self.requests))
                .take(),
        }
    }
}

fn bucket(requests: u32) -> Bucket {
    Bucket::new(requests, Duration::from_secs(u64::from(PERIOD)))
}
