use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{client, id, told};
use crate::endpoint::extract::{InPath, InQuery};
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::http_client::ServiceId;
use crate::messages::Fault;
use crate::mig24::{Counterparty, Employee, Invitation, InvitationDirection, Operator};

/// The employees of the organisation.
#[derive(Serialize, ToSchema)]
#[schema(as = Mig24Employees)]
pub(crate) struct Employees {
    employees: Vec<Employee>,
}

/// With whom documents may be exchanged.
#[derive(Serialize, ToSchema)]
#[schema(as = Mig24Counterparties)]
pub(crate) struct Counterparties {
    counterparties: Vec<Counterparty>,
}

/// Invitations to exchange documents.
#[derive(Serialize, ToSchema)]
#[schema(as = Mig24Invitations)]
pub(crate) struct Invitations {
    invitations: Vec<Invitation>,
}

/// The operators with which EDO.MIG24 exchanges documents.
#[derive(Serialize, ToSchema)]
#[schema(as = Mig24Operators)]
pub(crate) struct Operators {
    operators: Vec<Operator>,
}

/// Whose employees.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::endpoint::routes) struct OrganisationQuery {
    /// The organisation's id at the service; the profile's when absent.
    organization_id: Option<String>,
}

/// Lists the employees of the organisation.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/employees", tag = "services",
    params(("profile" = String, Path, description = "The profile of the configuration"), OrganisationQuery),
    responses((status = OK, body = Employees))
)]
pub(in crate::endpoint::routes) async fn employees(
    State(shared): State<Arc<Shared>>,
    InPath(profile): InPath<String>,
    InQuery(query): InQuery<OrganisationQuery>,
) -> Result<Json<Employees>, Problem> {
    let organisation = organisation(&shared, &profile, query)?;
    let employees = told(client(&shared, &profile)?.employees(&organisation).await)?;
    Ok(Json(Employees { employees }))
}

/// Shows an employee of the organisation.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/employees/{id}", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("id" = String, Path, description = "The employee"),
        OrganisationQuery,
    ),
    responses((status = OK, body = Employee))
)]
pub(in crate::endpoint::routes) async fn employee(
    State(shared): State<Arc<Shared>>,
    InPath((profile, employee)): InPath<(String, String)>,
    InQuery(query): InQuery<OrganisationQuery>,
) -> Result<Json<Employee>, Problem> {
    let employee = id(&employee, "employee")?;
    let organisation = organisation(&shared, &profile, query)?;
    told(client(&shared, &profile)?.employee(&organisation, &employee).await).map(Json)
}

/// Lists the organisations with which invitations were exchanged.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/counterparties", tag = "services",
    params(("profile" = String, Path, description = "The profile of the configuration")),
    responses((status = OK, body = Counterparties))
)]
pub(in crate::endpoint::routes) async fn counterparties(
    State(shared): State<Arc<Shared>>,
    InPath(profile): InPath<String>,
) -> Result<Json<Counterparties>, Problem> {
    let counterparties = told(client(&shared, &profile)?.counterparties().await)?;
    Ok(Json(Counterparties { counterparties }))
}

/// Lists invitations, those that came or those that went.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/invitations/{direction}", tag = "services",
    params(
        ("profile" = String, Path, description = "The profile of the configuration"),
        ("direction" = inline(InvitationDirection), Path, description = "`inbox` or `outbox`"),
    ),
    responses((status = OK, body = Invitations))
)]
pub(in crate::endpoint::routes) async fn invitations(
    State(shared): State<Arc<Shared>>,
    InPath((profile, direction)): InPath<(String, InvitationDirection)>,
) -> Result<Json<Invitations>, Problem> {
    let invitations = told(client(&shared, &profile)?.invitations(direction).await)?;
    Ok(Json(Invitations { invitations }))
}

/// Lists the operators with which EDO.MIG24 exchanges documents.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/operators", tag = "services",
    params(("profile" = String, Path, description = "The profile of the configuration")),
    responses((status = OK, body = Operators))
)]
pub(in crate::endpoint::routes) async fn operators(
    State(shared): State<Arc<Shared>>,
    InPath(profile): InPath<String>,
) -> Result<Json<Operators>, Problem> {
    let operators = told(client(&shared, &profile)?.operators().await)?;
    Ok(Json(Operators { operators }))
}

fn organisation(shared: &Shared, profile: &str, query: OrganisationQuery) -> Result<ServiceId, Fault> {
    let configured = shared
        .config
        .mig24
        .get(profile)
        .and_then(|profile| profile.organization_id.clone());
    let text = query.organization_id.or(configured).ok_or_else(|| {
        Fault::invalid_field(
            "organization_id",
            "is needed here or in the profile: the service lists employees by organisation",
        )
    })?;
    text.parse()
        .map_err(|error| Fault::invalid_field("organization_id", error))
}
