//! A Kazakh signature under the identifiers of TC26, so that software which knows only these can judge it: the values are the same, their bytes are
//! reversed, and the certificate is the Russian one from which the Kazakh was made (issuer and serial number are the same). What the signer signed stays
//! as it is; only the certificate's hash in it then names the other certificate, which CMS without CAdES does not look at.

use tokensign::certificate::Certificate;
use tokensign::certificate::asn1::{Oid, Tag, writer};
use tokensign::cms::SignedData;

pub(crate) fn as_russian(kazakh: &[u8], bits: u32, russian: &Certificate) -> Vec<u8> {
    let signed = SignedData::parse(kazakh).unwrap();
    let signer = &signed.signers()[0];
    let (digest, key) = if bits == 256 {
        ("1.2.643.7.1.1.2.2", "1.2.643.7.1.1.1.1")
    } else {
        ("1.2.643.7.1.1.2.3", "1.2.643.7.1.1.1.2")
    };
    let identifier = |dotted: &str| writer::sequence(&[&writer::oid(&dotted.parse::<Oid>().unwrap()), &writer::NULL]);
    let (digest, key) = (identifier(digest), identifier(key));
    let mut attributes = signer.attributes().unwrap().to_be_signed().to_vec();
    attributes[0] = Tag::constructed(0).0;
    let value: Vec<u8> = signer.signature().iter().rev().copied().collect();
    let one = writer::unsigned_integer(&[1]);
    let signer_info = writer::sequence(&[
        &one,
        &writer::sequence(&[russian.issuer_der(), russian.serial_der()]),
        &digest,
        &attributes,
        &key,
        &writer::octet_string(&value),
    ]);
    let oid = |dotted: &str| writer::oid(&dotted.parse::<Oid>().unwrap());
    let signed_data = writer::sequence(&[
        &one,
        &writer::set_of(vec![digest]),
        &writer::sequence(&[&oid("1.2.840.113549.1.7.1")]),
        &writer::element(Tag::constructed(0), &[russian.der()]),
        &writer::set_of(vec![signer_info]),
    ]);
    let explicit = writer::element(Tag::constructed(0), &[&signed_data]);
    writer::sequence(&[&oid("1.2.840.113549.1.7.2"), &explicit])
}
