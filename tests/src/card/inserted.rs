//! A card in the reader: what `vpcd` says over TCP (vsmartcard, "virtualsmartcard" protocol: two bytes of length, then a message; one byte alone is
//! about power, anything longer a command APDU).

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::apdu::Transport;
use super::piv::Card;

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const GET_ATR: u8 = 4;

/// A card in the reader. Pulled when dropped.
#[derive(Debug)]
pub struct Inserted {
    stream: TcpStream,
    activity: Arc<Mutex<Activity>>,
    serving: Option<JoinHandle<()>>,
}

/// When the card was spoken to.
#[derive(Clone, Copy, Debug)]
struct Activity {
    inserted: Instant,
    /// The first and the last command.
    commands: Option<(Instant, Instant)>,
}

impl Inserted {
    pub(super) fn new(card: Card, stream: TcpStream) -> Self {
        let activity = Arc::new(Mutex::new(Activity {
            inserted: Instant::now(),
            commands: None,
        }));
        let served = stream.try_clone().expect("a socket can be cloned");
        let seen = Arc::clone(&activity);
        let serving = std::thread::spawn(move || {
            card.reset();
            // The other end going away is how a pull looks from here.
            let _ = serve(&card, &served, &seen);
            let _ = served.shutdown(Shutdown::Both);
        });
        Self {
            stream,
            activity,
            serving: Some(serving),
        }
    }

    /// Pulls the card. It is out of the reader when this returns; the service notices within its next look.
    pub fn pull(self) {
        drop(self);
    }

    /// How long ago the card was put in.
    pub fn age(&self) -> Duration {
        self.seen().inserted.elapsed()
    }

    /// The time from the first command to the last one so far: what the modules took to read the card.
    pub fn reading_time(&self) -> Duration {
        self.seen()
            .commands
            .map_or(Duration::ZERO, |(first, last)| last.duration_since(first))
    }

    fn seen(&self) -> Activity {
        *self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inserted {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        if let Some(serving) = self.serving.take() {
            let _ = serving.join();
        }
    }
}

fn serve(card: &Card, mut stream: &TcpStream, activity: &Mutex<Activity>) -> io::Result<()> {
    let mut transport = Transport::default();
    loop {
        let message = read(stream)?;
        let answer = match message.as_slice() {
            [GET_ATR] => card.atr().to_vec(),
            [POWER_OFF | POWER_ON | RESET] => {
                card.reset();
                transport = Transport::default();
                continue;
            }
            apdu => {
                let answer = card.exchange(&mut transport, apdu);
                let mut activity = activity.lock().unwrap_or_else(PoisonError::into_inner);
                let now = Instant::now();
                activity.commands = Some((activity.commands.map_or(now, |(first, _)| first), now));
                match answer {
                    Ok(answer) => answer,
                    Err(super::piv::Pulled) => return Ok(()),
                }
            }
        };
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes()[..], &answer].concat())?;
    }
}

fn read(mut stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message)?;
    Ok(message)
}
