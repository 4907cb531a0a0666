use serde::{Deserialize, Serialize};

use super::client::IdocsClient;
use super::documents::DocumentView;
use super::input::DocumentToSend;
use super::model::{Direction, Signedness};
use crate::http_client::{Failure, ServiceId};
use crate::jobs::StepError;
use crate::messages::{Code, Fault};

/// A document as the person sees it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Facts {
    pub(super) name: Option<String>,
    pub(super) number: Option<String>,
    pub(super) counterparty: Option<String>,
}

impl Facts {
    /// Reads them of a document that is to be signed.
    ///
    /// # Errors
    /// Refused with `wrong_state` when it is signed already, and those of any call.
    pub(super) async fn read(
        client: &IdocsClient,
        document: &ServiceId,
        direction: Direction,
    ) -> Result<Self, StepError> {
        let view = match client.document(direction, document).await {
            Ok(view) => view,
            // Not every document can be looked up; the service says more when the content is asked for.
            Err(Failure::Refused(fault)) if fault.code() == Code::ServiceRefused => return Ok(Self::default()),
            Err(failure) => return Err(failure.into()),
        };
        if let Some(status) = &view.document_status
            && status.signedness(direction) == Signedness::Signed
        {
            let fault = Fault::new(Code::WrongState)
                .arg("service_status", status)
                .detail(format!("document {document} is signed already: its status is {status}"));
            return Err(StepError::Refused(fault));
        }
        Ok(Self::of(&view))
    }

    /// Those that a list or a lookup gives.
    pub(super) fn of(view: &DocumentView) -> Self {
        let bins: Vec<_> = view
            .external_nodes()
            .iter()
            .filter_map(|node| node.counterparty_company_bin.clone())
            .collect();
        Self {
            counterparty: (!bins.is_empty()).then(|| bins.join(", ")),
            name: view.document_name.clone(),
            number: view.document_number.clone(),
        }
    }

    /// Those of a document to be made.
    pub(super) fn of_sending(send: &DocumentToSend) -> Self {
        Self {
            name: Some(send.name.clone()),
            number: Some(send.number.clone()),
            counterparty: Some(send.counterparty_bin.clone()),
        }
    }

    /// What the document is called in the question, if it has a name.
    pub(super) fn label(&self) -> Option<String> {
        match (&self.name, &self.number) {
            (Some(name), Some(number)) => Some(format!("{name} № {number}.zip")),
            (Some(name), None) => Some(format!("{name}.zip")),
            (None, _) => None,
        }
    }
}
