use std::fs::File;
use std::io::Read as _;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1251};

use super::xml;
use crate::preview::model::{Preview, Unshowable};

/// How much of a text is shown, in bytes.
const SHOWN: usize = 512 << 10;

/// Shows text, and XML with an element a line.
pub(super) fn show(document: File) -> Result<Preview, Unshowable> {
    let mut bytes = Vec::new();
    document
        .take(SHOWN as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| Unshowable::Broken)?;
    let truncated = bytes.len() > SHOWN;
    bytes.truncate(SHOWN);
    let (text, encoding) = decode(&bytes, truncated).ok_or(Unshowable::Unknown)?;
    let encoding = encoding.name().to_owned();
    Ok(match xml::indent(&text, truncated) {
        Some(text) => Preview::Xml {
            text,
            encoding,
            truncated,
        },
        None => Preview::Text {
            text,
            encoding,
            truncated,
        },
    })
}

/// Reads text in the encoding that it shows or declares; text that does neither is taken for Windows-1251, in which texts of the
/// region without Unicode are written. `None` for what is no text.
fn decode(bytes: &[u8], truncated: bool) -> Option<(String, &'static Encoding)> {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = marked
        .or_else(|| is_utf8(bytes, truncated).then_some(UTF_8))
        .or_else(|| declared(bytes))
        .unwrap_or(WINDOWS_1251);
    let (text, encoding, _) = encoding.decode(bytes);
    let is_text = !text.chars().any(is_binary);
    is_text.then(|| (text.into_owned(), encoding))
}

fn is_utf8(bytes: &[u8], truncated: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        // Cut in the middle of a character.
        Err(error) => truncated && error.error_len().is_none(),
    }
}

/// The encoding that an XML declaration names (XML 1.0, section 4.3.3).
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let end = bytes.iter().take(200).position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(&bytes[..end]).ok()?;
    let (_, value) = declaration.strip_prefix("<?xml")?.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (label, _) = value[1..].split_once(quote)?;
    Encoding::for_label(label.as_bytes())
}

/// Characters that no text has.
fn is_binary(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Option<(String, &'static str)> {
        decode(bytes, false).map(|(text, encoding)| (text, encoding.name()))
    }

    #[test]
    fn encodings_are_recognised() {
        let shows = |bytes: &[u8], text: &str, encoding: &str| {
            assert_eq!(decoded(bytes), Some((text.to_owned(), encoding_name(encoding))));
        };
        shows("Шарт № 5".as_bytes(), "Шарт № 5", "UTF-8");
        shows(b"\xef\xbb\xbfa", "a", "UTF-8");
        shows(b"\xff\xfe\x10\x04", "А", "UTF-16LE");
        shows(b"\xc4\xee\xe3\xee\xe2\xee\xf0", "Договор", "windows-1251");
        shows(
            b"<?xml version='1.0' encoding='koi8-r'?><a>\xe4</a>",
            "<?xml version='1.0' encoding='koi8-r'?><a>Д</a>",
            "KOI8-R",
        );
    }

    #[test]
    fn what_is_no_text_is_none() {
        for bytes in [&b"MZ\x90\x00\x03"[..], b"\x30\x82\x05\x00\x06\x09", b"\x7fELF\x02"] {
            assert_eq!(decoded(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_character_cut_in_two_stays_utf8() {
        let bytes = "Договор".as_bytes();
        assert!(is_utf8(&bytes[..3], true));
        assert!(!is_utf8(&bytes[..3], false));
    }

    fn encoding_name(name: &str) -> &'static str {
        Encoding::for_label(name.as_bytes()).map_or("", Encoding::name)
    }
}
