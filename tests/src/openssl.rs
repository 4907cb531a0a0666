//! Independent verifiers: OpenSSL (with the GOST engine) and GnuTLS certtool.

use std::path::Path;
use std::process::{Command, Output};

use crate::programs::require;

/// Verifies a detached CMS (DER) over `content` with `openssl cms -verify`, CAdES attributes included.
///
/// `gost_configuration` names an `OPENSSL_CONF` that loads the GOST engine, for GOST signatures.
///
/// # Errors
/// What OpenSSL says.
pub fn verify(cms: &Path, content: &Path, ca: &Path, gost_configuration: Option<&Path>) -> Result<(), String> {
    require("openssl", "openssl");
    let mut command = Command::new("openssl");
    command.args([
        "cms",
        "-verify",
        "-cades",
        "-binary",
        "-inform",
        "DER",
        "-purpose",
        "any",
        "-out",
        "/dev/null",
    ]);
    command
        .arg("-in")
        .arg(cms)
        .arg("-content")
        .arg(content)
        .arg("-CAfile")
        .arg(ca);
    if let Some(configuration) = gost_configuration {
        command.env("OPENSSL_CONF", configuration);
    }
    outcome(command.output(), "openssl")
}

/// Verifies a detached CMS (DER) over `content` with GnuTLS certtool, which also knows Ed25519.
///
/// # Errors
/// What certtool says.
pub fn verify_with_certtool(cms: &Path, content: &Path, ca: &Path) -> Result<(), String> {
    require("certtool", "gnutls-bin");
    let mut command = Command::new("certtool");
    command.args(["--p7-verify", "--inder"]);
    command
        .arg("--infile")
        .arg(cms)
        .arg("--load-data")
        .arg(content)
        .arg("--load-ca-certificate")
        .arg(ca);
    outcome(command.output(), "certtool")
}

fn outcome(output: std::io::Result<Output>, program: &str) -> Result<(), String> {
    let output = output.map_err(|error| format!("{program} does not run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{program}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}
