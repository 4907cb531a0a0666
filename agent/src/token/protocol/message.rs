use std::fmt;
use std::path::PathBuf;

use pkcs11_profiles::{Confinement, Quirks};
use serde::{Deserialize, Serialize};

use crate::certificate::Fingerprint;
use crate::cms::Scheme;
use crate::token::ckr::Ckr;
use crate::token::item::SignItem;

/// What the agent asks.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// Confine yourself, load the module, initialise it. The first request, once. → [`Answer::Ready`]
    Hello(Settings),
    /// What lies on the tokens? → [`Answer::Token`] each, then [`Answer::Listed`]; or [`Answer::Unchanged`].
    Inventory {
        /// Read everything anew, also what cannot have changed while a token stays in its slot.
        afresh: bool,
    },
    /// Log in, sign each item, log out. → [`Answer::LoggedIn`], [`Answer::Signed`] each, then [`Answer::Finished`].
    Sign(SignRequest),
    /// More items of the signing request with the same id: a batch that is longer than a frame. Follows a request or another part that says so.
    More(MoreItems),
    /// End the signing request in progress before its next signature. Has no answer of its own.
    Cancel,
    /// Finalise the module and end. Has no answer; the channel closes.
    Shutdown,
}

/// What the worker answers, with the request's id.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// The module is initialised.
    Ready(Library),
    /// One token.
    Token(Box<TokenRecord>),
    /// All tokens were sent.
    Listed,
    /// The tokens are as they were in the last list on this channel.
    Unchanged,
    /// The token is open and signing begins.
    LoggedIn {
        /// So many items are signed at once; their answers may overtake each other.
        at_once: usize,
    },
    /// One signature, as the token returned it.
    Signed {
        /// The item's place in the request.
        index: usize,
        /// The value as `C_Sign` gave it, in the layout that PKCS#11 lays down.
        #[serde(with = "base64_bytes")]
        signature: Vec<u8>,
        /// The token got the digest reversed (GOST R 34.10), whatever the item said: a first value had shown that it has to.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        reversed_digest: bool,
    },
    /// No signature for this item, and none for those after it.
    NotSigned {
        /// The item's place in the request.
        index: usize,
        /// Why.
        error: WorkerError,
    },
    /// The signing request is over, and the token logged out unless the login is kept.
    Finished {
        /// It ended early because it was cancelled.
        cancelled: bool,
        /// The login stands and the next request may use it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        kept: bool,
    },
    /// The request failed as a whole.
    Failed(WorkerError),
}

/// What a worker has to know before it loads its module.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub(crate) struct Settings {
    /// How far to confine itself.
    pub(crate) confinement: Confinement,
    /// What stays readable at strict confinement.
    pub(crate) reads: Vec<PathBuf>,
    /// What stays writable at strict confinement.
    pub(crate) writes: Vec<PathBuf>,
    /// What the module needs.
    pub(crate) quirks: Quirks,
    /// How many sessions may sign at once.
    #[serde(default = "one")]
    pub(crate) sessions: usize,
}

/// What the module says of itself (`C_GetInfo`).
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
pub struct Library {
    /// Who made it.
    pub manufacturer: String,
    /// What it is.
    pub description: String,
    /// Its version, `major.minor`.
    pub version: String,
    /// The PKCS#11 version it follows, `major.minor`.
    pub cryptoki: String,
}

/// What tells one token of a module from another. Slot numbers change; these stay.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
pub(crate) struct TokenIdentity {
    pub(crate) serial: String,
    pub(crate) model: String,
    pub(crate) manufacturer: String,
    pub(crate) label: String,
}

/// A token with what can be read without a PIN.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub(crate) struct TokenRecord {
    pub(crate) identity: TokenIdentity,
    /// The slot's description: the reader's name, as a rule.
    pub(crate) slot: String,
    /// `CK_TOKEN_INFO.flags`
    pub(crate) flags: u64,
    /// `ulMinPinLen` and `ulMaxPinLen`
    pub(crate) pin_length: (u64, u64),
    /// `C_GetMechanismList`, raw.
    pub(crate) mechanisms: Vec<u64>,
    pub(crate) certificates: Vec<CertificateRecord>,
    /// Keys that can be seen without a PIN and fit no certificate, by label or id.
    pub(crate) lone_keys: Vec<String>,
}

/// A certificate on a token.
#[derive(Clone, Eq, PartialEq, Deserialize, Serialize)]
pub(crate) struct CertificateRecord {
    #[serde(with = "base64_bytes")]
    pub(crate) der: Vec<u8>,
    /// `CKA_ID`
    #[serde(with = "base64_bytes")]
    pub(crate) id: Vec<u8>,
    /// `CKA_LABEL`
    pub(crate) label: String,
    pub(crate) key: KeyPresence,
}

impl fmt::Debug for CertificateRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let der = format_args!("{} bytes", self.der.len());
        let id = hex::encode(&self.id);
        f.debug_struct("CertificateRecord")
            .field("label", &self.label)
            .field("id", &id)
            .field("der", &der)
            .finish()
    }
}

/// Whether a certificate's private key is on the token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPresence {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// The token shows private keys only after the PIN, and the agent never logs in to list.
    AfterPin,
}

/// One batch.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub(crate) struct SignRequest {
    pub(crate) token: TokenIdentity,
    /// The certificate whose key signs.
    pub(crate) certificate: Fingerprint,
    pub(crate) login: Login,
    /// The person knows that this is the last try before the PIN locks.
    pub(crate) last_try_confirmed: bool,
    /// The login stays when the batch is over, for requests that say [`Login::Kept`].
    #[serde(default)]
    pub(crate) keep: bool,
    pub(crate) items: Vec<SignItem>,
    /// More items follow in a frame of their own.
    #[serde(default)]
    pub(crate) more: bool,
}

/// A further part of a batch.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub(crate) struct MoreItems {
    pub(crate) items: Vec<SignItem>,
    /// More items follow in a frame of their own.
    pub(crate) more: bool,
}

/// How the worker logs in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Login {
    /// With the PIN in the secret frame that follows.
    Secret,
    /// The person enters the PIN at the device (CKF_PROTECTED_AUTHENTICATION_PATH).
    AtTheDevice,
    /// Not again: with the login that an earlier request of this channel kept.
    Kept,
    /// Not at all: the token needs no login, or the module asks for the PIN itself.
    NotNeeded,
}

/// What goes wrong inside the worker. The agent adds the module's name and makes a [`crate::token::TokenError`] of it.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WorkerError {
    /// The library cannot be loaded or initialised.
    Unloadable {
        reason: String,
    },
    /// The token is not in any slot.
    TokenAbsent,
    /// The token went away while it worked.
    TokenRemoved,
    /// The certificate is not on the token, or its key is not.
    KeyNotFound,
    /// Several keys may belong to the certificate and nothing tells which does.
    KeyAmbiguous,
    /// The token offers no mechanism for the scheme.
    SchemeUnsupported {
        scheme: Scheme,
    },
    PinIncorrect {
        tries_left: Option<u8>,
    },
    PinLocked,
    PinExpired,
    PinNotInitialised,
    PinLength {
        min: u64,
        max: u64,
    },
    PinLastTry,
    /// The request brings no PIN and the token needs one.
    PinRequired,
    /// Cancelled at the device.
    PinCancelled,
    /// The login that was kept does not stand any more.
    LoginEnded,
    /// Any other return value.
    Other {
        function: String,
        ckr: Ckr,
    },
}

fn one() -> usize {
    1
}

/// Bytes as base64 text in JSON.
pub(crate) mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}
