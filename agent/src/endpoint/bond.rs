//! What lasts of an application beyond one call: its last use, its end, and what it holds open meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::problem::rate_limited;
use crate::messages::Fault;

/// The most streams of events that one application has open: a program needs one, and one for each window perhaps.
const MOST_STREAMS: usize = 8;
/// The most calls of one application that wait: as many as it may have questions before the person at once (`questions:100`), so that each
/// of them can be waited for.
const MOST_WAITS: usize = 100;
/// When it is worth trying again. Nobody knows when a stream or a wait ends.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// The same for as long as the application is paired, whatever else of it is read anew.
#[derive(Clone, Debug)]
pub(super) struct Bond {
    /// Seconds since 1970; 0 when never.
    last_used: Arc<AtomicI64>,
    ended: CancellationToken,
    streams: Arc<Semaphore>,
    waits: Arc<Semaphore>,
}

/// Something that an application holds open; it counts until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    _place: OwnedSemaphorePermit,
}

impl Bond {
    pub(super) fn new(last_used: i64) -> Self {
        Self {
            last_used: Arc::new(AtomicI64::new(last_used)),
            ended: CancellationToken::new(),
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
            waits: Arc::new(Semaphore::new(MOST_WAITS)),
        }
    }

    /// Seconds since 1970; 0 when never.
    pub(super) fn last_used(&self) -> i64 {
        self.last_used.load(Ordering::Relaxed)
    }

    /// Notes a use, if the last one is the one that the caller knows of.
    pub(super) fn used(&self, before: i64, now: i64) -> bool {
        self.last_used.swap(now, Ordering::Relaxed) == before
    }

    pub(super) fn last_used_at(&self) -> Option<OffsetDateTime> {
        let seconds = self.last_used();
        (seconds > 0).then(|| OffsetDateTime::from_unix_timestamp(seconds).ok())?
    }

    /// Ends what the application holds open.
    pub(super) fn end(&self) {
        self.ended.cancel();
    }

    /// Returns when the connection of the application was ended.
    pub(super) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// A stream of events.
    ///
    /// # Errors
    /// `rate_limited` when there are too many.
    pub(super) fn stream(&self) -> Result<Held, Fault> {
        hold(&self.streams, MOST_STREAMS, "streams of events")
    }

    /// A call that waits.
    ///
    /// # Errors
    /// `rate_limited` when there are too many.
    pub(super) fn wait(&self) -> Result<Held, Fault> {
        hold(&self.waits, MOST_WAITS, "waiting calls")
    }
}

fn hold(places: &Arc<Semaphore>, most: usize, of_what: &str) -> Result<Held, Fault> {
    match Arc::clone(places).try_acquire_owned() {
        Ok(place) => Ok(Held { _place: place }),
        Err(_) => Err(rate_limited(TRY_AGAIN).detail(format_args!("an application has at most {most} {of_what} open"))),
    }
}
