//! Kazakh signatures under the identifiers of TC26, so that software which knows only these can judge them.
//!
//! The curves are the same, and the bytes of a signature are those of the Russian standard in reverse. What the signer signed stays as it is; only the
//! certificate's hash in it then names the certificate as it was before, which CMS without CAdES does not look at.

/// A certificate with every Kazakh identifier in it replaced. Its issuer's signature no longer holds.
pub fn certificate(kazakh: &[u8]) -> Vec<u8> {
    renamed(kazakh)
}

/// The CMS of one Kazakh signer, with `certificate` in the place of those that it holds: one for the same key, issuer and serial number under TC26's
/// identifiers.
///
/// # Panics
/// When it is no SignedData of one signer with signed attributes.
pub fn signed_data(kazakh: &[u8], certificate: &[u8]) -> Vec<u8> {
    let [content_type, explicit] = parts(only(kazakh).content);
    let [version, digests, content, _certificates, signers] = parts(only(explicit.content).content);
    let [signer_version, identifier, digest, attributes, algorithm, signature] = parts(only(signers.content).content);
    let value: Vec<u8> = signature.content.iter().rev().copied().collect();
    let signer = [
        signer_version.whole,
        identifier.whole,
        &renamed(digest.whole),
        attributes.whole,
        &renamed(algorithm.whole),
        &element(signature.tag, &value),
    ];
    let signers = element(signers.tag, &element(SEQUENCE, &signer.concat()));
    let signed_data = [
        version.whole,
        &renamed(digests.whole),
        content.whole,
        &element(CONTEXT_0, certificate),
        &signers,
    ];
    let explicit = element(CONTEXT_0, &element(SEQUENCE, &signed_data.concat()));
    element(SEQUENCE, &[content_type.whole, &explicit].concat())
}

const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed
const CONTEXT_0: u8 = 0xa0;
const CONSTRUCTED: u8 = 0x20;

/// Content octets of object identifiers: 1.2.398.3.10.1 and what follows it, 1.2.643.7.1 and what follows it.
const NAMES: [(&[u8], &[u8]); 8] = [
    // keys
    (
        b"\x2a\x83\x0e\x03\x0a\x01\x01\x02\x01",
        b"\x2a\x85\x03\x07\x01\x01\x01\x01",
    ),
    (
        b"\x2a\x83\x0e\x03\x0a\x01\x01\x02\x02",
        b"\x2a\x85\x03\x07\x01\x01\x01\x02",
    ),
    // parameter sets A
    (
        b"\x2a\x83\x0e\x03\x0a\x01\x01\x02\x01\x01",
        b"\x2a\x85\x03\x07\x01\x02\x01\x01\x01",
    ),
    (
        b"\x2a\x83\x0e\x03\x0a\x01\x01\x02\x02\x01",
        b"\x2a\x85\x03\x07\x01\x02\x01\x02\x01",
    ),
    // signatures, under the name of the key
    (
        b"\x2a\x83\x0e\x03\x0a\x01\x01\x02\x03\x01",
        b"\x2a\x85\x03\x07\x01\x01\x01\x01",
    ),
    (
        b"\x2a\x83\x0e\x03\x0a\x01\x01\x02\x03\x02",
        b"\x2a\x85\x03\x07\x01\x01\x01\x02",
    ),
    // digests
    (b"\x2a\x83\x0e\x03\x0a\x01\x03\x02", b"\x2a\x85\x03\x07\x01\x01\x02\x02"),
    (b"\x2a\x83\x0e\x03\x0a\x01\x03\x03", b"\x2a\x85\x03\x07\x01\x01\x02\x03"),
];

/// One DER element.
#[derive(Clone, Copy)]
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

fn elements(mut bytes: &[u8]) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    while let [tag, first, rest @ ..] = bytes {
        let octets = if *first < 0x80 { 0 } else { usize::from(first & 0x7f) };
        let length = match octets {
            0 => usize::from(*first),
            _ => rest[..octets]
                .iter()
                .fold(0, |length, octet| length << 8 | usize::from(*octet)),
        };
        let (whole, after) = bytes.split_at(2 + octets + length);
        found.push(Element {
            tag: *tag,
            content: &whole[2 + octets..],
            whole,
        });
        bytes = after;
    }
    found
}

fn parts<const NUMBER: usize>(content: &[u8]) -> [Element<'_>; NUMBER] {
    let found = elements(content);
    let number = found.len();
    found
        .try_into()
        .unwrap_or_else(|_| panic!("{NUMBER} elements were expected, there are {number}"))
}

fn only(bytes: &[u8]) -> Element<'_> {
    let [only] = parts(bytes);
    only
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().take_while(|octet| **octet == 0).count()..];
    let mut element = vec![tag];
    match (content.len(), significant.len()) {
        (0..0x80, _) => element.push(length[length.len() - 1]),
        (_, 1) => element.push(0x81),
        (_, 2) => element.push(0x82),
        _ => element.push(0x83),
    }
    if content.len() >= 0x80 {
        element.extend(significant);
    }
    element.extend(content);
    element
}

/// Elements with the object identifiers in them replaced, at any depth.
fn renamed(bytes: &[u8]) -> Vec<u8> {
    let one = |part: Element<'_>| match part.tag {
        0x06 => {
            let name = NAMES.iter().find(|(kazakh, _)| *kazakh == part.content);
            element(0x06, name.map_or(part.content, |(_, russian)| russian))
        }
        tag if tag & CONSTRUCTED != 0 => element(tag, &renamed(part.content)),
        _ => part.whole.to_vec(),
    };
    elements(bytes).into_iter().flat_map(one).collect()
}
