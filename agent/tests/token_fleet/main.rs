//! The token room against real modules: SoftHSM in throw-away directories, workers as processes of their own.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod approvals;
mod faults;
mod fleets;
mod garbage;
mod gost;
mod inventory;
mod quirks;
mod signing;
mod softhsm;
