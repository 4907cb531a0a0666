//! The approval of a signature that a service makes, or has made, at our request. The token has no part in it.

use super::service::Signing;
use super::{not_signed, waiting};
use crate::consent::{
    CallerView, Decision, Destination, DocumentView, QuestionBody, RemoteApproval, RemoteSigner, RemotelyConsented,
};
use crate::jobs::JobContext;
use crate::messages::Fault;
use crate::store::approvals;

/// A request for the approval of a signature made elsewhere.
#[derive(Clone, Debug)]
pub struct RemoteRequest {
    /// Names it durably; the same after a restart (`<job id>:<step>`).
    pub key: String,
    /// Who asks.
    pub caller: CallerView,
    /// What is signed.
    pub documents: Vec<DocumentView>,
    /// Who signs.
    pub signer: RemoteSigner,
    /// Where, and what follows.
    pub destination: Destination,
}

impl Signing {
    /// Asks the person, unless an approval stands already.
    ///
    /// # Errors
    /// `refused`, `expired`, `store_failed`.
    pub async fn approve_remote(&self, context: &JobContext, request: RemoteRequest) -> Result<RemoteApproval, Fault> {
        if let Some(standing) = RemoteApproval::restore(context.store(), &request.key).await? {
            return Ok(standing);
        }
        let body = QuestionBody::Remote {
            documents: request.documents,
            signer: request.signer,
            destination: request.destination,
        };
        let (question, caller) = (serde_json::json!(body), request.caller.clone());
        let mut asked = self
            .desk()
            .ask_other(request.caller, Some(context.id()), body, self.question_timeout());
        match waiting::decision(self.desk(), context, &mut asked).await {
            Ok(Decision::RemotelyApproved(consented)) => record(context, request.key, consented).await,
            Ok(_) => Err(Fault::internal("a remote signature was answered with something else")),
            Err(fault) => {
                let body = serde_json::json!({
                    "kind": "remote",
                    "code": fault.code(),
                    "key": request.key,
                    "prompter": asked.prompter(),
                    "asked": question,
                    "caller": caller,
                });
                not_signed::record(context, None, fault.code(), body).await?;
                Err(fault)
            }
        }
    }
}

async fn record(context: &JobContext, key: String, consented: Box<RemotelyConsented>) -> Result<RemoteApproval, Fault> {
    context
        .write(move |transaction| {
            // One whose deadline has passed must not stand in the way of the new one.
            if let Some(old) = approvals::live(transaction, &key)? {
                approvals::withdraw(transaction, old.id)?;
            }
            RemoteApproval::record(transaction, &key, &consented)
        })
        .await
}
