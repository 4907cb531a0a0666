//! Packages: one document with what belongs to it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Refusal;
use super::queue::Message;
use super::records::{Group, Package, Records};
use crate::sandbox::app::{App, locked};
use crate::sandbox::behaviour::Mig24Behaviour;
use crate::sandbox::call::Call;
use crate::sandbox::effects::Happened;
use crate::sandbox::storage::zip_of;

pub(super) async fn info(State(app): State<Arc<App>>, Path(id): Path<Uuid>) -> Result<Json<Value>, Refusal> {
    let records = locked(&app.mig24);
    let package = records.package(id)?;
    let group = records.group(package.group_id)?;
    Ok(Json(records.package_info(id, package, group, &app.behaviour().mig24)))
}

/// A ZIP of the document and, once it is signed, its signature.
pub(super) async fn files(State(app): State<Arc<App>>, Path(id): Path<Uuid>) -> Result<Response, Refusal> {
    let (package, document) = {
        let records = locked(&app.mig24);
        let package = records.package(id)?.clone();
        let document = records.document(package.document_id)?.clone();
        (package, document)
    };
    let mut files = vec![(document.name.clone(), app.blobs.read(&document.bytes)?)];
    if let Some(signature) = package.signature {
        files.push((format!("{}.p7s", document.name), app.blobs.read(&signature.bytes)?));
    }
    Ok(([(CONTENT_TYPE, "application/zip")], zip_of(&files, "")?).into_response())
}

/// Accepts the question; the answer comes through the organisation's queue, where there is one.
pub(super) async fn request_status(
    State(app): State<Arc<App>>,
    call: Call,
    Path(id): Path<Uuid>,
) -> Result<Response, Refusal> {
    {
        let records = locked(&app.mig24);
        let package = records.package(id)?;
        let group = records.group(package.group_id)?;
        let status = json!(group.state(&app.behaviour().mig24));
        app.publish(Message::package(id, package.group_id, package.document_id, &status));
    }
    app.record(&call, Happened::StatusRequested { package_id: id })?;
    Ok((StatusCode::ACCEPTED, Json(json!({"packageId": id}))).into_response())
}

impl Records {
    fn package(&self, id: Uuid) -> Result<&Package, Refusal> {
        self.packages
            .find(id)
            .ok_or_else(|| Refusal::not_found(format!("there is no package {id}")))
    }

    pub(super) fn package_info(&self, id: Uuid, package: &Package, group: &Group, behaviour: &Mig24Behaviour) -> Value {
        json!({
            "id": id,
            "packageGroupId": package.group_id,
            "documentId": package.document_id,
            "documentName": self.documents.find(package.document_id).map(|document| &document.name),
            "status": group.state(behaviour),
            "isSigned": group.is_signed(),
            "recipientSignatureRequired": package.recipient_signs,
            "signatureFileId": package.signature.as_ref().map(|signature| signature.id),
        })
    }
}
