//! Starting a worker process with one channel to the agent, and nothing else of the agent's.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// The agent's end of the channel.
pub type AgentChannel = tokio::net::UnixStream;

/// The worker's end of the channel: blocking, and readable and writable from two threads after `try_clone`.
pub type WorkerChannel = UnixStream;

/// What a worker process is started with.
#[derive(Debug)]
pub struct WorkerCommand<'a> {
    /// The program; see [`own_program`].
    pub program: &'a Path,
    /// Arguments. `--channel N` is added at the end.
    pub arguments: &'a [&'a OsStr],
    /// The whole environment of the process.
    pub environment: &'a [(OsString, OsString)],
}

/// A started worker. It ends when `channel` is dropped; dropping `child` leaves it to itself.
#[derive(Debug)]
pub struct WorkerProcess {
    /// The agent's end of the channel.
    pub channel: AgentChannel,
    /// The process, with stdout and stderr piped.
    pub child: tokio::process::Child,
}

/// This program, even when its file was replaced or removed since it started: agent and worker are always the same build.
pub fn own_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        Ok(PathBuf::from("/proc/self/exe"))
    } else {
        std::env::current_exe()
    }
}

/// Starts a worker process.
///
/// It has stdin on `/dev/null`, and no descriptor of the agent's but the channel. Nothing kills it when the agent ends: it sees the end
/// of the channel and finishes the call that its module is in. A module that is killed in the middle of a write can leave
/// a software token that no program reads again. Must be called within a tokio runtime.
///
/// # Errors
/// The program cannot be started, or no descriptor or process is left.
pub fn spawn_worker(command: &WorkerCommand<'_>) -> io::Result<WorkerProcess> {
    let (agent, worker) = UnixStream::pair()?;
    agent.set_nonblocking(true)?;
    let channel = worker.as_raw_fd();
    let mut process = Command::new(command.program);
    process
        .arg0("tokensign")
        .args(command.arguments)
        .arg("--channel")
        .arg(channel.to_string())
        .env_clear()
        .envs(command.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // SAFETY: between fork and exec only async-signal-safe functions may run. `keep_only` makes plain system calls
    // (close_range, fcntl), allocates nothing and takes no lock.
    #[allow(unsafe_code)]
    unsafe {
        process.pre_exec(move || keep_only(channel));
    }
    let child = tokio::process::Command::from(process).spawn()?;
    drop(worker);
    Ok(WorkerProcess {
        channel: AgentChannel::from_std(agent)?,
        child,
    })
}

/// Takes over the channel whose number the agent gave on the command line.
///
/// # Errors
/// The number is not that of an open socket: the command was not started by an agent.
pub fn adopt_channel(number: RawFd) -> io::Result<WorkerChannel> {
    // 0, 1 and 2 belong to the standard streams.
    if number <= 2 {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    // SAFETY: `fcntl(F_GETFD)` only asks; a number that is not open gives an error and nothing else.
    #[allow(unsafe_code)]
    if unsafe { libc::fcntl(number, libc::F_GETFD) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is open (checked above) and nobody else in this process owns it: this runs once, first thing in
    // `main`, on a number that the agent opened for this purpose alone.
    #[allow(unsafe_code)]
    let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
    if rustix::net::sockopt::socket_type(&descriptor)? != rustix::net::SocketType::STREAM {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    // A program that the module starts must not inherit the channel.
    rustix::io::fcntl_setfd(&descriptor, rustix::io::FdFlags::CLOEXEC)?;
    Ok(UnixStream::from(descriptor))
}

/// How a worker ended, for people: `killed by signal 11` or `exited with status 1`.
pub fn describe_exit(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("killed by signal {signal}"),
        (None, Some(code)) => format!("exited with status {code}"),
        (None, None) => "ended".to_owned(),
    }
}

/// Marks every descriptor from 3 on as closing on exec, save the channel. The standard library's own pipe, over which a
/// failed exec is reported, must live until the exec, so nothing is closed here.
fn keep_only(channel: RawFd) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: `close_range(2)` with CLOSE_RANGE_CLOEXEC changes flags of this process's own descriptors and touches no
        // memory. Kernels before 5.11 refuse; the descriptors that Rust opens are close-on-exec already.
        #[allow(unsafe_code)]
        unsafe {
            libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        }
    }
    // SAFETY: clears the close-on-exec flag of a descriptor that the caller holds open across the fork.
    #[allow(unsafe_code)]
    match unsafe { libc::fcntl(channel, libc::F_SETFD, 0) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Ends this process at once, without exit handlers: those of a vendor's library may crash or hang.
pub fn end_process(status: i32) -> ! {
    // SAFETY: `_exit(2)` has no preconditions and does not return.
    #[allow(unsafe_code)]
    unsafe {
        libc::_exit(status)
    }
}
