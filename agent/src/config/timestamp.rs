//! Timestamps: the authority of `[timestamp]`, and what a profile says of its own.

use std::fmt;
use std::path::PathBuf;

use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, de};

/// `[timestamp]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimestampConfig {
    /// The authority's address (RFC 3161 over HTTP); without one there are no timestamps.
    pub url: Option<String>,
    /// The policy to ask for, an object identifier; the authority's own when absent.
    pub policy: Option<String>,
    /// The digest of what is stamped; the signature's own when absent.
    pub digest: Option<String>,
    /// A file of root certificates (PEM). When given, a timestamp counts only if its authority's certificate leads to one of them.
    pub roots: Option<PathBuf>,
    /// The longest time for one timestamp, in seconds.
    pub timeout_seconds: u64,
}

impl Default for TimestampConfig {
    fn default() -> Self {
        Self {
            url: None,
            policy: None,
            digest: None,
            roots: None,
            timeout_seconds: 20,
        }
    }
}

/// Whether a signature gets a timestamp.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimestampLevel {
    /// No.
    #[default]
    None,
    /// Yes when the authority gives one; without one the signature is good as well.
    Optional,
    /// Yes, or there is no result.
    Required,
}

/// `timestamp` of a profile: the level alone, or a table with the level and what the profile has otherwise than `[timestamp]`.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct ProfileTimestamp {
    /// Whether its signatures get a timestamp.
    pub level: TimestampLevel,
    /// An authority of its own; the rest of `[timestamp]`, which belongs to another authority, then says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The policy to ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The digest of what is stamped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// A file of root certificates (PEM), as in `[timestamp]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roots: Option<PathBuf>,
    /// The longest time for one timestamp, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
}

impl ProfileTimestamp {
    /// What holds for the profile where `general` is `[timestamp]`; `None` when that is `general` as it stands.
    pub fn over(&self, general: &TimestampConfig) -> Option<TimestampConfig> {
        let Self {
            level: _,
            url,
            policy,
            digest,
            roots,
            timeout_seconds,
        } = self.clone();
        let base = match &url {
            Some(_) => TimestampConfig::default(),
            None => general.clone(),
        };
        let differs =
            url.is_some() || policy.is_some() || digest.is_some() || roots.is_some() || timeout_seconds.is_some();
        differs.then(|| TimestampConfig {
            url: url.or(base.url),
            policy: policy.or(base.policy),
            digest: digest.or(base.digest),
            roots: roots.or(base.roots),
            timeout_seconds: timeout_seconds.unwrap_or(base.timeout_seconds),
        })
    }
}

impl From<TimestampLevel> for ProfileTimestamp {
    fn from(level: TimestampLevel) -> Self {
        Self {
            level,
            ..Self::default()
        }
    }
}

impl<'de> Deserialize<'de> for ProfileTimestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LevelOrTable)
    }
}

/// The table; it says its level, for a table that names an authority and stamps nothing would be a mistake.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    level: TimestampLevel,
    url: Option<String>,
    policy: Option<String>,
    digest: Option<String>,
    roots: Option<PathBuf>,
    timeout_seconds: Option<u64>,
}

struct LevelOrTable;

impl<'de> Visitor<'de> for LevelOrTable {
    type Value = ProfileTimestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("none, optional, required, or a table with level and url, policy, digest, roots, timeout_seconds")
    }

    fn visit_str<E: de::Error>(self, level: &str) -> Result<Self::Value, E> {
        let deserializer = de::value::StrDeserializer::<E>::new(level);
        TimestampLevel::deserialize(deserializer).map(ProfileTimestamp::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Self::Value, A::Error> {
        let Table {
            level,
            url,
            policy,
            digest,
            roots,
            timeout_seconds,
        } = Table::deserialize(MapAccessDeserializer::new(table))?;
        Ok(ProfileTimestamp {
            level,
            url,
            policy,
            digest,
            roots,
            timeout_seconds,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::config::IdocsProfile;

    fn profile(lines: &str) -> Result<ProfileTimestamp, toml::de::Error> {
        let text = format!("base_url = 'https://i.example'\ntoken.env = 'T'\n{lines}");
        toml::from_str::<IdocsProfile>(&text).map(|profile| profile.service.timestamp)
    }

    fn general() -> TimestampConfig {
        TimestampConfig {
            url: Some("http://general".to_owned()),
            policy: Some("1.2.3".to_owned()),
            digest: Some("sha512".to_owned()),
            roots: Some("/roots.pem".into()),
            timeout_seconds: 7,
        }
    }

    #[test]
    fn a_level_alone_leaves_the_general_authority() {
        assert_eq!(profile("").unwrap(), TimestampLevel::None.into());
        let required = profile("timestamp = 'required'").unwrap();
        assert_eq!(required, TimestampLevel::Required.into());
        assert!(required.over(&general()).is_none());
    }

    #[test]
    fn a_table_changes_what_it_names_and_another_authority_takes_nothing_over() {
        let same = profile("timestamp = { level = 'optional', policy = '1.2.4', timeout_seconds = 3 }").unwrap();
        assert_eq!(same.level, TimestampLevel::Optional);
        let held = same.over(&general()).unwrap();
        assert_eq!(
            (
                held.url.as_deref(),
                held.policy.as_deref(),
                held.digest.as_deref(),
                held.timeout_seconds
            ),
            (Some("http://general"), Some("1.2.4"), Some("sha512"), 3)
        );
        let other = profile("timestamp = { level = 'required', url = 'http://own', digest = 'sha256' }").unwrap();
        let held = other.over(&general()).unwrap();
        assert_eq!(
            (
                held.url.as_deref(),
                held.policy,
                held.digest.as_deref(),
                held.roots,
                held.timeout_seconds
            ),
            (Some("http://own"), None, Some("sha256"), None, 20)
        );
    }

    #[test]
    fn what_is_neither_is_refused_with_what_is_possible() {
        for (lines, told) in [
            ("timestamp = 'always'", "`optional`"),
            ("timestamp = true", "or a table with level"),
            ("timestamp = { url = 'http://own' }", "missing field `level`"),
            (
                "timestamp = { level = 'required', uri = 'http://own' }",
                "unknown field `uri`",
            ),
        ] {
            let error = profile(lines).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
