//! Certificates from tokens and strangers: identity, usage, names, selection.
#![no_main]

use libfuzzer_sys::fuzz_target;
use time::macros::datetime;
use tokensign::certificate::{Certificate, KeyLocation, Purpose, Selector};

fuzz_target!(|bytes: &[u8]| {
    let _ = Certificate::list_from_pem(bytes);
    let Ok(certificate) = Certificate::from_pem_or_der(bytes) else {
        return;
    };
    assert!(certificate.der().len() <= bytes.len());
    let _ = certificate.check_suitable(Purpose::Signature, datetime!(2026-11-21 12:00 UTC));
    let _ = (certificate.crl_addresses(), certificate.ocsp_addresses(), certificate.roles());
    let _ = (certificate.public_key().to_string(), certificate.serial_hex());
    let selector: Selector = "iin=900101300123,subject~a".parse().expect("a selector");
    let _ = selector.matches(&certificate, &KeyLocation::default());
    // Equal bytes are the same certificate.
    assert_eq!(Certificate::from_der(certificate.der()).expect("its own encoding"), certificate);
});
