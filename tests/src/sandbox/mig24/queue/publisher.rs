use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::wire::Connection;
use super::{Message, QUEUES};

/// Between attempts to reach the broker.
const PAUSE: Duration = Duration::from_millis(200);

/// Publishes in order, on a thread of its own. A message is published until the broker has confirmed it, so that one may come twice
/// around a restart of the broker, under the same name.
#[derive(Clone, Debug)]
pub(crate) struct Publisher(mpsc::Sender<Message>);

impl Publisher {
    /// A publisher to the broker at `url` (`amqp://user:password@host:port/vhost`). The broker may come later.
    pub(crate) fn to(url: &str) -> io::Result<Self> {
        let url = url::Url::parse(url).map_err(io::Error::other)?;
        let (sender, messages) = mpsc::channel();
        let mut connection = open_soon(&url);
        thread::Builder::new()
            .name("edo-sandbox-mq".to_owned())
            .spawn(move || {
                for message in messages {
                    publish(&url, &mut connection, &message);
                }
            })?;
        Ok(Self(sender))
    }

    /// Puts a message in line.
    pub(crate) fn publish(&self, message: Message) {
        // The thread ends with the last sender only.
        let _ = self.0.send(message);
    }
}

/// The queues exist from the start on where the broker is there already.
fn open_soon(url: &url::Url) -> Option<Connection> {
    Connection::open(url, &QUEUES).ok()
}

fn publish(url: &url::Url, connection: &mut Option<Connection>, message: &Message) {
    loop {
        let published = match connection.as_mut() {
            Some(open) => open.publish(message),
            None => match Connection::open(url, &QUEUES) {
                Ok(open) => {
                    *connection = Some(open);
                    continue;
                }
                Err(error) => Err(error),
            },
        };
        match published {
            Ok(()) => return,
            Err(error) => {
                tracing::info!("the message broker takes nothing: {error}");
                *connection = None;
                thread::sleep(PAUSE);
            }
        }
    }
}
