use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::endpoint::extract::JsonBody;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::messages::{Code, Fault};

/// Which module.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModuleToRelease {
    /// Its file, as `GET /v1/tokens` names it.
    #[schema(value_type = String)]
    path: PathBuf,
}

/// That it was released.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReleasedModule {
    /// Its file.
    #[schema(value_type = String)]
    path: PathBuf,
}

/// Takes back a module that was set aside, and tries it.
#[utoipa::path(
    post, path = "/v1/modules/release", tag = "person", request_body = ModuleToRelease,
    responses((status = OK, body = ReleasedModule))
)]
pub(super) async fn release(
    State(shared): State<Arc<Shared>>,
    body: JsonBody,
) -> Result<Json<ReleasedModule>, Problem> {
    let ModuleToRelease { path } = body.parse()?;
    if !shared.fleet.release(&path).await {
        return Err(Fault::new(Code::NoSuchItem).arg("item", path.display()).into());
    }
    Ok(Json(ReleasedModule { path }))
}
