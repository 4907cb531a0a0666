//! Writing DER (X.690).

use time::OffsetDateTime;

/// An object identifier in DER, from its arcs.
pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').filter_map(|arc| arc.parse().ok()).collect();
    let mut content = Vec::new();
    if let [first, second, rest @ ..] = arcs.as_slice() {
        for arc in std::iter::once(first * 40 + second).chain(rest.iter().copied()) {
            let groups = (64 - arc.leading_zeros()).div_ceil(7).max(1);
            for group in (0..groups).rev() {
                let low = u8::try_from(arc >> (7 * group) & 0x7f).unwrap_or_default();
                content.push(if group == 0 { low } else { low | 0x80 });
            }
        }
    }
    tlv(0x06, &[&content])
}

/// SEQUENCE
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

/// SET of one element
pub(crate) fn set_of_one(element: &[u8]) -> Vec<u8> {
    tlv(0x31, &[element])
}

/// OCTET STRING
pub(crate) fn octets(content: &[u8]) -> Vec<u8> {
    tlv(0x04, &[content])
}

/// BIT STRING of whole bytes
pub(crate) fn bits(content: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], content])
}

/// INTEGER from an unsigned big-endian number
pub(crate) fn unsigned(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    match &number[start..] {
        [] => tlv(0x02, &[&[0]]),
        digits @ [0x80..=0xff, ..] => tlv(0x02, &[&[0], digits]),
        digits => tlv(0x02, &[digits]),
    }
}

/// UTF8String
pub(crate) fn utf8_string(text: &str) -> Vec<u8> {
    tlv(0x0c, &[text.as_bytes()])
}

/// Time as RFC 5280 section 4.1.2.5 wants it: UTCTime until 2049, GeneralizedTime after.
pub(crate) fn time(moment: OffsetDateTime) -> Vec<u8> {
    let (year, month, day) = (moment.year(), u8::from(moment.month()), moment.day());
    let (hour, minute, second) = (moment.hour(), moment.minute(), moment.second());
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    if year < 2050 {
        tlv(0x17, &[format!("{:02}", year % 100).as_bytes(), rest.as_bytes()])
    } else {
        tlv(0x18, &[format!("{year:04}").as_bytes(), rest.as_bytes()])
    }
}

/// Any element.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let mut element = vec![tag];
    match content.len() {
        0..0x80 => element.extend(&length[length.len() - 1..]),
        _ => {
            let significant = &length[length.iter().take_while(|byte| **byte == 0).count()..];
            element.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
            element.extend(significant);
        }
    }
    element.extend(content);
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_the_standard_says() {
        assert_eq!(oid("1.2.643.100.111"), b"\x06\x05\x2a\x85\x03\x64\x6f");
        assert_eq!(oid("2.5.4.3"), b"\x06\x03\x55\x04\x03");
        assert_eq!(unsigned(&[0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0, 0]), [2, 1, 0]);
        assert_eq!(tlv(4, &[&[0; 200]])[..3], [4, 0x81, 200]);
        assert_eq!(tlv(4, &[&[0; 300]])[..4], [4, 0x82, 1, 44]);
        assert_eq!(time(OffsetDateTime::UNIX_EPOCH), b"\x17\x0d700101000000Z");
    }
}
