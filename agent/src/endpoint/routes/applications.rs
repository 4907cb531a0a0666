use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::pairings;
use crate::consent::{GrantEnd, GrantScope};
use crate::endpoint::applications::Application;
use crate::endpoint::disconnected;
use crate::endpoint::events::EventKind;
use crate::endpoint::extract::{InPath, JsonBody};
use crate::endpoint::permission::Permission;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::endpoint::visible::visible;
use crate::jobs::failpoints;

/// The paired applications.
#[derive(Serialize, ToSchema)]
pub(crate) struct Applications {
    /// The first paired first.
    applications: Vec<PairedApplication>,
}

/// A paired application.
#[derive(Serialize, ToSchema)]
pub(crate) struct PairedApplication {
    /// Its id.
    id: Uuid,
    /// The name that the person confirmed; what would deceive in it is shown escaped.
    name: String,
    /// The web origin that its token is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    /// What it may do.
    permissions: Vec<Permission>,
    /// When it was paired.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it last called.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    last_used_at: Option<OffsetDateTime>,
    /// Whether the administrator's configuration paired it, not the person.
    prepared: bool,
    /// The program that its token is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    executable: Option<String>,
}

/// An application's new name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationName {
    /// The name.
    #[schema(example = "Accounting 8.3", min_length = 1, max_length = 80, pattern = r"\S")]
    name: String,
}

impl From<&Application> for PairedApplication {
    fn from(application: &Application) -> Self {
        Self {
            id: application.id,
            name: visible(&application.name),
            origin: application.origin.clone(),
            permissions: application.permissions.clone(),
            created_at: application.created_at,
            last_used_at: application.last_used_at(),
            prepared: application.prepared,
            executable: application.executable.clone(),
        }
    }
}

/// Lists the paired applications.
#[utoipa::path(get, path = "/v1/applications", tag = "pairing", responses((status = OK, body = Applications)))]
pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Json<Applications> {
    let applications = shared.applications.all();
    Json(Applications {
        applications: applications
            .iter()
            .map(|application| PairedApplication::from(application.as_ref()))
            .collect(),
    })
}

/// Gives an application another name.
#[utoipa::path(
    post, path = "/v1/applications/{id}/name", tag = "pairing", request_body = ApplicationName,
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = OK, body = PairedApplication))
)]
pub(super) async fn rename(
    State(shared): State<Arc<Shared>>,
    InPath(id): InPath<Uuid>,
    body: JsonBody,
) -> Result<Json<PairedApplication>, Problem> {
    let ApplicationName { name } = body.parse()?;
    let name = pairings::checked_name(&name)?;
    let application = shared.applications.rename(id, name).await?;
    shared
        .events
        .tell(EventKind::Application, json!({ "id": id, "state": "renamed" }));
    Ok(Json(PairedApplication::from(application.as_ref())))
}

/// Ends a pairing.
///
/// The application's token is worth nothing from then on, its grants end, and what runs for it is cancelled as far as it can be taken back.
#[utoipa::path(
    delete, path = "/v1/applications/{id}", tag = "pairing", params(("id" = Uuid, Path, description = "The application")),
    responses((status = NO_CONTENT))
)]
pub(super) async fn revoke(State(shared): State<Arc<Shared>>, InPath(id): InPath<Uuid>) -> Result<StatusCode, Problem> {
    shared.applications.revoke(id).await?;
    failpoints::reached(format_args!("application:revoked"));
    let of_it = |scope: &GrantScope| scope.application == id;
    shared.grants.end_those(of_it, GrantEnd::ApplicationRevoked).await?;
    disconnected::cancel_work(&shared.applications, &shared.engine).await?;
    disconnected::look_again(Arc::clone(&shared));
    shared
        .events
        .tell(EventKind::Application, json!({ "id": id, "state": "revoked" }));
    Ok(StatusCode::NO_CONTENT)
}
