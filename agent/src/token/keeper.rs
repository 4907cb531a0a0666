//! The keeper of one module: starts its worker when it is needed, speaks to it, buries it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::batch::{Batch, Outcome};
use super::connection::Broken;
use super::error::TokenError;
use super::fleet::Publisher;
use super::inventory::{ModuleState, Token};
use super::launch::Launch;
use super::progress::Progress;
use super::protocol::{Answer, Library, Request};
use super::reader_watch::ReaderWatch;
use super::refused_pins::RefusedPins;
use super::serving::{NotServing, Serving};
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
    /// A reader or a card came or went: look again, if anybody ever asked.
    Glance,
    /// Sign a batch.
    Sign(Box<SignOrder>),
    /// The module crashed in a worker that is not this keeper's.
    CrashedElsewhere,
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
    worker: Option<Serving>,
    /// Outlives the workers.
    refused_pins: RefusedPins,
    /// Somebody asked once; from then on the module is polled.
    asked: bool,
}

/// How often a module is looked at though nobody asks.
#[derive(Clone, Debug)]
pub(super) struct Polling {
    /// Where nothing tells of cards that come and go.
    pub(super) every: Duration,
    /// Where the readers are watched, a look in between is only for tokens that are in none of them.
    pub(super) readers: Option<ReaderWatch>,
}

/// So much rarer is a module polled whose readers are watched.
const WATCHED: u32 = 5;

impl Polling {
    fn interval(&self, launch: &Launch) -> Duration {
        // A token that is a file comes and goes without any reader.
        let is_file = launch.settings.quirks.reinitialize_to_see_tokens;
        let watched = self.readers.as_ref().is_some_and(ReaderWatch::is_watching);
        if watched && !is_file {
            self.every * WATCHED
        } else {
            self.every
        }
    }
}

impl Keeper {
    pub(super) fn new(launch: Arc<Launch>, spawner: Spawner, policy: CrashPolicy, publisher: Publisher) -> Self {
        Self {
            launch,
            spawner,
            supervision: Supervision::new(policy),
            publisher,
            worker: None,
            refused_pins: RefusedPins::default(),
            asked: false,
        }
    }

    /// Takes orders until nobody can give any more.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>, polling: Option<Polling>) {
        loop {
            let order = match polling.as_ref().filter(|_| self.asked) {
                None => orders.recv().await,
                Some(polling) => match tokio::time::timeout(polling.interval(&self.launch), orders.recv()).await {
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
            self.obey(order).await;
        }
        if let Some(worker) = self.worker.take() {
            worker.connection.shut_down().await;
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Look { afresh, done } => {
                self.asked = true;
                self.look(afresh).await;
                let _ = done.send(());
            }
            Order::Glance if self.asked => self.poll().await,
            Order::Glance => {}
            Order::Sign(order) => {
                self.asked = true;
                self.sign(*order).await;
            }
            Order::CrashedElsewhere => {
                self.supervision.crashed(Instant::now());
                if self.supervision.is_quarantined() {
                    self.publisher.state(ModuleState::Quarantined);
                }
            }
            Order::Release { done } => {
                self.asked = true;
                self.supervision.release();
                self.look(true).await;
                let _ = done.send(());
            }
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
        let mut tokens: Vec<_> = tokens.collect();
        tokens.sort_by(|one, other| one.place().cmp(&other.place()));
        let library = self
            .worker
            .as_ref()
            .map(|worker| worker.library.clone())
            .unwrap_or_default();
        Ok(Some((library, tokens)))
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
        if let Err(error) = self
            .sign_batch(order.batch, order.at_the_device, &order.cancellation, &mut progress)
            .await
        {
            // The module of a PIN that nobody entered is well, and its worker is back at once.
            if self.worker.is_none() && !matches!(error, TokenError::PinTimedOut { .. }) {
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
        at_the_device: bool,
        cancellation: &CancellationToken,
        progress: &mut Progress,
    ) -> Result<(), TokenError> {
        let launch = Arc::clone(&self.launch);
        // Here, where one batch comes after the other: two requests at once must not both find the PIN untried.
        let tried = self.refused_pins.pass(&batch.token, &batch.unlock)?;
        let worker = self.worker().await?;
        match worker.sign(&launch, batch, at_the_device, cancellation, progress).await {
            Ok(result) => {
                self.supervision.did_well();
                self.refused_pins.settle(tried, &result);
                result.map(drop)
            }
            Err(broken) => Err(self.lost(broken).await),
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
    async fn worker(&mut self) -> Result<&mut Serving, TokenError> {
        if self.worker.is_none() {
            self.worker = Some(self.start().await?);
        }
        self.worker.as_mut().ok_or_else(|| TokenError::NoWorker {
            reason: "it was just started and is gone".to_owned(),
        })
    }

    async fn start(&mut self) -> Result<Serving, TokenError> {
        let name = &self.launch.name;
        if self.supervision.is_quarantined() {
            return Err(TokenError::ModuleQuarantined { module: name.clone() });
        }
        let file = check_module_file(&self.launch.path).map_err(|error| TokenError::from_file(error, name))?;
        tokio::time::sleep(self.supervision.wait(Instant::now())).await;
        match Serving::start(&self.spawner, &self.launch, &file).await {
            Ok(worker) => Ok(worker),
            Err(NotServing::NotStarted(error)) => Err(error),
            Err(NotServing::NotLoaded(error)) => {
                self.supervision.did_not_load(Instant::now());
                Err(error)
            }
            Err(NotServing::Lost(how, broken)) => Err(self.buried(how, broken)),
        }
    }

    /// Buries a worker that broke off, and says what happened to it.
    async fn lost(&mut self, broken: Broken) -> TokenError {
        let how = match self.worker.take() {
            Some(mut worker) => worker.connection.end().await,
            None => "not running".to_owned(),
        };
        self.buried(how, broken)
    }

    fn buried(&mut self, how: String, broken: Broken) -> TokenError {
        let module = self.launch.name.clone();
        if broken.is_a_crash() {
            self.supervision.crashed(Instant::now());
        }
        let quarantined = self.supervision.is_quarantined();
        warn!(module, how, ?broken, quarantined, "worker lost");
        broken.into_error(module, how)
    }
}

/// Loads a module in a worker that ends at once, and gives what the module says of itself.
pub(super) async fn probe(spawner: &Spawner, launch: Launch) -> Result<Library, TokenError> {
    let file = check_module_file(&launch.path).map_err(|error| TokenError::from_file(error, &launch.name))?;
    match Serving::start(spawner, &launch, &file).await {
        Ok(worker) => {
            let library = worker.library.clone();
            worker.connection.shut_down().await;
            Ok(library)
        }
        Err(NotServing::NotStarted(error) | NotServing::NotLoaded(error)) => Err(error),
        Err(NotServing::Lost(how, broken)) => Err(broken.into_error(launch.name.clone(), how)),
    }
}
