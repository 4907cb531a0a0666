use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::config::TokenSource;
use crate::messages::{Code, Fault};
use crate::platform;
use crate::prompters::Pinentry;
use crate::secrets::{self, Sourced};

/// Where the PIN comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum PinSource {
    /// The person types it.
    Prompt,
    /// The person types it into a dialog of pinentry.
    Pinentry,
    /// An environment variable; only for certificates that are configured unattended.
    Environment(String),
    /// A private file; only for certificates that are configured unattended.
    File(PathBuf),
}

impl PinSource {
    /// The dialog that asks, where one does: the configuration's program, else the one of the search path.
    ///
    /// # Errors
    /// `no_prompter` when pinentry is not installed, `config_invalid` when others may change the program.
    pub(super) fn dialog(&self, configured: Option<&Path>) -> Result<Option<Pinentry>, Fault> {
        if *self != Self::Pinentry {
            return Ok(None);
        }
        let program = configured
            .map(Path::to_owned)
            .or_else(|| platform::find_program("pinentry"))
            .ok_or_else(|| {
                Fault::new(Code::NoPrompter)
                    .detail("pinentry is not installed (Debian: apt-get install pinentry-gtk2 or pinentry-curses)")
            })?;
        let pinentry = Pinentry::new(&program)?;
        let kind = std::env::var("TERM").unwrap_or_else(|_| "dumb".to_owned());
        // The variants without windows open it themselves; it is this process's own.
        Ok(Some(pinentry.at_terminal(Path::new("/dev/tty"), &kind)))
    }

    /// The PIN, where no person is asked for it.
    ///
    /// # Errors
    /// `pin_required` when it is not there or its file is open to others.
    pub(super) fn unattended(&self) -> Result<Option<Sourced>, Fault> {
        let source = match self {
            Self::Prompt | Self::Pinentry => return Ok(None),
            Self::Environment(name) => TokenSource::Env(name.clone()),
            Self::File(path) => TokenSource::File(path.clone()),
        };
        let sourced = secrets::resolve_sourced(&source).map_err(|fault| {
            Fault::new(Code::PinRequired).detail(fault.detail_text().unwrap_or("the PIN's source cannot be read"))
        })?;
        Ok(Some(sourced))
    }
}

impl FromStr for PinSource {
    type Err = PinSourceError;

    fn from_str(s: &str) -> Result<Self, PinSourceError> {
        match s.split_once(':') {
            None if s == "prompt" => Ok(Self::Prompt),
            None if s == "pinentry" => Ok(Self::Pinentry),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Environment(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            _ => Err(PinSourceError),
        }
    }
}

/// The text names no PIN source. It is not repeated: somebody may have typed the PIN itself.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a PIN source is prompt, pinentry, env:NAME or file:PATH; the PIN itself never stands on a command line")]
pub(super) struct PinSourceError;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn sources_are_read() {
        assert_eq!("prompt".parse::<PinSource>().unwrap(), PinSource::Prompt);
        assert_eq!("pinentry".parse::<PinSource>().unwrap(), PinSource::Pinentry);
        assert_eq!(
            "env:PIN".parse::<PinSource>().unwrap(),
            PinSource::Environment("PIN".into())
        );
        assert_eq!(
            "file:/a:b".parse::<PinSource>().unwrap(),
            PinSource::File("/a:b".into())
        );
        for wrong in ["", "1234", "env:", "file:", "keyring:x"] {
            assert!(wrong.parse::<PinSource>().is_err(), "{wrong}");
        }
    }
}
