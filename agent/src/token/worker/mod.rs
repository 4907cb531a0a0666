//! `tokensign worker`: the only place where a vendor's library is loaded. One process a module, started by the agent, speaking
//! frames on a descriptor of its own because vendor libraries print on stdout.
//!
//! The first thread owns the module and makes every call; a second one reads requests, so that a cancel is seen between two
//! signatures, and that the end of the agent ends the process after the call that the module is in, or a while later when that hangs.

mod channel;
mod contents;
mod digest_order;
mod ffi;
mod login;
mod module;
mod pairing;
mod signing;
mod signing_key;

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use channel::{Cancelled, Work};
use contents::Known;
use module::Module;
use signing::Opened;

use super::protocol::{Answer, Request, Settings, TokenRecord, WorkerError};
use crate::platform::{self, WorkerChannel};

/// What the agent gives a worker on its command line. Nothing secret: everybody on the machine can read it.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The PKCS#11 module, absolute.
    #[arg(long)]
    pub module: PathBuf,
    /// The descriptor that the agent speaks on.
    #[arg(long)]
    pub channel: i32,
}

impl Arguments {
    /// The command line that [`Arguments`] reads, without the program and without `--channel`, which the platform adds.
    pub(super) fn command_line(module: &std::path::Path) -> [OsString; 3] {
        ["worker".into(), "--module".into(), module.into()]
    }
}

/// Serves one module until the agent closes the channel or asks to end.
pub fn main(arguments: &Arguments) -> ExitCode {
    // Before anything else: from here on no core is dumped and nobody but root reads this process's memory.
    let hardened = platform::keep_memory_private().and_then(|()| platform::renounce_new_privileges());
    let Ok(channel) = hardened.and_then(|()| platform::adopt_channel(arguments.channel)) else {
        // Not started by an agent: there is nobody to tell but the exit status.
        return ExitCode::from(2);
    };
    match serve(arguments, channel) {
        Ok(never) => match never {},
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(arguments: &Arguments, mut channel: WorkerChannel) -> io::Result<Infallible> {
    let hello = channel::read(&mut channel)?;
    let Request::Hello(settings) = hello.request else {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    };
    // Confined while there is one thread, then the second one, then the library: both inherit the confinement.
    let confined = confine(&settings);
    let (work, cancelled) = channel::read_on(channel.try_clone()?)?;
    match confined.and_then(|()| Module::load(&arguments.module, settings.quirks, settings.sessions)) {
        Ok(module) => {
            channel::write(&mut channel, hello.id, &Answer::Ready(module.library()))?;
            Worker {
                module: &module,
                kept: None,
                known: Known::default(),
                told: None,
                channel,
                cancelled,
            }
            .run(work.iter())
        }
        Err(error) => {
            channel::write(&mut channel, hello.id, &Answer::Failed(error))?;
            // A library that failed half-way may crash in its exit handlers.
            platform::end_process(1)
        }
    }
}

fn confine(settings: &Settings) -> Result<(), WorkerError> {
    platform::confine(settings.confinement, &settings.reads, &settings.writes)
        .map(|_| ())
        .map_err(|error| WorkerError::Unloadable {
            reason: error.to_string(),
        })
}

struct Worker<'a> {
    module: &'a Module,
    /// The login that the last batch kept for a grant.
    kept: Option<Opened<'a>>,
    known: Known,
    /// The list that the agent has.
    told: Option<Vec<TokenRecord>>,
    channel: WorkerChannel,
    cancelled: Cancelled,
}

impl Worker<'_> {
    /// Works until the agent asks to end or is gone.
    fn run(mut self, work: impl Iterator<Item = Work>) -> ! {
        // An answer that cannot be written is one that nobody hears.
        let _ = self.work(work);
        self.kept = None;
        self.module.finalize();
        // Without the library's exit handlers: several crash in them after C_Finalize.
        platform::end_process(0)
    }

    fn work(&mut self, work: impl Iterator<Item = Work>) -> io::Result<()> {
        for Work { id, request, secret } in work {
            if self.cancelled.all() {
                break;
            }
            match request {
                Request::Inventory { afresh } => self.inventory(id, afresh)?,
                Request::Sign(request) => {
                    let mut conversation = Batch {
                        id,
                        channel: &mut self.channel,
                        cancelled: &self.cancelled,
                        broken: Ok(()),
                    };
                    signing::sign(self.module, &request, secret, &mut self.kept, &mut conversation);
                    conversation.broken?;
                }
                Request::Shutdown => break,
                // The reading thread keeps cancels and joins parts; a second hello is nonsense.
                Request::Cancel | Request::More(_) | Request::Hello(_) => platform::end_process(channel::GARBAGE),
            }
        }
        Ok(())
    }

    fn inventory(&mut self, id: u64, afresh: bool) -> io::Result<()> {
        // A look may initialise the module anew, which ends every login.
        self.kept = None;
        match self.known.look(self.module, afresh) {
            Ok(tokens) if self.told.as_ref() == Some(&tokens) => {
                channel::write(&mut self.channel, id, &Answer::Unchanged)
            }
            Ok(tokens) => {
                for token in &tokens {
                    channel::write(&mut self.channel, id, &Answer::Token(Box::new(token.clone())))?;
                }
                channel::write(&mut self.channel, id, &Answer::Listed)?;
                self.told = Some(tokens);
                Ok(())
            }
            Err(error) => {
                self.known.forget();
                self.told = None;
                channel::write(&mut self.channel, id, &Answer::Failed(error))
            }
        }
    }
}

/// The channel during one signing request.
struct Batch<'a> {
    id: u64,
    channel: &'a mut WorkerChannel,
    cancelled: &'a Cancelled,
    broken: io::Result<()>,
}

impl signing::Conversation for Batch<'_> {
    fn say(&mut self, answer: Answer) {
        if self.broken.is_ok() {
            self.broken = channel::write(self.channel, self.id, &answer);
        }
    }

    fn is_cancelled(&self) -> bool {
        self.broken.is_err() || self.cancelled.is(self.id)
    }
}
