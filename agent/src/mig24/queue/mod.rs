//! The organisation's message queues: consumed where the profile says so, every event stored before it is acknowledged.
//!
//! One set of queues belongs to an organisation, and what one consumer acknowledges is gone for every other. So no queue is consumed unless it is
//! configured, and one agent of the organisation at most should be.

mod broker;
mod consumer;
mod event;
mod status;

pub(super) use consumer::QueueConsumer;
pub use event::{QueueEvent, QueueTopic};
pub(super) use status::{QueueBoard, Watched};
pub use status::{QueueState, QueueStatus};

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::service::Mig24;
use crate::messages::Fault;
use crate::store::{Store, queue_events};

/// The word for this service in the store.
const SERVICE: &str = "mig24";

/// The most events that are read at once.
const MOST: u32 = 1000;

impl Mig24 {
    /// The consumers of every profile that has queues.
    pub fn queue_consumers(&self, store: &Store) -> Vec<QueueConsumer> {
        self.profiles()
            .all()
            .filter_map(|profile| {
                let queue = profile.config.queue.clone()?;
                Some(QueueConsumer::new(
                    profile.name.clone(),
                    queue,
                    store.clone(),
                    self.watched(&profile.name),
                ))
            })
            .collect()
    }

    /// Where the consumer of a profile's queues stands.
    ///
    /// # Errors
    /// `profile_unknown`.
    pub fn queue_status(&self, profile: &str) -> Result<QueueStatus, Fault> {
        let profile = self.profile(profile)?;
        Ok(self.watched(&profile.name).status())
    }

    /// The events of a profile after number `after`, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// `profile_unknown`, `store_failed`.
    pub async fn events(&self, store: &Store, profile: &str, after: i64, limit: u32) -> Result<Vec<QueueEvent>, Fault> {
        let profile = self.profile(profile)?;
        let names = profile
            .config
            .queue
            .as_ref()
            .map(|queue| queue.names.clone())
            .unwrap_or_default();
        let name = profile.name.clone();
        let limit = limit.clamp(1, MOST);
        let stored = store
            .read(move |connection| queue_events::after(connection, SERVICE, &name, after, limit))
            .await?;
        Ok(stored
            .into_iter()
            .map(|event| QueueEvent::of_stored(event, &names))
            .collect())
    }

    /// As [`Mig24::events`]; when there are none it looks again as they arrive, for as long as `wait`.
    ///
    /// # Errors
    /// `profile_unknown`, `store_failed`.
    pub async fn events_within(
        &self,
        store: &Store,
        profile: &str,
        after: i64,
        limit: u32,
        wait: Duration,
    ) -> Result<Vec<QueueEvent>, Fault> {
        let deadline = Instant::now() + wait;
        // Listening begins before the look, so that nothing falls between.
        let mut changes = self.queue_changes(profile)?;
        loop {
            let events = self.events(store, profile, after, limit).await?;
            if !events.is_empty() || Instant::now() >= deadline {
                return Ok(events);
            }
            tokio::select! {
                () = sleep_until(deadline) => {}
                // The sender lives as long as `self`.
                _ = changes.changed() => {}
            }
        }
    }

    /// Every change of a profile's consumer, the arrival of an event included.
    ///
    /// # Errors
    /// `profile_unknown`.
    pub fn queue_changes(&self, profile: &str) -> Result<watch::Receiver<QueueStatus>, Fault> {
        let profile = self.profile(profile)?;
        Ok(self.watched(&profile.name).changes())
    }
}
