//! Attached signatures read piece by piece, as those too large for memory are: the same verdict as when they are held whole.

use std::fs;

use time::OffsetDateTime;
use tokensign::certificate::Certificate;
use tokensign::cms::{
    AttachedReader, ContentDigests, Encoding, Preference, Reason, SignedData, SignedDataError, Status, Trust,
    assemble_attached,
};

use crate::authority::{self, Authority, KeyKind};
use crate::interoperability::sign;

const STREAMED: &[u8] = include_bytes!("../../../tests/fuzz/corpus/cms/streamed.ber");

fn in_pieces(file: &[u8], size: usize) -> Result<(SignedData, ContentDigests), SignedDataError> {
    let mut reader = AttachedReader::new();
    for piece in file.chunks(size) {
        reader.push(piece)?;
    }
    reader.finish()
}

fn verdict(read: &(SignedData, ContentDigests), roots: &[Certificate]) -> (Status, Option<Reason>) {
    let trust = Trust {
        roots,
        intermediates: &[],
        now: OffsetDateTime::now_utc(),
    };
    let verdicts = read.0.verify(&read.1, &trust);
    assert_eq!(verdicts.len(), 1);
    (verdicts[0].status(), verdicts[0].reason())
}

fn attached(authority: &Authority, content: &[u8]) -> Vec<u8> {
    let signed = sign(authority, content, &Preference::default());
    assemble_attached(
        &signed.scheme,
        &authority.leaf,
        &[],
        Some(&signed.attributes),
        &signed.value,
        content,
    )
}

/// `openssl cms -sign -nodetach -stream`: indefinite lengths, the content in pieces.
fn streamed_by_openssl(authority: &Authority, content: &[u8]) -> Vec<u8> {
    fs::write(authority.path("content"), content).unwrap();
    let arguments = [
        "cms",
        "-sign",
        "-binary",
        "-nodetach",
        "-stream",
        "-in",
        "content",
        "-signer",
        "leaf.pem",
        "-inkey",
        "leaf.key",
        "-outform",
        "DER",
        "-out",
        "streamed.ber",
    ];
    let made = authority.openssl(&arguments);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    fs::read(authority.path("streamed.ber")).unwrap()
}

fn same_verdict(kind: KeyKind) {
    let authority = Authority::new(kind);
    let roots = [authority.root.clone()];
    for length in [0, 1, 127, 128, 70_000] {
        let content: Vec<u8> = (0..length).map(|number| (number % 251) as u8).collect();
        let mut files = vec![attached(&authority, &content)];
        // OpenSSL streams nothing at all badly.
        files.extend((length > 0).then(|| streamed_by_openssl(&authority, &content)));
        for file in &files {
            for encoding in [Encoding::Der, Encoding::Pem, Encoding::Base64] {
                let file = encoding.encode(file);
                for size in [1, 7, 4096, file.len()] {
                    let read = in_pieces(&file, size).unwrap();
                    assert!(read.0.attached_content().is_none());
                    assert_eq!(
                        verdict(&read, &roots),
                        (Status::Valid, None),
                        "{} of {length} bytes in {encoding}, pieces of {size}",
                        kind.name
                    );
                }
            }
        }
    }
}

#[test]
fn every_encoding_in_pieces_of_any_size_has_its_verdict() {
    same_verdict(authority::P256);
    same_verdict(authority::GOST_256_CRYPTO_PRO_A);
}

#[test]
fn changed_content_is_noticed_and_a_truncated_file_refused() {
    let authority = Authority::new(authority::P256);
    let content = vec![b'a'; 3000];
    for file in [
        attached(&authority, &content),
        streamed_by_openssl(&authority, &content),
    ] {
        let place = file.windows(8).position(|window| window == [b'a'; 8]).unwrap();
        let mut changed = file.clone();
        changed[place + 3] = b'b';
        let read = in_pieces(&changed, 100).unwrap();
        assert_eq!(
            verdict(&read, std::slice::from_ref(&authority.root)).1,
            Some(Reason::ContentDigestMismatch)
        );
        for length in (0..file.len()).step_by(13) {
            assert!(in_pieces(&file[..length], 64).is_err(), "{length} bytes");
        }
    }
}

/// Whatever is damaged: what is accepted in pieces is accepted whole, too.
#[test]
fn nothing_is_valid_in_pieces_that_is_not_valid_whole() {
    let authority = Authority::new(authority::P256);
    let roots = [authority.root.clone()];
    for file in [
        attached(&authority, b"content"),
        streamed_by_openssl(&authority, b"content"),
    ] {
        for place in 0..file.len() {
            for flip in [0x01, 0x80, 0x20] {
                let mut damaged = file.clone();
                damaged[place] ^= flip;
                let Ok(read) = in_pieces(&damaged, 50) else {
                    continue;
                };
                if verdict(&read, &roots).0 != Status::Valid {
                    continue;
                }
                let trust = Trust {
                    roots: &roots,
                    intermediates: &[],
                    now: OffsetDateTime::now_utc(),
                };
                let whole = SignedData::parse(&damaged).unwrap().verify_attached(&trust);
                assert_eq!(whole[0].status(), Status::Valid, "byte {place} changed by {flip:#x}");
            }
        }
    }
}

#[test]
fn hostile_files_end_early() {
    let head = &STREAMED[..40];
    let endless_head = [&[0x30, 0x80, 0x06, 0x84, 0x7f, 0xff, 0xff, 0xff][..], &vec![0; 1 << 20]].concat();
    let mut reader = AttachedReader::new();
    let pushed = endless_head.chunks(1000).position(|piece| reader.push(piece).is_err());
    assert!(pushed.is_some_and(|pieces| pieces < 100), "{pushed:?}");

    // A content that says it is longer than what is around it.
    let mut longer = attached(&Authority::new(authority::P256), b"content");
    let place = longer
        .windows(9)
        .position(|window| window == b"\x04\x07content")
        .unwrap();
    longer[place + 1] = 0x7f;
    assert!(in_pieces(&longer, 10).is_err());

    // Strings inside strings without end.
    let nested = [head_up_to_content(), [0x24, 0x80].repeat(1000)].concat();
    assert!(in_pieces(&nested, 10).is_err());
    assert!(in_pieces(head, 10).is_err());
}

/// The beginning of a streamed signature, up to the first octet of the content's string.
fn head_up_to_content() -> Vec<u8> {
    let place = STREAMED.windows(2).position(|window| window == [0x24, 0x80]).unwrap();
    STREAMED[..place].to_vec()
}

#[test]
fn a_digest_that_is_not_announced_is_an_error() {
    let authority = Authority::new(authority::P256);
    let mut file = attached(&authority, b"content");
    // digestAlgorithms is the first place that names SHA-256 (2.16.840.1.101.3.4.2.1); .2 is SHA-384.
    let sha256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
    let place = file.windows(sha256.len()).position(|window| window == sha256).unwrap();
    file[place + 8] = 2;
    assert!(matches!(
        in_pieces(&file, 100),
        Err(SignedDataError::DigestNotAnnounced(_))
    ));
}
