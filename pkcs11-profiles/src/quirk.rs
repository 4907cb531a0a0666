use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Evidence;

/// One way in which a family departs from what PKCS#11 leads a caller to expect. The agent obeys each of them.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quirk {
    /// The module sees a token made by another process only after `C_Finalize` and `C_Initialize`.
    ReinitializeToSeeTokens,
    /// The module shows its own PIN dialog: `C_Login` is never called.
    NoLogin,
    /// The module must not be called from two threads: `C_Initialize` gets a NULL argument, which says so (PKCS#11 v3.1 section
    /// 5.4), never locking flags.
    SingleThreaded,
    /// `C_Initialize` gets this text, as NSS's softoken wants it (`LibraryParameters` behind `pReserved`). `$NAME` and `~/` stand
    /// for a variable of the module's environment and the home directory.
    LibraryParameters(String),
    /// `C_GetSlotList` lists slots without a token also when it is asked for those with one: each slot is asked whether its token
    /// is there.
    FixedSlotList,
    /// Serial numbers are the same on several tokens and tell none from another.
    SerialNotUnique,
    /// What pairs a certificate with its key where their public keys cannot be compared.
    PairKeysBy(PairBy),
    /// Certificates with this extension attest how a key was made. They carry the key's id and public key, and are never offered.
    AttestationExtension(ExtensionId),
    /// Wrong PINs are counted, but the PIN never locks, whatever the flags say.
    PinNeverLocks,
    /// How many wrong PINs in a row lock the PIN, as delivered.
    PinTries(u8),
    /// The module signs faster in several sessions at once, and does it safely: one session a core.
    ParallelSessions,
    /// The signing key needs a context-specific login even where it does not say so (`CKA_ALWAYS_AUTHENTICATE`).
    AlwaysAuthenticate,
    /// The order of the two numbers and their bytes in a GOST R 34.10 signature.
    GostSignature(Pairs),
    /// The byte order in which raw GOST R 34.10 mechanisms take the digest.
    GostDigest(ByteOrder),
}

/// The attribute that pairs certificates with keys.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PairBy {
    /// `CKA_ID`, then `CKA_LABEL`: what PKCS#11 intends (v3.1 section 4.6.3).
    #[default]
    Id,
    /// `CKA_LABEL`, then `CKA_ID`.
    Label,
}

/// The object identifier of a certificate's extension, or the beginning of several, in dotted form.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExtensionId(String);

impl ExtensionId {
    /// Whether an extension's identifier is this one, or lies below it.
    pub fn covers(&self, extension: &str) -> bool {
        extension
            .strip_prefix(&self.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl FromStr for ExtensionId {
    type Err = ExtensionIdError;

    fn from_str(text: &str) -> Result<Self, ExtensionIdError> {
        let arcs: Vec<_> = text.split('.').collect();
        let is_number = |arc: &&str| !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit());
        if arcs.len() < 4 || !arcs.iter().all(is_number) {
            return Err(ExtensionIdError);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Text that is no object identifier.
#[derive(Debug, thiserror::Error)]
#[error("an extension is named by its object identifier: at least four numbers with dots between")]
pub struct ExtensionIdError;

impl fmt::Display for ExtensionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ExtensionId {
    type Error = ExtensionIdError;

    fn try_from(text: String) -> Result<Self, ExtensionIdError> {
        text.parse()
    }
}

impl From<ExtensionId> for String {
    fn from(id: ExtensionId) -> Self {
        id.0
    }
}

/// The layout of a GOST R 34.10 signature as a module returns it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairs {
    /// `s` then `r`, each big-endian: PKCS#11 v2.30 and RFC 4490 section 3.2.
    #[default]
    SThenR,
    /// `r` then `s`, each big-endian.
    RThenS,
}

/// A byte order relative to what the digest function emits.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ByteOrder {
    /// As the digest function emits the bytes.
    #[default]
    AsIs,
    /// The bytes reversed.
    Reversed,
}

/// A quirk with where it is known from.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct QuirkEntry {
    /// The switch.
    pub quirk: Quirk,
    /// Where it is known from.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// The quirks of a family, in the form that code asks for.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// See [`Quirk::ReinitializeToSeeTokens`].
    pub reinitialize_to_see_tokens: bool,
    /// See [`Quirk::NoLogin`].
    pub no_login: bool,
    /// See [`Quirk::SingleThreaded`].
    pub single_threaded: bool,
    /// See [`Quirk::LibraryParameters`].
    pub library_parameters: Option<String>,
    /// See [`Quirk::FixedSlotList`].
    pub fixed_slot_list: bool,
    /// See [`Quirk::SerialNotUnique`].
    pub serial_not_unique: bool,
    /// See [`Quirk::PairKeysBy`].
    pub pair_keys_by: PairBy,
    /// See [`Quirk::AttestationExtension`].
    pub attestation_extensions: Vec<ExtensionId>,
    /// See [`Quirk::PinNeverLocks`].
    pub pin_never_locks: bool,
    /// See [`Quirk::PinTries`].
    pub pin_tries: Option<u8>,
    /// See [`Quirk::ParallelSessions`].
    pub parallel_sessions: bool,
    /// See [`Quirk::AlwaysAuthenticate`].
    pub always_authenticate: bool,
    /// See [`Quirk::GostSignature`].
    pub gost_signature: Pairs,
    /// See [`Quirk::GostDigest`].
    pub gost_digest: ByteOrder,
}

impl<'a> FromIterator<&'a QuirkEntry> for Quirks {
    fn from_iter<I: IntoIterator<Item = &'a QuirkEntry>>(entries: I) -> Self {
        let mut quirks = Self::default();
        for entry in entries {
            match &entry.quirk {
                Quirk::ReinitializeToSeeTokens => quirks.reinitialize_to_see_tokens = true,
                Quirk::NoLogin => quirks.no_login = true,
                Quirk::SingleThreaded => quirks.single_threaded = true,
                Quirk::LibraryParameters(text) => quirks.library_parameters = Some(text.clone()),
                Quirk::FixedSlotList => quirks.fixed_slot_list = true,
                Quirk::SerialNotUnique => quirks.serial_not_unique = true,
                Quirk::PairKeysBy(attribute) => quirks.pair_keys_by = *attribute,
                Quirk::AttestationExtension(id) => quirks.attestation_extensions.push(id.clone()),
                Quirk::PinNeverLocks => quirks.pin_never_locks = true,
                Quirk::PinTries(tries) => quirks.pin_tries = Some(*tries),
                Quirk::ParallelSessions => quirks.parallel_sessions = true,
                Quirk::AlwaysAuthenticate => quirks.always_authenticate = true,
                Quirk::GostSignature(pairs) => quirks.gost_signature = *pairs,
                Quirk::GostDigest(order) => quirks.gost_digest = *order,
            }
        }
        quirks
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_extension_covers_itself_and_what_lies_below() {
        let id: ExtensionId = "1.3.6.1.4.1.41482.3".parse().unwrap();
        assert!(id.covers("1.3.6.1.4.1.41482.3"));
        assert!(id.covers("1.3.6.1.4.1.41482.3.8"));
        assert!(!id.covers("1.3.6.1.4.1.41482.30"));
        assert!(!id.covers("1.3.6.1.4.1.41482"));
        for text in ["", "1.3.6", "1.3.6.", "1.3.6.x", "1..6.1"] {
            assert!(text.parse::<ExtensionId>().is_err(), "{text:?} was taken");
        }
    }
}
