//! The only thing that a token signs: a value with the approval that it matches.

use super::protocol::SignItem;

/// A value to sign that an approval covers.
#[derive(Debug)]
pub struct Authorised {
    certificate: [u8; 32],
    item: SignItem,
}

impl Authorised {
    pub(super) fn certificate(&self) -> &[u8; 32] {
        &self.certificate
    }

    pub(super) fn item(&self) -> &SignItem {
        &self.item
    }
}
