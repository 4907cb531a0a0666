//! A desktop notification that says that something waits and opens the page. It never decides: any program can draw one like it.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

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
    /// The program while its notification stands; there is never a second one.
    raised: Arc<Mutex<Option<Child>>>,
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
            raised: Arc::default(),
        }
    }

    /// Raises it unless one stands, and opens the page when the person clicks it. What is asked for is not in it: notifications are kept by the desktop.
    ///
    /// # Errors
    /// When the program does not start.
    pub fn raise(&self) -> std::io::Result<()> {
        let mut raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        if raised.is_some() {
            return Ok(());
        }
        let mut child = Command::new(&self.program)
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
        let (stdout, id) = (child.stdout.take(), child.id());
        *raised = Some(child);
        let raised = Arc::clone(&self.raised);
        // It ends when the person clicks it or sends it away, or when it is taken away.
        std::thread::spawn(move || {
            let mut clicked = Vec::new();
            let read = stdout.map(|mut stdout| stdout.read_to_end(&mut clicked));
            let ended = raised
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take_if(|child| child.id() == id);
            if let Some(mut child) = ended {
                let _ = child.wait();
            }
            if matches!(read, Some(Ok(_)))
                && clicked.trim_ascii() == b"open"
                && let Err(fault) = open_page()
            {
                tracing::warn!(%fault, "the page cannot be opened");
            }
        });
        Ok(())
    }

    /// Takes it away: what it speaks of waits no more.
    pub fn withdraw(&self) {
        let raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut child) = raised {
            platform::interrupt(&mut child);
            std::thread::spawn(move || child.wait());
        }
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

    fn close(&self) {
        self.withdraw();
    }
}
