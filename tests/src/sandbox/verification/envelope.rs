//! The outer form of a CMS, read before OpenSSL judges it.

use thiserror::Error;
use x509_parser::der_parser::ber::{BerObject, BerObjectContent, parse_ber};

/// The bytes are not a CMS SignedData in binary form.
#[derive(Debug, Error)]
#[error("the file is not a CMS SignedData in binary DER")]
pub(crate) struct NotSignedData;

/// Whether a CMS SignedData carries no content (RFC 5652 section 5.2: eContent absent).
pub(crate) fn is_detached(cms: &[u8]) -> Result<bool, NotSignedData> {
    // ContentInfo ::= SEQUENCE { contentType, content [0] EXPLICIT SignedData }
    let content_info = sequence(cms)?;
    let [content_type, content] = content_info.as_slice() else {
        return Err(NotSignedData);
    };
    let content_type = content_type.as_oid().map_err(|_| NotSignedData)?;
    if content_type.to_id_string() != "1.2.840.113549.1.7.2" {
        return Err(NotSignedData);
    }
    let BerObjectContent::Unknown(explicit) = &content.content else {
        return Err(NotSignedData);
    };
    // SignedData ::= SEQUENCE { version, digestAlgorithms, encapContentInfo SEQUENCE { eContentType, eContent? }, … }
    let signed_data = sequence(explicit.data)?;
    let encapsulated = signed_data
        .get(2)
        .ok_or(NotSignedData)?
        .as_sequence()
        .map_err(|_| NotSignedData)?;
    Ok(encapsulated.len() == 1)
}

fn sequence(bytes: &[u8]) -> Result<Vec<BerObject<'_>>, NotSignedData> {
    let (rest, object) = parse_ber(bytes).map_err(|_| NotSignedData)?;
    // The end-of-contents octets of an indefinite length may follow.
    if rest.iter().any(|byte| *byte != 0) {
        return Err(NotSignedData);
    }
    object.as_sequence().cloned().map_err(|_| NotSignedData)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_signed_data_is_refused() {
        for bytes in [
            &b""[..],
            b"-----BEGIN CMS-----",
            b"\x30\x00",
            b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01",
        ] {
            is_detached(bytes).expect_err("not a CMS SignedData");
        }
    }
}
