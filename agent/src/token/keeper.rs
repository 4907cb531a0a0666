//! The keeper of one module: starts its worker when it is needed, speaks to it, buries it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::batch::{Batch, Outcome, Unsigned};
use super::connection::{Broken, Connection};
use super::error::TokenError;
use super::fleet::Publisher;
use super::inventory::{ModuleState, Token};
use super::launch::Launch;
use super::protocol::{Answer, Library, Login, Request, SignRequest};
use super::spawner::Spawner;
use super::supervision::{CrashPolicy, Supervision};
use crate::platform::check_module_file;

/// What a keeper is asked to do. One thing at a time: the module has one thread.
#[derive(Debug)]
pub(super) enum Order {
    /// Look at the tokens and publish what is there.
    Look {
        /// Read everything anew.
        afresh: bool,
        done: oneshot::Sender<()>,
    },
    /// Sign a batch.
    Sign(Box<SignOrder>),
    /// Forget the crashes, then look.
    Release { done: oneshot::Sender<()> },
}

/// A batch with where its outcomes go.
#[derive(Debug)]
pub(super) struct SignOrder {
    pub(super) batch: Batch,
    /// The token has a PIN pad, or the module a dialog: no PIN crosses.
    pub(super) at_the_device: bool,
    pub(super) outcomes: mpsc::Sender<Outcome>,
    pub(super) cancellation: CancellationToken,
}

pub(super) struct Keeper {
    launch: Arc<Launch>,
    spawner: Spawner,
    supervision: Supervision,
    publisher: Publisher,
    worker: Option<Worker>,
    /// Somebody asked once; from then on the module is polled.
    asked: bool,
}

/// A worker whose module is initialised.
struct Worker {
    connection: Connection,
    library: Library,
}

impl Keeper {
    pub(super) fn new(launch: Launch, spawner: Spawner, policy: CrashPolicy, publisher: Publisher) -> Self {
        Self {
            launch: Arc::new(launch),
            spawner,
            supervision: Supervision::new(policy),
            publisher,
            worker: None,
            asked: false,
        }
    }

    /// Takes orders until nobody can give any more.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>, poll: Option<Duration>) {
        loop {
            let order = match poll.filter(|_| self.asked) {
                None => orders.recv().await,
                Some(interval) => match tokio::time::timeout(interval, orders.recv()).await {
                    Ok(order) => order,
                    Err(_) => {
                        self.poll().await;
                        continue;
                    }
                },
            };
            let Some(order) = order else {
                break;
            };
            self.asked = true;
            match order {
                Order::Look { afresh, done } => {
                    self.look(afresh).await;
                    let _ = done.send(());
                }
                Order::Sign(order) => self.sign(*order).await,
                Order::Release { done } => {
                    self.supervision.release();
                    self.look(true).await;
                    let _ = done.send(());
                }
            }
        }
        if let Some(worker) = self.worker.take() {
            worker.connection.shut_down().await;
        }
    }

    /// A look that nobody waits for: not while the module has to rest.
    async fn poll(&mut self) {
        if self.worker.is_some() || self.supervision.wait(Instant::now()).is_zero() {
            self.look(false).await;
        }
    }

    async fn look(&mut self, afresh: bool) {
        match self.tokens(afresh).await {
            Ok(Some((library, tokens))) => self.publisher.tokens(ModuleState::Ready(library), tokens),
            Ok(None) => {}
            Err(error) => self.publisher.tokens(self.failed(&error), Vec::new()),
        }
    }

    /// What lies on the tokens; `None` when nothing changed since the last look.
    async fn tokens(&mut self, afresh: bool) -> Result<Option<(Library, Vec<Token>)>, TokenError> {
        let within = self.launch.deadlines.reading;
        let worker = self.worker().await?;
        let mut records = Vec::new();
        let listed = async {
            let id = worker.connection.writer.send(&Request::Inventory { afresh }).await?;
            loop {
                match worker.connection.reader.answer(id, within).await? {
                    Answer::Token(record) => records.push(*record),
                    Answer::Listed => return Ok(Ok(true)),
                    Answer::Unchanged => return Ok(Ok(false)),
                    Answer::Failed(error) => return Ok(Err(error)),
                    _ => return Err(Broken::Garbage("an answer to another question".to_owned())),
                }
            }
        };
        let listed = match listed.await {
            Ok(listed) => listed,
            Err(broken) => return Err(self.lost(broken).await),
        };
        self.supervision.did_well();
        let name = &self.launch.name;
        if !listed.map_err(|error| TokenError::from_worker(error, name, ""))? {
            return Ok(None);
        }
        let quirks = &self.launch.settings.quirks;
        let tokens = records
            .into_iter()
            .map(|record| Token::new(self.launch.path.clone(), name, quirks, record));
        let library = self
            .worker
            .as_ref()
            .map(|worker| worker.library.clone())
            .unwrap_or_default();
        Ok(Some((library, tokens.collect())))
    }

    async fn sign(&mut self, order: SignOrder) {
        let mut progress = Progress::new(order.batch.items.len(), order.outcomes);
        // Nobody wants it any more: the token is not even logged in to.
        if order.cancellation.is_cancelled() {
            return progress.stop(TokenError::Cancelled);
        }
        if let Err(error) = self.worker().await {
            self.publisher.state(self.failed(&error));
            return progress.stop(error);
        }
        let way = if order.at_the_device {
            Login::AtTheDevice
        } else {
            Login::Secret
        };
        if let Err(error) = self
            .sign_batch(order.batch, way, &order.cancellation, &mut progress)
            .await
        {
            if self.worker.is_none() {
                self.publisher.state(self.failed(&error));
            }
            progress.stop(error);
        }
        // Tries, locks and pulled tokens show at once, and a worker that crashed for the first time is back at once.
        self.poll().await;
    }

    async fn sign_batch(
        &mut self,
        batch: Batch,
        way: Login,
        cancellation: &CancellationToken,
        progress: &mut Progress,
    ) -> Result<(), TokenError> {
        let Some(first) = batch.items.first() else {
            return Ok(());
        };
        let with_pin = way == Login::Secret && batch.unlock.pin().is_some();
        let request = SignRequest {
            token: batch.token.identity(),
            certificate: first.certificate(),
            login: if with_pin { Login::Secret } else { Login::AtTheDevice },
            last_try_confirmed: batch.unlock.confirm_last_try(),
            items: batch.items.iter().map(|item| item.item().clone()).collect(),
        };
        let token = batch.token.label.clone();
        let deadlines = self.launch.deadlines;
        let for_a_signature = if with_pin {
            deadlines.signature
        } else {
            deadlines.person
        };
        let for_login = deadlines.reading.max(for_a_signature);
        let name = self.launch.name.clone();
        let worker = self.worker().await?;
        let conversation = async {
            let id = match worker.connection.writer.send(&Request::Sign(request)).await {
                Ok(id) => id,
                Err(Broken::Garbage(_)) => return Ok(Err(TokenError::BatchTooLarge { items: progress.count })),
                Err(broken) => return Err(broken),
            };
            if let Some(pin) = batch.unlock.pin().filter(|_| with_pin) {
                worker.connection.writer.send_secret(id, pin).await?;
            }
            // The PIN has crossed and is not needed here any more.
            drop(batch.unlock);
            let mut within = for_login;
            let mut told = false;
            loop {
                let answer = worker.connection.reader.answer(id, within);
                tokio::pin!(answer);
                let answer = tokio::select! {
                    answer = &mut answer => answer?,
                    () = cancellation.cancelled(), if !told => {
                        told = true;
                        worker.connection.writer.cancel(id).await?;
                        answer.await?
                    }
                };
                within = for_a_signature;
                match answer {
                    Answer::LoggedIn => progress.begin(),
                    Answer::Signed {
                        index,
                        signature,
                        reversed_digest,
                    } => progress.signed(index, signature, reversed_digest),
                    Answer::NotSigned { index, error } => {
                        progress.failed(index, TokenError::from_worker(error, &name, &token));
                    }
                    Answer::Finished { cancelled: true } => return Ok(Err(TokenError::Cancelled)),
                    Answer::Finished { cancelled: false } => return Ok(Ok(())),
                    Answer::Failed(error) => return Ok(Err(TokenError::from_worker(error, &name, &token))),
                    _ => return Err(Broken::Garbage("an answer to another question".to_owned())),
                }
            }
        };
        let result = match conversation.await {
            Ok(result) => result,
            Err(broken) => return Err(self.lost(broken).await),
        };
        self.supervision.did_well();
        match result {
            // A failure of one item stopped the batch; what follows it was not begun for that reason.
            Ok(()) => progress.failure().map_or(Ok(()), Err),
            Err(error) => Err(error),
        }
    }

    /// How the module does after this error.
    fn failed(&self, error: &TokenError) -> ModuleState {
        if self.supervision.is_quarantined() {
            ModuleState::Quarantined
        } else {
            ModuleState::Failed(error.clone())
        }
    }

    /// The running worker, started if need be.
    async fn worker(&mut self) -> Result<&mut Worker, TokenError> {
        if self.worker.is_none() {
            self.worker = Some(self.start().await?);
        }
        self.worker.as_mut().ok_or_else(|| TokenError::NoWorker {
            reason: "it was just started and is gone".to_owned(),
        })
    }

    async fn start(&mut self) -> Result<Worker, TokenError> {
        let name = self.launch.name.clone();
        if self.supervision.is_quarantined() {
            return Err(TokenError::ModuleQuarantined { module: name });
        }
        let file = check_module_file(&self.launch.path).map_err(|error| TokenError::from_file(error, &name))?;
        tokio::time::sleep(self.supervision.wait(Instant::now())).await;
        let connection = Connection::open(&self.spawner, Arc::clone(&self.launch), file)
            .await
            .map_err(|error| TokenError::NoWorker {
                reason: error.to_string(),
            })?;
        info!(module = name, path = %self.launch.path.display(), pid = connection.pid(), "worker started");
        let mut worker = Worker {
            connection,
            library: Library::default(),
        };
        match hello(&mut worker.connection, &self.launch).await {
            Ok(Ok(library)) => {
                worker.library = library;
                Ok(worker)
            }
            Ok(Err(error)) => {
                self.supervision.did_not_load(Instant::now());
                worker.connection.end().await;
                Err(error)
            }
            Err(broken) => {
                self.worker = Some(worker);
                Err(self.lost(broken).await)
            }
        }
    }

    /// Buries a worker that broke off, and says what happened to it.
    async fn lost(&mut self, broken: Broken) -> TokenError {
        let module = self.launch.name.clone();
        let how = match self.worker.take() {
            Some(worker) => worker.connection.end().await,
            None => "not running".to_owned(),
        };
        self.supervision.crashed(Instant::now());
        warn!(
            module,
            how,
            ?broken,
            quarantined = self.supervision.is_quarantined(),
            "worker lost"
        );
        match broken {
            Broken::TimedOut(within) => TokenError::ModuleHung {
                module,
                seconds: within.as_secs(),
            },
            Broken::Closed => TokenError::ModuleCrashed { module, how },
            Broken::Garbage(what) => TokenError::ModuleCrashed { module, how: what },
        }
    }
}

/// Loads a module in a worker that ends at once, and gives what the module says of itself.
pub(super) async fn probe(spawner: &Spawner, launch: Launch) -> Result<Library, TokenError> {
    let name = launch.name.clone();
    let file = check_module_file(&launch.path).map_err(|error| TokenError::from_file(error, &name))?;
    let launch = Arc::new(launch);
    let mut connection = Connection::open(spawner, Arc::clone(&launch), file)
        .await
        .map_err(|error| TokenError::NoWorker {
            reason: error.to_string(),
        })?;
    match hello(&mut connection, &launch).await {
        Ok(answer) => {
            connection.shut_down().await;
            answer
        }
        Err(Broken::TimedOut(within)) => {
            connection.end().await;
            Err(TokenError::ModuleHung {
                module: name,
                seconds: within.as_secs(),
            })
        }
        Err(Broken::Garbage(how)) => {
            connection.end().await;
            Err(TokenError::ModuleCrashed { module: name, how })
        }
        Err(Broken::Closed) => Err(TokenError::ModuleCrashed {
            module: name,
            how: connection.end().await,
        }),
    }
}

async fn hello(connection: &mut Connection, launch: &Launch) -> Result<Result<Library, TokenError>, Broken> {
    let id = connection.writer.send(&Request::Hello(launch.settings.clone())).await?;
    match connection.reader.answer(id, launch.deadlines.reading).await? {
        Answer::Ready(library) => Ok(Ok(library)),
        Answer::Failed(error) => Ok(Err(TokenError::from_worker(error, &launch.name, ""))),
        _ => Err(Broken::Garbage("no answer to the greeting".to_owned())),
    }
}

/// Which items of a batch had their outcome.
struct Progress {
    count: usize,
    /// The item being signed, once the token is open; every one before it had its outcome.
    in_flight: Option<usize>,
    next: usize,
    failure: Option<TokenError>,
    outcomes: mpsc::Sender<Outcome>,
}

impl Progress {
    fn new(count: usize, outcomes: mpsc::Sender<Outcome>) -> Self {
        Self {
            count,
            in_flight: None,
            next: 0,
            failure: None,
            outcomes,
        }
    }

    fn begin(&mut self) {
        self.in_flight = Some(0);
    }

    fn signed(&mut self, index: usize, signature: Vec<u8>, reversed_digest: bool) {
        self.settle(Outcome {
            index,
            reversed_digest,
            result: Ok(signature),
        });
        self.in_flight = Some(self.next);
    }

    fn failed(&mut self, index: usize, error: TokenError) {
        self.settle(Outcome::unsigned(index, Unsigned::Failed(Arc::new(error.clone()))));
        self.in_flight = None;
        self.failure = Some(error);
    }

    fn failure(&mut self) -> Option<TokenError> {
        self.failure.take()
    }

    /// The batch is over for this reason: gives every item that has none its outcome.
    fn stop(&mut self, error: TokenError) {
        // A cancel takes effect between two signatures: then nothing is in flight.
        let in_flight = self.in_flight.take().filter(|_| error != TokenError::Cancelled);
        let cause = Arc::new(error);
        for index in self.next..self.count {
            let unsigned = if in_flight == Some(index) {
                Unsigned::Failed
            } else {
                Unsigned::NotBegun
            };
            self.settle(Outcome::unsigned(index, unsigned(Arc::clone(&cause))));
        }
    }

    fn settle(&mut self, outcome: Outcome) {
        self.next = self.next.max(outcome.index + 1);
        // The channel has room for every item; a reader that went away wants no outcome.
        let _ = self.outcomes.try_send(outcome);
    }
}
