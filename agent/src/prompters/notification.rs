//! A desktop notification that says that something waits and opens the page. It never decides: any program can draw one like it.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::consent::Opener;
use crate::messages::{Fault, Localizer};
use crate::platform;

/// Makes a one-time link to the page and opens it.
type OpenPage = Arc<dyn Fn() -> Result<(), Fault> + Send + Sync>;

/// Raises a notification when a question comes and no prompter is attached.
pub struct Notification {
    program: PathBuf,
    texts: Localizer,
    open_page: OpenPage,
}

impl Notification {
    /// Notifications by `notify-send` (libnotify 0.8, for actions), where it is installed.
    pub fn find(texts: Localizer, open_page: impl Fn() -> Result<(), Fault> + Send + Sync + 'static) -> Option<Self> {
        Some(Self::by(platform::find_program("notify-send")?, texts, open_page))
    }

    /// Notifications by this program.
    pub fn by(
        program: PathBuf,
        texts: Localizer,
        open_page: impl Fn() -> Result<(), Fault> + Send + Sync + 'static,
    ) -> Self {
        Self {
            program,
            texts,
            open_page: Arc::new(open_page),
        }
    }

    /// Raises it, and opens the page when the person clicks it. What is asked for is not in it: notifications are kept by the desktop.
    ///
    /// # Errors
    /// When the program does not start.
    pub fn raise(&self) -> std::io::Result<()> {
        let child = Command::new(&self.program)
            .args(["--app-name=tokensign", "--icon=dialog-password", "--urgency=critical"])
            .arg(format!(
                "--action=open={}",
                self.texts.text("ui-notification-open", &[])
            ))
            .arg("--wait")
            .arg("tokensign")
            .arg(self.texts.text("ui-notification", &[]))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let open_page = Arc::clone(&self.open_page);
        // It ends when the person clicks it or sends it away.
        std::thread::spawn(move || {
            let Ok(output) = child.wait_with_output() else { return };
            if output.stdout.trim_ascii() == b"open"
                && let Err(fault) = open_page()
            {
                tracing::warn!(%fault, "the page cannot be opened");
            }
        });
        Ok(())
    }
}

impl std::fmt::Debug for Notification {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notification")
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

impl Opener for Notification {
    fn open(&self) -> Option<String> {
        if !platform::has_desktop_session() {
            return None;
        }
        match self.raise() {
            Ok(()) => Some("notification".to_owned()),
            Err(error) => {
                tracing::warn!(%error, "no notification");
                None
            }
        }
    }
}
