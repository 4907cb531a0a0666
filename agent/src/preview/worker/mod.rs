//! `tokensign preview-worker`: looks at one document that lies open on its standard input, writes one answer on standard output
//! and ends.

mod archive;
mod kind;
#[cfg(feature = "drawing")]
mod pages;
#[cfg(feature = "drawing")]
mod picture;
mod text;
mod xml;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::process::ExitCode;

use kind::Kind;
pub(super) use kind::is_archive;

use super::model::{Answer, Preview, Unshowable};
use crate::platform::{self, SealLimits};

/// What a look may take. The address space is larger than what is used: the program itself and the allocator's reserves count.
const LIMITS: SealLimits = SealLimits {
    memory_bytes: 1536 << 20,
    cpu_seconds: 20,
};

/// The exit status of a process that could not be sealed, and so has looked at nothing.
pub(in crate::preview) const NOT_SEALED: u8 = 2;

/// The largest file that is read whole, in bytes.
#[cfg(feature = "drawing")]
const LARGEST: u64 = 128 << 20;

/// What the agent gives the worker on its command line.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The page to draw, from 1.
    #[arg(long)]
    pub page: u32,
}

impl Arguments {
    /// The command line that [`Arguments`] reads, without the program.
    pub(in crate::preview) fn command_line(page: u32) -> [OsString; 3] {
        ["preview-worker".into(), "--page".into(), page.to_string().into()]
    }
}

/// Looks at the document on standard input.
pub fn main(arguments: &Arguments) -> ExitCode {
    let Ok(document) = platform::standard_input_file() else {
        return not_sealed();
    };
    // Before the first byte of the document is read.
    if platform::seal(LIMITS).is_err() {
        return not_sealed();
    }
    let answer = match show(document, arguments.page) {
        Ok(preview) => Answer::Shown(preview),
        Err(why) => Answer::Unshowable(why),
    };
    let written = serde_json::to_vec(&answer)
        .map_err(io::Error::from)
        .and_then(|answer| io::stdout().lock().write_all(&answer));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn not_sealed() -> ExitCode {
    ExitCode::from(NOT_SEALED)
}

fn show(mut document: File, page: u32) -> Result<Preview, Unshowable> {
    let mut head = Vec::with_capacity(kind::HEAD);
    (&mut document)
        .take(kind::HEAD as u64)
        .read_to_end(&mut head)
        .map_err(|_| Unshowable::Broken)?;
    document.rewind().map_err(|_| Unshowable::Broken)?;
    match Kind::of(&head) {
        Kind::Archive => archive::list(document),
        Kind::Other => text::show(document),
        #[cfg(feature = "drawing")]
        Kind::Image(format) => picture::show(&read_whole(document)?, format),
        #[cfg(feature = "drawing")]
        Kind::Pdf => pages::draw(read_whole(document)?, page),
        #[cfg(not(feature = "drawing"))]
        Kind::Image(_) | Kind::Pdf => {
            let _ = page;
            Err(Unshowable::Unknown)
        }
    }
}

#[cfg(feature = "drawing")]
fn read_whole(document: File) -> Result<Vec<u8>, Unshowable> {
    let mut bytes = Vec::new();
    document
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| Unshowable::Broken)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Unshowable::TooHeavy);
    }
    Ok(bytes)
}
