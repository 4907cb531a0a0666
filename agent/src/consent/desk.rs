use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::{broadcast, mpsc};
use utoipa::ToSchema;
use uuid::Uuid;

use super::approval::{ApprovalKind, ApprovedItem, Consented};
use super::grant::{GrantPromise, GrantScope, Remember, RememberOffer};
use super::question::{Action, CallerView, Destination, PinState, PinView, Question, QuestionBody, QuestionState};
use super::remote::RemotelyConsented;
use super::unlock::{Unlock, UnlockSource};
use crate::certificate::{Fingerprint, Purpose};
use crate::messages::{Code, Fault};
use crate::platform::Deadline;

/// The desk of waiting questions. Prompters read and decide; whoever asks waits on [`Asked`]. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    events: broadcast::Sender<DeskEvent>,
}

#[derive(Default)]
struct State {
    questions: HashMap<Uuid, Entry>,
    /// How many questions of an application may be shown at once; one where nothing stands.
    allowances: HashMap<Uuid, usize>,
    prompters: HashMap<u64, String>,
    next_prompter: u64,
    opener: Option<Arc<dyn Opener>>,
}

struct Entry {
    question: Question,
    /// What an approval of it would cover; `None` for the other questions.
    subject: Option<Subject>,
    answers: mpsc::UnboundedSender<Answer>,
    /// How long it waits once it is shown; `None` when it is shown.
    held: Option<Duration>,
    /// How many dialogs ask it at this moment.
    dialogs: usize,
    deadline: Deadline,
}

/// A decision and the prompter that it was taken at.
type Answer = (Decision, String);

/// What an approval covers; fixed when the question is asked.
#[derive(Clone, Debug)]
struct Subject {
    request_key: String,
    purpose: Purpose,
    certificate: Fingerprint,
    token: String,
    items: Vec<ApprovedItem>,
    destination: Option<Destination>,
    unattended: bool,
    scope: Option<GrantScope>,
}

/// Brings the person to a prompter when none is attached: opens the page, raises a notification.
pub trait Opener: Send + Sync {
    /// Tries; gives the name of the prompter that is on its way, or `None` when there is no way to reach the person.
    fn open(&self) -> Option<String>;

    /// No question waits any more: what was raised is taken away.
    fn close(&self) {}
}

/// A question changed.
#[derive(Clone, Debug)]
pub struct DeskEvent {
    /// The question as it stands now.
    pub question: Question,
}

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

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("questions", &self.lock().questions.len())
            .finish_non_exhaustive()
    }
}

impl Desk {
    /// An empty desk.
    pub fn new() -> Self {
        let (events, _) = broadcast::channel(1024);
        Self {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                events,
            }),
        }
    }

    /// Says how the person is reached when no prompter is attached.
    pub fn set_opener(&self, opener: Arc<dyn Opener>) {
        self.lock().opener = Some(opener);
    }

    /// Says how many questions of an application may be shown at once. More of them wait until one of those is over, so that
    /// nobody can flood the person.
    pub fn allow_questions(&self, application: Uuid, most: usize) {
        let shown: Vec<_> = {
            let mut state = self.lock();
            state.allowances.insert(application, most);
            std::iter::from_fn(|| state.show_next(Some(application))).collect()
        };
        for question in shown {
            self.announce(question);
        }
    }

    /// Asks for the approval of the subject's items, named one by one in `body`, which is a [`QuestionBody::Approve`]. `notice` is
    /// what the person must know before deciding.
    pub fn ask_approval(
        &self,
        caller: CallerView,
        job: Option<Uuid>,
        body: QuestionBody,
        notice: Option<Fault>,
        subject: ApprovalSubject,
        timeout: Duration,
    ) -> Asked {
        let subject = Subject {
            request_key: subject.request_key,
            purpose: subject.purpose,
            certificate: subject.certificate,
            token: subject.token,
            items: subject.items,
            destination: subject.destination,
            unattended: subject.unattended,
            scope: subject.scope,
        };
        self.ask(caller, job, body, notice, Some(subject), timeout)
    }

    /// Asks which certificate, or about a pairing.
    pub fn ask_other(&self, caller: CallerView, job: Option<Uuid>, body: QuestionBody, timeout: Duration) -> Asked {
        self.ask(caller, job, body, None, None, timeout)
    }

    fn ask(
        &self,
        caller: CallerView,
        job: Option<Uuid>,
        body: QuestionBody,
        notice: Option<Fault>,
        subject: Option<Subject>,
        timeout: Duration,
    ) -> Asked {
        let deadline = Deadline::after(timeout);
        let mut question = Question {
            id: Uuid::now_v7(),
            created_at: OffsetDateTime::now_utc(),
            deadline: deadline.wall(),
            state: QuestionState::Waiting,
            shown: String::new(),
            notice,
            caller,
            job,
            is_for_person: false,
            in_dialog: false,
            body,
        };
        question.shown = question.shown_digest();
        let (answers, receiver) = mpsc::unbounded_channel();
        let id = question.id;
        let opener = {
            let mut state = self.lock();
            let held = state.is_full(question.caller.application);
            state.questions.insert(
                id,
                Entry {
                    question: question.clone(),
                    subject,
                    answers,
                    held: held.then_some(timeout),
                    dialogs: 0,
                    deadline,
                },
            );
            if held {
                return Asked {
                    desk: self.clone(),
                    id,
                    opened: None,
                    changes: self.subscribe(),
                    answers: receiver,
                    prompter: None,
                };
            }
            if state.prompters.is_empty() {
                state.opener.clone()
            } else {
                None
            }
        };
        self.announce(question);
        let opened = opener.and_then(|opener| opener.open());
        Asked {
            desk: self.clone(),
            id,
            opened,
            changes: self.subscribe(),
            answers: receiver,
            prompter: None,
        }
    }

    /// How many questions of an application are not closed, those included that are held back.
    pub fn open_questions(&self, application: Uuid) -> usize {
        self.lock()
            .questions
            .values()
            .filter(|entry| entry.question.caller.application == Some(application))
            .count()
    }

    /// Every question that is shown, the oldest first.
    pub fn questions(&self) -> Vec<Question> {
        let mut questions: Vec<_> = self
            .lock()
            .questions
            .values()
            .filter(|entry| entry.held.is_none())
            .map(|entry| entry.question.clone())
            .collect();
        questions.sort_by_key(|question| question.id);
        questions
    }

    /// One question.
    ///
    /// # Errors
    /// `no_such_item`.
    pub fn question(&self, id: Uuid) -> Result<Question, Fault> {
        self.lock()
            .questions
            .get(&id)
            .filter(|entry| entry.held.is_none())
            .map(|entry| entry.question.clone())
            .ok_or_else(no_such_question)
    }

    /// Takes a decision.
    ///
    /// # Errors
    /// `no_such_item`, `wrong_state` when it was decided already, `stale_decision` when it names something else than
    /// what is shown now, `pin_required`, `pin_last_try`, `pin_locked`, `not_unattended`, `invalid_field`. The question goes on
    /// waiting after each of them.
    pub fn decide(&self, id: Uuid, request: DecisionRequest) -> Result<Question, Fault> {
        let question = {
            let mut state = self.lock();
            let entry = state
                .questions
                .get_mut(&id)
                .filter(|entry| entry.held.is_none())
                .ok_or_else(no_such_question)?;
            if entry.question.state != QuestionState::Waiting {
                return Err(Fault::new(Code::WrongState).detail("the question has been decided"));
            }
            if request.shown != entry.question.shown {
                return Err(Fault::new(Code::StaleDecision));
            }
            let prompter = request.prompter.clone();
            let decision = entry.decision(request)?;
            entry.question.state = QuestionState::Working;
            if entry.answers.send((decision, prompter)).is_err() {
                state.questions.remove(&id);
                return Err(no_such_question());
            }
            entry.question.clone()
        };
        self.announce(question.clone());
        Ok(question)
    }

    /// Attaches a prompter for as long as the attachment lives.
    pub fn attach(&self, name: &str) -> Attachment {
        let id = {
            let mut state = self.lock();
            let id = state.next_prompter;
            state.next_prompter += 1;
            state.prompters.insert(id, name.to_owned());
            id
        };
        self.announce_waiting();
        Attachment { desk: self.clone(), id }
    }

    /// Says that a dialog asks this question, for as long as the mark lives: whoever sees it elsewhere is told so.
    pub fn mark_dialog(&self, id: Uuid) -> DialogMark {
        self.count_dialogs(id, |dialogs| dialogs + 1);
        DialogMark { desk: self.clone(), id }
    }

    fn count_dialogs(&self, id: Uuid, count: impl FnOnce(usize) -> usize) {
        let changed = {
            let mut state = self.lock();
            let Some(entry) = state.questions.get_mut(&id) else {
                return;
            };
            entry.dialogs = count(entry.dialogs);
            let before = std::mem::replace(&mut entry.question.in_dialog, entry.dialogs > 0);
            (before != entry.question.in_dialog && entry.held.is_none()).then(|| entry.question.clone())
        };
        if let Some(question) = changed {
            self.announce(question);
        }
    }

    /// Shows what the token says of its PIN by now, where a waiting question says something else; what spoke of the old state goes with it.
    /// The digest of what is shown changes with it. Tries that the token does not tell stay as they were told.
    pub fn show_pin(&self, id: Uuid, now: &PinView) {
        let question = {
            let mut state = self.lock();
            let Some(entry) = state.questions.get_mut(&id) else {
                return;
            };
            if entry.question.state != QuestionState::Waiting || !entry.question.renew_pin(now) {
                return;
            }
            if entry.held.is_some() {
                return;
            }
            entry.question.clone()
        };
        self.announce(question);
    }

    /// The attached prompters' names, each once.
    pub fn prompters(&self) -> Vec<String> {
        let mut names: Vec<_> = self.lock().prompters.values().cloned().collect();
        names.sort();
        names.dedup();
        names
    }

    /// Every change from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<DeskEvent> {
        self.shared.events.subscribe()
    }

    /// What is left of a question's time; `None` when it is over.
    fn time_left(&self, id: Uuid) -> Option<Duration> {
        self.lock().questions.get(&id)?.deadline.remaining()
    }

    fn announce(&self, question: Question) {
        // Nobody listening is fine.
        let _ = self.shared.events.send(DeskEvent { question });
    }

    /// Tells askers that the set of prompters changed.
    fn announce_waiting(&self) {
        for question in self.questions() {
            self.announce(question);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

impl State {
    /// Whether the application has as many questions before the person as it may.
    fn is_full(&self, application: Option<Uuid>) -> bool {
        let Some(application) = application else {
            return false;
        };
        let most = self.allowances.get(&application).copied().unwrap_or(1);
        let shown = self
            .questions
            .values()
            .filter(|entry| entry.held.is_none() && entry.question.caller.application == Some(application))
            .count();
        shown >= most
    }

    /// Shows the application's oldest question that is held back, when there is room for it.
    fn show_next(&mut self, application: Option<Uuid>) -> Option<Question> {
        if application.is_none() || self.is_full(application) {
            return None;
        }
        let entry = self
            .questions
            .values_mut()
            .filter(|entry| entry.held.is_some() && entry.question.caller.application == application)
            .min_by_key(|entry| entry.question.id)?;
        let timeout = entry.held.take()?;
        entry.deadline = Deadline::after(timeout);
        entry.question.deadline = entry.deadline.wall();
        Some(entry.question.clone())
    }
}

impl Entry {
    fn decision(&self, request: DecisionRequest) -> Result<Decision, Fault> {
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
                    .as_ref()
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
        subject: &Subject,
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

/// A question on the desk, seen by whoever asked. Dropping it takes the question off.
#[derive(Debug)]
pub struct Asked {
    desk: Desk,
    id: Uuid,
    opened: Option<String>,
    changes: broadcast::Receiver<DeskEvent>,
    answers: mpsc::UnboundedReceiver<Answer>,
    prompter: Option<String>,
}

impl Asked {
    /// The question's id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Until when it waits, by the wall clock, for people; now when it waits no more.
    pub fn deadline(&self) -> OffsetDateTime {
        let state = self.desk.lock();
        state
            .questions
            .get(&self.id)
            .map_or_else(OffsetDateTime::now_utc, |entry| entry.deadline.wall())
    }

    /// Where the person finds it: the attached prompters, or the one that was opened; empty when there is no way.
    pub fn prompters(&self) -> Vec<String> {
        let mut prompters = self.desk.prompters();
        if prompters.is_empty() {
            prompters.extend(self.opened.clone());
        }
        prompters
    }

    /// Waits for the decision. A question that is held back has all its time from the moment it is shown.
    ///
    /// # Errors
    /// `refused`, or `expired` at the deadline.
    pub async fn decision(&mut self) -> Result<Decision, Fault> {
        while self.is_held() {
            tokio::select! {
                answer = self.answers.recv() => return self.decided(answer),
                // Lagging behind only costs another look.
                _ = self.changes.recv() => {}
            }
        }
        let left = self.desk.time_left(self.id).ok_or_else(|| Fault::new(Code::Expired))?;
        match tokio::time::timeout(left, self.answers.recv()).await {
            Ok(answer) => self.decided(answer),
            Err(_) => Err(Fault::new(Code::Expired)),
        }
    }

    /// Where the last decision was taken, once there is one.
    pub fn prompter(&self) -> Option<&str> {
        self.prompter.as_deref()
    }

    fn decided(&mut self, answer: Option<Answer>) -> Result<Decision, Fault> {
        let Some((decision, prompter)) = answer else {
            return Err(Fault::new(Code::Cancelled));
        };
        self.prompter = Some(prompter);
        match decision {
            Decision::Refused => Err(Fault::new(Code::Refused)),
            decision => Ok(decision),
        }
    }

    fn is_held(&self) -> bool {
        let state = self.desk.lock();
        state.questions.get(&self.id).is_some_and(|entry| entry.held.is_some())
    }

    /// Puts the question back to waiting with what went wrong and what the token says of its PIN now.
    pub fn reopen(&self, notice: Fault, pin: PinView) {
        let question = {
            let mut state = self.desk.lock();
            let Some(entry) = state.questions.get_mut(&self.id) else {
                return;
            };
            entry.question.state = QuestionState::Waiting;
            entry.question.notice = Some(notice);
            if let QuestionBody::Approve { pin: shown, .. } = &mut entry.question.body {
                *shown = pin;
            }
            entry.question.shown = entry.question.shown_digest();
            entry.question.clone()
        };
        self.desk.announce(question);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let (removed, next, opener) = {
            let mut state = self.desk.lock();
            let removed = state.questions.remove(&self.id);
            let application = removed.as_ref().and_then(|entry| entry.question.caller.application);
            let next = state.show_next(application);
            let opener = state.opener.clone().filter(|_| state.questions.is_empty());
            (removed, next, opener)
        };
        if let Some(mut entry) = removed
            && entry.held.is_none()
        {
            entry.question.state = QuestionState::Closed;
            self.desk.announce(entry.question);
        }
        if let Some(question) = next {
            self.desk.announce(question);
        }
        if let Some(opener) = opener {
            opener.close();
        }
    }
}

/// A dialog that asks a question.
#[derive(Debug)]
pub struct DialogMark {
    desk: Desk,
    id: Uuid,
}

impl Drop for DialogMark {
    fn drop(&mut self) {
        self.desk.count_dialogs(self.id, |dialogs| dialogs.saturating_sub(1));
    }
}

/// A prompter's presence.
#[derive(Debug)]
pub struct Attachment {
    desk: Desk,
    id: u64,
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.desk.lock().prompters.remove(&self.id);
        self.desk.announce_waiting();
    }
}

impl From<Action> for Purpose {
    fn from(action: Action) -> Self {
        match action {
            Action::Sign => Self::Signature,
            Action::Authenticate => Self::Authentication,
        }
    }
}

impl From<Purpose> for Action {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Signature => Self::Sign,
            Purpose::Authentication => Self::Authenticate,
        }
    }
}

fn no_such_question() -> Fault {
    Fault::new(Code::NoSuchItem).arg("item", "question")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::consent::PairingView;

    fn caller() -> CallerView {
        CallerView {
            application: None,
            name: "test".to_owned(),
            verified: false,
            origin: None,
            process: None,
            processes: Vec::new(),
        }
    }

    fn pairing() -> QuestionBody {
        QuestionBody::Pair {
            pairing: PairingView {
                name: "ERP".to_owned(),
                origin: None,
                code: "123456".to_owned(),
                permissions: vec![],
            },
        }
    }

    fn decision(verdict: Verdict, shown: &str) -> DecisionRequest {
        DecisionRequest {
            decision: verdict,
            shown: shown.to_owned(),
            certificate: None,
            pin: None,
            confirm_last_try: false,
            remember: None,
            prompter: "terminal".to_owned(),
            pin_source: None,
        }
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn the_first_decision_wins() {
        let desk = Desk::new();
        let mut asked = desk.ask_other(caller(), None, pairing(), MINUTE);
        let shown = desk.question(asked.id()).unwrap().shown;
        desk.decide(asked.id(), decision(Verdict::Approve, &shown)).unwrap();
        let second = desk.decide(asked.id(), decision(Verdict::Refuse, &shown)).unwrap_err();
        assert_eq!(second.code(), Code::WrongState);
        assert!(matches!(asked.decision().await, Ok(Decision::Approved(None))));
    }

    #[tokio::test]
    async fn a_decision_on_something_else_than_shown_is_refused() {
        let desk = Desk::new();
        let asked = desk.ask_other(caller(), None, pairing(), MINUTE);
        let stale = desk.decide(asked.id(), decision(Verdict::Approve, "00")).unwrap_err();
        assert_eq!(stale.code(), Code::StaleDecision);
        assert_eq!(desk.question(asked.id()).unwrap().state, QuestionState::Waiting);
    }

    #[tokio::test]
    async fn a_question_expires_and_leaves_the_desk() {
        let desk = Desk::new();
        let mut asked = desk.ask_other(caller(), None, pairing(), Duration::from_millis(20));
        let expired = asked.decision().await.unwrap_err();
        assert_eq!(expired.code(), Code::Expired);
        let id = asked.id();
        drop(asked);
        assert_eq!(desk.question(id).unwrap_err().code(), Code::NoSuchItem);
    }

    #[tokio::test]
    async fn an_attached_prompter_is_where_the_question_waits() {
        let desk = Desk::new();
        let asked = desk.ask_other(caller(), None, pairing(), MINUTE);
        assert!(asked.prompters().is_empty());
        let attachment = desk.attach("terminal");
        assert_eq!(asked.prompters(), ["terminal"]);
        drop(attachment);
        assert!(asked.prompters().is_empty());
    }

    #[tokio::test]
    async fn an_application_has_as_many_questions_before_the_person_as_it_may() {
        let desk = Desk::new();
        let application = Uuid::from_u128(5);
        let ask = || {
            let caller = CallerView {
                application: Some(application),
                ..caller()
            };
            desk.ask_other(caller, None, pairing(), MINUTE)
        };
        let shown = || desk.questions().iter().map(|question| question.id).collect::<Vec<_>>();
        let (first, second, third) = (ask(), ask(), ask());
        let other = desk.ask_other(caller(), None, pairing(), MINUTE);
        assert_eq!(shown(), [first.id(), other.id()]);
        assert_eq!(desk.open_questions(application), 3);
        assert_eq!(desk.question(second.id()).unwrap_err().code(), Code::NoSuchItem);
        let (first, next) = (first.id(), second.id());
        drop(third);
        assert_eq!(shown(), [first, other.id()], "one that was held back leaves no room");
        desk.allow_questions(application, 2);
        assert_eq!(shown(), [first, next, other.id()]);
    }

    #[tokio::test]
    async fn a_question_that_was_held_back_is_decided_when_its_turn_comes() {
        let desk = Desk::new();
        let ask = |timeout| {
            let caller = CallerView {
                application: Some(Uuid::from_u128(5)),
                ..caller()
            };
            desk.ask_other(caller, None, pairing(), timeout)
        };
        let first = ask(MINUTE);
        let mut second = ask(Duration::from_millis(200));
        let id = second.id();
        let waiting = tokio::spawn(async move { second.decision().await });
        // Longer than its own time: that begins when it is shown.
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert!(!waiting.is_finished());
        drop(first);
        let shown = desk.question(id).unwrap().shown;
        desk.decide(id, decision(Verdict::Approve, &shown)).unwrap();
        assert!(matches!(waiting.await.unwrap(), Ok(Decision::Approved(None))));
    }

    #[tokio::test]
    async fn a_reopened_question_shows_the_notice_and_needs_a_new_decision() {
        let desk = Desk::new();
        let asked = desk.ask_other(caller(), None, pairing(), MINUTE);
        let before = desk.question(asked.id()).unwrap().shown;
        desk.decide(asked.id(), decision(Verdict::Approve, &before)).unwrap();
        asked.reopen(Fault::new(Code::PinIncorrect), PinView::default());
        let question = desk.question(asked.id()).unwrap();
        assert_eq!(question.state, QuestionState::Waiting);
        assert_ne!(question.shown, before);
        assert_eq!(question.notice.unwrap().code(), Code::PinIncorrect);
    }
}
