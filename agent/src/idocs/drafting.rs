//! The scenario that makes a draft of files and leaves it unsigned.

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Idocs;
use super::draft::Draft;
use super::input::{NewDraft, SpooledFile};
use crate::jobs::{JobContext, JobEnd, Outcome, Scenario, Terms};

/// The kind of jobs that make a draft.
pub const DRAFT: &str = "idocs_draft";

/// The stored input.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Input {
    pub(super) draft: NewDraft,
    pub(super) files: Vec<SpooledFile>,
}

#[derive(Debug)]
pub(super) struct DraftScenario {
    pub(super) idocs: Idocs,
}

impl Scenario for DraftScenario {
    fn kind(&self) -> &'static str {
        DRAFT
    }

    fn terms(&self, profile: Option<&str>) -> Terms {
        self.idocs.profiles().terms(profile)
    }

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>> {
        async move {
            let input: Input = context.input()?;
            let profile = self.idocs.profile(context.profile().unwrap_or_default())?;
            let draft = Draft {
                client: profile.client()?,
                context,
                kind: input.draft.kind,
                author: input.draft.author_employee_id.as_ref(),
                metadata: input.draft.metadata(),
                files: &input.files,
            };
            let document = draft.create().await?;
            Ok(json!({
                "document_id": document,
                "document_name": input.draft.name,
                "document_number": input.draft.number,
                "kind": input.draft.kind,
            }))
        }
        .map_ok(Outcome::from)
        .boxed()
    }
}
