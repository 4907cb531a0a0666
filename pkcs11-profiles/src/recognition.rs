use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Evidence;

/// How a token of the family is told from others, before or after its module is loaded. A token is recognised when any
/// of the entries fits.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct Recognition {
    /// Part of the PC/SC reader's name, compared without case.
    #[serde(default)]
    pub reader: Option<String>,
    /// The answer to reset (ISO 7816-3), with `..` for any byte.
    #[serde(default)]
    pub atr: Option<Atr>,
    /// The beginning of the token's model in `CK_TOKEN_INFO`.
    #[serde(default)]
    pub model: Option<String>,
    /// Where it is known from.
    #[serde(flatten)]
    pub evidence: Evidence,
}

impl Recognition {
    /// Whether a reader of this name has a card of the family in it: a token with its reader built in.
    pub fn fits_reader(&self, reader: &str) -> bool {
        let part = self.reader.as_ref();
        part.is_some_and(|part| reader.to_lowercase().contains(&part.to_lowercase()))
    }

    /// Whether a card that answers so is one of the family.
    pub fn fits_atr(&self, atr: &[u8]) -> bool {
        self.atr.as_ref().is_some_and(|mask| mask.fits(atr))
    }

    /// Whether a token with this model is one of the family.
    pub fn fits_model(&self, model: &str) -> bool {
        self.model
            .as_ref()
            .is_some_and(|start| model.starts_with(start.as_str()))
    }
}

/// An answer to reset with wildcards: hex pairs, `..` for any byte.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Atr(Vec<Option<u8>>);

impl Atr {
    /// Whether the answer to reset has this form, byte for byte and in length.
    pub fn fits(&self, atr: &[u8]) -> bool {
        self.0.len() == atr.len()
            && self
                .0
                .iter()
                .zip(atr)
                .all(|(mask, byte)| mask.is_none_or(|mask| mask == *byte))
    }
}

/// Text that is no answer to reset.
#[derive(Debug, thiserror::Error)]
#[error("an answer to reset is written as up to 33 pairs of hex digits, `..` for any byte")]
pub struct AtrError;

impl FromStr for Atr {
    type Err = AtrError;

    fn from_str(text: &str) -> Result<Self, AtrError> {
        let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        // ISO 7816-3 section 8.2: at most 32 characters follow the initial one.
        if compact.is_empty() || !compact.len().is_multiple_of(2) || compact.len() > 66 {
            return Err(AtrError);
        }
        compact
            .chunks_exact(2)
            .map(byte_or_any)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn byte_or_any(pair: &[u8]) -> Result<Option<u8>, AtrError> {
    if pair == b".." {
        return Ok(None);
    }
    let text = std::str::from_utf8(pair).map_err(|_| AtrError)?;
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(AtrError);
    }
    u8::from_str_radix(text, 16).map(Some).map_err(|_| AtrError)
}

impl fmt::Display for Atr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| match byte {
            Some(byte) => write!(f, "{byte:02X}"),
            None => f.write_str(".."),
        })
    }
}

impl TryFrom<String> for Atr {
    type Error = AtrError;

    fn try_from(text: String) -> Result<Self, AtrError> {
        text.parse()
    }
}

impl From<Atr> for String {
    fn from(atr: Atr) -> Self {
        atr.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_atr_with_wildcards_fits_by_byte_and_length() {
        let atr: Atr = "3B .. 11".parse().unwrap();
        assert!(atr.fits(&[0x3B, 0xFF, 0x11]));
        assert!(!atr.fits(&[0x3B, 0xFF, 0x12]));
        assert!(!atr.fits(&[0x3B, 0xFF]));
        assert_eq!(atr.to_string(), "3B..11");
    }

    #[test]
    fn text_that_is_no_atr_is_refused() {
        for text in ["", "3", "3B.", "+1", "zz", &"3B".repeat(34)] {
            assert!(text.parse::<Atr>().is_err(), "{text:?} was taken");
        }
    }
}
