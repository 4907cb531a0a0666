use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::TokenSource;

/// `[mig24.<name>.queue]`: the organisation's RabbitMQ. Without this table no queue is consumed: a message that one consumer acknowledges is gone
/// for every other, the organisation's accounting system included.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mig24Queue {
    /// `amqps://host[:port]/vhost`; `amqp://` on loopback only. User and password do not stand in it.
    pub url: String,
    /// The user.
    pub user: String,
    /// Where the password comes from.
    pub password: TokenSource,
    /// A file of additional CA certificates (PEM).
    #[serde(default)]
    pub extra_ca: Option<PathBuf>,
    /// The longest silence of the broker, in seconds, before the connection counts as lost.
    #[serde(default = "heartbeat")]
    pub heartbeat_seconds: u16,
    /// The queues' names.
    #[serde(default)]
    pub names: Mig24QueueNames,
}

/// The names of the queues, those of the vendor's guide unless set. An empty name leaves a queue to others.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mig24QueueNames {
    /// Counterparties and invitations.
    pub counterparties: String,
    /// Packages and their states.
    pub packages: String,
    /// Pictures of documents.
    pub visualisation: String,
}

impl Default for Mig24QueueNames {
    fn default() -> Self {
        Self {
            counterparties: "Контрагенты".to_owned(),
            packages: "Пакеты".to_owned(),
            visualisation: "Визуализация".to_owned(),
        }
    }
}

fn heartbeat() -> u16 {
    30
}
