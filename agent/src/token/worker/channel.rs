//! The worker's end of the channel: one thread reads, the module's thread writes.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use cryptoki::types::RawAuthPin;
use zeroize::Zeroizing;

use crate::platform::{WorkerChannel, end_process};
use crate::token::protocol::frame::{self, HEADER, Header, Kind, LENGTH};
use crate::token::protocol::{Answer, Login, MoreItems, Request};

/// A request with what belongs to it.
pub(super) struct Work {
    pub(super) id: u64,
    pub(super) request: Request,
    pub(super) secret: Option<RawAuthPin>,
}

/// What the agent wants no more: the request that it cancelled last, or everything once it is gone.
#[derive(Clone, Default)]
pub(super) struct Cancelled(Arc<AtomicU64>);

/// No request has this id.
const ALL: u64 = u64::MAX;

impl Cancelled {
    pub(super) fn is(&self, id: u64) -> bool {
        [id, ALL].contains(&self.0.load(Ordering::Acquire))
    }

    /// Whether the agent is gone: nobody would hear of what is done for it.
    pub(super) fn all(&self) -> bool {
        self.0.load(Ordering::Acquire) == ALL
    }

    fn mark(&self, id: u64) {
        self.0.store(id, Ordering::Release);
    }
}

/// Reads the next request, with its secret.
///
/// # Errors
/// `InvalidData` when what came is no request; any other when the agent is gone.
pub(super) fn read(channel: &mut WorkerChannel) -> io::Result<Work> {
    let (header, payload) = read_frame(channel)?;
    if header.kind != Kind::Request {
        return Err(garbage("a request was due"));
    }
    let mut request: Request = frame::decode(&payload).map_err(garbage)?;
    if let Request::Sign(sign) = &mut request {
        while std::mem::take(&mut sign.more) {
            let part = read_more(channel, header.id)?;
            sign.items.extend(part.items);
            sign.more = part.more;
        }
    }
    let wants_secret = matches!(&request, Request::Sign(sign) if sign.login == Login::Secret);
    let secret = wants_secret.then(|| read_secret(channel, header.id)).transpose()?;
    Ok(Work {
        id: header.id,
        request,
        secret,
    })
}

/// Reads requests in a thread of its own. When the agent is gone the requests end, and so does the process: at once where the
/// module's thread waits for work, after the call that it is in otherwise, and after [`LAST_CALL`] even while that hangs.
pub(super) fn read_on(mut channel: WorkerChannel) -> io::Result<(Receiver<Work>, Cancelled)> {
    let (sender, receiver) = mpsc::channel();
    let cancelled = Cancelled::default();
    let mark = cancelled.clone();
    std::thread::Builder::new().name("requests".to_owned()).spawn(move || {
        loop {
            match read(&mut channel) {
                Ok(work) if work.request == Request::Cancel => mark.mark(work.id),
                Ok(work) => {
                    if sender.send(work).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => end_process(GARBAGE),
                // The end of the stream, or a reset where the agent left answers unread.
                Err(_) => break,
            }
        }
        mark.mark(ALL);
        drop(sender);
        std::thread::sleep(LAST_CALL);
        end_process(0);
    })?;
    Ok((receiver, cancelled))
}

/// How long the call that a module is in may take after the end of the agent. A process that is killed in the middle of a write
/// leaves a token that nobody reads again: SoftHSM truncates and rewrites a token's file at every login.
const LAST_CALL: Duration = Duration::from_secs(10);

/// The exit status after something on the channel that is no request.
pub(super) const GARBAGE: i32 = 3;

/// Writes an answer.
pub(super) fn write(channel: &mut WorkerChannel, id: u64, answer: &Answer) -> io::Result<()> {
    channel.write_all(&frame::encode(Kind::Answer, id, answer).map_err(garbage)?)
}

fn read_frame(channel: &mut WorkerChannel) -> io::Result<(Header, Vec<u8>)> {
    let header = read_header(channel)?;
    let mut payload = vec![0; header.payload];
    channel.read_exact(&mut payload)?;
    Ok((header, payload))
}

/// Reads a further part of a batch.
fn read_more(channel: &mut WorkerChannel, id: u64) -> io::Result<MoreItems> {
    let (header, payload) = read_frame(channel)?;
    if header.kind != Kind::Request || header.id != id {
        return Err(garbage("more items of the request were due"));
    }
    match frame::decode(&payload).map_err(garbage)? {
        Request::More(part) => Ok(part),
        _ => Err(garbage("more items of the request were due")),
    }
}

/// Reads a secret into the one buffer that the module gets to see, which is wiped when it is dropped.
fn read_secret(channel: &mut WorkerChannel, id: u64) -> io::Result<RawAuthPin> {
    let header = read_header(channel)?;
    if header.kind != Kind::Secret || header.id != id {
        return Err(garbage("the secret of the request was due"));
    }
    let mut secret = Zeroizing::new(vec![0; header.payload]);
    channel.read_exact(&mut secret)?;
    Ok(RawAuthPin::new(Box::new(std::mem::take(&mut *secret))))
}

fn read_header(channel: &mut WorkerChannel) -> io::Result<Header> {
    let mut bytes = [0; LENGTH + HEADER];
    channel.read_exact(&mut bytes)?;
    Header::decode(bytes).map_err(garbage)
}

fn garbage(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
