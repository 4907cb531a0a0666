//! The standard extensions (RFC 5280 section 4.2), read from their values by x509-parser. One that does not parse tells nothing: refusing the
//! whole certificate for it would help nobody who holds it.

use x509_parser::error::X509Error;
use x509_parser::extensions as x509;
use x509_parser::prelude::{DistributionPointName, FromDer, GeneralName};

use super::asn1::Oid;

pub(super) const SUBJECT_KEY_ID: Oid = Oid::literal("2.5.29.14");
pub(super) const KEY_USAGE: Oid = Oid::literal("2.5.29.15");
pub(super) const SUBJECT_ALTERNATIVE_NAME: Oid = Oid::literal("2.5.29.17");
pub(super) const BASIC_CONSTRAINTS: Oid = Oid::literal("2.5.29.19");
pub(super) const CRL_DISTRIBUTION_POINTS: Oid = Oid::literal("2.5.29.31");
pub(super) const AUTHORITY_KEY_ID: Oid = Oid::literal("2.5.29.35");
pub(super) const EXTENDED_KEY_USAGE: Oid = Oid::literal("2.5.29.37");
pub(super) const AUTHORITY_INFORMATION_ACCESS: Oid = Oid::literal("1.3.6.1.5.5.7.1.1");

/// What basicConstraints say of an authority.
#[derive(Clone, Copy)]
pub(super) struct Authority {
    pub(super) path_length: Option<u32>,
}

/// `value` as the extension `T`, when that is all it is.
pub(super) fn parsed<'a, T: FromDer<'a, X509Error>>(value: &'a [u8]) -> Option<T> {
    match T::from_der(value) {
        Ok(([], extension)) => Some(extension),
        _ => None,
    }
}

/// `Some` when basicConstraints name an authority.
pub(super) fn authority(value: &[u8]) -> Option<Authority> {
    let constraints: x509::BasicConstraints = parsed(value)?;
    constraints.ca.then_some(Authority {
        path_length: constraints.path_len_constraint,
    })
}

pub(super) fn subject_key_id(value: &[u8]) -> Option<&[u8]> {
    parsed::<x509::KeyIdentifier<'_>>(value).map(|id| id.0)
}

pub(super) fn authority_key_id(value: &[u8]) -> Option<&[u8]> {
    parsed::<x509::AuthorityKeyIdentifier<'_>>(value)?
        .key_identifier
        .map(|id| id.0)
}

/// The first e-mail address in subjectAltName.
pub(super) fn alternative_email(value: &[u8]) -> Option<String> {
    let names = parsed::<x509::SubjectAlternativeName<'_>>(value)?.general_names;
    names.iter().find_map(|name| match name {
        GeneralName::RFC822Name(address) => Some((*address).to_owned()),
        _ => None,
    })
}

/// The addresses in cRLDistributionPoints under which a complete list may be had.
pub(super) fn crl_addresses(value: &[u8]) -> Vec<String> {
    let points = parsed::<x509::CRLDistributionPoints<'_>>(value).map(|list| list.points);
    let full = points
        .unwrap_or_default()
        .into_iter()
        .filter_map(|point| match point.distribution_point {
            // A list for some reasons only proves little, one by another issuer is not looked for.
            Some(DistributionPointName::FullName(names)) if point.reasons.is_none() && point.crl_issuer.is_none() => {
                Some(names)
            }
            _ => None,
        });
    full.flatten().filter_map(|name| address(&name)).collect()
}

/// The addresses in authorityInfoAccess of the responders (RFC 6960 section 3.1).
pub(super) fn ocsp_addresses(value: &[u8]) -> Vec<String> {
    const OCSP: Oid = Oid::literal("1.3.6.1.5.5.7.48.1");
    let access = parsed::<x509::AuthorityInfoAccess<'_>>(value).map(|access| access.accessdescs);
    access
        .unwrap_or_default()
        .iter()
        .filter(|description| description.access_method.as_bytes() == OCSP.content())
        .filter_map(|description| address(&description.access_location))
        .collect()
}

fn address(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::URI(address) => Some((*address).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_parse_tells_nothing() {
        for broken in [
            &[][..],
            &[0x30],
            &[0x30, 0x03, 0x01, 0x01],
            &[0x05, 0x00],
            &[0x30, 0x80, 0x00, 0x00],
        ] {
            assert!(authority(broken).is_none());
            assert!(subject_key_id(broken).is_none());
            assert!(authority_key_id(broken).is_none());
            assert!(alternative_email(broken).is_none());
            assert!(crl_addresses(broken).is_empty());
            assert!(ocsp_addresses(broken).is_empty());
        }
        let followed = [0x04, 0x01, 0xaa, 0x00];
        assert_eq!(subject_key_id(&followed[..3]), Some(&[0xaa][..]));
        assert_eq!(subject_key_id(&followed), None);
    }
}
