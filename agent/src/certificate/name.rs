//! Distinguished names: their attributes, and a readable form in the manner of RFC 4514.

use std::fmt::Write as _;

use super::asn1::{Asn1Error, Element, Oid, Reader, Tag};

/// An X.501 Name: relative distinguished names in certificate order, each a set of attributes.
pub(super) struct Name {
    relative: Vec<Vec<Attribute>>,
}

pub(super) struct Attribute {
    pub(super) oid: Oid,
    /// `None` when the value is not a character string.
    pub(super) text: Option<String>,
    encoded: Vec<u8>,
}

impl Name {
    /// Reads the Name element `name`.
    pub(super) fn read(name: &Element<'_>) -> Result<Self, Asn1Error> {
        let mut relative = Vec::new();
        let mut names = name.tagged(Tag::SEQUENCE)?.reader();
        while !names.is_empty() {
            let mut attributes = Vec::new();
            let mut set = names.required(Tag::SET)?.reader();
            while !set.is_empty() {
                attributes.push(Attribute::read(set.sequence()?)?);
            }
            relative.push(attributes);
        }
        Ok(Self { relative })
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.relative.iter().flatten()
    }

    /// The first character-string value of the attribute `oid`.
    pub(super) fn text(&self, oid: Oid) -> Option<&str> {
        self.attributes()
            .find(|attribute| attribute.oid == oid)
            .and_then(|attribute| attribute.text.as_deref())
    }

    /// `CN=…,O=…,C=…`: the last relative name first, as RFC 4514 section 2.1 orders them. Letters of any script stay as they are; what could
    /// disturb a terminal or hide text (control and bidirectional formatting characters) is escaped.
    pub(super) fn readable(&self) -> String {
        let mut readable = String::new();
        for attributes in self.relative.iter().rev() {
            for (position, attribute) in attributes.iter().enumerate() {
                if !readable.is_empty() {
                    readable.push(if position == 0 { ',' } else { '+' });
                }
                attribute.write_readable(&mut readable);
            }
        }
        readable
    }
}

impl Attribute {
    fn read(mut fields: Reader<'_>) -> Result<Self, Asn1Error> {
        let oid = fields.required(Tag::OID)?.oid()?;
        let value = fields.element()?;
        Ok(Self {
            oid,
            text: character_string(&value),
            encoded: value.whole.to_vec(),
        })
    }

    fn write_readable(&self, out: &mut String) {
        match SHORT_NAMES.iter().find(|(oid, _)| *oid == self.oid) {
            Some((_, name)) => out.push_str(name),
            None => out.push_str(&self.oid.to_string()),
        }
        out.push('=');
        match &self.text {
            Some(text) => escape(text, out),
            None => {
                out.push('#');
                out.push_str(&hex::encode(&self.encoded));
            }
        }
    }
}

/// The text of a character-string element; `None` when it is of another type.
pub(super) fn character_string(element: &Element<'_>) -> Option<String> {
    const UTF8: u8 = 12;
    const NUMERIC: u8 = 18;
    const PRINTABLE: u8 = 19;
    const TELETEX: u8 = 20;
    const IA5: u8 = 22;
    const VISIBLE: u8 = 26;
    const UNIVERSAL: u8 = 28;
    const BMP: u8 = 30;
    let bytes = element.content;
    match element.tag.0 {
        UTF8 | NUMERIC | PRINTABLE | IA5 | VISIBLE => Some(String::from_utf8_lossy(bytes).into_owned()),
        // Issuers put UTF-8 or Latin-1 there; T.61 itself does not occur.
        TELETEX => Some(match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().copied().map(char::from).collect(),
        }),
        BMP => {
            let units = bytes.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
            Some(
                char::decode_utf16(units)
                    .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect(),
            )
        }
        UNIVERSAL => {
            let units = bytes
                .chunks_exact(4)
                .map(|unit| u32::from_be_bytes([unit[0], unit[1], unit[2], unit[3]]));
            Some(
                units
                    .map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect(),
            )
        }
        _ => None,
    }
}

fn escape(text: &str, out: &mut String) {
    let last = text.chars().count().saturating_sub(1);
    for (position, character) in text.chars().enumerate() {
        let at_edge = position == 0 || position == last;
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            ' ' if at_edge => out.push_str("\\ "),
            '#' if position == 0 => out.push_str("\\#"),
            _ if character.is_control() || is_bidirectional_format(character) => {
                let mut utf8 = [0; 4];
                for byte in character.encode_utf8(&mut utf8).bytes() {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\{byte:02X}");
                }
            }
            _ => out.push(character),
        }
    }
}

/// Characters that reorder what is shown (Unicode Annex 9); a name has no use for them.
const fn is_bidirectional_format(character: char) -> bool {
    matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Attribute types (RFC 4519, RFC 2985, RFC 9215 section 5).
pub(super) mod attribute {
    use super::Oid;

    pub(in crate::certificate) const COMMON_NAME: Oid = Oid::literal("2.5.4.3");
    pub(in crate::certificate) const SURNAME: Oid = Oid::literal("2.5.4.4");
    pub(in crate::certificate) const SERIAL_NUMBER: Oid = Oid::literal("2.5.4.5");
    pub(in crate::certificate) const COUNTRY: Oid = Oid::literal("2.5.4.6");
    pub(in crate::certificate) const ORGANISATION: Oid = Oid::literal("2.5.4.10");
    pub(in crate::certificate) const ORGANISATIONAL_UNIT: Oid = Oid::literal("2.5.4.11");
    pub(in crate::certificate) const TITLE: Oid = Oid::literal("2.5.4.12");
    pub(in crate::certificate) const GIVEN_NAME: Oid = Oid::literal("2.5.4.42");
    pub(in crate::certificate) const EMAIL: Oid = Oid::literal("1.2.840.113549.1.9.1");
    pub(in crate::certificate) const USER_ID: Oid = Oid::literal("0.9.2342.19200300.100.1.1");
    pub(in crate::certificate) const INN: Oid = Oid::literal("1.2.643.3.131.1.1");
    pub(in crate::certificate) const INN_LE: Oid = Oid::literal("1.2.643.100.4");
    pub(in crate::certificate) const OGRN: Oid = Oid::literal("1.2.643.100.1");
    pub(in crate::certificate) const OGRNIP: Oid = Oid::literal("1.2.643.100.5");
    pub(in crate::certificate) const SNILS: Oid = Oid::literal("1.2.643.100.3");
}

const SHORT_NAMES: [(Oid, &str); 19] = [
    (attribute::COMMON_NAME, "CN"),
    (attribute::SURNAME, "SN"),
    (attribute::SERIAL_NUMBER, "serialNumber"),
    (attribute::COUNTRY, "C"),
    (Oid::literal("2.5.4.7"), "L"),
    (Oid::literal("2.5.4.8"), "ST"),
    (Oid::literal("2.5.4.9"), "STREET"),
    (attribute::ORGANISATION, "O"),
    (attribute::ORGANISATIONAL_UNIT, "OU"),
    (attribute::TITLE, "title"),
    (attribute::GIVEN_NAME, "GN"),
    (attribute::EMAIL, "emailAddress"),
    (attribute::USER_ID, "UID"),
    (Oid::literal("0.9.2342.19200300.100.1.25"), "DC"),
    (attribute::INN, "INN"),
    (attribute::INN_LE, "INNLE"),
    (attribute::OGRN, "OGRN"),
    (attribute::OGRNIP, "OGRNIP"),
    (attribute::SNILS, "SNILS"),
];

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::certificate::asn1::writer;

    /// A Name with one attribute in each relative name.
    pub(in crate::certificate) fn name(attributes: &[(Oid, &str)]) -> Name {
        let relative: Vec<Vec<u8>> = attributes
            .iter()
            .map(|(oid, text)| {
                let value = writer::element(Tag(12), &[text.as_bytes()]);
                writer::set_of(vec![writer::sequence(&[&writer::oid(oid), &value])])
            })
            .collect();
        let parts: Vec<&[u8]> = relative.iter().map(Vec::as_slice).collect();
        Name::read(&Element::try_from(&writer::sequence(&parts)[..]).unwrap()).unwrap()
    }

    #[test]
    fn readable_names_keep_cyrillic_and_escape_what_could_deceive() {
        let name = name(&[
            (attribute::COUNTRY, "KZ"),
            (attribute::ORGANISATION, "ТОО \"Ромашка\", филиал"),
            (attribute::COMMON_NAME, " ИВАНОВ\u{202e}\n"),
            (Oid::literal("1.2.3.4"), "x"),
        ]);
        assert_eq!(
            name.readable(),
            "1.2.3.4=x,CN=\\ ИВАНОВ\\E2\\80\\AE\\0A,O=ТОО \\\"Ромашка\\\"\\, филиал,C=KZ"
        );
    }

    #[test]
    fn every_string_type_is_read() {
        let text = |tag: u8, bytes: &[u8]| {
            let encoded = writer::element(Tag(tag), &[bytes]);
            character_string(&Element::try_from(&encoded[..]).unwrap())
        };
        assert_eq!(text(30, &[0x04, 0x18, 0x00, 0x41]).unwrap(), "ИA");
        assert_eq!(text(28, &[0, 0, 0x04, 0x18]).unwrap(), "И");
        assert_eq!(text(20, &[0xe9]).unwrap(), "é");
        assert_eq!(text(18, b"007712345678").unwrap(), "007712345678");
        assert_eq!(text(4, b"octets"), None);
    }
}
