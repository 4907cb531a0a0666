use utoipa::OpenApi;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, Object, Ref, RefOr, ResponseBuilder};

use super::guard::{Access, Route};
use super::problem::{PROBLEM_JSON, ProblemSchema};

/// The name of the bearer scheme in the description.
const BEARER: &str = "bearer";
/// The name of the scheme of who polls a pairing.
const PAIRING: &str = "pairing";

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

/// Adds to each operation what is the same for all: its id, the token that the guard asks for, the problems it answers with, and headers.
pub(super) fn complete(description: &mut utoipa::openapi::OpenApi) {
    let components = description.components.get_or_insert_default();
    components.add_security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let secret = ApiKeyValue::with_description("Authorization", "`Pairing` and the secret that came with the pairing");
    components.add_security_scheme(PAIRING, SecurityScheme::ApiKey(ApiKey::Header(secret)));
    for (path, item) in &mut description.paths.paths {
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                let route = Route::described(path, &method);
                operation.operation_id = route.map(operation_id);
                complete_operation(operation, route);
            }
        }
    }
}

/// A name for programs that are generated from the description: the method and the path, `get_signatures_by_id` for `GET /v1/signatures/{id}`. The
/// profile of a service goes without saying.
fn operation_id(route: &Route) -> String {
    let method = route.method.as_str().to_ascii_lowercase();
    let words = route
        .path
        .split('/')
        .filter(|word| !matches!(*word, "" | "v1" | "{profile}"));
    words.fold(method, |id, word| {
        let word = match word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) {
            Some(parameter) => format!("by_{parameter}"),
            None => word.replace(['-', '.'], "_"),
        };
        format!("{id}_{word}")
    })
}

fn complete_operation(operation: &mut Operation, route: Option<&Route>) {
    let takes = |name: &str| {
        let parameters = operation.parameters.iter().flatten();
        parameters
            .filter_map(|parameter| match parameter {
                RefOr::T(parameter) => Some(parameter),
                RefOr::Ref(_) => None,
            })
            .any(|parameter| parameter.name == name)
    };
    let may_wait = takes("Prefer");
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if response.description.is_empty() {
            response.description = said_by(status).to_owned();
        }
        if may_wait {
            let applied = header("The wait that is granted, where one was asked for");
            response
                .headers
                .insert("Preference-Applied".to_owned(), RefOr::T(applied));
        }
    }
    let problem = ResponseBuilder::new()
        .description("What went wrong (RFC 9457)")
        .header(
            "Retry-After",
            header("With 429 and 503: after how many seconds to ask again"),
        )
        .header("WWW-Authenticate", header("With 401: how to say who asks"))
        .header("Allow", header("With 405: the methods that there are"))
        .content(PROBLEM_JSON, Content::new(Some(Ref::from_schema_name("Problem"))))
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), RefOr::T(problem));
    let needs = |scheme| Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(scheme, [])]);
    operation.security = match route.map(|route| route.access) {
        Some(Access::FirstContact | Access::Public | Access::Shell | Access::PageCode) => Some(Vec::new()),
        Some(Access::PairingSecret) => needs(PAIRING),
        _ => needs(BEARER),
    };
}

/// What a status of success says.
fn said_by(status: &str) -> &'static str {
    match status {
        "201" => "It is made",
        "202" => "It is begun; how it stands",
        "204" => "It is done; there is nothing more to say",
        "206" => "The part that was asked for",
        _ => "What was asked for",
    }
}

fn header(description: &str) -> Header {
    let text = Object::with_type(Type::String);
    HeaderBuilder::new()
        .schema(Some(text))
        .description(Some(description))
        .build()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::endpoint::guard::ROUTES;

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let ids: HashSet<_> = ROUTES.iter().map(operation_id).collect();
        assert_eq!(ids.len(), ROUTES.len());
        assert!(ids.contains("get_signatures_by_id_documents_by_index_signature"));
        assert!(ids.contains("post_idocs_quick_signs"));
    }
}
