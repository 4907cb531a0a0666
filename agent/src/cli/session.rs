use secrecy::SecretString;
use serde::Deserialize;

use super::client::Client;
use super::output::Output;
use super::own_agent::OwnAgent;
use crate::config::{Config, Directories};
use crate::endpoint::StartOptions;
use crate::messages::{Code, Fault};
use crate::platform;

/// The largest `endpoint.json`, in bytes.
const LARGEST_ENDPOINT_FILE: u64 = 64 << 10;

/// An agent that ends with its command: on the socket only, and it takes no message from those who wait for it.
const ALONE: StartOptions = StartOptions {
    tcp: false,
    queues: false,
};

/// What a command works with.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) config: Config,
    pub(super) output: Output,
}

/// The agent that a command speaks to.
#[derive(Debug)]
pub(super) struct Agent {
    client: Client,
    own: Option<OwnAgent>,
}

/// What a command needs of `endpoint.json`.
#[derive(Deserialize)]
struct EndpointFile {
    owner_token: SecretString,
    http: Option<String>,
}

impl Session {
    /// The running agent; when none runs, one inside this process that ends with the command.
    ///
    /// # Errors
    /// `agent_unreachable`, or what keeps an agent from starting.
    pub(super) async fn agent(&self) -> Result<Agent, Fault> {
        if let Some(client) = self.running().await? {
            return Ok(Agent { client, own: None });
        }
        let own = OwnAgent::start(self.config.clone(), ALONE).await?;
        match self.running().await? {
            Some(client) => Ok(Agent { client, own: Some(own) }),
            None => Err(Fault::internal(
                "the agent in this process does not answer on its socket",
            )),
        }
    }

    /// The running agent; `None` when none runs.
    ///
    /// # Errors
    /// `agent_unreachable` when what it left to be found by cannot be read.
    pub(super) async fn running(&self) -> Result<Option<Client>, Fault> {
        let directories = self.config.directories()?;
        let Some(file) = read_endpoint_file(&directories)? else {
            return Ok(None);
        };
        let client = Client::new(
            &directories.socket,
            file.owner_token,
            self.output.localizer().language(),
        )?;
        Ok(client.answers().await.then_some(client))
    }

    /// The running agent's address on loopback TCP, if it listens there.
    pub(super) fn http_address(&self) -> Option<String> {
        let directories = self.config.directories().ok()?;
        read_endpoint_file(&directories).ok()??.http
    }
}

impl Agent {
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether it ends with this command.
    pub(super) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Ends it if it is this process's own.
    pub(super) async fn end(self) {
        if let Some(own) = self.own {
            own.stop().await;
        }
    }
}

fn read_endpoint_file(directories: &Directories) -> Result<Option<EndpointFile>, Fault> {
    let path = &directories.endpoint_file;
    let unreadable = |error: &dyn std::fmt::Display| {
        Fault::new(Code::AgentUnreachable).detail(format!("{}: {error}", path.display()))
    };
    match platform::read_private_file(path, LARGEST_ENDPOINT_FILE) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| unreadable(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(&error)),
    }
}
