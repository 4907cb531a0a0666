//! What the token remembers between processes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use cryptoki_sys::CK_OBJECT_HANDLE;
use serde::{Deserialize, Serialize};
use streebog::{Digest, Streebog256};

use crate::object::Object;

const FILE_NAME: &str = "state.json";
const LOCK_NAME: &str = "state.lock";

/// Wrong user PINs in a row that lock the token.
pub(crate) const TRIES: u8 = 3;

/// The content of `state.json`.
///
/// The counters never go down, so that a test can prove how often the token was asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// The token's label; absent before initialisation.
    pub label: Option<String>,
    /// Sixteen hexadecimal digits, fixed when the directory is first used.
    pub serial: String,
    /// Tries left for the user PIN; zero is locked.
    pub tries_left: u8,
    /// Calls of `C_Login` that reached the token, context-specific ones included.
    pub login_calls: u64,
    /// Wrong user PINs ever presented.
    pub wrong_pins: u64,
    /// Signatures ever made.
    pub signatures: u64,
    /// Sessions ever opened.
    #[serde(default)]
    pub sessions_opened: u64,
    /// Sessions ever closed, by a call or because the token went; those of a process that crashed stay open.
    #[serde(default)]
    pub sessions_closed: u64,
    /// How often the module started a program.
    #[serde(default)]
    pub programs_started: u64,
    /// How often the system did not let it.
    #[serde(default)]
    pub programs_refused: u64,
    /// The objects by handle.
    pub objects: BTreeMap<CK_OBJECT_HANDLE, Object>,
    so_pin: Option<PinVerifier>,
    user_pin: Option<PinVerifier>,
    next_handle: CK_OBJECT_HANDLE,
}

/// Streebog-256 over serial number and PIN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct PinVerifier(String);

/// What became of a presented PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PinCheck {
    Right,
    Wrong,
    Locked,
    NotInitialised,
}

impl State {
    /// The state of the token in `directory`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read or parsed.
    pub fn load(directory: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(directory.join(FILE_NAME))?)?)
    }

    fn blank() -> io::Result<Self> {
        let mut serial = [0; 8];
        getrandom::fill(&mut serial).map_err(io::Error::other)?;
        Ok(Self {
            label: None,
            serial: hex::encode(serial),
            tries_left: TRIES,
            login_calls: 0,
            wrong_pins: 0,
            signatures: 0,
            sessions_opened: 0,
            sessions_closed: 0,
            programs_started: 0,
            programs_refused: 0,
            objects: BTreeMap::new(),
            so_pin: None,
            user_pin: None,
            next_handle: 1,
        })
    }

    /// Empties the token and names it; the user PIN is gone too.
    pub(crate) fn initialise(&mut self, label: String, so_pin: &[u8]) {
        self.label = Some(label);
        self.objects.clear();
        self.user_pin = None;
        self.so_pin = Some(self.verifier(so_pin));
        self.tries_left = TRIES;
    }

    pub(crate) fn set_user_pin(&mut self, pin: &[u8]) {
        self.user_pin = Some(self.verifier(pin));
        self.tries_left = TRIES;
    }

    pub(crate) fn set_so_pin(&mut self, pin: &[u8]) {
        self.so_pin = Some(self.verifier(pin));
    }

    pub(crate) fn has_user_pin(&self) -> bool {
        self.user_pin.is_some()
    }

    /// Checks a user PIN and spends a try when it is wrong.
    pub(crate) fn check_user_pin(&mut self, pin: &[u8]) -> PinCheck {
        let Some(expected) = &self.user_pin else {
            return PinCheck::NotInitialised;
        };
        if self.tries_left == 0 {
            return PinCheck::Locked;
        }
        if self.verifier(pin) == *expected {
            self.tries_left = TRIES;
            return PinCheck::Right;
        }
        self.wrong_pins += 1;
        self.tries_left -= 1;
        if self.tries_left == 0 {
            PinCheck::Locked
        } else {
            PinCheck::Wrong
        }
    }

    /// Checks the security officer's PIN; this one never locks.
    pub(crate) fn check_so_pin(&self, pin: &[u8]) -> PinCheck {
        match &self.so_pin {
            None => PinCheck::NotInitialised,
            Some(expected) if self.verifier(pin) == *expected => PinCheck::Right,
            Some(_) => PinCheck::Wrong,
        }
    }

    pub(crate) fn add(&mut self, object: Object) -> CK_OBJECT_HANDLE {
        let handle = self.next_handle;
        self.next_handle += 1;
        self.objects.insert(handle, object);
        handle
    }

    fn verifier(&self, pin: &[u8]) -> PinVerifier {
        let digest = Streebog256::new()
            .chain_update(self.serial.as_bytes())
            .chain_update(pin)
            .finalize();
        PinVerifier(hex::encode(digest))
    }
}

/// The directory of a token, and the only way to its state.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    directory: PathBuf,
}

impl Store {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The state now; a directory that has none gets a blank token.
    pub(crate) fn read(&self) -> io::Result<State> {
        match State::load(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.update(|state| state.clone()),
            other => other,
        }
    }

    /// Changes the state under the lock and writes it in one step.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> io::Result<T> {
        let _lock = self.lock()?;
        let mut state = match State::load(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::blank()?,
            other => other?,
        };
        let answer = change(&mut state);
        write_atomically(&self.directory, FILE_NAME, &serde_json::to_vec_pretty(&state)?)?;
        Ok(answer)
    }

    /// Held until the file is dropped; released by the system when the process dies.
    fn lock(&self) -> io::Result<File> {
        fs::create_dir_all(&self.directory)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.directory.join(LOCK_NAME))?;
        file.lock()?;
        Ok(file)
    }
}

/// Replaces `directory/name` so that a reader sees the old content or the new, never a part. Only the owner may read it.
pub(crate) fn write_atomically(directory: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(content)?;
    file.persist(directory.join(name))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn three_wrong_pins_lock_and_a_right_one_resets() {
        let mut state = State::blank().unwrap();
        assert_eq!(state.check_user_pin(b"1234"), PinCheck::NotInitialised);
        state.set_user_pin(b"1234");
        assert_eq!(state.check_user_pin(b"0000"), PinCheck::Wrong);
        assert_eq!(state.check_user_pin(b"1234"), PinCheck::Right);
        assert_eq!(state.tries_left, TRIES);
        assert_eq!(state.check_user_pin(b"0000"), PinCheck::Wrong);
        assert_eq!(state.check_user_pin(b"0000"), PinCheck::Wrong);
        assert_eq!(state.check_user_pin(b"0000"), PinCheck::Locked);
        assert_eq!(state.check_user_pin(b"1234"), PinCheck::Locked);
        assert_eq!(state.wrong_pins, 4);
    }

    #[test]
    fn state_is_kept_and_pins_are_not_written_down() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().join("token"));
        store.update(|state| state.set_user_pin(b"87654321")).unwrap();
        assert_eq!(
            store.update(|state| state.check_user_pin(b"87654321")).unwrap(),
            PinCheck::Right
        );
        let json = fs::read_to_string(store.directory().join(FILE_NAME)).unwrap();
        assert!(!json.contains("87654321"));
    }
}
