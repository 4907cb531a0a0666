//! What a prompter sends, and the decision that it makes.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::approval::{ApprovalKind, ApprovedItem, Consented};
use super::grant::{GrantPromise, GrantScope, Remember, RememberOffer};
use super::question::{Destination, PinState, PinView, Question, QuestionBody};
use super::remote::RemotelyConsented;
use super::unlock::{Unlock, UnlockSource};
use crate::certificate::{Fingerprint, Purpose};
use crate::messages::{Code, Fault};

/// What a prompter sends back.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "decision": "refuse", "shown": "b1946ac92492d2347c6235b4d2611184", "prompter": "terminal" }))]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// The decision.
    pub decision: Verdict,
    /// The digest of what the prompter showed.
    pub shown: String,
    /// The chosen certificate.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub certificate: Option<Fingerprint>,
    /// The PIN the person entered.
    #[serde(default)]
    #[schema(value_type = Option<String>, write_only)]
    pub pin: Option<SecretString>,
    /// Whether the person confirmed the last try.
    #[serde(default)]
    pub confirm_last_try: bool,
    /// What the person wants remembered, within what the question offers.
    #[serde(default)]
    pub remember: Option<Remember>,
    /// Which prompter: `web`, `terminal`, `pinentry`, `unattended`.
    pub prompter: String,
    /// Where an `unattended` PIN comes from, as that place stands: at most 64 characters that are others when the place has changed, and that say
    /// nothing of the PIN. A PIN that a token refused is not taken from there again, not even by an agent that is started later.
    #[serde(default)]
    pub pin_source: Option<String>,
}

/// The longest name of a PIN's source, in bytes: a SHA-256 in hex.
const PIN_SOURCE_LENGTH: usize = 64;

/// The three decisions.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Refuse,
    /// This certificate.
    Choose,
}

/// A decision as the asker receives it.
#[derive(Debug)]
pub enum Decision {
    /// Approved; for a pairing question without [`Consented`].
    Approved(Option<Box<Consented>>),
    /// A signature made elsewhere was approved.
    RemotelyApproved(Box<RemotelyConsented>),
    /// A certificate was chosen.
    Chosen(Fingerprint),
    /// Refused.
    Refused,
}

/// What an approval question is about, for the record: fixed when it is asked.
#[derive(Clone, Debug)]
pub struct ApprovalSubject {
    /// Names the request durably, so that its approval is found again after a restart.
    pub request_key: String,
    /// Signature or authentication.
    pub purpose: Purpose,
    /// The certificate.
    pub certificate: Fingerprint,
    /// The label of the token that it lies on.
    pub token: String,
    /// The items in the order shown.
    pub items: Vec<ApprovedItem>,
    /// Where the signature goes.
    pub destination: Option<Destination>,
    /// Whether the certificate is configured for unattended use.
    pub unattended: bool,
    /// What a grant for it would be limited to; `None` where nothing may be remembered.
    pub scope: Option<GrantScope>,
}

/// A question with what its approval covers: what a request decides of it.
pub(super) struct Decidable<'a> {
    pub(super) question: &'a Question,
    pub(super) subject: Option<&'a ApprovalSubject>,
}

impl Decidable<'_> {
    /// The decision that a prompter's request makes, once it is found to fit the question and the state of the PIN.
    ///
    /// # Errors
    /// `pin_required`, `pin_last_try`, `pin_locked`, `pin_not_initialised`, `not_unattended`, `invalid_field`.
    pub(super) fn decision(&self, request: DecisionRequest) -> Result<Decision, Fault> {
        match (request.decision, &self.question.body) {
            (Verdict::Refuse, _) => Ok(Decision::Refused),
            (Verdict::Choose, QuestionBody::Choose { candidates, .. }) => {
                let chosen = request
                    .certificate
                    .ok_or_else(|| Fault::invalid_field("certificate", "names the chosen certificate's fingerprint"))?;
                if candidates.iter().any(|candidate| candidate.fingerprint == chosen) {
                    Ok(Decision::Chosen(chosen))
                } else {
                    Err(Fault::invalid_field("certificate", "is not one of the candidates"))
                }
            }
            (Verdict::Approve, QuestionBody::Approve { pin, remember, .. }) => {
                let subject = self
                    .subject
                    .ok_or_else(|| Fault::internal("an approval without a subject"))?;
                self.approve(request, pin, remember.as_ref(), subject)
            }
            (Verdict::Approve, QuestionBody::Pair { .. }) => Ok(Decision::Approved(None)),
            (Verdict::Approve, QuestionBody::Remote { .. }) => self.approve_remotely(request),
            _ => Err(Fault::invalid_field("decision", "does not fit this question")),
        }
    }

    /// No certificate of ours is configured for unattended use here, so a person decides.
    fn approve_remotely(&self, request: DecisionRequest) -> Result<Decision, Fault> {
        let QuestionBody::Remote {
            documents,
            signer,
            destination,
        } = &self.question.body
        else {
            return Err(Fault::internal("a remote approval of another question"));
        };
        if request.prompter == "unattended" {
            return Err(Fault::new(Code::NotUnattended).arg("certificate", signer));
        }
        Ok(Decision::RemotelyApproved(Box::new(RemotelyConsented {
            caller: self.question.caller.clone(),
            job: self.question.job,
            documents: documents.clone(),
            signer: signer.clone(),
            destination: destination.clone(),
            prompter: request.prompter,
        })))
    }

    fn approve(
        &self,
        request: DecisionRequest,
        pin: &PinView,
        offer: Option<&RememberOffer>,
        subject: &ApprovalSubject,
    ) -> Result<Decision, Fault> {
        let unattended = request.prompter == "unattended";
        if unattended && !subject.unattended {
            return Err(Fault::new(Code::NotUnattended).arg("certificate", subject.certificate));
        }
        match pin.state {
            PinState::Locked => return Err(Fault::new(Code::PinLocked)),
            PinState::NotInitialised => return Err(Fault::new(Code::PinNotInitialised)),
            // A program never spends the last try, whatever it says.
            PinState::FinalTry if unattended || !request.confirm_last_try => return Err(Fault::new(Code::PinLastTry)),
            PinState::FinalTry | PinState::Low | PinState::Ok => {}
        }
        if pin.needed && !pin.pinpad && request.pin.is_none() {
            return Err(Fault::new(Code::PinRequired));
        }
        let grant = match request.remember {
            Some(_) if unattended => return Err(Fault::invalid_field("remember", "is for a person to decide")),
            Some(wanted) => Some(GrantPromise::new(
                wanted,
                offer,
                subject.scope.as_ref(),
                &self.question.caller.name,
                &request.prompter,
            )?),
            None => None,
        };
        let source = if unattended {
            UnlockSource::Unattended
        } else {
            UnlockSource::Person
        };
        let pin_source = request.pin_source.filter(|_| unattended);
        if pin_source.as_ref().is_some_and(|name| name.len() > PIN_SOURCE_LENGTH) {
            return Err(Fault::invalid_field("pin_source", "has at most 64 characters"));
        }
        let unlock = Unlock::new(request.pin, request.confirm_last_try, source).naming_pin_source(pin_source);
        let unlock = match &grant {
            Some(promise) => unlock.keeping(promise.id),
            None => unlock,
        };
        Ok(Decision::Approved(Some(Box::new(Consented {
            kind: if unattended {
                ApprovalKind::Unattended
            } else {
                ApprovalKind::Person
            },
            request_key: subject.request_key.clone(),
            caller: self.question.caller.clone(),
            job: self.question.job,
            purpose: subject.purpose,
            certificate: subject.certificate,
            token: subject.token.clone(),
            items: subject.items.clone(),
            destination: subject.destination.clone(),
            prompter: request.prompter,
            unlock,
            grant,
        }))))
    }
}
