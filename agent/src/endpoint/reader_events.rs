//! What becomes of the cards in the readers, told as it changes: a card whose driver is missing is no token, and nothing else would tell of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::events::EventKind;
use super::routes::ReaderWord;
use super::shared::Shared;
use crate::messages::Code;
use crate::token::{Presence, ReaderStatus, ReaderWatch};

/// How long a module may take to show a card before it is said that it does not.
const SHOWING: Duration = Duration::from_secs(5);

/// What was told of a reader.
type Told = (ReaderWord, Option<Code>);

/// Tells of every reader that is not as it was told, until the agent ends.
pub(super) async fn tell(shared: Arc<Shared>) {
    let Some(mut readers) = shared.fleet.watch_readers() else {
        return;
    };
    let mut inventory = shared.fleet.watch();
    let mut told = BTreeMap::new();
    let mut awaited = look(&shared, &mut told, false).await;
    loop {
        let again = tokio::select! {
            () = shared.shutdown.cancelled() => return,
            changed = changed(&mut readers) => match changed {
                Some(()) => false,
                None => return,
            },
            // A module shows the card, or shows it no more.
            changed = inventory.changed() => match changed {
                Ok(()) => false,
                Err(_) => return,
            },
            () = sleep(SHOWING), if awaited => true,
        };
        awaited = look(&shared, &mut told, again).await;
    }
}

async fn changed(readers: &mut ReaderWatch) -> Option<()> {
    readers.changed().await.map(drop)
}

/// Tells what has changed. A module that does not show its card yet is told of when it had its time (`had_time`); says whether there is one.
async fn look(shared: &Shared, told: &mut BTreeMap<String, Told>, had_time: bool) -> bool {
    // Without a service there are no readers; what was told of them holds no more.
    let statuses = shared.fleet.readers().await.unwrap_or_default();
    let is_awaited = |status: &ReaderStatus| !had_time && matches!(status.presence, Presence::NotSeen { .. });
    let now: BTreeMap<String, Told> = statuses
        .iter()
        .filter(|status| !is_awaited(status))
        .map(|status| {
            let code = status.fault().map(|fault| fault.code());
            (status.reader.name.clone(), (ReaderWord::of(&status.presence), code))
        })
        .collect();
    for (reader, (state, code)) in &now {
        // An empty reader is news only after a card.
        let before = told.get(reader).map_or((ReaderWord::Empty, None), |told| *told);
        if before != (*state, *code) {
            let data = json!({ "reader": reader, "state": state, "code": code });
            shared.events.tell(EventKind::Reader, data);
        }
    }
    let awaited = statuses.iter().any(is_awaited);
    told.retain(|reader, _| statuses.iter().any(|status| status.reader.name == *reader));
    told.extend(now);
    awaited
}
