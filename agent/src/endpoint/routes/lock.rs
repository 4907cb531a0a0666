use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::consent::GrantEnd;
use crate::endpoint::caller::{Caller, Identity};
use crate::endpoint::events::EventKind;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::store::audit;

/// What locking ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct Locked {
    /// How many remembered decisions ended.
    ended_grants: u32,
}

/// Ends every remembered decision and login.
///
/// Questions go on waiting.
#[utoipa::path(post, path = "/v1/lock", tag = "person", responses((status = OK, body = Locked)))]
pub(super) async fn lock(State(shared): State<Arc<Shared>>, caller: Caller) -> Result<Json<Locked>, Problem> {
    let prompter = if matches!(caller.identity, Identity::Page(_)) {
        "web"
    } else {
        "command_line"
    };
    let ended_grants = shared.grants.end_those(|_| true, GrantEnd::Locked).await?;
    // Those of grants that were not given yet, too.
    shared.fleet.end_kept_logins().await;
    let body = json!({ "ended_grants": ended_grants, "at": prompter });
    shared
        .store
        .write(move |tx| {
            let entry = audit::Entry {
                kind: "locked",
                actor: audit::Actor::Person,
                job: None,
                body,
            };
            audit::append(tx, entry).map(drop)
        })
        .await?;
    shared
        .events
        .tell(EventKind::Locked, json!({ "ended_grants": ended_grants }));
    Ok(Json(Locked { ended_grants }))
}
