//! In which order of its bytes a token reads a GOST digest. PKCS#11 does not say it clearly enough for every vendor, and only a proof with the public
//! key tells; made here, it costs the person no second PIN.

use crate::certificate::Certificate;
use crate::cms::{SelfCheckError, normalise_signature};
use crate::token::item::SignItem;

/// What is known of the order in one batch.
pub(super) struct DigestOrder {
    certificate: Option<Certificate>,
    /// The order is the other one than the items say.
    other: bool,
    /// A value was proved; the order does not change any more.
    settled: bool,
}

impl DigestOrder {
    pub(super) fn new(certificate: &[u8]) -> Self {
        Self {
            certificate: Certificate::from_der(certificate).ok(),
            other: false,
            settled: false,
        }
    }

    /// The item as it has to be given to the token.
    pub(super) fn apply(&self, item: &SignItem) -> SignItem {
        SignItem {
            reversed_digest: item.reversed_digest != (self.other && item.is_gost()),
            ..item.clone()
        }
    }

    /// Whether the first GOST value of the batch shows that the token read the digest the other way round. From then on [`apply`](Self::apply)
    /// turns it. Any other flaw of a value is for the agent's own check to find.
    pub(super) fn is_found_wrong(&mut self, item: &SignItem, signature: &[u8]) -> bool {
        let Some(certificate) = self.certificate.as_ref().filter(|_| !self.settled && item.is_gost()) else {
            return false;
        };
        self.settled = true;
        let proof = normalise_signature(certificate, &item.scheme, &item.to_be_signed(), signature);
        self.other = matches!(proof, Err(SelfCheckError::ReversedDigest { .. }));
        self.other
    }
}
