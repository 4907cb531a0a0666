//! The error catalogue and the texts for people (Russian, Kazakh, English).
//!
//! Belongs here: every [`Code`] with its HTTP status and exit code, the [`Fault`] that carries one, and the Fluent texts
//! (`texts/*.ftl`). Each code has two messages: `err-<code>` says what happened, `rec-<code>` what to do about it. Texts that begin
//! with `ui-` are shared by the page and the terminal, those with `cli-` are the terminal's alone, and those with `why-` are reasons that errors give.
//! [`visible`] makes texts from elsewhere safe to show.
//! Does not belong here: deciding when something is an error.

mod catalogue;
mod fault;
mod language;
mod localizer;
mod reasons;
#[cfg(test)]
mod reference;
mod visible;

pub use catalogue::{Code, ExitClass, UnknownCode};
pub use fault::Fault;
pub use language::{Language, UnknownLanguage};
pub use localizer::Localizer;
pub(crate) use visible::deceives;
pub use visible::visible;
