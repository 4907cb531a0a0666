use utoipa::OpenApi;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};

use super::guard::{Access, Route};
use super::problem::{PROBLEM_JSON, ProblemSchema};

/// The name of the bearer scheme in the description.
const BEARER: &str = "bearer";

/// What the description says of the whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "tokensign",
        description = "Asks the person at this machine for signatures with their hardware token, and carries iDocs and EDO.MIG24 \
                       signing through. Served on loopback only.",
        license(name = "Apache-2.0 OR MIT"),
    ),
    components(schemas(ProblemSchema)),
    tags(
        (name = "agent", description = "What the agent is and how it does"),
        (name = "pairing", description = "Applications and their permissions"),
        (name = "tokens", description = "Tokens and certificates"),
        (name = "signatures", description = "Signatures made and verified"),
        (name = "services", description = "iDocs and EDO.MIG24"),
        (name = "jobs", description = "Work in hand"),
        (name = "person", description = "What the person's own tools do"),
    ),
)]
pub(super) struct Description;

/// Adds to each operation what the guard does for all: the token it asks for, and the problems it answers with.
pub(super) fn complete(description: &mut utoipa::openapi::OpenApi) {
    let components = description.components.get_or_insert_default();
    components.add_security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    for (path, item) in &mut description.paths.paths {
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                complete_operation(operation, Route::described(path, &method));
            }
        }
    }
}

fn complete_operation(operation: &mut Operation, route: Option<&Route>) {
    let problem = ResponseBuilder::new()
        .description("What went wrong (RFC 9457)")
        .content(PROBLEM_JSON, Content::new(Some(Ref::from_schema_name("Problem"))))
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), RefOr::T(problem));
    operation.security = match route.map(|route| route.access) {
        Some(Access::FirstContact | Access::Public | Access::Shell | Access::PageCode) => Some(Vec::new()),
        _ => Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(BEARER, [])]),
    };
}
