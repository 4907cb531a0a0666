use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

/// Where a broker is, and who connects.
#[derive(Clone, Debug)]
pub struct Address {
    /// The host.
    pub host: String,
    /// The port: 5671 with TLS, 5672 without, where nothing else is said.
    pub port: u16,
    /// The virtual host.
    pub vhost: String,
    /// TLS or none.
    pub security: Security,
    /// User and password.
    pub credentials: Credentials,
    /// The longest silence; both ends send something more often (AMQP heartbeats).
    pub heartbeat: Duration,
}

/// How the connection is protected.
#[derive(Clone)]
pub enum Security {
    /// TLS; the broker's name is checked.
    Tls(Arc<rustls::ClientConfig>),
    /// None.
    Plain,
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls(_) => "Tls",
            Self::Plain => "Plain",
        })
    }
}

/// User and password.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password; never shown.
    pub password: SecretString,
}
