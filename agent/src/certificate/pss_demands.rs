//! What an RSA key that signs with PSS only demands of its signatures (RFC 4055 section 3.1).

use std::fmt;

use serde::Serialize;

use super::asn1::{Oid, Reader, Tag};

/// The parameters of an id-RSASSA-PSS key: every signature with it has these digests, and a salt that is not shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PssDemands {
    /// The digest algorithm.
    pub digest: Oid,
    /// The digest algorithm of the mask (MGF1).
    pub mask_digest: Oid,
    /// The least length of the salt, in bytes.
    pub salt_length: u32,
}

impl PssDemands {
    /// Reads the parameters; what is absent in them has its default. `None` where they are not RSASSA-PSS-params, or of a mask or a trailer that nobody
    /// uses.
    pub(super) fn read(mut parameters: Reader<'_>) -> Option<Self> {
        let mut fields = parameters.sequence().ok()?;
        let digest = match fields.optional(Tag::constructed(0)).ok()? {
            Some(digest) => algorithm(&mut digest.reader())?.0,
            None => SHA1,
        };
        let mask_digest = match fields.optional(Tag::constructed(1)).ok()? {
            Some(mask) => {
                let (function, mut parameters) = algorithm(&mut mask.reader())?;
                let (digest, _) = algorithm(&mut parameters)?;
                (function == MGF1).then_some(digest)?
            }
            None => SHA1,
        };
        let salt_length = match fields.optional(Tag::constructed(2)).ok()? {
            Some(length) => length.reader().element().ok()?.small_integer().ok()?,
            None => 20,
        };
        if let Some(trailer) = fields.optional(Tag::constructed(3)).ok()? {
            let is_usual = trailer.reader().element().ok()?.small_integer().ok()? == 1;
            is_usual.then_some(())?;
        }
        fields.is_empty().then_some(Self {
            digest,
            mask_digest,
            salt_length,
        })
    }
}

impl fmt::Display for PssDemands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            digest,
            mask_digest,
            salt_length,
        } = self;
        write!(
            f,
            "digest {digest}, mask digest {mask_digest}, a salt of at least {salt_length} bytes"
        )
    }
}

/// An AlgorithmIdentifier: its name, and what follows it.
fn algorithm<'a>(reader: &mut Reader<'a>) -> Option<(Oid, Reader<'a>)> {
    let mut fields = reader.sequence().ok()?;
    let name = fields.required(Tag::OID).ok()?.oid().ok()?;
    Some((name, fields))
}

const MGF1: Oid = Oid::literal("1.2.840.113549.1.1.8");
/// The default of RFC 4055.
const SHA1: Oid = Oid::literal("1.3.14.3.2.26");
