//! The part of ASN.1 (X.690) that certificates and CMS need: a zero-copy reader that keeps every element's exact bytes, a DER writer, object
//! identifiers, times, and the rewriting of BER indefinite lengths.
//!
//! Certificates and signed attributes are hashed and signed as bytes, so nothing that was read is ever written again from its parsed form.

pub mod ber;
mod insertion;
mod oid;
mod reader;
mod time;
pub mod writer;

use thiserror::Error;

pub use self::insertion::{insert, offset_in, place_in_set};
pub use self::oid::Oid;
pub use self::reader::{Element, Reader, Tag, header};
pub use self::time::parse_time;

/// Why bytes are not the ASN.1 that was expected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Asn1Error {
    /// The bytes end inside an element.
    #[error("the data ends in the middle of an ASN.1 element; the file is truncated or not DER")]
    Truncated,
    /// A length that no real input has, or one that does not fit this machine.
    #[error("an ASN.1 length is out of range")]
    Length,
    /// An indefinite length where DER is required.
    #[error("an ASN.1 element has an indefinite length where DER is required")]
    Indefinite,
    /// A tag number above 30, which neither X.509 nor CMS uses.
    #[error("an ASN.1 tag number above 30 is not used in certificates or CMS")]
    HighTagNumber,
    /// Another element stands where one was required.
    #[error("expected ASN.1 tag {expected:#04x}, found {found:#04x}")]
    UnexpectedTag {
        /// The identifier octet that the structure requires here.
        expected: u8,
        /// The identifier octet that was read.
        found: u8,
    },
    /// Bytes remain after the structure's end.
    #[error("unexpected bytes follow the end of an ASN.1 structure")]
    Trailing,
    /// Elements are nested deeper than any certificate or CMS nests them.
    #[error("ASN.1 elements are nested too deeply")]
    Depth,
    /// The element's value is not one its type allows.
    #[error("an ASN.1 {0} has an invalid value")]
    Value(&'static str),
}
