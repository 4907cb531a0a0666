use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pkcs11_profiles::Catalogue;
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::announcement::Announcement;
use super::applications::Applications;
use super::credentials::FreshToken;
use super::events::{EventKind, Events};
use super::listeners;
use super::metrics::Metrics;
use super::page_sessions::PageSessions;
use super::pairings::Pairings;
use super::rates::Rates;
use super::refusals::Refusals;
use super::routes::{self, SignatureScenario, page_link};
use super::shared::Shared;
use super::webhooks;
use crate::config::{Config, Directories};
use crate::consent::Desk;
use crate::idocs::Idocs;
use crate::jobs::Engine;
use crate::messages::{Code, Fault};
use crate::mig24::Mig24;
use crate::prompters::LinkOpener;
use crate::signing::{Signing, SigningOptions};
use crate::store::Store;
use crate::time_and_revocation::TimestampAuthority;
use crate::token::{Deadlines, Discovery, Fleet, FleetOptions, ModuleSpec};

/// How long connections may take to end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How an agent is started.
#[derive(Clone, Copy, Debug)]
pub struct StartOptions {
    /// Whether to listen on loopback TCP where the configuration allows it. A single command that runs the agent in its own
    /// process does without.
    pub tcp: bool,
}

/// Assembles the agent: store, tokens, desk, signing, scenarios, and the endpoint over them.
#[derive(Debug)]
pub struct Agent;

/// A running agent.
#[derive(Debug)]
pub struct RunningAgent {
    directories: Directories,
    http: Option<SocketAddr>,
    owner_token: SecretString,
    engine: Engine,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Agent {
    /// Starts the agent: when it returns, the endpoint answers and jobs of an earlier run go on.
    ///
    /// # Errors
    /// `agent_running` when another one holds the store, `port_taken`, `config_invalid`, `store_failed`, `store_newer`,
    /// `module_unusable` when no worker process can be started.
    pub async fn start(config: Config, options: StartOptions) -> Result<RunningAgent, Fault> {
        let directories = config.directories()?;
        directories.create()?;
        // Before anything else: the lock makes sure that this is the only agent of these directories.
        let store = Store::open(&directories.state)?;
        let desk = Desk::new();
        let fleet = fleet(&config)?;
        let signing = Signing::new(store.clone(), desk.clone(), fleet.clone(), signing_options(&config)?);
        let engine = Engine::new(store.clone());
        let idocs = Idocs::new(&config.idocs, signing.clone());
        let mig24 = Mig24::new(&config.mig24, signing.clone());
        engine.register(Arc::new(SignatureScenario::new(signing)));
        for scenario in idocs.scenarios().into_iter().chain(mig24.scenarios()) {
            engine.register(scenario);
        }

        let listener = match options.tcp && config.endpoint.tcp {
            true => Some(listeners::bind_tcp(&config.endpoint).await?),
            false => None,
        };
        let http = listener
            .as_ref()
            .map(tokio::net::TcpListener::local_addr)
            .transpose()
            .map_err(Fault::internal)?;
        let socket = listeners::bind_socket(&directories.socket)?;
        let webhooks = webhooks::bind(&config).await?;

        let pages = PageSessions::default();
        if config.agent.open_page {
            let pages = pages.clone();
            desk.set_opener(Arc::new(LinkOpener::new(move || page_link(http, &pages))));
        }
        let owner_token = FreshToken::generate("to_")?;
        let applications = Arc::new(Applications::load(store.clone()).await?);
        let metrics = Arc::new(Metrics::default());
        let shutdown = CancellationToken::new();
        let shared = Arc::new(Shared {
            pairings: Arc::new(Pairings::new(desk.clone(), Arc::clone(&applications), shutdown.clone())),
            refusals: Refusals::new(store.clone(), Arc::clone(&metrics)),
            config: Arc::new(config),
            store,
            desk,
            engine: engine.clone(),
            fleet,
            idocs,
            mig24,
            applications,
            pages,
            owner_token: owner_token.hash(),
            rates: Rates::new(),
            metrics,
            events: Arc::new(Events::new()),
            http,
            started: Instant::now(),
            shutdown: shutdown.clone(),
        });

        engine.resume().await?;
        let tasks = TaskTracker::new();
        let router = routes::router(Arc::clone(&shared));
        tasks.spawn(tell_changes(Arc::clone(&shared)));
        tasks.spawn(listeners::accept_local(
            Arc::clone(&shared),
            router.clone(),
            socket,
            tasks.clone(),
        ));
        if let Some(listener) = listener {
            tasks.spawn(listeners::accept_tcp(
                Arc::clone(&shared),
                router,
                listener,
                tasks.clone(),
            ));
        }
        for listener in webhooks {
            tasks.spawn(listener.serve(Arc::clone(&shared.events), shutdown.clone()));
        }
        // The first look at the tokens takes a moment; whoever asks earlier waits for it.
        let fleet = shared.fleet.clone();
        tokio::spawn(async move { fleet.refresh().await });

        let announcement = Announcement::new(&directories.socket, http, owner_token.expose());
        announcement.write(&directories.endpoint_file)?;
        tracing::info!(socket = %directories.socket.display(), http = ?http, "tokensign {} listens", env!("CARGO_PKG_VERSION"));
        Ok(RunningAgent {
            directories,
            http,
            owner_token: SecretString::from(owner_token.expose()),
            engine,
            shutdown,
            tasks,
        })
    }
}

impl RunningAgent {
    /// The Unix socket.
    pub fn socket_path(&self) -> &Path {
        &self.directories.socket
    }

    /// The loopback address, when it is listened on.
    pub fn http_addr(&self) -> Option<SocketAddr> {
        self.http
    }

    /// What lets the person's own tools in over TCP.
    pub fn owner_token(&self) -> &SecretString {
        &self.owner_token
    }

    /// Ends the agent: takes its announcement away, lets what must not be torn apart finish, and closes every connection. Jobs
    /// that are not closed go on with the next start.
    pub async fn shutdown(self) {
        Announcement::remove(&self.directories.endpoint_file);
        remove_socket(&self.directories.socket);
        self.engine.shutdown().await;
        self.shutdown.cancel();
        self.tasks.close();
        if tokio::time::timeout(LAST_WORDS, self.tasks.wait()).await.is_err() {
            tracing::warn!("connections were cut off");
        }
    }
}

fn remove_socket(path: &PathBuf) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(socket = %path.display(), %error, "the socket stays");
    }
}

/// What the configuration says about signing.
fn signing_options(config: &Config) -> Result<SigningOptions, Fault> {
    let unattended = config.certificates.iter().filter(|certificate| certificate.unattended);
    let unattended = unattended.map(|certificate| {
        certificate.fingerprint.parse().map_err(|error| {
            Fault::new(Code::ConfigInvalid)
                .arg("reason", format_args!("certificates.fingerprint: {error}"))
                .detail(format_args!(
                    "{:?} is not the SHA-256 of a certificate",
                    certificate.fingerprint
                ))
        })
    });
    Ok(SigningOptions {
        question_timeout: Duration::from_secs(config.agent.question_timeout_seconds),
        unattended: unattended.collect::<Result<_, _>>()?,
        timestamp_authority: TimestampAuthority::new(&config.timestamp)?,
    })
}

fn fleet(config: &Config) -> Result<Fleet, Fault> {
    let catalogue = Catalogue::embedded().map_err(Fault::internal)?;
    let modules = config.modules.iter().map(|module| ModuleSpec {
        path: module.path.clone(),
        profile: module.profile.clone(),
        env: module.env.clone(),
    });
    let options = FleetOptions {
        modules: modules.collect(),
        discovery: config.discovery.enabled.then(Discovery::system),
        deadlines: Deadlines {
            signature: Duration::from_secs(config.agent.signature_timeout_seconds),
            ..Deadlines::default()
        },
        ..FleetOptions::new(catalogue)
    };
    Fleet::new(options).map_err(Fault::from)
}

/// Carries what changes in the rooms below into the stream of events, until the agent ends.
async fn tell_changes(shared: Arc<Shared>) {
    let mut jobs = shared.engine.subscribe();
    let mut questions = shared.desk.subscribe();
    let mut inventory = shared.fleet.watch();
    loop {
        tokio::select! {
            () = shared.shutdown.cancelled() => return,
            changed = inventory.changed() => match changed {
                Ok(()) => {
                    let tokens = inventory.borrow_and_update().tokens.len();
                    shared.events.tell(EventKind::Tokens, json!({ "tokens": tokens }));
                }
                Err(_) => return,
            },
            job = jobs.recv() => match job {
                Ok(job) => {
                    let application = job.application;
                    shared.events.tell(EventKind::Job { application }, json!(job));
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            question = questions.recv() => match question {
                Ok(change) => {
                    let question = change.question;
                    shared.events.tell(EventKind::Question, json!({ "id": question.id, "state": question.state, "job": question.job }));
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
    }
}
