//! Telling whether a document was made when the answer is lost: the service can be asked for a range of dates only, so number and
//! name are compared here.

use std::collections::HashSet;

use time::{Duration, OffsetDateTime};

use super::client::IdocsClient;
use super::documents::DocumentView;
use super::model::DocumentGroup;
use crate::http_client::Failure;

/// A document's date may come back as that of a neighbouring day: the service counts in its own time zone.
const DATE_RANGE: Duration = Duration::days(1);

/// What a document is made with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metadata<'a> {
    pub(super) name: &'a str,
    pub(super) number: &'a str,
    pub(super) date: OffsetDateTime,
    pub(super) group: DocumentGroup,
}

impl Metadata<'_> {
    /// Whether a document has this number and name.
    pub(super) fn is_of(&self, document: &DocumentView) -> bool {
        key(self.number, self.name) == key_of(document)
    }
}

/// The outgoing documents that have number and name of any of these.
pub(super) async fn find(client: &IdocsClient, wanted: &[Metadata<'_>]) -> Result<Vec<DocumentView>, Failure> {
    let dates = wanted.iter().map(|metadata| metadata.date);
    let (Some(first), Some(last)) = (dates.clone().min(), dates.max()) else {
        return Ok(Vec::new());
    };
    let keys: HashSet<_> = wanted
        .iter()
        .map(|metadata| key(metadata.number, metadata.name))
        .collect();
    let from = (first - DATE_RANGE).unix_timestamp().max(0);
    let to = (last + DATE_RANGE).unix_timestamp();
    client
        .find_outgoing(from, to, |document| keys.contains(&key_of(document)))
        .await
}

fn key<'a>(number: &'a str, name: &'a str) -> (&'a str, &'a str) {
    (number.trim(), name.trim())
}

fn key_of(document: &DocumentView) -> (&str, &str) {
    key(
        document.document_number.as_deref().unwrap_or_default(),
        document.document_name.as_deref().unwrap_or_default(),
    )
}
