use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use crate::endpoint::caller::Caller;
use crate::endpoint::metrics::Gauge;
use crate::endpoint::permission::Permission;
use crate::endpoint::shared::Shared;

/// Counters and gauges in the Prometheus text format.
///
/// How many tokens are plugged in needs the permission `certificates`; how many applications are paired is for the person.
#[utoipa::path(get, path = "/metrics", tag = "agent", responses((status = OK, content_type = "text/plain", body = String)))]
pub(super) async fn metrics(State(shared): State<Arc<Shared>>, caller: Caller) -> Response {
    let gauge = |name, help, value: usize| Gauge {
        name,
        help,
        value: u64::try_from(value).unwrap_or(u64::MAX),
    };
    let mut gauges = vec![
        gauge(
            "tokensign_questions",
            "Questions that wait for the person.",
            shared.desk.questions().len(),
        ),
        gauge(
            "tokensign_prompters",
            "Kinds of prompters that are attached.",
            shared.desk.prompters().len(),
        ),
        Gauge {
            name: "tokensign_uptime_seconds",
            help: "Seconds since the start.",
            value: shared.started.elapsed().as_secs(),
        },
    ];
    if caller.may(&Permission::Certificates) {
        gauges.push(gauge(
            "tokensign_tokens",
            "Tokens that are plugged in.",
            shared.fleet.inventory().tokens.len(),
        ));
    }
    if caller.is_person() {
        gauges.push(gauge(
            "tokensign_applications",
            "Paired applications.",
            shared.applications.all().len(),
        ));
    }
    let text = shared.metrics.text(&gauges);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
