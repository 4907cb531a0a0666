//! Where bearer tokens and the PINs of unattended certificates come from: an environment variable, a private file, a systemd
//! credential, the user's keyring. They never stand in the configuration or among the arguments of a process.
//!
//! Belongs here: resolving a [`TokenSource`]. Does not belong here: what the secret is for.

mod held;

use std::env;
use std::io;
use std::path::PathBuf;

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::config::TokenSource;
use crate::messages::{Code, Fault};
use crate::platform;

pub use held::HeldSecret;

/// The longest secret, in bytes; a bearer token of a service may be a JWT of some thousand bytes.
const LONGEST: u64 = 64 << 10;

/// Fetches the secret anew, so that one that was replaced is taken up without a restart. White space around it is not part of it.
///
/// # Errors
/// `service_token_missing` with the place and what is wrong there; the secret itself is in no error.
pub fn resolve(source: &TokenSource) -> Result<SecretString, Fault> {
    let text = match source {
        TokenSource::Env(name) => from_environment(name),
        TokenSource::File(path) => from_file(path.clone()),
        TokenSource::Credential(name) => from_credential(name),
        TokenSource::Keyring(entry) => from_keyring(entry),
    };
    let text = text.map_err(|problem| Fault::new(Code::ServiceTokenMissing).detail(problem))?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Fault::new(Code::ServiceTokenMissing).detail(format!("{} is empty", describe(source))));
    }
    if trimmed.chars().any(char::is_control) {
        let problem = format!("{} holds more than one line, or control characters", describe(source));
        return Err(Fault::new(Code::ServiceTokenMissing).detail(problem));
    }
    Ok(SecretString::from(trimmed))
}

/// A secret, and its source as it stood before it was read.
#[derive(Debug)]
pub struct Sourced {
    /// The secret.
    pub secret: SecretString,
    /// 64 hexadecimal digits, others once the file there is another or was written again. Other places do not tell when they change, and have
    /// their name alone. Nothing of the secret goes in.
    pub version: String,
}

/// Fetches the secret as [`resolve`] does, with its source as it stood.
///
/// # Errors
/// Those of [`resolve`].
pub fn resolve_sourced(source: &TokenSource) -> Result<Sourced, Fault> {
    let version = version(source);
    let secret = resolve(source)?;
    Ok(Sourced { secret, version })
}

fn version(source: &TokenSource) -> String {
    let file = match source {
        TokenSource::File(path) => platform::file_version(path),
        TokenSource::Env(_) | TokenSource::Credential(_) | TokenSource::Keyring(_) => None,
    };
    hex::encode(Sha256::digest(file.unwrap_or_else(|| describe(source))))
}

/// The place of a secret, for errors and `doctor`.
pub fn describe(source: &TokenSource) -> String {
    match source {
        TokenSource::Env(name) => format!("the environment variable {name}"),
        TokenSource::File(path) => format!("the file {}", path.display()),
        TokenSource::Credential(name) => format!("the systemd credential {name}"),
        TokenSource::Keyring(entry) => format!("the keyring's entry {entry}"),
    }
}

fn from_environment(name: &str) -> Result<Zeroizing<String>, String> {
    match env::var(name) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(env::VarError::NotPresent) => Err(format!("the environment variable {name} is not set")),
        // The error would show the value.
        Err(env::VarError::NotUnicode(_)) => Err(format!("the environment variable {name} is not UTF-8")),
    }
}

fn from_file(path: PathBuf) -> Result<Zeroizing<String>, String> {
    let bytes = platform::read_private_file(&path, LONGEST).map_err(|error| read_problem(&path, &error))?;
    text_of(bytes).ok_or_else(|| format!("the file {} is not UTF-8", path.display()))
}

/// `LoadCredential=` puts each credential into a file of the directory that this variable names (systemd.exec(5)). The directory is
/// private to the service; the files are 0400 or 0440 by the system's choice, so their mode is not ours to judge.
fn from_credential(name: &str) -> Result<Zeroizing<String>, String> {
    if name.is_empty() || name.contains(['/', '\\']) || name == ".." {
        return Err(format!("{name:?} is not the name of a systemd credential"));
    }
    let directory = env::var_os("CREDENTIALS_DIRECTORY")
        .map(PathBuf::from)
        .filter(|directory| directory.is_absolute())
        .ok_or("CREDENTIALS_DIRECTORY is not set: the agent was not started by systemd with LoadCredential=")?;
    let path = directory.join(name);
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.len() > LONGEST => {
            return Err(format!("{} is longer than {LONGEST} bytes", path.display()));
        }
        Ok(_) => {}
        Err(error) => return Err(read_problem(&path, &error)),
    }
    let bytes = std::fs::read(&path).map_err(|error| read_problem(&path, &error))?;
    text_of(bytes).ok_or_else(|| format!("the credential {} is not UTF-8", path.display()))
}

/// The keyring is asked through the system's own program (`platform::read_keyring`): a client of its protocol would be a hundred
/// more crates for one question.
fn from_keyring(entry: &str) -> Result<Zeroizing<String>, String> {
    let mut bytes = platform::read_keyring(entry, LONGEST).map_err(|error| error.to_string())?;
    text_of(std::mem::take(&mut *bytes)).ok_or_else(|| format!("the keyring's entry {entry} is not UTF-8"))
}

fn read_problem(path: &std::path::Path, error: &io::Error) -> String {
    format!("the file {} cannot be read: {error}", path.display())
}

fn text_of(bytes: Vec<u8>) -> Option<Zeroizing<String>> {
    match String::from_utf8(bytes) {
        Ok(text) => Some(Zeroizing::new(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            None
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use secrecy::ExposeSecret;

    use super::*;

    fn detail(source: &TokenSource) -> String {
        let fault = resolve(source).unwrap_err();
        assert_eq!(fault.code(), Code::ServiceTokenMissing);
        fault.detail_text().unwrap().to_owned()
    }

    #[test]
    fn a_private_file_is_read_and_trimmed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        platform::write_private_file(&path, b" secret-value\n").unwrap();
        assert_eq!(
            resolve(&TokenSource::File(path.clone())).unwrap().expose_secret(),
            "secret-value"
        );
        platform::write_private_file(&path, b"\n").unwrap();
        assert!(detail(&TokenSource::File(path.clone())).contains("is empty"));
        platform::write_private_file(&path, b"secret\nvalue").unwrap();
        assert!(!detail(&TokenSource::File(path)).contains("secret\n"));
    }

    #[test]
    fn a_file_that_was_written_again_is_another_version_whatever_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pin");
        let file = TokenSource::File(path.clone());
        platform::write_private_file(&path, b"1234").unwrap();
        let first = version(&file);
        assert_eq!(version(&file), first);
        assert_eq!(first.len(), 64);
        platform::write_private_file(&path, b"1234").unwrap();
        assert_ne!(version(&file), first);
        let variables = ["PIN", "PIN2"].map(|name| version(&TokenSource::Env(name.into())));
        assert_ne!(variables[0], variables[1]);
        assert_eq!(version(&TokenSource::Env("PIN".into())), variables[0]);
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(detail(&TokenSource::Env("TOKENSIGN_NO_SUCH".into())).contains("TOKENSIGN_NO_SUCH is not set"));
        assert!(detail(&TokenSource::File("/no/such/file".into())).contains("/no/such/file"));
        assert!(detail(&TokenSource::Credential("../x".into())).contains("not the name"));
    }
}
