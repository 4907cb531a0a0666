//! Routes: to whom a document goes.

use std::sync::Arc;

use axum::extract::State;

use super::answer::{Answer, JsonBody, Refusal};
use super::model::{CreateExternalRouteNode, CreateQuickRoute, DocumentDirection};
use crate::sandbox::app::{App, locked};
use crate::sandbox::call::Call;
use crate::sandbox::effects::Happened;

/// Creates a quick route. Asked again it replaces the route, and the log of effects has two.
pub(super) async fn create_quick(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<CreateQuickRoute>,
) -> Result<Answer, Refusal> {
    let document_id = request.document_id;
    if app.employee(request.employee_id).is_none() {
        return Err(Refusal::invalid(format!(
            "employeeId: there is no employee {}",
            request.employee_id
        )));
    }
    if request.route.external.nodes.is_empty() {
        return Err(Refusal::invalid(
            "route.external.nodes: a route needs at least one counterparty",
        ));
    }
    request.route.external.nodes.iter().try_for_each(check)?;
    {
        let mut records = locked(&app.idocs);
        let document = records
            .documents
            .find(document_id)
            .filter(|document| document.direction == DocumentDirection::Outbox)
            .ok_or_else(|| Refusal::not_found(format!("there is no outgoing document {document_id}")))?;
        if document.signed {
            return Err(Refusal::invalid(format!(
                "document {document_id} is on its way already"
            )));
        }
        let mut document = document.clone();
        document.route = Some(request.route.external);
        records.documents.put(document_id, document)?;
    }
    app.record(&call, Happened::RouteCreated { document_id })?;
    Ok(Answer::Nothing)
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
