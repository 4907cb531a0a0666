use std::path::PathBuf;

use super::Config;
use crate::messages::{Code, Fault};
use crate::platform;

/// The places of one agent in the file system.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Directories {
    /// The database and the spooled documents.
    pub state: PathBuf,
    /// The socket and `endpoint.json`.
    pub runtime: PathBuf,
    /// The local socket.
    pub socket: PathBuf,
    /// What tells a command how to reach the agent.
    pub endpoint_file: PathBuf,
}

impl Config {
    /// Where this configuration's agent lives. Makes nothing but the socket's directory under `/tmp` where the runtime directory's
    /// path is too long for a socket.
    ///
    /// # Errors
    /// `config_invalid` when there is no home directory and the configuration names no state directory, `store_failed` when the
    /// short directory of the socket is not ours.
    pub fn directories(&self) -> Result<Directories, Fault> {
        let state = match &self.agent.state_dir {
            Some(state) => state.clone(),
            None => platform::user_state_directory().ok_or_else(|| {
                Fault::new(Code::ConfigInvalid)
                    .detail("this user has no home directory: set HOME or XDG_STATE_HOME, or agent.state_dir in the configuration")
            })?,
        };
        let runtime = match &self.agent.runtime_dir {
            Some(runtime) => runtime.clone(),
            // A state directory of one's own is another agent; it must not meet the ordinary one at the same socket.
            None if self.agent.state_dir.is_some() => state.join("run"),
            None => platform::user_runtime_directory(&state),
        };
        let socket = platform::socket_path(&runtime).map_err(|error| {
            Fault::new(Code::StoreFailed)
                .arg("path", runtime.display())
                .detail(error)
        })?;
        let endpoint_file = runtime.join("endpoint.json");
        Ok(Directories {
            state,
            runtime,
            socket,
            endpoint_file,
        })
    }
}

impl Directories {
    /// Makes the directories, for their owner alone.
    ///
    /// # Errors
    /// `store_failed` with what mends it.
    pub fn create(&self) -> Result<(), Fault> {
        for directory in [&self.state, &self.runtime] {
            platform::ensure_private_directory(directory).map_err(|error| {
                Fault::new(Code::StoreFailed)
                    .arg("path", directory.display())
                    .detail(error)
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_configured_state_directory_has_its_own_socket() {
        let mut config = Config::default();
        config.agent.state_dir = Some("/s".into());
        let directories = config.directories().unwrap();
        assert_eq!(directories.socket, PathBuf::from("/s/run/agent.sock"));
        config.agent.runtime_dir = Some("/r".into());
        assert_eq!(
            config.directories().unwrap().endpoint_file,
            PathBuf::from("/r/endpoint.json")
        );
    }
}
