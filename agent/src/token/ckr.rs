//! PKCS#11 return values by number and name.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! return_values {
    ($($name:ident = $value:literal),* $(,)?) => {
        impl Ckr {
            $(#[doc = concat!("`CKR_", stringify!($name), "`")] pub const $name: Self = Self($value);)*
        }

        /// Every value of PKCS#11 v3.2 (section 5.1 and `pkcs11t.h`), in order.
        const NAMES: &[(u64, &str)] = &[$(($value, concat!("CKR_", stringify!($name)))),*];
    };
}

/// A PKCS#11 return value (`CK_RV`).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Ckr(pub u64);

impl Ckr {
    /// Where vendors' own values begin (`CKR_VENDOR_DEFINED`).
    pub const VENDOR_DEFINED: u64 = 0x8000_0000;

    /// The value's name in the standard.
    pub fn name(self) -> Option<&'static str> {
        NAMES
            .binary_search_by_key(&self.0, |(value, _)| *value)
            .ok()
            .map(|index| NAMES[index].1)
    }

    /// All values that the standard names.
    pub(crate) fn named() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(value, _)| Self(*value))
    }
}

impl fmt::Display for Ckr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None if self.0 >= Self::VENDOR_DEFINED => {
                write!(f, "CKR_VENDOR_DEFINED+{:#x}", self.0 - Self::VENDOR_DEFINED)
            }
            None => write!(f, "CKR {:#x}", self.0),
        }
    }
}

return_values! {
    OK = 0x0, CANCEL = 0x1, HOST_MEMORY = 0x2, SLOT_ID_INVALID = 0x3, GENERAL_ERROR = 0x5, FUNCTION_FAILED = 0x6,
    ARGUMENTS_BAD = 0x7, NO_EVENT = 0x8, NEED_TO_CREATE_THREADS = 0x9, CANT_LOCK = 0xA, ATTRIBUTE_READ_ONLY = 0x10,
    ATTRIBUTE_SENSITIVE = 0x11, ATTRIBUTE_TYPE_INVALID = 0x12, ATTRIBUTE_VALUE_INVALID = 0x13, ACTION_PROHIBITED = 0x1B,
    DATA_INVALID = 0x20, DATA_LEN_RANGE = 0x21, DEVICE_ERROR = 0x30, DEVICE_MEMORY = 0x31, DEVICE_REMOVED = 0x32,
    ENCRYPTED_DATA_INVALID = 0x40, ENCRYPTED_DATA_LEN_RANGE = 0x41, AEAD_DECRYPT_FAILED = 0x42, FUNCTION_CANCELED = 0x50,
    FUNCTION_NOT_PARALLEL = 0x51, FUNCTION_NOT_SUPPORTED = 0x54, KEY_HANDLE_INVALID = 0x60, KEY_SIZE_RANGE = 0x62,
    KEY_TYPE_INCONSISTENT = 0x63, KEY_NOT_NEEDED = 0x64, KEY_CHANGED = 0x65, KEY_NEEDED = 0x66, KEY_INDIGESTIBLE = 0x67,
    KEY_FUNCTION_NOT_PERMITTED = 0x68, KEY_NOT_WRAPPABLE = 0x69, KEY_UNEXTRACTABLE = 0x6A, MECHANISM_INVALID = 0x70,
    MECHANISM_PARAM_INVALID = 0x71, OBJECT_HANDLE_INVALID = 0x82, OPERATION_ACTIVE = 0x90, OPERATION_NOT_INITIALIZED = 0x91,
    PIN_INCORRECT = 0xA0, PIN_INVALID = 0xA1, PIN_LEN_RANGE = 0xA2, PIN_EXPIRED = 0xA3, PIN_LOCKED = 0xA4,
    SESSION_CLOSED = 0xB0, SESSION_COUNT = 0xB1, SESSION_HANDLE_INVALID = 0xB3, SESSION_PARALLEL_NOT_SUPPORTED = 0xB4,
    SESSION_READ_ONLY = 0xB5, SESSION_EXISTS = 0xB6, SESSION_READ_ONLY_EXISTS = 0xB7, SESSION_READ_WRITE_SO_EXISTS = 0xB8,
    SIGNATURE_INVALID = 0xC0, SIGNATURE_LEN_RANGE = 0xC1, TEMPLATE_INCOMPLETE = 0xD0, TEMPLATE_INCONSISTENT = 0xD1,
    TOKEN_NOT_PRESENT = 0xE0, TOKEN_NOT_RECOGNIZED = 0xE1, TOKEN_WRITE_PROTECTED = 0xE2, UNWRAPPING_KEY_HANDLE_INVALID = 0xF0,
    UNWRAPPING_KEY_SIZE_RANGE = 0xF1, UNWRAPPING_KEY_TYPE_INCONSISTENT = 0xF2, USER_ALREADY_LOGGED_IN = 0x100,
    USER_NOT_LOGGED_IN = 0x101, USER_PIN_NOT_INITIALIZED = 0x102, USER_TYPE_INVALID = 0x103,
    USER_ANOTHER_ALREADY_LOGGED_IN = 0x104, USER_TOO_MANY_TYPES = 0x105, WRAPPED_KEY_INVALID = 0x110,
    WRAPPED_KEY_LEN_RANGE = 0x112, WRAPPING_KEY_HANDLE_INVALID = 0x113, WRAPPING_KEY_SIZE_RANGE = 0x114,
    WRAPPING_KEY_TYPE_INCONSISTENT = 0x115, RANDOM_SEED_NOT_SUPPORTED = 0x120, RANDOM_NO_RNG = 0x121,
    DOMAIN_PARAMS_INVALID = 0x130, CURVE_NOT_SUPPORTED = 0x140, BUFFER_TOO_SMALL = 0x150, SAVED_STATE_INVALID = 0x160,
    INFORMATION_SENSITIVE = 0x170, STATE_UNSAVEABLE = 0x180, CRYPTOKI_NOT_INITIALIZED = 0x190,
    CRYPTOKI_ALREADY_INITIALIZED = 0x191, MUTEX_BAD = 0x1A0, MUTEX_NOT_LOCKED = 0x1A1, NEW_PIN_MODE = 0x1B0, NEXT_OTP = 0x1B1,
    EXCEEDED_MAX_ITERATIONS = 0x1B5, FIPS_SELF_TEST_FAILED = 0x1B6, LIBRARY_LOAD_FAILED = 0x1B7, PIN_TOO_WEAK = 0x1B8,
    PUBLIC_KEY_INVALID = 0x1B9, FUNCTION_REJECTED = 0x200, TOKEN_RESOURCE_EXCEEDED = 0x201, OPERATION_CANCEL_FAILED = 0x202,
    KEY_EXHAUSTED = 0x203, PENDING = 0x204, SESSION_ASYNC_NOT_SUPPORTED = 0x205, SEED_RANDOM_REQUIRED = 0x206,
    OPERATION_NOT_VALIDATED = 0x207, TOKEN_NOT_INITIALIZED = 0x208, PARAMETER_SET_NOT_SUPPORTED = 0x209,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_every_value_finds_its_name() {
        assert!(NAMES.is_sorted_by_key(|(value, _)| *value));
        for (value, name) in NAMES {
            assert_eq!(Ckr(*value).to_string(), *name);
        }
    }

    #[test]
    fn a_value_without_a_name_shows_its_number() {
        assert_eq!(Ckr(0x8000_000A).to_string(), "CKR_VENDOR_DEFINED+0xa");
        assert_eq!(Ckr(0x4).to_string(), "CKR 0x4");
    }
}
