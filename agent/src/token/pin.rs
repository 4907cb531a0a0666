//! What a token says about its user PIN.

use cryptoki_sys as ck;
use pkcs11_profiles::Quirks;
use serde::Serialize;

/// A token's user PIN, as far as `CK_TOKEN_INFO` tells (PKCS#11 section 3.2, `CKF_USER_PIN_*`).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct PinStatus {
    /// What the flags say.
    pub state: PinState,
    /// Tries left, where flags and profile together tell.
    pub tries_left: Option<u8>,
    /// The token has to be logged in to.
    pub required: bool,
    /// The PIN is entered at the device (`CKF_PROTECTED_AUTHENTICATION_PATH`) or in a dialog of the module's.
    pub at_the_device: bool,
    /// The person has to change it before use (`CKF_USER_PIN_TO_BE_CHANGED`).
    pub to_be_changed: bool,
    /// Its shortest and longest length in bytes, as the token says.
    pub length: (u64, u64),
}

/// What the flags say about the tries.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PinState {
    /// Nothing special.
    Ok,
    /// A wrong PIN was entered since the last right one.
    CountLow,
    /// One try is left.
    FinalTry,
    /// Locked.
    Locked,
    /// Never set.
    NotInitialised,
}

impl PinStatus {
    pub(super) fn new(flags: u64, length: (u64, u64), quirks: &Quirks) -> Self {
        let has = |flag| flags & flag != 0;
        let state = if !has(ck::CKF_USER_PIN_INITIALIZED) {
            PinState::NotInitialised
        } else if has(ck::CKF_USER_PIN_LOCKED) {
            PinState::Locked
        } else if has(ck::CKF_USER_PIN_FINAL_TRY) {
            PinState::FinalTry
        } else if has(ck::CKF_USER_PIN_COUNT_LOW) {
            PinState::CountLow
        } else {
            PinState::Ok
        };
        let tries_left = match state {
            PinState::NotInitialised => None,
            PinState::Ok => quirks.pin_tries,
            _ => tries_left_after_a_wrong_one(flags, quirks),
        };
        Self {
            state,
            tries_left,
            required: has(ck::CKF_LOGIN_REQUIRED) && !quirks.no_login,
            at_the_device: has(ck::CKF_PROTECTED_AUTHENTICATION_PATH) || quirks.no_login,
            to_be_changed: has(ck::CKF_USER_PIN_TO_BE_CHANGED),
            length,
        }
    }
}

/// Tries left once a wrong PIN was entered. PKCS#11 has no counter, only flags: locked is none, final try is one; a low count
/// says something only about a token whose maximum is three (Web eID reads it the same way).
pub(super) fn tries_left_after_a_wrong_one(flags: u64, quirks: &Quirks) -> Option<u8> {
    let has = |flag| flags & flag != 0;
    if quirks.pin_never_locks {
        None
    } else if has(ck::CKF_USER_PIN_LOCKED) {
        Some(0)
    } else if has(ck::CKF_USER_PIN_FINAL_TRY) {
        Some(1)
    } else if has(ck::CKF_USER_PIN_COUNT_LOW) && quirks.pin_tries == Some(3) {
        Some(2)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: u64 = ck::CKF_USER_PIN_INITIALIZED | ck::CKF_LOGIN_REQUIRED;

    #[test]
    fn flags_become_a_state_and_tries() {
        let three = Quirks {
            pin_tries: Some(3),
            ..Quirks::default()
        };
        let of = |flags| {
            let status = PinStatus::new(flags, (4, 8), &three);
            (status.state, status.tries_left)
        };
        assert_eq!(of(0), (PinState::NotInitialised, None));
        assert_eq!(of(SET), (PinState::Ok, Some(3)));
        assert_eq!(of(SET | ck::CKF_USER_PIN_COUNT_LOW), (PinState::CountLow, Some(2)));
        assert_eq!(
            of(SET | ck::CKF_USER_PIN_COUNT_LOW | ck::CKF_USER_PIN_FINAL_TRY),
            (PinState::FinalTry, Some(1))
        );
        assert_eq!(
            of(SET | ck::CKF_USER_PIN_LOCKED | ck::CKF_USER_PIN_FINAL_TRY),
            (PinState::Locked, Some(0))
        );
    }

    #[test]
    fn a_pin_that_never_locks_has_no_number_of_tries() {
        let quirks = Quirks {
            pin_never_locks: true,
            ..Quirks::default()
        };
        assert_eq!(tries_left_after_a_wrong_one(ck::CKF_USER_PIN_COUNT_LOW, &quirks), None);
    }

    #[test]
    fn a_module_with_its_own_dialog_needs_no_pin_from_us() {
        let quirks = Quirks {
            no_login: true,
            ..Quirks::default()
        };
        let status = PinStatus::new(SET, (0, 0), &quirks);
        assert!(!status.required && status.at_the_device);
    }
}
