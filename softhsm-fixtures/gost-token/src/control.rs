//! Faults that a test switches on while the module runs.

use std::io;
use std::path::Path;
use std::time::Duration;

use cryptoki_sys::CK_RV;
use serde::{Deserialize, Serialize};

use crate::signature::SignatureLayout;
use crate::state::write_atomically;

const FILE_NAME: &str = "control.json";

/// The faults in force. The default is none: the token behaves.
///
/// The module reads `control.json` again at every call that a fault may touch, so a change shows at once, in every
/// process. A file that does not parse is a device error, so that a misspelt fault cannot pass unseen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Control {
    /// The process aborts when it asks for the function list, the first call after loading.
    pub crash_at_load: bool,
    /// The process ends, as if all were well, when it asks for the function list.
    pub exit_at_load: bool,
    /// The process aborts in `C_Initialize`.
    pub crash_at_initialize: bool,
    /// `C_Initialize` starts `/bin/true`, and counts whether the system lets it.
    pub starts_program: bool,
    /// `C_GetInterface` exists and answers `CKR_GENERAL_ERROR`.
    pub get_interface_fails: bool,
    /// `C_Initialize` takes a NULL argument only, as a module that one thread must use.
    pub refuses_arguments: bool,
    /// `C_GetSlotList` lists the slot also without a token, and asking it for its token then ends the process.
    pub lists_empty_slot: bool,
    /// Lines appear on standard output in `C_Initialize`, `C_Login` and `C_Sign`, as some vendor libraries do.
    pub prints_on_stdout: bool,
    /// The token is gone: its slot is empty, sessions and the login are lost.
    pub device_removed: bool,
    /// The token goes once the process has made this many signatures.
    pub device_removed_after_signatures: Option<u64>,
    /// The user PIN counts as locked, whatever the try counter says.
    pub pin_locked: bool,
    /// The flags say nothing of wrong PINs until the PIN is locked; the tries are counted all the same.
    pub no_count_flags: bool,
    /// The PIN has to be changed: `CKF_USER_PIN_TO_BE_CHANGED`. A login succeeds, and looking for objects then is `CKR_PIN_EXPIRED`.
    pub pin_to_be_changed: bool,
    /// The PIN is typed on the device: `CKF_PROTECTED_AUTHENTICATION_PATH`, and a NULL PIN logs in.
    pub pinpad: bool,
    /// The person presses cancel on the pinpad.
    pub pinpad_cancelled: bool,
    /// Nobody comes to the pinpad: the login never returns.
    pub pinpad_hangs: bool,
    /// The clock field of the token information is not what PKCS #11 prescribes.
    pub malformed_utc_time: bool,
    /// `C_Login` fails with this `CK_RV` whatever the PIN; no try is counted.
    pub login_error: Option<CK_RV>,
    /// Every private key demands a context-specific login for each signature.
    pub always_authenticate: bool,
    /// The same, and `CKA_ALWAYS_AUTHENTICATE` does not say so.
    pub always_authenticate_unsaid: bool,
    /// Milliseconds that `C_Sign` takes longer.
    pub sign_delay_ms: u64,
    /// `C_Sign` never returns.
    pub hang_in_sign: bool,
    /// The process aborts in `C_Sign` once it has made this many signatures.
    pub crash_in_sign_after: Option<u64>,
    /// `C_Sign` fails with this `CK_RV`.
    pub sign_error: Option<CK_RV>,
    /// `C_Sign` succeeds with a value that is no signature.
    pub wrong_signature: bool,
    /// The layout of signatures.
    pub signature_layout: SignatureLayout,
    /// How the digest's bytes are read as a number.
    pub hash_order: HashOrder,
}

/// How a digest is read as a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HashOrder {
    /// As every known library does.
    #[default]
    LittleEndian,
    /// The other way round.
    BigEndian,
}

impl Control {
    /// The faults in force for the token in `directory`.
    ///
    /// # Errors
    /// When `control.json` is there but cannot be read or parsed.
    pub fn load(directory: &Path) -> io::Result<Self> {
        match std::fs::read(directory.join(FILE_NAME)) {
            Ok(json) => Ok(serde_json::from_slice(&json)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Puts the faults in force for the token in `directory`, in one step.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, directory: &Path) -> io::Result<()> {
        write_atomically(directory, FILE_NAME, &serde_json::to_vec_pretty(self)?)
    }

    pub(crate) fn crash_at_load(&self) {
        if self.crash_at_load {
            std::process::abort();
        }
        if self.exit_at_load {
            std::process::exit(0);
        }
    }

    pub(crate) fn at_initialize(&self) {
        self.print("C_Initialize");
        if self.crash_at_initialize {
            std::process::abort();
        }
    }

    /// What happens before `C_Sign` computes, in a process that has made `signatures` already. Waits where it has to,
    /// so no lock may be held.
    pub(crate) fn before_signing(&self, signatures: u64) {
        self.print("C_Sign");
        std::thread::sleep(Duration::from_millis(self.sign_delay_ms));
        if self.crash_in_sign_after.is_some_and(|limit| signatures >= limit) {
            std::process::abort();
        }
        if self.hang_in_sign {
            loop {
                std::thread::sleep(Duration::from_secs(3600));
            }
        }
    }

    pub(crate) fn is_removed(&self, signatures: u64) -> bool {
        self.device_removed
            || self
                .device_removed_after_signatures
                .is_some_and(|limit| signatures >= limit)
    }

    pub(crate) fn print(&self, function: &str) {
        if self.prints_on_stdout {
            use io::Write as _;
            // A closed standard output is no reason for a token to fail.
            let _ = writeln!(io::stdout(), "gost-token: {function} called");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn absent_means_none_and_a_misspelt_fault_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Control::load(directory.path()).unwrap(), Control::default());

        let faults = Control {
            sign_delay_ms: 20,
            signature_layout: SignatureLayout::RLittleEndianSLittleEndian,
            ..Control::default()
        };
        faults.save(directory.path()).unwrap();
        assert_eq!(Control::load(directory.path()).unwrap(), faults);

        std::fs::write(directory.path().join(FILE_NAME), r#"{"hang_in_sing": true}"#).unwrap();
        assert!(Control::load(directory.path()).is_err());
    }
}
