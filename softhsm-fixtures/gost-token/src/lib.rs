//! A software PKCS#11 v2.40 module for GOST R 34.10-2012 (256 and 512 bits), made for tests and demonstrations.
//!
//! SoftHSM as packaged by distributions knows no GOST, and no other free module signs with GOST R 34.10-2012. This one
//! does, with the constants of the TC26 vendor space, so that code which talks to Russian and Kazakh tokens can be tried
//! without one. **It protects nothing**: the arithmetic is not constant time and the private keys lie in a JSON file.
//!
//! What belongs here: the module itself ([`C_GetFunctionList`]), the GOST arithmetic it needs, its state on disk, and the
//! faults that a test can switch on ([`Control`]). Nothing here knows who loads the module.
//!
//! Everything lives in the directory named by the environment variable `GOST_TOKEN_DIR`:
//!
//! | file | holds |
//! |---|---|
//! | `state.json` | label, serial, PIN verifiers, objects, and counters of logins, wrong PINs and signatures ([`State`]) |
//! | `state.lock` | the lock that lets several processes use one token |
//! | `control.json` | the faults in force ([`Control`]); read again at every call, absent means none |
//!
//! Built as a Rust library too, it lets fixtures fill a token ([`Token`]) without going through C.

mod attributes;
mod control;
mod curve;
mod ffi;
mod mechanism;
mod module;
mod object;
mod parameter_set;
mod return_value;
mod session;
mod signature;
mod state;
mod token;

pub use attributes::Attributes;
pub use control::{Control, HashOrder};
pub use ffi::{C_GetFunctionList, C_GetInterface};
pub use object::Object;
pub use parameter_set::{KeySize, ParameterSet};
pub use signature::{PublicKey, SignatureLayout};
pub use state::State;
pub use token::{CertificateParts, Token};

/// The environment variable that names the directory of the token.
pub const DIRECTORY_VARIABLE: &str = "GOST_TOKEN_DIR";
