//! Finding the certificate of a request on the tokens: waiting for a token that is known, asking where several fit.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::not_signed::{self, NotSigned};
use super::request::CertificateRequest;
use super::selection::{self, Candidate};
use super::service::Signing;
use super::waiting;
use crate::consent::{Action, Decision, QuestionBody};
use crate::jobs::{JobContext, Stage};
use crate::messages::{Code, Fault};
use crate::platform::Deadline;
use crate::token::{Inventory, ReaderStatus};

/// How often the tokens are looked at again before a certificate counts as absent.
const LOOKS: usize = 4;

/// The time between two looks.
const RECOVERY: Duration = Duration::from_millis(500);

impl Signing {
    /// The candidate on a token that was there before: waits for it as long as a question would wait. Nobody is asked in the meantime, for
    /// the question has to say what the token says of its PIN.
    pub(super) async fn awaited(
        &self,
        context: &JobContext,
        request: &CertificateRequest,
        token: Option<&str>,
    ) -> Result<Candidate, NotSigned> {
        let mut inventory = self.inner.fleet.watch();
        let absent = match self.candidate(context, request).await {
            Err(fault) if selection::may_come_back(&fault) => fault,
            found => return Ok(found?),
        };
        let timeout = self.inner.options.question_timeout;
        let deadline = Deadline::after(timeout);
        let stage = Stage::WaitingForToken {
            token: token.map(str::to_owned),
            deadline: deadline.wall(),
        };
        tracing::info!(job = %context.id(), token, %absent, "a token is awaited");
        let came = tokio::time::timeout(timeout, async {
            loop {
                context.set_stage(stage.clone());
                let look = selection::candidates(&inventory.borrow_and_update(), &request.selector, request.purpose);
                if !matches!(&look, Err(fault) if fault.code() == Code::CertificateNotFound) {
                    return look;
                }
                tokio::select! {
                    changed = inventory.changed() => {
                        if changed.is_err() {
                            return look;
                        }
                    }
                    () = sleep(waiting::STAGE_AGAIN) => {}
                }
            }
        });
        let came = came.await;
        context.set_stage(Stage::Working);
        match came {
            Ok(Ok(mut found)) if found.len() == 1 => Ok(found.remove(0)),
            Ok(Ok(_)) => Ok(self.candidate(context, request).await?),
            Ok(Err(fault)) if fault.code() != Code::CertificateNotFound => Err(fault.into()),
            Ok(Err(_)) | Err(_) => {
                let mut missing = Fault::new(Code::TokenAbsent).detail(format_args!(
                    "the token with the certificate {} was awaited for {} seconds",
                    request.selector,
                    timeout.as_secs()
                ));
                if let Some(token) = token {
                    missing = missing.arg("token", token);
                }
                Err(NotSigned::TokenAwaited(missing))
            }
        }
    }

    pub(super) async fn candidate(
        &self,
        context: &JobContext,
        request: &CertificateRequest,
    ) -> Result<Candidate, Fault> {
        let mut candidates = self.candidates(request).await?;
        if candidates.len() == 1 {
            return Ok(candidates.remove(0));
        }
        let body = QuestionBody::Choose {
            action: Action::from(request.purpose),
            documents: request.documents.clone(),
            candidates: candidates.iter().map(|candidate| candidate.view.clone()).collect(),
            destination: request.destination.clone(),
        };
        let desk = &self.inner.desk;
        let mut asked = desk.ask_other(
            request.caller.clone(),
            Some(context.id()),
            body,
            self.inner.options.question_timeout,
        );
        let decision = match waiting::decision(desk, context, &mut asked).await {
            Ok(decision) => decision,
            Err(fault) => {
                Self::note_no_choice(context, request, &fault).await?;
                return Err(fault);
            }
        };
        match decision {
            Decision::Chosen(fingerprint) => candidates
                .into_iter()
                .find(|candidate| candidate.certificate.fingerprint() == fingerprint)
                .ok_or_else(|| Fault::internal("a certificate was chosen that was not offered")),
            Decision::Approved(_) | Decision::RemotelyApproved(_) | Decision::Refused => {
                Err(Fault::internal("a choice was answered with no choice"))
            }
        }
    }

    /// The record of a request that ended before a certificate was chosen.
    async fn note_no_choice(context: &JobContext, request: &CertificateRequest, why: &Fault) -> Result<(), Fault> {
        let body = json!({
            "code": why.code(),
            "caller": request.caller,
            "purpose": request.purpose,
            "destination": request.destination,
            "documents": request.documents.len(),
        });
        not_signed::record(context, None, why.code(), body).await
    }

    /// The certificates that fit. When none does, the tokens are looked at again: one may have been plugged in just now.
    pub(super) async fn candidates(&self, request: &CertificateRequest) -> Result<Vec<Candidate>, Fault> {
        let fleet = &self.inner.fleet;
        let look = |inventory: Arc<Inventory>| selection::candidates(&inventory, &request.selector, request.purpose);
        let mut found = look(fleet.inventory());
        for looked in 0..LOOKS {
            if !matches!(&found, Err(fault) if fault.code() == Code::CertificateNotFound) {
                break;
            }
            // A module whose worker has just begun or begun again may show its token a moment later.
            if looked > 0 {
                sleep(RECOVERY).await;
            }
            found = look(fleet.refresh().await);
        }
        match found {
            Err(fault) if fault.code() == Code::CertificateNotFound => {
                let mut readers = fleet.readers().await.unwrap_or_default();
                // Which programs run is no business of an application's.
                if request.caller.application.is_some() {
                    readers.iter_mut().for_each(ReaderStatus::forget_holders);
                }
                Err(selection::truly_absent(fault, &fleet.inventory(), &readers))
            }
            found => found,
        }
    }
}
