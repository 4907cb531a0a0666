//! Package groups.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::{JsonBody, Refusal};
use super::records::{Group, GroupState, Package, Recipient, Records};
use crate::sandbox::app::{App, locked};
use crate::sandbox::behaviour::Mig24Behaviour;
use crate::sandbox::call::Call;
use crate::sandbox::clock;
use crate::sandbox::effects::Happened;

/// How clients may call "the recipient must sign". The guide has the rule, not the name.
const RECIPIENT_SIGNS: &[&str] = &[
    "recipientSignatureRequired",
    "isRecipientSignatureRequired",
    "recipientMustSign",
    "requireRecipientSignature",
    "needRecipientSignature",
    "signatureRequired",
    "isSignatureRequired",
    "signRequired",
    "needSign",
];

/// The body of creating, replacing and adding to a group.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupRequest {
    #[serde(default)]
    id: Option<Uuid>,
    #[serde(flatten)]
    recipient: Recipient,
    #[serde(default, alias = "packages", alias = "items")]
    documents: Vec<Map<String, Value>>,
}

/// A document that shall travel in a group.
struct Item {
    document_id: Uuid,
    recipient_signs: bool,
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    call: Call,
    JsonBody(request): JsonBody<GroupRequest>,
) -> Result<Response, Refusal> {
    request.recipient.check()?;
    let group_id = request.id.unwrap_or_else(Uuid::new_v4);
    let mut records = locked(&app.mig24);
    if records.groups.find(group_id).is_some() {
        return Err(Refusal::conflict(format!("package group {group_id} exists")));
    }
    let items = records.items(&request.documents, &HashSet::new())?;
    let packages = records.put_packages(group_id, &items)?;
    let group = Group {
        recipient: request.recipient,
        packages,
        state: GroupState::Created,
        created_on: clock::rfc3339(),
        signed_on: None,
    };
    records.groups.put(group_id, group.clone())?;
    let shown = records.group_info(group_id, &group, &app.behaviour().mig24);
    drop(records);
    app.record(
        &call,
        Happened::GroupCreated {
            group_id,
            document_ids: ids(&items),
        },
    )?;
    Ok((StatusCode::CREATED, Json(shown)).into_response())
}

pub(super) async fn add_packages(
    State(app): State<Arc<App>>,
    call: Call,
    Path(group_id): Path<Uuid>,
    JsonBody(documents): JsonBody<AddedDocuments>,
) -> Result<Json<Value>, Refusal> {
    let mut records = locked(&app.mig24);
    let mut group = records.unsigned_group(group_id)?.clone();
    let present = records
        .packages_of(&group)
        .into_iter()
        .map(|(_, package)| package.document_id)
        .collect();
    let items = records.items(&documents.into_list(), &present)?;
    let added = records.put_packages(group_id, &items)?;
    group.packages.extend(added);
    records.groups.put(group_id, group.clone())?;
    let shown = records.group_info(group_id, &group, &app.behaviour().mig24);
    drop(records);
    app.record(
        &call,
        Happened::PackagesAdded {
            group_id,
            document_ids: ids(&items),
        },
    )?;
    Ok(Json(shown))
}

/// Documents to add: a list, or an object that holds one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum AddedDocuments {
    List(Vec<Map<String, Value>>),
    Group(GroupRequest),
}

impl AddedDocuments {
    fn into_list(self) -> Vec<Map<String, Value>> {
        match self {
            Self::List(list) => list,
            Self::Group(request) => request.documents,
        }
    }
}

/// Replaces recipient and packages.
pub(super) async fn update(
    State(app): State<Arc<App>>,
    call: Call,
    Path(group_id): Path<Uuid>,
    JsonBody(request): JsonBody<GroupRequest>,
) -> Result<Json<Value>, Refusal> {
    request.recipient.check()?;
    let mut records = locked(&app.mig24);
    let mut group = records.unsigned_group(group_id)?.clone();
    let items = records.items(&request.documents, &HashSet::new())?;
    for package in std::mem::take(&mut group.packages) {
        records.packages.remove(package)?;
    }
    group.recipient = request.recipient;
    group.packages = records.put_packages(group_id, &items)?;
    records.preparations.remove(group_id)?;
    records.groups.put(group_id, group.clone())?;
    let shown = records.group_info(group_id, &group, &app.behaviour().mig24);
    drop(records);
    app.record(
        &call,
        Happened::GroupUpdated {
            group_id,
            document_ids: ids(&items),
        },
    )?;
    Ok(Json(shown))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    call: Call,
    Path(group_id): Path<Uuid>,
) -> Result<StatusCode, Refusal> {
    let mut records = locked(&app.mig24);
    let group = records.unsigned_group(group_id)?.clone();
    for package in group.packages {
        records.packages.remove(package)?;
    }
    records.preparations.remove(group_id)?;
    records.groups.remove(group_id)?;
    drop(records);
    app.record(&call, Happened::GroupDeleted { group_id })?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn info(State(app): State<Arc<App>>, Path(group_id): Path<Uuid>) -> Result<Json<Value>, Refusal> {
    let records = locked(&app.mig24);
    let group = records.group(group_id)?;
    Ok(Json(records.group_info(group_id, group, &app.behaviour().mig24)))
}

impl Recipient {
    fn check(&self) -> Result<(), Refusal> {
        match (&self.recipient_abonent_code, &self.recipient_org) {
            (Some(code), None) if !code.is_empty() => Ok(()),
            (None, Some(org)) if org.email.is_some() && org.inn.is_some() => Ok(()),
            (Some(_), Some(_)) => Err(Refusal::invalid(
                "recipientAbonentCode and recipientOrg exclude each other",
            )),
            _ => Err(Refusal::invalid(
                "give recipientAbonentCode, or recipientOrg with email and inn",
            )),
        }
    }
}

impl Records {
    pub(super) fn group(&self, id: Uuid) -> Result<&Group, Refusal> {
        self.groups
            .find(id)
            .ok_or_else(|| Refusal::not_found(format!("there is no package group {id}")))
    }

    /// A group that may still be changed.
    fn unsigned_group(&self, id: Uuid) -> Result<&Group, Refusal> {
        let group = self.group(id)?;
        if group.is_signed() {
            return Err(Refusal::conflict(format!("package group {id} is signed already")));
        }
        Ok(group)
    }

    /// Reads the documents of a request; each has to be uploaded and to come once.
    fn items(&self, documents: &[Map<String, Value>], present: &HashSet<Uuid>) -> Result<Vec<Item>, Refusal> {
        if documents.is_empty() {
            return Err(Refusal::invalid("documents: at least one is needed"));
        }
        let mut seen = present.clone();
        let read = |document: &Map<String, Value>| {
            let item = Item::read(document)?;
            if self.documents.find(item.document_id).is_none() {
                return Err(Refusal::invalid(format!("there is no document {}", item.document_id)));
            }
            if !seen.insert(item.document_id) {
                return Err(Refusal::invalid(format!("document {} comes twice", item.document_id)));
            }
            Ok(item)
        };
        documents.iter().map(read).collect()
    }

    fn put_packages(&mut self, group_id: Uuid, items: &[Item]) -> Result<Vec<Uuid>, Refusal> {
        let mut ids = Vec::with_capacity(items.len());
        for Item {
            document_id,
            recipient_signs,
        } in items
        {
            let id = Uuid::new_v4();
            let package = Package {
                group_id,
                document_id: *document_id,
                recipient_signs: *recipient_signs,
                signature: None,
            };
            self.packages.put(id, package)?;
            ids.push(id);
        }
        Ok(ids)
    }

    pub(super) fn group_info(&self, id: Uuid, group: &Group, behaviour: &Mig24Behaviour) -> Value {
        let packages = self.packages_of(group).into_iter();
        let packages: Vec<_> = packages
            .map(|(id, package)| self.package_info(id, package, group, behaviour))
            .collect();
        json!({
            "id": id,
            "status": group.state(behaviour),
            "isSigned": group.is_signed(),
            "recipientAbonentCode": group.recipient.recipient_abonent_code,
            "recipientOrg": group.recipient.recipient_org,
            "createdOn": group.created_on,
            "signedOn": group.signed_on.map(clock::rfc3339_of),
            "packages": packages,
        })
    }
}

impl Item {
    fn read(document: &Map<String, Value>) -> Result<Self, Refusal> {
        let id = document
            .get("documentId")
            .or_else(|| document.get("id"))
            .and_then(Value::as_str);
        let document_id = id
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| Refusal::invalid("documents[].documentId: a GUID is expected"))?;
        let recipient_signs = RECIPIENT_SIGNS
            .iter()
            .find_map(|name| document.get(*name)?.as_bool())
            .ok_or_else(|| {
                let names = RECIPIENT_SIGNS.join(", ");
                Refusal::invalid(format!(
                    "document {document_id}: say whether the recipient must sign, as one of {names}"
                ))
            })?;
        Ok(Self {
            document_id,
            recipient_signs,
        })
    }
}

fn ids(items: &[Item]) -> Vec<Uuid> {
    items.iter().map(|item| item.document_id).collect()
}

impl Group {
    pub(super) fn is_signed(&self) -> bool {
        matches!(self.state, GroupState::Sent | GroupState::Delivered)
    }

    /// The state now: a sent group is delivered after the time that is switched on.
    pub(super) fn state(&self, behaviour: &Mig24Behaviour) -> GroupState {
        match (self.state, self.signed_on, behaviour.delivered_after_seconds) {
            (GroupState::Sent, Some(signed_on), Some(delay)) if signed_on + delay <= clock::unix_seconds() => {
                GroupState::Delivered
            }
            (state, _, _) => state,
        }
    }
}
