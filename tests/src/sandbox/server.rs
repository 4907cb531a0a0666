//! Starting and stopping a sandbox.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::app::{App, locked, router};
use super::bearer::BearerToken;
use super::behaviour::Behaviour;
use super::config::SandboxConfig;
use super::connection::{Connection, CuttableListener};
use super::control::InboxDocumentSeed;
use super::effects::{Effect, EffectLog};
use super::faults::{FaultBook, FaultRule};
use super::request_log::{LoggedRequest, RequestLog};
use super::storage::{BlobStore, Storage, write_whole};
use super::summary::Summary;
use super::verification::OpenSsl;
use super::{idocs, mig24};

/// Starts sandboxes.
#[derive(Debug)]
pub struct Sandbox;

/// A sandbox in this process. It stops when dropped.
#[derive(Debug)]
pub struct RunningSandbox {
    address: SocketAddr,
    app: Arc<App>,
    // Of its own, so that a test of any kind, also one without a runtime, can have a sandbox.
    runtime: Option<Runtime>,
}

/// Why a sandbox cannot be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// OpenSSL, its GOST engine or a CA file is missing.
    #[error(transparent)]
    Verifier(Box<dyn std::error::Error + Send + Sync>),
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {source}; choose another port, or 0 for a free one")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The state directory cannot be used.
    #[error("the state directory cannot be used: {0}")]
    State(io::Error),
    /// The system gives no threads.
    #[error("cannot start the server: {0}")]
    Runtime(io::Error),
}

/// What a sandbox says of itself when it has started: one line of JSON on the command's standard output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Address and port.
    pub listening: String,
    /// The base URL of both services and of the control API.
    pub base_url: String,
    /// The bearer token of iDocs.
    pub idocs_token: String,
    /// The bearer token of MIG24.
    pub mig24_token: String,
    /// The BIN of the iDocs company.
    pub company_bin: String,
    /// The iDocs employees' ids.
    pub employee_ids: Vec<Uuid>,
    /// The id of the MIG24 organisation.
    pub organisation_id: Uuid,
    /// The MIG24 users' ids.
    pub user_ids: Vec<Uuid>,
}

impl Sandbox {
    /// Starts a sandbox in this process and returns when it accepts connections.
    ///
    /// May be called from within a runtime or without one.
    ///
    /// # Errors
    /// When OpenSSL or its GOST engine is missing, the address is taken, or the state directory cannot be used.
    pub fn start(config: SandboxConfig) -> Result<RunningSandbox, StartError> {
        let storage = Storage::open(config.state_dir.as_deref()).map_err(StartError::State)?;
        let openssl = OpenSsl::prepare(
            &config.ca,
            config.gost_ca.as_deref(),
            config.openssl_conf.as_deref(),
            &storage,
        )
        .map_err(|error| StartError::Verifier(error.into()))?;

        let cannot_listen = |source| StartError::Listen {
            address: config.listen,
            source,
        };
        let listener = std::net::TcpListener::bind(config.listen).map_err(cannot_listen)?;
        listener.set_nonblocking(true).map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;

        let app = Arc::new(app(config, storage, openssl, address).map_err(StartError::State)?);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("edo-sandbox")
            .enable_all()
            .build()
            .map_err(StartError::Runtime)?;
        let listener = {
            let _entered = runtime.enter();
            CuttableListener(TcpListener::from_std(listener).map_err(StartError::Runtime)?)
        };
        let service = router(Arc::clone(&app)).into_make_service_with_connect_info::<Connection>();
        runtime.spawn(async move { axum::serve(listener, service).await });
        Ok(RunningSandbox {
            address,
            app,
            runtime: Some(runtime),
        })
    }
}

fn app(config: SandboxConfig, storage: Storage, openssl: OpenSsl, address: SocketAddr) -> io::Result<App> {
    let [idocs_token, mig24_token] = tokens(config.idocs_token, config.mig24_token, &storage)?;
    let mut faults = FaultBook::default();
    faults.add(config.faults);
    Ok(App {
        base_url: format!("http://{address}"),
        idocs_token,
        mig24_token,
        company: config.company,
        organisation: config.organisation,
        people: config.people,
        openssl,
        blobs: BlobStore::new(storage.dir("blobs")?),
        idocs: Mutex::new(idocs::Records::open(&storage)?),
        mig24: Mutex::new(mig24::Records::open(&storage)?),
        faults: Mutex::new(faults),
        requests: Mutex::new(RequestLog::default()),
        effects: Mutex::new(EffectLog::open(&storage.file("effects.jsonl"))?),
        behaviour: RwLock::new(config.behaviour.clone()),
        initial_behaviour: config.behaviour,
        publisher: config.amqp_url.as_deref().map(mig24::Publisher::to).transpose()?,
        _storage: storage,
    })
}

/// Given tokens, else those of an earlier run in the same directory, else new ones.
fn tokens(idocs: Option<BearerToken>, mig24: Option<BearerToken>, storage: &Storage) -> io::Result<[BearerToken; 2]> {
    let file = storage.file("tokens.json");
    let [kept_idocs, kept_mig24]: [Option<String>; 2] = match std::fs::read(&file) {
        Ok(kept) => serde_json::from_slice(&kept)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => [None, None],
        Err(error) => return Err(error),
    };
    let choose = |given: Option<BearerToken>, kept: Option<String>| {
        given
            .or_else(|| kept.map(BearerToken::new))
            .unwrap_or_else(BearerToken::random)
    };
    let tokens = [choose(idocs, kept_idocs), choose(mig24, kept_mig24)];
    write_whole(&file, &serde_json::to_vec(&tokens.each_ref().map(BearerToken::expose))?)?;
    Ok(tokens)
}

impl RunningSandbox {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of both services and of the control API, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.app.base_url
    }

    /// Publishes a message of any kind to one of MIG24's queues, where there is a broker: what a test wants the agent to meet.
    pub fn publish(&self, queue: &str, message_id: Option<&str>, body: &[u8]) {
        self.app.publish(mig24::Message {
            queue: queue.to_owned(),
            message_id: message_id.map(str::to_owned),
            body: body.to_vec(),
        });
    }

    /// The bearer token of iDocs.
    pub fn idocs_token(&self) -> &BearerToken {
        &self.app.idocs_token
    }

    /// The bearer token of MIG24.
    pub fn mig24_token(&self) -> &BearerToken {
        &self.app.mig24_token
    }

    /// What the command would print.
    pub fn announcement(&self) -> Announcement {
        let people = &self.app.people;
        Announcement {
            listening: self.address.to_string(),
            base_url: self.app.base_url.clone(),
            idocs_token: self.app.idocs_token.expose().to_owned(),
            mig24_token: self.app.mig24_token.expose().to_owned(),
            company_bin: self.app.company.bin.clone(),
            employee_ids: people.employees.iter().map(|employee| employee.employee_id()).collect(),
            organisation_id: self.app.organisation.id(),
            user_ids: people.users.iter().map(|user| user.user_id()).collect(),
        }
    }

    /// Adds fault rules to those in force.
    pub fn faults(&self, rules: impl IntoIterator<Item = FaultRule>) {
        self.app.add_faults(rules.into_iter().collect());
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        locked(&self.app.faults).clear();
    }

    /// How the services behave.
    pub fn behaviour(&self) -> Behaviour {
        self.app.behaviour()
    }

    /// Changes how the services behave.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        self.app.set_behaviour(behaviour);
    }

    /// Everything that took effect, oldest first.
    pub fn effects(&self) -> Vec<Effect> {
        locked(&self.app.effects).all().to_vec()
    }

    /// Counts a document and a group, and what happened twice.
    pub fn summary(&self) -> Summary {
        Summary::of(locked(&self.app.effects).all())
    }

    /// Every request that arrived, oldest first.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        locked(&self.app.requests).all().to_vec()
    }

    /// Bytes that the sandbox has seen or built, by the SHA-256 that the effects name.
    pub fn blob(&self, sha256: &str) -> Option<Vec<u8>> {
        self.app.blobs.find(sha256)
    }

    /// Puts a document into the iDocs inbox and returns its id.
    ///
    /// # Errors
    /// When it has no file, or the state directory cannot be written.
    pub fn seed_inbox_document(&self, seed: InboxDocumentSeed) -> Result<Uuid, StartError> {
        idocs::seed_inbox_document(&self.app, seed).map_err(|error| StartError::State(io::Error::other(error)))
    }

    /// Forgets what happened, all faults, and changes of behaviour.
    ///
    /// # Errors
    /// When the state directory cannot be written.
    pub fn reset(&self) -> Result<(), StartError> {
        self.app.reset().map_err(StartError::State)
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        // Not the ordinary drop, which would block a caller that is itself in a runtime, and panic there.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
