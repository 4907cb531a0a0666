//! The agent's end of the channel to one worker.

use std::io;
use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader, ReadHalf, WriteHalf};
use tokio::process::Child;
use tokio::time::timeout;

use super::launch::Launch;
use super::output;
use super::protocol::frame::{self, HEADER, Header, Kind, LENGTH};
use super::protocol::{Answer, Request};
use super::spawner::Spawner;
use crate::platform::{AgentChannel, describe_exit};

/// A running worker. Dropped, it finishes the call that its module is in and ends.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) reader: Reader,
    pub(super) writer: Writer,
    child: Child,
}

/// Answers come from here.
#[derive(Debug)]
pub(super) struct Reader(BufReader<ReadHalf<AgentChannel>>);

/// Requests go in here.
#[derive(Debug)]
pub(super) struct Writer {
    channel: WriteHalf<AgentChannel>,
    last_id: u64,
}

/// So much is read at once, in bytes: a signature's answer is a few hundred.
const READ_AHEAD: usize = 32 * 1024;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// The worker is gone, or the channel to it.
    Closed,
    /// What came is no answer.
    Garbage(String),
    /// Nothing came in time.
    TimedOut(Duration),
    /// Nothing came while a person was to enter the PIN at the device. The call cannot be broken off, so its process is lost.
    NotEntered(Duration),
}

impl Broken {
    /// Whether the module is to blame; a person who types slowly is no crash of it.
    pub(super) fn is_a_crash(&self) -> bool {
        !matches!(self, Self::NotEntered(_))
    }
}

impl Connection {
    /// Starts a worker for a module whose file was checked.
    pub(super) fn open(spawner: &Spawner, launch: &Launch, file: &Path) -> io::Result<Self> {
        let name = launch.name.clone();
        let mut process = spawner.spawn(launch, file)?;
        if let Some(stdout) = process.child.stdout.take() {
            tokio::spawn(output::log(name.clone(), "stdout", stdout));
        }
        if let Some(stderr) = process.child.stderr.take() {
            tokio::spawn(output::log(name, "stderr", stderr));
        }
        let (reader, channel) = tokio::io::split(process.channel);
        Ok(Self {
            reader: Reader(BufReader::with_capacity(READ_AHEAD, reader)),
            writer: Writer { channel, last_id: 0 },
            child: process.child,
        })
    }

    /// The worker's process, for logs and tests.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills the worker, if it still runs, and says how it ended.
    pub(super) async fn end(&mut self) -> String {
        // One that crashed has ended already or is about to: its own status tells more than our SIGKILL.
        if let Ok(Ok(status)) = timeout(Duration::from_millis(200), self.child.wait()).await {
            return describe_exit(status);
        }
        let _ = self.child.start_kill();
        self.ended().await
    }

    /// Waits until the worker has ended by itself, and says how.
    pub(super) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => describe_exit(status),
            Err(error) => error.to_string(),
        }
    }

    /// Asks the worker to finalise its module and end, and kills it when it does not.
    pub(super) async fn shut_down(mut self) {
        if self.writer.send(&Request::Shutdown).await.is_ok() {
            let _ = timeout(Duration::from_secs(2), self.child.wait()).await;
        }
        let _ = self.child.start_kill();
        let _ = self.child.wait().await;
    }
}

impl Writer {
    /// Sends a request; its answers carry the id returned.
    pub(super) async fn send(&mut self, request: &Request) -> Result<u64, Broken> {
        let id = self.last_id + 1;
        let frame = frame::encode(Kind::Request, id, request).map_err(|error| Broken::Garbage(error.to_string()))?;
        self.last_id = id;
        self.write(&frame).await?;
        Ok(id)
    }

    /// Sends the secret that belongs to a request, straight from where it lies.
    pub(super) async fn send_secret(&mut self, id: u64, secret: &SecretString) -> Result<(), Broken> {
        let secret = secret.expose_secret().as_bytes();
        let header = Header {
            kind: Kind::Secret,
            id,
            payload: secret.len(),
        };
        self.write(&header.encode().map_err(|error| Broken::Garbage(error.to_string()))?)
            .await?;
        self.write(secret).await
    }

    /// Sends what belongs to a request that was sent: more of it, or its cancellation.
    pub(super) async fn go_on(&mut self, id: u64, part: &Request) -> Result<(), Broken> {
        let frame = frame::encode(Kind::Request, id, part);
        self.write(&frame.map_err(|error| Broken::Garbage(error.to_string()))?)
            .await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        // The worker's second thread always reads; one that does not is stopped or worse.
        match timeout(SENDING, self.channel.write_all(bytes)).await {
            Ok(written) => written.map_err(|_| Broken::Closed),
            Err(_) => Err(Broken::TimedOut(SENDING)),
        }
    }
}

/// How long a worker may take to read a frame.
const SENDING: Duration = Duration::from_secs(10);

impl Reader {
    /// The next answer to the request. Not to be dropped half-way: the rest of the frame would be taken for the next one.
    pub(super) async fn answer(&mut self, id: u64, within: Duration) -> Result<Answer, Broken> {
        match timeout(within, self.read(id)).await {
            Ok(answer) => answer,
            Err(_) => Err(Broken::TimedOut(within)),
        }
    }

    async fn read(&mut self, id: u64) -> Result<Answer, Broken> {
        let garbage = |error: frame::FrameError| Broken::Garbage(error.to_string());
        let mut header = [0; LENGTH + HEADER];
        self.0.read_exact(&mut header).await.map_err(|_| Broken::Closed)?;
        let header = Header::decode(header).map_err(garbage)?;
        if header.kind != Kind::Answer || header.id != id {
            return Err(Broken::Garbage("a frame that is no answer to the request".to_owned()));
        }
        let mut payload = vec![0; header.payload];
        self.0.read_exact(&mut payload).await.map_err(|_| Broken::Closed)?;
        frame::decode(&payload).map_err(garbage)
    }
}
