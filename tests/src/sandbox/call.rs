//! What a handler knows of the HTTP call it serves, beyond the request itself.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::faults::{Action, When};

/// One delivery of one HTTP call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    /// The call's number in the request log; 0 outside HTTP.
    pub(crate) number: u64,
    /// 1, or 2 when a fault delivers the call twice.
    pub(crate) delivery: u8,
    /// Changes to the answer that only its handler can make.
    pub(crate) twists: Twists,
}

/// The faults that bend an answer from within.
#[derive(Clone, Debug, Default)]
pub(crate) struct Twists {
    pub(crate) no_ticket: bool,
    pub(crate) download_link: Option<String>,
    pub(crate) changed_content: bool,
    /// The operation of a bulk call, counted from 1, that breaks off, and when.
    pub(crate) broken_operation: Option<(usize, When)>,
    pub(crate) digest: Option<DigestTwist>,
}

/// What `prepare` does to its first hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DigestTwist {
    /// One byte is missing.
    Short,
    /// The length is right, the value is not.
    Foreign,
}

impl Twists {
    pub(crate) fn of(actions: &[Action]) -> Self {
        let mut twists = Self::default();
        for action in actions {
            match action {
                Action::NoTicket => twists.no_ticket = true,
                Action::DownloadLink { link } => twists.download_link = Some(link.clone()),
                Action::ChangedContent => twists.changed_content = true,
                Action::BreakOperation { nth, when } => twists.broken_operation = Some((*nth, *when)),
                Action::WrongDigestLength => twists.digest = Some(DigestTwist::Short),
                Action::WrongDigest => twists.digest = Some(DigestTwist::Foreign),
                Action::Answer { .. }
                | Action::HtmlPage { .. }
                | Action::Delay { .. }
                | Action::Cut { .. }
                | Action::SlowBody { .. }
                | Action::DuplicateDelivery { .. } => {}
            }
        }
        twists
    }
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
