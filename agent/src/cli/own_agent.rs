use std::net::SocketAddr;

use crate::config::Config;
use crate::endpoint::{Agent, RunningAgent, StartOptions};
use crate::messages::Fault;

/// An agent inside this process.
#[derive(Debug)]
pub(super) struct OwnAgent {
    running: RunningAgent,
}

impl OwnAgent {
    /// Starts it: on the local socket, and on loopback TCP when `tcp` is set.
    ///
    /// # Errors
    /// `agent_running` when another process holds the store, `port_taken`, `store_failed` and the like.
    pub(super) async fn start(config: Config, tcp: bool) -> Result<Self, Fault> {
        let running = Agent::start(config, StartOptions { tcp }).await?;
        Ok(Self { running })
    }

    /// The address on loopback TCP.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.running.http_addr()
    }

    /// Ends it: what is being signed is finished and stored.
    pub(super) async fn stop(self) {
        self.running.shutdown().await;
    }
}
