//! Signatures made elsewhere at our request: by a certificate that a service keeps, or by an employee who is sent a link.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::question::{CallerView, Destination, DocumentView};
use crate::messages::Fault;
use crate::platform::Deadline;
use crate::store::approvals::{self, ApprovalState};
use crate::store::{Store, Transaction, audit};

/// How long what was approved may still be asked of the service.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The word of the store for such approvals. The token room reads none of them: they name no certificate of a token.
const KIND: &str = "remote";

/// Who signs elsewhere.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct RemoteSigner {
    /// By what means.
    pub means: RemoteMeans,
    /// The employee's name, or the container's.
    pub name: String,
    /// The employee's id at the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The power of attorney (МЧД) by which is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_of_attorney: Option<String>,
}

/// By what means a signature is made elsewhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RemoteMeans {
    /// The service signs with the certificate that it keeps of an employee.
    EmployeeCertificate,
    /// The employee is sent a link and signs there.
    EmployeeLink,
    /// The service signs with a container of this name.
    Container,
}

impl fmt::Display for RemoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let means = match self.means {
            RemoteMeans::EmployeeCertificate => "employee_certificate",
            RemoteMeans::EmployeeLink => "employee_link",
            RemoteMeans::Container => "container",
        };
        write!(f, "{means}:{}", self.id.as_deref().unwrap_or(&self.name))
    }
}

/// A person's yes to a signature that is made elsewhere, with what it was a yes to. Only the desk makes one.
#[derive(Debug)]
pub struct RemotelyConsented {
    pub(super) caller: CallerView,
    pub(super) job: Option<Uuid>,
    pub(super) documents: Vec<DocumentView>,
    pub(super) signer: RemoteSigner,
    pub(super) destination: Destination,
    pub(super) prompter: String,
}

/// The durable record of such a yes. It opens no token.
#[derive(Clone, Debug)]
pub struct RemoteApproval {
    id: Uuid,
    deadline: Deadline,
}

impl RemoteApproval {
    /// Writes the approval with its audit entry, in the caller's transaction. `request_key` names the request durably.
    ///
    /// # Errors
    /// `store_failed`; `wrong_state` when the request has a live approval.
    pub fn record(
        transaction: &Transaction<'_>,
        request_key: &str,
        consented: &RemotelyConsented,
    ) -> Result<Self, Fault> {
        let approval = Self {
            id: Uuid::now_v7(),
            deadline: Deadline::after(LIFETIME),
        };
        let items = consented.documents.iter().map(|document| approvals::NewItem {
            kind: KIND.to_owned(),
            algorithm: document.digest.algorithm().to_string(),
            digest: document.digest.value().to_vec(),
            name: Some(document.name.clone()),
            tbs: None,
        });
        approvals::insert(
            transaction,
            &approvals::NewApproval {
                id: approval.id,
                request_key: request_key.to_owned(),
                kind: KIND.to_owned(),
                caller: json!(consented.caller),
                application: consented.caller.application,
                purpose: "signature".to_owned(),
                certificate: consented.signer.to_string(),
                token: None,
                deadline: approval.deadline.clone(),
                job: consented.job,
                from_grant: None,
                items: items.collect(),
            },
        )?;
        let documents: Vec<_> = consented
            .documents
            .iter()
            .map(|document| json!({ "name": document.name, "digest": document.digest }))
            .collect();
        audit::append(
            transaction,
            audit::Entry {
                kind: "approved",
                actor: audit::Actor::Person,
                job: consented.job,
                body: json!({
                    "approval": approval.id,
                    "kind": KIND,
                    "prompter": consented.prompter,
                    "caller": consented.caller,
                    "signer": consented.signer,
                    "destination": consented.destination,
                    "items": documents,
                }),
            },
        )?;
        Ok(approval)
    }

    /// The approval that stands for a request; `None` when there is none, or its deadline has passed.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn restore(store: &Store, request_key: &str) -> Result<Option<Self>, Fault> {
        let key = request_key.to_owned();
        let row = store.read(move |connection| approvals::live(connection, &key)).await?;
        Ok(row
            .filter(|row| row.kind == KIND && row.state == ApprovalState::Live)
            .filter(|row| row.deadline.remaining().is_some())
            .map(|row| Self {
                id: row.id,
                deadline: row.deadline,
            }))
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }
}
