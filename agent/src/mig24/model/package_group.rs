use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::member;
use crate::config::GroupShape;
use crate::http_client::ServiceId;
use crate::messages::Fault;

/// Who receives a package group.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub enum Recipient {
    /// By the code of an abonent.
    #[serde(rename = "recipient_abonent_code")]
    AbonentCode(String),
    /// By what is known of the organisation; it is invited by e-mail.
    #[serde(rename = "recipient_org")]
    Organisation(RecipientOrganisation),
}

impl Recipient {
    /// The recipient by exactly one of the two.
    ///
    /// # Errors
    /// `invalid_field`.
    pub fn of(code: Option<String>, organisation: Option<RecipientOrganisation>) -> Result<Self, Fault> {
        match (code, organisation) {
            (Some(code), None) if !code.trim().is_empty() => Ok(Self::AbonentCode(code)),
            (None, Some(organisation)) => {
                organisation.check()?;
                Ok(Self::Organisation(organisation))
            }
            _ => {
                let reason = "exactly one of recipient_abonent_code and recipient_org is needed";
                Err(Fault::invalid_field("send", reason))
            }
        }
    }

    /// The recipient for people.
    pub fn label(&self) -> String {
        match self {
            Self::AbonentCode(code) => code.clone(),
            Self::Organisation(organisation) => organisation.label(),
        }
    }
}

/// An organisation that has no known code.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Mig24RecipientOrganisation)]
pub struct RecipientOrganisation {
    /// Where the invitation goes.
    pub email: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Taxpayer number.
    pub inn: String,
    /// Tax registration reason code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kpp: Option<String>,
    /// Registration number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ogrn: Option<String>,
}

impl RecipientOrganisation {
    fn check(&self) -> Result<(), Fault> {
        if !self.email.contains('@') {
            return Err(Fault::invalid_field("send.recipient_org.email", "is no e-mail address"));
        }
        let is_inn = matches!(self.inn.len(), 10 | 12) && self.inn.bytes().all(|b| b.is_ascii_digit());
        if !is_inn {
            let reason = "must be 10 or 12 digits";
            return Err(Fault::invalid_field("send.recipient_org.inn", reason));
        }
        Ok(())
    }

    fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("{name}, ИНН {}", self.inn),
            None => format!("ИНН {}", self.inn),
        }
    }
}

/// A document of a new group.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Mig24GroupDocument)]
pub struct GroupDocument {
    /// Its id.
    #[schema(value_type = String)]
    pub document_id: ServiceId,
    /// Whether the recipient signs it; yes when absent.
    #[serde(default = "yes")]
    pub sign_required: bool,
}

fn yes() -> bool {
    true
}

/// The body of creating a group; `id` goes in where the client chooses it.
pub(in crate::mig24) fn group_body(
    shape: &GroupShape,
    id: Option<&ServiceId>,
    recipient: &Recipient,
    documents: &[GroupDocument],
) -> Map<String, Value> {
    let mut body = documents_body(shape, documents);
    if let Some(id) = id {
        body.insert("id".to_owned(), id.as_str().into());
    }
    match recipient {
        Recipient::AbonentCode(code) => body.insert("recipientAbonentCode".to_owned(), code.as_str().into()),
        Recipient::Organisation(organisation) => {
            body.insert("recipientOrg".to_owned(), serde_json::json!(organisation))
        }
    };
    body
}

/// The body of adding documents to a group.
pub(in crate::mig24) fn documents_body(shape: &GroupShape, documents: &[GroupDocument]) -> Map<String, Value> {
    let documents = documents
        .iter()
        .map(|document| {
            Value::Object(Map::from_iter([
                ("documentId".to_owned(), document.document_id.as_str().into()),
                (shape.recipient_signs_field.clone(), document.sign_required.into()),
            ]))
        })
        .collect();
    Map::from_iter([(shape.documents_field.clone(), documents)])
}

/// What the service says of a package group, whole.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct GroupInfo(pub Value);

/// Whether a group has been signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Signedness {
    /// Not yet.
    Unsigned,
    /// It is.
    Signed,
    /// The answer does not tell.
    Unclear,
}

/// How far a package group has come on its way to the recipient.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Mig24Delivery)]
pub enum Delivery {
    /// It is not signed.
    NotSubmitted,
    /// Its signatures were accepted.
    Submitted,
    /// The recipient has it.
    Delivered,
    /// The service's answer does not tell.
    Unknown,
}

impl GroupInfo {
    /// The group's id.
    pub fn id(&self) -> Option<ServiceId> {
        let object = self.0.as_object()?;
        let value = ["id", "packageGroupId"].iter().find_map(|name| member(object, name))?.1;
        serde_json::from_value(value.clone()).ok()
    }

    /// The service's word for its state.
    pub fn status(&self) -> Option<&str> {
        status(self.0.as_object()?)
    }

    /// Whether it has been signed: by flag, by status, by its packages. Signs that contradict each other tell nothing.
    pub fn signedness(&self) -> Signedness {
        let Some(object) = self.0.as_object() else {
            return Signedness::Unclear;
        };
        let own = signs(object);
        let packages = member(object, "packages")
            .and_then(|(_, packages)| packages.as_array())
            .into_iter()
            .flatten()
            .map(|package| package.as_object().map_or_else(Vec::new, signs));
        let mut all = own;
        if all.is_empty() {
            for signs in packages {
                if signs.is_empty() {
                    return Signedness::Unclear;
                }
                all.extend(signs);
            }
        }
        match all.split_first() {
            Some((first, rest)) if rest.iter().all(|sign| sign == first) => *first,
            _ => Signedness::Unclear,
        }
    }

    /// Whether it waits for an employee who was sent a link.
    pub fn waits_for_signer(&self) -> bool {
        self.status()
            .is_some_and(|status| plain_word(status).starts_with("waiting"))
    }

    /// How far a signed group has come: signatures that are accepted are not yet documents that are delivered.
    pub fn delivery(&self) -> Delivery {
        let word = self.status().map(plain_word);
        match word.as_deref() {
            Some(word) if DELIVERED.contains(&word) => Delivery::Delivered,
            _ => match self.signedness() {
                Signedness::Signed => Delivery::Submitted,
                Signedness::Unsigned => Delivery::NotSubmitted,
                Signedness::Unclear => Delivery::Unknown,
            },
        }
    }

    /// The documents with their names, where the answer lists them.
    pub fn documents(&self) -> Vec<(ServiceId, Option<String>)> {
        let mut found = Vec::new();
        documents(&self.0, &mut HashSet::new(), &mut found);
        found
    }

    /// Who receives it, for people.
    pub fn recipient(&self) -> Option<String> {
        let object = self.0.as_object()?;
        if let Some((_, Value::String(code))) = member(object, "recipientAbonentCode") {
            return Some(code.clone());
        }
        let organisation = member(object, "recipientOrg")?.1.as_object()?;
        let text = |name| member(organisation, name).and_then(|(_, value)| value.as_str());
        match (text("name"), text("inn")) {
            (Some(name), Some(inn)) => Some(format!("{name}, ИНН {inn}")),
            (Some(name), None) => Some(name.to_owned()),
            (None, inn) => inn.map(|inn| format!("ИНН {inn}")),
        }
    }
}

const UNSIGNED: [&str; 6] = ["created", "new", "draft", "prepared", "uploaded", "notsigned"];
const SIGNED: [&str; 7] = [
    "signed",
    "sent",
    "sending",
    "delivered",
    "accepted",
    "finished",
    "completed",
];

/// The words of [`SIGNED`] that say that the recipient has it.
const DELIVERED: [&str; 4] = ["delivered", "accepted", "finished", "completed"];

/// A word of the service without regard to its spelling (`Not signed`, `notSigned`).
fn plain_word(word: &str) -> String {
    let letters: String = word.chars().filter(char::is_ascii_alphabetic).collect();
    letters.to_ascii_lowercase()
}

fn status(object: &Map<String, Value>) -> Option<&str> {
    ["status", "state"]
        .iter()
        .find_map(|name| member(object, name)?.1.as_str())
}

/// What an object says of its own signature.
fn signs(object: &Map<String, Value>) -> Vec<Signedness> {
    let flag = ["isSigned", "signed"]
        .iter()
        .find_map(|name| member(object, name)?.1.as_bool())
        .map(|signed| {
            if signed {
                Signedness::Signed
            } else {
                Signedness::Unsigned
            }
        });
    let word = status(object).map(|status| {
        let word = plain_word(status);
        if UNSIGNED.contains(&word.as_str()) {
            Signedness::Unsigned
        } else if SIGNED.contains(&word.as_str()) {
            Signedness::Signed
        } else {
            Signedness::Unclear
        }
    });
    flag.into_iter().chain(word).collect()
}

/// Looks for objects with a `documentId`; each document counts once.
fn documents(value: &Value, seen: &mut HashSet<ServiceId>, found: &mut Vec<(ServiceId, Option<String>)>) {
    match value {
        Value::Array(entries) => entries.iter().for_each(|entry| documents(entry, seen, found)),
        Value::Object(object) => {
            let id =
                member(object, "documentId").and_then(|(_, id)| serde_json::from_value::<ServiceId>(id.clone()).ok());
            if let Some(id) = id
                && seen.insert(id.clone())
            {
                let name = ["documentName", "fileName", "name"]
                    .iter()
                    .find_map(|name| member(object, name)?.1.as_str());
                found.push((id, name.map(str::to_owned)));
            }
            object.values().for_each(|value| documents(value, seen, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_group_is_signed_when_nothing_says_otherwise() {
        let cases = [
            (json!({ "isSigned": true, "status": "Sent" }), Signedness::Signed),
            (json!({ "isSigned": false, "status": "Created" }), Signedness::Unsigned),
            (json!({ "isSigned": false, "status": "Sent" }), Signedness::Unclear),
            (json!({ "status": "Delivered" }), Signedness::Signed),
            (json!({ "state": "DRAFT" }), Signedness::Unsigned),
            (json!({ "status": "WaitingForUser" }), Signedness::Unclear),
            (json!({ "status": 3 }), Signedness::Unclear),
            (
                json!({ "packages": [{ "isSigned": true }, { "status": "Sent" }] }),
                Signedness::Signed,
            ),
            (
                json!({ "packages": [{ "isSigned": true }, { "isSigned": false }] }),
                Signedness::Unclear,
            ),
            (json!({ "packages": [] }), Signedness::Unclear),
            (json!(null), Signedness::Unclear),
        ];
        for (info, expected) in cases {
            assert_eq!(GroupInfo(info.clone()).signedness(), expected, "{info}");
        }
    }

    #[test]
    fn what_is_submitted_is_not_yet_delivered() {
        for (info, expected) in [
            (json!({ "isSigned": true, "status": "Sent" }), Delivery::Submitted),
            (json!({ "isSigned": true, "status": "Delivered" }), Delivery::Delivered),
            (json!({ "status": "Not signed" }), Delivery::NotSubmitted),
            (json!({ "status": "WaitingForUser" }), Delivery::Unknown),
        ] {
            assert_eq!(GroupInfo(info.clone()).delivery(), expected, "{info}");
        }
    }

    #[test]
    fn documents_and_recipient_are_found() {
        let info = GroupInfo(json!({
            "id": "g", "recipientOrg": { "name": "ООО «Ромашка»", "inn": "7701234567" },
            "packages": [{ "id": "p", "documentId": "d-1", "name": "act.pdf" }, { "documents": [{ "documentId": "D-1" }, { "documentId": "d-2" }] }],
        }));
        assert_eq!(info.recipient().as_deref(), Some("ООО «Ромашка», ИНН 7701234567"));
        let documents: Vec<_> = info
            .documents()
            .into_iter()
            .map(|(id, name)| (id.to_string(), name))
            .collect();
        assert_eq!(
            documents,
            [("d-1".to_owned(), Some("act.pdf".to_owned())), ("d-2".to_owned(), None)]
        );
    }
}
