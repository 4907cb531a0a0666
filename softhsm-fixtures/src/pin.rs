//! PINs of throw-away tokens.

use std::fmt;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A PIN: 4 to 32 digits. Not printed by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pin(String);

impl Pin {
    /// Eight random digits.
    pub(crate) fn random() -> Result<Self, Error> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes)?;
        Ok(Self(format!("{:08}", u64::from_le_bytes(bytes) % 100_000_000)))
    }

    /// The PIN in a file; a line end after it is allowed.
    ///
    /// # Errors
    /// When the file cannot be read or holds anything but 4 to 32 digits.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(Error::file(path))?;
        let digits = text.trim_end_matches(['\r', '\n']);
        let fits = (4..=32).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if fits {
            Ok(Self(digits.to_owned()))
        } else {
            Err(Error::Pin)
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pin(…)")
    }
}
