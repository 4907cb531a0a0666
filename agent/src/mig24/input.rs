//! What the callers of the scenarios give, checked as far as it can be without the service.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::client::DocumentForm;
use super::model::{Recipient, RecipientOrganisation};
use crate::certificate::Selector;
use crate::http_client::ServiceId;
use crate::messages::Fault;
use crate::store::blobs::BlobId;

/// The longest name of a document, in characters.
const LONGEST_NAME: usize = 256;

/// Signs a package group that is at the service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignGroup {
    /// The group.
    pub package_group_id: ServiceId,
    /// The certificate, within what the profile allows.
    #[serde(default)]
    pub certificate: Option<Selector>,
    /// The signer's power of attorney; the profile's, or the one in the employee's record, when absent.
    #[serde(default)]
    pub mchd_info_id: Option<String>,
}

/// Sends files: uploads them, makes the group, signs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SendGroup {
    /// The group.
    pub send: GroupToSend,
    /// The certificate, within what the profile allows.
    #[serde(default)]
    pub certificate: Option<Selector>,
    /// The signer's power of attorney; the profile's, or the one in the employee's record, when absent.
    #[serde(default)]
    pub mchd_info_id: Option<String>,
}

/// A group to be made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GroupToSend {
    /// The recipient by code; this or the organisation.
    #[serde(default)]
    pub recipient_abonent_code: Option<String>,
    /// The recipient by what is known of the organisation.
    #[serde(default)]
    pub recipient_org: Option<RecipientOrganisation>,
    /// The documents, in order.
    pub documents: Vec<DocumentToSend>,
}

/// A document to be uploaded.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentToSend {
    /// Names the file among those that came with the request.
    pub part: String,
    /// The document's name.
    pub name: String,
    /// Its GUID; made up when absent.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// Whether the recipient signs it.
    #[serde(default = "yes")]
    pub sign_required: bool,
    /// How it is uploaded: `informal`, or `detected` (the default of `.xml`).
    #[serde(default)]
    pub form: Option<DocumentForm>,
}

fn yes() -> bool {
    true
}

/// A file of the caller's, in the store.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SpooledFile {
    /// Its media type as the caller gives it.
    #[serde(default)]
    pub media_type: Option<String>,
    /// Its content address.
    pub blob: BlobId,
    /// Its size in bytes.
    pub size: u64,
}

/// A group with everything decided that must stay the same when something is repeated: the ids.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct PlannedGroup {
    pub(super) id: ServiceId,
    pub(super) recipient: Recipient,
    pub(super) documents: Vec<PlannedDocument>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct PlannedDocument {
    pub(super) id: ServiceId,
    pub(super) name: String,
    pub(super) recipient_signs: bool,
    pub(super) form: DocumentForm,
    pub(super) file: SpooledFile,
}

impl GroupToSend {
    /// Joins the request with its files and chooses the ids.
    ///
    /// # Errors
    /// `invalid_field`.
    pub(super) fn plan(self, mut files: BTreeMap<String, SpooledFile>) -> Result<PlannedGroup, Fault> {
        let recipient = Recipient::of(self.recipient_abonent_code, self.recipient_org)?;
        if self.documents.is_empty() {
            return Err(Fault::invalid_field("send.documents", "is empty"));
        }
        let mut ids = HashSet::new();
        let mut documents = Vec::with_capacity(self.documents.len());
        for document in self.documents {
            let file = files.remove(&document.part).ok_or_else(|| {
                let reason = format!("no file came as {:?}, or it is used twice", document.part);
                Fault::invalid_field("send.documents.part", reason)
            })?;
            documents.push(document.plan(file, &mut ids)?);
        }
        if let Some(part) = files.keys().next() {
            let reason = format!("the file {part:?} belongs to no document");
            return Err(Fault::invalid_field("send.documents", reason));
        }
        Ok(PlannedGroup {
            id: Uuid::new_v4().into(),
            recipient,
            documents,
        })
    }
}

impl DocumentToSend {
    fn plan(self, file: SpooledFile, ids: &mut HashSet<Uuid>) -> Result<PlannedDocument, Fault> {
        let length = self.name.trim().chars().count();
        if length == 0 || length > LONGEST_NAME {
            let reason = format!("must have 1 to {LONGEST_NAME} characters");
            return Err(Fault::invalid_field("send.documents.name", reason));
        }
        if file.size == 0 {
            let reason = format!("{:?} is empty", self.name);
            return Err(Fault::invalid_field("send.documents", reason));
        }
        let id = self.id.unwrap_or_else(Uuid::new_v4);
        if !ids.insert(id) {
            return Err(Fault::invalid_field("send.documents.id", format!("{id} comes twice")));
        }
        let default_form = DocumentForm::of_name(&self.name);
        Ok(PlannedDocument {
            id: id.into(),
            name: self.name,
            recipient_signs: self.sign_required,
            form: self.form.unwrap_or(default_form),
            file,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;

    fn plan(send: Value, parts: &[&str]) -> Result<PlannedGroup, Fault> {
        let files = parts.iter().map(|part| {
            let file = SpooledFile {
                media_type: None,
                blob: "ab".repeat(32).parse().unwrap(),
                size: 5,
            };
            ((*part).to_owned(), file)
        });
        serde_json::from_value::<GroupToSend>(send)
            .unwrap()
            .plan(files.collect())
    }

    #[test]
    fn ids_are_chosen_once() {
        let id = Uuid::new_v4();
        let group = plan(
            json!({ "recipient_abonent_code": "2XX-1", "documents": [
                { "part": "a", "name": "act.pdf" }, { "part": "b", "name": "invoice.XML", "id": id, "sign_required": false },
            ] }),
            &["a", "b"],
        )
        .unwrap();
        let [first, second] = group.documents.as_slice() else {
            panic!("two documents")
        };
        assert!(first.recipient_signs && first.form == DocumentForm::Informal);
        assert!(!second.recipient_signs && second.form == DocumentForm::Detected);
        assert_eq!(second.id, id.into());
        assert_ne!(first.id, second.id);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let id = Uuid::new_v4();
        let one = json!([{ "part": "a", "name": "act.pdf" }]);
        for (send, parts, field) in [
            (json!({ "documents": one }), &["a"][..], "send"),
            (
                json!({ "recipient_abonent_code": "1", "recipient_org": { "email": "a@b", "inn": "7701234567" }, "documents": one }),
                &["a"],
                "send",
            ),
            (
                json!({ "recipient_org": { "email": "ab", "inn": "7701234567" }, "documents": one }),
                &["a"],
                "send.recipient_org.email",
            ),
            (
                json!({ "recipient_org": { "email": "a@b", "inn": "77" }, "documents": one }),
                &["a"],
                "send.recipient_org.inn",
            ),
            (
                json!({ "recipient_abonent_code": "1", "documents": [] }),
                &[],
                "send.documents",
            ),
            (
                json!({ "recipient_abonent_code": "1", "documents": one }),
                &[],
                "send.documents.part",
            ),
            (
                json!({ "recipient_abonent_code": "1", "documents": one }),
                &["a", "b"],
                "send.documents",
            ),
            (
                json!({ "recipient_abonent_code": "1", "documents": [{ "part": "a", "name": " " }] }),
                &["a"],
                "send.documents.name",
            ),
            (
                json!({ "recipient_abonent_code": "1", "documents": [
                    { "part": "a", "name": "1", "id": id }, { "part": "b", "name": "2", "id": id },
                ] }),
                &["a", "b"],
                "send.documents.id",
            ),
        ] {
            let fault = plan(send.clone(), parts).unwrap_err();
            assert_eq!(fault.args().get("field").map(String::as_str), Some(field), "{send}");
        }
    }
}
