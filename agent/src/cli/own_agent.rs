use std::net::SocketAddr;

use crate::config::Config;
use crate::messages::{Code, Fault};

/// An agent inside this process.
#[derive(Debug)]
pub(super) struct OwnAgent {}

impl OwnAgent {
    /// Starts it: on the local socket, and on loopback TCP when `tcp` is set.
    ///
    /// # Errors
    /// `agent_running` when another process holds the store, `port_taken`, `store_failed` and the like.
    pub(super) async fn start(_config: Config, _tcp: bool) -> Result<Self, Fault> {
        Err(Fault::new(Code::AgentUnreachable).detail("this build has no agent"))
    }

    /// The address on loopback TCP.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        None
    }

    /// Ends it: what is being signed is finished and stored.
    pub(super) async fn stop(self) {}
}
