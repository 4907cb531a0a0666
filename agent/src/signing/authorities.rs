//! Certificates of authorities in files that the configuration names. They are read anew each time, so that a file may be replaced while the agent runs.

use std::fmt::Display;
use std::path::PathBuf;

use crate::certificate::Certificate;
use crate::messages::{Code, Fault};

/// Every certificate (PEM) in `files`, which stand under `key` in the configuration.
///
/// # Errors
/// `config_invalid` with the key, the file and the reason.
pub fn certificates_of(key: &str, files: &[PathBuf]) -> Result<Vec<Certificate>, Fault> {
    let mut certificates = Vec::new();
    for path in files {
        let invalid = |reason: &dyn Display| {
            Fault::new(Code::ConfigInvalid).arg("reason", format_args!("{key}: {}: {reason}", path.display()))
        };
        let pem = std::fs::read(path).map_err(|error| invalid(&error))?;
        certificates.extend(Certificate::list_from_pem(&pem).map_err(|error| invalid(&error))?);
    }
    Ok(certificates)
}
