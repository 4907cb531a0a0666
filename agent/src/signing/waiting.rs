//! Waiting for the person, with the caller told where.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;

use crate::consent::{Asked, Decision, Desk};
use crate::jobs::{JobContext, Stage};
use crate::messages::Fault;

/// How often the stage is set again while something is waited for: a step beside it that ended has taken it away.
pub(super) const STAGE_AGAIN: Duration = Duration::from_secs(1);

/// Waits for the decision and keeps the job's stage true while prompters come and go.
///
/// # Errors
/// `refused`, `expired`.
pub(super) async fn decision(desk: &Desk, context: &JobContext, asked: &mut Asked) -> Result<Decision, Fault> {
    let mut events = desk.subscribe();
    loop {
        context.set_stage(stage(asked));
        tokio::select! {
            decision = asked.decision() => {
                context.set_stage(Stage::Working);
                return decision;
            }
            event = events.recv() => {
                // Lagging behind only costs a look at the prompters; the desk lives as long as `asked` does.
                debug_assert!(!matches!(event, Err(RecvError::Closed)));
            }
            () = sleep(STAGE_AGAIN) => {}
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
