//! Reading documents and their status.

use std::sync::Arc;

use axum::extract::{Path, State};
use uuid::Uuid;

use super::answer::{Answer, JsonBody, Refusal};
use super::model::{
    DocumentDirection, DocumentExtended, DocumentStatus, ExternalRoute, ExternalRouteNode, ExternalRouteNodeState,
    InternalRoute, InternalRouteNode, QueryDocuments, RouteExtended, RouteNodeActionStatus, RouteOrderType,
};
use super::records::Document;
use crate::sandbox::app::{App, locked};
use crate::sandbox::behaviour::IdocsBehaviour;

pub(super) async fn status(State(app): State<Arc<App>>, Path(id): Path<Uuid>) -> Result<Answer, Refusal> {
    let records = locked(&app.idocs);
    let document = records
        .documents
        .find(id)
        .ok_or_else(|| Refusal::absent(format!("there is no document {id}")))?;
    Answer::of(&DocumentStatus {
        document_status: document.status,
    })
}

pub(super) async fn outbox(
    State(app): State<Arc<App>>,
    JsonBody(query): JsonBody<QueryDocuments>,
) -> Result<Answer, Refusal> {
    search(&app, DocumentDirection::Outbox, &query)
}

pub(super) async fn inbox(
    State(app): State<Arc<App>>,
    JsonBody(query): JsonBody<QueryDocuments>,
) -> Result<Answer, Refusal> {
    search(&app, DocumentDirection::Inbox, &query)
}

pub(super) async fn one_outbox(State(app): State<Arc<App>>, Path(id): Path<Uuid>) -> Result<Answer, Refusal> {
    one(&app, DocumentDirection::Outbox, id)
}

pub(super) async fn one_inbox(State(app): State<Arc<App>>, Path(id): Path<Uuid>) -> Result<Answer, Refusal> {
    one(&app, DocumentDirection::Inbox, id)
}

/// The description has no query by number or name: a client reads the pages and compares.
fn search(app: &App, direction: DocumentDirection, query: &QueryDocuments) -> Result<Answer, Refusal> {
    let behaviour = app.behaviour().idocs;
    let records = locked(&app.idocs);
    let found = records
        .documents
        .in_order()
        .into_iter()
        .filter(|(_, document)| document.direction == direction && !document.is_internal && document.answers(query))
        .map(|(id, document)| document.extended(id, &behaviour));
    Answer::of(&query.page.of(found.collect()))
}

fn one(app: &App, direction: DocumentDirection, id: Uuid) -> Result<Answer, Refusal> {
    let records = locked(&app.idocs);
    let document = records
        .documents
        .find(id)
        .filter(|document| document.direction == direction && !document.is_internal);
    let document = document.ok_or_else(|| Refusal::absent(format!("there is no {direction:?} document {id}")))?;
    Answer::of(&document.extended(id, &app.behaviour().idocs))
}

impl Document {
    fn answers(&self, query: &QueryDocuments) -> bool {
        // Absent members arrive as null, an empty list, 0 or the nil id, as clients made from the description send them.
        let statuses = query.document_statuses.as_deref().unwrap_or_default();
        let author = query.document_author_id.unwrap_or_default();
        (statuses.is_empty() || statuses.contains(&self.status))
            && query.document_date_from.is_none_or(|from| self.date >= from)
            && query.document_date_to.is_none_or(|to| to == 0 || self.date <= to)
            && (author.is_nil() || self.author == author)
    }

    fn extended(&self, id: Uuid, behaviour: &IdocsBehaviour) -> DocumentExtended {
        DocumentExtended {
            document_route: (self.route.is_some() || self.internal_route.is_some()).then(|| self.shown()),
            base: self.base(id, behaviour),
        }
    }

    fn shown(&self) -> RouteExtended {
        let status = if self.signed {
            RouteNodeActionStatus::Active
        } else {
            RouteNodeActionStatus::NotStarted
        };
        let state = || ExternalRouteNodeState {
            status,
            completed_on: None,
            reject_metadata: None,
        };
        let external = self.route.iter().flat_map(|route| &route.nodes);
        let nodes = external.map(|node| ExternalRouteNode {
            order: node.order,
            counterparty_company_bin: node.counterparty_bin.clone(),
            counterparty_company_id: Uuid::nil(),
            comment: node.comment.clone(),
            is_individual: node.is_individual,
            counterparty_company_emails: node.counterparty_emails.clone().unwrap_or_default(),
            is_sign_required: node.is_sign_required_by_counterparty,
            state: state(),
        });
        let internal = self.internal_route.as_ref().map(|route| InternalRoute {
            route_action_ordering_type: route.route_action_ordering_type.unwrap_or(RouteOrderType::None),
            nodes: route
                .nodes
                .iter()
                .map(|node| InternalRouteNode {
                    order: node.order,
                    employee_id: node.employee_id,
                    required_action: node.required_action,
                    state: state(),
                })
                .collect(),
        });
        RouteExtended {
            external: ExternalRoute { nodes: nodes.collect() },
            internal,
        }
    }
}
