//! Just enough DER writing (X.690) for a CMS made of ready parts.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
pub(super) const CONTEXT_0: u8 = 0xa0;

pub(super) const NULL: &[u8] = &[0x05, 0x00];

/// One value: tag, length, and the parts one after another.
pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
        out.push(0x80 | significant.len() as u8);
        out.extend_from_slice(significant);
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// A SET OF: the elements in the order of their encodings (X.690 section 11.6).
pub(super) fn set_of(mut elements: Vec<Vec<u8>>) -> Vec<u8> {
    elements.sort();
    let parts: Vec<_> = elements.iter().map(Vec::as_slice).collect();
    tlv(SET, &parts)
}

/// An object identifier from its dotted form, which is a constant of this program.
pub(super) fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted
        .split('.')
        .map(|arc| arc.parse().expect("a constant with decimal arcs"))
        .collect();
    let mut content = base128(arcs[0] * 40 + arcs[1]);
    arcs[2..].iter().for_each(|arc| content.extend(base128(*arc)));
    tlv(0x06, &[&content])
}

fn base128(mut arc: u64) -> Vec<u8> {
    let mut out = vec![(arc & 0x7f) as u8];
    while arc > 0x7f {
        arc >>= 7;
        out.push((arc & 0x7f) as u8 | 0x80);
    }
    out.reverse();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_and_lengths_are_der() {
        assert_eq!(
            oid("1.2.840.113549.1.7.2"),
            b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
        );
        assert_eq!(
            oid("2.16.840.1.101.3.4.2.1"),
            b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
        );
        assert_eq!(tlv(OCTET_STRING, &[&[7; 0x7f]])[..2], [0x04, 0x7f]);
        assert_eq!(tlv(OCTET_STRING, &[&[7; 0x80]])[..3], [0x04, 0x81, 0x80]);
        assert_eq!(tlv(OCTET_STRING, &[&[7; 300]])[..4], [0x04, 0x82, 0x01, 0x2c]);
    }

    #[test]
    fn a_set_is_sorted() {
        assert_eq!(set_of(vec![vec![5, 0], vec![1, 1, 0]]), [SET, 5, 1, 1, 0, 5, 0]);
    }
}
