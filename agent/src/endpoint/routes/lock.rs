use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::endpoint::caller::{Caller, Identity};
use crate::endpoint::events::EventKind;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::store::{audit, grants};

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
    let ended_grants = shared
        .store
        .write(move |tx| {
            let ended = grants::end_all(tx, "locked")?;
            let entry = audit::Entry {
                kind: "locked",
                actor: audit::Actor::Person,
                job: None,
                body: json!({ "ended_grants": ended, "at": prompter }),
            };
            audit::append(tx, entry)?;
            Ok(ended)
        })
        .await?;
    shared
        .events
        .tell(EventKind::Locked, json!({ "ended_grants": ended_grants }));
    Ok(Json(Locked { ended_grants }))
}
