//! Cryptographic Message Syntax (RFC 5652) with the CAdES attributes (RFC 5126, ETSI EN 319 122-1): bytes in, bytes out.
//!
//! The way of one signature through this room:
//! 1. [`Scheme::for_certificate`] decides the algorithms; a [`Hasher`] takes the content, in pieces of any size;
//! 2. [`SignedAttributes::new`] makes the bytes to be signed; [`Scheme::token_calls`] says what a token may be asked, and with what input;
//! 3. [`normalise_signature`] proves the token's answer against the certificate and lays it out as verifiers expect it; it is the only maker of a
//!    [`SignatureValue`];
//! 4. [`assemble_detached`] or [`assemble_attached`] makes the file.
//!
//! [`SignedData`] reads such files, also those of other producers, gives a verdict for each signer, and takes additions without touching what is
//! there. An [`AttachedReader`] does so for files too large for memory.
//!
//! Nothing here reads files, talks to tokens or asks the clock; and nothing that was signed is ever encoded again.

mod algorithm;
mod amend;
mod assemble;
mod attached;
mod digest;
mod encoding;
mod path;
mod primitive;
mod revocation;
mod self_check;
mod signed_attributes;
mod signed_data;
mod timestamp;
mod verify;

pub use self::algorithm::{
    InputForm, Preference, Scheme, SchemeError, SignatureAlgorithm, ToBeSigned, TokenCall, TokenInput, TokenParameter,
};
pub use self::amend::AmendError;
pub use self::assemble::{AttachedFrame, assemble_attached, assemble_detached, attached_frame};
pub use self::attached::{AttachedReader, LARGEST_STRUCTURE};
pub use self::digest::{ContentDigester, ContentDigests, Digest, DigestAlgorithm, DigestError, Hasher};
pub use self::encoding::{Encoding, EncodingError};
pub use self::primitive::{GostLayout, SignatureError};
pub use self::revocation::{RevocationError, Standing, ocsp_request, standing_in_list, standing_in_ocsp};
pub use self::self_check::{ObservedLayout, SelfCheckError, SignatureValue, normalise_signature};
pub use self::signed_attributes::{AttributesError, AttributesMismatch, CertificateHash, SignedAttributes};
pub use self::signed_data::{SignedData, SignedDataError, SignerId, SignerInfo};
pub use self::timestamp::{TimestampError, TimestampToken, TimestampVerdict};
pub use self::verify::{Reason, SignerVerdict, Status, Trust};
