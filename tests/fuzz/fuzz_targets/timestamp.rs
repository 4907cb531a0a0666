//! Answers of a time stamping authority.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokensign::time_and_revocation::fuzzing;

fuzz_target!(|bytes: &[u8]| {
    fuzzing::timestamp_answer(bytes);
    tokensign_fuzz::timestamp_token(bytes);
});
