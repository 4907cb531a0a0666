//! Keys that sign with RSASSA-PSS only (RFC 4055): what their parameters demand is kept, by the agent and by what it verifies.

use time::OffsetDateTime;
use tokensign::certificate::asn1::{Oid, Tag, writer};
use tokensign::certificate::{Certificate, PublicKey};
use tokensign::cms::{
    ContentDigester, DigestAlgorithm, Preference, Reason, Scheme, SchemeError, SelfCheckError, SignatureValue,
    SignedAttributes, SignedData, Trust, assemble_detached, normalise_signature,
};

use crate::authority::{self, Authority};
use crate::kazakh_key::with_public_key;

const CONTENT: &[u8] = b"content";

#[test]
fn a_restricted_key_signs_with_its_digest_and_openssl_agrees() {
    let authority = Authority::new(authority::RSA_PSS_2048_SHA384);
    let scheme = Scheme::for_certificate(&authority.leaf, &Preference::default()).unwrap();
    assert_eq!(scheme.name(), "rsa-pss-sha384");
    let (attributes, value) = signed(&authority, &authority.leaf, &authority.leaf, &scheme);
    let signature = assemble_detached(&scheme, &authority.leaf, &[], Some(&attributes), &value);
    authority.openssl_verifies(&signature, CONTENT).unwrap();
    assert_eq!(verdict(&authority, &signature), Ok(()));

    let sha256 = Preference {
        digest: Some(DigestAlgorithm::Sha256),
        rsa_pss: false,
    };
    let Err(SchemeError::UnsupportedDigest { possible, .. }) = Scheme::for_certificate(&authority.leaf, &sha256) else {
        panic!("the key takes no SHA-256")
    };
    assert_eq!(possible, "sha384");
}

/// One key, whose certificate says now this and now that about it.
#[test]
fn a_signature_outside_of_the_parameters_is_refused_with_the_reason() {
    let authority = Authority::new(authority::RSA_PSS_2048);
    let free = &authority.leaf;
    assert!(matches!(free.public_key(), PublicKey::RsaPss { demands: None, .. }));
    let sha256: Scheme = "rsa-pss-sha256".parse().unwrap();
    for (digest, mask, salt, is_kept) in [
        (SHA256, SHA256, 20, true),
        (SHA256, SHA256, 32, true),
        (SHA256, SHA256, 33, false),
        (SHA256, SHA384, 32, false),
        (SHA384, SHA384, 32, false),
    ] {
        let restricted = with_parameters(free, &parameters(digest, mask, salt));
        let (attributes, value) = signed(&authority, free, &restricted, &sha256);
        let signature = assemble_detached(&sha256, &restricted, &[], Some(&attributes), &value);
        let expected = if is_kept { Ok(()) } else { Err(Reason::KeyParameters) };
        assert_eq!(verdict(&authority, &signature), expected, "{digest} {mask} {salt}");
        // Nor does such a value leave the agent.
        let proved = normalise_signature(&restricted, &sha256, &attributes.as_input(), value.as_bytes());
        assert_eq!(proved.is_ok(), is_kept);
        assert!(is_kept || proved == Err(SelfCheckError::Scheme));
        let chosen = Scheme::for_certificate(&restricted, &Preference::default());
        assert_eq!(chosen == Ok(sha256), is_kept, "{chosen:?}");
    }
}

#[test]
fn parameters_that_nothing_fits_are_named_and_malformed_ones_are_no_key() {
    let free = Authority::new(authority::RSA_PSS_2048).leaf;
    // All defaults: SHA-1.
    let old = with_parameters(&free, &writer::sequence(&[]));
    let Err(SchemeError::UnsupportedKey { key }) = Scheme::for_certificate(&old, &Preference::default()) else {
        panic!("nobody signs with SHA-1")
    };
    assert!(key.contains("1.3.14.3.2.26") && key.contains("20 bytes"), "{key}");

    let other_trailer = writer::element(Tag::constructed(3), &[&writer::unsigned_integer(&[2])]);
    let surplus = writer::element(Tag::constructed(4), &[&writer::NULL]);
    for parameters in [
        writer::NULL.to_vec(),
        writer::sequence(&[&other_trailer]),
        writer::sequence(&[&surplus]),
    ] {
        let malformed = with_parameters(&free, &parameters);
        assert!(matches!(malformed.public_key(), PublicKey::Unsupported { .. }));
    }
    let usual_trailer = writer::element(Tag::constructed(3), &[&writer::unsigned_integer(&[1])]);
    let usual = with_parameters(&free, &writer::sequence(&[&usual_trailer]));
    assert!(matches!(usual.public_key(), PublicKey::RsaPss { demands: Some(_), .. }));
}

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SHA384: &str = "2.16.840.1.101.3.4.2.2";

/// Attributes that name `certificate`, and a value over them that is proved against `free`.
fn signed(
    authority: &Authority,
    free: &Certificate,
    certificate: &Certificate,
    scheme: &Scheme,
) -> (SignedAttributes, SignatureValue) {
    let digest = scheme.digest().digest(CONTENT);
    let attributes = SignedAttributes::new(&digest, certificate, OffsetDateTime::now_utc(), scheme).unwrap();
    let raw = authority.sign(scheme, &attributes.as_input());
    let value = normalise_signature(free, scheme, &attributes.as_input(), &raw).unwrap();
    (attributes, value)
}

fn verdict(authority: &Authority, signature: &[u8]) -> Result<(), Reason> {
    let signed = SignedData::parse(signature).unwrap();
    let mut digester = ContentDigester::new(&signed.required_digests());
    digester.update(CONTENT);
    let trust = Trust {
        roots: std::slice::from_ref(&authority.root),
        intermediates: &[],
        now: OffsetDateTime::now_utc(),
    };
    signed.verify(&digester.finish(), &trust)[0].integrity
}

fn parameters(digest: &str, mask: &str, salt: u8) -> Vec<u8> {
    let oid = |dotted: &str| writer::oid(&dotted.parse::<Oid>().unwrap());
    let digest = writer::sequence(&[&oid(digest), &writer::NULL]);
    let mask = writer::sequence(&[&oid(mask), &writer::NULL]);
    let mgf1 = writer::sequence(&[&oid("1.2.840.113549.1.1.8"), &mask]);
    let explicit = |number, inner: &[u8]| writer::element(Tag::constructed(number), &[inner]);
    writer::sequence(&[
        &explicit(0, &digest),
        &explicit(1, &mgf1),
        &explicit(2, &writer::unsigned_integer(&[salt])),
    ])
}

fn with_parameters(certificate: &Certificate, parameters: &[u8]) -> Certificate {
    let name = writer::oid(&"1.2.840.113549.1.1.10".parse::<Oid>().unwrap());
    let algorithm = writer::sequence(&[&name, parameters]);
    let bits = writer::element(Tag::BIT_STRING, &[&[0], certificate.public_key_bits()]);
    with_public_key(certificate, &writer::sequence(&[&algorithm, &bits]))
}
