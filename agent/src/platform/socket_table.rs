//! The kernel's list of TCP sockets in `/proc/net` (proc_pid_net(5)). It is written anew for each reader, socket by socket, so those who ask together
//! share a reading.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Whose a TCP socket is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Holder {
    pub(super) uid: u32,
    pub(super) inode: u64,
}

struct Reading {
    begun: Instant,
    text: String,
}

/// Who holds the TCP socket whose own address is `own` and whose other end is `other`. Takes tens of milliseconds where many sockets are possible.
///
/// # Errors
/// `NotFound` when there is no such socket or its process has given it up; others when the table cannot be read.
pub(super) fn holder_of_connection(own: SocketAddr, other: SocketAddr) -> io::Result<Holder> {
    static LATEST: Mutex<Option<Reading>> = Mutex::new(None);

    let asked = Instant::now();
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    // Whoever waited for the lock while others read finds a reading that began after its own question.
    let reading = match latest.take() {
        Some(reading) if reading.begun >= asked => reading,
        _ => Reading {
            begun: Instant::now(),
            text: read()?,
        },
    };
    let found = find(&reading.text, own, other);
    *latest = Some(reading);
    found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the kernel's table has no such connection"))
}

/// Both tables. An IPv6 socket may speak IPv4, and then stands in the IPv6 table; a machine without IPv6 lacks that table.
fn read() -> io::Result<String> {
    let mut text = std::fs::read_to_string("/proc/net/tcp")?;
    match std::fs::read_to_string("/proc/net/tcp6") {
        Ok(more) => text.push_str(&more),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(text)
}

fn find(table: &str, own: SocketAddr, other: SocketAddr) -> Option<Holder> {
    table.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let own_field = fields.nth(1)?;
        let other_field = fields.next()?;
        if !is_address(own_field, own) || !is_address(other_field, other) {
            return None;
        }
        let uid = fields.nth(4)?.parse().ok()?;
        // A connection that its process has given up has no inode, and its user id is no longer told: it reads 0, as root's.
        let inode = fields.nth(1)?.parse().ok().filter(|inode| *inode != 0)?;
        Some(Holder { uid, inode })
    })
}

/// Whether `0100007F:250A` is this address. The words of an address stand in the machine's byte order, the port does not.
fn is_address(field: &str, address: SocketAddr) -> bool {
    parse(field).is_some_and(|(ip, port)| port == address.port() && ip == address.ip().to_canonical())
}

fn parse(field: &str) -> Option<(IpAddr, u16)> {
    let (ip, port) = field.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut octets = Vec::with_capacity(16);
    for word in hex::decode(ip).ok()?.chunks_exact(4) {
        let word: [u8; 4] = word.try_into().ok()?;
        octets.extend(u32::from_be_bytes(word).to_ne_bytes());
    }
    let ip = match <[u8; 16]>::try_from(octets.as_slice()) {
        Ok(octets) => IpAddr::from(octets).to_canonical(),
        Err(_) => <[u8; 4]>::try_from(octets.as_slice()).ok()?.into(),
    };
    Some((ip, port))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::platform::socket_diagnostics;

    #[test]
    fn the_table_names_the_same_holder_as_the_diagnostics_also_to_many_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let client = TcpStream::connect(address).unwrap();
                let (server, remote) = listener.accept().unwrap();
                scope.spawn(move || {
                    let listed = holder_of_connection(remote, address).unwrap();
                    let diagnosed = socket_diagnostics::holder_of_connection(remote, address).unwrap();
                    assert_eq!(listed, diagnosed);
                    drop((client, server));
                });
            }
        });
    }

    #[test]
    fn an_ipv6_socket_that_speaks_ipv4_is_found() {
        let table = "  sl  local_address rem_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode\n   \
                     0: 0000000000000000FFFF00000100007F:D431 0000000000000000FFFF00000100007F:250A 01 00000000:00000000 \
                     00:00000000 00000000  1000        0 46321 1 0 20 4 30 10 -1\n";
        if cfg!(target_endian = "little") {
            let own = "127.0.0.1:54321".parse().unwrap();
            let holder = find(table, own, "127.0.0.1:9482".parse().unwrap()).unwrap();
            assert_eq!((holder.uid, holder.inode), (1000, 46321));
            assert_eq!(find(table, own, "127.0.0.1:9483".parse().unwrap()), None);
        }
    }

    #[test]
    fn a_broken_table_gives_nothing() {
        let address = "127.0.0.1:1".parse().unwrap();
        for table in [
            "",
            "\n",
            "h\n0: 01:02",
            "h\n 0: 0100007F:0001 0100007F:0001 01",
            "h\n0: zz:0001 zz:0001 01 a b c d e f",
        ] {
            assert_eq!(find(table, address, address), None);
        }
    }
}
