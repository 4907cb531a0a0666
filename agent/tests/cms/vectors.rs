//! Published vectors; their sources are in `tests/vectors/cms/README.md`.

use time::macros::datetime;
use tokensign::certificate::{Certificate, GostCountry, GostParamSet, PublicKey, Purpose, Role, Selector, Unsuitable};
use tokensign::cms::{Digest, DigestAlgorithm, Reason, SignatureAlgorithm, SignedData, Status, ToBeSigned, Trust};

const CERTIFICATE_256: &[u8] = include_bytes!("../../../tests/vectors/cms/tk26-certificate-256.pem");
const CERTIFICATE_512: &[u8] = include_bytes!("../../../tests/vectors/cms/tk26-certificate-512.pem");
const SIGNED_256: &[u8] = include_bytes!("../../../tests/vectors/cms/tk26-signed-256.pem");
const SIGNED_512: &[u8] = include_bytes!("../../../tests/vectors/cms/tk26-signed-512.pem");
const KAZAKH: &[u8] = include_bytes!("../../../tests/vectors/cms/kz-nca-test-detached.pem");

#[test]
fn tk26_certificates_are_self_signed() {
    for (pem, bits, param_set) in [
        (CERTIFICATE_256, 256, GostParamSet::CryptoProXchA),
        (CERTIFICATE_512, 512, GostParamSet::Tc26B512),
    ] {
        let certificate = Certificate::from_pem_or_der(pem).unwrap();
        assert_eq!(
            certificate.public_key(),
            &PublicKey::Gost2012 {
                bits,
                param_set,
                country: GostCountry::Ru
            }
        );
        assert!(certificate.self_issued() && certificate.is_authority());
        let algorithm = SignatureAlgorithm::Gost {
            bits,
            country: GostCountry::Ru,
        };
        let verify =
            |tbs: &[u8]| algorithm.verify(&certificate, &ToBeSigned::Message(tbs), certificate.signature_bits());
        assert_eq!(verify(certificate.tbs_der()), Ok(()));
        assert!(verify(&certificate.tbs_der()[1..]).is_err());
    }
}

#[test]
fn tk26_signed_data_verifies() {
    for (signed, certificate) in [(SIGNED_256, CERTIFICATE_256), (SIGNED_512, CERTIFICATE_512)] {
        let certificate = Certificate::from_pem_or_der(certificate).unwrap();
        let signed_data = SignedData::parse(signed).unwrap();
        assert_eq!(signed_data.attached_content().unwrap(), b"Test message");
        let roots = [certificate.clone()];
        let trust = Trust {
            roots: &roots,
            intermediates: &[],
            now: datetime!(2020-01-01 0:00 UTC),
        };
        let verdict = &signed_data.verify_attached(&trust)[0];
        assert_eq!((verdict.status(), verdict.reason()), (Status::Valid, None));

        let expired = Trust {
            now: datetime!(2031-01-01 0:00 UTC),
            ..trust
        };
        let verdict = &signed_data.verify_attached(&expired)[0];
        assert_eq!(
            (verdict.status(), verdict.reason()),
            (Status::Untrusted, Some(Reason::CertificateExpired))
        );
        let strangers = Trust { roots: &[], ..trust };
        assert_eq!(
            signed_data.verify_attached(&strangers)[0].reason(),
            Some(Reason::CertificateMissing)
        );
    }
}

#[test]
fn kalkan_signature_verifies_in_the_kazakh_layout() {
    let signed_data = SignedData::parse(KAZAKH).unwrap();
    let signer = &signed_data.signers()[0];
    let certificate = &signed_data.certificates()[0];
    let attributes = signer.attributes().unwrap();
    assert_eq!(attributes.signing_time(), Some(datetime!(2024-07-26 12:29:08 UTC)));
    assert!(attributes.certificate_hash().unwrap().names(certificate));

    let content = Digest::new(DigestAlgorithm::Streebog512, attributes.message_digest()).unwrap();
    let trust = Trust {
        roots: &[],
        intermediates: &[],
        now: datetime!(2024-08-01 0:00 UTC),
    };
    let verdict = &signed_data.verify(&[content].into_iter().collect(), &trust)[0];
    assert_eq!(
        (verdict.integrity, verdict.reason()),
        (Ok(()), Some(Reason::IssuerUnknown))
    );

    let russian = SignatureAlgorithm::Gost {
        bits: 512,
        country: GostCountry::Ru,
    };
    assert!(
        russian
            .verify(certificate, &attributes.as_input(), signer.signature())
            .is_err()
    );
    let reversed: Vec<u8> = signer.signature().iter().rev().copied().collect();
    assert_eq!(russian.verify(certificate, &attributes.as_input(), &reversed), Ok(()));
}

#[test]
fn kazakh_certificate_is_understood() {
    let signed_data = SignedData::parse(KAZAKH).unwrap();
    let certificate = &signed_data.certificates()[0];
    assert_eq!(
        certificate.public_key(),
        &PublicKey::Gost2012 {
            bits: 512,
            param_set: GostParamSet::Tc26A512,
            country: GostCountry::Kz
        }
    );
    let identity = certificate.identity();
    assert_eq!(identity.iin.as_deref(), Some("123456789011"));
    assert_eq!(identity.common_name.as_deref(), Some("ТЕСТОВ ТЕСТ"));
    assert_eq!(certificate.roles(), [Role::Individual]);
    assert_eq!(
        certificate.subject(),
        "GN=ТЕСТОВИЧ,C=KZ,serialNumber=IIN123456789011,SN=ТЕСТОВ,CN=ТЕСТОВ ТЕСТ"
    );
    assert_eq!(certificate.serial_hex(), "1147287582df9bb4710e461804acd49b88bf45c4");

    let then = datetime!(2024-01-01 0:00 UTC);
    assert_eq!(certificate.check_suitable(Purpose::Signature, then), Ok(()));
    assert_eq!(
        certificate.check_suitable(Purpose::Authentication, then),
        Err(Unsuitable::SignatureOnly)
    );
    let late = datetime!(2025-01-01 0:00 UTC);
    assert!(matches!(
        certificate.check_suitable(Purpose::Signature, late),
        Err(Unsuitable::Expired { .. })
    ));

    let selected = |text: &str| {
        text.parse::<Selector>()
            .unwrap()
            .matches(certificate, &Default::default())
    };
    assert!(selected(
        "iin=123456789011,eku=emailProtection,subject~тестов,valid_at=2024-01-01"
    ));
    assert!(selected(
        "issuer~ұлттық,serial=11:47:28:75:82:df:9b:b4:71:0e:46:18:04:ac:d4:9b:88:bf:45:c4"
    ));
    assert!(selected(&certificate.fingerprint().to_string()[..8]));
    assert!(!selected("iin=123456789012"));
    assert!(!selected("iin=123456789011,valid_at=2025-01-01"));
    assert!(!selected("bin=123456789011"));
}
