//! The agent's configuration for a set.

use std::fmt::Write as _;
use std::path::Path;

use crate::catalogue::Purpose;
use crate::directory::{Directory, write_public};
use crate::error::Error;
use crate::manifest::{Certificate, Manifest};

/// Writes `tokensign.toml`: the set's modules and nothing else, and every certificate that is good for something
/// free to sign unattended.
pub(crate) fn write(directory: &Directory, manifest: &Manifest) -> Result<(), Error> {
    write_public(&directory.agent_configuration(), text(directory, manifest).as_bytes())
}

fn text(directory: &Directory, manifest: &Manifest) -> String {
    let mut text = format!(
        "# Written by softhsm-fixtures; it goes when the set is made again.\n\n[agent]\nstate_dir = {}\nruntime_dir = {}\n",
        path(&directory.path().join("state")),
        path(&directory.path().join("run")),
    );
    for token in &manifest.tokens {
        let env: Vec<String> = token
            .env
            .iter()
            .map(|(name, value)| format!("{name} = {}", path(value)))
            .collect();
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n[[modules]]\npath = {}\nprofile = {}\nenv = {{ {} }}\n",
            path(&token.module),
            quoted(&token.profile),
            env.join(", ")
        );
    }
    text.push_str("\n[discovery]\nenabled = false\n");
    for certificate in manifest.certificates.iter().filter(|certificate| is_good(certificate)) {
        let _ = write!(
            text,
            "\n# {}\n[[certificates]]\nfingerprint = {}\nunattended = true\n",
            certificate.name,
            quoted(&certificate.fingerprint)
        );
    }
    text
}

/// One for logins signs no documents, but logins it signs.
fn is_good(certificate: &Certificate) -> bool {
    certificate.usable || certificate.purpose == Purpose::Authentication
}

fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
