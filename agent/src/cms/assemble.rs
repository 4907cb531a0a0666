//! Making SignedData (RFC 5652 section 5) by hand, so that certificates and attributes keep the bytes they were hashed and signed with.

use super::algorithm::Scheme;
use super::self_check::SignatureValue;
use super::signed_attributes::{ID_DATA, SignedAttributes};
use crate::certificate::Certificate;
use crate::certificate::asn1::{Oid, Tag, writer};

/// A detached signature: SignedData version 1 without content, one signer named by issuer and serial number, the signer's certificate and those of
/// `chain` (without repetition, in DER order).
pub fn assemble_detached(
    scheme: &Scheme,
    certificate: &Certificate,
    chain: &[Certificate],
    attributes: Option<&SignedAttributes>,
    signature: &SignatureValue,
) -> Vec<u8> {
    let content_info = writer::sequence(&[&writer::oid(&ID_DATA)]);
    let parts = Parts::new(scheme, certificate, chain, attributes, signature);
    let signed_data = writer::sequence(&[&parts.before, &content_info, &parts.after]);
    let explicit = writer::element(Tag::constructed(0), &[&signed_data]);
    writer::sequence(&[&writer::oid(&SIGNED_DATA), &explicit])
}

/// An attached signature: as [`assemble_detached`], with the content inside.
pub fn assemble_attached(
    scheme: &Scheme,
    certificate: &Certificate,
    chain: &[Certificate],
    attributes: Option<&SignedAttributes>,
    signature: &SignatureValue,
    content: &[u8],
) -> Vec<u8> {
    let frame = attached_frame(scheme, certificate, chain, attributes, signature, content.len() as u64);
    [&frame.head[..], content, &frame.tail].concat()
}

/// What stands before and after the content of an attached signature, for content too large for memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFrame {
    /// Everything up to the content's first byte.
    pub head: Vec<u8>,
    /// Everything from behind the content's last byte.
    pub tail: Vec<u8>,
}

/// As [`assemble_attached`], for content of `content_length` bytes that the caller puts between the parts itself.
pub fn attached_frame(
    scheme: &Scheme,
    certificate: &Certificate,
    chain: &[Certificate],
    attributes: Option<&SignedAttributes>,
    signature: &SignatureValue,
    content_length: u64,
) -> AttachedFrame {
    let parts = Parts::new(scheme, certificate, chain, attributes, signature);
    let content_type = writer::oid(&ID_DATA);
    let mut head = writer::header(Tag::OCTET_STRING, content_length);
    // From the inside out: each header needs the length of everything behind it.
    let mut length = head.len() as u64 + content_length;
    let mut enclose = |tag: Tag, before: &[u8], after: u64, head: Vec<u8>| {
        length += before.len() as u64 + after;
        let header = writer::header(tag, length);
        length += header.len() as u64;
        [&header, before, &head].concat()
    };
    head = enclose(Tag::constructed(0), &[], 0, head);
    head = enclose(Tag::SEQUENCE, &content_type, 0, head);
    head = enclose(Tag::SEQUENCE, &parts.before, parts.after.len() as u64, head);
    head = enclose(Tag::constructed(0), &[], 0, head);
    head = enclose(Tag::SEQUENCE, &writer::oid(&SIGNED_DATA), 0, head);
    AttachedFrame {
        head,
        tail: parts.after,
    }
}

/// id-signedData (RFC 5652 section 5.1).
pub(super) const SIGNED_DATA: Oid = Oid::literal("1.2.840.113549.1.7.2");

/// The fields of SignedData around encapContentInfo.
struct Parts {
    /// version, digestAlgorithms.
    before: Vec<u8>,
    /// certificates, signerInfos.
    after: Vec<u8>,
}

impl Parts {
    fn new(
        scheme: &Scheme,
        certificate: &Certificate,
        chain: &[Certificate],
        attributes: Option<&SignedAttributes>,
        signature: &SignatureValue,
    ) -> Self {
        // Version 1: the content is id-data, the signer is named by issuer and serial number, and all certificates are X.509.
        let version = writer::unsigned_integer(&[1]);
        let before = [version, writer::set_of(vec![scheme.digest_identifier()])].concat();

        let mut certificates = vec![certificate.der().to_vec()];
        certificates.extend(chain.iter().map(|certificate| certificate.der().to_vec()));
        certificates.sort();
        certificates.dedup();
        let certificates = implicit(Tag::constructed(0), writer::set_of(certificates));

        let signer_info = signer_info(scheme, certificate, attributes, signature);
        Self {
            before,
            after: [certificates, writer::set_of(vec![signer_info])].concat(),
        }
    }
}

/// One SignerInfo, version 1: the signer is named by issuer and serial number.
fn signer_info(
    scheme: &Scheme,
    certificate: &Certificate,
    attributes: Option<&SignedAttributes>,
    signature: &SignatureValue,
) -> Vec<u8> {
    let signer_id = writer::sequence(&[certificate.issuer_der(), certificate.serial_der()]);
    let attributes = attributes
        .map(|attributes| implicit(Tag::constructed(0), attributes.to_be_signed().to_vec()))
        .unwrap_or_default();
    writer::sequence(&[
        &writer::unsigned_integer(&[1]),
        &signer_id,
        &scheme.digest_identifier(),
        &attributes,
        &scheme.signature_identifier(),
        &writer::octet_string(signature.as_bytes()),
    ])
}

/// The element under another tag, as IMPLICIT tagging has it.
pub(super) fn implicit(tag: Tag, mut element: Vec<u8>) -> Vec<u8> {
    if let Some(identifier) = element.first_mut() {
        *identifier = tag.0;
    }
    element
}
