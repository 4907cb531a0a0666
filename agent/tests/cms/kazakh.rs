//! GOST 34.10-2015 of Kazakhstan. No tool on Debian makes such keys, but the arithmetic is the Russian one: a Russian certificate is rewritten with
//! the Kazakh identifiers, and OpenSSL signs with its key.

use std::fs;

use time::OffsetDateTime;
use tokensign::certificate::{Certificate, GostCountry, GostParamSet, PublicKey};
use tokensign::cms::{
    GostLayout, ObservedLayout, Preference, Reason, Scheme, SignedAttributes, SignedData, Trust, assemble_detached,
    normalise_signature,
};

use crate::authority::{self, Authority, KeyKind};
use crate::kazakh_key::{with_kazakh_256, with_kazakh_512};

const CONTENT: &[u8] = b"content";

fn signs_in_the_kazakh_way(
    kind: KeyKind,
    bits: u32,
    certificate: impl FnOnce(&Certificate) -> Certificate,
    param_set: GostParamSet,
) {
    let authority = Authority::new(kind);
    let certificate = certificate(&authority.leaf);
    assert_eq!(
        certificate.public_key(),
        &PublicKey::Gost2012 {
            bits,
            param_set,
            country: GostCountry::Kz
        }
    );
    let scheme = Scheme::for_certificate(&certificate, &Preference::default()).unwrap();
    assert_eq!(scheme.name(), format!("gost-kz-{bits}"));
    let digest = scheme.digest().digest(CONTENT);
    let attributes = SignedAttributes::new(&digest, &certificate, OffsetDateTime::now_utc(), &scheme).unwrap();
    let raw = authority.sign(&scheme, &attributes.as_input());
    let value = normalise_signature(&certificate, &scheme, &attributes.as_input(), &raw).unwrap();
    assert_eq!(value.observed(), ObservedLayout::Gost(GostLayout::SrBigEndian));
    let reversed: Vec<u8> = raw.iter().rev().copied().collect();
    assert_eq!(value.as_bytes(), reversed);

    let file = assemble_detached(&scheme, &certificate, &[], Some(&attributes), &value);
    let trust = Trust {
        roots: &[],
        intermediates: &[],
        now: OffsetDateTime::now_utc(),
    };
    let integrity = |file: &[u8]| {
        let signed_data = SignedData::parse(file).unwrap();
        signed_data.verify(&[digest.clone()].into_iter().collect(), &trust)[0].integrity
    };
    assert_eq!(integrity(&file), Ok(()));
    let at = file
        .windows(reversed.len())
        .position(|window| window == reversed)
        .unwrap();
    let mut russian_layout = file.clone();
    russian_layout[at..at + raw.len()].copy_from_slice(&raw);
    assert_eq!(integrity(&russian_layout), Err(Reason::SignatureLayout));

    // The same identifiers as in signatures under the national authority: read by OpenSSL as an independent reader of structure.
    fs::write(authority.path("kz.p7s"), &file).unwrap();
    let output = authority.openssl(&["asn1parse", "-inform", "DER", "-in", "kz.p7s"]);
    let listing = String::from_utf8_lossy(&output.stdout).into_owned();
    let suffix = if bits == 256 { "1" } else { "2" };
    let digest_suffix = if bits == 256 { "2" } else { "3" };
    assert!(
        listing.contains(&format!(":1.2.398.3.10.1.1.2.3.{suffix}\n")),
        "{listing}"
    );
    assert_eq!(
        listing.matches(&format!(":1.2.398.3.10.1.3.{digest_suffix}\n")).count(),
        3,
        "{listing}"
    );
}

#[test]
fn kazakh_512() {
    signs_in_the_kazakh_way(authority::GOST_512_A, 512, with_kazakh_512, GostParamSet::Tc26A512);
}

#[test]
fn kazakh_256() {
    signs_in_the_kazakh_way(authority::GOST_256_TC26_A, 256, with_kazakh_256, GostParamSet::Tc26A256);
}
