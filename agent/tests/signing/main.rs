//! The signing service over a real token process: a person who answers, a GOST test token with faults, a time stamping authority that dies.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "shared with the tests of the CMS room, which use more of it")]
#[path = "../cms/authority.rs"]
mod authority;
mod calibration;
mod desk;
mod plain;
#[allow(dead_code, reason = "shared with the tests of the CMS room, which use more of it")]
#[path = "../cms/stamping_server.rs"]
mod stamping_server;
mod timestamps;
