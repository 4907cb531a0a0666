//! Rewrites BER with indefinite lengths and constructed strings (X.690 section 8) as definite-length elements. Kalkan, BouncyCastle and older
//! producers write such containers around parts that are DER already.

use std::borrow::Cow;

use super::reader::header;
use super::{Asn1Error, Tag, writer};

/// `bytes` with every indefinite length made definite and every constructed OCTET STRING joined. Elements that need neither are copied
/// untouched, and input that needs neither throughout is borrowed. Bytes after the first element are dropped.
///
/// Takes memory proportional to the input; nesting deeper than 32 levels is an error.
pub fn to_definite(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Asn1Error> {
    let node = Node::read(bytes, MAX_DEPTH)?;
    Ok(match node.rewritten {
        None => Cow::Borrowed(&bytes[..node.consumed]),
        Some(rewritten) => Cow::Owned(rewritten),
    })
}

/// How many bytes the element at the beginning of `bytes` takes, whatever the form of its lengths.
pub fn extent(bytes: &[u8]) -> Result<usize, Asn1Error> {
    Node::read(bytes, MAX_DEPTH).map(|node| node.consumed)
}

const MAX_DEPTH: usize = 32;
const CONSTRUCTED_OCTET_STRING: Tag = Tag(0x24);
const END_OF_CONTENTS: [u8; 2] = [0, 0];

struct Node {
    /// How many input bytes the element takes.
    consumed: usize,
    /// Its new encoding, when it needs one.
    rewritten: Option<Vec<u8>>,
}

impl Node {
    fn read(bytes: &[u8], depth: usize) -> Result<Self, Asn1Error> {
        let (tag, header_length, length) = header(bytes)?;
        let Some(length) = length else {
            return Self::read_indefinite(bytes, tag, header_length, depth);
        };
        let consumed = header_length.checked_add(length).ok_or(Asn1Error::Length)?;
        let content = bytes.get(header_length..consumed).ok_or(Asn1Error::Truncated)?;
        if !tag.is_constructed() {
            return Ok(Self {
                consumed,
                rewritten: None,
            });
        }
        let rewritten = match Children::read(content, depth, Until::End) {
            // Not our business here: whoever needs this element reports what is wrong with it.
            Err(error) if error != Asn1Error::Depth => None,
            Err(error) => return Err(error),
            Ok(children) if matches!(children.content, Cow::Owned(_)) || tag == CONSTRUCTED_OCTET_STRING => {
                Some(children.wrap(tag)?)
            }
            Ok(_) => None,
        };
        Ok(Self { consumed, rewritten })
    }

    fn read_indefinite(bytes: &[u8], tag: Tag, header_length: usize, depth: usize) -> Result<Self, Asn1Error> {
        if !tag.is_constructed() {
            return Err(Asn1Error::Value("indefinite length of a primitive element"));
        }
        let children = Children::read(&bytes[header_length..], depth, Until::EndOfContents)?;
        Ok(Self {
            consumed: header_length + children.consumed,
            rewritten: Some(children.wrap(tag)?),
        })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Until {
    End,
    EndOfContents,
}

struct Children<'a> {
    consumed: usize,
    /// Borrowed from the input as long as no child is rewritten.
    content: Cow<'a, [u8]>,
}

impl<'a> Children<'a> {
    fn read(bytes: &'a [u8], depth: usize, until: Until) -> Result<Self, Asn1Error> {
        let depth = depth.checked_sub(1).ok_or(Asn1Error::Depth)?;
        let mut position = 0;
        let mut rewritten: Option<Vec<u8>> = None;
        loop {
            let rest = &bytes[position..];
            let ended = match until {
                Until::End => rest.is_empty(),
                Until::EndOfContents => rest.starts_with(&END_OF_CONTENTS),
            };
            if ended {
                break;
            }
            let node = Node::read(rest, depth)?;
            match (node.rewritten, &mut rewritten) {
                (Some(child), Some(content)) => content.extend_from_slice(&child),
                (Some(child), None) => rewritten = Some([&bytes[..position], &child].concat()),
                (None, Some(content)) => content.extend_from_slice(&rest[..node.consumed]),
                (None, None) => {}
            }
            position += node.consumed;
        }
        let consumed = position
            + if until == Until::EndOfContents {
                END_OF_CONTENTS.len()
            } else {
                0
            };
        let content = rewritten.map_or(Cow::Borrowed(&bytes[..position]), Cow::Owned);
        Ok(Self { consumed, content })
    }

    fn wrap(&self, tag: Tag) -> Result<Vec<u8>, Asn1Error> {
        if tag != CONSTRUCTED_OCTET_STRING {
            return Ok(writer::element(tag, &[&self.content]));
        }
        let mut joined = Vec::with_capacity(self.content.len());
        let mut reader = super::Reader::new(&self.content);
        while !reader.is_empty() {
            joined.extend_from_slice(reader.required(Tag::OCTET_STRING)?.content);
        }
        Ok(writer::element(Tag::OCTET_STRING, &[&joined]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn der_is_borrowed() {
        let der = [0x30, 0x05, 0x31, 0x03, 0x02, 0x01, 0x01];
        assert!(matches!(to_definite(&der).unwrap(), Cow::Borrowed(bytes) if bytes == der));
    }

    #[test]
    fn indefinite_lengths_and_string_pieces_are_joined() {
        // SEQUENCE (indefinite) { [0] (definite) { OCTET STRING constructed, indefinite { 'ab', 'c' } }, INTEGER 1 }
        let ber = [
            0x30, 0x80, 0xa0, 0x0b, 0x24, 0x80, 0x04, 2, b'a', b'b', 0x04, 1, b'c', 0, 0, 0x02, 1, 1, 0, 0,
        ];
        let expected = [0x30, 10, 0xa0, 5, 0x04, 3, b'a', b'b', b'c', 0x02, 1, 1];
        assert_eq!(*to_definite(&ber).unwrap(), expected);
    }

    #[test]
    fn hostile_nesting_is_refused() {
        let bomb = [0x30, 0x80].repeat(100_000);
        assert_eq!(to_definite(&bomb).unwrap_err(), Asn1Error::Depth);
        assert_eq!(
            to_definite(&[0x30, 0x80, 0x02, 1, 1]).unwrap_err(),
            Asn1Error::Truncated
        );
        assert!(to_definite(&[0x24, 0x80, 0x30, 0x00, 0, 0]).is_err());
    }
}
