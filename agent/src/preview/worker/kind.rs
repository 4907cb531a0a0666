use image::ImageFormat;

/// How much of a document tells its kind, in bytes: the header of a PDF may stand behind other bytes (PDF 32000-1, annex H.3.4.1).
pub(super) const HEAD: usize = 1024;

/// What a document is by its bytes. What it is called or said to be does not count: the person is to see what is signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// ZIP, and the formats that are one: DOCX, XLSX, ODT, ASiC.
    Archive,
    /// A picture of a format that is drawn.
    Image(ImageFormat),
    /// Text of some sort, or nothing that is known.
    Other,
    /// PDF.
    Pdf,
}

impl Kind {
    /// The kind of a document that begins with `head`.
    pub(super) fn of(head: &[u8]) -> Self {
        if head.windows(5).any(|window| window == b"%PDF-") {
            return Self::Pdf;
        }
        // PKWARE APPNOTE 4.3.7 and, for an empty archive, 4.3.16.
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Self::Archive;
        }
        match image::guess_format(head) {
            Ok(format) if format.reading_enabled() => Self::Image(format),
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_known_by_their_bytes() {
        for (head, kind) in [
            (&b"%PDF-1.7\n"[..], Kind::Pdf),
            (b"\xef\xbb\xbf%PDF-1.4", Kind::Pdf),
            (b"PK\x03\x04\x14\x00", Kind::Archive),
            (b"PK\x05\x06\x00\x00", Kind::Archive),
            (b"\x89PNG\r\n\x1a\n\x00\x00", Kind::Image(ImageFormat::Png)),
            (b"\xff\xd8\xff\xe0\x00\x10JFIF", Kind::Image(ImageFormat::Jpeg)),
            (b"<?xml version=\"1.0\"?>", Kind::Other),
            (b"MZ\x90\x00", Kind::Other),
            (b"", Kind::Other),
        ] {
            assert_eq!(Kind::of(head), kind, "{head:?}");
        }
    }
}
