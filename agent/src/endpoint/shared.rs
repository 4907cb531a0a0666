use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use super::applications::Applications;
use super::credentials::TokenHash;
use super::events::Events;
use super::metrics::Metrics;
use super::page_sessions::PageSessions;
use super::pairings::Pairings;
use super::rates::Rates;
use super::refusals::Refusals;
use crate::config::{AddedModules, Config};
use crate::consent::{Desk, Grants};
use crate::idocs::Idocs;
use crate::jobs::Engine;
use crate::mig24::Mig24;
use crate::preview::Previewer;
use crate::store::Store;
use crate::token::Fleet;

/// What the guard and every route work with.
pub(super) struct Shared {
    pub(super) config: Arc<Config>,
    pub(super) store: Store,
    pub(super) desk: Desk,
    pub(super) grants: Grants,
    pub(super) engine: Engine,
    pub(super) fleet: Fleet,
    /// The record of the modules that the person added.
    pub(super) added_modules: AddedModules,
    pub(super) idocs: Idocs,
    pub(super) mig24: Mig24,
    pub(super) applications: Arc<Applications>,
    pub(super) pairings: Arc<Pairings>,
    pub(super) pages: PageSessions,
    pub(super) previewer: Previewer,
    pub(super) owner_token: TokenHash,
    pub(super) rates: Rates,
    pub(super) refusals: Arc<Refusals>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) events: Arc<Events>,
    /// The loopback address that is listened on, if any.
    pub(super) http: Option<SocketAddr>,
    pub(super) started: Instant,
    /// Ends every connection and stream.
    pub(super) shutdown: CancellationToken,
}
