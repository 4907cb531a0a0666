//! Shows the desk's questions in dialogs, one after the other, for as long as the agent runs.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::pinentry::{Answer, Dialog, Pinentry};
use super::question_summary;
use crate::consent::{
    CertificateView, DecisionRequest, Desk, PinState, PinView, Question, QuestionBody, QuestionState, Verdict,
};
use crate::messages::{Fault, Localizer};

const NAME: &str = "pinentry";

/// Asks by pinentry until `ended`. A question that is decided elsewhere closes its dialog.
pub async fn ask_by_pinentry(desk: Desk, pinentry: Pinentry, texts: Localizer, ended: CancellationToken) {
    let _attached = desk.attach(NAME);
    let mut changes = desk.subscribe();
    // Those whose dialog was closed without an answer: they stay for other prompters.
    let mut left = HashSet::new();
    loop {
        let next = desk.questions().into_iter().find(|question| {
            question.state == QuestionState::Waiting && !left.contains(&(question.id, question.shown.clone()))
        });
        let Some(question) = next else {
            tokio::select! {
                () = ended.cancelled() => return,
                change = changes.recv() => if matches!(change, Err(RecvError::Closed)) { return },
            }
            continue;
        };
        let key = (question.id, question.shown.clone());
        let mark = desk.mark_dialog(question.id);
        let decision = tokio::select! {
            () = ended.cancelled() => return,
            () = changed(&desk, &question) => continue,
            decision = ask(&pinentry, &question, texts) => decision,
        };
        drop(mark);
        match decision {
            Ok(Some(decision)) => {
                // It was decided elsewhere in this moment, or goes on waiting with the reason in its notice.
                if let Err(fault) = desk.decide(question.id, decision) {
                    tracing::info!(code = %fault.code(), "the answer of a dialog was not taken");
                    left.insert(key);
                }
            }
            Ok(None) => {
                left.insert(key);
            }
            Err(fault) => {
                tracing::warn!(%fault, detail = fault.detail_text(), "no dialog");
                left.insert(key);
            }
        }
    }
}

/// Until the question is not as it was shown.
async fn changed(desk: &Desk, shown: &Question) {
    let mut changes = desk.subscribe();
    loop {
        let same = desk
            .question(shown.id)
            .is_ok_and(|now| now.state == QuestionState::Waiting && now.shown == shown.shown);
        if !same {
            return;
        }
        if matches!(changes.recv().await, Err(RecvError::Closed)) {
            return;
        }
    }
}

/// The process that asks, where it is known.
fn owner(question: &Question) -> Option<u32> {
    question.caller.processes.first().map(|process| process.pid)
}

/// The person's decision in dialogs; `None` when there is none.
///
/// # Errors
/// `no_prompter`.
pub async fn ask(pinentry: &Pinentry, question: &Question, texts: Localizer) -> Result<Option<DecisionRequest>, Fault> {
    let left: Duration = (question.deadline - time::OffsetDateTime::now_utc())
        .try_into()
        .unwrap_or_default();
    if let QuestionBody::Choose { candidates, .. } = &question.body {
        return choose(pinentry, question, candidates, left, texts).await;
    }
    let description = question_summary::lines(question, texts);
    let mut dialog = Dialog {
        description,
        error: question.notice.as_ref().map(|notice| texts.fault_title(notice)),
        prompt: None,
        ok: texts.text("ui-approve", &[]),
        cancel: texts.text("ui-refuse", &[]),
        owner: owner(question),
        timeout: left,
    };
    let decision = |verdict, pin, confirm_last_try| DecisionRequest {
        decision: verdict,
        shown: question.shown.clone(),
        certificate: None,
        pin,
        confirm_last_try,
        remember: None,
        prompter: NAME.to_owned(),
        pin_source: None,
    };
    let pin = match &question.body {
        QuestionBody::Approve { pin, .. } => pin.clone(),
        QuestionBody::Pair { .. } | QuestionBody::Remote { .. } | QuestionBody::Choose { .. } => PinView::default(),
    };
    let confirm_last_try = pin.state == PinState::FinalTry;
    if confirm_last_try {
        let last = Dialog {
            description: format!("{}\n{}", dialog.description, texts.text("ui-pin-confirm-last-try", &[])),
            ..dialog.clone()
        };
        match pinentry.show(&last).await? {
            Answer::Yes(_) => {}
            Answer::No => return Ok(Some(decision(Verdict::Refuse, None, false))),
            Answer::Unanswered => return Ok(None),
        }
    }
    if pin.needed && !pin.pinpad {
        dialog.prompt = Some(texts.text("ui-pin", &[]));
    }
    Ok(match pinentry.show(&dialog).await? {
        Answer::Yes(pin) => Some(decision(Verdict::Approve, pin, confirm_last_try)),
        Answer::No => Some(decision(Verdict::Refuse, None, false)),
        Answer::Unanswered => None,
    })
}

/// One certificate after the other: this one, or another? Without an answer the question stays for other prompters.
async fn choose(
    pinentry: &Pinentry,
    question: &Question,
    candidates: &[CertificateView],
    left: Duration,
    texts: Localizer,
) -> Result<Option<DecisionRequest>, Fault> {
    for candidate in candidates {
        let dialog = Dialog {
            description: question_summary::candidate_lines(question, candidate, texts),
            ok: texts.text("ui-choose", &[]),
            cancel: texts.text("ui-certificate-change", &[]),
            owner: owner(question),
            timeout: left,
            ..Dialog::default()
        };
        match pinentry.show(&dialog).await? {
            Answer::Yes(_) => {
                return Ok(Some(DecisionRequest {
                    decision: Verdict::Choose,
                    shown: question.shown.clone(),
                    certificate: Some(candidate.fingerprint),
                    pin: None,
                    confirm_last_try: false,
                    remember: None,
                    prompter: NAME.to_owned(),
                    pin_source: None,
                }));
            }
            Answer::No => {}
            Answer::Unanswered => return Ok(None),
        }
    }
    Ok(None)
}
