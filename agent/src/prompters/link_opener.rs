use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::consent::Opener;
use crate::messages::Fault;
use crate::platform;

/// A page that was opened and has not attached yet is given so long before another one is opened.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes a one-time link to the page.
type MakeLink = Box<dyn Fn() -> Result<String, Fault> + Send + Sync>;

/// Opens the page in the person's desktop session when a question comes and no prompter is attached.
pub struct LinkOpener {
    make_link: MakeLink,
    opened: Mutex<Option<Instant>>,
}

impl LinkOpener {
    /// An opener of the links that `make_link` makes.
    pub fn new(make_link: impl Fn() -> Result<String, Fault> + Send + Sync + 'static) -> Self {
        Self {
            make_link: Box::new(make_link),
            opened: Mutex::default(),
        }
    }

    fn try_open(&self) -> Result<(), Fault> {
        let link = (self.make_link)()?;
        // The link is a secret for a minute: the cause is logged, the link is not.
        platform::open_link(&link).map_err(Fault::internal)
    }
}

impl std::fmt::Debug for LinkOpener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkOpener").finish_non_exhaustive()
    }
}

impl Opener for LinkOpener {
    fn open(&self) -> Option<String> {
        if !platform::has_desktop_session() {
            return None;
        }
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.is_some_and(|at| at.elapsed() < PATIENCE) {
            return Some("web".to_owned());
        }
        match self.try_open() {
            Ok(()) => {
                *opened = Some(Instant::now());
                Some("web".to_owned())
            }
            Err(fault) => {
                tracing::warn!(%fault, "the page cannot be opened");
                None
            }
        }
    }
}
