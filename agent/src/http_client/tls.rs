use std::path::Path;
use std::sync::Once;

use reqwest::Certificate;

use crate::messages::{Code, Fault};

/// Makes ring the process's TLS provider, once. reqwest is built without one, so that there is exactly one.
pub(super) fn install_provider() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that the process has a provider already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Reads a profile's additional authorities (PEM).
///
/// # Errors
/// `config_invalid`.
pub(super) fn extra_authorities(path: &Path) -> Result<Vec<Certificate>, Fault> {
    let invalid = |reason: String| {
        Fault::new(Code::ConfigInvalid)
            .arg("path", path.display())
            .arg("reason", reason)
    };
    let pem = std::fs::read(path).map_err(|error| invalid(format!("extra_ca cannot be read: {error}")))?;
    let certificates =
        Certificate::from_pem_bundle(&pem).map_err(|error| invalid(format!("extra_ca is not PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(invalid("extra_ca holds no certificate".to_owned()));
    }
    Ok(certificates)
}
