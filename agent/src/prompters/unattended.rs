//! The person's standing answer for electronic seals: certificates that the configuration names unattended, with a PIN source.

use std::collections::HashMap;

use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::certificate::Fingerprint;
use crate::config::TokenSource;
use crate::consent::{DecisionRequest, Desk, PinState, Question, QuestionBody, QuestionState, Verdict};
use crate::messages::Fault;
use crate::secrets::{self, Sourced};

const NAME: &str = "unattended";

/// Approves questions about these certificates with the PIN from their source, until `ended`. Once a question, and not
/// when the token says that its PIN is near its end; that a PIN which was wrong is not sent with the next question either, the fleet sees to. It is no prompter: what it does not answer needs a person, who
/// is looked for as if it were not there.
pub async fn approve_unattended(desk: Desk, sources: HashMap<Fingerprint, TokenSource>, ended: CancellationToken) {
    let mut changes = desk.subscribe();
    loop {
        for question in desk.questions() {
            let Some(source) = source(&question, &sources) else {
                continue;
            };
            match decision(&question, source).await {
                Ok(decision) => {
                    if let Err(fault) = desk.decide(question.id, decision) {
                        tracing::warn!(code = %fault.code(), "an unattended approval was not taken");
                    }
                }
                Err(fault) => {
                    tracing::error!(%fault, detail = fault.detail_text(), "an unattended certificate has no PIN");
                }
            }
        }
        tokio::select! {
            () = ended.cancelled() => return,
            change = changes.recv() => if matches!(change, Err(RecvError::Closed)) { return },
        }
    }
}

fn source<'a>(question: &Question, sources: &'a HashMap<Fingerprint, TokenSource>) -> Option<&'a TokenSource> {
    let QuestionBody::Approve { certificate, pin, .. } = &question.body else {
        return None;
    };
    // A notice says that something went wrong or has to be known: that is for a person.
    let is_first = question.state == QuestionState::Waiting && question.notice.is_none() && !question.is_for_person;
    (is_first && pin.needed && pin.state == PinState::Ok)
        .then(|| sources.get(&certificate.fingerprint))
        .flatten()
}

async fn decision(question: &Question, source: &TokenSource) -> Result<DecisionRequest, Fault> {
    let source = source.clone();
    let read = move || secrets::resolve_sourced(&source);
    let Sourced { secret, version } = tokio::task::spawn_blocking(read).await.map_err(Fault::internal)??;
    Ok(DecisionRequest {
        decision: Verdict::Approve,
        shown: question.shown.clone(),
        certificate: None,
        pin: Some(secret),
        confirm_last_try: false,
        remember: None,
        prompter: NAME.to_owned(),
        pin_source: Some(version),
    })
}
