//! Signatures made here, accepted by others: each kind of key, several signatures, so that short numbers and high bits come up.

use std::fs;

use time::OffsetDateTime;
use tokensign::certificate::Purpose;
use tokensign::cms::{
    ContentDigester, DigestAlgorithm, ObservedLayout, Preference, Scheme, SignatureValue, SignedAttributes, SignedData,
    Status, ToBeSigned, Trust, assemble_attached, assemble_detached, normalise_signature,
};

use crate::authority::{self, Authority, KeyKind};

const CONTENT: &[u8] = "Счёт на оплату № 17\r\n".as_bytes();

pub(crate) struct Signed {
    pub(crate) scheme: Scheme,
    pub(crate) attributes: SignedAttributes,
    pub(crate) value: SignatureValue,
}

pub(crate) fn sign(authority: &Authority, content: &[u8], preference: &Preference) -> Signed {
    let scheme = Scheme::for_certificate(&authority.leaf, preference).unwrap();
    let digest = scheme.digest().digest(content);
    let attributes = SignedAttributes::new(&digest, &authority.leaf, OffsetDateTime::now_utc(), &scheme).unwrap();
    attributes.check(&digest, &authority.leaf).unwrap();
    let raw = authority.sign(&scheme, &attributes.as_input());
    let value = normalise_signature(&authority.leaf, &scheme, &attributes.as_input(), &raw).unwrap();
    Signed {
        scheme,
        attributes,
        value,
    }
}

pub(crate) fn detached(authority: &Authority, content: &[u8], preference: &Preference) -> Vec<u8> {
    let signed = sign(authority, content, preference);
    let chain = std::slice::from_ref(&authority.root);
    assemble_detached(
        &signed.scheme,
        &authority.leaf,
        chain,
        Some(&signed.attributes),
        &signed.value,
    )
}

fn assert_valid_here(authority: &Authority, signature: &[u8], content: &[u8]) {
    let signed_data = SignedData::parse(signature).unwrap();
    let mut digester = ContentDigester::new(&signed_data.required_digests());
    content.chunks(7).for_each(|piece| digester.update(piece));
    let trust = Trust {
        roots: std::slice::from_ref(&authority.root),
        intermediates: &[],
        now: OffsetDateTime::now_utc(),
    };
    let [verdict] = &signed_data.verify(&digester.finish(), &trust)[..] else {
        panic!("one signer")
    };
    assert_eq!((verdict.status(), verdict.reason()), (Status::Valid, None));
    assert!(verdict.names_certificate && verdict.signing_time.is_some());
    assert_eq!(
        verdict.trust.as_ref().unwrap(),
        &[authority.leaf.clone(), authority.root.clone()]
    );
}

/// OpenSSL and our verifier accept, and refuse the same signature over other content.
fn accepted_by_openssl(kind: KeyKind, preference: &Preference, certtool_too: bool) {
    let authority = Authority::new(kind);
    authority
        .leaf
        .check_suitable(Purpose::Signature, OffsetDateTime::now_utc())
        .unwrap();
    for round in 0..4 {
        let content = [CONTENT, &[round]].concat();
        let signature = detached(&authority, &content, preference);
        assert_eq!(
            authority.openssl_verifies(&signature, &content),
            Ok(()),
            "{}",
            kind.name
        );
        assert_valid_here(&authority, &signature, &content);
        if certtool_too {
            assert_eq!(
                authority.certtool_verifies(&signature, &content),
                Ok(()),
                "{}",
                kind.name
            );
        }
        assert!(authority.openssl_verifies(&signature, CONTENT).is_err());
    }
}

#[test]
fn rsa_2048() {
    accepted_by_openssl(authority::RSA_2048, &Preference::default(), true);
}

#[test]
fn rsa_3072_with_each_digest() {
    for digest in [
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha512,
    ] {
        accepted_by_openssl(
            authority::RSA_3072,
            &Preference {
                digest: Some(digest),
                rsa_pss: false,
            },
            true,
        );
    }
}

/// GnuTLS 3.7 takes the digest of PSS in CMS for SHA-256 whatever the parameters say.
#[test]
fn rsa_pss_with_each_digest() {
    for digest in [
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha512,
    ] {
        let preference = Preference {
            digest: Some(digest),
            rsa_pss: true,
        };
        accepted_by_openssl(authority::RSA_2048, &preference, digest == DigestAlgorithm::Sha256);
    }
}

#[test]
fn ecdsa_with_default_digests() {
    for kind in [authority::P256, authority::P384, authority::P521] {
        accepted_by_openssl(kind, &Preference::default(), true);
    }
}

#[test]
fn ecdsa_with_other_digests() {
    for kind in [authority::P256, authority::P384, authority::P521] {
        for digest in [
            DigestAlgorithm::Sha256,
            DigestAlgorithm::Sha384,
            DigestAlgorithm::Sha512,
        ] {
            accepted_by_openssl(
                kind,
                &Preference {
                    digest: Some(digest),
                    rsa_pss: false,
                },
                false,
            );
        }
    }
}

/// OpenSSL 3.0 cannot verify Ed25519 in CMS; GnuTLS can.
#[test]
fn ed25519_by_gnutls() {
    let authority = Authority::new(authority::ED25519);
    let signature = detached(&authority, CONTENT, &Preference::default());
    assert_eq!(authority.certtool_verifies(&signature, CONTENT), Ok(()));
    assert!(authority.certtool_verifies(&signature, b"other").is_err());
    assert_valid_here(&authority, &signature, CONTENT);
}

/// GnuTLS knows CryptoPro-A (also as XchA and TC26-B) and 512-A only.
#[test]
fn gost_with_each_parameter_set() {
    for (kind, certtool_too) in [
        (authority::GOST_256_CRYPTO_PRO_A, true),
        (authority::GOST_256_CRYPTO_PRO_B, false),
        (authority::GOST_256_CRYPTO_PRO_C, false),
        (authority::GOST_256_XCH_A, true),
        (authority::GOST_256_XCH_B, false),
        (authority::GOST_256_TC26_A, false),
        (authority::GOST_256_TC26_B, true),
        (authority::GOST_256_TC26_C, false),
        (authority::GOST_256_TC26_D, false),
        (authority::GOST_512_A, true),
        (authority::GOST_512_B, false),
        (authority::GOST_512_C, false),
    ] {
        accepted_by_openssl(kind, &Preference::default(), certtool_too);
    }
}

#[test]
fn attached_content_comes_out_of_openssl_again() {
    for kind in [authority::P256, authority::GOST_256_CRYPTO_PRO_A] {
        let authority = Authority::new(kind);
        for length in [0, 1, 127, 128, 255, 256, 65_536] {
            let content = vec![b'x'; length];
            let signed = sign(&authority, &content, &Preference::default());
            let file = assemble_attached(
                &signed.scheme,
                &authority.leaf,
                &[],
                Some(&signed.attributes),
                &signed.value,
                &content,
            );
            fs::write(authority.path("attached"), &file).unwrap();
            let output = authority.openssl(&[
                "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "attached", "-CAfile", "ca.pem",
                "-purpose", "any", "-out", "content",
            ]);
            assert!(
                output.status.success(),
                "{length}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            assert_eq!(fs::read(authority.path("content")).unwrap(), content);

            let signed_data = SignedData::parse(&file).unwrap();
            assert_eq!(signed_data.attached_content().unwrap(), content);
            let roots = [authority.root.clone()];
            let trust = Trust {
                roots: &roots,
                intermediates: &[],
                now: OffsetDateTime::now_utc(),
            };
            assert_eq!(signed_data.verify_attached(&trust)[0].status(), Status::Valid);
        }
    }
}

/// Without signed attributes the signature is on the content's digest itself.
#[test]
fn plain_cms_without_signed_attributes() {
    for kind in [
        authority::RSA_2048,
        authority::P256,
        authority::P384,
        authority::GOST_512_A,
    ] {
        let authority = Authority::new(kind);
        let scheme = Scheme::for_certificate(&authority.leaf, &Preference::default()).unwrap();
        let digest = scheme.digest().digest(CONTENT);
        let input = ToBeSigned::Digest(&digest);
        let raw = authority.sign(&scheme, &input);
        let value = normalise_signature(&authority.leaf, &scheme, &input, &raw).unwrap();
        let signature = assemble_detached(&scheme, &authority.leaf, &[], None, &value);
        fs::write(authority.path("plain.p7s"), &signature).unwrap();
        fs::write(authority.path("content"), CONTENT).unwrap();
        let output = authority.openssl(&[
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            "plain.p7s",
            "-content",
            "content",
            "-CAfile",
            "ca.pem",
            "-purpose",
            "any",
            "-out",
            "verified",
        ]);
        assert!(
            output.status.success(),
            "{}: {}",
            kind.name,
            String::from_utf8_lossy(&output.stderr)
        );

        let signed_data = SignedData::parse(&signature).unwrap();
        let roots = [authority.root.clone()];
        let trust = Trust {
            roots: &roots,
            intermediates: &[],
            now: OffsetDateTime::now_utc(),
        };
        let verdicts = signed_data.verify(&[digest].into_iter().collect(), &trust);
        assert_eq!(verdicts[0].status(), Status::Valid, "{}", kind.name);
        let other = scheme.digest().digest(b"other");
        assert_eq!(
            signed_data.verify(&[other].into_iter().collect(), &trust)[0].status(),
            Status::Invalid
        );
    }
}

/// What OpenSSL makes with its own hands, several signers and BER included, verifies here.
#[test]
fn signatures_made_by_openssl_verify_here() {
    for (kind, digest) in [
        (authority::RSA_2048, "sha256"),
        (authority::P384, "sha384"),
        (authority::GOST_256_CRYPTO_PRO_A, "md_gost12_256"),
        (authority::GOST_512_A, "md_gost12_512"),
    ] {
        let authority = Authority::new(kind);
        fs::write(authority.path("content"), CONTENT).unwrap();
        for form in [
            &["-cades"][..],
            &["-cades", "-stream", "-nodetach"],
            &["-nodetach", "-keyid"],
            &["-noattr", "-nodetach"],
        ] {
            let start = [
                "cms", "-sign", "-binary", "-in", "content", "-signer", "leaf.pem", "-inkey", "leaf.key",
            ];
            let end = [
                "-certfile",
                "ca.pem",
                "-outform",
                "PEM",
                "-md",
                digest,
                "-out",
                "made.pem",
            ];
            let arguments: Vec<&str> = start.iter().chain(form).chain(&end).copied().collect();
            let output = authority.openssl(&arguments);
            assert!(
                output.status.success(),
                "{}: {}",
                kind.name,
                String::from_utf8_lossy(&output.stderr)
            );
            let signed_data = SignedData::parse(&fs::read(authority.path("made.pem")).unwrap()).unwrap();
            let mut digester = ContentDigester::new(&signed_data.required_digests());
            digester.update(signed_data.attached_content().unwrap_or(CONTENT));
            let roots = [authority.root.clone()];
            let trust = Trust {
                roots: &roots,
                intermediates: &[],
                now: OffsetDateTime::now_utc(),
            };
            let verdict = &signed_data.verify(&digester.finish(), &trust)[0];
            assert_eq!(
                (verdict.status(), verdict.reason()),
                (Status::Valid, None),
                "{} {form:?}",
                kind.name
            );
            assert_eq!(verdict.names_certificate, form.contains(&"-cades"));
        }
    }
}

#[test]
fn two_signers_each_have_their_verdict() {
    let authority = Authority::new(authority::P256);
    let other = Authority::new(authority::RSA_2048);
    fs::write(authority.path("content"), CONTENT).unwrap();
    fs::copy(other.path("leaf.pem"), authority.path("other.pem")).unwrap();
    fs::copy(other.path("leaf.key"), authority.path("other.key")).unwrap();
    let output = authority.openssl(&[
        "cms",
        "-sign",
        "-binary",
        "-cades",
        "-in",
        "content",
        "-outform",
        "DER",
        "-out",
        "two.p7s",
        "-signer",
        "leaf.pem",
        "-inkey",
        "leaf.key",
        "-signer",
        "other.pem",
        "-inkey",
        "other.key",
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let signed_data = SignedData::parse(&fs::read(authority.path("two.p7s")).unwrap()).unwrap();
    let mut digester = ContentDigester::new(&signed_data.required_digests());
    digester.update(CONTENT);
    let roots = [authority.root.clone()];
    let trust = Trust {
        roots: &roots,
        intermediates: &[],
        now: OffsetDateTime::now_utc(),
    };
    let verdicts = signed_data.verify(&digester.finish(), &trust);
    let of = |leaf| {
        verdicts
            .iter()
            .find(|verdict| verdict.certificate.as_ref() == Some(leaf))
            .unwrap()
            .status()
    };
    assert_eq!(
        (of(&authority.leaf), of(&other.leaf)),
        (Status::Valid, Status::Untrusted)
    );
}

#[test]
fn tokens_layouts_are_recognised() {
    let p256 = Authority::new(authority::P256);
    assert_eq!(
        sign(&p256, CONTENT, &Preference::default()).value.observed(),
        ObservedLayout::EcdsaRaw
    );
    let rsa = Authority::new(authority::RSA_2048);
    assert_eq!(
        sign(&rsa, CONTENT, &Preference::default()).value.observed(),
        ObservedLayout::Standard
    );
}

/// Signatures that nobody makes any more, but that lie in archives.
#[test]
fn gost_2001_signatures_of_openssl_verify_and_none_is_made() {
    let authority = Authority::new(authority::GOST_2001_A);
    fs::write(authority.path("content"), b"archived").unwrap();
    let made = authority.openssl(&[
        "cms",
        "-sign",
        "-binary",
        "-cades",
        "-in",
        "content",
        "-signer",
        "leaf.pem",
        "-inkey",
        "leaf.key",
        "-md",
        "md_gost94",
        "-outform",
        "DER",
        "-out",
        "old.p7s",
    ]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let signed = SignedData::parse(&fs::read(authority.path("old.p7s")).unwrap()).unwrap();
    let trust = Trust {
        roots: std::slice::from_ref(&authority.root),
        intermediates: &[],
        now: OffsetDateTime::now_utc(),
    };
    let status = |content: &[u8]| {
        let mut digester = ContentDigester::new(&signed.required_digests());
        digester.update(content);
        signed.verify(&digester.finish(), &trust)[0].status()
    };
    assert_eq!(
        (status(b"archived"), status(b"archivee")),
        (Status::Valid, Status::Invalid)
    );
    assert!(Scheme::for_certificate(&authority.leaf, &Preference::default()).is_err());
}
