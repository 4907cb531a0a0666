use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::messages::Fault;

/// Where the consumer of a profile's queues stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Mig24QueueStatus)]
pub struct QueueStatus {
    /// Connected, trying, or off.
    pub state: QueueState,
    /// Why it is not connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub fault: Option<Fault>,
    /// The number of the last event that was stored since the agent started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_event: Option<i64>,
}

/// Whether queues are consumed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Mig24QueueState)]
pub enum QueueState {
    /// The profile has no queues.
    Off,
    /// Not connected; tried again and again.
    Connecting,
    /// Events are taken as they come.
    Connected,
}

/// What is seen of one profile's consumer by others. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::mig24) struct Watched(watch::Sender<QueueStatus>);

impl Watched {
    fn new() -> Self {
        Self(watch::Sender::new(QueueStatus {
            state: QueueState::Off,
            fault: None,
            last_event: None,
        }))
    }

    pub(super) fn status(&self) -> QueueStatus {
        self.0.borrow().clone()
    }

    pub(super) fn is(&self, state: QueueState, fault: Option<Fault>) {
        self.0.send_modify(|status| {
            status.state = state;
            status.fault = fault;
        });
    }

    pub(super) fn arrived(&self, seq: i64) {
        self.0.send_modify(|status| status.last_event = Some(seq));
    }

    /// Every change from now on.
    pub(super) fn changes(&self) -> watch::Receiver<QueueStatus> {
        self.0.subscribe()
    }
}

/// The consumers' states by profile.
#[derive(Clone, Debug, Default)]
pub(in crate::mig24) struct QueueBoard(Arc<Mutex<BTreeMap<String, Watched>>>);

impl QueueBoard {
    pub(in crate::mig24) fn of(&self, profile: &str) -> Watched {
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        board.entry(profile.to_owned()).or_insert_with(Watched::new).clone()
    }
}
