//! Independent verifiers: OpenSSL (with the GOST engine) and GnuTLS certtool.

use std::path::Path;
use std::process::{Command, Output};

use crate::programs::require;
use crate::transcoding;

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

/// Verifies a detached CMS (DER) of a Kazakh GOST key over `content` with OpenSSL's GOST engine, under the identifiers of TC26: the content's digest, and
/// the value in the Kazakh layout with the key of `certificate` (DER). Nobody but the national software knows the certificate's own identifiers, so its
/// issuer is not looked at.
///
/// # Errors
/// What OpenSSL says.
///
/// # Panics
/// When the files cannot be read or written, or hold no such CMS.
pub fn verify_kazakh(cms: &Path, content: &Path, certificate: &Path, gost_configuration: &Path) -> Result<(), String> {
    require("openssl", "openssl");
    let read = |path: &Path| std::fs::read(path).expect("the file can be read");
    let russian = transcoding::certificate(&read(certificate));
    let transcoded = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    std::fs::write(transcoded.path(), transcoding::signed_data(&read(cms), &russian)).expect("it can be written");
    let mut command = Command::new("openssl");
    command.env("OPENSSL_CONF", gost_configuration).args([
        "cms",
        "-verify",
        "-noverify",
        "-binary",
        "-inform",
        "DER",
        "-out",
        "/dev/null",
        "-in",
    ]);
    command.arg(transcoded.path()).arg("-content").arg(content);
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
