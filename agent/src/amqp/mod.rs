//! AMQP 0-9-1 as far as a consumer needs it: connect, take what is delivered, acknowledge each message when it is safe.
//!
//! Belongs here: the wire protocol of RabbitMQ (AMQP 0-9-1, its published XML grammar, and RabbitMQ's own notes on authentication and
//! consumer cancellation). Does not belong here: what a message means, when to connect again, publishing.
//!
//! A message is acknowledged by whoever took it, after it was stored; the broker delivers what is not acknowledged again.

mod address;
mod connection;
mod error;
mod frame;
mod method;
mod wire;

pub use address::{Address, Credentials, Security};
pub use connection::{Body, Consumer, Delivery};
pub use error::AmqpError;
