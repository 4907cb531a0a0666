use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::arguments::Approve;
use super::prompter::{Answered, Prompter};
use super::session::Session;
use crate::consent::QuestionState;
use crate::messages::{Code, Fault};
use crate::platform;

/// Questions are looked at again so often even when no event comes.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// A lost connection to the agent is tried again after this.
const RECONNECT: Duration = Duration::from_secs(1);

/// `tokensign approve`
pub(super) async fn run(session: &Session, arguments: &Approve) -> Result<(), Fault> {
    if arguments.watch {
        return tokio::select! {
            watched = watch(session) => watched,
            _ = platform::shutdown_signal() => Ok(()),
        };
    }
    // A question waits in a running agent only.
    let client = session.running().await?.ok_or(Code::AgentUnreachable)?;
    let prompter = Prompter::new(&client, session.output);
    let mut attachment = prompter.attach("terminal").await?;
    let mut answered = Vec::new();
    let mut questions = match arguments.question {
        Some(id) => vec![
            prompter
                .question(id)
                .await?
                .ok_or_else(|| Fault::new(Code::NoSuchItem).arg("item", id))?,
        ],
        None => prompter.waiting().await?,
    };
    if questions.is_empty() {
        session.output.result(&json!({ "answered": [] }), || {
            vec![session.output.text_with("ui-questions-count", &[("count", &0)])]
        });
        return Ok(());
    }
    questions.reverse();
    while let Some(asked) = questions.pop() {
        let id = asked.question.id;
        match prompter.ask(asked, &mut attachment).await? {
            Answered::Left => break,
            Answered::Elsewhere => questions.extend(still_waiting(&prompter, id).await?),
            Answered::Taken => answered.push(id),
            Answered::Approved => {
                answered.push(id);
                session.output.say(&session.output.text("ui-working"));
                // A wrong PIN brings the same question back.
                questions.extend(settled(&prompter, id, &mut attachment).await?);
            }
        }
    }
    session.output.result(&json!({ "answered": answered }), || {
        vec![session.output.text("ui-done")]
    });
    Ok(())
}

/// Answers questions as they come, and comes back when the agent was started anew.
async fn watch(session: &Session) -> Result<(), Fault> {
    session.output.say(&session.output.text("cli-watching"));
    loop {
        if let Some(client) = session.running().await? {
            let prompter = Prompter::new(&client, session.output);
            match answer_all(&prompter).await {
                Ok(()) => return Ok(()),
                Err(fault) if fault.code() == Code::AgentUnreachable => {
                    session.output.say(&session.output.text("ui-disconnected"));
                }
                Err(fault) => return Err(fault),
            }
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

/// Ends well when the person leaves.
async fn answer_all(prompter: &Prompter) -> Result<(), Fault> {
    let mut attachment = prompter.attach("terminal").await?;
    loop {
        while let Some(asked) = prompter.waiting().await?.into_iter().next() {
            if prompter.ask(asked, &mut attachment).await? == Answered::Left {
                return Ok(());
            }
        }
        if !attachment.is_open() {
            return Err(Code::AgentUnreachable.into());
        }
        tokio::select! {
            () = attachment.changed() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

async fn still_waiting(prompter: &Prompter, id: Uuid) -> Result<Option<super::prompter::Asked>, Fault> {
    let asked = prompter.question(id).await?;
    Ok(asked.filter(|asked| asked.question.state == QuestionState::Waiting))
}

/// Waits until the agent has worked on a decision; gives the question when it waits again.
async fn settled(
    prompter: &Prompter,
    id: Uuid,
    attachment: &mut super::prompter::Attachment,
) -> Result<Option<super::prompter::Asked>, Fault> {
    loop {
        match prompter.question(id).await? {
            Some(asked) if asked.question.state == QuestionState::Working => {}
            other => return Ok(other),
        }
        tokio::select! {
            () = attachment.changed() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}
