//! Suitability and selection on certificates made by OpenSSL.

use time::{Duration, OffsetDateTime};
use tokensign::certificate::{Certificate, CertificateError, KeyLocation, PublicKey, Purpose, Selector, Unsuitable};
use tokensign::cms::{Preference, Scheme, SchemeError};

use crate::authority::{self, Authority};

const SUBJECT: &str = "/C=RU/CN=Иванов Иван/1.2.643.100.3=12345678901/1.2.643.3.131.1.1=771234567890";

fn leaf(extensions: &str) -> Certificate {
    Authority::with_leaf(authority::P256, SUBJECT, &format!("[leaf]\n{extensions}\n")).leaf
}

fn suitable(certificate: &Certificate, purpose: Purpose) -> Result<(), Unsuitable> {
    certificate.check_suitable(purpose, OffsetDateTime::now_utc())
}

#[test]
fn purposes_do_not_mix() {
    let for_both = [
        "keyUsage=digitalSignature,nonRepudiation\nextendedKeyUsage=clientAuth,emailProtection",
        "keyUsage=digitalSignature",
        "subjectKeyIdentifier=hash",
    ];
    for extensions in for_both {
        let certificate = leaf(extensions);
        assert_eq!(suitable(&certificate, Purpose::Signature), Ok(()), "{extensions}");
        assert_eq!(suitable(&certificate, Purpose::Authentication), Ok(()), "{extensions}");
    }
    let for_authentication = [
        "keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=clientAuth",
        "keyUsage=digitalSignature,nonRepudiation\nextendedKeyUsage=clientAuth,1.2.398.3.3.4.1.1",
    ];
    for extensions in for_authentication {
        let certificate = leaf(extensions);
        assert_eq!(
            suitable(&certificate, Purpose::Signature),
            Err(Unsuitable::AuthenticationOnly),
            "{extensions}"
        );
        assert_eq!(suitable(&certificate, Purpose::Authentication), Ok(()), "{extensions}");
    }
    let for_signature = [
        "keyUsage=nonRepudiation",
        "keyUsage=digitalSignature,nonRepudiation",
        "keyUsage=digitalSignature,nonRepudiation\nextendedKeyUsage=emailProtection,1.2.398.3.3.4.1.1",
    ];
    for extensions in for_signature {
        let certificate = leaf(extensions);
        assert_eq!(suitable(&certificate, Purpose::Signature), Ok(()), "{extensions}");
        assert_eq!(
            suitable(&certificate, Purpose::Authentication),
            Err(Unsuitable::SignatureOnly),
            "{extensions}"
        );
    }
    assert_eq!(
        suitable(&leaf("keyUsage=keyEncipherment"), Purpose::Signature),
        Err(Unsuitable::KeyUsage)
    );
    assert_eq!(
        suitable(&leaf("basicConstraints=CA:TRUE"), Purpose::Signature),
        Err(Unsuitable::Authority)
    );
}

#[test]
fn validity_is_checked_at_the_instant_asked() {
    let certificate = leaf("keyUsage=digitalSignature");
    let check = |at| certificate.check_suitable(Purpose::Signature, at);
    let (first, last) = (certificate.not_before(), certificate.not_after());
    assert_eq!((check(first), check(last)), (Ok(()), Ok(())));
    assert_eq!(
        check(first - Duration::SECOND),
        Err(Unsuitable::NotYetValid { not_before: first })
    );
    assert_eq!(
        check(last + Duration::SECOND),
        Err(Unsuitable::Expired { not_after: last })
    );
}

#[test]
fn russian_identity_and_selection() {
    let certificate = leaf("subjectAltName=email:ivanov@example.ru");
    let identity = certificate.identity();
    assert_eq!(identity.inn.as_deref(), Some("771234567890"));
    assert_eq!(identity.snils.as_deref(), Some("12345678901"));
    assert_eq!(identity.email.as_deref(), Some("ivanov@example.ru"));
    assert_eq!(identity.country.as_deref(), Some("RU"));

    let location = KeyLocation {
        token_label: "Рутокен",
        token_serial: "3a1f",
        id: &[1, 2],
        label: "key",
        ..KeyLocation::default()
    };
    let selected = |text: &str| text.parse::<Selector>().unwrap().matches(&certificate, &location);
    for text in [
        "",
        "any",
        "inn=771234567890,snils=123-456-789 01",
        "token=Рутокен",
        "token=3a1f,subject~ИВАНОВ",
        "pkcs11:id=%01%02;object=key",
        "pkcs11:serial=3a1f;type=cert",
    ] {
        assert!(selected(text), "{text}");
    }
    for text in [
        "inn=7712345678",
        "token=other",
        "pkcs11:id=%01",
        "00000000",
        "org~x",
        "eku=clientAuth",
    ] {
        assert!(!selected(text), "{text}");
    }
    assert!(Selector::exactly(&certificate).matches(&certificate, &location));
    let json = serde_json::to_string(&"subject~ИВАНОВ".parse::<Selector>().unwrap()).unwrap();
    assert!(
        serde_json::from_str::<Selector>(&json)
            .unwrap()
            .matches(&certificate, &location)
    );
}

#[test]
fn selectors_that_say_nothing_are_errors() {
    for text in [
        "abc",
        "1234567",
        "zzzzzzzz",
        "iin=12",
        "name=x",
        "iin~1",
        "eku=nonsense",
        "valid_at=soon",
        "subject~",
        "serial=xyz",
        "token=",
    ] {
        assert!(text.parse::<Selector>().is_err(), "{text}");
    }
    assert!("pkcs11:token=a?pin-value=1".parse::<Selector>().is_err());
}

#[test]
fn certificates_are_read_from_every_encoding_and_kept_exactly() {
    let certificate = leaf("keyUsage=digitalSignature");
    let der = certificate.der();
    assert_eq!(
        certificate.public_key(),
        &PublicKey::Ec {
            curve: tokensign::certificate::EcCurve::P256
        }
    );
    let padded = [der, &[0; 512]].concat();
    assert_eq!(Certificate::from_der(&padded).unwrap().der(), der);
    assert!(matches!(
        Certificate::from_der(&[der, &[1]].concat()),
        Err(CertificateError::Malformed(_))
    ));
    let json = serde_json::to_string(&certificate).unwrap();
    assert_eq!(serde_json::from_str::<Certificate>(&json).unwrap(), certificate);
    for bytes in [
        &b""[..],
        b"hello",
        b"-----BEGIN CERTIFICATE-----\nMAA=\n",
        &[0x30],
        &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
    ] {
        assert!(Certificate::from_pem_or_der(bytes).is_err());
    }
}

/// Every truncation and every single changed byte is either read or refused; nothing panics.
#[test]
fn damaged_certificates_never_panic() {
    let certificate = leaf("keyUsage=digitalSignature\nextendedKeyUsage=emailProtection\nsubjectAltName=email:a@b.c");
    let der = certificate.der();
    for length in 0..der.len() {
        assert!(Certificate::from_der(&der[..length]).is_err());
    }
    for position in 0..der.len() {
        for value in [0x00, 0x80, 0xff, der[position] ^ 0x20, der[position].wrapping_add(1)] {
            let mut damaged = der.to_vec();
            damaged[position] = value;
            if let Ok(read) = Certificate::from_der(&damaged) {
                let _ = (read.subject().len(), read.roles(), suitable(&read, Purpose::Signature));
            }
        }
    }
}

#[test]
fn schemes_say_what_is_possible() {
    let certificate = leaf("keyUsage=digitalSignature");
    let preference = Preference {
        digest: Some(tokensign::cms::DigestAlgorithm::Streebog256),
        rsa_pss: false,
    };
    let error = Scheme::for_certificate(&certificate, &preference).unwrap_err();
    assert!(
        matches!(&error, SchemeError::UnsupportedDigest { possible, .. } if possible == "sha256, sha384, sha512"),
        "{error}"
    );
}

#[test]
fn addresses_for_revocation_come_from_the_extensions() {
    let certificate = leaf(
        "crlDistributionPoints=URI:http://ca.example/one.crl,URI:http://ca.example/two.crl\nauthorityInfoAccess=OCSP;URI:http://ocsp.example/,caIssuers;URI:http://ca.example/ca.cer",
    );
    assert_eq!(
        certificate.crl_addresses(),
        ["http://ca.example/one.crl", "http://ca.example/two.crl"]
    );
    assert_eq!(certificate.ocsp_addresses(), ["http://ocsp.example/"]);
    let without = leaf("keyUsage=digitalSignature");
    assert!(without.crl_addresses().is_empty() && without.ocsp_addresses().is_empty());
}

/// Each filter by itself: what it selects on a certificate of either country, and what it does not.
#[test]
fn each_filter_tells_certificates_apart() {
    let kazakh = Authority::new(authority::P256).leaf;
    let russian = Authority::with_leaf(
        authority::P256,
        "/C=RU/O=ООО Ромашка/CN=ООО Ромашка/1.2.643.100.1=1027700132195/1.2.643.3.131.1.1=007701234567/1.2.643.100.3=12345678901",
        "[leaf]\nextendedKeyUsage=clientAuth\n",
    )
    .leaf;
    let location = KeyLocation {
        token_label: "Kaztoken",
        token_serial: "00A1",
        id: &[7],
        ..KeyLocation::default()
    };
    let fits = |text: &str, certificate: &Certificate| {
        let selector: Selector = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        selector.matches(certificate, &location)
    };
    let serial = format!("serial={}", kazakh.serial_hex());
    let fingerprint = kazakh.fingerprint().to_string();
    for only_kazakh in [
        "iin=123456789011",
        "bin=123456789021",
        "eku=emailProtection",
        "eku=1.2.398.3.3.4.1.2.1",
        "subject~тестов",
        "org~ТОО",
        "iin=123456789011,bin=123456789021,eku=emailProtection",
        &serial,
        &fingerprint[..8],
        &fingerprint,
        &fingerprint[..16].to_uppercase(),
    ] {
        assert!(fits(only_kazakh, &kazakh), "{only_kazakh}");
        assert!(!fits(only_kazakh, &russian), "{only_kazakh}");
    }
    for only_russian in [
        "inn=7701234567",
        "ogrn=1027700132195",
        "snils=12345678901",
        "snils=123-456-789 01",
        "eku=clientAuth",
        "org~ромашка",
    ] {
        assert!(fits(only_russian, &russian), "{only_russian}");
        assert!(!fits(only_russian, &kazakh), "{only_russian}");
    }
    let tomorrow = (OffsetDateTime::now_utc() + Duration::DAY).date();
    for both in [
        "issuer~тестовый уц",
        "token=Kaztoken",
        "token=00A1",
        "pkcs11:token=Kaztoken;serial=00A1",
        "pkcs11:id=%07",
        &format!("valid_at={tomorrow}"),
    ] {
        assert!(fits(both, &kazakh) && fits(both, &russian), "{both}");
    }
    for neither in [
        "issuer~НУЦ",
        "token=Rutoken",
        "pkcs11:token=Rutoken",
        "pkcs11:id=%08",
        "valid_at=1999-12-31",
        "valid_at=2099-12-31T12:00:00Z",
        "iin=123456789011,inn=7701234567",
    ] {
        assert!(!fits(neither, &kazakh) && !fits(neither, &russian), "{neither}");
    }
}

#[test]
fn the_end_of_validity_is_told_thirty_days_before() {
    let certificate = leaf("keyUsage=digitalSignature");
    let days = |before: Duration| certificate.expires_in_days(certificate.not_after() - before);
    assert_eq!(days(Duration::days(31)), None);
    assert_eq!(days(Duration::days(30) + Duration::SECOND), None);
    assert_eq!(days(Duration::days(30)), Some(30));
    assert_eq!(days(Duration::days(29)), Some(29));
    assert_eq!(days(Duration::hours(30)), Some(1));
    assert_eq!(days(Duration::ZERO), Some(0));
    assert_eq!(days(-Duration::SECOND), None);
}
