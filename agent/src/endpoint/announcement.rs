use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::messages::{Code, Fault};
use crate::platform;

/// No such file is longer.
const LONGEST: u64 = 64 * 1024;
const VERSION: u32 = 1;

/// `endpoint.json` in the runtime directory (0600): where the running agent is reached, and the owner's token for loopback TCP.
#[derive(Debug, Deserialize, Serialize)]
pub struct Announcement {
    /// The version of this file's shape.
    pub version: u32,
    /// The agent's process.
    pub pid: u32,
    /// The Unix socket.
    pub socket: PathBuf,
    /// The base URL on loopback TCP, when it is listened on.
    pub http: Option<String>,
    /// Lets the person's own tools in over TCP. Over the socket nothing is needed.
    #[serde(serialize_with = "expose")]
    pub owner_token: SecretString,
    /// When the agent started.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
}

impl Announcement {
    pub(super) fn new(socket: &Path, http: Option<SocketAddr>, owner_token: &str) -> Self {
        Self {
            version: VERSION,
            pid: std::process::id(),
            socket: socket.to_owned(),
            http: http.map(|address| format!("http://{address}")),
            owner_token: SecretString::from(owner_token),
            started_at: OffsetDateTime::now_utc(),
        }
    }

    /// Reads what an agent has written to `path`; `None` when there is no such file. The agent may have died since.
    ///
    /// # Errors
    /// `agent_unreachable` when the file is open to other users or cannot be read.
    pub fn read(path: &Path) -> Result<Option<Self>, Fault> {
        let unreadable = |cause: String| {
            Fault::new(Code::AgentUnreachable).detail(format_args!("{} cannot be read: {cause}", path.display()))
        };
        let text = match platform::read_private_file(path, LONGEST) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error.to_string())),
        };
        let announcement: Self = serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
        if announcement.version != VERSION {
            return Err(unreadable(format!(
                "its version is {}, not {VERSION}",
                announcement.version
            )));
        }
        Ok(Some(announcement))
    }

    /// Writes the file; a reader sees the old or the new one, never a part.
    pub(super) fn write(&self, path: &Path) -> Result<(), Fault> {
        let text = serde_json::to_vec(self).map_err(Fault::internal)?;
        platform::write_private_file(path, &text)
            .map_err(|error| Fault::internal(format_args!("{} cannot be written: {error}", path.display())))
    }

    /// Takes the file away when the agent ends.
    pub(super) fn remove(path: &Path) {
        if let Err(error) = std::fs::remove_file(path) {
            tracing::warn!(path = %path.display(), %error, "the endpoint's announcement stays");
        }
    }
}

fn expose<S: serde::Serializer>(token: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose_secret())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("endpoint.json");
        assert!(Announcement::read(&path).unwrap().is_none());
        let socket = dir.path().join("agent.sock");
        let written = Announcement::new(&socket, Some(([127, 0, 0, 1], 9482).into()), "to_secret");
        written.write(&path).unwrap();
        let read = Announcement::read(&path).unwrap().unwrap();
        assert_eq!(read.http.as_deref(), Some("http://127.0.0.1:9482"));
        assert_eq!(read.owner_token.expose_secret(), "to_secret");
        assert!(!format!("{read:?}").contains("to_secret"));
        Announcement::remove(&path);
        assert!(Announcement::read(&path).unwrap().is_none());
    }
}
