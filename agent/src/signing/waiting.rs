//! Waiting for the person, with the caller told where.

use tokio::sync::broadcast::error::RecvError;

use crate::consent::{Asked, Decision, Desk};
use crate::jobs::{JobContext, Stage};
use crate::messages::Fault;

/// Waits for the decision and keeps the job's stage true while prompters come and go.
///
/// # Errors
/// `refused`, `expired`.
pub(super) async fn decision(desk: &Desk, context: &JobContext, asked: &mut Asked) -> Result<Decision, Fault> {
    let mut events = desk.subscribe();
    let mut shown = None;
    loop {
        let stage = stage(asked);
        if shown.as_ref() != Some(&stage) {
            context.set_stage(stage.clone());
            shown = Some(stage);
        }
        tokio::select! {
            decision = asked.decision() => {
                context.set_stage(Stage::Working);
                return decision;
            }
            event = events.recv() => {
                // Lagging behind only costs a look at the prompters; the desk lives as long as `asked` does.
                debug_assert!(!matches!(event, Err(RecvError::Closed)));
            }
        }
    }
}

fn stage(asked: &Asked) -> Stage {
    let prompters = asked.prompters();
    if prompters.is_empty() {
        Stage::NoPrompter {
            question: asked.id(),
            deadline: asked.deadline(),
        }
    } else {
        Stage::WaitingForPerson {
            question: asked.id(),
            prompters,
            deadline: asked.deadline(),
        }
    }
}
