use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

/// Where a claim comes from. Exactly one of the two stands beside every claim of a profile.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Evidence {
    /// A document, a package listing or a run that shows it.
    Source(String),
    /// Nothing shows it yet; a lead only.
    Unverified,
}

/// The two fields as a profile writes them.
#[derive(Deserialize, Serialize)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unverified: bool,
}

impl TryFrom<Written> for Evidence {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match (written.source, written.unverified) {
            (Some(source), false) if !source.trim().is_empty() => Ok(Self::Source(source)),
            (None, true) => Ok(Self::Unverified),
            _ => Err("a claim needs either `source` (not empty) or `unverified = true`"),
        }
    }
}

impl From<Evidence> for Written {
    fn from(evidence: Evidence) -> Self {
        match evidence {
            Evidence::Source(source) => Self {
                source: Some(source),
                unverified: false,
            },
            Evidence::Unverified => Self {
                source: None,
                unverified: true,
            },
        }
    }
}

/// A table of claims with their evidence beside them, in the same table. Unlike a flattened field, it leaves a misspelt key an error.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Claimed<T> {
    /// What is claimed.
    #[serde(flatten)]
    pub claim: T,
    /// Where it is known from.
    #[serde(flatten)]
    pub evidence: Evidence,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Claimed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut claim = toml::Table::deserialize(deserializer)?;
        let evidence = ["source", "unverified"]
            .into_iter()
            .filter_map(|key| claim.remove_entry(key))
            .collect::<toml::Table>();
        Ok(Self {
            claim: claim.try_into().map_err(D::Error::custom)?,
            evidence: evidence.try_into().map_err(D::Error::custom)?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Height {
        #[serde(rename = "metres")]
        _metres: u8,
    }

    #[test]
    fn a_claim_has_one_evidence_and_no_misspelt_key() {
        let read = |text: &str| toml::from_str::<Claimed<Height>>(text).map(|claimed| claimed.evidence);
        let source = Evidence::Source("a survey".to_owned());
        assert_eq!(read("metres = 1\nsource = 'a survey'").unwrap(), source);
        assert_eq!(read("metres = 1\nunverified = true").unwrap(), Evidence::Unverified);
        for (text, says) in [
            ("metres = 1", "unverified = true"),
            ("metres = 1\nsource = ' '", "unverified = true"),
            ("metres = 1\nunverified = false", "unverified = true"),
            ("metres = 1\nsource = 'x'\nunverified = true", "unverified = true"),
            ("metre = 1\nsource = 'x'", "metre"),
            ("source = 'x'", "metres"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }
}
