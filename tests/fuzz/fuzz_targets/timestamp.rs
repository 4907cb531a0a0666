//! Answers of a time stamping authority.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokensign::cms::TimestampToken;
use tokensign::time_and_revocation::fuzzing;

fuzz_target!(|bytes: &[u8]| {
    fuzzing::timestamp_answer(bytes);
    if let Ok(token) = TimestampToken::parse(bytes) {
        let _ = token.covers(b"signature");
        let _ = token.authority(&[]);
    }
});
