use std::collections::HashMap;
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
use super::checkpoints;
use super::credentials::FreshToken;
use super::disconnected;
use super::events::{EventKind, Events};
use super::listeners;
use super::metrics::Metrics;
use super::module_path::{module_path, module_uri};
use super::page_sessions::PageSessions;
use super::pairings::Pairings;
use super::question_pins;
use super::rates::Rates;
use super::reader_events;
use super::refusals::Refusals;
use super::routes::{self, SignatureScenario, page_link};
use super::shared::Shared;
use super::webhooks;
use crate::certificate::{Fingerprint, FingerprintError, Pkcs11Uri};
use crate::cms::{DigestError, Preference};
use crate::config::{AddedModules, Config, Directories, ModuleConfig};
use crate::consent::{Desk, GrantEvent, GrantLimits, Grants};
use crate::idocs::Idocs;
use crate::jobs::Engine;
use crate::messages::{Code, Fault, Language, Localizer};
use crate::mig24::Mig24;
use crate::platform::{self, ScreenLocks};
use crate::preview::Previewer;
use crate::prompters::{self, LinkOpener, Notification, Pinentry};
use crate::secrets;
use crate::signing::{Signing, SigningOptions};
use crate::store::{Store, audit};
use crate::time_and_revocation::TimestampAuthority;
use crate::token::{Deadlines, Discovery, Fleet, FleetOptions, ModuleSpec, Preferred};

/// How long connections may take to end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How an agent is started.
#[derive(Clone, Copy, Debug)]
pub struct StartOptions {
    /// Whether to listen on loopback TCP where the configuration allows it. A single command that runs the agent in its own
    /// process does without.
    pub tcp: bool,
    /// Whether to consume the message queues that the configuration names. A single command takes no events from those who wait for them.
    pub queues: bool,
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
        let added_modules = AddedModules::of(&directories);
        let fleet = fleet(&config, &added_modules)?;
        let limits = GrantLimits {
            max_uses: config.grants.max_uses,
            max_duration: Duration::from_secs(config.grants.max_seconds),
        };
        let grants = Grants::open(store.clone(), limits).await?;
        let signing_options = signing_options(&config)?;
        let signing = Signing::with_grants(
            store.clone(),
            desk.clone(),
            fleet.clone(),
            signing_options,
            grants.clone(),
        );
        let engine = Engine::new(store.clone());
        let idocs = Idocs::new(&config.idocs, signing.clone());
        let mig24 = Mig24::new(&config.mig24, signing.clone());
        engine.register(Arc::new(SignatureScenario::new(signing.clone())));
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
        set_opener(&config, &desk, http, &pages);
        let owner_token = FreshToken::generate("to_")?;
        let applications = Arc::new(Applications::load(store.clone(), desk.clone(), &config.applications).await?);
        let metrics = Arc::new(Metrics::default());
        let rates = Rates::new(config.endpoint.requests_per_second);
        let shutdown = CancellationToken::new();
        let shared = Arc::new(Shared {
            pairings: Arc::new(Pairings::new(
                desk.clone(),
                Arc::clone(&applications),
                store.clone(),
                shutdown.clone(),
            )),
            refusals: Arc::new(Refusals::new(store.clone(), Arc::clone(&metrics))),
            config: Arc::new(config),
            store,
            desk,
            grants,
            engine: engine.clone(),
            fleet,
            added_modules,
            idocs,
            mig24,
            applications,
            pages,
            previewer: Previewer::default(),
            owner_token: owner_token.hash(),
            rates,
            metrics,
            events: Arc::new(Events::new()?),
            http,
            started: Instant::now(),
            shutdown: shutdown.clone(),
        });

        engine.resume().await?;
        // The agent may have ended between the end of a connection and that of its work.
        disconnected::cancel_work(&shared.applications, &engine).await?;
        let tasks = TaskTracker::new();
        let router = routes::router(Arc::clone(&shared));
        tasks.spawn(tell_changes(Arc::clone(&shared)));
        tasks.spawn(reader_events::tell(Arc::clone(&shared)));
        tasks.spawn(question_pins::keep_true(Arc::clone(&shared)));
        if options.queues {
            for consumer in shared.mig24.queue_consumers(&shared.store) {
                tasks.spawn(consumer.run(shutdown.clone()));
            }
            for profile in shared.config.mig24.keys() {
                tasks.spawn(tell_queue_events(Arc::clone(&shared), profile.clone()));
            }
        }
        tasks.spawn(checkpoints::keep(shared.store.clone(), shutdown.clone()));
        start_prompters(&shared, &tasks).await?;
        let ended = shutdown.clone();
        tasks.spawn(async move { signing.watch_grants(ScreenLocks::watch(), ended).await });
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

/// Says how the person is reached when no prompter is attached.
fn set_opener(config: &Config, desk: &Desk, http: Option<SocketAddr>, pages: &PageSessions) {
    let pages = pages.clone();
    let link = move || page_link(http, &pages);
    if config.agent.notify {
        let open = move || platform::open_link(&link()?).map_err(Fault::internal);
        match Notification::find(localizer(config), open) {
            Some(notification) => desk.set_opener(Arc::new(notification)),
            None => tracing::warn!(
                "agent.notify is set and notify-send is not installed (Debian: apt-get install libnotify-bin)"
            ),
        }
    } else if config.agent.open_page {
        desk.set_opener(Arc::new(LinkOpener::new(link)));
    }
}

/// Starts the prompters that live in the agent: pinentry, and the standing answer for unattended certificates, which is said loudly.
async fn start_prompters(shared: &Arc<Shared>, tasks: &TaskTracker) -> Result<(), Fault> {
    let config = &shared.config;
    if let Some(program) = &config.agent.pinentry {
        let pinentry = Pinentry::new(program)?;
        tasks.spawn(prompters::ask_by_pinentry(
            shared.desk.clone(),
            pinentry,
            localizer(config),
            shared.shutdown.clone(),
        ));
    }
    let mut sources = HashMap::new();
    let mut allowed = Vec::new();
    for certificate in config.certificates.iter().filter(|certificate| certificate.unattended) {
        let source = certificate.pin.as_ref();
        let place = source.map(secrets::describe);
        let fingerprint = certificate
            .fingerprint
            .parse::<Fingerprint>()
            .map_err(Fault::internal)?;
        tracing::warn!(%fingerprint, place, "this certificate may be used WITHOUT A PERSON");
        allowed.push(json!({ "certificate": fingerprint, "pin_from": place }));
        if let Some(source) = source {
            sources.insert(fingerprint, source.clone());
        }
    }
    if !allowed.is_empty() {
        let entry = audit::Entry {
            kind: "unattended_allowed",
            actor: audit::Actor::Agent,
            job: None,
            body: json!({ "certificates": allowed }),
        };
        shared.store.write(move |tx| audit::append(tx, entry).map(drop)).await?;
    }
    if !sources.is_empty() {
        tasks.spawn(prompters::approve_unattended(
            shared.desk.clone(),
            sources,
            shared.shutdown.clone(),
        ));
    }
    Ok(())
}

/// The language of what the agent itself shows: its configuration's, else its environment's.
fn localizer(config: &Config) -> Localizer {
    let configured = config
        .agent
        .language
        .as_deref()
        .and_then(|language| language.parse().ok());
    Localizer::new(configured.or_else(Language::of_environment).unwrap_or_default())
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
    let preferences = config.certificates.iter().map(|certificate| {
        let digest = certificate.digest.as_deref().map(str::parse).transpose();
        let invalid = |reason: &dyn std::fmt::Display| {
            Fault::new(Code::ConfigInvalid).arg("reason", format_args!("certificates: {reason}"))
        };
        let preference = Preference {
            digest: digest.map_err(|error: DigestError| invalid(&error))?,
            rsa_pss: certificate.rsa_pss,
        };
        let fingerprint = certificate
            .fingerprint
            .parse()
            .map_err(|error: FingerprintError| invalid(&error))?;
        Ok::<(Fingerprint, Preference), Fault>((fingerprint, preference))
    });
    Ok(SigningOptions {
        preferences: preferences.collect::<Result<_, _>>()?,
        question_timeout: Duration::from_secs(config.agent.question_timeout_seconds),
        unattended: unattended.collect::<Result<_, _>>()?,
        timestamp_authority: TimestampAuthority::new(&config.timestamp)?,
        profile_timestamp_authorities: profile_timestamp_authorities(config),
        intermediates: config.verification.intermediates.clone(),
    })
}

/// The time stamping authorities of profiles that have settings of their own for them.
fn profile_timestamp_authorities(config: &Config) -> HashMap<String, Result<Option<TimestampAuthority>, Fault>> {
    let idocs = config
        .idocs
        .iter()
        .map(|(name, profile)| (format!("idocs.{name}"), &profile.service.timestamp));
    let mig24 = config
        .mig24
        .iter()
        .map(|(name, profile)| (format!("mig24.{name}"), &profile.service.timestamp));
    idocs
        .chain(mig24)
        .filter_map(|(profile, timestamp)| {
            let own = timestamp.over(&config.timestamp)?;
            let authority = TimestampAuthority::of(&format!("{profile}.timestamp"), &own);
            Some((profile, authority))
        })
        .collect()
}

fn fleet(config: &Config, added: &AddedModules) -> Result<Fleet, Fault> {
    // A system that keeps the list of modules to itself keeps it from the command line, too.
    let added = match config.locked.covers("modules") {
        true => Vec::new(),
        false => added.load()?,
    };
    let options = FleetOptions {
        modules: config.modules.iter().map(module_spec).collect::<Result<_, _>>()?,
        added: added.iter().map(module_spec).collect::<Result<_, _>>()?,
        discovery: config.discovery.enabled.then(Discovery::system),
        prefer: config
            .discovery
            .prefer
            .iter()
            .map(|named| preferred(named))
            .collect::<Result<_, _>>()?,
        watch_readers: true,
        deadlines: Deadlines {
            signature: Duration::from_secs(config.agent.signature_timeout_seconds),
            ..Deadlines::default()
        },
        ..FleetOptions::new(catalogue(config)?)
    };
    Fleet::new(options).map_err(Fault::from)
}

/// The token families that come with the agent, as the configuration's own profiles change them.
fn catalogue(config: &Config) -> Result<Catalogue, Fault> {
    let embedded = Catalogue::embedded().map_err(Fault::internal)?;
    let mut directories = config.profile_directories.iter();
    directories
        .try_fold(embedded, |catalogue, directory| catalogue.overridden_by(directory))
        .map_err(|error| Fault::new(Code::ConfigInvalid).arg("reason", error))
}

fn module_spec(module: &ModuleConfig) -> Result<ModuleSpec, Fault> {
    let path = module_path(&module.path.to_string_lossy())
        .map_err(|reason| Fault::new(Code::ConfigInvalid).arg("reason", format_args!("modules.path: {reason}")))?;
    Ok(ModuleSpec {
        path,
        profile: module.profile.clone(),
        env: module.env.clone(),
    })
}

/// A profile's name or a path stays as it is; a URI has to name a module.
fn preferred(named: &str) -> Result<Preferred, Fault> {
    if !Pkcs11Uri::is_uri(named) {
        return Ok(Preferred::Named(named.to_owned()));
    }
    module_uri(named)
        .map(|uri| Preferred::Uri(Box::new(uri)))
        .map_err(|reason| Fault::new(Code::ConfigInvalid).arg("reason", format_args!("discovery.prefer: {reason}")))
}

/// Carries what arrives in a profile's message queues into the stream of events, until the agent ends.
async fn tell_queue_events(shared: Arc<Shared>, profile: String) {
    let Ok(mut changes) = shared.mig24.queue_changes(&profile) else {
        return;
    };
    let mut told = None;
    loop {
        tokio::select! {
            () = shared.shutdown.cancelled() => return,
            changed = changes.changed() => if changed.is_err() {
                return;
            },
        }
        let last = changes.borrow_and_update().last_event;
        if last != told {
            told = last;
            let data = json!({ "service": "mig24", "profile": profile, "last": last });
            shared.events.tell(EventKind::QueueEvent, data);
        }
    }
}

/// Carries what changes in the rooms below into the stream of events, until the agent ends.
async fn tell_changes(shared: Arc<Shared>) {
    let mut jobs = shared.engine.subscribe();
    let mut questions = shared.desk.subscribe();
    let mut inventory = shared.fleet.watch();
    let mut grants = shared.grants.subscribe();
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
            grant = grants.recv() => match grant {
                Ok(change) => {
                    let data = match change.event {
                        GrantEvent::Given => json!({ "id": change.grant, "state": "given" }),
                        GrantEvent::Used => json!({ "id": change.grant, "state": "used" }),
                        GrantEvent::Ended(why) => json!({ "id": change.grant, "state": "ended", "why": why }),
                    };
                    shared.events.tell(EventKind::Grant, data);
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
