//! A question as seen by whoever asked it.

use time::OffsetDateTime;
use tokio::sync::{broadcast, mpsc};
use uuid::Uuid;

use super::decision::Decision;
use super::desk::{Answer, Desk, DeskEvent};
use super::question::PinView;
use crate::messages::{Code, Fault};

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
    pub(super) fn new(desk: Desk, id: Uuid, opened: Option<String>, answers: mpsc::UnboundedReceiver<Answer>) -> Self {
        Self {
            changes: desk.subscribe(),
            desk,
            id,
            opened,
            answers,
            prompter: None,
        }
    }

    /// The question's id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Until when it waits, by the wall clock, for people; now when it waits no more.
    pub fn deadline(&self) -> OffsetDateTime {
        self.desk.deadline(self.id).unwrap_or_else(OffsetDateTime::now_utc)
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
        while self.desk.is_held(self.id) {
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

    /// Puts the question back to waiting with what went wrong and what the token says of its PIN now.
    pub fn reopen(&self, notice: Fault, pin: PinView) {
        self.desk.reopen(self.id, notice, pin);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.desk.take_off(self.id);
    }
}
