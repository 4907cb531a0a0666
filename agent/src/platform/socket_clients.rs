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
    let inodes = diagnostics::peers_of(path).unwrap_or_default();
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

#[cfg(target_os = "linux")]
mod diagnostics {
    use std::io;
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::Path;
    use std::time::Duration;

    use rustix::net::sockopt::{Timeout, set_socket_timeout};
    use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with};

    // <linux/netlink.h>, <linux/sock_diag.h>, <linux/unix_diag.h>
    const SOCK_DIAG_BY_FAMILY: u16 = 20;
    const NLM_F_REQUEST_DUMP: u16 = 0x1 | 0x300;
    const NLMSG_ERROR: u16 = 2;
    const NLMSG_DONE: u16 = 3;
    const AF_UNIX: u8 = 1;
    const UDIAG_SHOW_NAME_AND_PEER: u32 = 0x1 | 0x4;
    const UNIX_DIAG_NAME: u16 = 0;
    const UNIX_DIAG_PEER: u16 = 2;
    const HEADER: usize = 16;
    const MESSAGE: usize = 16;

    /// The inodes of the sockets connected to the one that has this name.
    pub(super) fn peers_of(path: &Path) -> io::Result<Vec<u32>> {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            Some(netlink::SOCK_DIAG),
        )?;
        set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_secs(1)))?;
        send(&socket, &request(), SendFlags::empty())?;
        let mut peers = Vec::new();
        let mut buffer = vec![0_u8; 64 * 1024];
        loop {
            let (length, _) = recv(&socket, buffer.as_mut_slice(), RecvFlags::empty())?;
            let answer = buffer.get(..length).unwrap_or_default();
            if !read(answer, path.as_os_str().as_bytes(), &mut peers) {
                return Ok(peers);
            }
        }
    }

    fn request() -> Vec<u8> {
        let mut body = vec![AF_UNIX, 0, 0, 0];
        // Every state, every inode, no cookie.
        for word in [u32::MAX, 0, UDIAG_SHOW_NAME_AND_PEER, u32::MAX, u32::MAX] {
            body.extend(word.to_ne_bytes());
        }
        let mut message = Vec::new();
        message.extend(((HEADER + body.len()) as u32).to_ne_bytes());
        message.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        message.extend(NLM_F_REQUEST_DUMP.to_ne_bytes());
        message.extend([0; 8]);
        message.extend(body);
        message
    }

    /// Reads the messages of one datagram; false after the last one.
    pub(super) fn read(mut datagram: &[u8], name: &[u8], peers: &mut Vec<u32>) -> bool {
        while let (Some(length), Some(kind)) = (word(datagram, 0), half(datagram, 4)) {
            let length = length as usize;
            let Some(message) = datagram.get(HEADER..length) else {
                return false;
            };
            match kind {
                NLMSG_DONE | NLMSG_ERROR => return false,
                SOCK_DIAG_BY_FAMILY => peers.extend(peer_of(message.get(MESSAGE..).unwrap_or_default(), name)),
                _ => {}
            }
            datagram = datagram.get(aligned(length)..).unwrap_or_default();
        }
        true
    }

    /// The peer among the attributes, when the socket's name is the one looked for.
    fn peer_of(mut attributes: &[u8], name: &[u8]) -> Option<u32> {
        let (mut is_named, mut peer) = (false, None);
        while let (Some(length), Some(kind)) = (half(attributes, 0), half(attributes, 2)) {
            let length = usize::from(length);
            let value = attributes.get(4..length)?;
            match kind {
                UNIX_DIAG_NAME => is_named = value.strip_suffix(&[0]).unwrap_or(value) == name,
                UNIX_DIAG_PEER => peer = word(value, 0),
                _ => {}
            }
            attributes = attributes.get(aligned(length)..).unwrap_or_default();
        }
        peer.filter(|_| is_named)
    }

    const fn aligned(length: usize) -> usize {
        length.next_multiple_of(4)
    }

    fn half(bytes: &[u8], at: usize) -> Option<u16> {
        Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
    }

    fn word(bytes: &[u8], at: usize) -> Option<u32> {
        Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
    }
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
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(
            named.iter().map(|process| process.pid).collect::<Vec<_>>(),
            [child.id()]
        );
        assert_eq!(named[0].name, "sleep");
        drop(own);
    }

    #[test]
    fn a_broken_answer_names_nobody() {
        for datagram in [&[][..], &[1], &[0; 16], &[255; 40]] {
            let mut peers = Vec::new();
            diagnostics::read(datagram, b"/x", &mut peers);
            assert!(peers.is_empty());
        }
    }
}
