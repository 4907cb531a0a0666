//! Routes: to whom a document goes. None is idempotent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::client::IdocsClient;
use super::model::Direction;
use crate::http_client::{Failure, ServiceId};

/// In which order stations act (`RouteOrderType`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(serialize = "SCREAMING_SNAKE_CASE", deserialize = "snake_case"))]
#[schema(as = IdocsRouteOrder, rename_all = "snake_case")]
pub enum RouteOrder {
    /// Not said.
    #[default]
    #[serde(alias = "NONE")]
    None,
    /// All at once.
    #[serde(alias = "PARALLEL")]
    Parallel,
    /// One after the other.
    #[serde(alias = "SEQUENTIAL")]
    Sequential,
}

/// What an employee shall do (`RouteActionEnum`).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all(serialize = "SCREAMING_SNAKE_CASE", deserialize = "snake_case"))]
#[schema(as = IdocsRouteAction, rename_all = "snake_case")]
pub enum RouteAction {
    /// Sign.
    #[serde(alias = "SIGN")]
    Sign,
    /// Approve.
    #[serde(alias = "APPROVE")]
    Approve,
    /// Take note.
    #[serde(alias = "INFORM")]
    Inform,
    /// Reject.
    #[serde(alias = "REJECT")]
    Reject,
}

/// The body of creating a route of an outgoing document, quick (`CreateQuickRouteForExternalOutboxDocumentVM`, external only) or
/// ordinary (`CreateRouteForExternalOutboxDocumentVM`), or of an incoming one (`CreateRouteForExternalInboxDocumentVM`, internal
/// only).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewQuickRoute<'a> {
    /// The document.
    pub document_id: &'a ServiceId,
    /// Who makes the route.
    pub employee_id: &'a ServiceId,
    /// The route.
    pub route: NewRoute<'a>,
}

/// `CreateExternalOutDocumentQuickRouteVM`, `CreateExternalOutDocumentRouteVM`, `CreateExternalInDocumentRouteVM`
#[derive(Clone, Debug, Serialize)]
pub struct NewRoute<'a> {
    /// Outside the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<NewExternalRoute<'a>>,
    /// Inside the organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal: Option<NewInternalRoute<'a>>,
}

/// `CreateExternalRouteVM`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewExternalRoute<'a> {
    /// In which order the counterparties act.
    pub route_order_type: RouteOrder,
    /// Whether the sender signs.
    pub is_sign_required_by_sender: bool,
    /// The counterparties.
    pub nodes: Vec<NewExternalNode<'a>>,
}

/// `CreateExternalRouteNodeVM`, with the guide's `requiredActionType` where it is configured.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewExternalNode<'a> {
    /// Its place, from 0.
    pub order: u32,
    /// The counterparty's BIN, or IIN of an individual.
    pub counterparty_bin: &'a str,
    /// For the counterparty.
    pub comment: Option<&'a str>,
    /// Whether the counterparty is a person.
    pub is_individual: bool,
    /// Where the counterparty is told.
    pub counterparty_emails: &'a [String],
    /// Whether the counterparty signs.
    pub is_sign_required_by_counterparty: bool,
    /// The counterparty's unit, where it wants one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_unit_id: Option<&'a ServiceId>,
    /// The guide's reference word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_action_type: Option<&'a str>,
}

/// `CreateInternalRouteVM`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewInternalRoute<'a> {
    /// In which order the employees act.
    pub route_action_ordering_type: RouteOrder,
    /// The employees.
    pub nodes: Vec<NewInternalNode<'a>>,
}

/// `CreateInternalRouteNodeVM`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewInternalNode<'a> {
    /// Its place, from 0.
    pub order: u32,
    /// The employee.
    pub employee_id: &'a ServiceId,
    /// What the employee shall do.
    pub required_action: RouteAction,
}

/// The body of creating a route of an internal document (`CreateRouteForInternalDocumentVM`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewInternalDocumentRoute<'a> {
    /// The document.
    pub document_id: &'a ServiceId,
    /// Who makes the route.
    pub employee_id: &'a ServiceId,
    /// The route, whose members stand beside the others here.
    #[serde(flatten)]
    pub route: NewInternalRoute<'a>,
}

impl IdocsClient {
    /// Gives an outgoing draft its quick route.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn create_quick_route(&self, route: &NewQuickRoute<'_>) -> Result<(), Failure> {
        self.post_for_nothing("/api/v3/sync/external/outbox/route/quick-route/create", route)
            .await
    }

    /// Gives an outgoing draft or an incoming document its ordinary route.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn create_route(&self, direction: Direction, route: &NewQuickRoute<'_>) -> Result<(), Failure> {
        let folder = direction.folder();
        self.post_for_nothing(&format!("/api/v3/sync/external/{folder}/route/create"), route)
            .await
    }

    /// Gives an internal document its route.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn create_internal_route(&self, route: &NewInternalDocumentRoute<'_>) -> Result<(), Failure> {
        self.post_for_nothing("/api/v3/sync/internal/route/create", route).await
    }
}
