//! Kazakh certificates for tests: a Russian one, which OpenSSL can make, with the Kazakh identifiers in its SubjectPublicKeyInfo.

use tokensign::certificate::Certificate;
use tokensign::certificate::asn1::{Element, Oid, Reader, Tag, writer};

/// GOST 34.10-2015 with 256 bits; the certificate's key must be on TC26's 256-bit set A.
pub(crate) fn with_kazakh_256(russian: &Certificate) -> Certificate {
    with_kazakh_key(
        russian,
        "1.2.398.3.10.1.1.2.1",
        "1.2.398.3.10.1.1.2.1.1",
        "1.2.398.3.10.1.3.2",
    )
}

/// GOST 34.10-2015 with 512 bits; the certificate's key must be on TC26's 512-bit set A.
pub(crate) fn with_kazakh_512(russian: &Certificate) -> Certificate {
    with_kazakh_key(
        russian,
        "1.2.398.3.10.1.1.2.2",
        "1.2.398.3.10.1.1.2.2.1",
        "1.2.398.3.10.1.3.3",
    )
}

/// `certificate` with the SubjectPublicKeyInfo's identifiers replaced. The issuer's signature on it no longer holds.
fn with_kazakh_key(certificate: &Certificate, key: &str, param_set: &str, digest: &str) -> Certificate {
    let oid = |dotted: &str| writer::oid(&dotted.parse::<Oid>().unwrap());
    let parameters = writer::sequence(&[&oid(param_set), &oid(digest)]);
    let algorithm = writer::sequence(&[&oid(key), &parameters]);
    let bits = writer::element(Tag::BIT_STRING, &[&[0], certificate.public_key_bits()]);
    with_public_key(certificate, &writer::sequence(&[&algorithm, &bits]))
}

/// `certificate` with another SubjectPublicKeyInfo. The issuer's signature on it no longer holds.
pub(crate) fn with_public_key(certificate: &Certificate, spki: &[u8]) -> Certificate {
    let mut fields = Element::try_from(certificate.tbs_der()).unwrap().reader();
    let mut tbs = Vec::new();
    while !fields.is_empty() {
        let field = fields.element().unwrap();
        tbs.extend_from_slice(if field.whole == certificate.spki_der() {
            spki
        } else {
            field.whole
        });
    }
    let mut outer = Reader::new(certificate.der()).sequence().unwrap();
    outer.element().unwrap();
    let tbs = writer::sequence(&[&tbs]);
    Certificate::from_der(&writer::sequence(&[&tbs, outer.rest()])).unwrap()
}
