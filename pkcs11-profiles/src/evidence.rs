use serde::{Deserialize, Serialize};

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
