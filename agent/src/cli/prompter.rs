use std::io;

use futures_util::StreamExt;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::client::Client;
use super::event_stream::EventReader;
use super::output::Output;
use super::{problem, question_text};
use crate::consent::{PinState, PinView, Question, QuestionBody, QuestionState, Verdict};
use crate::messages::{Code, Fault};
use crate::platform::{Terminal, Typed};
use crate::prompters::{self, Pinentry};
use crate::secrets::Sourced;

/// Shows questions on the person's terminal and takes their decisions.
#[derive(Debug)]
pub(super) struct Prompter {
    client: Client,
    output: Output,
    /// Asks instead of the terminal, where it can.
    dialog: Option<Pinentry>,
}

/// A question and what went wrong with the last decision on it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) question: Question,
    notice: Option<Fault>,
}

/// What became of showing a question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answered {
    /// A signature was approved; the token works now.
    Approved,
    /// Another decision was handed in and taken.
    Taken,
    /// The question was closed or changed while it was shown.
    Elsewhere,
    /// The person left the terminal.
    Left,
}

/// The prompter is attached to the agent while this lives; a change of any question wakes who waits on it.
#[derive(Debug)]
pub(super) struct Attachment {
    changes: watch::Receiver<u64>,
    reader: JoinHandle<()>,
}

/// A decision, as the agent takes it.
#[derive(Serialize)]
struct Decision<'a> {
    decision: &'static str,
    shown: &'a str,
    prompter: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    confirm_last_try: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pin_source: Option<&'a str>,
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// What the person made of a question at the terminal.
enum Choice {
    Refuse,
    Approve {
        pin: Option<SecretString>,
        confirm_last_try: bool,
    },
    Choose {
        certificate: String,
    },
    Left,
    Cancelled,
}

impl Asked {
    /// Reads a question as the agent gives it.
    ///
    /// # Errors
    /// `agent_unreachable` when it cannot be read.
    pub(super) fn read(value: &Value) -> Result<Self, Fault> {
        let mut value = value.clone();
        // The notice comes as a problem document in the person's language.
        let notice = value.as_object_mut().and_then(|members| members.remove("notice"));
        let notice = notice
            .filter(|notice| !notice.is_null())
            .map(|notice| problem::to_fault(&notice));
        let question = serde_json::from_value(value).map_err(|error| {
            Fault::new(Code::AgentUnreachable).detail(format!("a question of the agent cannot be read: {error}"))
        })?;
        Ok(Self { question, notice })
    }
}

impl Prompter {
    pub(super) fn new(client: &Client, output: Output) -> Self {
        Self {
            client: client.clone(),
            output,
            dialog: None,
        }
    }

    /// The same, asking in dialogs where one is given.
    pub(super) fn with_dialog(self, dialog: Option<Pinentry>) -> Self {
        Self { dialog, ..self }
    }

    /// Attaches it, so that the agent knows where the person can answer and opens no page.
    ///
    /// # Errors
    /// `agent_unreachable`.
    pub(super) async fn attach(&self, name: &str) -> Result<Attachment, Fault> {
        self.listen(&format!("/v1/questions/stream?prompter={name}")).await
    }

    async fn listen(&self, path: &str) -> Result<Attachment, Fault> {
        let response = self.client.stream(path).await?;
        let (sender, changes) = watch::channel(0_u64);
        let reader = tokio::spawn(async move {
            let mut pieces = response.bytes_stream();
            let mut events = EventReader::default();
            while let Some(Ok(piece)) = pieces.next().await {
                let fresh = events
                    .push(&piece)
                    .iter()
                    .filter(|event| event.name == "question")
                    .count();
                if fresh > 0 {
                    sender.send_modify(|count| *count += 1);
                }
            }
        });
        Ok(Attachment { changes, reader })
    }

    /// Every question that waits for a decision, the oldest first.
    ///
    /// # Errors
    /// `agent_unreachable`.
    pub(super) async fn waiting(&self) -> Result<Vec<Asked>, Fault> {
        let answer = self.client.get("/v1/questions").await?;
        let questions = answer["questions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let asked: Vec<_> = questions.iter().map(Asked::read).collect::<Result<_, _>>()?;
        Ok(asked
            .into_iter()
            .filter(|asked| asked.question.state == QuestionState::Waiting)
            .collect())
    }

    /// One question as it stands; `None` when it is closed.
    ///
    /// # Errors
    /// `agent_unreachable`.
    pub(super) async fn question(&self, id: Uuid) -> Result<Option<Asked>, Fault> {
        match self.client.get(&format!("/v1/questions/{id}")).await {
            Ok(answer) => {
                let asked = Asked::read(&answer["question"])?;
                Ok((asked.question.state != QuestionState::Closed).then_some(asked))
            }
            Err(fault) if fault.code() == Code::NoSuchItem => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Shows a question and hands in the person's decision. Returns early when the question is answered elsewhere.
    ///
    /// # Errors
    /// `no_prompter` when this process has no terminal, `agent_unreachable`.
    pub(super) async fn ask(&self, asked: Asked, attachment: &mut Attachment) -> Result<Answered, Fault> {
        let id = asked.question.id;
        let shown = asked.question.shown.clone();
        let is_approval = matches!(
            asked.question.body,
            QuestionBody::Approve { .. } | QuestionBody::Remote { .. }
        );
        let cancelled = CancellationToken::new();
        // Whatever ends this future also ends the reading, and puts the terminal back.
        let _guard = cancelled.clone().drop_guard();
        let dialog = self.dialog.clone();
        // Other prompters show that a dialog asks the same. It asks all the same where the agent does not take the mark.
        let _mark = match &dialog {
            Some(_) => {
                let path = format!("/v1/questions/stream?prompter=pinentry&question={id}");
                self.listen(&path).await.ok()
            }
            None => None,
        };
        let prompter = if dialog.is_some() { "pinentry" } else { "terminal" };
        let mut reading = {
            let (output, cancelled) = (self.output, cancelled.clone());
            match dialog {
                Some(dialog) => tokio::spawn(async move {
                    tokio::select! {
                        choice = ask_in_dialog(&dialog, asked, output) => choice,
                        () = cancelled.cancelled() => Ok(Choice::Cancelled),
                    }
                }),
                None => tokio::task::spawn_blocking(move || read_decision(&output, &asked, &cancelled)),
            }
        };
        let choice = loop {
            tokio::select! {
                choice = &mut reading => break choice.map_err(Fault::internal)??,
                () = attachment.changed() => {
                    let now = self.question(id).await?;
                    let same = now.is_some_and(|now| now.question.state == QuestionState::Waiting && now.question.shown == shown);
                    if !same {
                        cancelled.cancel();
                    }
                }
            }
        };
        let signs = is_approval && matches!(choice, Choice::Approve { .. });
        let (decision, certificate, pin, confirm_last_try) = match choice {
            Choice::Refuse => ("refuse", None, None, false),
            Choice::Approve { pin, confirm_last_try } => ("approve", None, pin, confirm_last_try),
            Choice::Choose { certificate } => ("choose", Some(certificate), None, false),
            Choice::Left => return Ok(Answered::Left),
            Choice::Cancelled => return Ok(Answered::Elsewhere),
        };
        let decision = Decision {
            decision,
            shown: &shown,
            prompter,
            certificate,
            pin: pin.as_ref().map(ExposeSecret::expose_secret),
            confirm_last_try,
            pin_source: None,
        };
        match self.hand_in(id, &decision).await {
            Ok(Answered::Taken) if signs => Ok(Answered::Approved),
            // The question goes on waiting (no PIN, a last try that was not confirmed): the person hears why and is asked again.
            Err(fault) if fault.code() != Code::AgentUnreachable => {
                self.output.fault(&fault);
                Ok(Answered::Elsewhere)
            }
            answered => answered,
        }
    }

    /// Approves without a person, for a certificate that is configured so.
    ///
    /// # Errors
    /// `not_unattended`, `certificate_ambiguous`, `pin_not_sent_again`, and why the decision is not taken.
    pub(super) async fn approve_unattended(&self, asked: &Asked, sourced: &Sourced) -> Result<Answered, Fault> {
        // The question waits for a person now; the same PIN would come back for ever.
        if let Some(notice) = asked
            .notice
            .as_ref()
            .filter(|notice| notice.code() == Code::PinNotSentAgain)
        {
            return Err(notice.clone());
        }
        match &asked.question.body {
            QuestionBody::Approve { .. } => {}
            QuestionBody::Choose { candidates, .. } => {
                let candidates: Vec<_> = candidates
                    .iter()
                    .map(|view| serde_json::json!({ "fingerprint": view.fingerprint, "subject": view.subject }))
                    .collect();
                return Err(Fault::new(Code::CertificateAmbiguous)
                    .arg("count", candidates.len())
                    .extra("candidates", candidates.into()));
            }
            QuestionBody::Pair { .. } | QuestionBody::Remote { .. } => return Err(Fault::new(Code::NotUnattended)),
        }
        let decision = Decision {
            decision: "approve",
            shown: &asked.question.shown,
            prompter: "unattended",
            certificate: None,
            pin: Some(sourced.secret.expose_secret()),
            confirm_last_try: false,
            pin_source: Some(&sourced.version),
        };
        self.hand_in(asked.question.id, &decision).await
    }

    async fn hand_in(&self, id: Uuid, decision: &Decision<'_>) -> Result<Answered, Fault> {
        match self
            .client
            .post(&format!("/v1/questions/{id}/decision"), decision)
            .await
        {
            Ok(_) => Ok(Answered::Taken),
            // It changed or closed between showing and deciding; it is looked at again.
            Err(fault) if matches!(fault.code(), Code::StaleDecision | Code::NoSuchItem | Code::WrongState) => {
                Ok(Answered::Elsewhere)
            }
            Err(fault) => Err(fault),
        }
    }
}

impl Attachment {
    /// Waits until a question changes. Never returns once the agent has closed the stream; who waits looks at the clock, too.
    pub(super) async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether the agent still streams to it.
    pub(super) fn is_open(&self) -> bool {
        !self.reader.is_finished()
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn ask_in_dialog(dialog: &Pinentry, asked: Asked, output: Output) -> Result<Choice, Fault> {
    let question = Question {
        notice: asked.notice,
        ..asked.question
    };
    let decision = prompters::ask(dialog, &question, output.localizer()).await?;
    Ok(match decision {
        Some(decision) if decision.decision == Verdict::Approve => Choice::Approve {
            pin: decision.pin,
            confirm_last_try: decision.confirm_last_try,
        },
        Some(decision) => match decision.certificate {
            Some(certificate) => Choice::Choose {
                certificate: certificate.to_string(),
            },
            None => Choice::Refuse,
        },
        None => Choice::Left,
    })
}

/// Runs on a thread of its own: reading a terminal blocks.
fn read_decision(output: &Output, asked: &Asked, cancelled: &CancellationToken) -> Result<Choice, Fault> {
    let no_terminal = |error: io::Error| {
        Fault::new(Code::NoPrompter).detail(format!("this process has no terminal to ask at: {error}"))
    };
    let mut terminal = Terminal::open().map_err(no_terminal)?;
    let question = &asked.question;
    for line in question_text::lines(output, question, asked.notice.as_ref(), OffsetDateTime::now_utc()) {
        terminal.line(&line).map_err(no_terminal)?;
    }
    let choice = match &question.body {
        QuestionBody::Choose { candidates, .. } => match choose(output, &mut terminal, candidates.len(), cancelled) {
            Ok(Typed::Line(Some(index))) => candidates.get(index).map(|candidate| Choice::Choose {
                certificate: candidate.fingerprint.to_string(),
            }),
            Ok(Typed::Line(None)) => Some(Choice::Refuse),
            Ok(Typed::Ended) => Some(Choice::Left),
            Ok(Typed::Cancelled) => None,
            Err(error) => return Err(no_terminal(error)),
        },
        QuestionBody::Approve { pin, .. } => {
            approve(output, &mut terminal, Some(pin), cancelled).map_err(no_terminal)?
        }
        QuestionBody::Pair { .. } | QuestionBody::Remote { .. } => {
            approve(output, &mut terminal, None, cancelled).map_err(no_terminal)?
        }
    };
    if choice.is_none() {
        // The question was answered elsewhere; the prompt's line ends here.
        terminal
            .line("")
            .and_then(|()| terminal.line(&output.text("ui-closed-elsewhere")))
            .map_err(no_terminal)?;
    }
    Ok(choice.unwrap_or(Choice::Cancelled))
}

/// A number of the list; `None` for an empty line.
fn choose(
    output: &Output,
    terminal: &mut Terminal,
    count: usize,
    cancelled: &CancellationToken,
) -> io::Result<Typed<Option<usize>>> {
    loop {
        match terminal.ask(&output.text("cli-choose-prompt"), cancelled)? {
            Typed::Line(line) if line.is_empty() => return Ok(Typed::Line(None)),
            Typed::Line(line) => match line.parse::<usize>() {
                Ok(number) if (1..=count).contains(&number) => return Ok(Typed::Line(Some(number - 1))),
                _ => terminal.line(&output.text_with("cli-number-unclear", &[("count", &count)]))?,
            },
            Typed::Ended => return Ok(Typed::Ended),
            Typed::Cancelled => return Ok(Typed::Cancelled),
        }
    }
}

/// `None` when cancelled.
fn approve(
    output: &Output,
    terminal: &mut Terminal,
    pin: Option<&PinView>,
    cancelled: &CancellationToken,
) -> io::Result<Option<Choice>> {
    loop {
        match terminal.ask(&output.text("cli-approve-prompt"), cancelled)? {
            Typed::Line(line) => match question_text::yes_or_no(output, &line) {
                Some(true) => break,
                Some(false) => return Ok(Some(Choice::Refuse)),
                None => terminal.line(&output.text("cli-answer-unclear"))?,
            },
            Typed::Ended => return Ok(Some(Choice::Left)),
            Typed::Cancelled => return Ok(None),
        }
    }
    let Some(pin) = pin else {
        return Ok(Some(Choice::Approve {
            pin: None,
            confirm_last_try: false,
        }));
    };
    let confirm_last_try = pin.state == PinState::FinalTry;
    if confirm_last_try {
        match terminal.ask(&output.text("cli-last-try-prompt"), cancelled)? {
            Typed::Line(line) if question_text::yes_or_no(output, &line) == Some(true) => {}
            Typed::Line(_) => return Ok(Some(Choice::Refuse)),
            Typed::Ended => return Ok(Some(Choice::Left)),
            Typed::Cancelled => return Ok(None),
        }
    }
    if pin.pinpad {
        terminal.line(&output.text("ui-pinpad"))?;
        return Ok(Some(Choice::Approve {
            pin: None,
            confirm_last_try,
        }));
    }
    if !pin.needed {
        return Ok(Some(Choice::Approve {
            pin: None,
            confirm_last_try,
        }));
    }
    Ok(match terminal.ask_secret(&output.text("cli-pin-prompt"), cancelled)? {
        Typed::Line(typed) if typed.expose_secret().is_empty() => Some(Choice::Refuse),
        Typed::Line(typed) => Some(Choice::Approve {
            pin: Some(typed),
            confirm_last_try,
        }),
        Typed::Ended => Some(Choice::Left),
        Typed::Cancelled => None,
    })
}
