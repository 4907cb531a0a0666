//! Follows the readers of PC/SC in a thread of its own, so that a card that comes or goes is seen at once.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{debug, info};

use super::readers::{Card, Reader, ReaderService, ReadersError};

/// How long without a service until it is looked for again.
const WITHOUT_SERVICE: Duration = Duration::from_secs(2);

/// One wait; in between the thread looks whether anybody still listens.
const WAIT: Duration = Duration::from_secs(2);

/// After a change, the time in which others that come with it are taken together: a module that opens a card changes its state several times.
const SETTLING: Duration = Duration::from_millis(20);

/// What the readers hold, as last seen. The thread ends when the last clone is gone.
#[derive(Clone, Debug)]
pub struct ReaderWatch {
    seen: watch::Receiver<Option<Arc<[Reader]>>>,
}

impl ReaderWatch {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(super) fn start() -> io::Result<Self> {
        let (sender, seen) = watch::channel(None);
        thread::Builder::new()
            .name("readers".to_owned())
            .spawn(move || follow(&sender))?;
        Ok(Self { seen })
    }

    /// Whether there is a service that tells of cards.
    pub(super) fn is_watching(&self) -> bool {
        self.seen.borrow().is_some()
    }

    /// Waits until a card or a reader came or went, or the service itself did, and gives the readers in which a card is not the one that was
    /// there before. `None` when nothing will ever be seen again.
    pub async fn changed(&mut self) -> Option<Vec<String>> {
        let before = self.seen.borrow_and_update().clone();
        self.seen.changed().await.ok()?;
        let now = self.seen.borrow_and_update().clone();
        Some(emptied(before.as_deref().unwrap_or_default(), now.as_deref()))
    }
}

/// The readers whose card is gone, or went and came back. Without a service nothing is known of cards, and a restart of it forgets who was
/// logged in: all of them.
fn emptied(before: &[Reader], now: Option<&[Reader]>) -> Vec<String> {
    let same = |old: &Reader| {
        let new = now.unwrap_or_default().iter().find(|new| new.name == old.name);
        new.is_some_and(|new| is_card(new) && new.events == old.events && new.atr == old.atr)
    };
    let gone = before.iter().filter(|old| is_card(old) && !same(old));
    gone.map(|old| old.name.clone()).collect()
}

fn is_card(reader: &Reader) -> bool {
    matches!(reader.card, Card::Present | Card::Exclusive)
}

fn follow(sender: &watch::Sender<Option<Arc<[Reader]>>>) {
    while !sender.is_closed() {
        let ended = ReaderService::connect().and_then(|service| follow_service(service, sender));
        if let Err(error) = ended {
            let was_there = sender.send_replace(None).is_some();
            if was_there {
                info!(%error, "the readers are not watched any more");
            } else {
                debug!(%error, "the readers cannot be watched");
            }
            thread::sleep(WITHOUT_SERVICE);
        }
    }
}

/// Until nobody listens or the service goes.
fn follow_service(
    mut service: ReaderService,
    sender: &watch::Sender<Option<Arc<[Reader]>>>,
) -> Result<(), ReadersError> {
    while !sender.is_closed() {
        let readers = service.readers()?;
        sender.send_if_modified(|before| {
            let changed = before.as_deref().is_none_or(|before| !are_alike(before, &readers));
            if changed {
                *before = Some(readers.into());
            }
            changed
        });
        service.wait_for_change(WAIT)?;
        thread::sleep(SETTLING);
    }
    Ok(())
}

/// Whether two lists hold the same cards. Who uses a card changes its state, too, and is nobody's business here: looking at it because it is being
/// looked at would never end.
fn are_alike(before: &[Reader], now: &[Reader]) -> bool {
    let what = |reader: &Reader| (reader.name.clone(), is_card(reader), reader.atr.clone(), reader.events);
    before.iter().map(what).eq(now.iter().map(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(name: &str, card: Card, events: u32) -> Reader {
        let atr = if card == Card::Absent { vec![] } else { vec![0x3B] };
        Reader {
            name: name.to_owned(),
            card,
            atr,
            events,
        }
    }

    #[test]
    fn a_card_that_is_only_used_by_somebody_has_not_changed() {
        let idle = [reader("a", Card::Present, 1)];
        assert!(are_alike(&idle, &[reader("a", Card::Exclusive, 1)]));
        assert!(!are_alike(&idle, &[reader("a", Card::Absent, 2)]));
        assert!(
            !are_alike(&idle, &[reader("a", Card::Present, 3)]),
            "pulled and put back"
        );
        assert!(!are_alike(&idle, &[]));
    }

    #[test]
    fn what_was_pulled_is_named_also_when_it_is_back() {
        let before = [
            reader("stays", Card::Present, 1),
            reader("pulled", Card::Present, 1),
            reader("back", Card::Present, 1),
            reader("empty", Card::Absent, 0),
        ];
        let now = [
            reader("stays", Card::Present, 1),
            reader("pulled", Card::Absent, 2),
            reader("back", Card::Present, 3),
            reader("empty", Card::Present, 1),
        ];
        assert_eq!(emptied(&before, Some(&now)), ["pulled", "back"]);
        assert_eq!(emptied(&before, None), ["stays", "pulled", "back"]);
    }
}
