use serde::{Deserialize, Serialize};

use crate::Evidence;

/// One way in which a family departs from what PKCS#11 leads a caller to expect. The agent obeys each of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quirk {
    /// The module sees a token made by another process only after `C_Finalize` and `C_Initialize`.
    ReinitializeToSeeTokens,
    /// The module shows its own PIN dialog: `C_Login` is never called.
    NoLogin,
    /// `C_Initialize` gets a NULL argument, never locking flags.
    NullInitArguments,
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
    /// See [`Quirk::NullInitArguments`].
    pub null_init_arguments: bool,
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
            match entry.quirk {
                Quirk::ReinitializeToSeeTokens => quirks.reinitialize_to_see_tokens = true,
                Quirk::NoLogin => quirks.no_login = true,
                Quirk::NullInitArguments => quirks.null_init_arguments = true,
                Quirk::PinNeverLocks => quirks.pin_never_locks = true,
                Quirk::PinTries(tries) => quirks.pin_tries = Some(tries),
                Quirk::ParallelSessions => quirks.parallel_sessions = true,
                Quirk::AlwaysAuthenticate => quirks.always_authenticate = true,
                Quirk::GostSignature(pairs) => quirks.gost_signature = pairs,
                Quirk::GostDigest(order) => quirks.gost_digest = order,
            }
        }
        quirks
    }
}
