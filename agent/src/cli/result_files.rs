//! Files that a command fetches: never over another one unasked, written piece by piece, and whole or not at all.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc;

use super::client::Client;
use super::output::Output;
use crate::messages::{Code, Fault};
use crate::platform;

/// So many pieces may wait for the disk.
const PIECES_AHEAD: usize = 16;

/// Where a fetched file goes: `out`, in `out` when that is a directory, else under its own name here.
pub(super) fn target(out: Option<&Path>, name: &str) -> PathBuf {
    match out {
        Some(out) if out.is_dir() => out.join(name),
        Some(out) => out.to_owned(),
        None => PathBuf::from(name),
    }
}

/// Fetches what lies at the agent's `path` into `file`; gives its size in bytes. A file that is there is replaced with `force`, or when the
/// person at the terminal says so, which is asked before anything is fetched.
///
/// # Errors
/// `invalid_field` when it is there, `disk_full`, `file_unreadable`, `service_unreachable` when it breaks off, and those of the call.
pub(super) async fn fetch(
    output: &Output,
    client: &Client,
    path: &str,
    file: &Path,
    force: bool,
) -> Result<u64, Fault> {
    let overwrite = force || (file.symlink_metadata().is_ok() && is_wanted(output, file));
    if !overwrite && file.symlink_metadata().is_ok() {
        return Err(exists(file));
    }
    write(file, client.file(path).await?.bytes_stream(), overwrite).await
}

/// Writes the pieces as they come; the file gets its name when it is whole.
async fn write(
    file: &Path,
    mut pieces: impl Stream<Item = reqwest::Result<Bytes>> + Unpin,
    overwrite: bool,
) -> Result<u64, Fault> {
    let (sender, mut receiver) = mpsc::channel::<Option<Bytes>>(PIECES_AHEAD);
    let target = file.to_owned();
    let writing = tokio::task::spawn_blocking(move || {
        platform::write_result_file_with(&target, overwrite, |file| {
            loop {
                match receiver.blocking_recv() {
                    Some(Some(piece)) => file.write_all(&piece)?,
                    // The end was told.
                    Some(None) => return Ok(()),
                    None => return Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
        })
    });
    let mut size = 0;
    let mut broken = None;
    loop {
        let piece = match pieces.next().await {
            Some(Ok(piece)) => Some(piece),
            Some(Err(error)) => {
                broken = Some(error);
                break;
            }
            None => None,
        };
        let is_end = piece.is_none();
        size += piece
            .as_ref()
            .map_or(0, |piece| u64::try_from(piece.len()).unwrap_or(u64::MAX));
        // Nobody receives when the writing failed; it says why itself.
        if sender.send(piece).await.is_err() || is_end {
            break;
        }
    }
    drop(sender);
    let written = writing.await.map_err(Fault::internal)?;
    if let Some(error) = broken {
        let detail = format!("the file breaks off after {size} bytes: {error}");
        return Err(Fault::new(Code::ServiceUnreachable).detail(detail));
    }
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(file),
        _ => unwritable(file, &error),
    })?;
    Ok(size)
}

/// Asks the person at the terminal; without one nothing is overwritten.
fn is_wanted(output: &Output, path: &Path) -> bool {
    if output.is_json() || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return false;
    }
    let question = output.text_with("cli-overwrite-prompt", &[("path", &path.display())]);
    let mut stderr = io::stderr().lock();
    if write!(stderr, "{question} ").and_then(|()| stderr.flush()).is_err() {
        return false;
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line).is_ok() && line.trim().eq_ignore_ascii_case(&output.text("cli-yes"))
}

fn exists(path: &Path) -> Fault {
    Fault::invalid_field(
        "--out",
        format!("{} exists already, --force overwrites it", path.display()),
    )
}

fn unwritable(path: &Path, error: &io::Error) -> Fault {
    if error.kind() == io::ErrorKind::StorageFull {
        return Fault::new(Code::DiskFull).detail(format!("{}: {error}", path.display()));
    }
    Fault::new(Code::FileUnreadable)
        .arg("path", path.display())
        .arg("reason", error)
}
