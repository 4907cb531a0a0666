//! One line to the system's journal, whatever becomes of standard error.

/// Sends a line to systemd-journald by its native protocol (systemd.io, "Native Journal Protocol"); does nothing where there is none.
pub fn note_in_journal(line: &str) {
    #[cfg(target_os = "linux")]
    {
        let send = || -> std::io::Result<()> {
            let socket = std::os::unix::net::UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?;
            // A value with a line break would need the other form of the protocol.
            let line = line.replace('\n', " ");
            let message = format!("MESSAGE={line}\nPRIORITY=5\nSYSLOG_IDENTIFIER=tokensign\n");
            socket.send_to(message.as_bytes(), "/run/systemd/journal/socket")?;
            Ok(())
        };
        if let Err(error) = send() {
            tracing::debug!(%error, "the journal takes nothing");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = line;
}
