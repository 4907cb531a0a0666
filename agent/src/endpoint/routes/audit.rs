use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::endpoint::extract::{InQuery, checked_limit};
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::store::audit;

const ENTRIES: u32 = 100;
const MOST_ENTRIES: u32 = 1000;

/// A part of the audit log.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntries {
    /// The newest first: `seq`, `at`, `kind`, `actor`, `job`, `body`, `hash`.
    #[schema(value_type = Vec<Object>)]
    entries: Vec<Value>,
}

/// Which part.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// At most so many entries; 100 when absent, 1000 at most.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Only entries with a smaller number than this.
    before: Option<i64>,
}

/// Reads the audit log.
#[utoipa::path(get, path = "/v1/audit", tag = "person", params(AuditQuery), responses((status = OK, body = AuditEntries)))]
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    InQuery(query): InQuery<AuditQuery>,
) -> Result<Json<AuditEntries>, Problem> {
    let limit = checked_limit(query.limit.unwrap_or(ENTRIES), MOST_ENTRIES)?;
    let recorded = shared
        .store
        .read(move |connection| audit::list(connection, query.before, limit))
        .await?;
    let entries = recorded.iter().map(|entry| serde_json::json!(entry)).collect();
    Ok(Json(AuditEntries { entries }))
}
