//! What comes from a worker process, in which a vendor's library may have written anything.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokensign::token::fuzzing;

fuzz_target!(|bytes: &[u8]| fuzzing::frame(bytes));
