//! Employees, counterparties and operators.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Refusal;
use crate::sandbox::app::App;
use crate::sandbox::config::User;

pub(super) async fn users(State(app): State<Arc<App>>, Path(org): Path<Uuid>) -> Result<Json<Vec<Value>>, Refusal> {
    app.check_organisation(org)?;
    Ok(Json(app.people.users.iter().map(|user| user.shown(org)).collect()))
}

pub(super) async fn user(
    State(app): State<Arc<App>>,
    Path((org, id)): Path<(Uuid, Uuid)>,
) -> Result<Json<Value>, Refusal> {
    app.check_organisation(org)?;
    Ok(Json(app.user(id)?.shown(org)))
}

/// Invitations that came: one in each state of the guide.
pub(super) async fn inbox() -> Json<Vec<Value>> {
    Json(invitations("2XX-sandbox-inviting", "ООО «Приглашающий»"))
}

/// Invitations that went.
pub(super) async fn outbox() -> Json<Vec<Value>> {
    Json(invitations("2XX-sandbox-invited", "ООО «Приглашённый»"))
}

fn invitations(abonent: &str, name: &str) -> Vec<Value> {
    ["New", "Sent", "Delivered", "Accepted", "Rejected"]
        .into_iter()
        .enumerate()
        .map(|(number, state)| {
            json!({
                "abonentId": format!("{abonent}-{number}"),
                "name": name,
                "inn": "7833333333",
                "kpp": "783301001",
                "comment": "Предлагаем обмениваться документами",
                "status": state,
                "statusDate": "2024-02-01T00:00:00Z",
            })
        })
        .collect()
}

/// One counterparty, made up.
pub(super) async fn counteragents() -> Json<Vec<Value>> {
    Json(vec![json!({
        "id": "6f1c1a7e-56a4-4a0c-8b7b-0f2f3d7f9a01",
        "abonentId": "2XX-sandbox-counteragent",
        "name": "ООО «Контрагент песочницы»",
        "inn": "7811111111",
        "kpp": "781101001",
        "status": "Accepted",
        "date": "2024-01-01T00:00:00Z",
    })])
}

/// One operator, made up.
pub(super) async fn operators() -> Json<Vec<Value>> {
    Json(vec![json!({
        "code": "2XX",
        "companyName": "ООО «Оператор песочницы»",
        "productName": "Песочница",
        "inn": "7822222222",
        "kpp": "782201001",
    })])
}

impl App {
    pub(super) fn user(&self, id: Uuid) -> Result<&User, Refusal> {
        let user = self.people.users.iter().find(|user| user.user_id() == id);
        user.ok_or_else(|| Refusal::not_found(format!("there is no user {id}")))
    }

    fn check_organisation(&self, org: Uuid) -> Result<(), Refusal> {
        if org == self.organisation.id() {
            return Ok(());
        }
        Err(Refusal::not_found(format!(
            "there is no organisation {org} for this token"
        )))
    }
}

impl User {
    /// The members that the guide's example shows, with the name that its text promises.
    fn shown(&self, org: Uuid) -> Value {
        json!({
            "userId": self.user_id(),
            "snils": self.snils,
            "fullName": self.full_name,
            "organizationId": org,
            "isAdmin": false,
            "canCreateDocs": true,
            "canDeleteAndRestoreDocs": false,
            "canSignDocs": true,
            "canAgreeDocs": false,
            "canSignDocsByAnotherUser": false,
            "isRequireAuthenticationForFileAccess": true,
            "isRequireSameOrganizationForFileAccess": true,
            "canEditContractors": false,
            "mchdInfoId": self.mchd_info_id,
            "certContainerName": self.cert_container_name,
            "position": self.position,
        })
    }
}
