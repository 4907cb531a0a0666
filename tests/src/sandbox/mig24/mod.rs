//! EDO.MIG24 API: the paths of the vendor's guide, with bodies of our own where the guide gives none.
//!
//! Requests are read tolerantly, because nobody outside the vendor knows the exact members; what is done with them is strict.

mod answer;
mod documents;
mod finish_request;
mod groups;
mod packages;
mod people;
mod prepare_answer;
mod queue;
mod records;
mod signing;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::routing::{get, post, put};

use super::app::App;

pub(crate) use queue::{Message, Publisher};
pub(crate) use records::Records;

pub(crate) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/documents", get(documents::list))
        .route("/api/v1/documents/upd", post(documents::upload_upd))
        .route(
            "/api/v1/documents/upd/draft-visualization/{id}",
            get(documents::draft_visualization),
        )
        .route(
            "/api/v1/documents/{id}",
            get(documents::info).post(documents::upload_detected),
        )
        .route("/api/v1/documents/{id}/informal", post(documents::upload_informal))
        .route("/api/v1/documents/{id}/file", get(documents::file))
        .route("/api/v1/package-groups", post(groups::create))
        .route(
            "/api/v1/package-groups/{id}",
            put(groups::update).delete(groups::delete),
        )
        .route("/api/v1/package-groups/{id}/packages", post(groups::add_packages))
        .route("/api/v1/package-groups/{id}/info", get(groups::info))
        .route("/api/v1/packages/{id}/info", get(packages::info))
        .route("/api/v1/packages/{id}/files", get(packages::files))
        .route("/api/v1/packages/{id}/status/async", get(packages::request_status))
        .route("/api/v1/sign/package-group/prepare", post(signing::prepare))
        .route("/api/v1/sign/package-group/finish", post(signing::finish))
        .route("/api/v1/sign/package-group/user", post(signing::sign_by_user))
        .route("/api/v1/sign/package-group", post(signing::sign_by_container))
        .route("/api/v1/counteragent-requests/inbox", get(people::inbox))
        .route("/api/v1/counteragent-requests/outbox", get(people::outbox))
        .route("/api/v1/counteragents", get(people::counteragents))
        .route("/api/v1/operators", get(people::operators))
        .route("/{org}/users", get(people::users))
        .route("/api/v1/{org}/users", get(people::users))
        .route("/api/v1/orgs/{org}/users", get(people::users))
        .route("/api/v1/orgs/{org}/users/{user}", get(people::user))
        .route_layer(from_fn_with_state(Arc::clone(app), answer::require_token))
        .route_layer(map_response_with_state(Arc::clone(app), answer::write_refusal))
        .layer(DefaultBodyLimit::disable())
}
