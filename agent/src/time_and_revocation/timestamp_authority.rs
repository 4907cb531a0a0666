//! A time stamping authority: one exchange gives one proved timestamp.

use std::time::Duration;

use time::OffsetDateTime;
use url::Url;

use super::exchange::Exchange;
use super::timestamp_messages::{TimestampRequest, answer};
use crate::certificate::Certificate;
use crate::certificate::asn1::Oid;
use crate::cms::{DigestAlgorithm, Scheme, TimestampToken, Trust};
use crate::config::TimestampConfig;
use crate::messages::{Code, Fault};

/// A timestamp takes 3 to 10 KiB.
const LARGEST_ANSWER: usize = 1 << 20;

/// The authority of the configuration. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TimestampAuthority {
    exchange: Exchange,
    url: Url,
    policy: Option<Oid>,
    digest: Option<DigestAlgorithm>,
    roots: Vec<Certificate>,
}

impl TimestampAuthority {
    /// The authority that the configuration names; `None` when it names none.
    ///
    /// # Errors
    /// `config_invalid`.
    pub fn new(config: &TimestampConfig) -> Result<Option<Self>, Fault> {
        Self::of("timestamp", config)
    }

    /// The same of a profile, whose settings stand under `table`.
    ///
    /// # Errors
    /// `config_invalid`.
    pub fn of(table: &str, config: &TimestampConfig) -> Result<Option<Self>, Fault> {
        let Some(url) = &config.url else {
            return Ok(None);
        };
        let invalid = |key: &str, reason: &dyn std::fmt::Display| {
            Fault::new(Code::ConfigInvalid).arg("reason", format_args!("{table}.{key}: {reason}"))
        };
        let url: Url = url.parse().map_err(|error| invalid("url", &error))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("url", &"is neither http nor https"));
        }
        let timeout = Duration::from_secs(config.timeout_seconds.max(1));
        let roots = match &config.roots {
            Some(path) => {
                let pem = std::fs::read(path).map_err(|error| invalid("roots", &error))?;
                Certificate::list_from_pem(&pem).map_err(|error| invalid("roots", &error))?
            }
            None => Vec::new(),
        };
        let policy = config.policy.as_deref().map(str::parse).transpose();
        let digest = config.digest.as_deref().map(str::parse).transpose();
        Ok(Some(Self {
            exchange: Exchange::new(timeout, LARGEST_ANSWER, url.scheme() == "https")
                .map_err(|reason| invalid("url", &reason))?,
            policy: policy.map_err(|error| invalid("policy", &error))?,
            digest: digest.map_err(|error| invalid("digest", &error))?,
            url,
            roots,
        }))
    }

    /// Who it is, for people.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// A timestamp of `signature`, a value made by `scheme`: one request, nothing repeated. The answer is checked (status, imprint, nonce, policy,
    /// the authority's certificate and its signature; its certification path where the configuration has roots) before it is given out.
    ///
    /// # Errors
    /// `timestamp_failed` with the host and the reason.
    pub async fn stamp(&self, signature: &[u8], scheme: &Scheme) -> Result<TimestampToken, Fault> {
        self.proved(signature, scheme).await.map_err(|reason| {
            Fault::new(Code::TimestampFailed)
                .arg("host", self.host())
                .arg("reason", &reason)
                .detail(format_args!("the time stamping authority {}: {reason}", self.url))
        })
    }

    async fn proved(&self, signature: &[u8], scheme: &Scheme) -> Result<TimestampToken, String> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|error| format!("there is no randomness for the request: {error}"))?;
        let algorithm = self.digest.unwrap_or_else(|| scheme.digest());
        let request = TimestampRequest {
            algorithm: scheme.imprint_identifier(algorithm),
            imprint: algorithm.digest(signature),
            policy: self.policy,
            nonce,
        };
        let (question, expected) = ("application/timestamp-query", "application/timestamp-reply");
        let response = self
            .exchange
            .post(&self.url, question, expected, request.encode())
            .await?;
        let token = answer(&request, signature, &response).map_err(|error| error.to_string())?;
        let flawed = |reason| format!("its timestamp does not hold: {reason}");
        let authority = token.authority(&self.roots).map_err(flawed)?;
        if !self.roots.is_empty() {
            let trust = Trust {
                roots: &self.roots,
                intermediates: &[],
                now: OffsetDateTime::now_utc(),
            };
            token.path(&authority, &trust).map_err(flawed)?;
        }
        Ok(token)
    }
}
