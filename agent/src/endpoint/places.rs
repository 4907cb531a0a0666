use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most connections at once, for the socket and for TCP each: hundreds of programs may wait for the person.
const MOST_CONNECTIONS: usize = 384;
/// So many more, where only the person's page and command line are served: whatever programs hold open, the person gets in. All places
/// of both together stay within the 1024 descriptors that a process has as a rule.
const KEPT_FOR_THE_PERSON: usize = 32;

/// The places for the connections of one listener.
#[derive(Debug)]
pub(super) struct Places {
    any: Arc<Semaphore>,
    kept: Arc<Semaphore>,
}

/// A connection's place; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    /// Whether most places were taken when it was given.
    pub(super) is_crowded: bool,
    /// Whether it is one of those that are kept for the person.
    pub(super) is_kept: bool,
}

impl Places {
    pub(super) fn new() -> Self {
        Self {
            any: Arc::new(Semaphore::new(MOST_CONNECTIONS)),
            kept: Arc::new(Semaphore::new(KEPT_FOR_THE_PERSON)),
        }
    }

    /// A place, if there is one; those that are kept for the person come last.
    pub(super) fn take(&self) -> Option<Place> {
        if let Ok(permit) = Arc::clone(&self.any).try_acquire_owned() {
            return Some(Place {
                _permit: permit,
                is_crowded: self.any.available_permits() < MOST_CONNECTIONS / 2,
                is_kept: false,
            });
        }
        Arc::clone(&self.kept).try_acquire_owned().ok().map(Place::kept)
    }

    /// As [`Places::take`], once there is one.
    pub(super) async fn wait(&self) -> Option<Place> {
        match self.take() {
            Some(place) => Some(place),
            None => Arc::clone(&self.kept).acquire_owned().await.ok().map(Place::kept),
        }
    }
}

impl Place {
    fn kept(permit: OwnedSemaphorePermit) -> Self {
        Self {
            _permit: permit,
            is_crowded: true,
            is_kept: true,
        }
    }
}
