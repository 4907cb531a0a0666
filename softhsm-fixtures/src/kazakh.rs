//! The identifiers of the Kazakh PKI for GOST 34.10-2015, as its production certificates have them: the curves and the arithmetic are those of TC26,
//! the names are its own, and a signature's bytes are those of the Russian standard in reverse.

use gost_token::KeySize;

use crate::der;

/// Object identifiers of one key size.
struct Identifiers {
    key: &'static str,
    parameter_set: &'static str,
    digest: &'static str,
    signature: &'static str,
}

fn identifiers(size: KeySize) -> Identifiers {
    match size {
        KeySize::Bits256 => Identifiers {
            key: "1.2.398.3.10.1.1.2.1",
            parameter_set: "1.2.398.3.10.1.1.2.1.1",
            digest: "1.2.398.3.10.1.3.2",
            signature: "1.2.398.3.10.1.1.2.3.1",
        },
        KeySize::Bits512 => Identifiers {
            key: "1.2.398.3.10.1.1.2.2",
            parameter_set: "1.2.398.3.10.1.1.2.2.1",
            digest: "1.2.398.3.10.1.3.3",
            signature: "1.2.398.3.10.1.1.2.3.2",
        },
    }
}

/// The SubjectPublicKeyInfo of the point `value`: x then y, each little-endian.
pub(crate) fn subject_public_key_info(size: KeySize, value: &[u8]) -> Vec<u8> {
    let names = identifiers(size);
    let parameters = der::sequence(&[&der::oid(names.parameter_set), &der::oid(names.digest)]);
    let algorithm = der::sequence(&[&der::oid(names.key), &parameters]);
    der::sequence(&[&algorithm, &der::bits(&der::octets(value))])
}

/// The AlgorithmIdentifier of signatures; its parameters are NULL.
pub(crate) fn signature_algorithm(size: KeySize) -> Vec<u8> {
    der::sequence(&[&der::oid(identifiers(size).signature), b"\x05\x00"])
}

/// A signature of the Russian layout (s, r; both big-endian) in the Kazakh one (r, s; both little-endian).
pub(crate) fn signature(mut russian: Vec<u8>) -> Vec<u8> {
    russian.reverse();
    russian
}
