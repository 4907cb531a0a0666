//! Hashes as services write them: base64, base64url or hexadecimal, with or without padding.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING);

/// The first byte of signed attributes as they are signed: a DER SET OF (RFC 5652 section 5.4).
const SET: u8 = 0x31;

/// The bytes of a digest that should be `size` bytes long. Hexadecimal digits are base64 too, so the expected length decides between
/// the two; a value of another length comes as base64 gives it, or as hexadecimal when it is nothing else.
pub(super) fn digest(text: &str, size: usize) -> Option<Vec<u8>> {
    let text = compact(text);
    let hexadecimal = hex::decode(&text).ok();
    if let Some(bytes) = &hexadecimal
        && bytes.len() == size
    {
        return hexadecimal;
    }
    base64(&text).or(hexadecimal).filter(|bytes| !bytes.is_empty())
}

/// The bytes of signed attributes; `None` when the text is nothing that begins like them.
pub(super) fn attributes(text: &str) -> Option<Vec<u8>> {
    let text = compact(text);
    let is_set = |bytes: &Vec<u8>| bytes.first() == Some(&SET);
    hex::decode(&text)
        .ok()
        .filter(is_set)
        .or_else(|| base64(&text).filter(is_set))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn every_encoding_of_a_digest_is_read() {
        for size in [32, 48, 64] {
            let bytes: Vec<u8> = (0..size).map(|n| 0xfb ^ u8::try_from(n).unwrap()).collect();
            for text in [
                BASE64_STANDARD.encode(&bytes),
                BASE64_URL_SAFE.encode(&bytes),
                BASE64_URL_SAFE_NO_PAD.encode(&bytes),
                hex::encode(&bytes),
                hex::encode_upper(&bytes),
                format!(" {}\n", BASE64_STANDARD.encode(&bytes)),
            ] {
                assert_eq!(digest(&text, bytes.len()).unwrap(), bytes, "{text}");
            }
        }
    }

    #[test]
    fn a_digest_of_another_length_keeps_its_length() {
        assert_eq!(digest(&BASE64_STANDARD.encode([7; 31]), 32).unwrap().len(), 31);
        assert_ne!(digest(&hex::encode([7; 31]), 32).unwrap().len(), 32);
        assert_eq!(digest("not a hash!", 32), None);
        assert_eq!(digest("", 32), None);
    }

    #[test]
    fn attributes_begin_with_a_set() {
        assert_eq!(attributes("3100").unwrap(), [0x31, 0]);
        assert_eq!(attributes("MQA=").unwrap(), [0x31, 0]);
        assert_eq!(attributes("MAA="), None);
    }
}
