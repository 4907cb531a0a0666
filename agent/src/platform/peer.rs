use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many processes of a chain are told.
const LONGEST_CHAIN: usize = 8;

/// So many processes that were found by their sockets are looked at first.
const REMEMBERED: usize = 8;

/// For so long it is believed that a connection is still held by the process that was found.
const A_MOMENT: Duration = Duration::from_secs(1);

/// What was told last, and when.
static TOLD: Mutex<Vec<(Peer, Instant, Vec<Process>)>> = Mutex::new(Vec::new());

/// Who is at the other end of a local connection, as the kernel says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Peer {
    uid: u32,
    source: Source,
}

/// A process, for showing to a person. Never a reason to allow something: a process id may be used again by another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Process {
    /// The process id.
    pub pid: u32,
    /// Its name as the kernel keeps it; the process can change it.
    pub name: String,
    /// Its program; `None` when the process hides it.
    pub executable: Option<PathBuf>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Source {
    /// By the socket's credentials, taken when it connected.
    Pid(Option<u32>),
    /// By the inode of its socket.
    Inode(u64),
}

impl Peer {
    /// The user that the process runs as.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// Whether it is the user that this process runs as.
    pub fn is_our_user(&self) -> bool {
        Some(self.uid) == super::user::current_uid()
    }

    /// The process, where it can be found out. For a TCP peer this looks through the user's processes (some milliseconds).
    pub fn process(&self) -> Option<Process> {
        describe_process(self.pid()?)
    }

    /// The process and those that started it, nearest first, up to the last one of the same user: a terminal, a desktop's program, a
    /// service manager. Empty where it cannot be found out.
    pub fn processes(&self) -> Vec<Process> {
        let chain = self.chain();
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|(peer, ..)| peer != self);
        told.insert(0, (self.clone(), Instant::now(), chain.clone()));
        told.truncate(REMEMBERED);
        chain
    }

    /// What [`Peer::processes`] told a moment ago of the same connection; a program that asks many times a second is looked for once.
    pub fn processes_told(&self) -> Option<Vec<Process>> {
        let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, when, chain) = told.iter().find(|(peer, ..)| peer == self)?;
        (when.elapsed() < A_MOMENT).then(|| chain.clone())
    }

    fn chain(&self) -> Vec<Process> {
        let ours = |pid: &u32| owner_of_process(*pid) == Some(self.uid);
        let first = self.pid();
        std::iter::successors(first, |pid| {
            parent_of_process(*pid).filter(|parent| *parent > 1).filter(ours)
        })
        .take(LONGEST_CHAIN)
        .map_while(describe_process)
        .collect()
    }

    fn pid(&self) -> Option<u32> {
        match self.source {
            Source::Pid(pid) => pid,
            Source::Inode(inode) => holder_of_socket(inode),
        }
    }
}

/// The peer of a connection on the local socket (SO_PEERCRED).
///
/// # Errors
/// When the kernel does not say.
#[cfg(unix)]
pub(super) fn local_peer(stream: &tokio::net::UnixStream) -> io::Result<Peer> {
    let credentials = stream.peer_cred()?;
    let pid = credentials.pid().and_then(|pid| u32::try_from(pid).ok());
    Ok(Peer {
        uid: credentials.uid(),
        source: Source::Pid(pid),
    })
}

/// The peer of a loopback TCP connection accepted here: `local` is our end, `remote` theirs. Linux tells, by its socket diagnostics or, where they are
/// switched off, by the table in `/proc/net`.
///
/// # Errors
/// `NotFound` when the kernel knows no such connection (it may have ended), `Unsupported` on other systems.
#[cfg(target_os = "linux")]
pub fn tcp_peer(local: SocketAddr, remote: SocketAddr) -> io::Result<Peer> {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::{socket_diagnostics, socket_table};

    /// That nothing was found may mean that this kernel has no diagnostics of TCP, until once they found something.
    static DIAGNOSTICS_ANSWER: AtomicBool = AtomicBool::new(false);

    let holder = match socket_diagnostics::holder_of_connection(remote, local) {
        Ok(holder) => {
            DIAGNOSTICS_ANSWER.store(true, Ordering::Relaxed);
            holder
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && DIAGNOSTICS_ANSWER.load(Ordering::Relaxed) => {
            return Err(error);
        }
        Err(_) => socket_table::holder_of_connection(remote, local)?,
    };
    Ok(Peer {
        uid: holder.uid,
        source: Source::Inode(holder.inode),
    })
}

/// Other systems do not tell.
///
/// # Errors
/// `Unsupported`.
#[cfg(not(target_os = "linux"))]
pub fn tcp_peer(_local: SocketAddr, _remote: SocketAddr) -> io::Result<Peer> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "the user of a TCP peer is known on Linux only",
    ))
}

/// The process of this user that has the socket open.
pub(super) fn holder_of_socket(inode: u64) -> Option<u32> {
    /// Who was found last, the latest first: a program that asks again is found without a look through all processes.
    static FOUND: Mutex<Vec<u32>> = Mutex::new(Vec::new());

    let wanted = format!("socket:[{inode}]");
    let remembered = FOUND.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut again = remembered.into_iter().filter(|pid| holds(*pid, &wanted));
    let pid = again.next().or_else(|| {
        let numbers = std::fs::read_dir("/proc").ok()?.flatten();
        numbers
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .find(|pid| holds(*pid, &wanted))
    })?;
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    found.retain(|other| *other != pid);
    found.insert(0, pid);
    found.truncate(REMEMBERED);
    Some(pid)
}

/// Whether the process has the file open that its descriptors name like this (proc_pid_fd(5)).
fn holds(pid: u32, wanted: &str) -> bool {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten();
    descriptors
        .flatten()
        .any(|descriptor| std::fs::read_link(descriptor.path()).is_ok_and(|link| link.as_os_str() == wanted))
}

/// The process that started it, or that took it in when its own parent ended (proc_pid_stat(5), field 4).
fn parent_of_process(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the command in parentheses and may itself hold spaces and parentheses.
    let (_, after_command) = stat.rsplit_once(')')?;
    after_command.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The real user of a process (proc_pid_status(5)).
fn owner_of_process(pid: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let users = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    users.split_ascii_whitespace().next()?.parse().ok()
}

pub(super) fn describe_process(pid: u32) -> Option<Process> {
    let directory = PathBuf::from(format!("/proc/{pid}"));
    let name = std::fs::read_to_string(directory.join("comm"))
        .ok()?
        .trim_end()
        .to_owned();
    Some(Process {
        pid,
        name,
        executable: std::fs::read_link(directory.join("exe")).ok(),
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;

    #[test]
    fn our_own_connection_is_ours() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, remote) = listener.accept().unwrap();
        let peer = tcp_peer(server.local_addr().unwrap(), remote).unwrap();
        assert!(peer.is_our_user());
        assert_eq!(peer.process().unwrap().pid, std::process::id());
        let chain: Vec<_> = peer.processes().iter().map(|process| process.pid).collect();
        assert_eq!(chain[0], std::process::id());
        let parent = std::os::unix::process::parent_id();
        assert!(parent == 1 || chain.len() == 1 || chain[1] == parent, "{chain:?}");
        drop(client);
    }

    #[test]
    fn a_connection_that_ended_is_not_taken_for_roots() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, remote) = listener.accept().unwrap();
        let local = server.local_addr().unwrap();
        drop(client);
        // A process that another test starts meanwhile holds our sockets until its program runs.
        let mut looks = (0..100).map(|_| {
            thread::sleep(Duration::from_millis(20));
            tcp_peer(local, remote)
        });
        assert_eq!(looks.find_map(Result::err).unwrap().kind(), io::ErrorKind::NotFound);
    }
}
