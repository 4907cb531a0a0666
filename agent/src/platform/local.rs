//! The local transport: a Unix socket whose peer the kernel names. Elsewhere it is unsupported, and loopback TCP serves alone.

use std::io;
use std::path::Path;

use super::Peer;

/// One connection on the local socket.
#[cfg(unix)]
pub type LocalStream = tokio::net::UnixStream;
/// One connection on the local socket; there are none on this system.
#[cfg(not(unix))]
pub type LocalStream = tokio::io::DuplexStream;

/// The listening end of the local socket.
#[derive(Debug)]
pub struct LocalListener {
    #[cfg(unix)]
    listener: tokio::net::UnixListener,
}

impl LocalListener {
    /// Listens on `path`, in a private directory, for this user alone (0600). A socket that a dead agent left is replaced; the
    /// caller holds the agent's lock, so no living one uses it.
    ///
    /// # Errors
    /// `AlreadyExists` when something that is no socket lies there, `Unsupported` where there are no such sockets, and those of
    /// the file system.
    #[cfg(unix)]
    pub fn bind(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt};

        match std::fs::symlink_metadata(path) {
            Ok(metadata) if metadata.file_type().is_socket() => std::fs::remove_file(path)?,
            Ok(_) => {
                let text = format!("{} exists and is no socket", path.display());
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let listener = tokio::net::UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener })
    }

    /// Listens on `path`; not on this system.
    ///
    /// # Errors
    /// `Unsupported`.
    #[cfg(not(unix))]
    pub fn bind(_path: &Path) -> io::Result<Self> {
        Err(unsupported())
    }

    /// Waits for the next connection and says who made it.
    ///
    /// # Errors
    /// Those of the system; the listener stays usable.
    pub async fn accept(&self) -> io::Result<(LocalStream, Peer)> {
        #[cfg(unix)]
        {
            let (stream, _) = self.listener.accept().await?;
            let peer = super::peer::local_peer(&stream)?;
            Ok((stream, peer))
        }
        #[cfg(not(unix))]
        {
            Err(unsupported())
        }
    }
}

/// Makes an HTTP client send everything over the local socket.
///
/// # Errors
/// `Unsupported` where there are no such sockets.
pub fn http_over_socket(client: reqwest::ClientBuilder, socket: &Path) -> io::Result<reqwest::ClientBuilder> {
    #[cfg(unix)]
    {
        Ok(client.unix_socket(socket))
    }
    #[cfg(not(unix))]
    {
        let _ = (client, socket);
        Err(unsupported())
    }
}

#[cfg(not(unix))]
fn unsupported() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "there are no Unix sockets on this system")
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn the_peer_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.sock");
        let listener = LocalListener::bind(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let client = LocalStream::connect(&path).await.unwrap();
        let (_, peer) = listener.accept().await.unwrap();
        assert!(peer.is_our_user());
        drop(client);
        drop(listener);
        LocalListener::bind(&path).unwrap();
    }

    #[tokio::test]
    async fn another_file_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agent.sock");
        std::fs::write(&path, b"precious").unwrap();
        assert_eq!(
            LocalListener::bind(&path).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    }
}
