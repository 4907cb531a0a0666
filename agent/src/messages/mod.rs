//! The error catalogue and the texts for people (Russian, Kazakh, English).
//!
//! Belongs here: every [`Code`] with its HTTP status and exit code, the [`Fault`] that carries one, and the Fluent texts
//! (`texts/*.ftl`). Each code has two messages: `err-<code>` says what happened, `rec-<code>` what to do about it.
//! Does not belong here: deciding when something is an error.

mod catalogue;
mod fault;

pub use catalogue::{Code, ExitClass};
pub use fault::Fault;
