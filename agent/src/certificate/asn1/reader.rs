//! A reader over definite-length BER, of which DER is the strict part.
//!
//! It is deliberately tolerant of what real certificates contain and DER forbids (long-form short lengths, BOOLEAN TRUE other than 0xFF, padded
//! integers), because refusing a certificate that a person holds helps nobody; what matters is that its bytes are kept as they are.

use super::{Asn1Error, Oid};

/// An identifier octet: class, primitive or constructed, and a tag number up to 30.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag(pub u8);

impl Tag {
    /// BOOLEAN.
    pub const BOOLEAN: Self = Self(0x01);
    /// INTEGER.
    pub const INTEGER: Self = Self(0x02);
    /// BIT STRING, primitive.
    pub const BIT_STRING: Self = Self(0x03);
    /// OCTET STRING, primitive.
    pub const OCTET_STRING: Self = Self(0x04);
    /// NULL.
    pub const NULL: Self = Self(0x05);
    /// OBJECT IDENTIFIER.
    pub const OID: Self = Self(0x06);
    /// UTCTime.
    pub const UTC_TIME: Self = Self(0x17);
    /// GeneralizedTime.
    pub const GENERALIZED_TIME: Self = Self(0x18);
    /// SEQUENCE and SEQUENCE OF.
    pub const SEQUENCE: Self = Self(0x30);
    /// SET and SET OF.
    pub const SET: Self = Self(0x31);

    /// `[number]`, primitive.
    pub const fn context(number: u8) -> Self {
        Self(0x80 | number)
    }

    /// `[number]`, constructed.
    pub const fn constructed(number: u8) -> Self {
        Self(0xa0 | number)
    }

    /// Whether elements nest in this one.
    pub const fn is_constructed(self) -> bool {
        self.0 & 0x20 != 0
    }
}

/// One element: its tag, its content, and the whole of its bytes as they were read.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: Tag,
    /// The content octets.
    pub content: &'a [u8],
    /// Identifier, length and content octets.
    pub whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// A reader over the nested elements.
    pub fn reader(&self) -> Reader<'a> {
        Reader::new(self.content)
    }

    /// The object identifier in this element.
    pub fn oid(&self) -> Result<Oid, Asn1Error> {
        self.tagged(Tag::OID)?;
        Oid::from_content(self.content)
    }

    /// The content of a BIT STRING that ends on a byte boundary.
    pub fn bit_string(&self) -> Result<&'a [u8], Asn1Error> {
        self.tagged(Tag::BIT_STRING)?;
        match self.content {
            [0, bits @ ..] => Ok(bits),
            _ => Err(Asn1Error::Value("BIT STRING")),
        }
    }

    /// An INTEGER from 0 to 2^32 − 1.
    pub fn small_integer(&self) -> Result<u32, Asn1Error> {
        self.tagged(Tag::INTEGER)?;
        let magnitude = self.unsigned_integer()?;
        if magnitude.len() > 4 {
            return Err(Asn1Error::Value("INTEGER"));
        }
        Ok(magnitude.iter().fold(0, |value, &byte| (value << 8) | u32::from(byte)))
    }

    /// The magnitude of a non-negative INTEGER, big-endian, without leading zeros.
    pub fn unsigned_integer(&self) -> Result<&'a [u8], Asn1Error> {
        self.tagged(Tag::INTEGER)?;
        match self.content.first() {
            None => Err(Asn1Error::Value("INTEGER")),
            Some(first) if first & 0x80 != 0 => Err(Asn1Error::Value("INTEGER")),
            Some(_) => {
                let zeros = self.content.iter().take_while(|&&byte| byte == 0).count();
                Ok(&self.content[zeros..])
            }
        }
    }

    /// A BOOLEAN; any non-zero octet is true, as in BER.
    pub fn boolean(&self) -> Result<bool, Asn1Error> {
        self.tagged(Tag::BOOLEAN)?;
        match self.content {
            [octet] => Ok(*octet != 0),
            _ => Err(Asn1Error::Value("BOOLEAN")),
        }
    }

    /// This element, if it has `tag`.
    pub fn tagged(&self, tag: Tag) -> Result<Self, Asn1Error> {
        if self.tag == tag {
            Ok(*self)
        } else {
            Err(Asn1Error::UnexpectedTag {
                expected: tag.0,
                found: self.tag.0,
            })
        }
    }
}

/// Reads elements one after another. Never allocates, never recurses.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader over `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether everything is read.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes not read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next element, whatever it is.
    pub fn element(&mut self) -> Result<Element<'a>, Asn1Error> {
        let (tag, header, length) = header(self.rest)?;
        let length = length.ok_or(Asn1Error::Indefinite)?;
        let end = header.checked_add(length).ok_or(Asn1Error::Length)?;
        let whole = self.rest.get(..end).ok_or(Asn1Error::Truncated)?;
        self.rest = &self.rest[end..];
        Ok(Element {
            tag,
            content: &whole[header..],
            whole,
        })
    }

    /// The next element, which must have `tag`.
    pub fn required(&mut self, tag: Tag) -> Result<Element<'a>, Asn1Error> {
        self.element()?.tagged(tag)
    }

    /// The next element if it has `tag`; otherwise nothing is read.
    pub fn optional(&mut self, tag: Tag) -> Result<Option<Element<'a>>, Asn1Error> {
        if self.rest.first() == Some(&tag.0) {
            self.element().map(Some)
        } else {
            Ok(None)
        }
    }

    /// A reader over the content of the next element, which must be a SEQUENCE.
    pub fn sequence(&mut self) -> Result<Self, Asn1Error> {
        Ok(self.required(Tag::SEQUENCE)?.reader())
    }

    /// Nothing may remain.
    pub const fn finish(self) -> Result<(), Asn1Error> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Asn1Error::Trailing)
        }
    }
}

/// Reads one element that is all of `bytes`.
impl<'a> TryFrom<&'a [u8]> for Element<'a> {
    type Error = Asn1Error;

    fn try_from(bytes: &'a [u8]) -> Result<Self, Self::Error> {
        let mut reader = Reader::new(bytes);
        let element = reader.element()?;
        reader.finish()?;
        Ok(element)
    }
}

/// The identifier octet, the header's length, and the content's length (`None`: indefinite) at the start of `bytes`.
pub fn header(bytes: &[u8]) -> Result<(Tag, usize, Option<usize>), Asn1Error> {
    let &[identifier, first, ..] = bytes else {
        return Err(Asn1Error::Truncated);
    };
    if identifier & 0x1f == 0x1f {
        return Err(Asn1Error::HighTagNumber);
    }
    let tag = Tag(identifier);
    match first {
        0..=0x7f => Ok((tag, 2, Some(usize::from(first)))),
        0x80 => Ok((tag, 2, None)),
        _ => {
            let count = usize::from(first & 0x7f);
            let octets = bytes.get(2..2 + count).ok_or(Asn1Error::Truncated)?;
            let length = octets.iter().try_fold(0_usize, |length, &octet| {
                length
                    .checked_mul(0x100)
                    .and_then(|shifted| shifted.checked_add(usize::from(octet)))
            });
            Ok((tag, 2 + count, Some(length.ok_or(Asn1Error::Length)?)))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn keeps_the_exact_bytes_of_odd_lengths() {
        let odd = [0x30, 0x81, 0x03, 0x02, 0x01, 0x05];
        let element = Element::try_from(&odd[..]).unwrap();
        assert_eq!(element.whole, odd);
        assert_eq!(element.reader().element().unwrap().small_integer().unwrap(), 5);
    }

    #[test]
    fn refuses_hostile_lengths_without_reading_them() {
        assert_eq!(
            Reader::new(&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff])
                .element()
                .unwrap_err(),
            Asn1Error::Truncated
        );
        let huge = [0x04, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(Reader::new(&huge).element().unwrap_err(), Asn1Error::Length);
        let overflow = [0x04, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(Reader::new(&overflow).element().unwrap_err(), Asn1Error::Length);
        assert_eq!(Reader::new(&[0x30, 0x80]).element().unwrap_err(), Asn1Error::Indefinite);
        assert_eq!(
            Reader::new(&[0x1f, 0x81, 0x00]).element().unwrap_err(),
            Asn1Error::HighTagNumber
        );
        assert_eq!(Reader::new(&[0x30]).element().unwrap_err(), Asn1Error::Truncated);
    }
}
