use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use pkcs11_profiles::Catalogue;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::batch::{Batch, Signatures};
use super::discovery::{self, Discovery};
use super::error::TokenError;
use super::inventory::{Inventory, ModuleState, ModuleStatus, Token};
use super::keeper::{Keeper, Order, Polling, SignOrder};
use super::kept_logins::{self, KeptLogins, Origin};
use super::launch::{Deadlines, Launch, ModuleSpec};
use super::progress::Progress;
use super::reader_watch::ReaderWatch;
use super::spawner::Spawner;
use super::supervision::CrashPolicy;
use crate::consent::LoginUse;
use crate::platform::own_program;

/// What a fleet is built from.
#[derive(Clone, Debug)]
pub struct FleetOptions {
    /// The modules of the configuration.
    pub modules: Vec<ModuleSpec>,
    /// Where others are looked for; `None` looks nowhere.
    pub discovery: Option<Discovery>,
    /// The known token families.
    pub catalogue: Catalogue,
    /// The program that is started as `tokensign worker`; this one when absent.
    pub worker_program: Option<PathBuf>,
    /// How often a module that was asked once is looked at again; `None` only when asked.
    pub poll: Option<Duration>,
    /// Whether the readers of PC/SC are watched, so that a card that comes or goes is seen at once.
    pub watch_readers: bool,
    /// In how many sessions one module may sign at once, where its profile says that it gains from it; one a core when absent.
    pub sessions: Option<NonZeroUsize>,
    /// How long modules may take.
    pub deadlines: Deadlines,
    /// How much they may crash.
    pub crash_policy: CrashPolicy,
}

impl FleetOptions {
    /// Nothing configured, nothing looked for, no readers watched, a look every two seconds.
    pub fn new(catalogue: Catalogue) -> Self {
        Self {
            modules: Vec::new(),
            discovery: None,
            catalogue,
            worker_program: None,
            poll: Some(Duration::from_secs(2)),
            watch_readers: false,
            sessions: None,
            deadlines: Deadlines::default(),
            crash_policy: CrashPolicy::default(),
        }
    }
}

/// All PKCS#11 modules, each in a process of its own. Cheap to clone; the workers end with the last clone.
#[derive(Clone, Debug)]
pub struct Fleet {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    keepers: Vec<Kept>,
    spawner: Spawner,
    board: Arc<Board>,
    logins: KeptLogins,
    /// Ends what follows the readers and the board.
    _ended: DropGuard,
}

/// A module with the way to its keeper.
#[derive(Debug)]
struct Kept {
    orders: mpsc::Sender<Order>,
    /// `None` when its profile does not exist; then orders find nobody.
    launch: Option<Arc<Launch>>,
}

impl Fleet {
    /// Finds the modules. No worker is started before something is asked. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`TokenError::NoWorker`] when the system has no thread left, or this program's file cannot be told.
    pub fn new(options: FleetOptions) -> Result<Self, TokenError> {
        let no_worker = |error: std::io::Error| TokenError::NoWorker {
            reason: error.to_string(),
        };
        let program = options.worker_program.map_or_else(own_program, Ok).map_err(no_worker)?;
        let spawner = Spawner::start(program).map_err(no_worker)?;
        let specs = discovery::modules(&options.modules, options.discovery.as_ref(), &options.catalogue);
        let sessions = options.sessions.or_else(|| std::thread::available_parallelism().ok());
        let sessions = sessions.map_or(1, NonZeroUsize::get);
        let launches: Vec<_> = specs
            .iter()
            .map(|spec| (spec, Launch::new(spec, &options.catalogue, options.deadlines, sessions)))
            .collect();
        let readers = match options.watch_readers {
            true => Some(ReaderWatch::start().map_err(no_worker)?),
            false => None,
        };
        let polling = options.poll.map(|every| Polling {
            every,
            readers: readers.clone(),
        });
        let board = Arc::new(Board::new(
            launches
                .iter()
                .map(|(spec, launch)| status(spec, launch.as_ref()))
                .collect(),
        ));
        let mut keepers = Vec::new();
        for (place, (_, launch)) in launches.into_iter().enumerate() {
            let (orders, incoming) = mpsc::channel(64);
            let launch = launch.ok().map(Arc::new);
            // A module whose profile does not exist stays on the board with its error.
            if let Some(launch) = &launch {
                let publisher = Publisher {
                    board: Arc::clone(&board),
                    place,
                };
                let keeper = Keeper::new(Arc::clone(launch), spawner.clone(), options.crash_policy, publisher);
                tokio::spawn(keeper.run(incoming, polling.clone()));
            }
            keepers.push(Kept { orders, launch });
        }
        let ended = CancellationToken::new();
        let shared = Arc::new(Shared {
            keepers,
            spawner,
            board,
            logins: KeptLogins::default(),
            _ended: ended.clone().drop_guard(),
        });
        tokio::spawn(follow_board(
            Arc::downgrade(&shared),
            shared.board.changes.subscribe(),
            ended.clone(),
        ));
        if let Some(readers) = readers {
            tokio::spawn(follow_readers(Arc::downgrade(&shared), readers, ended));
        }
        Ok(Self { shared })
    }

    /// What is known now.
    pub fn inventory(&self) -> Arc<Inventory> {
        self.shared.board.changes.borrow().clone()
    }

    /// Follows what is known: the receiver wakes at every change.
    pub fn watch(&self) -> watch::Receiver<Arc<Inventory>> {
        self.shared.board.changes.subscribe()
    }

    /// Looks at every module now, starting those that do not run and trying those again that failed. Modules that are set aside
    /// stay so. From then on they are polled.
    pub async fn refresh(&self) -> Arc<Inventory> {
        let mut looks = Vec::new();
        for keeper in &self.shared.keepers {
            let (done, finished) = oneshot::channel();
            if keeper.orders.send(Order::Look { afresh: true, done }).await.is_ok() {
                looks.push(finished);
            }
        }
        for look in looks {
            // A keeper that is gone has nothing more to publish.
            let _ = look.await;
        }
        self.inventory()
    }

    /// Releases the module with that path from quarantine and tries it. False when there is no such module.
    pub async fn release(&self, module: &std::path::Path) -> bool {
        let place = self.inventory().modules.iter().position(|status| status.path == module);
        let Some(keeper) = place.and_then(|place| self.shared.keepers.get(place)) else {
            return false;
        };
        let (done, finished) = oneshot::channel();
        keeper.orders.send(Order::Release { done }).await.is_ok() && finished.await.is_ok()
    }

    pub(super) fn kept_logins(&self) -> &KeptLogins {
        &self.shared.logins
    }

    fn is_set_aside(&self, place: Option<usize>) -> bool {
        let inventory = self.inventory();
        let status = place.and_then(|place| inventory.modules.get(place));
        status.is_some_and(|status| status.state == ModuleState::Quarantined)
    }

    /// Signs a batch: logs in afresh, signs each item, logs out. The outcomes come as they are made, and may overtake each other where the
    /// module signs in several sessions. What the unlock says of keeping the login is obeyed.
    ///
    /// Nothing is retried: after a wrong PIN, a pulled token or a crash, what was not begun waits for the person.
    pub async fn sign(&self, batch: Batch) -> Signatures {
        let count = batch.items.len();
        // Room for every outcome: the worker never waits for the reader of its signatures.
        let (sender, outcomes) = mpsc::channel(count.max(1));
        let cancellation = CancellationToken::new();
        let inventory = self.inventory();
        let place = inventory
            .modules
            .iter()
            .position(|status| status.path == batch.token.module);
        let keeper = place.and_then(|place| self.shared.keepers.get(place));
        let token = inventory.tokens.iter().find(|token| token.id == batch.token);
        let order = SignOrder {
            at_the_device: token.is_some_and(|token| token.pin.at_the_device),
            batch,
            outcomes: sender,
            cancellation: cancellation.clone(),
        };
        let order = Box::new(order);
        let unsent = match (order.batch.unlock.login(), keeper) {
            (LoginUse::Kept(id), _) => {
                if let Err(order) = self.shared.logins.sign(id, order).await {
                    kept_logins::refuse(*order);
                }
                None
            }
            (
                LoginUse::Keep(id),
                Some(Kept {
                    orders,
                    launch: Some(launch),
                }),
            ) if !self.is_set_aside(place) => {
                let origin = Origin {
                    launch: Arc::clone(launch),
                    spawner: self.shared.spawner.clone(),
                    keeper: orders.clone(),
                    token: token.cloned(),
                };
                self.shared.logins.keep(id, origin, order);
                None
            }
            // The keeper of a module that is set aside says so.
            (LoginUse::Once | LoginUse::Keep(_), Some(keeper)) => {
                keeper.orders.send(Order::Sign(order)).await.err().map(|error| error.0)
            }
            (LoginUse::Once | LoginUse::Keep(_), None) => Some(Order::Sign(order)),
        };
        if let Some(Order::Sign(order)) = unsent {
            let token = order.batch.token.label.clone();
            Progress::new(count, order.outcomes).stop(TokenError::TokenAbsent { token });
        }
        Signatures {
            outcomes,
            _cancel_on_drop: cancellation.clone().drop_guard(),
            cancellation,
        }
    }
}

/// Ends the kept logins of tokens that are gone.
async fn follow_board(shared: Weak<Shared>, mut changes: watch::Receiver<Arc<Inventory>>, ended: CancellationToken) {
    while let Some(Ok(())) = ended.run_until_cancelled(changes.changed()).await {
        let inventory = changes.borrow_and_update().clone();
        let Some(logins) = shared.upgrade().map(|shared| shared.logins.clone()) else {
            return;
        };
        logins.end_absent(&inventory).await;
    }
}

/// Has every module look when a card or a reader comes or goes, and ends the logins of cards that were pulled.
async fn follow_readers(shared: Weak<Shared>, mut readers: ReaderWatch, ended: CancellationToken) {
    while let Some(Some(emptied)) = ended.run_until_cancelled(readers.changed()).await {
        let Some(shared) = shared.upgrade() else {
            return;
        };
        for keeper in &shared.keepers {
            // A keeper whose orders are that many looks soon enough.
            let _ = keeper.orders.try_send(Order::Glance);
        }
        let logins = shared.logins.clone();
        drop(shared);
        logins.end_in(&emptied).await;
    }
}

fn status(spec: &ModuleSpec, launch: Result<&Launch, &super::launch::UnknownProfile>) -> ModuleStatus {
    match launch {
        Ok(launch) => ModuleStatus {
            name: launch.name.clone(),
            path: launch.path.clone(),
            profile: launch.profile.clone(),
            state: ModuleState::Idle,
        },
        Err(error) => ModuleStatus {
            name: spec.path.display().to_string(),
            path: spec.path.clone(),
            profile: spec.profile.clone(),
            state: ModuleState::Failed(TokenError::ModuleUnusable {
                module: spec.path.display().to_string(),
                reason: error.to_string(),
            }),
        },
    }
}

/// What all keepers know, put together.
#[derive(Debug)]
pub(super) struct Board {
    parts: Mutex<Vec<Part>>,
    changes: watch::Sender<Arc<Inventory>>,
}

#[derive(Debug)]
struct Part {
    status: ModuleStatus,
    tokens: Vec<Token>,
}

impl Board {
    fn new(modules: Vec<ModuleStatus>) -> Self {
        let (changes, _) = watch::channel(Arc::new(Inventory {
            modules: modules.clone(),
            tokens: Vec::new(),
        }));
        let parts = modules.into_iter().map(|status| Part {
            status,
            tokens: Vec::new(),
        });
        Self {
            parts: Mutex::new(parts.collect()),
            changes,
        }
    }
}

/// One module's place on the board.
#[derive(Debug)]
pub(super) struct Publisher {
    board: Arc<Board>,
    place: usize,
}

impl Publisher {
    /// The module's state changed; its tokens stay as they were.
    pub(super) fn state(&self, state: ModuleState) {
        self.publish(|part| part.status.state = state);
    }

    /// The module's state and what it sees now.
    pub(super) fn tokens(&self, state: ModuleState, tokens: Vec<Token>) {
        self.publish(|part| {
            part.status.state = state;
            part.tokens = tokens;
        });
    }

    fn publish(&self, change: impl FnOnce(&mut Part)) {
        let mut parts = self.board.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(part) = parts.get_mut(self.place) else {
            return;
        };
        change(part);
        let now = Inventory {
            modules: parts.iter().map(|part| part.status.clone()).collect(),
            tokens: parts.iter().flat_map(|part| part.tokens.iter().cloned()).collect(),
        };
        self.board.changes.send_if_modified(|before| {
            let changed = **before != now;
            if changed {
                *before = Arc::new(now);
            }
            changed
        });
    }
}
