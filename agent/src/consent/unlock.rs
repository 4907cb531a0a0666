use std::fmt;

use secrecy::SecretString;
use uuid::Uuid;

/// The volatile half of an approval: what opens the token for it. Never stored, never cloned; the PIN is zeroized on drop.
pub struct Unlock {
    pin: Option<SecretString>,
    confirm_last_try: bool,
    source: UnlockSource,
    pin_source: Option<String>,
    login: LoginUse,
}

/// Where an unlock comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UnlockSource {
    /// The person entered it for this request, or will on the reader.
    Person,
    /// The certificate is configured for unattended use and a PIN source gave it.
    Unattended,
    /// A remembered decision: there is no PIN, the login that was kept for it serves.
    Grant,
}

/// How long the login that an unlock makes lasts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LoginUse {
    /// It ends with the batch.
    Once,
    /// A fresh login, kept afterwards under this id in a worker process of its own.
    Keep(Uuid),
    /// The one that was kept under this id; no PIN comes.
    Kept(Uuid),
}

impl Unlock {
    /// Only the desk makes one, from a decision.
    pub(super) fn new(pin: Option<SecretString>, confirm_last_try: bool, source: UnlockSource) -> Self {
        Self {
            pin,
            confirm_last_try,
            source,
            pin_source: None,
            login: LoginUse::Once,
        }
    }

    /// A program names the source of the PIN, as it stands.
    pub(super) fn naming_pin_source(mut self, name: Option<String>) -> Self {
        self.pin_source = name;
        self
    }

    /// The login that was kept for a grant.
    pub(super) fn of_grant(grant: Uuid) -> Self {
        Self {
            pin: None,
            confirm_last_try: false,
            source: UnlockSource::Grant,
            pin_source: None,
            login: LoginUse::Kept(grant),
        }
    }

    /// The login is kept under `id` when it succeeds.
    pub(super) fn keeping(mut self, id: Uuid) -> Self {
        self.login = LoginUse::Keep(id);
        self
    }

    /// The PIN; `None` when it is entered on the reader (PKCS#11 protected authentication path), or a login was kept.
    pub fn pin(&self) -> Option<&SecretString> {
        self.pin.as_ref()
    }

    /// Whether the person confirmed that the last try may be spent.
    pub fn confirm_last_try(&self) -> bool {
        self.confirm_last_try
    }

    /// Where it comes from.
    pub fn source(&self) -> UnlockSource {
        self.source
    }

    /// Which source a program took the PIN from, as it stood then, where the program says so.
    pub fn pin_source(&self) -> Option<&str> {
        self.pin_source.as_deref()
    }

    /// How long its login lasts.
    pub fn login(&self) -> LoginUse {
        self.login
    }
}

impl fmt::Debug for Unlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unlock")
            .field("source", &self.source)
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}
