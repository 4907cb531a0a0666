//! Logins that outlive their batch, one for each grant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};
use uuid::Uuid;

use super::error::TokenError;
use super::fleet::Fleet;
use super::inventory::{Inventory, Token, TokenId};
use super::keeper::{Order, SignOrder};
use super::launch::Launch;
use super::progress::Progress;
use super::serving::{NotServing, Over, Serving};
use super::spawner::Spawner;
use crate::platform::check_module_file;

/// A batch whose unlock says [`LoginUse::Keep`](crate::consent::LoginUse::Keep) logs in, in a worker process of its own, and stays
/// logged in there under that id when all of it is signed; one that says [`LoginUse::Kept`](crate::consent::LoginUse::Kept) signs
/// there without a PIN. No PIN is stored: what is kept is the session. A login ends when it is told to, when its token goes, when
/// its worker ends, when a batch of it fails, and with the fleet. A key that wants a login for each signature
/// (CKA_ALWAYS_AUTHENTICATE) keeps none.
impl Fleet {
    /// Whether a login is kept under that id.
    pub fn has_kept_login(&self, id: Uuid) -> bool {
        self.kept_logins().has(id)
    }

    /// Ends the login that is kept under that id, if there is one: logs out and ends its worker.
    pub async fn end_kept_login(&self, id: Uuid) {
        self.kept_logins().end(|login, _| login == id).await;
    }

    /// Ends every kept login.
    pub async fn end_kept_logins(&self) {
        self.kept_logins().end(|_, _| true).await;
    }
}

/// The kept logins of a fleet.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptLogins {
    logins: Arc<Mutex<HashMap<Uuid, Login>>>,
}

/// The way to one login's task.
#[derive(Debug)]
struct Login {
    token: TokenId,
    /// The reader of the token when the login began.
    reader: String,
    orders: mpsc::Sender<Task>,
    /// The login stands and no batch of it failed.
    stands: bool,
}

/// What a login's task is asked to do.
enum Task {
    Sign(Box<SignOrder>),
    End { done: oneshot::Sender<()> },
}

/// Where a login's worker comes from.
pub(super) struct Origin {
    pub(super) launch: Arc<Launch>,
    pub(super) spawner: Spawner,
    /// The module's keeper, which counts its crashes.
    pub(super) keeper: mpsc::Sender<Order>,
    /// The token, as it was listed last.
    pub(super) token: Option<Token>,
}

/// So many batches may wait for one login.
const WAITING: usize = 64;

impl KeptLogins {
    /// Logs in for a batch and keeps the login when all of it is signed.
    pub(super) fn keep(&self, id: Uuid, origin: Origin, order: Box<SignOrder>) {
        let (orders, tasks) = mpsc::channel(WAITING);
        let login = Login {
            token: order.batch.token.clone(),
            reader: origin
                .token
                .as_ref()
                .map(|token| token.reader.clone())
                .unwrap_or_default(),
            orders,
            stands: false,
        };
        // An id names one login: an earlier one under it ends when its orders are dropped.
        self.lock().insert(id, login);
        // The list holds the way to the task, so the task must not hold the list: both end with the fleet.
        let list = Listed {
            id,
            logins: Arc::downgrade(&self.logins),
        };
        tokio::spawn(serve(list, origin, *order, tasks));
    }

    /// Gives a batch to the login that is kept under that id, or says that there is none.
    pub(super) async fn sign(&self, id: Uuid, order: Box<SignOrder>) -> Result<(), Box<SignOrder>> {
        let orders = self
            .lock()
            .get(&id)
            .filter(|login| login.stands)
            .map(|login| login.orders.clone());
        let Some(orders) = orders else {
            return Err(order);
        };
        match orders.send(Task::Sign(order)).await {
            Ok(()) => Ok(()),
            Err(mpsc::error::SendError(Task::Sign(order))) => Err(order),
            Err(mpsc::error::SendError(Task::End { .. })) => Ok(()),
        }
    }

    /// Ends the logins of tokens that are gone.
    pub(super) async fn end_absent(&self, inventory: &Inventory) {
        self.end(|_, login| !inventory.tokens.iter().any(|token| token.id == login.token))
            .await;
    }

    /// Ends the logins of tokens in these readers.
    pub(super) async fn end_in(&self, readers: &[String]) {
        // A slot's description is the reader's name, cut to 64 bytes.
        let pulled = |login: &Login| {
            !login.reader.is_empty() && readers.iter().any(|reader| reader.starts_with(login.reader.as_str()))
        };
        self.end(|_, login| pulled(login)).await;
    }

    fn has(&self, id: Uuid) -> bool {
        self.lock().get(&id).is_some_and(|login| login.stands)
    }

    async fn end(&self, which: impl Fn(Uuid, &Login) -> bool) {
        let mut ends = Vec::new();
        {
            let mut logins = self.lock();
            let ids: Vec<Uuid> = logins
                .iter()
                .filter(|&(id, login)| which(*id, login))
                .map(|(id, _)| *id)
                .collect();
            for id in ids {
                // From now on nothing signs with it, whatever its worker is doing.
                if let Some(login) = logins.remove(&id) {
                    ends.push(login.orders);
                }
            }
        }
        for orders in ends {
            let (done, ended) = oneshot::channel();
            // A task that ended by itself has logged out.
            if orders.send(Task::End { done }).await.is_ok() {
                let _ = ended.await;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Login>> {
        lock(&self.logins)
    }
}

fn lock(logins: &Mutex<HashMap<Uuid, Login>>) -> MutexGuard<'_, HashMap<Uuid, Login>> {
    logins.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A login's place in the list, which goes with the value.
struct Listed {
    id: Uuid,
    logins: Weak<Mutex<HashMap<Uuid, Login>>>,
}

impl Listed {
    /// From now on batches may use the login. One that was ended meanwhile is not in the list any more, and has its order to end.
    fn stands(&self) {
        if let Some(logins) = self.logins.upgrade()
            && let Some(login) = lock(&logins).get_mut(&self.id)
        {
            login.stands = true;
        }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        if let Some(logins) = self.logins.upgrade() {
            lock(&logins).remove(&self.id);
        }
    }
}

/// The life of one login.
async fn serve(listed: Listed, origin: Origin, first: SignOrder, mut tasks: mpsc::Receiver<Task>) {
    let token = first.batch.token.label.clone();
    let mut progress = Progress::new(first.batch.items.len(), first.outcomes.clone());
    if first.cancellation.is_cancelled() {
        return progress.stop(TokenError::Cancelled);
    }
    let mut worker = match origin.start().await {
        Ok(worker) => worker,
        Err(error) => return progress.stop(error),
    };
    let mut stands = origin.sign(&mut worker, first, &mut progress, || listed.stands()).await;
    drop(progress);
    info!(token, stands, "a login to keep was made");
    let mut ended = None;
    while stands {
        let task = tokio::select! {
            task = tasks.recv() => task,
            how = worker.connection.ended() => {
                warn!(token, how, "the worker of a kept login ended");
                let _ = origin.keeper.send(Order::CrashedElsewhere).await;
                None
            }
        };
        match task {
            Some(Task::Sign(order)) => {
                let mut progress = Progress::new(order.batch.items.len(), order.outcomes.clone());
                stands = origin.sign(&mut worker, *order, &mut progress, || {}).await;
            }
            Some(Task::End { done }) => {
                ended = Some(done);
                break;
            }
            None => break,
        }
    }
    drop(listed);
    worker.connection.shut_down().await;
    info!(token, "a kept login ended");
    if let Some(done) = ended {
        let _ = done.send(());
    }
    // What came too late has its outcome all the same.
    tasks.close();
    while let Some(task) = tasks.recv().await {
        match task {
            Task::Sign(order) => refuse(*order),
            Task::End { done } => drop(done),
        }
    }
}

impl Origin {
    async fn start(&self) -> Result<Serving, TokenError> {
        let name = &self.launch.name;
        let file = check_module_file(&self.launch.path).map_err(|error| TokenError::from_file(error, name))?;
        match Serving::start(&self.spawner, &self.launch, &file).await {
            Ok(worker) => Ok(worker),
            Err(NotServing::NotStarted(error) | NotServing::NotLoaded(error)) => Err(error),
            Err(NotServing::Lost(how, broken)) => {
                let _ = self.keeper.send(Order::CrashedElsewhere).await;
                Err(broken.into_error(name.clone(), how))
            }
        }
    }

    /// Signs a batch; whether the login stands afterwards, which is told before the last outcome can be read.
    async fn sign(
        &self,
        worker: &mut Serving,
        order: SignOrder,
        progress: &mut Progress,
        stands: impl FnOnce(),
    ) -> bool {
        let signed = worker
            .sign(
                &self.launch,
                order.batch,
                order.at_the_device,
                &order.cancellation,
                progress,
            )
            .await;
        match signed {
            Ok(Ok(Over { kept })) => {
                if kept {
                    stands();
                }
                kept
            }
            Ok(Err(error)) => {
                progress.stop(error);
                false
            }
            Err(broken) => {
                if broken.is_a_crash() {
                    let _ = self.keeper.send(Order::CrashedElsewhere).await;
                }
                let how = worker.connection.end().await;
                progress.stop(broken.into_error(self.launch.name.clone(), how));
                false
            }
        }
    }
}

/// The outcomes of a batch whose login is gone. Nothing of it was begun.
pub(super) fn refuse(order: SignOrder) {
    let token = order.batch.token.label.clone();
    Progress::new(order.batch.items.len(), order.outcomes).stop(TokenError::LoginEnded { token });
}
