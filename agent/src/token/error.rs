use std::path::PathBuf;

use super::ckr::Ckr;
use super::protocol::WorkerError;
use crate::cms::Scheme;
use crate::messages::{Code, Fault};
use crate::platform::ModuleFileError;

/// What goes wrong between the agent and a token. `module` is the name by which people know the module.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// `CKR_PIN_INCORRECT`, and nothing else, is a wrong PIN. One try was spent.
    #[error("the PIN is wrong")]
    PinIncorrect {
        /// Tries left, where the token's flags and its profile tell.
        tries_left: Option<u8>,
    },
    /// The PIN is locked. Nothing was sent to the token, or the token said so itself.
    #[error("the PIN is locked: unlock it with the token maker's program")]
    PinLocked,
    /// The PIN must be changed before use.
    #[error("the PIN has expired: change it with the token maker's program")]
    PinExpired,
    /// The user PIN was never set.
    #[error("the token's user PIN was never set: set it with the token maker's program")]
    PinNotInitialised,
    /// The PIN's length is outside of the token's limits. No try was spent.
    #[error("the PIN has to have {min} to {max} bytes")]
    PinLength {
        /// The shortest, in bytes.
        min: u64,
        /// The longest, in bytes.
        max: u64,
    },
    /// One try is left, and the person did not confirm that it may be spent. Nothing was sent to the token.
    #[error("one try is left for the PIN: confirm that it may be spent")]
    PinLastTry,
    /// The token needs a PIN and none came with the request.
    #[error("the token needs a PIN")]
    PinRequired,
    /// Cancelled at the device, or not touched in time.
    #[error("the entry at the device was cancelled")]
    PinCancelled,
    /// Nobody entered the PIN at the device, or in the module's dialog, in time. The module is not to blame.
    #[error("no PIN was entered at the device within {seconds} s")]
    PinTimedOut {
        /// The deadline.
        seconds: u64,
    },
    /// A program gave the PIN that the token refused before. Nothing was sent to the token.
    #[error(
        "the token refused this PIN before: it is not sent again until its source changes or a person signs with the token"
    )]
    PinNotSentAgain,
    /// The login that was kept for a grant does not stand any more.
    #[error("the login to token {token:?} that was kept has ended: approve again")]
    LoginEnded {
        /// The token's label.
        token: String,
    },
    /// The token is in no reader.
    #[error("token {token:?} is not plugged in")]
    TokenAbsent {
        /// The token's label.
        token: String,
    },
    /// The token was pulled while it worked.
    #[error("token {token:?} was pulled while it worked: put it back and approve again")]
    TokenRemoved {
        /// The token's label.
        token: String,
    },
    /// The certificate or its key is not on the token.
    #[error("the certificate has no private key on token {token:?}")]
    KeyNotFound {
        /// The token's label.
        token: String,
    },
    /// Several keys fit the certificate.
    #[error("several keys on token {token:?} fit the certificate and nothing tells which is its own")]
    KeyAmbiguous {
        /// The token's label.
        token: String,
    },
    /// The token offers no mechanism for the scheme.
    #[error("token {token:?} has no mechanism for {scheme}")]
    SchemeUnsupported {
        /// The token's label.
        token: String,
        /// What was asked.
        scheme: Scheme,
    },
    /// A return value that has no meaning of its own here.
    #[error("{function} of {module} returns {ckr}")]
    Module {
        /// The module.
        module: String,
        /// The PKCS#11 function.
        function: String,
        /// What it returned.
        ckr: Ckr,
    },
    /// The module's file is not there.
    #[error("the PKCS#11 module {} does not exist", path.display())]
    ModuleMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The module cannot be loaded, or its file may not be trusted.
    #[error("the PKCS#11 module {module} cannot be used: {reason}")]
    ModuleUnusable {
        /// The module.
        module: String,
        /// Why.
        reason: String,
    },
    /// The worker process ended, or said something that is no answer.
    #[error("the PKCS#11 module {module} crashed ({how})")]
    ModuleCrashed {
        /// The module.
        module: String,
        /// `killed by signal 11`, `exited with status 1`, …
        how: String,
    },
    /// The module did not answer in time and its process was killed.
    #[error("the PKCS#11 module {module} did not answer within {seconds} s")]
    ModuleHung {
        /// The module.
        module: String,
        /// The deadline.
        seconds: u64,
    },
    /// The module failed too often and is set aside until a person releases it.
    #[error("the PKCS#11 module {module} is set aside after repeated crashes: see `tokensign modules`")]
    ModuleQuarantined {
        /// The module.
        module: String,
    },
    /// The caller or the person ended the batch between two signatures.
    #[error("the batch was cancelled")]
    Cancelled,
    /// The batch does not fit into one request to the worker.
    #[error("{items} items are too many or too large for one batch: sign them in several")]
    BatchTooLarge {
        /// How many there were.
        items: usize,
    },
    /// No worker process can be started.
    #[error("no worker process can be started: {reason}")]
    NoWorker {
        /// What the system says.
        reason: String,
    },
}

impl TokenError {
    /// What a worker reports, with the names that it does not know.
    pub(super) fn from_worker(error: WorkerError, module: &str, token: &str) -> Self {
        let module = module.to_owned();
        let token = token.to_owned();
        match error {
            WorkerError::Unloadable { reason } => Self::ModuleUnusable { module, reason },
            WorkerError::TokenAbsent => Self::TokenAbsent { token },
            WorkerError::TokenRemoved => Self::TokenRemoved { token },
            WorkerError::KeyNotFound => Self::KeyNotFound { token },
            WorkerError::KeyAmbiguous => Self::KeyAmbiguous { token },
            WorkerError::SchemeUnsupported { scheme } => Self::SchemeUnsupported { token, scheme },
            WorkerError::PinIncorrect { tries_left } => Self::PinIncorrect { tries_left },
            WorkerError::PinLocked => Self::PinLocked,
            WorkerError::PinExpired => Self::PinExpired,
            WorkerError::PinNotInitialised => Self::PinNotInitialised,
            WorkerError::PinLength { min, max } => Self::PinLength { min, max },
            WorkerError::PinLastTry => Self::PinLastTry,
            WorkerError::PinRequired => Self::PinRequired,
            WorkerError::PinCancelled => Self::PinCancelled,
            WorkerError::LoginEnded => Self::LoginEnded { token },
            WorkerError::Other { function, ckr } => Self::Module { module, function, ckr },
        }
    }

    /// Why a module's file is not loaded.
    pub(super) fn from_file(error: ModuleFileError, module: &str) -> Self {
        match error {
            ModuleFileError::Missing(path) => Self::ModuleMissing { path },
            other => Self::ModuleUnusable {
                module: module.to_owned(),
                reason: other.to_string(),
            },
        }
    }

    fn code(&self) -> Code {
        match self {
            Self::PinIncorrect { .. } => Code::PinIncorrect,
            Self::PinLocked => Code::PinLocked,
            Self::PinExpired => Code::PinExpired,
            Self::PinNotInitialised => Code::PinNotInitialised,
            Self::PinLength { .. } => Code::PinLength,
            Self::PinLastTry => Code::PinLastTry,
            Self::PinRequired | Self::LoginEnded { .. } => Code::PinRequired,
            Self::PinCancelled => Code::PinCancelled,
            Self::PinTimedOut { .. } => Code::PinTimedOut,
            Self::PinNotSentAgain => Code::PinNotSentAgain,
            Self::TokenAbsent { .. } => Code::TokenAbsent,
            Self::TokenRemoved { .. } => Code::TokenRemoved,
            Self::KeyNotFound { .. } | Self::KeyAmbiguous { .. } => Code::KeyNotFound,
            Self::SchemeUnsupported { .. } => Code::UnsupportedAlgorithm,
            Self::Module { .. } => Code::TokenError,
            Self::ModuleMissing { .. } => Code::ModuleMissing,
            Self::ModuleUnusable { .. } => Code::ModuleUnusable,
            Self::ModuleCrashed { .. } => Code::ModuleCrashed,
            Self::ModuleHung { .. } => Code::ModuleHung,
            Self::ModuleQuarantined { .. } => Code::ModuleQuarantined,
            Self::Cancelled => Code::Cancelled,
            Self::BatchTooLarge { .. } => Code::BodyTooLarge,
            Self::NoWorker { .. } => Code::Internal,
        }
    }
}

impl From<TokenError> for Fault {
    fn from(error: TokenError) -> Self {
        let fault = Self::new(error.code()).detail(&error);
        match error {
            TokenError::PinIncorrect {
                tries_left: Some(tries),
            } => fault.arg("tries_left", tries),
            TokenError::PinLength { min, max } => fault.arg("min", min).arg("max", max),
            TokenError::LoginEnded { token }
            | TokenError::TokenAbsent { token }
            | TokenError::TokenRemoved { token }
            | TokenError::KeyNotFound { token }
            | TokenError::KeyAmbiguous { token }
            | TokenError::SchemeUnsupported { token, .. } => fault.arg("token", token),
            TokenError::Module { module, ckr, .. } => fault.arg("module", module).arg("ckr", ckr),
            TokenError::ModuleMissing { path } => fault.arg("path", path.display()),
            TokenError::ModuleUnusable { module, reason } => fault.arg("module", module).arg("reason", reason),
            TokenError::ModuleCrashed { module, how } => fault.arg("module", module).arg("how", how),
            TokenError::ModuleHung { module, seconds } => fault.arg("module", module).arg("seconds", seconds),
            TokenError::PinTimedOut { seconds } => fault.arg("seconds", seconds),
            TokenError::ModuleQuarantined { module } => fault.arg("module", module),
            _ => fault,
        }
    }
}
