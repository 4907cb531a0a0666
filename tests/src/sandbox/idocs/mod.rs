//! iDocs Integration API V3: the paths, shapes and rules of the vendor's OpenAPI description and guide.
//!
//! Two answer styles live side by side, as at the vendor's: `sync/blobs`, `sync/references` and the document queries wrap
//! their answers (`{"response", "errors"}`), the rest of `sync/external` answers the bare object or nothing.

mod answer;
mod blobs;
mod bulk;
mod documents;
mod files;
mod model;
mod queries;
mod records;
mod references;
mod routes;
mod signing;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::routing::{get, post};

use super::app::App;
use super::call::Call;
use answer::JsonBody;
use model::{BulkRequest, BulkStatusRequest};

pub(crate) use documents::seed_inbox_document;
pub(crate) use records::Records;

/// Whether a path belongs to iDocs; the rest is MIG24's.
pub(crate) fn owns(path: &str) -> bool {
    let path = path.trim_start_matches('/');
    path.starts_with("api/v3/") || path.starts_with("api/1/webhooks/")
}

pub(crate) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let wrapped = Router::new()
        .route("/api/v3/sync/blobs/document-content", post(blobs::upload_document))
        .route(
            "/api/v3/sync/blobs/document-signature-content",
            post(blobs::upload_signature),
        )
        .route("/api/v3/sync/references/company-token", post(references::company_token))
        .route("/api/v3/sync/references/company-employees", post(references::employees))
        .route(
            "/api/v3/sync/references/company-employees/permission/{id}",
            get(references::permissions),
        )
        .route("/api/v3/sync/bulk/operations", post(bulk::list))
        .route("/api/v3/sync/external/documents-query/outbox", post(queries::outbox))
        .route("/api/v3/sync/external/documents-query/inbox", post(queries::inbox))
        .route(
            "/api/v3/sync/external/documents-query/single/outbox/{id}",
            get(queries::one_outbox),
        )
        .route(
            "/api/v3/sync/external/documents-query/single/inbox/{id}",
            get(queries::one_inbox),
        )
        .route_layer(from_fn_with_state(Arc::clone(app), answer::require_token))
        .route_layer(map_response_with_state(Arc::clone(app), answer::wrap));
    let mut bare = Router::new()
        .route("/api/v3/sync/external/outbox/document/create", post(documents::create))
        .route(
            "/api/v3/sync/external/outbox/route/quick-route/create",
            post(routes::create_quick),
        )
        .route(
            "/api/v3/sync/external/outbox/signature/content-to-sign/generate",
            post(signing::generate_outbox),
        )
        .route(
            "/api/v3/sync/external/inbox/signature/content-to-sign/generate",
            post(signing::generate_inbox),
        )
        .route(
            "/api/v3/sync/external/outbox/signature/quick-sign/save",
            post(signing::save_outbox),
        )
        .route(
            "/api/v3/sync/external/inbox/signature/quick-sign/save",
            post(signing::save_inbox),
        )
        .route("/api/v3/sync/sign-content/download/{id}", get(signing::download))
        .route(
            "//api/v3/sync/sign-content/download/{id}",
            get(signing::download_double_slash),
        )
        .route(
            "/api/v3/sync/single/document/GetDocumentStatusByDocumentId/{id}",
            get(queries::status),
        )
        .route(
            "/api/v3/sync/single/document/GetDocumentPrintFormByDocumentId/{id}",
            get(files::print_form),
        )
        .route(
            "/api/v3/sync/single/document/GetDocumentArchiveByDocumentId/{id}",
            get(files::archive),
        )
        .route("/api/v3/sync/external/outbox/route/create", post(routes::create_outbox))
        .route("/api/v3/sync/external/inbox/route/create", post(routes::create_inbox))
        .route(
            "/api/v3/sync/internal/document/create",
            post(documents::create_internal),
        )
        .route("/api/v3/sync/internal/route/create", post(routes::create_internal))
        .route(
            "/api/1/webhooks/document-events/subscription/document-status-changed-event",
            post(webhooks::subscribe),
        );
    for (kind, path) in bulk::Kind::ALL {
        bare = bare
            .route(
                path,
                post(move |app: State<Arc<App>>, call: Call, body: JsonBody<BulkRequest>| {
                    bulk::begin(kind, app, call, body)
                }),
            )
            .route(
                &format!("{path}/status"),
                post(move |app: State<Arc<App>>, body: JsonBody<BulkStatusRequest>| bulk::status(kind, app, body)),
            );
    }
    let bare = bare
        .route_layer(from_fn_with_state(Arc::clone(app), answer::require_token))
        .route_layer(map_response_with_state(Arc::clone(app), answer::unwrapped));
    wrapped.merge(bare).layer(DefaultBodyLimit::disable())
}
