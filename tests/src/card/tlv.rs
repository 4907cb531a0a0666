//! BER-TLV as ISO 7816-4 uses it.

/// A data object: tag as written, length, value.
pub(super) fn object(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = tag.to_vec();
    match value.len() {
        short @ 0..=0x7F => bytes.push(short as u8),
        byte @ 0x80..=0xFF => bytes.extend([0x81, byte as u8]),
        long => {
            bytes.push(0x82);
            bytes.extend((long as u16).to_be_bytes());
        }
    }
    bytes.extend(value);
    bytes
}

/// The value of the first object in `bytes`, when it has that one-byte tag, with what follows it.
pub(super) fn split(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match first {
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (
            usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])),
            rest.get(2..)?,
        ),
        short => (usize::from(short), rest),
    };
    (found == tag).then_some(())?;
    rest.split_at_checked(length)
}

/// The value of the object with that one-byte tag in a row of objects with one-byte tags.
pub(super) fn find(mut bytes: &[u8], tag: u8) -> Option<&[u8]> {
    loop {
        let (value, rest) = split(bytes, *bytes.first()?)?;
        if bytes[0] == tag {
            return Some(value);
        }
        bytes = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_every_form_are_written_and_read() {
        for length in [0, 1, 0x7F, 0x80, 0xFF, 0x100, 3000] {
            let value = vec![7; length];
            let bytes = [object(&[0x80], b"first"), object(&[0x81], &value)].concat();
            assert_eq!(find(&bytes, 0x81), Some(value.as_slice()), "{length}");
        }
        assert_eq!(find(&object(&[0x80], b"x"), 0x81), None);
        assert_eq!(split(&[0x80, 5, 1], 0x80), None);
    }
}
