use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::messages::Fault;

/// So many events can be read again after a lost connection.
const KEPT: usize = 1024;

/// One event of `GET /v1/events`.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Where it stands.
    pub(super) position: Position,
    pub(super) kind: EventKind,
    pub(super) data: Value,
}

/// A place in the stream: an event's, and whatever came before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Position {
    /// The run of the agent: each numbers its events anew.
    run: u32,
    /// From 1, without gaps while the agent runs; 0 is before the first.
    number: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{}", self.run, self.number)
    }
}

impl FromStr for Position {
    type Err = UnknownPosition;

    fn from_str(text: &str) -> Result<Self, UnknownPosition> {
        let (run, number) = text.split_once('-').ok_or(UnknownPosition)?;
        Ok(Self {
            run: u32::from_str_radix(run, 16).map_err(|_| UnknownPosition)?,
            number: number.parse().map_err(|_| UnknownPosition)?,
        })
    }
}

/// A text that is no [`Position`] of this version.
#[derive(Debug, thiserror::Error)]
#[error("this is the id of no event")]
pub(super) struct UnknownPosition;

/// What a listener says it read last; `None` where that says nothing here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known(Option<Position>);

impl Known {
    pub(super) fn of(id: &str) -> Self {
        Self(id.parse().ok())
    }
}

/// What a listener gets first.
#[derive(Debug)]
pub(super) struct Subscription {
    /// Whether events are lost between what the listener knows and `from`.
    pub(super) has_gap: bool,
    /// What everything that comes is after.
    pub(super) from: Position,
    /// The events after `from` so far.
    pub(super) missed: Vec<Arc<Event>>,
    /// Every event from now on.
    pub(super) receiver: broadcast::Receiver<Arc<Event>>,
}

/// What an event is about, and so who may read it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum EventKind {
    /// The inventory of tokens changed.
    Tokens,
    /// What becomes of the card in a reader changed.
    Reader,
    /// A question changed.
    Question,
    /// A job of this application (or of the person) changed.
    Job { application: Option<Uuid> },
    /// Applications were paired or revoked.
    Application,
    /// Something arrived in a service's message queue; the data name service and profile.
    QueueEvent,
    /// A remembered decision was given, used or ended.
    Grant,
    /// Everything was locked.
    Locked,
    /// iDocs told of a document.
    Idocs,
}

impl EventKind {
    /// The name of the event in the stream.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Reader => "reader",
            Self::Question => "question",
            Self::Job { .. } => "job",
            Self::Application => "application",
            Self::QueueEvent => "queue_event",
            Self::Grant => "grant",
            Self::Locked => "locked",
            Self::Idocs => "idocs",
        }
    }
}

/// Numbers the agent's events, keeps the last ones and hands them to whoever listens.
#[derive(Debug)]
pub(super) struct Events {
    /// What tells this run's events from those of others.
    run: u32,
    recent: Mutex<Recent>,
    sender: broadcast::Sender<Arc<Event>>,
}

#[derive(Debug, Default)]
struct Recent {
    last: u64,
    events: VecDeque<Arc<Event>>,
}

impl Events {
    /// # Errors
    /// `internal` when the system gives no randomness.
    pub(super) fn new() -> Result<Self, Fault> {
        let (sender, _) = broadcast::channel(KEPT);
        Ok(Self {
            run: getrandom::u32().map_err(Fault::internal)?,
            recent: Mutex::default(),
            sender,
        })
    }

    /// Tells everybody.
    pub(super) fn tell(&self, kind: EventKind, data: Value) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.last += 1;
        let event = Arc::new(Event {
            position: self.at(recent.last),
            kind,
            data,
        });
        if recent.events.len() == KEPT {
            recent.events.pop_front();
        }
        recent.events.push_back(Arc::clone(&event));
        // Sent under the lock, so that nobody sees them out of order. Nobody listening is fine.
        let _ = self.sender.send(event);
    }

    /// The events after what a listener knows, and every one from now on. One that knows nothing yet misses nothing.
    pub(super) fn subscribe(&self, after: Option<Known>) -> Subscription {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let before_kept = recent.last - recent.events.len() as u64;
        let is_kept =
            |position: &Position| position.run == self.run && (before_kept..=recent.last).contains(&position.number);
        let (from, has_gap) = match after {
            None => (recent.last, false),
            Some(Known(Some(position))) if is_kept(&position) => (position.number, false),
            // Of an earlier run, of another version, or too long ago.
            Some(Known(_)) => (before_kept, true),
        };
        let missed = recent.events.iter().filter(|event| event.position.number > from);
        Subscription {
            has_gap,
            from: self.at(from),
            missed: missed.cloned().collect(),
            receiver: self.sender.subscribe(),
        }
    }

    fn at(&self, number: u64) -> Position {
        Position { run: self.run, number }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn told(count: usize) -> Events {
        let events = Events::new().unwrap();
        for n in 1..=count {
            events.tell(EventKind::Tokens, Value::from(n));
        }
        events
    }

    /// Whether there is a gap, and the first and last number that come again.
    fn again(events: &Events, after: Option<&str>) -> (bool, Option<(u64, u64)>) {
        let Subscription { has_gap, missed, .. } = events.subscribe(after.map(Known::of));
        let ends = missed.first().zip(missed.last());
        (
            has_gap,
            ends.map(|(first, last)| (first.position.number, last.position.number)),
        )
    }

    #[test]
    fn missed_events_come_again_in_order() {
        let events = told(3);
        let id = |number| events.at(number).to_string();
        assert_eq!(again(&events, None), (false, None));
        assert_eq!(again(&events, Some(&id(0))), (false, Some((1, 3))));
        assert_eq!(again(&events, Some(&id(1))), (false, Some((2, 3))));
        assert_eq!(again(&events, Some(&id(3))), (false, None));
    }

    #[test]
    fn what_cannot_be_told_shows_as_a_gap() {
        let events = told(3);
        let elsewhere = Position {
            run: events.run ^ 1,
            number: 2,
        };
        for id in [elsewhere.to_string(), events.at(900).to_string(), "2".to_owned()] {
            assert_eq!(again(&events, Some(&id)), (true, Some((1, 3))), "{id}");
        }
        let many = told(KEPT + 5);
        let kept = (6, KEPT as u64 + 5);
        assert_eq!(again(&many, Some(&many.at(4).to_string())), (true, Some(kept)));
        assert_eq!(again(&many, Some(&many.at(5).to_string())), (false, Some(kept)));
    }
}
