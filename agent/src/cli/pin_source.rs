use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;

use crate::config::TokenSource;
use crate::messages::{Code, Fault};
use crate::secrets;

/// Where the PIN comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum PinSource {
    /// The person types it.
    Prompt,
    /// An environment variable; only for certificates that are configured unattended.
    Environment(String),
    /// A private file; only for certificates that are configured unattended.
    File(PathBuf),
}

impl PinSource {
    /// The PIN, where no person is asked for it.
    ///
    /// # Errors
    /// `pin_required` when it is not there or its file is open to others.
    pub(super) fn unattended(&self) -> Result<Option<SecretString>, Fault> {
        let source = match self {
            Self::Prompt => return Ok(None),
            Self::Environment(name) => TokenSource::Env(name.clone()),
            Self::File(path) => TokenSource::File(path.clone()),
        };
        let pin = secrets::resolve(&source).map_err(|fault| {
            Fault::new(Code::PinRequired).detail(fault.detail_text().unwrap_or("the PIN's source cannot be read"))
        })?;
        Ok(Some(pin))
    }
}

impl FromStr for PinSource {
    type Err = PinSourceError;

    fn from_str(s: &str) -> Result<Self, PinSourceError> {
        match s.split_once(':') {
            None if s == "prompt" => Ok(Self::Prompt),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Environment(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            _ => Err(PinSourceError),
        }
    }
}

/// The text names no PIN source. It is not repeated: somebody may have typed the PIN itself.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a PIN source is prompt, env:NAME or file:PATH; the PIN itself never stands on a command line")]
pub(super) struct PinSourceError;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn sources_are_read() {
        assert_eq!("prompt".parse::<PinSource>().unwrap(), PinSource::Prompt);
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
