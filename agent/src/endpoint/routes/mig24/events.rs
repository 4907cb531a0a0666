use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::endpoint::extract::{InPath, InQuery, checked_limit};
use crate::endpoint::preference::Preference;
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::mig24::{QueueEvent, QueueStatus};

/// So many events are given when the caller does not say.
const USUAL: u32 = 100;
/// The most that are given at once.
const MOST: u32 = 1000;

/// What arrived in the organisation's queues.
#[derive(Serialize, ToSchema)]
#[schema(as = Mig24Events)]
pub(crate) struct Events {
    /// The oldest first.
    events: Vec<QueueEvent>,
    /// Whether the queues are consumed.
    queue: QueueStatus,
}

/// Which events.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::endpoint::routes) struct EventsQuery {
    /// Only those after this number.
    after: Option<i64>,
    /// At most so many; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// Lists what arrived in the organisation's queues.
///
/// With `Prefer: wait=N` it answers when there is something, after N seconds at the latest. `GET /v1/events` tells of each, too.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/events", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        EventsQuery,
        ("Prefer" = Option<String>, Header, description = "`wait=N`: answer when there is an event, after N seconds at the latest"),
    ),
    responses((status = OK, body = Events))
)]
pub(in crate::endpoint::routes) async fn list(
    State(shared): State<Arc<Shared>>,
    preference: Preference,
    InPath(profile): InPath<String>,
    InQuery(query): InQuery<EventsQuery>,
) -> Result<Response, Problem> {
    let after = query.after.unwrap_or_default();
    let limit = checked_limit(query.limit.unwrap_or(USUAL), MOST)?;
    let wait = preference.wait().unwrap_or(Duration::ZERO);
    let events = tokio::select! {
        () = shared.shutdown.cancelled() => Vec::new(),
        events = shared.mig24.events_within(&shared.store, &profile, after, limit, wait) => events?,
    };
    let queue = shared.mig24.queue_status(&profile)?;
    Ok(preference.applied_to(Json(Events { events, queue }).into_response()))
}
