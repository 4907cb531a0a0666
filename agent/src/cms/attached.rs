//! Attached signatures too large for memory: read piece by piece, the content hashed and forgotten, everything else kept.

use std::collections::BTreeSet;

use super::assemble::SIGNED_DATA;
use super::digest::{ContentDigester, ContentDigests, DigestAlgorithm};
use super::encoding::PiecewiseDecoder;
use super::signed_data::{SignedData, SignedDataError};
use crate::certificate::asn1::{Asn1Error, Element, Reader, Tag, ber, header, writer};

/// Reads a SignedData with its content inside (RFC 5652 section 5.1), DER or BER, PEM or base64, in pieces of any size. Memory is bounded by what
/// stands around the content, and that by [`LARGEST_STRUCTURE`].
pub struct AttachedReader {
    decoder: PiecewiseDecoder,
    /// How much of the decoded file was taken.
    position: u64,
    stage: Stage,
    digester: ContentDigester,
    /// The file without its content, every enclosing element with an indefinite length.
    skeleton: Vec<u8>,
    /// Where the three enclosing elements end, the innermost first, when their lengths say so.
    ends: [Option<u64>; 3],
}

/// The most bytes around the content that are read.
pub const LARGEST_STRUCTURE: usize = 32 << 20;

/// Everything up to the content takes a few dozen bytes.
const LARGEST_HEAD: usize = 64 << 10;
/// Constructed strings inside constructed strings: nobody nests them deeper than once.
const MAX_DEPTH: usize = 8;
const CONSTRUCTED_OCTET_STRING: Tag = Tag(0x24);
const END_OF_CONTENTS: [u8; 2] = [0, 0];

enum Stage {
    /// Up to the first byte of the content; what has come so far.
    Head(Vec<u8>),
    Content(Content),
    /// Behind encapContentInfo.
    Tail,
}

/// Inside encapContentInfo.
struct Content {
    /// The open elements from encapContentInfo inwards.
    open: Vec<Extent>,
    /// How much of a primitive string is still to come.
    left: u64,
    /// The beginning of an element's header.
    header: Vec<u8>,
}

/// Where an element ends.
#[derive(Clone, Copy)]
struct Extent {
    /// When its length says so.
    end: Option<u64>,
    /// Where it must have ended, because of itself or of what is around it.
    limit: Option<u64>,
}

impl Extent {
    /// What is around everything.
    const UNLIMITED: Self = Self { end: None, limit: None };

    /// The extent of an element inside this one whose content begins at `from`.
    fn inner(self, from: u64, length: Option<usize>) -> Result<Self, Asn1Error> {
        let end = match length {
            Some(length) => Some(from.checked_add(length as u64).ok_or(Asn1Error::Length)?),
            None => None,
        };
        self.check(end.unwrap_or(from))?;
        Ok(Self {
            end,
            limit: end.or(self.limit),
        })
    }

    /// Whether this place still lies inside.
    fn check(self, place: u64) -> Result<(), Asn1Error> {
        match self.limit {
            Some(limit) if place > limit => Err(Asn1Error::Length),
            _ => Ok(()),
        }
    }
}

impl Default for AttachedReader {
    fn default() -> Self {
        Self::new()
    }
}

impl AttachedReader {
    /// A reader that has seen nothing yet.
    pub fn new() -> Self {
        Self {
            decoder: PiecewiseDecoder::default(),
            position: 0,
            stage: Stage::Head(Vec::new()),
            digester: ContentDigester::new(&BTreeSet::new()),
            skeleton: Vec::new(),
            ends: [None; 3],
        }
    }

    /// Takes the next piece of the file.
    ///
    /// # Errors
    /// [`SignedDataError`] as soon as the file cannot be an attached signature.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), SignedDataError> {
        let decoded = self.decoder.push(piece)?;
        self.take(&decoded)
    }

    /// The SignedData without its content, and the content's digests by the algorithms that it announces in digestAlgorithms.
    ///
    /// # Errors
    /// [`SignedDataError`]; [`SignedDataError::DigestNotAnnounced`] when a signer uses another algorithm.
    pub fn finish(mut self) -> Result<(SignedData, ContentDigests), SignedDataError> {
        self.decoder.finish()?;
        let is_complete = matches!(self.stage, Stage::Tail) && self.end().is_none_or(|end| self.position >= end);
        if !is_complete {
            return Err(Asn1Error::Truncated.into());
        }
        check_ends_at(self.ends, self.position)?;
        // The skeleton has to end those itself whose lengths were definite.
        let definite = self.ends.iter().flatten().count();
        self.skeleton.extend(END_OF_CONTENTS.repeat(definite));
        let signed = SignedData::parse(&self.skeleton)?;
        let digests = self.digester.finish();
        match signed
            .required_digests()
            .into_iter()
            .find(|algorithm| digests.by(*algorithm).is_none())
        {
            Some(algorithm) => Err(SignedDataError::DigestNotAnnounced(algorithm)),
            None => Ok((signed, digests)),
        }
    }

    /// Where ContentInfo ends, when its length says so.
    const fn end(&self) -> Option<u64> {
        let [_, _, content_info] = self.ends;
        content_info
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), SignedDataError> {
        let mut bytes = bytes;
        let gathered;
        if let Stage::Head(head) = &mut self.stage {
            head.extend_from_slice(bytes);
            let Some(read) = Head::read(head)? else {
                return if head.len() < LARGEST_HEAD {
                    Ok(())
                } else {
                    Err(Asn1Error::Length.into())
                };
            };
            gathered = std::mem::take(head);
            self.digester = ContentDigester::new(&read.digests);
            self.skeleton = read.skeleton;
            self.ends = read.ends;
            self.position = read.length as u64;
            self.stage = Stage::Content(read.content);
            bytes = &gathered[read.length..];
        }
        if let Stage::Content(content) = &mut self.stage {
            let digester = &mut self.digester;
            let taken = content.take(bytes, self.position, |piece| digester.update(piece))?;
            self.position += taken as u64;
            bytes = &bytes[taken..];
            if content.open.is_empty() {
                self.stage = Stage::Tail;
            }
        }
        if matches!(self.stage, Stage::Tail) {
            let left = self.end().map_or(u64::MAX, |end| end.saturating_sub(self.position));
            let wanted = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if self.skeleton.len() + wanted > LARGEST_STRUCTURE {
                return Err(Asn1Error::Length.into());
            }
            self.skeleton.extend_from_slice(&bytes[..wanted]);
            self.position += wanted as u64;
        }
        Ok(())
    }
}

/// Everything up to the content.
struct Head {
    /// How many bytes it takes.
    length: usize,
    skeleton: Vec<u8>,
    ends: [Option<u64>; 3],
    digests: BTreeSet<DigestAlgorithm>,
    content: Content,
}

impl Head {
    /// `None` while it is not all there.
    fn read(bytes: &[u8]) -> Result<Option<Self>, SignedDataError> {
        match Self::read_all(bytes) {
            Err(SignedDataError::Malformed(Asn1Error::Truncated)) => Ok(None),
            read => read.map(Some),
        }
    }

    fn read_all(bytes: &[u8]) -> Result<Self, SignedDataError> {
        let mut cursor = Cursor { bytes, at: 0 };
        let content_info = cursor.open(Tag::SEQUENCE, Extent::UNLIMITED)?;
        let kind = Element::try_from(cursor.whole(Tag::OID, content_info)?)?.oid()?;
        if kind != SIGNED_DATA {
            return Err(SignedDataError::OtherType(kind));
        }
        let explicit = cursor.open(Tag::constructed(0), content_info)?;
        let signed_data = cursor.open(Tag::SEQUENCE, explicit)?;
        let ends = [signed_data.end, explicit.end, content_info.end];
        check_ends(ends)?;
        let version = cursor.whole(Tag::INTEGER, signed_data)?;
        let digest_algorithms = ber::to_definite(cursor.whole(Tag::SET, signed_data)?)?;
        let encapsulated = cursor.open(Tag::SEQUENCE, signed_data)?;
        let content_type = cursor.whole(Tag::OID, encapsulated)?;
        let mut open = vec![encapsulated];
        let mut left = 0;
        if cursor.next_is(Tag::constructed(0), encapsulated)? {
            let explicit = cursor.open(Tag::constructed(0), encapsulated)?;
            open.push(explicit);
            if cursor.next_is(CONSTRUCTED_OCTET_STRING, explicit)? {
                open.push(cursor.open(CONSTRUCTED_OCTET_STRING, explicit)?);
            } else {
                let string = cursor.open(Tag::OCTET_STRING, explicit)?;
                left = string.end.ok_or(Asn1Error::Indefinite)? - cursor.at as u64;
            }
        }
        let skeleton = [
            &[Tag::SEQUENCE.0, 0x80][..],
            &writer::oid(&SIGNED_DATA),
            &[Tag::constructed(0).0, 0x80, Tag::SEQUENCE.0, 0x80],
            version,
            &digest_algorithms,
            &writer::sequence(&[content_type]),
        ];
        Ok(Self {
            length: cursor.at,
            skeleton: skeleton.concat(),
            ends,
            digests: announced(&digest_algorithms)?,
            content: Content {
                open,
                left,
                header: Vec::new(),
            },
        })
    }
}

/// The algorithms in digestAlgorithms that are known.
fn announced(set: &[u8]) -> Result<BTreeSet<DigestAlgorithm>, Asn1Error> {
    let mut identifiers = Reader::new(set).required(Tag::SET)?.reader();
    let mut known = BTreeSet::new();
    while !identifiers.is_empty() {
        known.extend(DigestAlgorithm::from_identifier(&identifiers.element()?)?);
    }
    Ok(known)
}

/// Whether the three elements around everything end where each other's lengths say: an outer one ends where the inner one does, or behind the two
/// octets that end an indefinite length.
fn check_ends(from_the_inside: [Option<u64>; 3]) -> Result<(), Asn1Error> {
    let mut known = None;
    for end in from_the_inside {
        known = match (end, known) {
            (Some(end), Some(known)) if end != known => return Err(Asn1Error::Length),
            (Some(end), _) => Some(end),
            (None, known) => known.map(|known| known + END_OF_CONTENTS.len() as u64),
        };
    }
    Ok(())
}

/// The same once the end of the outermost is known: what has an indefinite length may not run beyond a definite one around it.
fn check_ends_at(from_the_inside: [Option<u64>; 3], last: u64) -> Result<(), Asn1Error> {
    let mut actual = last;
    for end in from_the_inside.into_iter().rev() {
        match end {
            Some(end) if end != actual => return Err(Asn1Error::Length),
            Some(_) => {}
            None => actual = actual.saturating_sub(END_OF_CONTENTS.len() as u64),
        }
    }
    Ok(())
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Goes behind the header of an element.
    fn open(&mut self, tag: Tag, around: Extent) -> Result<Extent, Asn1Error> {
        let (found, header_length, length) = header(&self.bytes[self.at..])?;
        expect(found, tag)?;
        if length.is_none() && !tag.is_constructed() {
            return Err(Asn1Error::Indefinite);
        }
        self.at += header_length;
        around.inner(self.at as u64, length)
    }

    /// A whole small element.
    fn whole(&mut self, tag: Tag, around: Extent) -> Result<&'a [u8], Asn1Error> {
        let rest = &self.bytes[self.at..];
        let (found, _, _) = header(rest)?;
        expect(found, tag)?;
        let length = ber::extent(rest)?;
        self.at += length;
        around.check(self.at as u64)?;
        Ok(&rest[..length])
    }

    /// Whether an element of `tag` comes next, inside the one around.
    fn next_is(&self, tag: Tag, around: Extent) -> Result<bool, Asn1Error> {
        if around.end == Some(self.at as u64) {
            return Ok(false);
        }
        let next = self.bytes.get(self.at).ok_or(Asn1Error::Truncated)?;
        Ok(*next == tag.0)
    }
}

impl Content {
    /// Takes what belongs to encapContentInfo from the beginning of `bytes`, which begin at `position` of the file; gives out the content and tells
    /// how much was taken.
    fn take(&mut self, bytes: &[u8], position: u64, mut give: impl FnMut(&[u8])) -> Result<usize, Asn1Error> {
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            if self.left > 0 {
                let here = rest.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                give(&rest[..here]);
                self.left -= here as u64;
                at += here;
                if self.left > 0 {
                    return Ok(at);
                }
                continue;
            }
            let here = position + at as u64;
            let Some(around) = self.open.last().copied() else {
                return Ok(at);
            };
            if self.header.is_empty() && around.end == Some(here) {
                self.open.pop();
                continue;
            }
            let Some(byte) = rest.first() else {
                return Ok(at);
            };
            self.header.push(*byte);
            at += 1;
            self.read_header(position + at as u64, around)?;
        }
    }

    /// Acts on the header that was gathered, when it is complete; `position` is behind it.
    fn read_header(&mut self, position: u64, around: Extent) -> Result<(), Asn1Error> {
        around.check(position)?;
        if self.header == END_OF_CONTENTS && around.end.is_none() {
            self.header.clear();
            self.open.pop();
            return Ok(());
        }
        let (tag, _, length) = match header(&self.header) {
            Err(Asn1Error::Truncated) => return Ok(()),
            read => read?,
        };
        self.header.clear();
        // encapContentInfo and its [0] hold nothing behind the string.
        if self.open.len() < 3 {
            return Err(Asn1Error::Trailing);
        }
        let inner = around.inner(position, length)?;
        match (tag, inner.end) {
            (Tag::OCTET_STRING, Some(end)) => self.left = end - position,
            (CONSTRUCTED_OCTET_STRING, _) if self.open.len() < MAX_DEPTH => self.open.push(inner),
            (CONSTRUCTED_OCTET_STRING, _) => return Err(Asn1Error::Depth),
            _ => return expect(tag, Tag::OCTET_STRING),
        }
        Ok(())
    }
}

fn expect(found: Tag, tag: Tag) -> Result<(), Asn1Error> {
    if found == tag {
        return Ok(());
    }
    Err(Asn1Error::UnexpectedTag {
        expected: tag.0,
        found: found.0,
    })
}
