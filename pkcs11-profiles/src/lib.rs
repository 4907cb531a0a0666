//! Token families as data: where their PKCS#11 modules lie, how the token is recognised, what the module needs.
//!
//! Belongs here: one TOML file a family in `profiles/`, the types that read them, and the rule that every claim names its
//! source or says that it has none. Does not belong here: calling PKCS#11, looking at the file system beyond a directory of
//! overrides, deciding what a quirk means for a call.

#![forbid(unsafe_code)]

mod catalogue;
mod evidence;
mod profile;
mod quirk;
mod recognition;

pub use catalogue::{Catalogue, ProfileError};
pub use evidence::{Claimed, Evidence};
pub use profile::{
    CannotSign, Confinement, Confining, Installation, Location, MechanismName, Note, OperatingSystem, Profile, Rank,
    StateFromConfig, Timing, is_version_of,
};
pub use quirk::{ByteOrder, ExtensionId, ExtensionIdError, PairBy, Pairs, Quirk, QuirkEntry, Quirks};
pub use recognition::{Atr, AtrError, Recognition};
