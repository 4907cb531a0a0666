use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use super::event::problem_of;
use super::status::{QueueState, Watched};
use super::{SERVICE, broker};
use crate::amqp::{AmqpError, Body, Consumer, Delivery};
use crate::config::Mig24Queue;
use crate::messages::{Code, Fault};
use crate::store::Store;
use crate::store::queue_events::{self, Arrived};

/// So many messages of a queue may be under way before one is acknowledged.
const PREFETCH: u16 = 32;

/// The longest body that is kept, in bytes. The events are small; a longer one is set aside.
const LARGEST_BODY: u64 = 4 << 20;

/// The pauses between attempts to connect grow from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(60);

/// Consumes the queues of one profile for as long as it runs.
#[derive(Debug)]
pub struct QueueConsumer {
    profile: String,
    queue: Mig24Queue,
    store: Store,
    watched: Watched,
}

/// Why a connection ended.
enum Ended {
    /// The agent ends.
    Told,
    /// It could not be made, or broke.
    Broken(Fault),
}

impl QueueConsumer {
    pub(super) fn new(profile: String, queue: Mig24Queue, store: Store, watched: Watched) -> Self {
        Self {
            profile,
            queue,
            store,
            watched,
        }
    }

    /// Connects, takes events, connects again when the connection breaks, until it is told to end.
    pub async fn run(self, ending: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        self.watched.is(QueueState::Connecting, None);
        loop {
            let (ended, had_connection) = self.connection(&ending).await;
            let Ended::Broken(fault) = ended else {
                break;
            };
            if had_connection {
                pause = FIRST_PAUSE;
            }
            tracing::warn!(profile = self.profile, %fault, ?pause, "the message queues are connected again after a pause");
            self.watched.is(QueueState::Connecting, Some(fault));
            tokio::select! {
                () = ending.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
        self.watched.is(QueueState::Connecting, None);
    }

    /// One connection from its making to its end; whether it was made.
    async fn connection(&self, ending: &CancellationToken) -> (Ended, bool) {
        let connected = tokio::select! {
            () = ending.cancelled() => return (Ended::Told, false),
            connected = self.connect() => connected,
        };
        let mut consumer = match connected {
            Ok(consumer) => consumer,
            Err(fault) => return (Ended::Broken(fault), false),
        };
        tracing::info!(profile = self.profile, "the message queues are connected");
        self.watched.is(QueueState::Connected, None);
        loop {
            let delivery = tokio::select! {
                () = ending.cancelled() => {
                    consumer.close().await;
                    return (Ended::Told, true);
                }
                delivery = consumer.next() => delivery,
            };
            let taken = match delivery {
                Ok(delivery) => self.take(&mut consumer, delivery).await,
                Err(error) => Err(self.fault(&error)),
            };
            if let Err(fault) = taken {
                return (Ended::Broken(fault), true);
            }
        }
    }

    async fn connect(&self) -> Result<Consumer, Fault> {
        let address = broker::address(&self.queue).map_err(|fault| fault.arg("profile", &self.profile))?;
        let names = &self.queue.names;
        let queues: Vec<_> = [&names.counterparties, &names.packages, &names.visualisation]
            .into_iter()
            .filter(|name| !name.is_empty())
            .cloned()
            .collect();
        let connected = Consumer::connect(&address, &queues, PREFETCH, LARGEST_BODY).await;
        connected.map_err(|error| self.fault(&error))
    }

    /// Stores a message, then acknowledges it. When storing fails the connection is given up, and the broker delivers the message again.
    async fn take(&self, consumer: &mut Consumer, delivery: Delivery) -> Result<(), Fault> {
        let tag = delivery.tag;
        let too_long = matches!(delivery.body, Body::TooLong(_));
        let arrived = self.arrived(delivery);
        let stored = self.store.write(move |tx| queue_events::store(tx, &arrived)).await?;
        match stored {
            Some(seq) => self.watched.arrived(seq),
            None => tracing::debug!(profile = self.profile, "a message came again; it is here already"),
        }
        let told = if too_long {
            // Its body is not here, so a broker with a dead-letter exchange keeps it.
            consumer.reject(tag).await
        } else {
            consumer.acknowledge(tag).await
        };
        told.map_err(|error| self.fault(&error))
    }

    fn arrived(&self, delivery: Delivery) -> Arrived {
        let mut digest = Sha256::new();
        digest.update(delivery.queue.as_bytes());
        digest.update([0]);
        let (body, set_aside) = match delivery.body {
            Body::Whole(body) => {
                digest.update(&body);
                let problem = problem_of(&body);
                (Some(body), problem)
            }
            Body::TooLong(size) => {
                digest.update(size.to_be_bytes());
                (None, Some(format!("it has {size} bytes, more than {LARGEST_BODY}")))
            }
        };
        Arrived {
            service: SERVICE,
            profile: self.profile.clone(),
            queue: delivery.queue,
            message_id: delivery.message_id.filter(|id| !id.is_empty()),
            digest: digest.finalize().into(),
            redelivered: delivery.redelivered,
            body,
            set_aside,
        }
    }

    fn fault(&self, error: &AmqpError) -> Fault {
        let code = match error {
            AmqpError::Refused(_) => Code::ServiceUnauthorised,
            AmqpError::NoQueue(_) | AmqpError::Cancelled(_) => Code::ServiceRefused,
            AmqpError::Protocol(_) => Code::ServiceUnreadable,
            AmqpError::Silent => Code::ServiceTimeout,
            AmqpError::Io(_) | AmqpError::Tls(_) | AmqpError::Closed { .. } => Code::ServiceUnreachable,
        };
        let host = self.queue.url.as_str();
        Fault::new(code)
            .arg("profile", &self.profile)
            .arg("host", host)
            .arg("reason", error)
            .detail(error.to_string())
    }
}
