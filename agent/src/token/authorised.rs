use super::item::{SignItem, Value};
use crate::certificate::{Certificate, Fingerprint};
use crate::cms::{Scheme, SignedAttributes};
use crate::consent::{Approval, ItemKind};
use crate::messages::{Code, Fault};

/// A value to sign that was matched with an approval: the only thing that a token signs.
///
/// It can be made in no other way than from an [`Approval`], which only the consent room makes, and is used up by signing.
#[derive(Debug)]
pub struct Authorised {
    certificate: Fingerprint,
    item: SignItem,
}

impl Authorised {
    /// Matches `value` with the approval's item at `index`:
    ///
    /// - an approved document: `value` is the DER of signed attributes whose messageDigest is the approved digest and which name
    ///   the approved certificate (RFC 5652 section 5.4, RFC 5035);
    /// - foreign attributes: `value` is exactly the bytes whose digest was approved;
    /// - a foreign digest: `value` is exactly the digest that was approved.
    ///
    /// # Errors
    /// `approval_mismatch` when anything differs, `expired` when the approval's deadline has passed.
    pub fn new(
        approval: &Approval,
        index: usize,
        certificate: &Certificate,
        scheme: Scheme,
        value: Value,
    ) -> Result<Self, Fault> {
        if approval.certificate() != certificate.fingerprint() {
            return Err(mismatch("another certificate was approved"));
        }
        let approved = approval.item(index)?;
        match (approved.kind, &value) {
            (ItemKind::Content, Value::Message(der)) => {
                // The digest's algorithm stands outside of the attributes and is the scheme's (RFC 8933).
                if approved.digest.algorithm() != scheme.digest() {
                    return Err(mismatch("the approved digest is by another algorithm than the signature"));
                }
                let attributes = SignedAttributes::parse(der).map_err(mismatch)?;
                attributes.check(&approved.digest, certificate).map_err(mismatch)?;
            }
            (ItemKind::ForeignAttributes, Value::Message(der)) => {
                if approved.digest.algorithm().digest(der) != approved.digest {
                    return Err(mismatch("other attributes were approved"));
                }
            }
            (ItemKind::ForeignAttributesDigest, Value::Digest(given)) => {
                if *given != approved.digest {
                    return Err(mismatch("another digest was approved"));
                }
            }
            _ => return Err(mismatch("a value of another kind was approved")),
        }
        Ok(Self {
            certificate: certificate.fingerprint(),
            item: SignItem {
                scheme,
                value,
                reversed_digest: false,
            },
        })
    }

    /// For a token that was seen to read digests the other way round (`cms::SelfCheckError::ReversedDigest`).
    #[must_use]
    pub fn with_reversed_digest(mut self) -> Self {
        self.item.reversed_digest = true;
        self
    }

    /// The certificate whose key signs.
    pub fn certificate(&self) -> Fingerprint {
        self.certificate
    }

    pub(super) fn item(&self) -> &SignItem {
        &self.item
    }
}

fn mismatch(detail: impl std::fmt::Display) -> Fault {
    Fault::new(Code::ApprovalMismatch).detail(detail)
}
