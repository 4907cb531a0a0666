//! A small DER writer (X.690 section 10 and 11): complete elements in, complete elements out.

use time::OffsetDateTime;

use super::time::format_time;
use super::{Oid, Tag};

/// A NULL element.
pub const NULL: [u8; 2] = [0x05, 0x00];

/// Identifier and length octets for a content of `length` bytes; the content follows separately, so that it need not be in memory.
pub fn header(tag: Tag, length: u64) -> Vec<u8> {
    let mut header = vec![tag.0];
    if length < 0x80 {
        header.push(length as u8);
    } else {
        let octets = length.to_be_bytes();
        let significant = &octets[length.leading_zeros() as usize / 8..];
        header.push(0x80 | significant.len() as u8);
        header.extend_from_slice(significant);
    }
    header
}

/// An element of `tag` whose content is `parts`, one after another.
pub fn element(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut element = header(tag, length as u64);
    element.reserve_exact(length);
    for part in parts {
        element.extend_from_slice(part);
    }
    element
}

/// A SEQUENCE of complete elements.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(Tag::SEQUENCE, parts)
}

/// A SET OF complete elements, sorted as DER requires (X.690 11.6: by their encodings, bytewise).
pub fn set_of(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    let parts: Vec<&[u8]> = elements.iter().map(Vec::as_slice).collect();
    element(Tag::SET, &parts)
}

/// An OCTET STRING.
pub fn octet_string(bytes: &[u8]) -> Vec<u8> {
    element(Tag::OCTET_STRING, &[bytes])
}

/// An OBJECT IDENTIFIER.
pub fn oid(oid: &Oid) -> Vec<u8> {
    element(Tag::OID, &[oid.content()])
}

/// A non-negative INTEGER from its big-endian magnitude.
pub fn unsigned_integer(magnitude: &[u8]) -> Vec<u8> {
    let zeros = magnitude.iter().take_while(|&&byte| byte == 0).count();
    let significant = &magnitude[zeros..];
    let needs_sign_octet = significant.first().is_none_or(|first| first & 0x80 != 0);
    let sign: &[u8] = if needs_sign_octet { &[0] } else { &[] };
    element(Tag::INTEGER, &[sign, significant])
}

/// A time as RFC 5652 section 11.3 wants it: UTCTime from 1950 through 2049, GeneralizedTime otherwise, whole seconds, UTC.
pub fn time(at: OffsetDateTime) -> Vec<u8> {
    let (tag, text) = format_time(at);
    element(tag, &[text.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_shortest_form() {
        assert_eq!(header(Tag::OCTET_STRING, 0x7f), [0x04, 0x7f]);
        assert_eq!(header(Tag::OCTET_STRING, 0x80), [0x04, 0x81, 0x80]);
        assert_eq!(header(Tag::OCTET_STRING, 0x1_0000), [0x04, 0x83, 1, 0, 0]);
        assert_eq!(header(Tag::OCTET_STRING, 10 << 30), [0x04, 0x85, 2, 0x80, 0, 0, 0]);
    }

    #[test]
    fn sets_are_sorted_bytewise() {
        let longer_but_smaller = octet_string(&[0, 0]);
        let shorter_but_larger = octet_string(&[9]);
        let set = set_of(vec![longer_but_smaller, shorter_but_larger]);
        assert_eq!(set, [0x31, 7, 4, 1, 9, 4, 2, 0, 0]);
    }

    #[test]
    fn integers_stay_positive_and_minimal() {
        assert_eq!(unsigned_integer(&[0, 0, 0x80]), [0x02, 2, 0, 0x80]);
        assert_eq!(unsigned_integer(&[0, 0x7f]), [0x02, 1, 0x7f]);
        assert_eq!(unsigned_integer(&[0, 0]), [0x02, 1, 0]);
    }
}
