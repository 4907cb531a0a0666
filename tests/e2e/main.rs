//! End-to-end tests: the built programs, driven over HTTP and the command line, judged by independent verifiers.
//!
//! One test binary, because linking is slow. Every test has an agent, a state and tokens of its own.

#![allow(clippy::unwrap_used)]
#![allow(clippy::print_stdout, reason = "the long tests print their figures")]

mod api_description;
#[allow(dead_code, reason = "shared with the tests of the CMS room, which use more of it")]
#[path = "../../agent/tests/cms/authority.rs"]
mod authority;
mod awaited_token;
mod bad_input;
mod cards;
mod chains;
mod command_line;
mod crash;
mod crash_matrix;
mod faults_at_services;
mod gost_habits;
mod grants;
mod guard;
mod idocs_bulk;
mod idocs_commands;
mod jobs;
mod large_file;
mod many_waiting;
mod mig24;
mod modules;
mod pin_faults;
mod pin_safety;
mod pkcs11_uris;
mod profile_timestamps;
mod profiles;
mod prompters;
mod rare_tokens;
mod refused_sources;
mod revocation;
#[allow(dead_code, reason = "shared with the tests of the CMS room, which use more of it")]
#[path = "../../agent/tests/cms/revocation_server.rs"]
mod revocation_server;
mod second_user;
mod service_variants;
mod services;
mod signing;
#[allow(dead_code, reason = "shared with the tests of the CMS room, which use more of it")]
#[path = "../../agent/tests/cms/stamping_server.rs"]
mod stamping;
mod state;
mod supervision;
mod unattended;
mod verification;
mod world;
