//! The scenarios of iDocs and MIG24 with real tokens and a desk, against services that a test scripts: what happens when answers are lost,
//! contents change, hashes are wrong and people refuse.

#![allow(clippy::unwrap_used)]

mod idocs;
mod idocs_service;
mod mig24;
mod mig24_service;
#[path = "../service_fakes/mod.rs"]
mod service_fakes;
mod world;
