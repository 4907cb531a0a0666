use std::io;

/// Why there is no connection to the broker, or no more.
#[derive(Debug, thiserror::Error)]
pub enum AmqpError {
    /// The broker cannot be reached, or the connection broke.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The broker's certificate is not accepted, or its name cannot be one.
    #[error("TLS: {0}")]
    Tls(String),
    /// The broker does not accept user and password, or gives no access to the virtual host.
    #[error("the broker refuses the user: {0}")]
    Refused(String),
    /// The broker has no such queue.
    #[error("the broker has no queue {0:?}")]
    NoQueue(String),
    /// The broker closed the connection or the channel (AMQP reply code and text).
    #[error("the broker closes the connection: {code} {text}")]
    Closed {
        /// The reply code (AMQP 0-9-1, constants).
        code: u16,
        /// The broker's text.
        text: String,
    },
    /// The queue was deleted, or its node went away.
    #[error("the broker takes the queue {0:?} away")]
    Cancelled(String),
    /// The other end does not speak AMQP 0-9-1, or not as it should.
    #[error("the other end does not speak AMQP 0-9-1: {0}")]
    Protocol(&'static str),
    /// Nothing came for too long.
    #[error("the broker is silent")]
    Silent,
}
