use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use pkcs11_profiles::Catalogue;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::batch::{Batch, Signatures};
use super::discovery::{self, Discovery, Origin};
use super::duplicates::{self, Shelf, Standing};
use super::error::TokenError;
use super::inventory::{Inventory, ModuleState, ModuleStatus, Token};
use super::keeper::{self, Keeper, Order, Polling, SignOrder};
use super::kept_logins::{self, KeptLogins};
use super::launch::{Deadlines, Launch, ModuleSpec, UnknownProfile};
use super::presence::{self, ReaderStatus};
use super::progress::Progress;
use super::protocol::Library;
use super::reader_list::ReaderList;
use super::reader_watch::ReaderWatch;
use super::readers::ReadersError;
use super::spawner::Spawner;
use super::supervision::CrashPolicy;
use crate::certificate::Pkcs11Uri;
use crate::consent::LoginUse;
use crate::platform::{clients_of_socket, own_program};

/// What a fleet is built from.
#[derive(Clone, Debug)]
pub struct FleetOptions {
    /// The modules of the configuration.
    pub modules: Vec<ModuleSpec>,
    /// The modules that the person added on the command line.
    pub added: Vec<ModuleSpec>,
    /// Where others are looked for; `None` looks nowhere.
    pub discovery: Option<Discovery>,
    /// Which module serves a token that several show, the best first.
    pub prefer: Vec<Preferred>,
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
            added: Vec::new(),
            discovery: None,
            prefer: Vec::new(),
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

/// A module that is to serve a token which others show, too.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Preferred {
    /// By the name of its profile or its path.
    Named(String),
    /// By a PKCS#11 URI with `module-path` or `module-name` (RFC 7512).
    Uri(Box<Pkcs11Uri>),
}

impl Preferred {
    fn means(&self, status: &ModuleStatus) -> bool {
        match self {
            Self::Named(name) => Some(name) == status.profile.as_ref() || Path::new(name) == status.path,
            Self::Uri(uri) => uri.names_module(&status.path.to_string_lossy()),
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
    options: FleetOptions,
    spawner: Spawner,
    polling: Option<Polling>,
    readers: ReaderList,
    watched: Option<ReaderWatch>,
    keepers: RwLock<Vec<Kept>>,
    board: Arc<Board>,
    logins: KeptLogins,
    /// Ends what follows the readers and the board.
    _ended: DropGuard,
}

impl Shared {
    fn keepers(&self) -> Vec<Kept> {
        self.keepers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A module with the way to its keeper.
#[derive(Clone, Debug)]
struct Kept {
    orders: mpsc::Sender<Order>,
    launch: Arc<Launch>,
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
        let program = options.worker_program.clone();
        let program = program.map_or_else(own_program, Ok).map_err(no_worker)?;
        let modules = discovery::modules(
            &options.modules,
            &options.added,
            options.discovery.as_ref(),
            &options.catalogue,
        );
        let watched = match options.watch_readers {
            true => Some(ReaderWatch::start().map_err(no_worker)?),
            false => None,
        };
        let polling = options.poll.map(|every| Polling {
            every,
            readers: watched.clone(),
        });
        let ended = CancellationToken::new();
        let shared = Arc::new(Shared {
            spawner: Spawner::new(program),
            polling,
            readers: ReaderList::start().map_err(no_worker)?,
            watched: watched.clone(),
            keepers: RwLock::default(),
            board: Arc::default(),
            logins: KeptLogins::default(),
            _ended: ended.clone().drop_guard(),
            options,
        });
        let fleet = Self { shared };
        for (spec, origin) in &modules {
            fleet.take_in(spec, *origin);
        }
        let shared = &fleet.shared;
        tokio::spawn(follow_board(
            Arc::downgrade(shared),
            shared.board.changes.subscribe(),
            ended.clone(),
        ));
        if let Some(readers) = watched {
            tokio::spawn(follow_readers(Arc::downgrade(shared), readers, ended));
        }
        Ok(fleet)
    }

    /// Takes a module in and gives it a keeper. One whose profile does not exist stays on the board with its error.
    fn take_in(&self, spec: &ModuleSpec, origin: Origin) {
        let Shared { options, board, .. } = &*self.shared;
        let launch = self.launch(spec).map(Arc::new);
        let status = status(spec, origin, launch.as_deref());
        let (preference, rank) = self.standing_of(&status);
        let place = board.add(status, preference, rank);
        let Ok(launch) = launch else { return };
        let (orders, incoming) = mpsc::channel(64);
        let publisher = Publisher {
            board: Arc::clone(board),
            place,
        };
        let spawner = self.shared.spawner.clone();
        let keeper = Keeper::new(Arc::clone(&launch), spawner, options.crash_policy, publisher);
        tokio::spawn(keeper.run(incoming, self.shared.polling.clone()));
        let mut keepers = self.shared.keepers.write().unwrap_or_else(PoisonError::into_inner);
        keepers.push(Kept { orders, launch });
    }

    fn launch(&self, spec: &ModuleSpec) -> Result<Launch, UnknownProfile> {
        let options = &self.shared.options;
        let sessions = options.sessions.or_else(|| std::thread::available_parallelism().ok());
        let sessions = sessions.map_or(1, NonZeroUsize::get);
        Launch::new(spec, &options.catalogue, options.deadlines, sessions)
    }

    /// What counts for a module that shows a token which others show, too.
    fn standing_of(&self, status: &ModuleStatus) -> (Option<usize>, u8) {
        let options = &self.shared.options;
        let profile = status.profile.as_deref();
        let preference = options.prefer.iter().position(|preferred| preferred.means(status));
        let rank = profile
            .and_then(|name| options.catalogue.profile(name))
            .map(|profile| profile.rank());
        (preference, rank.unwrap_or(UNKNOWN_RANK))
    }

    fn keeper(&self, module: &Path) -> Option<Kept> {
        let keepers = self.shared.keepers();
        keepers.into_iter().find(|kept| kept.launch.path == module)
    }

    /// Loads a module in a worker of its own, which ends at once, and takes it in when that went well.
    ///
    /// # Errors
    /// What is wrong with its file or with the module; it is not taken in then.
    pub async fn add(&self, spec: ModuleSpec) -> Result<Library, TokenError> {
        let launch = self.launch(&spec).map_err(|error| TokenError::ModuleUnusable {
            module: spec.path.display().to_string(),
            reason: error.to_string(),
        })?;
        let library = keeper::probe(&self.shared.spawner, launch).await?;
        if self.keeper(&spec.path).is_none() {
            self.take_in(&spec, Origin::Added);
        }
        Ok(library)
    }

    /// Lets go of a module that was added: its worker ends and its tokens go. False when there is no such module.
    pub fn remove(&self, module: &Path) -> bool {
        self.shared
            .keepers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            // The keeper ends with the last way to it.
            .retain(|kept| kept.launch.path != module);
        self.shared.board.remove(module)
    }

    /// Every smart card reader, with what becomes of the card in it.
    ///
    /// # Errors
    /// There is no PC/SC service, or it hangs.
    pub async fn readers(&self) -> Result<Vec<ReaderStatus>, ReadersError> {
        let readers = self.shared.readers.readers().await?;
        let holders = || clients_of_socket(&reader_service());
        Ok(presence::of_readers(
            readers,
            &self.inventory(),
            &self.shared.options.catalogue,
            holders,
        ))
    }

    /// Follows the readers, if they are watched: [`ReaderWatch::changed`] returns when a card or a reader came or went.
    pub fn watch_readers(&self) -> Option<ReaderWatch> {
        self.shared.watched.clone()
    }

    /// A mechanism's name (`CKM_…`), where the profile of the token's module names its value.
    pub fn mechanism_name(&self, token: &Token, mechanism: u64) -> Option<&str> {
        let inventory = self.inventory();
        let module = inventory.modules.iter().find(|module| module.path == token.id.module)?;
        let profile = self.shared.options.catalogue.profile(module.profile.as_deref()?)?;
        let mut named = profile.mechanisms.iter().filter(|named| named.value == mechanism);
        named.next().map(|named| named.name.as_str())
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
        for keeper in self.shared.keepers() {
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
    pub async fn release(&self, module: &Path) -> bool {
        let Some(keeper) = self.keeper(module) else {
            return false;
        };
        let (done, finished) = oneshot::channel();
        keeper.orders.send(Order::Release { done }).await.is_ok() && finished.await.is_ok()
    }

    pub(super) fn kept_logins(&self) -> &KeptLogins {
        &self.shared.logins
    }

    fn is_set_aside(&self, module: &Path) -> bool {
        let inventory = self.inventory();
        let mut modules = inventory.modules.iter();
        modules.any(|status| status.path == module && status.state == ModuleState::Quarantined)
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
        let keeper = self.keeper(&batch.token.module);
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
            (LoginUse::Keep(id), Some(Kept { orders, launch })) if !self.is_set_aside(&launch.path) => {
                let origin = kept_logins::Origin {
                    launch,
                    spawner: self.shared.spawner.clone(),
                    keeper: orders,
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
        for keeper in shared.keepers() {
            // A keeper whose orders are that many looks soon enough.
            let _ = keeper.orders.try_send(Order::Glance);
        }
        let logins = shared.logins.clone();
        drop(shared);
        logins.end_in(&emptied).await;
    }
}

/// Where PC/SC lite's service listens: where its own library looks for it.
fn reader_service() -> PathBuf {
    let named = std::env::var_os("PCSCLITE_CSOCK_NAME").filter(|name| !name.is_empty());
    named.map_or_else(|| PathBuf::from("/run/pcscd/pcscd.comm"), PathBuf::from)
}

/// The rank of a module that belongs to no known family.
const UNKNOWN_RANK: u8 = 10;

fn status(spec: &ModuleSpec, origin: Origin, launch: Result<&Launch, &UnknownProfile>) -> ModuleStatus {
    match launch {
        Ok(launch) => ModuleStatus {
            name: launch.name.clone(),
            path: launch.path.clone(),
            profile: launch.profile.clone(),
            origin,
            state: ModuleState::Idle,
        },
        Err(error) => ModuleStatus {
            name: spec.path.display().to_string(),
            path: spec.path.clone(),
            profile: spec.profile.clone(),
            origin,
            state: ModuleState::Failed(TokenError::ModuleUnusable {
                module: spec.path.display().to_string(),
                reason: error.to_string(),
            }),
        },
    }
}

/// What all keepers know, put together.
#[derive(Debug, Default)]
pub(super) struct Board {
    parts: Mutex<Parts>,
    changes: watch::Sender<Arc<Inventory>>,
}

#[derive(Debug, Default)]
struct Parts {
    parts: Vec<Part>,
    last_place: usize,
}

#[derive(Debug)]
struct Part {
    place: usize,
    preference: Option<usize>,
    rank: u8,
    status: ModuleStatus,
    tokens: Vec<Token>,
}

impl Board {
    /// Gives a module a place.
    fn add(&self, status: ModuleStatus, preference: Option<usize>, rank: u8) -> usize {
        let mut place = 0;
        self.change(|parts| {
            parts.last_place += 1;
            place = parts.last_place;
            parts.parts.push(Part {
                place,
                preference,
                rank,
                status,
                tokens: Vec::new(),
            });
        });
        place
    }

    fn remove(&self, module: &Path) -> bool {
        let mut found = false;
        self.change(|parts| {
            let before = parts.parts.len();
            parts.parts.retain(|part| part.status.path != module);
            found = parts.parts.len() < before;
        });
        found
    }

    fn change(&self, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut parts);
        let now = parts.inventory();
        self.changes.send_if_modified(|before| {
            let changed = **before != now;
            if changed {
                *before = Arc::new(now);
            }
            changed
        });
    }
}

impl Parts {
    fn inventory(&self) -> Inventory {
        let shelves: Vec<Shelf<'_>> = self
            .parts
            .iter()
            .map(|part| Shelf {
                standing: Standing::new(part.preference, part.rank, part.place),
                module: part.status.path.clone(),
                tokens: &part.tokens,
            })
            .collect();
        Inventory {
            modules: self.parts.iter().map(|part| part.status.clone()).collect(),
            tokens: duplicates::once(&shelves),
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

    /// A module that was removed has no part any more.
    fn publish(&self, change: impl FnOnce(&mut Part)) {
        self.board.change(|parts| {
            if let Some(part) = parts.parts.iter_mut().find(|part| part.place == self.place) {
                change(part);
            }
        });
    }
}
