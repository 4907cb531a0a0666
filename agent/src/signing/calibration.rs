//! What was seen of the way a token makes GOST signatures, so that the next batch begins the right way.

use serde::{Deserialize, Serialize};

use crate::cms::{ObservedLayout, Scheme, SignatureAlgorithm, SignatureValue};
use crate::messages::Fault;
use crate::store::{Store, calibrations};
use crate::token::TokenId;

/// The habits of one token.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
pub(super) struct Calibration {
    /// How r and s stood in its last value, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layout: Option<String>,
    /// It reads digests the other way round than its module's profile says.
    #[serde(default)]
    pub(super) reversed_digest: bool,
}

impl Calibration {
    /// What is remembered of `token`. Other algorithms than GOST have only one way.
    pub(super) async fn of(store: &Store, token: &TokenId, scheme: &Scheme) -> Result<Self, Fault> {
        if !matches!(scheme.signature(), SignatureAlgorithm::Gost { .. }) {
            return Ok(Self::default());
        }
        let key = key(token);
        let known = store
            .read(move |connection| calibrations::layout(connection, &key))
            .await?;
        Ok(known
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default())
    }

    /// What a proved value shows.
    pub(super) fn seen(value: &SignatureValue, reversed_digest: bool) -> Self {
        let layout = match value.observed() {
            ObservedLayout::Gost(layout) => Some(layout.to_string()),
            _ => None,
        };
        Self {
            layout,
            reversed_digest,
        }
    }

    /// Whether there is anything to remember.
    pub(super) fn is_of_gost(&self) -> bool {
        self.layout.is_some()
    }

    /// The name and the text under which it is stored.
    pub(super) fn row(&self, token: &TokenId) -> Result<(String, String), Fault> {
        Ok((key(token), serde_json::to_string(self).map_err(Fault::internal)?))
    }
}

/// Module, maker, model and serial number: a token keeps its habits whatever its label.
pub(super) fn key(token: &TokenId) -> String {
    let module = token
        .module
        .file_name()
        .unwrap_or(token.module.as_os_str())
        .to_string_lossy();
    [&*module, &token.manufacturer, &token.model, &token.serial].join("/")
}
