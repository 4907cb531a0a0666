//! Whatever is changed is noticed, and whatever is malformed is refused without a panic.

use time::OffsetDateTime;
use tokensign::certificate::Certificate;
use tokensign::cms::{
    ContentDigests, Digest, GostLayout, ObservedLayout, Preference, Reason, Scheme, SelfCheckError, SignedAttributes,
    SignedData, SignedDataError, SignerVerdict, Status, ToBeSigned, Trust, assemble_detached, normalise_signature,
};

use crate::authority::{self, Authority};

const CONTENT: &[u8] = b"the content";

struct Sample {
    authority: Authority,
    scheme: Scheme,
    attributes: SignedAttributes,
    raw: Vec<u8>,
    file: Vec<u8>,
}

fn sample(kind: authority::KeyKind) -> Sample {
    let authority = Authority::new(kind);
    let scheme = Scheme::for_certificate(&authority.leaf, &Preference::default()).unwrap();
    let digest = scheme.digest().digest(CONTENT);
    let attributes = SignedAttributes::new(&digest, &authority.leaf, OffsetDateTime::now_utc(), &scheme).unwrap();
    let raw = authority.sign(&scheme, &attributes.as_input());
    let value = normalise_signature(&authority.leaf, &scheme, &attributes.as_input(), &raw).unwrap();
    let file = assemble_detached(&scheme, &authority.leaf, &[], Some(&attributes), &value);
    Sample {
        authority,
        scheme,
        attributes,
        raw,
        file,
    }
}

impl Sample {
    fn verdict(&self, file: &[u8], content: &[u8]) -> Result<SignerVerdict, SignedDataError> {
        let signed_data = SignedData::parse(file)?;
        let digests: ContentDigests = signed_data
            .required_digests()
            .into_iter()
            .map(|algorithm| algorithm.digest(content))
            .collect::<Vec<Digest>>()
            .into_iter()
            .collect();
        let roots = [self.authority.root.clone()];
        let trust = Trust {
            roots: &roots,
            intermediates: &[],
            now: OffsetDateTime::now_utc(),
        };
        Ok(signed_data.verify(&digests, &trust).remove(0))
    }

    fn normalise(&self, raw: &[u8]) -> Result<ObservedLayout, SelfCheckError> {
        normalise_signature(&self.authority.leaf, &self.scheme, &self.attributes.as_input(), raw)
            .map(|value| value.observed())
    }
}

#[test]
fn other_content_is_refused() {
    let sample = sample(authority::P256);
    assert_eq!(sample.verdict(&sample.file, CONTENT).unwrap().status(), Status::Valid);
    let verdict = sample.verdict(&sample.file, b"other").unwrap();
    assert_eq!(
        (verdict.status(), verdict.reason()),
        (Status::Invalid, Some(Reason::ContentDigestMismatch))
    );
    let signed_data = SignedData::parse(&sample.file).unwrap();
    let trust = Trust {
        roots: &[],
        intermediates: &[],
        now: OffsetDateTime::now_utc(),
    };
    assert_eq!(
        signed_data.verify_attached(&trust)[0].reason(),
        Some(Reason::ContentMissing)
    );
}

/// No single changed byte leaves a verdict of valid, unless it lies where nothing is protected: the two version numbers, the digestAlgorithms set,
/// and the NULL or absent parameters of identifiers.
#[test]
fn every_changed_byte_of_the_file_is_noticed() {
    for kind in [authority::P256, authority::ED25519, authority::GOST_256_CRYPTO_PRO_A] {
        let sample = sample(kind);
        let mut unnoticed = Vec::new();
        for position in 0..sample.file.len() {
            let mut damaged = sample.file.clone();
            damaged[position] ^= 0x01;
            if sample
                .verdict(&damaged, CONTENT)
                .is_ok_and(|verdict| verdict.status() == Status::Valid)
            {
                unnoticed.push(position);
            }
        }
        // What is signed, the value, and the certificate are all noticed: these few bytes are outside them.
        assert!(unnoticed.len() <= 24, "{}: {unnoticed:?}", kind.name);
        let signed = position_of(&sample.file, &sample.attributes.to_be_signed()[2..]);
        let certificate = position_of(&sample.file, sample.authority.leaf.der());
        for position in unnoticed {
            assert!(
                !signed.contains(&position) && !certificate.contains(&position),
                "{} at {position}",
                kind.name
            );
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let sample = sample(authority::P256);
    for length in 0..sample.file.len() {
        assert!(SignedData::parse(&sample.file[..length]).is_err());
    }
}

#[test]
fn another_certificate_with_the_same_key_is_noticed() {
    let sample = sample(authority::RSA_2048);
    let authority = &sample.authority;
    let output = authority.openssl(&[
        "x509",
        "-req",
        "-in",
        "leaf.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAserial",
        "ca.srl",
        "-days",
        "10",
        "-set_serial",
        &format!("0x{}", authority.leaf.serial_hex()),
        "-outform",
        "DER",
        "-out",
        "twin.der",
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let twin = Certificate::from_der(&std::fs::read(authority.path("twin.der")).unwrap()).unwrap();
    assert_eq!(
        (twin.issuer_der(), twin.serial_der()),
        (authority.leaf.issuer_der(), authority.leaf.serial_der())
    );
    let value = normalise_signature(&twin, &sample.scheme, &sample.attributes.as_input(), &sample.raw)
        .expect("the twin has the same key");
    let file = assemble_detached(&sample.scheme, &twin, &[], Some(&sample.attributes), &value);
    assert_eq!(
        sample.verdict(&file, CONTENT).unwrap().reason(),
        Some(Reason::CertificateHashMismatch)
    );
    assert!(
        sample
            .attributes
            .check(&sample.scheme.digest().digest(CONTENT), &twin)
            .is_err()
    );
}

#[test]
fn the_self_check_recognises_layouts_and_refuses_the_rest() {
    let gost = sample(authority::GOST_256_CRYPTO_PRO_A);
    let halves = |raw: &[u8]| [&raw[32..], &raw[..32]].concat();
    let backwards = |raw: &[u8]| raw.iter().rev().copied().collect::<Vec<u8>>();
    let ObservedLayout::Gost(made) = gost.normalise(&gost.raw).unwrap() else {
        panic!("a GOST layout")
    };
    assert_eq!(made, GostLayout::SrBigEndian);
    assert_eq!(
        gost.normalise(&halves(&gost.raw)),
        Ok(ObservedLayout::Gost(GostLayout::RsBigEndian))
    );
    assert_eq!(
        gost.normalise(&backwards(&gost.raw)),
        Ok(ObservedLayout::Gost(GostLayout::RsLittleEndian))
    );
    assert_eq!(
        gost.normalise(&backwards(&halves(&gost.raw))),
        Ok(ObservedLayout::Gost(GostLayout::SrLittleEndian))
    );
    let mut broken = gost.raw.clone();
    broken[5] ^= 1;
    assert_eq!(gost.normalise(&broken), Err(SelfCheckError::DoesNotVerify));
    assert_eq!(
        gost.normalise(&gost.raw[1..]),
        Err(SelfCheckError::Length { found: 63 })
    );
    assert_eq!(gost.normalise(&[0; 64]), Err(SelfCheckError::DoesNotVerify));

    // A token that reads the digest backwards signs the reversed digest.
    let digest = gost.scheme.digest().digest(gost.attributes.to_be_signed());
    let reversed = Digest::new(digest.algorithm(), backwards(digest.value())).unwrap();
    let quirky = gost.authority.sign(&gost.scheme, &ToBeSigned::Digest(&reversed));
    assert_eq!(
        gost.normalise(&quirky),
        Err(SelfCheckError::ReversedDigest {
            layout: GostLayout::SrBigEndian
        })
    );

    for kind in [authority::RSA_2048, authority::P256, authority::ED25519] {
        let sample = sample(kind);
        let mut broken = sample.raw.clone();
        broken[5] ^= 1;
        assert_eq!(
            sample.normalise(&broken),
            Err(SelfCheckError::DoesNotVerify),
            "{}",
            kind.name
        );
        assert!(sample.normalise(&[]).is_err());
        assert!(sample.normalise(&vec![0xff; 4096]).is_err());
    }
}

#[test]
fn an_rsa_value_without_its_leading_zero_is_padded() {
    let authority = Authority::new(authority::RSA_2048);
    let scheme = Scheme::for_certificate(&authority.leaf, &Preference::default()).unwrap();
    // One signature in 256 begins with a zero byte; PKCS#1 v1.5 is deterministic, so the message is varied until one does.
    let (message, raw) = (0_u32..4096)
        .map(|number| {
            (
                number.to_be_bytes(),
                authority.sign(&scheme, &ToBeSigned::Message(&number.to_be_bytes())),
            )
        })
        .find(|(_, raw)| raw[0] == 0)
        .expect("4096 signatures without a leading zero byte");
    let value = normalise_signature(&authority.leaf, &scheme, &ToBeSigned::Message(&message), &raw[1..]).unwrap();
    assert_eq!(
        (value.as_bytes(), value.observed()),
        (&raw[..], ObservedLayout::RsaUnpadded)
    );
}

#[test]
fn hostile_structures_are_refused() {
    let deep = [0x30, 0x80].repeat(1 << 16);
    let long = [&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff][..], &[0; 64]].concat();
    for bytes in [
        &deep[..],
        &long,
        b"",
        b"0",
        b"\x30\x80\x00\x00",
        b"-----BEGIN CMS-----\n!!!\n-----END CMS-----",
    ] {
        assert!(SignedData::parse(bytes).is_err());
    }
    let sample = sample(authority::P256);
    let only_certificate = SignedData::parse(sample.authority.leaf.der());
    assert!(matches!(only_certificate, Err(SignedDataError::Malformed(_))));
}

fn position_of(file: &[u8], part: &[u8]) -> std::ops::Range<usize> {
    let start = file.windows(part.len()).position(|window| window == part).unwrap();
    start..start + part.len()
}
