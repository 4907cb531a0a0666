use std::fmt;

use secrecy::SecretString;

/// The volatile half of an approval: what opens the token for it. Never stored, never cloned; the PIN is zeroized on drop.
pub struct Unlock {
    pin: Option<SecretString>,
    confirm_last_try: bool,
    source: UnlockSource,
}

/// Where an unlock comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UnlockSource {
    /// The person entered it for this request, or will on the reader.
    Person,
    /// The certificate is configured for unattended use and a PIN source gave it.
    Unattended,
}

impl Unlock {
    /// Only the desk makes one, from a decision.
    pub(super) fn new(pin: Option<SecretString>, confirm_last_try: bool, source: UnlockSource) -> Self {
        Self {
            pin,
            confirm_last_try,
            source,
        }
    }

    /// The PIN; `None` when it is entered on the reader (PKCS#11 protected authentication path).
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
}

impl fmt::Debug for Unlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unlock")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
