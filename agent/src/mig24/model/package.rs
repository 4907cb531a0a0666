use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Entry, Members};
use crate::http_client::ServiceId;

/// A package: a document with what belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Mig24PackageInfo)]
pub struct PackageInfo {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ServiceId,
    /// The group it travels in.
    #[schema(value_type = Option<String>)]
    pub package_group_id: Option<ServiceId>,
    /// The document.
    #[schema(value_type = Option<String>)]
    pub document_id: Option<ServiceId>,
    /// The document's name.
    pub document_name: Option<String>,
    /// The service's word for its state.
    pub status: Option<String>,
    /// Whether it is signed, where the service says so.
    pub signed: Option<bool>,
    /// Everything else that the service says.
    #[schema(value_type = Object)]
    pub other: Map<String, Value>,
}

impl Entry for PackageInfo {
    fn of_members(mut members: Members) -> Option<Self> {
        Some(Self {
            id: members.id(&["id", "packageId"])?,
            package_group_id: members.id(&["packageGroupId", "groupId"]),
            document_id: members.id(&["documentId"]),
            document_name: members.text(&["documentName", "fileName", "name"]),
            status: members.text(&["status", "state"]),
            signed: members.flag(&["isSigned", "signed"]),
            other: members.rest(),
        })
    }
}
