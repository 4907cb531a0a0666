use std::path::Path;

use super::peer::Process;

/// The processes connected to the service that listens on a local socket, as far as this user may see them; never this program's own. Empty where
/// the system does not tell.
///
/// A client's end of a connection has no name, so `/proc/net/unix` does not lead to it. The kernel's socket diagnostics do (`unix_diag` in
/// sock_diag(7)).
#[cfg(target_os = "linux")]
pub fn clients_of_socket(path: &Path) -> Vec<Process> {
    let own = std::env::current_exe().ok();
    let is_own = |process: &Process| {
        process.pid == std::process::id() || own.is_some() && process.executable.is_some() && process.executable == own
    };
    let inodes = super::socket_diagnostics::peers_of(path).unwrap_or_default();
    let mut clients: Vec<Process> = inodes
        .into_iter()
        .filter_map(|inode| super::peer::holder_of_socket(inode.into()))
        .filter_map(super::peer::describe_process)
        .filter(|process| !is_own(process))
        .collect();
    clients.sort_by_key(|process| process.pid);
    clients.dedup_by_key(|process| process.pid);
    clients
}

/// Other systems do not tell.
#[cfg(not(target_os = "linux"))]
pub fn clients_of_socket(_path: &Path) -> Vec<Process> {
    Vec::new()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::process::Command;

    use super::*;

    #[test]
    fn another_program_that_is_connected_is_named_and_this_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("service.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let own = UnixStream::connect(&path).unwrap();
        let _own_served = listener.accept().unwrap();
        assert!(clients_of_socket(&path).is_empty());

        // A child inherits the connection as its standard input.
        let theirs = UnixStream::connect(&path).unwrap();
        let _theirs_served = listener.accept().unwrap();
        let mut child = Command::new("sleep")
            .arg("60")
            .stdin(std::os::fd::OwnedFd::from(theirs))
            .spawn()
            .unwrap();
        let named = clients_of_socket(&path);
        // The service's file may have another name here than it was bound under.
        let link = directory.path().join("link.sock");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let by_link = clients_of_socket(&link);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(
            named.iter().map(|process| process.pid).collect::<Vec<_>>(),
            [child.id()]
        );
        assert_eq!(named[0].name, "sleep");
        assert_eq!(by_link.len(), 1, "{by_link:?}");
        drop(own);
    }
}
