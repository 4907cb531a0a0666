//! What an authority says of a certificate's standing: revocation lists (RFC 5280 section 5) and OCSP answers (RFC 6960). Bytes in, verdict out; who
//! fetches them is another room's business.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest as ring_digest};
use thiserror::Error;
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{CertificateRevocationList, FromDer, ParsedExtension};

use super::algorithm::{SignatureAlgorithm, ToBeSigned};
use crate::certificate::asn1::{Asn1Error, Element, Oid, Reader, Tag, parse_time, writer};
use crate::certificate::{Certificate, ExtendedKeyUsage};

/// A certificate's standing, as its issuer attests it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// Since when.
        since: OffsetDateTime,
    },
}

/// Why an attestation says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RevocationError {
    /// Not what it should be.
    #[error("it cannot be read: {0}")]
    Malformed(#[from] Asn1Error),
    /// By another authority, or about other certificates.
    #[error("it is not about this certificate")]
    NotAbout,
    /// The signature does not hold, or the signer may not attest.
    #[error("it is not signed by the certificate's issuer or in its name")]
    Signature,
    /// Too old, or from the future.
    #[error("it is out of date")]
    OutOfDate,
    /// The responder does not know, or does not want to say; its status.
    #[error("the responder gives no answer (status {0})")]
    NoAnswer(u8),
}

/// Clocks of authorities and of this machine differ by so much without anybody being at fault.
const TOLERANCE: Duration = Duration::minutes(5);

/// Looks `certificate` up in the complete revocation list `bytes` of its `issuer`.
///
/// # Errors
/// Why the list says nothing.
pub fn standing_in_list(
    bytes: &[u8],
    certificate: &Certificate,
    issuer: &Certificate,
    now: OffsetDateTime,
) -> Result<Standing, RevocationError> {
    let mut outline = Element::try_from(bytes)?.tagged(Tag::SEQUENCE)?.reader();
    let tbs = outline.required(Tag::SEQUENCE)?;
    let algorithm = outline.required(Tag::SEQUENCE)?;
    let signature = outline.required(Tag::BIT_STRING)?.bit_string()?;
    let (_, list) =
        CertificateRevocationList::from_der(bytes).map_err(|_| Asn1Error::Value("certificate revocation list"))?;
    if list.issuer().as_raw() != issuer.subject_der() {
        return Err(RevocationError::NotAbout);
    }
    // A list for some distribution point, some kind of certificate or some reasons only proves nothing about the others; the delta of a list even less.
    let is_partial = list
        .extensions()
        .iter()
        .any(|extension| match extension.parsed_extension() {
            ParsedExtension::IssuingDistributionPoint(point) => {
                point.only_some_reasons.is_some()
                    || point.indirect_crl
                    || point.only_contains_attribute_certs
                    || (point.only_contains_user_certs && certificate.is_authority())
                    || (point.only_contains_ca_certs && !certificate.is_authority())
            }
            _ => extension.critical,
        });
    if is_partial {
        return Err(RevocationError::NotAbout);
    }
    let may_sign = issuer.key_usage().is_none_or(|usage| usage.crl_sign);
    if !may_sign || !is_signed(issuer, &algorithm, tbs.whole, signature) {
        return Err(RevocationError::Signature);
    }
    check_fresh(
        list.last_update().to_datetime(),
        list.next_update().map(|next| next.to_datetime()),
        now,
    )?;
    let serial = Element::try_from(certificate.serial_der())?.content;
    let entry = list
        .iter_revoked_certificates()
        .find(|entry| without_zeros(entry.raw_serial()) == without_zeros(serial));
    Ok(entry.map_or(Standing::Good, |entry| Standing::Revoked {
        since: entry.revocation_date.to_datetime(),
    }))
}

/// An OCSP request for `certificate` (RFC 6960 section 4.1). SHA-1 names it, as every responder understands; nothing rests on its strength.
pub fn ocsp_request(certificate: &Certificate, issuer: &Certificate) -> Vec<u8> {
    let request = writer::sequence(&[&certificate_id(certificate, issuer)]);
    writer::sequence(&[&writer::sequence(&[&writer::sequence(&[&request])])])
}

/// What the OCSP answer `bytes` says of `certificate`.
///
/// # Errors
/// Why it says nothing.
pub fn standing_in_ocsp(
    bytes: &[u8],
    certificate: &Certificate,
    issuer: &Certificate,
    now: OffsetDateTime,
) -> Result<Standing, RevocationError> {
    const ENUMERATED: Tag = Tag(0x0a);
    const BASIC_RESPONSE: Oid = Oid::literal("1.3.6.1.5.5.7.48.1.1");
    let mut response = Element::try_from(bytes)?.tagged(Tag::SEQUENCE)?.reader();
    let status = response
        .required(ENUMERATED)?
        .content
        .first()
        .copied()
        .unwrap_or(u8::MAX);
    if status != 0 {
        return Err(RevocationError::NoAnswer(status));
    }
    let mut typed = response.required(Tag::constructed(0))?.reader().sequence()?;
    if typed.required(Tag::OID)?.oid()? != BASIC_RESPONSE {
        return Err(Asn1Error::Value("OCSP response type").into());
    }
    let mut basic = Element::try_from(typed.required(Tag::OCTET_STRING)?.content)?
        .tagged(Tag::SEQUENCE)?
        .reader();
    let data = basic.required(Tag::SEQUENCE)?;
    let algorithm = basic.required(Tag::SEQUENCE)?;
    let signature = basic.required(Tag::BIT_STRING)?.bit_string()?;
    let mut certificates = match basic.optional(Tag::constructed(0))? {
        Some(explicit) => explicit.reader().sequence()?,
        None => Reader::new(&[]),
    };
    let mut is_attested = is_signed(issuer, &algorithm, data.whole, signature);
    while !is_attested && !certificates.is_empty() {
        // One that cannot be read did not sign this.
        if let Ok(responder) = Certificate::from_der(certificates.element()?.whole) {
            is_attested =
                is_delegate(&responder, issuer, now) && is_signed(&responder, &algorithm, data.whole, signature);
        }
    }
    if !is_attested {
        return Err(RevocationError::Signature);
    }
    standing_in_data(data.reader(), certificate, issuer, now)
}

fn standing_in_data(
    mut data: Reader<'_>,
    certificate: &Certificate,
    issuer: &Certificate,
    now: OffsetDateTime,
) -> Result<Standing, RevocationError> {
    data.optional(Tag::constructed(0))?;
    data.element()?;
    data.required(Tag::GENERALIZED_TIME)?;
    let wanted = certificate_id(certificate, issuer);
    let mut responses = data.sequence()?;
    while !responses.is_empty() {
        let mut single = responses.sequence()?;
        if !is_same_id(&single.required(Tag::SEQUENCE)?, &wanted)? {
            continue;
        }
        let status = single.element()?;
        let this_update = parse_time(&single.required(Tag::GENERALIZED_TIME)?)?;
        let next_update = match single.optional(Tag::constructed(0))? {
            Some(explicit) => Some(parse_time(&explicit.reader().element()?)?),
            None => None,
        };
        check_fresh(this_update, next_update, now)?;
        return match status.tag {
            tag if tag == Tag::context(0) => Ok(Standing::Good),
            tag if tag == Tag::constructed(1) => Ok(Standing::Revoked {
                since: parse_time(&status.reader().element()?)?,
            }),
            _ => Err(RevocationError::NotAbout),
        };
    }
    Err(RevocationError::NotAbout)
}

/// CertID (RFC 6960 section 4.1.1) with SHA-1.
fn certificate_id(certificate: &Certificate, issuer: &Certificate) -> Vec<u8> {
    const SHA1: Oid = Oid::literal("1.3.14.3.2.26");
    let hash = |bytes: &[u8]| writer::octet_string(ring_digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref());
    writer::sequence(&[
        &writer::sequence(&[&writer::oid(&SHA1), &writer::NULL]),
        &hash(certificate.issuer_der()),
        &hash(issuer.public_key_bits()),
        certificate.serial_der(),
    ])
}

/// Whether two CertIDs are the same, whatever the parameters of the algorithm look like.
fn is_same_id(found: &Element<'_>, wanted: &[u8]) -> Result<bool, Asn1Error> {
    let (mut found, mut wanted) = (found.reader(), Element::try_from(wanted)?.reader());
    let oid = |fields: &mut Reader<'_>| fields.sequence()?.required(Tag::OID)?.oid();
    Ok(oid(&mut found)? == oid(&mut wanted)? && found.rest() == wanted.rest())
}

/// Whether `responder` may answer in the name of `issuer` (RFC 6960 section 4.2.2.2).
fn is_delegate(responder: &Certificate, issuer: &Certificate, now: OffsetDateTime) -> bool {
    let may_answer = responder
        .extended_key_usage()
        .is_some_and(|usage| usage.contains(ExtendedKeyUsage::OCSP_SIGNING));
    let is_issued = responder.issuer_der() == issuer.subject_der()
        && Element::try_from(responder.signature_algorithm_der())
            .is_ok_and(|algorithm| is_signed(issuer, &algorithm, responder.tbs_der(), responder.signature_bits()));
    may_answer && is_issued && (responder.not_before()..=responder.not_after()).contains(&now)
}

fn is_signed(by: &Certificate, algorithm: &Element<'_>, signed: &[u8], signature: &[u8]) -> bool {
    SignatureAlgorithm::from_identifier(algorithm, None)
        .ok()
        .flatten()
        .is_some_and(|algorithm| algorithm.verify(by, &ToBeSigned::Message(signed), signature).is_ok())
}

fn check_fresh(
    this_update: OffsetDateTime,
    next_update: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<(), RevocationError> {
    // Without a next update newer information is available all the time; a day is still taken.
    let until = next_update.unwrap_or_else(|| this_update.saturating_add(Duration::DAY));
    let fresh = this_update.saturating_sub(TOLERANCE) <= now && now <= until.saturating_add(TOLERANCE);
    if fresh { Ok(()) } else { Err(RevocationError::OutOfDate) }
}

fn without_zeros(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|&&byte| byte == 0).count();
    &serial[zeros..]
}
