use std::env;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Why a link was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenLinkError {
    /// No desktop session: nobody sees a window.
    #[error("there is no desktop session to open a link in: open it by hand")]
    NoDesktop,
    /// The program that opens links is missing.
    #[error("{0} is not installed: install it (Debian: apt-get install xdg-utils) or open the link by hand")]
    NoOpener(&'static str),
    /// The program could not be started.
    #[error("the program that opens links does not start: {0}")]
    Failed(#[from] io::Error),
}

/// Whether a person sits at a desktop of this session.
pub fn has_desktop_session() -> bool {
    if cfg!(any(windows, target_os = "macos")) {
        // Not tested on Windows and macOS.
        return true;
    }
    ["WAYLAND_DISPLAY", "DISPLAY"]
        .iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Opens a link in the user's browser and does not wait for it.
///
/// # Errors
/// [`OpenLinkError`].
pub fn open_link(url: &str) -> Result<(), OpenLinkError> {
    if !has_desktop_session() {
        return Err(OpenLinkError::NoDesktop);
    }
    let (program, before): (&'static str, &[&str]) = if cfg!(windows) {
        // Not `cmd /c start`, which would read `&` and `^` in the link as its own.
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else if cfg!(target_os = "macos") {
        ("open", &[])
    } else {
        ("xdg-open", &[])
    };
    let path = find_program(program).ok_or(OpenLinkError::NoOpener(program))?;
    let mut child = Command::new(path)
        .args(before)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // Somebody has to wait for it, or it stays as a zombie.
    std::thread::spawn(move || child.wait());
    Ok(())
}

/// A program of the search path.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let file = if cfg!(windows) {
        format!("{name}.exe")
    } else {
        name.to_owned()
    };
    env::split_paths(&env::var_os("PATH")?)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(&file))
        .find(|path| path.is_file())
}
