use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::Value;
use uuid::Uuid;

use super::client::Client;
use super::output::Output;
use super::problem;
use super::prompter::{Answered, Attachment, Prompter};
use crate::consent::QuestionState;
use crate::messages::{Code, Fault};
use crate::platform;
use crate::prompters::Pinentry;
use crate::secrets::Sourced;

/// How long one waiting request lasts, in seconds.
const WAIT: u64 = 30;
/// The work is looked at again so often even when no event comes, for its progress.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Follows work that this command started until it is settled, and answers its questions.
#[derive(Debug)]
pub(super) struct Follower<'a> {
    client: &'a Client,
    output: Output,
    prompter: Prompter,
    attachment: Attachment,
    /// Answers without a person.
    pin: Option<Sourced>,
}

impl<'a> Follower<'a> {
    /// Attached before the work is started, so that no question of it finds nobody.
    ///
    /// # Errors
    /// `agent_unreachable`.
    pub(super) async fn attach(
        client: &'a Client,
        output: Output,
        pin: Option<Sourced>,
        dialog: Option<Pinentry>,
    ) -> Result<Self, Fault> {
        let name = match (&pin, &dialog) {
            (Some(_), _) => "unattended",
            (None, Some(_)) => "pinentry",
            (None, None) => "terminal",
        };
        let prompter = Prompter::new(client, output).with_dialog(dialog);
        let attachment = prompter.attach(name).await?;
        Ok(Self {
            client,
            output,
            prompter,
            attachment,
            pin,
        })
    }

    /// Follows the resource at `path` (`/v1/signatures/{id}`, `/v1/jobs/{id}`) and gives it as it stands when it is settled.
    /// Breaking the command off cancels the work.
    ///
    /// # Errors
    /// The work's own fault when it did not finish; `cancelled` when the command was broken off.
    pub(super) async fn follow(mut self, path: &str, progress: ProgressBar) -> Result<Value, Fault> {
        let outcome = tokio::select! {
            outcome = self.run(path, &progress) => outcome,
            _ = platform::shutdown_signal() => Err(Fault::new(Code::Cancelled)),
        };
        progress.finish_and_clear();
        match outcome {
            Ok(settled) => settled_outcome(settled),
            Err(fault) => {
                // Nobody follows it any more; what is finished or gone already needs no cancelling.
                let _ = self.client.delete(path).await;
                Err(fault)
            }
        }
    }

    async fn run(&mut self, path: &str, progress: &ProgressBar) -> Result<Value, Fault> {
        let client = self.client;
        let mut settled = Box::pin(client.wait(path, WAIT));
        let mut work = client.get(path).await?;
        loop {
            show_progress(progress, &work);
            if work["state"] != "running" {
                return Ok(work);
            }
            self.answer(&work, progress).await?;
            work = tokio::select! {
                work = &mut settled => {
                    settled = Box::pin(client.wait(path, WAIT));
                    work?
                }
                () = self.attachment.changed() => client.get(path).await?,
                () = tokio::time::sleep(LOOK_AGAIN) => client.get(path).await?,
            };
        }
    }

    /// Answers the question that the work waits for, if it waits for one.
    async fn answer(&mut self, work: &Value, progress: &ProgressBar) -> Result<(), Fault> {
        let question = work["waiting"]["question"]
            .as_str()
            .and_then(|id| id.parse::<Uuid>().ok());
        let Some(id) = question else { return Ok(()) };
        let asked = match self.prompter.question(id).await? {
            Some(asked) if asked.question.state == QuestionState::Waiting => asked,
            // It was decided, and the agent works on it.
            _ => return Ok(()),
        };
        let answered = match &self.pin {
            Some(pin) => self.prompter.approve_unattended(&asked, pin).await?,
            None => {
                // The bar makes room for the question.
                progress.reset();
                self.prompter.ask(asked, &mut self.attachment).await?
            }
        };
        match answered {
            Answered::Approved => self.output.say(&self.output.text("ui-working")),
            Answered::Taken | Answered::Elsewhere => {}
            Answered::Left => return Err(Fault::new(Code::Cancelled)),
        }
        Ok(())
    }
}

fn show_progress(progress: &ProgressBar, work: &Value) {
    let documents = work["documents"].as_array().map(Vec::as_slice).unwrap_or_default();
    let signed = documents
        .iter()
        .filter(|document| document["state"] == "signed")
        .count();
    if signed > 0 {
        progress.set_position(u64::try_from(signed).unwrap_or(u64::MAX));
    }
}

/// The work when it finished.
///
/// # Errors
/// Its own fault when it did not.
pub(super) fn settled_outcome(work: Value) -> Result<Value, Fault> {
    if work["state"] == "finished" {
        return Ok(work);
    }
    let fault = match work.get("fault").filter(|fault| !fault.is_null()) {
        Some(problem) => problem::to_fault(problem),
        None => Fault::new(match work["state"].as_str() {
            Some("refused") => Code::Refused,
            Some("cancelled") => Code::Cancelled,
            _ => Code::Internal,
        }),
    };
    Err(match work["id"].as_str() {
        Some(id) => fault.arg("job", id),
        None => fault,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn work_that_did_not_finish_tells_why() {
        assert!(settled_outcome(json!({ "state": "finished" })).is_ok());
        let outcome = |work| settled_outcome(work).unwrap_err();
        assert_eq!(outcome(json!({ "state": "refused" })).code(), Code::Refused);
        let fault = outcome(json!({ "state": "failed", "id": "x", "fault": { "code": "token_absent", "token": "T" } }));
        assert_eq!(
            (
                fault.code(),
                fault.args()["token"].as_str(),
                fault.args()["job"].as_str()
            ),
            (Code::TokenAbsent, "T", "x")
        );
    }
}
