use http::Method;
use serde_json::Value;

use super::{Mig24Client, accepted};
use crate::config::{GroupIdBy, Verb};
use crate::http_client::{Failure, ServiceId};
use crate::mig24::model::{GroupDocument, GroupInfo, Recipient, documents_body, group_body};

impl Mig24Client {
    /// `POST /api/v1/package-groups`: creates a group and gives its id. Not idempotent where the service chooses the id.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn create_group(
        &self,
        id: &ServiceId,
        recipient: &Recipient,
        documents: &[GroupDocument],
    ) -> Result<ServiceId, Failure> {
        let own = (self.shapes.group.id == GroupIdBy::Client).then_some(id);
        let body = group_body(&self.shapes.group, own, recipient, documents);
        let answer = self.write(Verb::Post, "/api/v1/package-groups", &body).await?;
        let created = match answer.json()? {
            Value::String(id) => id.parse().ok(),
            value => GroupInfo(value).id(),
        };
        created
            .or_else(|| own.cloned())
            .ok_or_else(|| answer.unreadable("it does not give the new group's id"))
    }

    /// `POST /api/v1/package-groups/{id}/packages`: adds documents to a group.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn add_packages(&self, group: &ServiceId, documents: &[GroupDocument]) -> Result<(), Failure> {
        let path = format!("/api/v1/package-groups/{}/packages", group.segment());
        let body = documents_body(&self.shapes.group, documents);
        accepted(&self.write(Verb::Post, &path, &body).await?)
    }

    /// `PUT /api/v1/package-groups/{id}`: replaces recipient and documents.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn update_group(
        &self,
        group: &ServiceId,
        recipient: &Recipient,
        documents: &[GroupDocument],
    ) -> Result<(), Failure> {
        let path = format!("/api/v1/package-groups/{}", group.segment());
        let body = group_body(&self.shapes.group, Some(group), recipient, documents);
        accepted(&self.write(Verb::Put, &path, &body).await?)
    }

    /// `DELETE /api/v1/package-groups/{id}`.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn delete_group(&self, group: &ServiceId) -> Result<(), Failure> {
        let path = format!("/api/v1/package-groups/{}", group.segment());
        accepted(&self.http.call(Method::DELETE, &path)?.send().await?)
    }

    /// `GET /api/v1/package-groups/{id}/info`: what the service says of a group.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn group_info(&self, group: &ServiceId) -> Result<GroupInfo, Failure> {
        let path = format!("/api/v1/package-groups/{}/info", group.segment());
        self.read(&path).await?.json().map(GroupInfo)
    }
}
