use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::link::find_program;

/// How long the keyring may take. One that asks the person for its own password goes on doing so when nobody waits any more, and
/// has the secret for the next one who asks.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked whether the program has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Why the keyring gave no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// This system has no keyring that a program can be asked for.
    #[error("this system has no keyring that tokensign can read: put the secret into a file")]
    Unsupported,
    /// The program that reads the keyring is missing.
    #[error("{0} is not installed: install it (Debian: apt-get install libsecret-tools)")]
    NoProgram(&'static str),
    /// The keyring has no such entry, or is locked.
    #[error("the keyring has no entry `{entry}` of the service tokensign, or is locked{said}; store it with: {store}")]
    NoEntry {
        /// The entry's name.
        entry: String,
        /// What the program said, after a colon.
        said: String,
        /// The command that stores an entry.
        store: String,
    },
    /// The program took too long.
    #[error("the keyring does not answer; unlock it, or put the secret into a file")]
    NoAnswer,
    /// The program could not be run.
    #[error("the keyring cannot be read: {0}")]
    Failed(#[from] io::Error),
}

/// The secret that the user's keyring has under the service `tokensign` and this entry, at most `limit` bytes of it.
///
/// Asked of the system's own program (`secret-tool` for the Secret Service, `security` on macOS): it has the secret on its
/// standard output only, so it stands in no argument, environment or file.
///
/// # Errors
/// [`KeyringError`].
pub fn read_keyring(entry: &str, limit: u64) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
    let (program, arguments, store): (&'static str, Vec<&str>, String) = if cfg!(windows) {
        return Err(KeyringError::Unsupported);
    } else if cfg!(target_os = "macos") {
        // Not tested on macOS.
        let find = vec!["find-generic-password", "-w", "-s", SERVICE, "-a", entry];
        let store = format!("security add-generic-password -s {SERVICE} -a {entry} -w");
        ("security", find, store)
    } else {
        let find = vec!["lookup", "service", SERVICE, "entry", entry];
        let store = format!("secret-tool store --label='tokensign {entry}' service {SERVICE} entry {entry}");
        ("secret-tool", find, store)
    };
    let path = find_program(program).ok_or(KeyringError::NoProgram(program))?;
    let answer = run(path, &arguments, limit)?;
    if answer.secret.is_empty() {
        let said = match answer.said.trim() {
            "" => String::new(),
            said => format!(": {said}"),
        };
        let entry = entry.to_owned();
        return Err(KeyringError::NoEntry { entry, said, store });
    }
    Ok(answer.secret)
}

struct Answer {
    secret: Zeroizing<Vec<u8>>,
    said: String,
}

fn run(program: PathBuf, arguments: &[&str], limit: u64) -> Result<Answer, KeyringError> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let started = Instant::now();
    // An answer fits into the pipe, so the program ends without being read from.
    while child.try_wait()?.is_none() {
        if started.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Err(KeyringError::NoAnswer);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    let mut secret = Zeroizing::new(Vec::with_capacity(usize::try_from(limit).unwrap_or_default()));
    if let Some(output) = child.stdout.take() {
        output.take(limit).read_to_end(&mut secret)?;
    }
    let mut said = String::new();
    if let Some(errors) = child.stderr.take() {
        errors.take(400).read_to_string(&mut said)?;
    }
    Ok(Answer { secret, said })
}

/// The service under which every entry lies.
const SERVICE: &str = "tokensign";
