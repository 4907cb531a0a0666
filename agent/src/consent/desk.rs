use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{broadcast, mpsc};
use uuid::Uuid;

use super::asked::Asked;
use super::decision::{ApprovalSubject, Decidable, Decision, DecisionRequest};
use super::presence::{Attachment, DialogMark};
use super::question::{CallerView, PinView, Question, QuestionBody, QuestionState};
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
    subject: Option<ApprovalSubject>,
    answers: mpsc::UnboundedSender<Answer>,
    /// How long it waits once it is shown; `None` when it is shown.
    held: Option<Duration>,
    /// How many dialogs ask it at this moment.
    dialogs: usize,
    deadline: Deadline,
}

/// A decision and the prompter that it was taken at.
pub(super) type Answer = (Decision, String);

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
        subject: Option<ApprovalSubject>,
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
                return Asked::new(self.clone(), id, None, receiver);
            }
            if state.prompters.is_empty() {
                state.opener.clone()
            } else {
                None
            }
        };
        self.announce(question);
        let opened = opener.and_then(|opener| opener.open());
        Asked::new(self.clone(), id, opened, receiver)
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
            let decidable = Decidable {
                question: &entry.question,
                subject: entry.subject.as_ref(),
            };
            let decision = decidable.decision(request)?;
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
        Attachment::new(self.clone(), id)
    }

    /// Says that a dialog asks this question, for as long as the mark lives: whoever sees it elsewhere is told so.
    pub fn mark_dialog(&self, id: Uuid) -> DialogMark {
        self.count_dialogs(id, |dialogs| dialogs + 1);
        DialogMark::new(self.clone(), id)
    }

    /// Changes how many dialogs ask the question, and tells the prompters when that makes a difference.
    pub(super) fn count_dialogs(&self, id: Uuid, count: impl FnOnce(usize) -> usize) {
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

    /// A prompter is gone.
    pub(super) fn detach(&self, prompter: u64) {
        self.lock().prompters.remove(&prompter);
        self.announce_waiting();
    }

    /// Puts a question back to waiting with what went wrong and what the token says of its PIN now.
    pub(super) fn reopen(&self, id: Uuid, notice: Fault, pin: PinView) {
        let question = {
            let mut state = self.lock();
            let Some(entry) = state.questions.get_mut(&id) else {
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
        self.announce(question);
    }

    /// Takes a question off; the application's next one is shown, and what was raised for the person goes with the last one.
    pub(super) fn take_off(&self, id: Uuid) {
        let (removed, next, opener) = {
            let mut state = self.lock();
            let removed = state.questions.remove(&id);
            let application = removed.as_ref().and_then(|entry| entry.question.caller.application);
            let next = state.show_next(application);
            let opener = state.opener.clone().filter(|_| state.questions.is_empty());
            (removed, next, opener)
        };
        if let Some(mut entry) = removed
            && entry.held.is_none()
        {
            entry.question.state = QuestionState::Closed;
            self.announce(entry.question);
        }
        if let Some(question) = next {
            self.announce(question);
        }
        if let Some(opener) = opener {
            opener.close();
        }
    }

    /// Until when a question waits, by the wall clock; `None` when it waits no more.
    pub(super) fn deadline(&self, id: Uuid) -> Option<OffsetDateTime> {
        self.lock().questions.get(&id).map(|entry| entry.deadline.wall())
    }

    /// Whether a question is held back until others of its application are over.
    pub(super) fn is_held(&self, id: Uuid) -> bool {
        self.lock().questions.get(&id).is_some_and(|entry| entry.held.is_some())
    }

    /// What is left of a question's time; `None` when it is over.
    pub(super) fn time_left(&self, id: Uuid) -> Option<Duration> {
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

fn no_such_question() -> Fault {
    Fault::new(Code::NoSuchItem).arg("item", "question")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::consent::{PairingView, Verdict};

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
