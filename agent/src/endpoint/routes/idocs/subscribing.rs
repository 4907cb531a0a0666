//! The subscription to changes of documents.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use crate::endpoint::extract::{InPath, JsonBody};
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::messages::Fault;

/// Where changes of documents are told.
#[derive(Deserialize, Serialize, ToSchema)]
#[schema(as = IdocsSubscription, example = json!({ "subscription_url": "https://hooks.example/idocs" }))]
#[serde(deny_unknown_fields)]
pub(crate) struct Subscription {
    /// The subscriber's address, https: the operator's proxy, never this agent itself.
    subscription_url: String,
}

/// Has iDocs tell changes of documents to an address. It replaces the one that was told before.
#[utoipa::path(
    post, path = "/v1/idocs/{profile}/webhook-subscription", tag = "services",
    request_body = Subscription,
    params(("profile" = String, Path, description = "The profile of the configuration")),
    responses((status = OK, body = Subscription))
)]
pub(in crate::endpoint::routes) async fn subscribe(
    State(shared): State<Arc<Shared>>,
    InPath(profile): InPath<String>,
    body: JsonBody,
) -> Result<Json<Subscription>, Problem> {
    let request: Subscription = body.parse()?;
    let url = Url::parse(&request.subscription_url).ok();
    if !url.is_some_and(|url| url.scheme() == "https" && url.host_str().is_some()) {
        return Err(Fault::invalid_field("subscription_url", "must be an https address").into());
    }
    shared.idocs.subscribe(&profile, &request.subscription_url).await?;
    Ok(Json(request))
}
