//! The step engine against a fake outside world that counts what happened in it.
//!
//! A kill is simulated by ending the engine at once (no grace), closing the store and opening both again.
#![allow(clippy::unwrap_used, missing_docs)]

mod agent;
mod cancelling;
mod invariants;
mod outcomes;
mod recovery;
mod settling;
mod whole;
mod world;
