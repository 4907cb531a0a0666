//! What is done with bytes from anywhere. The fuzz targets call it with what the fuzzer finds, the test suite with the corpora.
//!
//! Nothing may panic, recurse without end or take memory out of proportion; and what is asserted here holds for every input.

use time::OffsetDateTime;
use time::macros::datetime;
use tokensign::certificate::{Certificate, KeyLocation, Purpose, Selector};
use tokensign::cms::{
    AttachedReader, ContentDigester, SignedData, Status, TimestampToken, Trust, standing_in_list, standing_in_ocsp,
};

const NOW: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);

/// Signatures: reading, verifying with whatever keys they bring, adding to them.
pub fn cms(bytes: &[u8]) {
    let Ok(signed) = SignedData::parse(bytes) else {
        return;
    };
    // A file may trust its own certificates: then every path is walked.
    let trust = Trust {
        roots: signed.certificates(),
        intermediates: &[],
        now: NOW,
    };
    let mut digester = ContentDigester::new(&signed.required_digests());
    digester.update(b"content");
    let _ = signed.verify(&digester.finish(), &trust);
    let _ = signed.verify_attached(&trust);
    // What was read can be read again from its definite-length form, and joined with itself.
    let again = SignedData::parse(signed.der()).expect("its own encoding");
    if let Ok(joined) = signed.with_signers_of(&again) {
        let joined = SignedData::parse(&joined).expect("what was joined");
        assert_eq!(joined.signers().len(), 2 * signed.signers().len());
    }
}

/// Attached signatures in pieces: what is valid so is valid whole, too.
pub fn attached(bytes: &[u8]) {
    let mut reader = AttachedReader::new();
    for piece in bytes.chunks(37) {
        if reader.push(piece).is_err() {
            return;
        }
    }
    let Ok((signed, digests)) = reader.finish() else {
        return;
    };
    let trust = Trust {
        roots: signed.certificates(),
        intermediates: &[],
        now: NOW,
    };
    let is_valid =
        |verdicts: &[tokensign::cms::SignerVerdict]| verdicts.iter().all(|verdict| verdict.status() == Status::Valid);
    let is_text = bytes.get(1).is_none_or(|second| *second < 0x80);
    if !is_text && is_valid(&signed.verify(&digests, &trust)) {
        let whole = SignedData::parse(bytes).expect("what was read in pieces");
        assert!(is_valid(&whole.verify(&digests, &trust)));
    }
}

/// Certificates from tokens and strangers: identity, usage, names, selection.
pub fn certificate(bytes: &[u8]) {
    let _ = Certificate::list_from_pem(bytes);
    let Ok(certificate) = Certificate::from_pem_or_der(bytes) else {
        return;
    };
    assert!(certificate.der().len() <= bytes.len());
    let _ = certificate.check_suitable(Purpose::Signature, NOW);
    let _ = certificate.expires_in_days(NOW);
    let _ = (
        certificate.crl_addresses(),
        certificate.ocsp_addresses(),
        certificate.roles(),
    );
    let _ = (certificate.public_key().to_string(), certificate.serial_hex());
    let selector: Selector = "iin=900101300123,subject~a".parse().expect("a selector");
    let _ = selector.matches(&certificate, &KeyLocation::default());
    // Equal bytes are the same certificate.
    assert_eq!(
        Certificate::from_der(certificate.der()).expect("its own encoding"),
        certificate
    );
}

/// Timestamp tokens.
pub fn timestamp_token(bytes: &[u8]) {
    if let Ok(token) = TimestampToken::parse(bytes) {
        let _ = token.covers(b"signature");
        let _ = token.authority(&[]);
    }
}

/// Revocation lists and OCSP answers about a certificate of an issuer whose key signed the corpus.
pub fn revocation(bytes: &[u8]) {
    const ISSUER: &[u8] = include_bytes!("../seeds/issuer.der");
    const SUBJECT: &[u8] = include_bytes!("../seeds/subject.der");
    let issuer = Certificate::from_der(ISSUER).expect("the issuer");
    let subject = Certificate::from_der(SUBJECT).expect("the subject");
    let _ = standing_in_list(bytes, &subject, &issuer, NOW);
    let _ = standing_in_ocsp(bytes, &subject, &issuer, NOW);
}
