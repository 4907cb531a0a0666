use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::broadcast;
use uuid::Uuid;

/// So many events can be read again after a lost connection.
const KEPT: usize = 1024;

/// One event of `GET /v1/events`.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Its number, from 1, without gaps while the agent runs.
    pub(super) sequence: u64,
    pub(super) kind: EventKind,
    pub(super) data: Value,
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
    recent: Mutex<Recent>,
    sender: broadcast::Sender<Arc<Event>>,
}

#[derive(Debug, Default)]
struct Recent {
    last: u64,
    events: VecDeque<Arc<Event>>,
}

impl Events {
    pub(super) fn new() -> Self {
        let (sender, _) = broadcast::channel(KEPT);
        Self {
            recent: Mutex::default(),
            sender,
        }
    }

    /// Tells everybody.
    pub(super) fn tell(&self, kind: EventKind, data: Value) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.last += 1;
        let event = Arc::new(Event {
            sequence: recent.last,
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

    /// The events after number `after` that are still kept, and every one from now on.
    pub(super) fn subscribe(&self, after: Option<u64>) -> (Vec<Arc<Event>>, broadcast::Receiver<Arc<Event>>) {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = match after {
            // A number of an earlier run of the agent: everything since its start is new.
            Some(after) if after > recent.last => recent.events.iter().cloned().collect(),
            Some(after) => recent
                .events
                .iter()
                .filter(|event| event.sequence > after)
                .cloned()
                .collect(),
            None => Vec::new(),
        };
        (missed, self.sender.subscribe())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_events_come_again_in_order() {
        let events = Events::new();
        for n in 1..=3 {
            events.tell(EventKind::Tokens, Value::from(n));
        }
        let numbers = |after| {
            events
                .subscribe(after)
                .0
                .iter()
                .map(|event| event.sequence)
                .collect::<Vec<_>>()
        };
        assert_eq!(numbers(None), Vec::<u64>::new());
        assert_eq!(numbers(Some(1)), [2, 3]);
        assert_eq!(numbers(Some(3)), Vec::<u64>::new());
        assert_eq!(numbers(Some(900)), [1, 2, 3]);
    }

    #[test]
    fn only_so_many_are_kept() {
        let events = Events::new();
        for n in 0..KEPT + 5 {
            events.tell(EventKind::Locked, Value::from(n));
        }
        assert_eq!(events.subscribe(Some(0)).0.len(), KEPT);
    }
}
