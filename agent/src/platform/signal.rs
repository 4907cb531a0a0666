use std::io;

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
