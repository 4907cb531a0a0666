/// How much of a document tells its kind, in bytes: the header of a PDF may stand behind other bytes (PDF 32000-1, annex H.3.4.1).
pub(super) const HEAD: usize = 1024;

/// What a document is by its bytes. What it is called or said to be does not count: the person is to see what is signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// ZIP, and the formats that are one: DOCX, XLSX, ODT, ASiC.
    Archive,
    /// A picture.
    Image(Format),
    /// Text of some sort, or nothing that is known.
    Other,
    /// PDF.
    Pdf,
}

/// The formats of pictures that are drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    Bmp,
    Gif,
    Jpeg,
    Png,
    Tiff,
}

/// What pictures begin with.
const PICTURES: &[(&[u8], Format)] = &[
    (b"BM", Format::Bmp),
    (b"GIF87a", Format::Gif),
    (b"GIF89a", Format::Gif),
    (b"\xff\xd8\xff", Format::Jpeg),
    (b"\x89PNG\r\n\x1a\n", Format::Png),
    (b"II*\0", Format::Tiff),
    (b"MM\0*", Format::Tiff),
];

impl Kind {
    /// The kind of a document that begins with `head`.
    pub(super) fn of(head: &[u8]) -> Self {
        if head.windows(5).any(|window| window == b"%PDF-") {
            return Self::Pdf;
        }
        if is_archive(head) {
            return Self::Archive;
        }
        // A text may begin with the two letters of BMP; its header has zeros where a text has none.
        let picture = PICTURES.iter().find(|(magic, _)| head.starts_with(magic));
        match picture {
            Some((_, Format::Bmp)) if head.get(6..10) != Some(&[0; 4]) => Self::Other,
            Some((_, format)) => Self::Image(*format),
            None => Self::Other,
        }
    }
}

/// Whether this is how a ZIP begins (PKWARE APPNOTE 4.3.7 and, for an empty archive, 4.3.16).
pub(in crate::preview) fn is_archive(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_known_by_their_bytes() {
        let cases: [(&[u8], Kind); 11] = [
            (b"%PDF-1.7\n", Kind::Pdf),
            (b"\xef\xbb\xbf%PDF-1.4", Kind::Pdf),
            (b"PK\x03\x04\x14\x00", Kind::Archive),
            (b"PK\x05\x06\x00\x00", Kind::Archive),
            (b"\x89PNG\r\n\x1a\n\x00\x00", Kind::Image(Format::Png)),
            (b"\xff\xd8\xff\xe0\x00\x10JFIF", Kind::Image(Format::Jpeg)),
            (b"BM\x9a\0\0\0\0\0\0\0\x36\0\0\0", Kind::Image(Format::Bmp)),
            (b"BMW is a maker of cars", Kind::Other),
            (b"<?xml version=\"1.0\"?>", Kind::Other),
            (b"MZ\x90\x00", Kind::Other),
            (b"", Kind::Other),
        ];
        for (head, kind) in cases {
            assert_eq!(Kind::of(head), kind, "{head:?}");
        }
    }
}
