use std::net::SocketAddr;

use crate::config::Config;
use crate::endpoint::{self, RunningAgent, StartOptions};
use crate::messages::Fault;
use crate::platform;

/// An agent inside this process.
#[derive(Debug)]
pub(super) struct OwnAgent {
    agent: RunningAgent,
}

impl OwnAgent {
    /// Starts it on the local socket, and with what the options say.
    ///
    /// # Errors
    /// `agent_running` when another process holds the store, `port_taken`, `store_failed` and the like.
    pub(super) async fn start(config: Config, options: StartOptions) -> Result<Self, Fault> {
        // The process holds PINs: no core of it is dumped, and nobody but root reads its memory.
        platform::keep_memory_private().map_err(Fault::internal)?;
        let agent = endpoint::Agent::start(config, options).await?;
        Ok(Self { agent })
    }

    /// The address on loopback TCP.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.agent.http_addr()
    }

    /// Ends it: what is being signed is finished and stored.
    pub(super) async fn stop(self) {
        self.agent.shutdown().await;
    }
}
