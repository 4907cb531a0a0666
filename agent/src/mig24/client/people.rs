use super::Mig24Client;
use crate::http_client::{Failure, ServiceId};
use crate::mig24::model::{self, Counterparty, Employee, Invitation};

/// Which way an invitation goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Mig24InvitationDirection)]
pub enum InvitationDirection {
    /// To us.
    Inbox,
    /// From us.
    Outbox,
}

impl Mig24Client {
    /// `GET /{orgId}/users`: the employees of an organisation.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn employees(&self, organisation: &ServiceId) -> Result<Vec<Employee>, Failure> {
        let answer = self.read(&format!("/{}/users", organisation.segment())).await?;
        model::list(&answer)
    }

    /// `GET /api/v1/orgs/{orgId}/users/{userId}`.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn employee(&self, organisation: &ServiceId, user: &ServiceId) -> Result<Employee, Failure> {
        let path = format!("/api/v1/orgs/{}/users/{}", organisation.segment(), user.segment());
        let answer = self.read(&path).await?;
        model::one(&answer)
    }

    /// `GET /api/v1/counteragents`: with whom invitations were exchanged.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn counterparties(&self) -> Result<Vec<Counterparty>, Failure> {
        let answer = self.read("/api/v1/counteragents").await?;
        model::list(&answer)
    }

    /// `GET /api/v1/counteragent-requests/inbox` or `/outbox`.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn invitations(&self, direction: InvitationDirection) -> Result<Vec<Invitation>, Failure> {
        let path = match direction {
            InvitationDirection::Inbox => "/api/v1/counteragent-requests/inbox",
            InvitationDirection::Outbox => "/api/v1/counteragent-requests/outbox",
        };
        let answer = self.read(path).await?;
        model::list(&answer)
    }
}
