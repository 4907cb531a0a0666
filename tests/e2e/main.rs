//! End-to-end tests: the built programs, driven over HTTP and the command line, judged by independent verifiers.
//!
//! One test binary, because linking is slow. Every test has an agent, a state and tokens of its own.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod command_line;
mod crash;
mod faults_at_services;
mod guard;
mod idocs_bulk;
mod large_file;
mod second_user;
mod services;
mod signing;
mod world;
