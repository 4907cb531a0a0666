//! Putting an element into DER that others have signed or hashed: nothing that is there is encoded again, only the lengths around the new
//! element grow.

use super::{Element, writer};

/// `der` with `addition` at `offset`. `enclosing` are the elements of `der` that contain the place, outermost first; their lengths are written
/// anew. Every other byte stays as it is.
pub fn insert(der: &[u8], enclosing: &[Element<'_>], offset: usize, addition: &[u8]) -> Vec<u8> {
    // From the inside out: a length that grows may take more octets itself, and one in the long form fewer.
    let (mut before, mut after) = (0, addition.len());
    let mut headers: Vec<Vec<u8>> = Vec::with_capacity(enclosing.len());
    for element in enclosing.iter().rev() {
        let content = element.content.len() - before + after;
        let header = writer::header(element.tag, content as u64);
        (before, after) = (element.whole.len(), header.len() + content);
        headers.push(header);
    }
    headers.reverse();
    let mut whole = Vec::with_capacity(der.len() + addition.len() + 4 * enclosing.len());
    let mut position = 0;
    for (element, header) in enclosing.iter().zip(headers) {
        whole.extend_from_slice(&der[position..offset_in(der, element.whole)]);
        whole.extend_from_slice(&header);
        position = offset_in(der, element.content);
    }
    whole.extend_from_slice(&der[position..offset]);
    whole.extend_from_slice(addition);
    whole.extend_from_slice(&der[offset..]);
    whole
}

/// Where in `der` a new element belongs in the SET OF or implicitly tagged set `set`, so that a sorted set stays sorted.
pub fn place_in_set(der: &[u8], set: &Element<'_>, addition: &[u8]) -> usize {
    let mut elements = set.reader();
    loop {
        let here = elements.rest();
        match elements.element() {
            Ok(element) if element.whole < addition => {}
            _ => return offset_in(der, here),
        }
    }
}

/// Where `part`, a slice of `whole`, begins in it.
pub fn offset_in(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::certificate::asn1::Tag;

    #[test]
    fn lengths_grow_and_everything_else_stays() {
        let set = writer::set_of(vec![writer::octet_string(&[1; 60]), writer::octet_string(&[2; 50])]);
        let der = writer::sequence(&[&writer::unsigned_integer(&[7]), &set, &writer::NULL]);
        let outer = Element::try_from(&der[..]).unwrap();
        let mut fields = outer.reader();
        fields.required(Tag::INTEGER).unwrap();
        let inner = fields.required(Tag::SET).unwrap();
        let addition = writer::octet_string(&[9; 30]);
        let offset = place_in_set(&der, &inner, &addition);
        let grown = insert(&der, &[outer, inner], offset, &addition);
        let expected = writer::sequence(&[
            &writer::unsigned_integer(&[7]),
            &writer::set_of(vec![
                writer::octet_string(&[1; 60]),
                writer::octet_string(&[2; 50]),
                addition,
            ]),
            &writer::NULL,
        ]);
        assert_eq!(grown, expected);
    }
}
