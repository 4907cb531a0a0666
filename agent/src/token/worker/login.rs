//! Logging in: flags first, one try, nothing repeated.

use cryptoki::error::Error;
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::RawAuthPin;
use cryptoki_sys as ck;
use secrecy::ExposeSecret as _;

use super::ffi::RawTokenInfo;
use super::module::{Module, ckr_of, failed};
use crate::token::ckr::Ckr;
use crate::token::pin;
use crate::token::protocol::{Login, WorkerError};

/// A session with the user logged in, or without need of it. Dropping it logs out and closes it.
pub(super) struct LoggedIn<'a> {
    pub(super) session: Session,
    module: &'a Module,
    slot: Slot,
    way: Way,
}

/// How the user logs in.
enum Way {
    Pin(RawAuthPin),
    /// With a PIN that was wiped since.
    ForgottenPin,
    AtTheDevice,
    NotAtAll,
}

impl<'a> LoggedIn<'a> {
    /// Opens a session and logs in afresh: a login that stands from before proves nothing about the person who asks now.
    pub(super) fn open(
        module: &'a Module,
        slot: Slot,
        info: &RawTokenInfo,
        login: Login,
        secret: Option<RawAuthPin>,
        last_try_confirmed: bool,
    ) -> Result<Self, WorkerError> {
        let way = way(module, info, login, secret)?;
        if !matches!(way, Way::NotAtAll) {
            may_try(info, last_try_confirmed)?;
        }
        let session = module
            .safe
            .open_ro_session(slot)
            .map_err(|e| module.failure(slot, "C_OpenSession", ckr_of(&e)))?;
        let logged_in = Self {
            session,
            module,
            slot,
            way,
        };
        if !matches!(logged_in.way, Way::NotAtAll) {
            logged_in.end_earlier_login()?;
            logged_in.login(UserType::User)?;
        }
        Ok(logged_in)
    }

    /// The login that a key with CKA_ALWAYS_AUTHENTICATE wants between `C_SignInit` and `C_Sign`, each time (section 4.9).
    pub(super) fn authenticate_in_context(&self) -> Result<(), WorkerError> {
        self.login(UserType::ContextSpecific)
    }

    /// Wipes the PIN; the login stands.
    pub(super) fn forget_pin(&mut self) {
        if let Way::Pin(_) = self.way {
            self.way = Way::ForgottenPin;
        }
    }

    /// Whether the user is logged in still, as the token sees it. Nothing is sent that could count as a try.
    pub(super) fn require_standing(&self) -> Result<(), WorkerError> {
        if matches!(self.way, Way::NotAtAll) || self.is_user()? {
            Ok(())
        } else {
            Err(WorkerError::LoginEnded)
        }
    }

    fn login(&self, user: UserType) -> Result<(), WorkerError> {
        let result = match &self.way {
            Way::Pin(pin) => self.session.login_with_raw(user, pin),
            // The only case for a NULL PIN: other tokens count it as a wrong one.
            Way::AtTheDevice => self.session.login(user, None),
            Way::ForgottenPin => return Err(WorkerError::PinRequired),
            Way::NotAtAll => return Ok(()),
        };
        result.map_err(|error| self.refused(&error))
    }

    /// What a failed `C_Login` means. Only CKR_PIN_INCORRECT is a wrong PIN.
    fn refused(&self, error: &Error) -> WorkerError {
        match ckr_of(error) {
            Ckr::PIN_INCORRECT => WorkerError::PinIncorrect {
                tries_left: self
                    .module
                    .raw
                    .token_info(self.slot.id())
                    .ok()
                    .and_then(|info| pin::tries_left_after_a_wrong_one(info.flags, &self.module.quirks)),
            },
            Ckr::PIN_LOCKED => WorkerError::PinLocked,
            Ckr::PIN_EXPIRED => WorkerError::PinExpired,
            Ckr::USER_PIN_NOT_INITIALIZED => WorkerError::PinNotInitialised,
            Ckr::PIN_LEN_RANGE => {
                let (min, max) = self
                    .module
                    .raw
                    .token_info(self.slot.id())
                    .map(|info| info.pin_length)
                    .unwrap_or_default();
                WorkerError::PinLength { min, max }
            }
            Ckr::FUNCTION_CANCELED | Ckr::FUNCTION_REJECTED | Ckr::CANCEL => WorkerError::PinCancelled,
            ckr => self.module.failure(self.slot, "C_Login", ckr),
        }
    }

    /// Ends a login that stands already. There should be none: every batch logs out, and the process has the module alone.
    fn end_earlier_login(&self) -> Result<(), WorkerError> {
        if self.is_user()? {
            self.session
                .logout()
                .map_err(|error| failed("C_Logout", ckr_of(&error)))?;
        }
        Ok(())
    }

    fn is_user(&self) -> Result<bool, WorkerError> {
        let info = self
            .session
            .get_session_info()
            .map_err(|e| self.module.failure(self.slot, "C_GetSessionInfo", ckr_of(&e)))?;
        Ok(matches!(
            info.session_state(),
            SessionState::RoUser | SessionState::RwUser
        ))
    }
}

impl Drop for LoggedIn<'_> {
    fn drop(&mut self) {
        if !matches!(self.way, Way::NotAtAll) {
            // Some modules answer CKR_USER_NOT_LOGGED_IN though the user was, and a pulled token answers anything.
            let _ = self.session.logout();
        }
    }
}

fn way(module: &Module, info: &RawTokenInfo, login: Login, secret: Option<RawAuthPin>) -> Result<Way, WorkerError> {
    if module.quirks.no_login || info.flags & ck::CKF_LOGIN_REQUIRED == 0 {
        return Ok(Way::NotAtAll);
    }
    // A PIN is never sent to a token with a PIN pad of its own, whatever the request says.
    if info.flags & ck::CKF_PROTECTED_AUTHENTICATION_PATH != 0 {
        return Ok(Way::AtTheDevice);
    }
    let Some(secret) = secret.filter(|_| login == Login::Secret) else {
        return Err(WorkerError::PinRequired);
    };
    let length = secret.expose_secret().len() as u64;
    let (min, max) = info.pin_length;
    // Checked here so that no try is spent; tokens whose limits make no sense are not believed.
    if length == 0 || (min <= max && max > 0 && !(min..=max).contains(&length)) {
        return Err(WorkerError::PinLength { min, max });
    }
    Ok(Way::Pin(secret))
}

/// Reads the flags before anything is sent to the token.
fn may_try(info: &RawTokenInfo, last_try_confirmed: bool) -> Result<(), WorkerError> {
    let has = |flag| info.flags & flag != 0;
    if !has(ck::CKF_USER_PIN_INITIALIZED) {
        return Err(WorkerError::PinNotInitialised);
    }
    if has(ck::CKF_USER_PIN_LOCKED) {
        return Err(WorkerError::PinLocked);
    }
    if has(ck::CKF_USER_PIN_FINAL_TRY) && !last_try_confirmed {
        return Err(WorkerError::PinLastTry);
    }
    Ok(())
}
