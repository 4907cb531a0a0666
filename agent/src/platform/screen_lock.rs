//! The screen's lock and the machine's sleep, as desktop and login manager announce them.

use tokio::sync::mpsc;

/// What the person's session announces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SessionEvent {
    /// The screen is locked.
    ScreenLocked,
    /// The machine is about to sleep.
    Sleep,
}

/// The announcements of the person's desktop session, where the system has them.
#[derive(Debug)]
pub struct ScreenLocks {
    events: mpsc::Receiver<SessionEvent>,
}

impl ScreenLocks {
    /// Listens from now on: on Linux to the screen savers on the session's bus and to systemd-logind on the system's. Must be called
    /// within a tokio runtime. Where there is no bus, nothing is ever heard.
    pub fn watch() -> Self {
        let (sender, events) = mpsc::channel(16);
        #[cfg(unix)]
        buses::watch(&sender);
        #[cfg(not(unix))]
        drop(sender);
        Self { events }
    }

    /// Waits for the next announcement; for ever when nothing announces.
    pub async fn next(&mut self) -> SessionEvent {
        match self.events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
mod buses {
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::SessionEvent;
    use crate::platform::dbus_signals::{Signal, Signals};

    /// A bus that is not there, or went away, is looked for again after this.
    const AGAIN: Duration = Duration::from_secs(30);

    const SESSION_RULES: &[&str] = &["type='signal',member='ActiveChanged'"];
    const SYSTEM_RULES: &[&str] = &[
        "type='signal',interface='org.freedesktop.login1.Session',member='Lock'",
        "type='signal',interface='org.freedesktop.login1.Manager',member='PrepareForSleep'",
    ];

    pub(super) fn watch(sender: &mpsc::Sender<SessionEvent>) {
        if let Some(session) = session_bus() {
            tokio::spawn(listen(session, SESSION_RULES, sender.clone()));
        }
        let system = std::env::var("DBUS_SYSTEM_BUS_ADDRESS")
            .unwrap_or_else(|_| "unix:path=/run/dbus/system_bus_socket".to_owned());
        tokio::spawn(listen(system, SYSTEM_RULES, sender.clone()));
    }

    fn session_bus() -> Option<String> {
        std::env::var("DBUS_SESSION_BUS_ADDRESS").ok().or_else(|| {
            let runtime = std::env::var("XDG_RUNTIME_DIR").ok()?;
            Some(format!("unix:path={runtime}/bus"))
        })
    }

    async fn listen(address: String, rules: &'static [&'static str], sender: mpsc::Sender<SessionEvent>) {
        while !sender.is_closed() {
            if let Err(error) = hear(&address, rules, &sender).await {
                tracing::debug!(address, %error, "no signals from this bus");
            }
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                () = sender.closed() => return,
            }
        }
    }

    async fn hear(address: &str, rules: &[&str], sender: &mpsc::Sender<SessionEvent>) -> std::io::Result<()> {
        let mut signals = Signals::connect(address, rules).await?;
        loop {
            let signal = tokio::select! {
                signal = signals.next() => signal?,
                () = sender.closed() => return Ok(()),
            };
            // A full channel holds enough of them: one is as good as many.
            if let Some(event) = event(&signal)
                && let Err(mpsc::error::TrySendError::Closed(_)) = sender.try_send(event)
            {
                return Ok(());
            }
        }
    }

    /// Desktops name the screen saver's interface after themselves; the member is the same everywhere.
    fn event(signal: &Signal) -> Option<SessionEvent> {
        match (signal.interface.as_str(), signal.member.as_str(), signal.argument) {
            (interface, "ActiveChanged", Some(true)) if interface.ends_with(".ScreenSaver") => {
                Some(SessionEvent::ScreenLocked)
            }
            ("org.freedesktop.login1.Session", "Lock", _) => Some(SessionEvent::ScreenLocked),
            ("org.freedesktop.login1.Manager", "PrepareForSleep", Some(true)) => Some(SessionEvent::Sleep),
            _ => None,
        }
    }
}
