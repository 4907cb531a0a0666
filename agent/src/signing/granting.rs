//! Remembered decisions at work: what a request's grant would be limited to, and what ends grants from outside the desk.

use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::request::Request;
use crate::certificate::{Fingerprint, Purpose};
use crate::consent::{DocumentClass, DocumentView, GrantEnd, GrantEvent, GrantPromise, GrantScope, Grants};
use crate::messages::Fault;
use crate::platform::{ScreenLocks, SessionEvent};
use crate::store::{Store, audit};
use crate::token::{Fleet, Inventory};

/// How often grants whose time is over, or that the machine slept through, are looked for. None is used in between: each use
/// looks too. This bounds how long the login of one may outlive it.
const LOOK: Duration = Duration::from_secs(1);

/// What a grant for a request would be limited to; `None` where a person has to decide each time: for authentication, for the
/// person's own command line, when there is something to be known first, and for what is signed without attributes of the agent's own.
pub(super) fn scope(request: &Request, certificate: Fingerprint, documents: &[DocumentView]) -> Option<GrantScope> {
    if request.purpose != Purpose::Signature || request.notice.is_some() {
        return None;
    }
    Some(GrantScope {
        application: request.caller.application?,
        certificate,
        destination: request
            .destination
            .as_ref()
            .map(|destination| (destination.service.clone(), destination.profile.clone())),
        documents: DocumentClass::of(documents)?,
    })
}

/// Gives the grant whose first request was signed, if the token's login could be kept for it.
///
/// # Errors
/// `store_failed`, `disk_full`.
pub(super) async fn give(
    store: &Store,
    fleet: &Fleet,
    grants: &Grants,
    promise: GrantPromise,
    job: Uuid,
) -> Result<(), Fault> {
    let id = promise.id();
    if fleet.has_kept_login(id) {
        return match grants.give(promise, Some(job)).await {
            Ok(()) => Ok(()),
            Err(fault) => {
                fleet.end_kept_login(id).await;
                Err(fault)
            }
        };
    }
    // A key that wants the PIN for each signature (CKA_ALWAYS_AUTHENTICATE), for instance.
    tracing::warn!("the token keeps no login; the decision is not remembered");
    store
        .write(move |tx| {
            let entry = audit::Entry {
                kind: "grant_not_given",
                actor: audit::Actor::Agent,
                job: Some(job),
                body: serde_json::json!({ "grant": id, "why": "login_not_kept" }),
            };
            audit::append(tx, entry).map(drop)
        })
        .await
}

/// Ends grants with what they hang on, and kept logins with their grants, until the agent ends.
pub(super) async fn watch(fleet: Fleet, grants: Grants, mut screen: ScreenLocks, ended: CancellationToken) {
    let mut changes = grants.subscribe();
    let mut inventory = fleet.watch();
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let done = tokio::select! {
            () = ended.cancelled() => break,
            change = changes.recv() => {
                match change {
                    Ok(change) if matches!(change.event, GrantEvent::Ended(_)) => fleet.end_kept_login(change.grant).await,
                    Ok(_) => {}
                    // Not to miss the end of one: all logins end, and with them their grants at the next use.
                    Err(RecvError::Lagged(_)) => fleet.end_kept_logins().await,
                    Err(RecvError::Closed) => break,
                }
                Ok(())
            }
            changed = inventory.changed() => {
                if changed.is_err() {
                    break;
                }
                let present = present(&inventory.borrow_and_update());
                grants.end_those(|scope| !present.contains(&scope.certificate), GrantEnd::TokenRemoved).await.map(drop)
            }
            event = screen.next() => {
                let why = match event {
                    SessionEvent::ScreenLocked => GrantEnd::ScreenLocked,
                    SessionEvent::Sleep => GrantEnd::Suspended,
                };
                grants.end_those(|_| true, why).await.map(drop)
            }
            _ = tick.tick() => grants.end_what_is_over().await,
        };
        if let Err(fault) = done {
            tracing::error!(%fault, "the end of a grant cannot be recorded");
        }
    }
    fleet.end_kept_logins().await;
}

fn present(inventory: &Inventory) -> Vec<Fingerprint> {
    inventory
        .certificates()
        .map(|(_, found)| Fingerprint::of(&found.der))
        .collect()
}
