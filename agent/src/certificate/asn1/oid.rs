//! Object identifiers, held as their DER content.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Asn1Error;

/// An object identifier. `Copy`, comparable, usable in constants: the tables of algorithms and extensions are made of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid {
    len: u8,
    content: [u8; Self::MAX],
}

impl Oid {
    /// The longest content, in bytes, that is held; longer identifiers are refused (the longest in real certificates are UUID-based, 20 bytes).
    pub const MAX: usize = 39;

    /// The identifier of a dotted literal; meant for constants, where a bad literal stops the compilation.
    pub const fn literal(dotted: &str) -> Self {
        match Self::encode(dotted.as_bytes()) {
            Some(oid) => oid,
            None => panic!("not a dotted object identifier"),
        }
    }

    /// The identifier whose DER content (without tag and length) is `content`.
    pub fn from_content(content: &[u8]) -> Result<Self, Asn1Error> {
        let ends_an_arc = content.last().is_some_and(|last| last & 0x80 == 0);
        if !ends_an_arc || content.len() > Self::MAX {
            return Err(Asn1Error::Value("object identifier"));
        }
        let mut held = [0; Self::MAX];
        held[..content.len()].copy_from_slice(content);
        Ok(Self {
            len: content.len() as u8,
            content: held,
        })
    }

    /// The DER content, without tag and length.
    pub fn content(&self) -> &[u8] {
        &self.content[..usize::from(self.len)]
    }

    const fn encode(dotted: &[u8]) -> Option<Self> {
        let mut oid = Self {
            len: 0,
            content: [0; Self::MAX],
        };
        let (mut arc, mut digits, mut index, mut root): (u128, usize, usize, u128) = (0, 0, 0, 0);
        let mut position = 0;
        loop {
            let at_end = position == dotted.len();
            if !at_end && dotted[position].is_ascii_digit() {
                let digit = (dotted[position] - b'0') as u128;
                arc = match arc.checked_mul(10) {
                    Some(shifted) if shifted <= u128::MAX - digit => shifted + digit,
                    _ => return None,
                };
                digits += 1;
            } else if digits > 0 && (at_end || dotted[position] == b'.') {
                if index == 0 {
                    root = arc;
                } else {
                    let first_two = index == 1;
                    if root > 2 || (first_two && root < 2 && arc > 39) || arc > u128::MAX - 80 {
                        return None;
                    }
                    let value = if first_two { root * 40 + arc } else { arc };
                    oid = match oid.with_arc(value) {
                        Some(longer) => longer,
                        None => return None,
                    };
                }
                (arc, digits) = (0, 0);
                index += 1;
                if at_end {
                    break;
                }
            } else {
                return None;
            }
            position += 1;
        }
        if index < 2 { None } else { Some(oid) }
    }

    const fn with_arc(mut self, value: u128) -> Option<Self> {
        let mut groups = 1;
        while groups < 19 && value >> (7 * groups) != 0 {
            groups += 1;
        }
        while groups > 0 {
            groups -= 1;
            if self.len as usize == Self::MAX {
                return None;
            }
            let more = if groups > 0 { 0x80 } else { 0 };
            self.content[self.len as usize] = ((value >> (7 * groups)) & 0x7f) as u8 | more;
            self.len += 1;
        }
        Some(self)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        let mut arc: u128 = 0;
        for &byte in self.content() {
            // Arcs above 128 bits do not occur; they would print wrapped, never panic.
            arc = (arc << 7) | u128::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                continue;
            }
            if first {
                let root = (arc / 40).min(2);
                write!(f, "{root}.{}", arc - root * 40)?;
                first = false;
            } else {
                write!(f, ".{arc}")?;
            }
            arc = 0;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

impl FromStr for Oid {
    type Err = Asn1Error;

    fn from_str(dotted: &str) -> Result<Self, Self::Err> {
        Self::encode(dotted.as_bytes()).ok_or(Asn1Error::Value("dotted object identifier"))
    }
}

impl Serialize for Oid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Oid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn dotted_and_content_agree() {
        for (dotted, content) in [
            (
                "1.2.840.113549.1.7.2",
                &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02][..],
            ),
            ("1.2.643.7.1.1.2.2", &[0x2a, 0x85, 0x03, 0x07, 0x01, 0x01, 0x02, 0x02]),
            ("2.999.3", &[0x88, 0x37, 0x03]),
            ("2.5.29.15", &[0x55, 0x1d, 0x0f]),
        ] {
            let oid: Oid = dotted.parse().unwrap();
            assert_eq!(oid.content(), content);
            assert_eq!(Oid::from_content(content).unwrap().to_string(), dotted);
        }
        let uuid = "2.25.329800735698586629295641978511506172918";
        assert_eq!(uuid.parse::<Oid>().unwrap().to_string(), uuid);
    }

    #[test]
    fn refuses_what_is_not_an_identifier() {
        for dotted in [
            "",
            "1",
            "1.",
            ".1",
            "1..2",
            "3.1",
            "1.40",
            "1.2.x",
            "1.2.340282366920938463463374607431768211456",
        ] {
            assert!(dotted.parse::<Oid>().is_err(), "{dotted}");
        }
        assert!(Oid::from_content(&[]).is_err());
        assert!(Oid::from_content(&[0x2a, 0x86]).is_err());
        assert!(Oid::from_content(&[0x2a; 40]).is_err());
    }
}
