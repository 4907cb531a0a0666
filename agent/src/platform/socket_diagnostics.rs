//! The kernel's socket diagnostics (sock_diag(7)): one question, the answer of one socket or of many. `/proc/net` tells the same by writing down
//! every socket of the machine, which takes tens of milliseconds and may leave out one while others come and go.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with};

use super::socket_table::Holder;

// <linux/netlink.h>, <linux/sock_diag.h>, <linux/unix_diag.h>, <linux/inet_diag.h>
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_DUMP: u16 = 0x300;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const AF_UNIX: u8 = 1;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_TCP: u8 = 6;
const UDIAG_SHOW_NAME_FILE_AND_PEER: u32 = 0x1 | 0x2 | 0x4;
const UNIX_DIAG_NAME: u16 = 0;
const UNIX_DIAG_VFS: u16 = 1;
const UNIX_DIAG_PEER: u16 = 2;
/// `struct nlmsghdr`, `struct unix_diag_msg`, `struct inet_diag_msg`.
const HEADER: usize = 16;
const UNIX_MESSAGE: usize = 16;
const INET_MESSAGE: usize = 72;

/// The socket that is looked for: by the name under which it was bound, or by its file, which may have another name here (a mount, a link).
struct Wanted<'a> {
    name: &'a [u8],
    /// Inode and device, as `struct unix_diag_vfs` has them.
    file: Option<(u32, u32)>,
}

impl<'a> Wanted<'a> {
    fn at(path: &'a Path) -> Self {
        let file = rustix::fs::stat(path).ok().map(|stat| {
            // The kernel's own form of a device number: twelve bits, then twenty.
            let device = rustix::fs::major(stat.st_dev) << 20 | rustix::fs::minor(stat.st_dev);
            (stat.st_ino as u32, device)
        });
        Self {
            name: path.as_os_str().as_bytes(),
            file,
        }
    }
}

/// The inodes of the Unix sockets connected to the one that listens there.
///
/// # Errors
/// When the kernel does not answer.
pub(super) fn peers_of(path: &Path) -> io::Result<Vec<u32>> {
    let mut body = vec![AF_UNIX, 0, 0, 0];
    // Every state, every inode, no cookie.
    for word in [u32::MAX, 0, UDIAG_SHOW_NAME_FILE_AND_PEER, u32::MAX, u32::MAX] {
        body.extend(word.to_ne_bytes());
    }
    let socket = ask(NLM_F_REQUEST | NLM_F_DUMP, &body)?;
    let wanted = Wanted::at(path);
    let mut peers = Vec::new();
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        let (length, _) = recv(&socket, buffer.as_mut_slice(), RecvFlags::empty())?;
        let answer = buffer.get(..length).unwrap_or_default();
        if !read_peers(answer, &wanted, &mut peers) {
            return Ok(peers);
        }
    }
}

/// Who holds the TCP socket whose own address is `own` and whose other end is `other`. The kernel finds it by its addresses, at a cost that does not
/// grow with the number of sockets.
///
/// # Errors
/// `NotFound` when there is no such socket, its process has given it up, or this kernel knows no diagnostics of TCP; others when it does not answer.
pub(super) fn holder_of_connection(own: SocketAddr, other: SocketAddr) -> io::Result<Holder> {
    let (own, other) = (canonical(own), canonical(other));
    let family = if own.is_ipv4() { AF_INET } else { AF_INET6 };
    // No extensions, every state.
    let mut body = vec![family, IPPROTO_TCP, 0, 0];
    body.extend(u32::MAX.to_ne_bytes());
    body.extend(own.port().to_be_bytes());
    body.extend(other.port().to_be_bytes());
    body.extend(address_field(own.ip()));
    body.extend(address_field(other.ip()));
    // Any interface, no cookie.
    body.extend(0_u32.to_ne_bytes());
    body.extend([0xFF; 8]);
    let socket = ask(NLM_F_REQUEST, &body)?;
    let mut buffer = [0_u8; 1024];
    let (length, _) = recv(&socket, &mut buffer, RecvFlags::empty())?;
    read_holder(buffer.get(..length).unwrap_or_default(), own, other)
}

/// Sends one question on a socket of its own; the answer is read from that.
fn ask(flags: u16, body: &[u8]) -> io::Result<OwnedFd> {
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(netlink::SOCK_DIAG),
    )?;
    set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_secs(1)))?;
    let mut message = Vec::with_capacity(HEADER + body.len());
    message.extend(((HEADER + body.len()) as u32).to_ne_bytes());
    message.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend([0; 8]);
    message.extend(body);
    send(&socket, &message, SendFlags::empty())?;
    Ok(socket)
}

/// Reads the messages of one datagram; false after the last one.
fn read_peers(mut datagram: &[u8], wanted: &Wanted<'_>, peers: &mut Vec<u32>) -> bool {
    while let (Some(length), Some(kind)) = (word(datagram, 0), half(datagram, 4)) {
        let length = length as usize;
        let Some(message) = datagram.get(HEADER..length) else {
            return false;
        };
        match kind {
            NLMSG_DONE | NLMSG_ERROR => return false,
            SOCK_DIAG_BY_FAMILY => peers.extend(peer_of(message.get(UNIX_MESSAGE..).unwrap_or_default(), wanted)),
            _ => {}
        }
        datagram = datagram.get(aligned(length)..).unwrap_or_default();
    }
    true
}

/// The peer among the attributes, when the socket is the one looked for.
fn peer_of(mut attributes: &[u8], wanted: &Wanted<'_>) -> Option<u32> {
    let (mut is_wanted, mut peer) = (false, None);
    while let (Some(length), Some(kind)) = (half(attributes, 0), half(attributes, 2)) {
        let length = usize::from(length);
        let value = attributes.get(4..length)?;
        match kind {
            UNIX_DIAG_NAME => is_wanted |= value.strip_suffix(&[0]).unwrap_or(value) == wanted.name,
            UNIX_DIAG_VFS => is_wanted |= wanted.file.is_some() && word(value, 0).zip(word(value, 4)) == wanted.file,
            UNIX_DIAG_PEER => peer = word(value, 0),
            _ => {}
        }
        attributes = attributes.get(aligned(length)..).unwrap_or_default();
    }
    peer.filter(|_| is_wanted)
}

/// Reads the only message of the answer about one TCP socket.
fn read_holder(datagram: &[u8], own: SocketAddr, other: SocketAddr) -> io::Result<Holder> {
    let broken = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "the kernel's socket diagnostics cannot be read",
        )
    };
    let missing = || io::Error::new(io::ErrorKind::NotFound, "the kernel knows no such connection");
    let length = word(datagram, 0).ok_or_else(broken)? as usize;
    let message = datagram.get(HEADER..length).ok_or_else(broken)?;
    match half(datagram, 4) {
        Some(SOCK_DIAG_BY_FAMILY) if message.len() >= INET_MESSAGE => {}
        Some(NLMSG_ERROR) => {
            // `struct nlmsgerr` begins with the error number, negative.
            let number = word(message, 0).ok_or_else(broken)?.cast_signed();
            return Err(io::Error::from_raw_os_error(number.saturating_neg()));
        }
        _ => return Err(broken()),
    }
    // Where the connection is gone, the kernel answers with whoever listens on that port.
    if !is_end(message, 4, 8, own) || !is_end(message, 6, 24, other) {
        return Err(missing());
    }
    let holder = Holder {
        uid: word(message, 64).ok_or_else(broken)?,
        inode: word(message, 68).ok_or_else(broken)?.into(),
    };
    // A connection that its process has given up has no inode, and its user is no longer told: it reads 0, as root's.
    if holder.inode == 0 {
        return Err(missing());
    }
    Ok(holder)
}

/// Whether the port and the address at these places of a `struct inet_diag_msg` are those of `end`.
fn is_end(message: &[u8], port: usize, address: usize, end: SocketAddr) -> bool {
    let told = match message.first() {
        Some(&AF_INET) => message
            .get(address..address + 4)
            .and_then(|octets| <[u8; 4]>::try_from(octets).ok())
            .map(IpAddr::from),
        // An IPv6 socket that speaks IPv4 has mapped addresses.
        Some(&AF_INET6) => message
            .get(address..address + 16)
            .and_then(|octets| <[u8; 16]>::try_from(octets).ok())
            .map(|octets| IpAddr::from(octets).to_canonical()),
        _ => None,
    };
    told == Some(end.ip()) && message.get(port..port + 2) == Some(&end.port().to_be_bytes())
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// An address in the sixteen octets that it has in a `struct inet_diag_sockid`.
fn address_field(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => {
            let mut field = [0; 16];
            let [a, b, c, d] = ip.octets();
            field[..4].copy_from_slice(&[a, b, c, d]);
            field
        }
        IpAddr::V6(ip) => ip.octets(),
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::net::{TcpListener, TcpStream};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_connection_is_found_by_its_addresses_also_from_an_ipv6_socket() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        for address in [format!("127.0.0.1:{port}"), format!("[::ffff:127.0.0.1]:{port}")] {
            let client = TcpStream::connect(&address).unwrap();
            let (server, remote) = listener.accept().unwrap();
            let local = server.local_addr().unwrap();
            let holder = holder_of_connection(remote, local).unwrap();
            assert_eq!(Some(holder.uid), super::super::user::current_uid());
            assert_ne!(holder.inode, holder_of_connection(local, remote).unwrap().inode);
            drop(client);
            // A process that another test starts meanwhile holds our sockets until its program runs.
            let mut looks = (0..100).map(|_| {
                thread::sleep(Duration::from_millis(20));
                holder_of_connection(remote, local)
            });
            let gone = looks.find_map(Result::err).unwrap();
            assert_eq!(gone.kind(), io::ErrorKind::NotFound);
        }
    }

    #[test]
    fn who_listens_is_not_taken_for_who_is_connected() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = "127.0.0.1:1".parse().unwrap();
        let error = holder_of_connection(listener.local_addr().unwrap(), nobody).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_broken_answer_names_nobody() {
        let address = "127.0.0.1:1".parse().unwrap();
        let short = [88_u32.to_ne_bytes().as_slice(), &20_u16.to_ne_bytes(), &[0; 60]].concat();
        for datagram in [&[][..], &[1], &[0; 16], &[255; 40], &short] {
            let mut peers = Vec::new();
            read_peers(datagram, &Wanted::at(Path::new("/")), &mut peers);
            assert!(peers.is_empty());
            assert!(read_holder(datagram, address, address).is_err());
        }
    }
}
