use std::env;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::private::ensure_private_directory;
use super::user::{current_uid, home_directory};

/// What our directories are called.
const NAME: &str = "tokensign";

/// The longest path of a Unix socket that every system takes (`sun_path` has 104 bytes on some, 108 on Linux).
const LONGEST_SOCKET_PATH: usize = 100;

/// The directory of the system's configuration.
pub fn system_config_directory() -> PathBuf {
    #[cfg(windows)]
    {
        // Not tested on Windows.
        env::var_os("ProgramData")
            .map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from)
            .join(NAME)
    }
    #[cfg(not(windows))]
    {
        Path::new("/etc").join(NAME)
    }
}

/// The directory of the user's configuration (XDG base directories); `None` when the user has no home.
pub fn user_config_directory() -> Option<PathBuf> {
    user_directory("XDG_CONFIG_HOME", "APPDATA", ".config", "Library/Application Support")
}

/// The directory of the database and the spooled documents when the configuration names none; `None` when the user has no home.
pub fn user_state_directory() -> Option<PathBuf> {
    user_directory(
        "XDG_STATE_HOME",
        "LOCALAPPDATA",
        ".local/state",
        "Library/Application Support",
    )
}

/// The directory of the socket and `endpoint.json` when the configuration names none: the session's runtime directory, and where
/// there is no session (a container, a service without one) a directory inside `state`. Not created.
pub fn user_runtime_directory(state: &Path) -> PathBuf {
    if let Some(runtime) = absolute_variable("XDG_RUNTIME_DIR") {
        return runtime.join(NAME);
    }
    if let Some(uid) = current_uid() {
        let runtime = PathBuf::from(format!("/run/user/{uid}"));
        if super::private::belongs_to_us(&runtime).unwrap_or(false) {
            return runtime.join(NAME);
        }
    }
    state.join("run")
}

/// The socket's path for a runtime directory. A path that is too long for a socket gives one in a private directory under `/tmp`,
/// always the same for the same runtime directory; that directory is made and checked here.
///
/// # Errors
/// When the directory under `/tmp` belongs to somebody else or cannot be made.
pub fn socket_path(runtime: &Path) -> io::Result<PathBuf> {
    const SOCKET: &str = "agent.sock";
    let direct = runtime.join(SOCKET);
    if direct.as_os_str().len() <= LONGEST_SOCKET_PATH {
        return Ok(direct);
    }
    let digest = Sha256::digest(runtime.as_os_str().as_encoded_bytes());
    let short = hex::encode(&digest[..8]);
    let directory = Path::new("/tmp").join(format!("{NAME}-{}-{short}", current_uid().unwrap_or_default()));
    ensure_private_directory(&directory)?;
    Ok(directory.join(SOCKET))
}

fn user_directory(xdg: &str, windows: &str, below_home: &str, macos: &str) -> Option<PathBuf> {
    if cfg!(windows) {
        return absolute_variable(windows).map(|directory| directory.join(NAME));
    }
    if let Some(directory) = absolute_variable(xdg) {
        return Some(directory.join(NAME));
    }
    let below = if cfg!(target_os = "macos") { macos } else { below_home };
    home_directory().map(|home| home.join(below).join(NAME))
}

/// A variable that holds an absolute path; the XDG specification has relative ones ignored.
fn absolute_variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_short_runtime_directory_holds_its_socket() {
        assert_eq!(
            socket_path(Path::new("/run/user/1000/tokensign")).unwrap(),
            Path::new("/run/user/1000/tokensign/agent.sock")
        );
    }

    #[test]
    fn a_long_runtime_directory_gets_a_short_private_one() {
        let long = PathBuf::from(format!("/{}/run", "x".repeat(120)));
        let socket = socket_path(&long).unwrap();
        assert!(socket.as_os_str().len() <= LONGEST_SOCKET_PATH);
        assert_eq!(socket, socket_path(&long).unwrap());
        std::fs::remove_dir(socket.parent().unwrap()).unwrap();
    }
}
