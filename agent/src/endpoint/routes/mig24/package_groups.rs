use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{client, id, told};
use crate::endpoint::caller::Caller;
use crate::endpoint::extract::{InPath, JsonBody};
use crate::endpoint::problem::Problem;
use crate::endpoint::shared::Shared;
use crate::http_client::{Failure, ServiceId};
use crate::messages::Fault;
use crate::mig24::{
    Delivery, ExplainGroup, Explanation, GroupDocument, GroupInfo, Mig24Client, Recipient, RecipientOrganisation,
};

/// A package group as EDO.MIG24 tells it.
#[derive(Serialize, ToSchema)]
#[schema(as = Mig24GroupInfo)]
pub(crate) struct GroupView {
    /// The group.
    #[schema(value_type = String)]
    package_group_id: ServiceId,
    /// How far it has come: signatures that are accepted are not yet documents that are delivered.
    delivery: Delivery,
    /// The service's own words.
    #[schema(value_type = Object)]
    info: Value,
}

/// A package group of documents that are stored at EDO.MIG24.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Mig24GroupDraft, example = json!({ "recipient_abonent_code": "2AE0CBCB", "documents": [{ "document_id": "0f0c5d1e-5b5e-4c6f-9d0a-6a1f2b3c4d5e" }] }))]
pub(crate) struct GroupDraft {
    /// The new group's GUID; made up when absent.
    #[serde(default)]
    id: Option<Uuid>,
    /// The recipient by code; this or the organisation.
    #[serde(default)]
    recipient_abonent_code: Option<String>,
    /// The recipient by what is known of the organisation.
    #[serde(default)]
    recipient_org: Option<RecipientOrganisation>,
    /// The documents, in order.
    documents: Vec<GroupDocument>,
}

/// Documents for a package group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Mig24GroupAddition, example = json!({ "documents": [{ "document_id": "0f0c5d1e-5b5e-4c6f-9d0a-6a1f2b3c4d5e" }] }))]
pub(crate) struct Addition {
    /// The documents, in order.
    documents: Vec<GroupDocument>,
}

/// A package group.
#[derive(Serialize, ToSchema)]
#[schema(as = Mig24GroupReference)]
pub(crate) struct GroupReference {
    /// The group.
    #[schema(value_type = String)]
    package_group_id: ServiceId,
}

/// For which certificate a group is explained.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Mig24ExplanationRequest, example = json!({ "certificate": "inn=7707083893" }))]
#[expect(dead_code, reason = "describes what the MIG24 room reads")]
pub(crate) struct ExplanationRequest {
    /// Which certificate, within what the profile allows.
    certificate: Option<String>,
    /// The signer's power of attorney (МЧД).
    mchd_info_id: Option<String>,
}

impl GroupDraft {
    fn recipient(&self) -> Result<Recipient, Fault> {
        Recipient::of(self.recipient_abonent_code.clone(), self.recipient_org.clone())
    }
}

/// A package group of a profile, as the path names it.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::endpoint::routes) struct GroupInPath {
    /// The profile of the configuration
    profile: String,
    /// The group
    id: String,
}

/// The same with the way to its service.
pub(in crate::endpoint::routes) struct GroupAt {
    profile: String,
    client: Mig24Client,
    group: ServiceId,
}

impl GroupAt {
    /// The answer to a change of the group.
    fn changed<T>(&self, outcome: Result<T, Failure>) -> Result<Json<GroupReference>, Problem> {
        told(outcome)?;
        Ok(Json(GroupReference {
            package_group_id: self.group.clone(),
        }))
    }
}

impl FromRequestParts<Arc<Shared>> for GroupAt {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let InPath(path) = InPath::<GroupInPath>::from_request_parts(parts, shared).await?;
        let group = id(&path.id, "package group")?;
        Ok(Self {
            client: client(shared, &path.profile)?,
            profile: path.profile,
            group,
        })
    }
}

/// Asks EDO.MIG24 for a package group.
#[utoipa::path(
    get, path = "/v1/mig24/{profile}/package-groups/{id}", tag = "services",
    params(GroupInPath),
    responses((status = OK, body = GroupView))
)]
pub(in crate::endpoint::routes) async fn one(
    GroupAt { client, group, .. }: GroupAt,
) -> Result<Json<GroupView>, Problem> {
    let info = told(client.group_info(&group).await)?;
    let delivery = info.delivery();
    let GroupInfo(info) = info;
    Ok(Json(GroupView {
        package_group_id: group,
        delivery,
        info,
    }))
}

/// Makes a package group of documents that are stored at EDO.MIG24. Nothing is signed or sent.
#[utoipa::path(
    post, path = "/v1/mig24/{profile}/package-groups", tag = "services",
    params(("profile" = String, Path, description = "The profile of the configuration")),
    request_body = GroupDraft,
    responses((status = CREATED, body = GroupReference))
)]
pub(in crate::endpoint::routes) async fn create(
    State(shared): State<Arc<Shared>>,
    InPath(profile): InPath<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let draft: GroupDraft = body.parse()?;
    let recipient = draft.recipient()?;
    not_empty(&draft.documents)?;
    let own: ServiceId = draft.id.unwrap_or_else(Uuid::new_v4).into();
    let created = client(&shared, &profile)?
        .create_group(&own, &recipient, &draft.documents)
        .await
        // With its id a caller finds out whether a lost answer meant a group.
        .map_err(|failure| failure.map(|fault| fault.arg("package_group_id", &own)));
    let package_group_id = told(created)?;
    Ok((StatusCode::CREATED, Json(GroupReference { package_group_id })).into_response())
}

/// Replaces the recipient and the documents of a package group that is not signed.
#[utoipa::path(
    post, path = "/v1/mig24/{profile}/package-groups/{id}", tag = "services",
    params(GroupInPath),
    request_body = GroupDraft,
    responses((status = OK, body = GroupReference))
)]
pub(in crate::endpoint::routes) async fn update(at: GroupAt, body: JsonBody) -> Result<Json<GroupReference>, Problem> {
    let draft: GroupDraft = body.parse()?;
    if draft.id.is_some() {
        return Err(Fault::invalid_field("id", "stands in the path and does not change").into());
    }
    let recipient = draft.recipient()?;
    not_empty(&draft.documents)?;
    at.changed(at.client.update_group(&at.group, &recipient, &draft.documents).await)
}

/// Deletes a package group that is not signed.
#[utoipa::path(
    delete, path = "/v1/mig24/{profile}/package-groups/{id}", tag = "services",
    params(GroupInPath),
    responses((status = OK, body = GroupReference))
)]
pub(in crate::endpoint::routes) async fn delete(at: GroupAt) -> Result<Json<GroupReference>, Problem> {
    at.changed(at.client.delete_group(&at.group).await)
}

/// Adds documents to a package group that is not signed.
#[utoipa::path(
    post, path = "/v1/mig24/{profile}/package-groups/{id}/packages", tag = "services",
    params(GroupInPath),
    request_body = Addition,
    responses((status = OK, body = GroupReference))
)]
pub(in crate::endpoint::routes) async fn add(at: GroupAt, body: JsonBody) -> Result<Json<GroupReference>, Problem> {
    let Addition { documents } = body.parse()?;
    not_empty(&documents)?;
    at.changed(at.client.add_packages(&at.group, &documents).await)
}

/// Asks EDO.MIG24 for the hashes of a package group and says how they are read. Nothing is signed.
#[utoipa::path(
    post, path = "/v1/mig24/{profile}/package-groups/{id}/explanations", tag = "services",
    params(GroupInPath),
    request_body = ExplanationRequest,
    responses((status = OK, body = Explanation))
)]
pub(in crate::endpoint::routes) async fn explain(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    GroupAt { profile, group, .. }: GroupAt,
    body: JsonBody,
) -> Result<Json<Explanation>, Problem> {
    let request: ExplainGroup = body.parse()?;
    let view = caller.view().await;
    let explained = shared
        .mig24
        .explain(&shared.store, &profile, view, &group, request)
        .await?;
    Ok(Json(explained))
}

fn not_empty(documents: &[GroupDocument]) -> Result<(), Fault> {
    if documents.is_empty() {
        return Err(Fault::invalid_field("documents", "is empty"));
    }
    Ok(())
}
