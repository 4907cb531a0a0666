//! The endpoint through raw sockets: an agent in this process, and requests written byte by byte, also those that no HTTP library
//! would send.
#![allow(clippy::unwrap_used, missing_docs)]

mod applications;
mod audit_trail;
mod client;
mod dialogs;
mod guard_attacks;
mod guard_matrix;
mod held_open;
mod hostile_bytes;
mod page;
mod pairing;
mod problems;
mod running;
mod streams;
mod work;
