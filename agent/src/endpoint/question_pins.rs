//! What a waiting question says of its token's PIN stays true while it waits: another program may lock the token meanwhile, or unlock it.

use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;

use super::shared::Shared;
use crate::consent::{PinView, Question, QuestionBody, QuestionState};
use crate::signing::{pin_view, uri};
use crate::token::Inventory;

/// Follows tokens and questions until the agent ends.
pub(super) async fn keep_true(shared: Arc<Shared>) {
    let mut inventory = shared.fleet.watch();
    let mut questions = shared.desk.subscribe();
    loop {
        // A question asked or put back this moment may say what the tokens said a moment ago.
        let fresh = tokio::select! {
            () = shared.shutdown.cancelled() => return,
            changed = inventory.changed() => match changed {
                Ok(()) => shared.desk.questions(),
                Err(_) => return,
            },
            event = questions.recv() => match event {
                Ok(event) => vec![event.question],
                Err(RecvError::Lagged(_)) => shared.desk.questions(),
                Err(RecvError::Closed) => return,
            },
        };
        let now = inventory.borrow_and_update().clone();
        for question in fresh.iter().filter(|question| question.state == QuestionState::Waiting) {
            if let Some(pin) = pin_of(question, &now) {
                shared.desk.show_pin(question.id, &pin);
            }
        }
    }
}

/// What the token of an approval says of its PIN; `None` where there is no such token now.
fn pin_of(question: &Question, inventory: &Inventory) -> Option<PinView> {
    let QuestionBody::Approve { certificate, .. } = &question.body else {
        return None;
    };
    let mut all = inventory.certificates();
    let (token, _) = all
        .find(|(token, found)| found.fingerprint == certificate.fingerprint && uri(token, found) == certificate.uri)?;
    Some(pin_view(token))
}
