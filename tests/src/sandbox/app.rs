//! Everything that the handlers share, and the router over it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use axum::Router;
use axum::middleware;
use http::StatusCode;

use super::bearer::BearerToken;
use super::behaviour::Behaviour;
use super::call::Call;
use super::config::{Company, Organisation, People};
use super::effects::{EffectLog, Happened};
use super::faults::{FaultBook, FaultRule};
use super::request_log::RequestLog;
use super::storage::{BlobStore, Storage};
use super::verification::OpenSsl;
use super::{control, fault_layer, idocs, mig24};

/// The state of a running sandbox.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) base_url: String,
    pub(crate) idocs_token: BearerToken,
    pub(crate) mig24_token: BearerToken,
    pub(crate) company: Company,
    pub(crate) organisation: Organisation,
    pub(crate) people: People,
    pub(crate) openssl: OpenSsl,
    pub(crate) blobs: BlobStore,
    pub(crate) idocs: Mutex<idocs::Records>,
    pub(crate) mig24: Mutex<mig24::Records>,
    pub(crate) faults: Mutex<FaultBook>,
    pub(crate) requests: Mutex<RequestLog>,
    pub(crate) effects: Mutex<EffectLog>,
    pub(crate) behaviour: RwLock<Behaviour>,
    pub(crate) initial_behaviour: Behaviour,
    /// Where MIG24's events go.
    pub(crate) publisher: Option<mig24::Publisher>,
    // Last, so that a temporary directory outlives everything that has files in it.
    pub(crate) _storage: Storage,
}

impl App {
    pub(crate) fn record(&self, call: &Call, happened: Happened) -> io::Result<()> {
        locked(&self.effects).record(call, happened)
    }

    /// Publishes an event of MIG24, where there is a broker.
    pub(crate) fn publish(&self, message: mig24::Message) {
        if let Some(publisher) = &self.publisher {
            publisher.publish(message);
        }
    }

    pub(crate) fn behaviour(&self) -> Behaviour {
        self.behaviour.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_behaviour(&self, behaviour: Behaviour) {
        *self.behaviour.write().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    pub(crate) fn add_faults(&self, rules: Vec<FaultRule>) {
        locked(&self.faults).add(rules);
    }

    /// Forgets everything that happened, and every fault. Tokens, people and their ids stay.
    pub(crate) fn reset(&self) -> io::Result<()> {
        locked(&self.faults).clear();
        locked(&self.requests).clear();
        self.set_behaviour(self.initial_behaviour.clone());
        locked(&self.idocs).clear()?;
        locked(&self.mig24).clear()?;
        locked(&self.effects).clear()
    }
}

/// Locks; what a panicking handler left behind is still a consistent record, each is replaced whole.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Both services under the faults, and the control API beside them.
pub(crate) fn router(app: Arc<App>) -> Router {
    let services = Router::new()
        .merge(idocs::router(&app))
        .merge(mig24::router(&app))
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), fault_layer::apply));
    services.merge(control::router()).with_state(app)
}

/// A request for a method that the sandbox does not have is logged, and struck by faults, like any other.
async fn unknown() -> (StatusCode, &'static str) {
    (
        StatusCode::NOT_FOUND,
        "the sandbox has no such method; its README lists what it has",
    )
}
