use std::io;
use std::process::Child;

/// Waits until the process is asked to end: SIGTERM or SIGINT, Ctrl-C elsewhere.
///
/// # Errors
/// When the system does not let us listen for it.
pub async fn shutdown_signal() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await
    }
}

/// Ends this process at once, as a power cut would: no destructor and no handler runs. For the crash points of the tests.
pub fn kill_self() -> ! {
    #[cfg(unix)]
    {
        // A process may always signal itself; should it fail all the same, `abort` follows.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
    std::process::abort()
}

/// Asks a program that nobody has waited for to end, as Ctrl-C would; it may tidy up first. Elsewhere it is ended.
pub fn interrupt(child: &mut Child) {
    #[cfg(unix)]
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // One that has ended by itself is no failure.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
    }
    #[cfg(not(unix))]
    {
        let _ = child.kill();
    }
}
