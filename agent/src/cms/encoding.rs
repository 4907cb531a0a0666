//! The encodings in which a CMS goes in and out: DER, PEM (RFC 7468), base64.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The encoding of a CMS file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Binary.
    #[default]
    Der,
    /// Base64 between `-----BEGIN CMS-----` and `-----END CMS-----`, 64 characters a line.
    Pem,
    /// Base64 on one line.
    Base64,
}

/// Why bytes or a name are not an encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EncodingError {
    /// A name that is none of the three.
    #[error("the encoding is one of der, pem, base64")]
    UnknownName,
    /// Neither DER nor PEM nor base64.
    #[error("the data is neither DER nor PEM nor base64")]
    Unrecognised,
}

impl Encoding {
    /// `der` in this encoding.
    pub fn encode(self, der: &[u8]) -> Vec<u8> {
        match self {
            Self::Der => der.to_vec(),
            Self::Base64 => BASE64.encode(der).into_bytes(),
            Self::Pem => {
                let text = BASE64.encode(der);
                let mut pem = Vec::with_capacity(text.len() + text.len() / 64 + 48);
                pem.extend_from_slice(b"-----BEGIN CMS-----\n");
                for line in text.as_bytes().chunks(64) {
                    pem.extend_from_slice(line);
                    pem.push(b'\n');
                }
                pem.extend_from_slice(b"-----END CMS-----\n");
                pem
            }
        }
    }

    /// The DER (or BER) in `bytes`, whichever of the encodings they have, and which one it was. Any PEM label is taken: producers write `CMS`,
    /// `PKCS7` and others.
    pub fn decode(bytes: &[u8]) -> Result<(Cow<'_, [u8]>, Self), EncodingError> {
        if bytes.first() == Some(&0x30)
            && bytes
                .get(1)
                .is_some_and(|length| *length >= 0x80 || usize::from(*length) + 2 == bytes.len())
        {
            return Ok((Cow::Borrowed(bytes), Self::Der));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| EncodingError::Unrecognised)?;
        let (body, encoding) = match text.split_once("-----BEGIN ") {
            Some((_, rest)) => (pem_body(rest).ok_or(EncodingError::Unrecognised)?, Self::Pem),
            None => (text, Self::Base64),
        };
        let compact: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        match BASE64.decode(compact) {
            Ok(der) if !der.is_empty() => Ok((Cow::Owned(der), encoding)),
            _ => Err(EncodingError::Unrecognised),
        }
    }
}

/// Decodes a file that comes in pieces, whichever of the encodings it has.
#[derive(Debug, Default)]
pub(super) struct PiecewiseDecoder {
    form: Option<Form>,
    /// What cannot be decoded yet: the beginning of the file, a line of PEM, fewer than four characters.
    pending: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Der,
    /// Before the end of the line with BEGIN.
    PemBegin,
    Pem,
    /// Behind the last character.
    Ended,
    Base64,
    /// Behind the padding.
    Padded,
}

/// A line with BEGIN is shorter.
const LONGEST_LINE: usize = 1024;

impl PiecewiseDecoder {
    /// What `piece` adds to the decoded file.
    pub(super) fn push<'a>(&mut self, piece: &'a [u8]) -> Result<Cow<'a, [u8]>, EncodingError> {
        if self.form == Some(Form::Der) {
            return Ok(Cow::Borrowed(piece));
        }
        self.pending.extend_from_slice(piece);
        if self.form.is_none() {
            let Some(form) = self.recognised() else {
                return Ok(Cow::Borrowed(&[]));
            };
            self.form = Some(form);
            if form == Form::Der {
                return Ok(Cow::Owned(std::mem::take(&mut self.pending)));
            }
        }
        if self.form == Some(Form::PemBegin) {
            match self.pending.iter().position(|byte| *byte == b'\n') {
                Some(end) => drop(self.pending.drain(..=end)),
                None if self.pending.len() > LONGEST_LINE => return Err(EncodingError::Unrecognised),
                None => return Ok(Cow::Borrowed(&[])),
            }
            self.form = Some(Form::Pem);
        }
        self.decode().map(Cow::Owned)
    }

    /// Whether the file may end here.
    pub(super) fn finish(&self) -> Result<(), EncodingError> {
        match self.form {
            Some(Form::Der | Form::Ended | Form::Padded) => Ok(()),
            Some(Form::Base64) if self.pending.is_empty() => Ok(()),
            _ => Err(EncodingError::Unrecognised),
        }
    }

    fn recognised(&mut self) -> Option<Form> {
        if let [0x30, second, ..] = *self.pending {
            // What is shorter than 128 bytes is no signature; `0` also begins base64, but not that of an ASN.1 element.
            return Some(if second >= 0x80 { Form::Der } else { Form::Base64 });
        }
        let blank = self
            .pending
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        self.pending.drain(..blank);
        match *self.pending {
            [] | [0x30] => None,
            [b'-', ..] => Some(Form::PemBegin),
            _ => Some(Form::Base64),
        }
    }

    fn decode(&mut self) -> Result<Vec<u8>, EncodingError> {
        if self.form == Some(Form::Ended) {
            self.pending.clear();
            return Ok(Vec::new());
        }
        if self.form == Some(Form::Padded) {
            let is_blank = self.pending.iter().all(u8::is_ascii_whitespace);
            self.pending.clear();
            return is_blank.then(Vec::new).ok_or(EncodingError::Unrecognised);
        }
        let mut characters = std::mem::take(&mut self.pending);
        if self.form == Some(Form::Pem)
            && let Some(end) = characters.iter().position(|byte| *byte == b'-')
        {
            characters.truncate(end);
            self.form = Some(Form::Ended);
        }
        characters.retain(|byte| !byte.is_ascii_whitespace());
        if self.form != Some(Form::Ended) {
            self.pending = characters.split_off(characters.len() / 4 * 4);
        }
        let decoded = BASE64.decode(&characters).map_err(|_| EncodingError::Unrecognised)?;
        // Padding ends the file; base64 has no other use for it.
        if characters.ends_with(b"=") && self.form == Some(Form::Base64) {
            self.form = Some(Form::Padded);
        }
        Ok(decoded)
    }
}

/// What stands between the two lines, without RFC 1421 headers.
fn pem_body(after_begin: &str) -> Option<&str> {
    let (_, rest) = after_begin.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    Some(body)
}

impl FromStr for Encoding {
    type Err = EncodingError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "der" => Ok(Self::Der),
            "pem" => Ok(Self::Pem),
            "base64" => Ok(Self::Base64),
            _ => Err(EncodingError::UnknownName),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Der => "der",
            Self::Pem => "pem",
            Self::Base64 => "base64",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn each_encoding_is_recognised_again() {
        let der: Vec<u8> = [&[0x30, 0x81, 0xc8][..], &[7; 200]].concat();
        for encoding in [Encoding::Der, Encoding::Pem, Encoding::Base64] {
            let encoded = encoding.encode(&der);
            assert_eq!(Encoding::decode(&encoded).unwrap(), (Cow::Borrowed(&der[..]), encoding));
            assert_eq!(encoding.to_string().parse::<Encoding>().unwrap(), encoding);
        }
        assert!(
            Encoding::Pem
                .encode(&der)
                .split(|byte| *byte == b'\n')
                .all(|line| line.len() <= 64)
        );
        let other_label = b"junk\n-----BEGIN PKCS7-----\r\nMAA=\r\n-----END PKCS7-----";
        assert_eq!(
            Encoding::decode(other_label).unwrap(),
            (Cow::Borrowed(&[0x30, 0][..]), Encoding::Pem)
        );
    }

    #[test]
    fn pieces_of_any_size_are_decoded() {
        let der: Vec<u8> = [&[0x30, 0x81, 0xc8][..], &[7; 200]].concat();
        for encoding in [Encoding::Der, Encoding::Pem, Encoding::Base64] {
            let encoded = encoding.encode(&der);
            for size in [1, 3, 64, 1000] {
                let mut decoder = PiecewiseDecoder::default();
                let mut decoded = Vec::new();
                for piece in encoded.chunks(size) {
                    decoded.extend_from_slice(&decoder.push(piece).unwrap());
                }
                decoder.finish().unwrap();
                assert_eq!(decoded, der, "{encoding} in pieces of {size}");
            }
        }
        for bytes in [
            &b""[..],
            b" ",
            b"0",
            b"MII",
            b"MII!AAAA",
            b"-----BEGIN CMS-----\nMAA=",
            b"-----BEGIN CMS-----",
        ] {
            let mut decoder = PiecewiseDecoder::default();
            let refused = decoder.push(bytes).is_err() || decoder.finish().is_err();
            assert!(refused, "{bytes:?}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for bytes in [
            &b""[..],
            b"   ",
            b"not base64!",
            b"-----BEGIN CMS-----\nMAA=",
            b"\xff\xfe",
            b"-----BEGIN ",
        ] {
            assert_eq!(Encoding::decode(bytes).unwrap_err(), EncodingError::Unrecognised);
        }
    }
}
