//! The only thing that a token signs: a value with the approval that it matches.

use super::item::{SignItem, Value};
use crate::certificate::{Certificate, Fingerprint};
use crate::cms::{Digest, Scheme, SignedAttributes};
use crate::consent::{Approval, ItemKind};
use crate::messages::{Code, Fault};

/// A value to sign that an approval covers. There is no other way to the token.
#[derive(Debug)]
pub struct Authorised {
    certificate: Fingerprint,
    item: SignItem,
}

impl Authorised {
    /// Signed attributes that the agent built around the approved digest at `index`.
    ///
    /// # Errors
    /// `approval_mismatch` when messageDigest, the certificate hash or the certificate are not the approval's, or the item is not a
    /// document; `expired` after the approval's deadline.
    pub fn attributes(
        approval: &Approval,
        index: usize,
        attributes: &SignedAttributes,
        certificate: &Certificate,
        scheme: &Scheme,
    ) -> Result<Self, Fault> {
        let digest = approved(approval, index, ItemKind::Content, certificate)?;
        if digest.algorithm() != scheme.digest() {
            return Err(mismatch(
                "the approved digest is by another algorithm than the signature",
            ));
        }
        attributes.check(digest, certificate).map_err(mismatch)?;
        Ok(Self::new(
            certificate,
            scheme,
            Value::Message(attributes.to_be_signed().to_vec()),
        ))
    }

    /// The approved digest at `index` itself, for a CMS without signed attributes (RFC 5652 section 5.4).
    ///
    /// # Errors
    /// As [`Authorised::attributes`]; the item must be approved as a document signed without attributes.
    pub fn bare_content(
        approval: &Approval,
        index: usize,
        certificate: &Certificate,
        scheme: &Scheme,
    ) -> Result<Self, Fault> {
        let digest = approved(approval, index, ItemKind::BareContent, certificate)?;
        Self::digest(digest, certificate, scheme)
    }

    /// Signed attributes that somebody else built, approved as such: their digest is the item's.
    ///
    /// # Errors
    /// As [`Authorised::attributes`].
    pub fn foreign_attributes(
        approval: &Approval,
        index: usize,
        attributes: &[u8],
        certificate: &Certificate,
        scheme: &Scheme,
    ) -> Result<Self, Fault> {
        let digest = approved(approval, index, ItemKind::ForeignAttributes, certificate)?;
        if digest.algorithm().digest(attributes) != *digest {
            return Err(mismatch("the attributes are not those that were approved"));
        }
        Ok(Self::new(certificate, scheme, Value::Message(attributes.to_vec())))
    }

    /// A digest of signed attributes that somebody else built, approved as such.
    ///
    /// # Errors
    /// As [`Authorised::attributes`].
    pub fn foreign_digest(
        approval: &Approval,
        index: usize,
        certificate: &Certificate,
        scheme: &Scheme,
    ) -> Result<Self, Fault> {
        let digest = approved(approval, index, ItemKind::ForeignAttributesDigest, certificate)?;
        Self::digest(digest, certificate, scheme)
    }

    fn digest(digest: &Digest, certificate: &Certificate, scheme: &Scheme) -> Result<Self, Fault> {
        if digest.algorithm() != scheme.digest() {
            return Err(mismatch(
                "the approved digest is by another algorithm than the signature",
            ));
        }
        Ok(Self::new(certificate, scheme, Value::Digest(digest.clone())))
    }

    fn new(certificate: &Certificate, scheme: &Scheme, value: Value) -> Self {
        Self {
            certificate: certificate.fingerprint(),
            item: SignItem {
                scheme: *scheme,
                value,
                reversed_digest: false,
            },
        }
    }

    /// For a token that was seen to read digests the other way round ([`crate::cms::SelfCheckError::ReversedDigest`]).
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

/// The approved digest at `index`, when it is of that kind and for that certificate.
fn approved<'a>(
    approval: &'a Approval,
    index: usize,
    kind: ItemKind,
    certificate: &Certificate,
) -> Result<&'a Digest, Fault> {
    let item = approval.item(index)?;
    if item.kind != kind {
        return Err(mismatch("the item was approved as something else"));
    }
    if approval.certificate() != certificate.fingerprint() {
        return Err(mismatch("the approval is for another certificate"));
    }
    Ok(&item.digest)
}

fn mismatch(reason: impl std::fmt::Display) -> Fault {
    Fault::new(Code::ApprovalMismatch).detail(reason)
}
