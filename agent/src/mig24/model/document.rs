use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Entry, Members};
use crate::http_client::ServiceId;

/// A document that is stored at the service.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Mig24DocumentInfo)]
pub struct DocumentInfo {
    /// Its id, chosen by whoever uploaded it.
    #[schema(value_type = String)]
    pub id: ServiceId,
    /// Its name.
    pub name: Option<String>,
    /// The id of its signature's file, once it is signed.
    #[schema(value_type = Option<String>)]
    pub signature_file_id: Option<ServiceId>,
    /// When it was uploaded, as the service writes it.
    pub created_on: Option<String>,
    /// Everything else that the service says.
    #[schema(value_type = Object)]
    pub other: Map<String, Value>,
}

impl Entry for DocumentInfo {
    fn of_members(mut members: Members) -> Option<Self> {
        Some(Self {
            id: members.id(&["id", "documentId"])?,
            name: members.text(&["name", "fileName", "documentName", "title"]),
            signature_file_id: members.id(&["signatureFileId", "signatureId", "signFileId"]),
            created_on: members.text(&[
                "createdOn",
                "createdAt",
                "creationDate",
                "createDate",
                "created",
                "date",
            ]),
            other: members.rest(),
        })
    }
}
