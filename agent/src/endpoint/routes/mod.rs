//! The routes: each reads its request, calls the room that does the work, and shapes the answer. The guard has looked at the
//! caller before.
#![allow(unused_qualifications, reason = "what utoipa's macros write")]

mod applications;
mod audit;
mod events;
mod evidence;
mod example_signature;
mod grants;
mod idocs;
mod inventory;
mod jobs;
mod lock;
mod metrics;
mod mig24;
mod modules;
mod page;
mod pairings;
mod previews;
mod questions;
mod readers;
mod service_answer;
mod signatures;
mod started;
mod status;
mod timestamps;
mod verifications;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::{self, Description};
use super::problem::Problem;
use super::shared::Shared;
use crate::messages::Code;

pub(super) use page::page_link;
pub(super) use readers::ReaderWord;
pub(super) use signatures::SignatureScenario;

/// The router of everything, and the description of the API.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let (router, description) = described();
    // It does not change while the agent runs.
    let description: Arc<str> = openapi_text(description).into();
    router
        .route("/openapi.json", get(move || served(Arc::clone(&description))))
        .route("/docs", get(page::docs))
        .route("/approve", get(page::shell))
        .route("/approve/texts.json", get(page::texts))
        .route("/approve/{asset}", get(page::asset))
        .fallback(|| async { Problem::from(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::from(Code::MethodNotAllowed) })
        // The guard has bounded the body already.
        .layer(DefaultBodyLimit::disable())
        .with_state(shared)
}

fn described() -> (Router<Arc<Shared>>, utoipa::openapi::OpenApi) {
    let (router, mut description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(status::health))
        .routes(routes!(status::status))
        .routes(routes!(pairings::begin))
        .routes(routes!(pairings::poll))
        .routes(routes!(inventory::tokens))
        .routes(routes!(inventory::certificates))
        .routes(routes!(signatures::begin))
        .routes(routes!(signatures::one, signatures::cancel))
        .routes(routes!(signatures::file))
        .routes(routes!(verifications::verify))
        .routes(routes!(timestamps::stamp))
        .routes(routes!(idocs::starting::quick_sign))
        .routes(routes!(idocs::starting::bulk_sign))
        .routes(routes!(idocs::reading::documents, idocs::starting::draft))
        .routes(routes!(idocs::reading::document))
        .routes(routes!(idocs::reading::status))
        .routes(routes!(idocs::reading::print_form))
        .routes(routes!(idocs::reading::archive))
        .routes(routes!(idocs::starting::route))
        .routes(routes!(idocs::starting::download))
        .routes(routes!(idocs::reading::downloaded))
        .routes(routes!(idocs::subscribing::subscribe))
        .routes(routes!(idocs::reading::company))
        .routes(routes!(idocs::reading::employees))
        .routes(routes!(idocs::reading::permissions))
        .routes(routes!(idocs::reading::operations))
        .routes(routes!(mig24::documents::list, mig24::documents::upload))
        .routes(routes!(mig24::documents::one))
        .routes(routes!(mig24::documents::file))
        .routes(routes!(mig24::documents::draft_visualization))
        .routes(routes!(mig24::documents::upload_upd))
        .routes(routes!(mig24::package_groups::create))
        .routes(routes!(
            mig24::package_groups::one,
            mig24::package_groups::update,
            mig24::package_groups::delete
        ))
        .routes(routes!(mig24::package_groups::add))
        .routes(routes!(mig24::package_groups::explain))
        .routes(routes!(mig24::packages::one))
        .routes(routes!(mig24::packages::files))
        .routes(routes!(mig24::packages::request_status))
        .routes(routes!(mig24::people::employees))
        .routes(routes!(mig24::people::employee))
        .routes(routes!(mig24::people::counterparties))
        .routes(routes!(mig24::people::invitations))
        .routes(routes!(mig24::people::operators))
        .routes(routes!(mig24::signatures::sign_group))
        .routes(routes!(mig24::signatures::sign_remotely))
        .routes(routes!(mig24::events::list))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::one, jobs::cancel))
        .routes(routes!(jobs::retry))
        .routes(routes!(jobs::progress))
        .routes(routes!(jobs::resolve))
        .routes(routes!(jobs::remove_left))
        .routes(routes!(evidence::evidence))
        .routes(routes!(evidence::document))
        .routes(routes!(events::events))
        .routes(routes!(questions::list))
        .routes(routes!(questions::stream))
        .routes(routes!(questions::one))
        .routes(routes!(questions::decide))
        .routes(routes!(previews::preview))
        .routes(routes!(previews::content))
        .routes(routes!(page::link))
        .routes(routes!(page::session))
        .routes(routes!(lock::lock))
        .routes(routes!(modules::add))
        .routes(routes!(modules::remove))
        .routes(routes!(modules::release))
        .routes(routes!(applications::list))
        .routes(routes!(applications::revoke))
        .routes(routes!(applications::rename))
        .routes(routes!(grants::list))
        .routes(routes!(grants::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(metrics::metrics))
        .split_for_parts();
    openapi::complete(&mut description);
    (router, description)
}

fn openapi_text(description: utoipa::openapi::OpenApi) -> String {
    // Serialising the generated description cannot fail: its keys are strings.
    let mut text = description.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

async fn served(description: Arc<str>) -> Response {
    ([(CONTENT_TYPE, "application/json")], description.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use super::*;
    use crate::endpoint::guard::{Access, ROUTES};

    /// The description is checked in, so that a change of the API shows in a review. `TOKENSIGN_UPDATE_OPENAPI=1` writes it anew.
    #[test]
    fn the_description_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
        let current = openapi_text(described().1);
        if std::env::var_os("TOKENSIGN_UPDATE_OPENAPI").is_some() {
            std::fs::write(&path, &current).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            golden == current,
            "agent/openapi.json is not what the routes say; run the test with TOKENSIGN_UPDATE_OPENAPI=1"
        );
    }

    /// What OpenAPI 3.1 asks for and the types of the generator do not.
    #[test]
    fn every_response_and_header_is_described() {
        let description = serde_json::to_value(described().1).unwrap();
        let mut seen = 0;
        for (path, item) in description["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let text = response["description"].as_str().unwrap_or_default();
                    assert!(!text.is_empty(), "{method} {path} {status}");
                    let headers = response["headers"].as_object().into_iter().flatten();
                    for (name, header) in headers {
                        assert!(header["schema"].is_object(), "{method} {path} {status} {name}");
                    }
                    seen += 1;
                }
            }
        }
        assert!(seen > 100, "{seen}");
    }

    #[test]
    fn the_guard_and_the_description_know_the_same_routes() {
        let description = described().1;
        let mut described: Vec<_> = description
            .paths
            .paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = [("GET", &item.get), ("POST", &item.post), ("DELETE", &item.delete)];
                methods
                    .into_iter()
                    .filter(|(_, operation)| operation.is_some())
                    .map(|(method, _)| format!("{method} {path}"))
                    .collect::<Vec<_>>()
            })
            .collect();
        let mut guarded: Vec<_> = ROUTES
            .iter()
            // The shell and what it loads are no API.
            .filter(|route| !matches!(route.access, Access::Shell | Access::Public))
            .map(|route| format!("{} {}", route.method, route.path))
            .collect();
        described.sort();
        guarded.sort();
        assert_eq!(described, guarded);
    }
}
