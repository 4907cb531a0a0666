//! Whether the certificates of a verified signature were revoked, asked of their issuers.

use std::time::Duration;

use time::OffsetDateTime;
use url::Url;

use super::exchange::Exchange;
use crate::certificate::Certificate;
use crate::cms::{Reason, SignerVerdict, Standing, TimestampVerdict, ocsp_request, standing_in_list, standing_in_ocsp};

/// Lists of national authorities take some MiB.
const LARGEST_ANSWER: usize = 64 << 20;

/// Asks responders and fetches lists. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RevocationChecker {
    exchange: Exchange,
}

impl RevocationChecker {
    /// A checker that waits so long for each answer.
    ///
    /// # Errors
    /// When this system cannot make HTTP requests.
    pub fn new(timeout: Duration) -> Result<Self, String> {
        Ok(Self {
            exchange: Exchange::new(timeout, LARGEST_ANSWER, false)?,
        })
    }

    /// Adds to `verdict` what the issuers of its trusted certificates say. Only they are asked: a certificate that nobody trusts could send the
    /// request anywhere; nor is one whose root is not `vouched` for, which says nothing of its addresses: whoever asks may have made that root. A
    /// revocation after the time of a timestamp that holds does not count; the signer's own word for the time proves nothing.
    pub async fn complete(
        &self,
        verdict: &mut SignerVerdict,
        now: OffsetDateTime,
        vouched: impl Fn(&Certificate) -> bool,
    ) {
        let check = async |path: &[Certificate], at| match path.last() {
            Some(root) if vouched(root) => self.check(path, at, now).await,
            _ => Err(Reason::RevocationUnknown),
        };
        for timestamp in &mut verdict.timestamps {
            if let Ok(path) = &timestamp.trust
                && let Err(reason) = check(path, timestamp.generated_at.unwrap_or(now)).await
            {
                timestamp.trust = Err(reason);
            }
        }
        let proven = verdict
            .timestamps
            .iter()
            .filter_map(TimestampVerdict::proven_time)
            .min();
        if let Ok(path) = &verdict.trust
            && let Err(reason) = check(path, proven.unwrap_or(now)).await
        {
            verdict.trust = Err(reason);
        }
    }

    /// Checks every certificate of `path` (leaf first, the trusted root last) for the time `at`.
    ///
    /// # Errors
    /// [`Reason::CertificateRevoked`], [`Reason::RevocationUnknown`].
    pub async fn check(&self, path: &[Certificate], at: OffsetDateTime, now: OffsetDateTime) -> Result<(), Reason> {
        for pair in path.windows(2) {
            let [certificate, issuer] = pair else {
                continue;
            };
            match self.standing(certificate, issuer, now).await {
                Some(Standing::Good) => {}
                Some(Standing::Revoked { since }) if since > at => {}
                Some(Standing::Revoked { .. }) => return Err(Reason::CertificateRevoked),
                None => return Err(Reason::RevocationUnknown),
            }
        }
        Ok(())
    }

    /// What the first source says that says anything.
    async fn standing(&self, certificate: &Certificate, issuer: &Certificate, now: OffsetDateTime) -> Option<Standing> {
        for address in addresses(certificate.ocsp_addresses()) {
            let (question, expected) = ("application/ocsp-request", "application/ocsp-response");
            let request = ocsp_request(certificate, issuer);
            let answer = self.exchange.post(&address, question, expected, request).await;
            let standing = answer.and_then(|answer| {
                standing_in_ocsp(&answer, certificate, issuer, now).map_err(|error| error.to_string())
            });
            match standing {
                Ok(standing) => return Some(standing),
                Err(reason) => tracing::warn!(%address, reason, "an OCSP responder says nothing"),
            }
        }
        for address in addresses(certificate.crl_addresses()) {
            let list = self.exchange.get(&address).await;
            let standing = list
                .and_then(|list| standing_in_list(&list, certificate, issuer, now).map_err(|error| error.to_string()));
            match standing {
                Ok(standing) => return Some(standing),
                Err(reason) => tracing::warn!(%address, reason, "a revocation list says nothing"),
            }
        }
        None
    }
}

/// The addresses that can be asked; directories (ldap) cannot. The answers are signed, so that plain HTTP serves.
fn addresses(texts: Vec<String>) -> impl Iterator<Item = Url> {
    texts
        .into_iter()
        .filter_map(|text| text.parse::<Url>().ok())
        .filter(|url| url.scheme() == "http")
}
