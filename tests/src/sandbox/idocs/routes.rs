//! Routes: to whom a document goes.

use std::sync::Arc;

use axum::extract::State;
use uuid::Uuid;

use super::answer::{Answer, JsonBody, Refusal};
use super::model::{
    CreateExternalRoute, CreateExternalRouteNode, CreateInternalRoute, CreateQuickRoute, CreateRoute,
    CreateRouteForInternalDocument, DocumentDirection, OrdinaryRoute,
};
use super::records::Document;
use crate::sandbox::app::{App, locked};
use crate::sandbox::call::Call;
use crate::sandbox::effects::Happened;

pub(super) async fn create_quick(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<CreateQuickRoute>,
) -> Result<Answer, Refusal> {
    quick(&app, &call, request)
}

pub(super) async fn create_outbox(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<CreateRoute>,
) -> Result<Answer, Refusal> {
    ordinary(&app, &call, request, DocumentDirection::Outbox)
}

pub(super) async fn create_inbox(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<CreateRoute>,
) -> Result<Answer, Refusal> {
    ordinary(&app, &call, request, DocumentDirection::Inbox)
}

pub(super) async fn create_internal(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<CreateRouteForInternalDocument>,
) -> Result<Answer, Refusal> {
    check_internal(&app, &request.route)?;
    let route = OrdinaryRoute {
        external: None,
        internal: Some(request.route),
    };
    let is_it = |document: &Document| document.is_internal;
    put(&app, &call, request.document_id, request.employee_id, route, is_it)
}

/// Creates a quick route. Asked again it replaces the route, and the log of effects has two.
pub(super) fn quick(app: &App, call: &Call, request: CreateQuickRoute) -> Result<Answer, Refusal> {
    check_external(&request.route.external)?;
    let route = OrdinaryRoute {
        external: Some(request.route.external),
        internal: None,
    };
    put(app, call, request.document_id, request.employee_id, route, is_outgoing)
}

/// Creates an ordinary route: of an outgoing document outside and inside the company, of an incoming one inside only.
pub(super) fn ordinary(
    app: &App,
    call: &Call,
    request: CreateRoute,
    direction: DocumentDirection,
) -> Result<Answer, Refusal> {
    let route = request.route;
    if let Some(internal) = &route.internal {
        check_internal(app, internal)?;
    }
    match direction {
        DocumentDirection::Outbox => {
            let external = route.external.as_ref();
            check_external(external.ok_or_else(|| Refusal::invalid("route.external is missing"))?)?;
            put(app, call, request.document_id, request.employee_id, route, is_outgoing)
        }
        DocumentDirection::Inbox => {
            if route.internal.is_none() {
                return Err(Refusal::invalid("route.internal is missing"));
            }
            let is_it = |document: &Document| document.direction == DocumentDirection::Inbox;
            put(app, call, request.document_id, request.employee_id, route, is_it)
        }
    }
}

fn is_outgoing(document: &Document) -> bool {
    document.direction == DocumentDirection::Outbox && !document.is_internal
}

fn put(
    app: &App,
    call: &Call,
    document_id: Uuid,
    employee_id: Uuid,
    route: OrdinaryRoute,
    is_it: impl Fn(&Document) -> bool,
) -> Result<Answer, Refusal> {
    if app.employee(employee_id).is_none() {
        return Err(Refusal::invalid(format!(
            "employeeId: there is no employee {employee_id}"
        )));
    }
    {
        let mut records = locked(&app.idocs);
        let document = records
            .documents
            .find(document_id)
            .filter(|document| is_it(document))
            .ok_or_else(|| Refusal::not_found(format!("there is no such document {document_id}")))?;
        if document.signed {
            return Err(Refusal::invalid(format!(
                "document {document_id} is on its way already"
            )));
        }
        let mut document = document.clone();
        document.route = route.external;
        document.internal_route = route.internal;
        records.documents.put(document_id, document)?;
    }
    app.record(call, Happened::RouteCreated { document_id })?;
    Ok(Answer::Nothing)
}

fn check_external(route: &CreateExternalRoute) -> Result<(), Refusal> {
    if route.nodes.is_empty() {
        return Err(Refusal::invalid(
            "route.external.nodes: a route needs at least one counterparty",
        ));
    }
    route.nodes.iter().try_for_each(check)
}

fn check_internal(app: &App, route: &CreateInternalRoute) -> Result<(), Refusal> {
    if route.nodes.is_empty() {
        return Err(Refusal::invalid("nodes: a route needs at least one employee"));
    }
    match route.nodes.iter().find(|node| app.employee(node.employee_id).is_none()) {
        Some(node) => Err(Refusal::invalid(format!(
            "nodes: there is no employee {}",
            node.employee_id
        ))),
        None => Ok(()),
    }
}

fn check(node: &CreateExternalRouteNode) -> Result<(), Refusal> {
    let bin = node.counterparty_bin.as_deref().unwrap_or_default();
    if bin.len() != 12 || !bin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::invalid(format!(
            "counterpartyBin {bin:?} is not twelve digits"
        )));
    }
    Ok(())
}
