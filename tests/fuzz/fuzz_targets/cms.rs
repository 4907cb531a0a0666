//! Signatures from anywhere: reading, verifying with whatever keys they bring, adding to them. Nothing may panic or take much memory.
#![no_main]

use libfuzzer_sys::fuzz_target;
use time::macros::datetime;
use tokensign::cms::{ContentDigester, SignedData, Trust};

fuzz_target!(|bytes: &[u8]| {
    let Ok(signed) = SignedData::parse(bytes) else {
        return;
    };
    // A file may trust its own certificates: then every path is walked.
    let trust = Trust {
        roots: signed.certificates(),
        intermediates: &[],
        now: datetime!(2026-11-21 12:00 UTC),
    };
    let mut digester = ContentDigester::new(&signed.required_digests());
    digester.update(b"content");
    let _ = signed.verify(&digester.finish(), &trust);
    let _ = signed.verify_attached(&trust);
    // What was read can be read again from its definite-length form.
    SignedData::parse(signed.der()).expect("its own encoding");
});
