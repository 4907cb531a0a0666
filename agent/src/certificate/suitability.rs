//! Whether a certificate may be used for what is asked, decided before anybody is prompted.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::{Certificate, ExtendedKeyUsage};

/// What a signature is for. The two never mix: a login must not be able to obtain a binding signature, nor the reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A document is signed.
    Signature,
    /// The holder proves who they are.
    Authentication,
}

/// Why a certificate may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unsuitable {
    /// The validity has ended.
    #[error("the certificate expired on {}; choose a current certificate or renew it", .not_after.date())]
    Expired {
        /// The last instant of validity.
        not_after: OffsetDateTime,
    },
    /// The validity has not begun.
    #[error("the certificate is valid only from {}; check this machine's clock or wait until then", .not_before.date())]
    NotYetValid {
        /// The first instant of validity.
        not_before: OffsetDateTime,
    },
    /// Issued for logging in only.
    #[error(
        "the certificate is issued for authentication only and cannot sign documents; choose the holder's signature certificate"
    )]
    AuthenticationOnly,
    /// Issued for signing only.
    #[error(
        "the certificate is issued for signing documents and cannot be used to log in; choose the holder's authentication certificate"
    )]
    SignatureOnly,
    /// A certification authority's own certificate.
    #[error(
        "the certificate belongs to a certification authority and signs no documents; choose the holder's own certificate"
    )]
    Authority,
    /// keyUsage allows neither signing nor authentication (an encryption key).
    #[error(
        "the certificate's key usage does not allow signatures; choose a certificate with digital signature key usage"
    )]
    KeyUsage,
}

/// A renewal takes days at an authority's office; so long before the end people are told.
const WARNING: Duration = Duration::days(30);

/// The whole days until the end of validity, when they are few enough for a warning; `None` also behind the end.
pub(super) fn days_left(certificate: &Certificate, at: OffsetDateTime) -> Option<u16> {
    let left = certificate.not_after() - at;
    let is_near = !left.is_negative() && left <= WARNING && at >= certificate.not_before();
    is_near.then(|| u16::try_from(left.whole_days()).ok()).flatten()
}

pub(super) fn check(certificate: &Certificate, purpose: Purpose, at: OffsetDateTime) -> Result<(), Unsuitable> {
    if certificate.is_authority() {
        return Err(Unsuitable::Authority);
    }
    let usage = certificate.key_usage();
    if usage.is_some_and(|usage| !usage.digital_signature && !usage.non_repudiation) {
        return Err(Unsuitable::KeyUsage);
    }
    match purpose {
        Purpose::Signature if is_authentication_only(certificate) => return Err(Unsuitable::AuthenticationOnly),
        Purpose::Authentication if is_signature_only(certificate) => return Err(Unsuitable::SignatureOnly),
        _ => {}
    }
    if at < certificate.not_before() {
        return Err(Unsuitable::NotYetValid {
            not_before: certificate.not_before(),
        });
    }
    if at > certificate.not_after() {
        return Err(Unsuitable::Expired {
            not_after: certificate.not_after(),
        });
    }
    Ok(())
}

/// The Kazakh authority issues pairs that differ in emailProtection (signature) and clientAuth (authentication). Elsewhere a certificate is for
/// authentication only when every listed purpose is one, and keyUsage does not say nonRepudiation.
fn is_authentication_only(certificate: &Certificate) -> bool {
    const NOT_FOR_DOCUMENTS: [super::asn1::Oid; 6] = [
        ExtendedKeyUsage::CLIENT_AUTH,
        ExtendedKeyUsage::SERVER_AUTH,
        ExtendedKeyUsage::SMART_CARD_LOGON,
        ExtendedKeyUsage::CODE_SIGNING,
        ExtendedKeyUsage::OCSP_SIGNING,
        ExtendedKeyUsage::TIME_STAMPING,
    ];
    let Some(extended) = certificate.extended_key_usage() else {
        return false;
    };
    if !certificate.roles().is_empty() {
        return extended.contains(ExtendedKeyUsage::CLIENT_AUTH)
            && !extended.contains(ExtendedKeyUsage::EMAIL_PROTECTION);
    }
    let binding = certificate.key_usage().is_some_and(|usage| usage.non_repudiation);
    let purposes = extended.purposes();
    !binding && !purposes.is_empty() && purposes.iter().all(|purpose| NOT_FOR_DOCUMENTS.contains(purpose))
}

/// Listed purposes without clientAuth, or a key for binding signatures with no listed purposes at all.
fn is_signature_only(certificate: &Certificate) -> bool {
    const FOR_LOGIN: [super::asn1::Oid; 3] = [
        ExtendedKeyUsage::CLIENT_AUTH,
        ExtendedKeyUsage::SMART_CARD_LOGON,
        ExtendedKeyUsage::ANY,
    ];
    match (certificate.extended_key_usage(), certificate.key_usage()) {
        (_, Some(usage)) if !usage.digital_signature => true,
        (Some(extended), _) => !extended.purposes().iter().any(|purpose| FOR_LOGIN.contains(purpose)),
        (None, Some(usage)) => usage.non_repudiation,
        (None, None) => false,
    }
}
