//! Files that a command fetches: never over another one unasked.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::output::Output;
use crate::messages::{Code, Fault};
use crate::platform;

/// Where a fetched file goes: `out`, in `out` when that is a directory, else under its own name here.
pub(super) fn target(out: Option<&Path>, name: &str) -> PathBuf {
    match out {
        Some(out) if out.is_dir() => out.join(name),
        Some(out) => out.to_owned(),
        None => PathBuf::from(name),
    }
}

/// Writes a file. One that is there is replaced with `force`, or when the person at the terminal says so.
///
/// # Errors
/// `invalid_field` when it is there, `disk_full`, `file_unreadable`.
pub(super) fn write(output: &Output, path: &Path, bytes: &[u8], force: bool) -> Result<(), Fault> {
    let overwrite = force || (path.symlink_metadata().is_ok() && is_wanted(output, path));
    platform::write_result_file(path, bytes, overwrite).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Fault::invalid_field(
            "--out",
            format!("{} exists already, --force overwrites it", path.display()),
        ),
        io::ErrorKind::StorageFull => Fault::new(Code::DiskFull).detail(format!("{}: {error}", path.display())),
        _ => Fault::new(Code::FileUnreadable)
            .arg("path", path.display())
            .arg("reason", error),
    })
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
