//! The sandbox from outside, over HTTP, with certificates and signatures made by the `openssl` command.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod caller;
mod faults_strike;
mod idocs_quick_sign;
mod mig24_methods;
mod mig24_package_groups;
mod models;
mod pki;
mod restart;
