use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{client, download, id, told};
use crate::endpoint::extract::InPath;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::http_client::ServiceId;
use crate::mig24::PackageInfo;

/// A question to EDO.MIG24 whose answer comes through the queue.
#[derive(Serialize, ToSchema)]
#[schema(as = Mig24StatusRequest)]
pub(crate) struct StatusRequest {
    /// The package.
    #[schema(value_type = String)]
    package_id: ServiceId,
}

/// Shows a package of EDO.MIG24.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/packages/{id}", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The package"),
    ),
    responses((status = OK, body = PackageInfo))
)]
pub(in crate::endpoint::routes) async fn one(
    State(shared): State<Arc<Shared>>,
    InPath((profile, package)): InPath<(String, String)>,
) -> Result<Json<PackageInfo>, Problem> {
    let package = id(&package, "package")?;
    told(client(&shared, &profile)?.package(&package).await).map(Json)
}

/// Gives what belongs to a package: document, signatures, receipts.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/packages/{id}/files", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The package"),
    ),
    responses((status = OK, content_type = "application/octet-stream", body = Vec<u8>))
)]
pub(in crate::endpoint::routes) async fn files(
    State(shared): State<Arc<Shared>>,
    InPath((profile, package)): InPath<(String, String)>,
) -> Result<Response, Problem> {
    let package = id(&package, "package")?;
    let files = told(client(&shared, &profile)?.package_files(&package).await)?;
    Ok(download::answer(files, "application/octet-stream"))
}

/// Asks EDO.MIG24 to send a package's state to the organisation's queue.
#[utoipa::path(
    post, path = "/v1/mig24/{profile}/packages/{id}/status-requests", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The package"),
    ),
    responses((status = ACCEPTED, body = StatusRequest))
)]
pub(in crate::endpoint::routes) async fn request_status(
    State(shared): State<Arc<Shared>>,
    InPath((profile, package)): InPath<(String, String)>,
) -> Result<Response, Problem> {
    let package_id = id(&package, "package")?;
    told(client(&shared, &profile)?.request_package_status(&package_id).await)?;
    Ok((StatusCode::ACCEPTED, Json(StatusRequest { package_id })).into_response())
}
