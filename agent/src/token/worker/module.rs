use std::ffi::CString;
use std::path::Path;
use std::thread;
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, Rv, RvError};
use cryptoki::slot::Slot;
use pkcs11_profiles::Quirks;

use super::ffi::Raw;
use crate::token::ckr::Ckr;
use crate::token::protocol::{Library, WorkerError};

/// pcscd looks at a reader every 0.4 s, so a card that was pulled in the middle of a command may seem to be there for so long.
const SERVICE_LOOK: Duration = Duration::from_millis(200);
const SERVICE_LOOKS: u32 = 5;

/// A loaded and initialised module.
pub(super) struct Module {
    pub(super) safe: Pkcs11,
    pub(super) raw: Raw,
    pub(super) quirks: Quirks,
    /// How many sessions may sign at once.
    pub(super) sessions: usize,
}

impl Module {
    /// Loads the library and initialises it.
    pub(super) fn load(path: &Path, quirks: Quirks, sessions: usize) -> Result<Self, WorkerError> {
        let unloadable = |reason: String| WorkerError::Unloadable { reason };
        let safe = Pkcs11::new(path).map_err(|error| unloadable(in_words(&error)))?;
        let raw = Raw::of_loaded(path).map_err(unloadable)?;
        let module = Self {
            safe,
            raw,
            quirks,
            sessions,
        };
        module.initialize().map_err(|error| match error {
            WorkerError::Other { function, ckr } => unloadable(format!("{function} returns {ckr}")),
            other => other,
        })?;
        Ok(module)
    }

    /// Initialises the module with locking by the operating system, or for one thread where it cannot lock.
    fn initialize(&self) -> Result<(), WorkerError> {
        if let Some(parameters) = &self.quirks.library_parameters {
            return self.initialize_with(parameters);
        }
        if !self.quirks.single_threaded {
            match self
                .safe
                .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
            {
                Ok(()) => return Ok(()),
                Err(error) => match ckr_of(&error) {
                    Ckr::CRYPTOKI_ALREADY_INITIALIZED => return Ok(()),
                    Ckr::CANT_LOCK | Ckr::NEED_TO_CREATE_THREADS => {}
                    ckr => return Err(failed("C_Initialize", ckr)),
                },
            }
        }
        match self.raw.initialize_without_arguments() {
            Ok(()) | Err(Ckr::CRYPTOKI_ALREADY_INITIALIZED) => Ok(()),
            Err(ckr) => Err(failed("C_Initialize", ckr)),
        }
    }

    fn initialize_with(&self, parameters: &str) -> Result<(), WorkerError> {
        if let Some((_, unset)) = parameters.split_once('$') {
            let name: String = unset
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            return Err(WorkerError::Unloadable {
                reason: format!("it needs the environment variable {name}: set it in `env` beside the module's path"),
            });
        }
        let parameters = CString::new(parameters).map_err(|_| WorkerError::Unloadable {
            reason: "its library parameters contain a NUL".to_owned(),
        })?;
        match self.raw.initialize_with_parameters(&parameters) {
            Ok(()) | Err(Ckr::CRYPTOKI_ALREADY_INITIALIZED) => Ok(()),
            Err(ckr) => Err(failed("C_Initialize", ckr)),
        }
    }

    /// Finalises and initialises the module, so that it looks for tokens anew. All sessions and logins end.
    pub(super) fn reinitialize(&self) -> Result<(), WorkerError> {
        self.finalize();
        self.initialize()
    }

    /// Finalises the module. What it answers changes nothing: the process is about to end, or to initialise again.
    pub(super) fn finalize(&self) {
        let _ = self.safe.clone().finalize();
    }

    /// What the module says of itself; empty where it says nothing that can be read.
    pub(super) fn library(&self) -> Library {
        let Ok(info) = self.safe.get_library_info() else {
            return Library::default();
        };
        Library {
            manufacturer: trimmed(info.manufacturer_id().as_bytes()),
            description: trimmed(info.library_description().as_bytes()),
            version: info.library_version().to_string(),
            cryptoki: info.cryptoki_version().to_string(),
        }
    }

    /// The slots that hold a token.
    pub(super) fn slots(&self) -> Result<Vec<Slot>, WorkerError> {
        let mut slots = self
            .safe
            .get_slots_with_token()
            .map_err(|error| failed("C_GetSlotList", ckr_of(&error)))?;
        if self.quirks.fixed_slot_list {
            slots.retain(|slot| self.is_present(*slot));
        }
        Ok(slots)
    }

    /// Whether a token is in the slot still. Modules tell a token that was pulled in many ways.
    pub(super) fn is_present(&self, slot: Slot) -> bool {
        self.safe.get_slot_info(slot).is_ok_and(|info| info.token_present())
    }

    /// The same after a new look at all slots: ykcs11 goes on about a token that is gone until then.
    fn is_seen(&self, slot: Slot) -> bool {
        self.slots().is_ok_and(|slots| slots.contains(&slot))
            && self.is_present(slot)
            && self.raw.token_info(slot.id()).is_ok()
    }

    /// Whether the token has gone, or goes within the time that the reader service needs to see it.
    fn has_gone(&self, slot: Slot) -> bool {
        (0..SERVICE_LOOKS).any(|look| {
            if look > 0 {
                thread::sleep(SERVICE_LOOK);
            }
            !self.is_seen(slot)
        })
    }

    /// What a return value means, once the ones that mean "the token is gone" are told from the rest. A token whose PIN has to be changed
    /// may log in and refuse what follows (PKCS#11 section 5.1.5, `CKR_PIN_EXPIRED`).
    pub(super) fn failure(&self, slot: Slot, function: &str, ckr: Ckr) -> WorkerError {
        match ckr {
            Ckr::DEVICE_REMOVED | Ckr::TOKEN_NOT_PRESENT | Ckr::SESSION_HANDLE_INVALID | Ckr::SESSION_CLOSED => {
                WorkerError::TokenRemoved
            }
            // OpenSC and ykcs11 say these, too, when the card was pulled.
            Ckr::GENERAL_ERROR | Ckr::DEVICE_ERROR | Ckr::FUNCTION_FAILED if self.has_gone(slot) => {
                WorkerError::TokenRemoved
            }
            Ckr::PIN_EXPIRED => WorkerError::PinExpired,
            ckr => failed(function, ckr),
        }
    }
}

/// A return value without a meaning of its own.
pub(super) fn failed(function: &str, ckr: Ckr) -> WorkerError {
    WorkerError::Other {
        function: function.to_owned(),
        ckr,
    }
}

/// The return value behind a cryptoki error.
pub(super) fn ckr_of(error: &Error) -> Ckr {
    match error {
        Error::Pkcs11(RvError::VendorDefined(value) | RvError::UnknownErrorCode(value), _) => Ckr(*value),
        // cryptoki turns numbers into variants and offers no way back.
        Error::Pkcs11(variant, _) => Ckr::named()
            .find(|ckr| Rv::from(ckr.0) == Rv::Error(*variant))
            .unwrap_or(Ckr::GENERAL_ERROR),
        Error::NullFunctionPointer => Ckr::FUNCTION_NOT_SUPPORTED,
        _ => Ckr::GENERAL_ERROR,
    }
}

/// A text field without its padding. The standard pads with spaces; some modules with NULs.
pub(super) fn trimmed(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    text.split('\0').next().unwrap_or_default().trim().to_owned()
}

/// A loading error for a person.
fn in_words(error: &Error) -> String {
    match error {
        Error::LibraryLoading(error) => {
            std::error::Error::source(error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
        }
        Error::MissingSymbol(name) => format!("it is no PKCS#11 module: it exports no {name}"),
        Error::Pkcs11(_, function) => format!("C_{function:?} returns {}", ckr_of(error)),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use cryptoki::context::Function;

    use super::*;

    #[test]
    fn every_return_value_survives_the_way_through_cryptoki() {
        for ckr in Ckr::named().filter(|ckr| *ckr != Ckr::OK) {
            let Rv::Error(variant) = Rv::from(ckr.0) else {
                panic!("{ckr} is taken for success")
            };
            assert_eq!(ckr_of(&Error::Pkcs11(variant, Function::Sign)), ckr);
        }
        let vendor = Ckr(0x8000_000A);
        assert_eq!(
            ckr_of(&Error::Pkcs11(RvError::VendorDefined(vendor.0), Function::Login)),
            vendor
        );
    }

    #[test]
    fn padding_of_either_kind_goes() {
        assert_eq!(trimmed(b"SW   TPM\0\0\0"), "SW   TPM");
        assert_eq!(trimmed(b"label   "), "label");
        assert_eq!(trimmed(b"\0\0"), "");
    }
}
