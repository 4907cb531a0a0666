//! Certification paths (RFC 5280 section 6) from a signer to a given root: names, signatures, validity, authority and path length. Policies and name
//! constraints are not processed; a certificate that makes them critical is refused.

use time::OffsetDateTime;

use super::algorithm::{SignatureAlgorithm, ToBeSigned};
use super::verify::Reason;
use crate::certificate::Certificate;
use crate::certificate::asn1::{Element, Oid};

/// The path from `leaf` to one of `roots`, leaf first and root last, every certificate valid at `at`. Issuers come from `roots` and `pool`. When
/// there is none, the reason tells of the attempt that came furthest.
pub(super) fn build(
    leaf: &Certificate,
    roots: &[Certificate],
    pool: &[Certificate],
    at: OffsetDateTime,
) -> Result<Vec<Certificate>, Reason> {
    let mut search = Search {
        roots,
        pool,
        at,
        signature_checks: MAX_SIGNATURE_CHECKS,
        failure: None,
    };
    let mut path = vec![leaf.clone()];
    search.check_alone(leaf)?;
    if search.extend(&mut path) {
        return Ok(path);
    }
    Err(search.failure.map_or(Reason::IssuerUnknown, |(_, reason)| reason))
}

/// National hierarchies are two or three deep.
const MAX_LENGTH: usize = 8;
/// Bounds the work when a hostile file offers many look-alike issuers.
const MAX_SIGNATURE_CHECKS: usize = 64;

struct Search<'a> {
    roots: &'a [Certificate],
    pool: &'a [Certificate],
    at: OffsetDateTime,
    signature_checks: usize,
    /// The failure of the longest path tried, with its length.
    failure: Option<(usize, Reason)>,
}

impl Search<'_> {
    /// Grows `path` until it ends in a root; leaves it unchanged when that is impossible.
    fn extend(&mut self, path: &mut Vec<Certificate>) -> bool {
        let Some(last) = path.last().cloned() else {
            return false;
        };
        if self.roots.contains(&last) {
            return true;
        }
        if path.len() == MAX_LENGTH {
            return false;
        }
        let (roots, pool) = (self.roots, self.pool);
        let mut any = false;
        for issuer in roots.iter().chain(pool) {
            let is_named = issuer.subject_der() == last.issuer_der() && key_ids_agree(issuer, &last);
            if !is_named || path.contains(issuer) {
                continue;
            }
            any = true;
            if let Err(reason) = self.check_issuer(issuer, &last, path) {
                self.fail(path.len() + 1, reason);
                continue;
            }
            path.push(issuer.clone());
            if self.extend(path) {
                return true;
            }
            path.pop();
        }
        if !any {
            self.fail(
                path.len(),
                if last.self_issued() {
                    Reason::RootUntrusted
                } else {
                    Reason::IssuerUnknown
                },
            );
        }
        false
    }

    fn check_issuer(
        &mut self,
        issuer: &Certificate,
        subject: &Certificate,
        path: &[Certificate],
    ) -> Result<(), Reason> {
        // A configured root is trusted as it is, even an old one without basicConstraints.
        if !self.roots.contains(issuer) {
            let below = path
                .iter()
                .skip(1)
                .filter(|certificate| !certificate.self_issued())
                .count();
            let allows_path = issuer.path_length().is_none_or(|limit| below <= limit as usize);
            let allows_certificates = issuer.key_usage().is_none_or(|usage| usage.key_cert_sign);
            if !issuer.is_authority() || !allows_path || !allows_certificates {
                return Err(Reason::IssuerNotAuthority);
            }
        }
        self.check_alone(issuer)?;
        self.signature_checks = self.signature_checks.checked_sub(1).ok_or(Reason::IssuerUnknown)?;
        let identifier =
            Element::try_from(subject.signature_algorithm_der()).map_err(|_| Reason::CertificateSignature)?;
        let algorithm = SignatureAlgorithm::from_identifier(&identifier, None)
            .ok()
            .flatten()
            .ok_or(Reason::AlgorithmUnsupported)?;
        algorithm
            .verify(
                issuer,
                &ToBeSigned::Message(subject.tbs_der()),
                subject.signature_bits(),
            )
            .map_err(|_| Reason::CertificateSignature)
    }

    /// What can be said of a certificate without its issuer.
    fn check_alone(&self, certificate: &Certificate) -> Result<(), Reason> {
        if self.at < certificate.not_before() {
            return Err(Reason::CertificateNotYetValid);
        }
        if self.at > certificate.not_after() {
            return Err(Reason::CertificateExpired);
        }
        if certificate
            .critical_extensions()
            .any(|oid| !PROCESSED_EXTENSIONS.contains(&oid))
        {
            return Err(Reason::CriticalExtension);
        }
        Ok(())
    }

    fn fail(&mut self, length: usize, reason: Reason) {
        if self.failure.is_none_or(|(longest, _)| length > longest) {
            self.failure = Some((length, reason));
        }
    }
}

/// Key identifiers are hints: they exclude an issuer only when both are there and differ.
fn key_ids_agree(issuer: &Certificate, subject: &Certificate) -> bool {
    match (subject.authority_key_id(), issuer.subject_key_id()) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => true,
    }
}

/// Extensions that are looked at, or whose meaning does not change the answer to the question asked here.
const PROCESSED_EXTENSIONS: [Oid; 9] = [
    Oid::literal("2.5.29.14"),
    Oid::literal("2.5.29.15"),
    Oid::literal("2.5.29.16"),
    Oid::literal("2.5.29.17"),
    Oid::literal("2.5.29.19"),
    Oid::literal("2.5.29.31"),
    Oid::literal("2.5.29.32"),
    Oid::literal("2.5.29.35"),
    Oid::literal("2.5.29.37"),
];
