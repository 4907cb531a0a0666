//! The grants that hold now: given, used under their limits, ended.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use time::OffsetDateTime;
use tokio::sync::broadcast;
use utoipa::ToSchema;
use uuid::Uuid;

use super::approval::{ApprovalKind, Consented};
use super::decision::ApprovalSubject;
use super::grant::{DocumentClass, GrantLimits, GrantPromise, GrantScope, RememberOffer};
use super::question::{CallerView, PinView};
use super::unlock::Unlock;
use crate::messages::{Code, Fault};
use crate::platform::{self, Deadline};
use crate::store::{Store, audit, grants};

/// A sleep longer than this between two looks ends every grant; clocks are read one after the other and differ by less.
const SHORTEST_SLEEP: Duration = Duration::from_millis(500);

/// The grants. Cheap to clone.
///
/// The store has them for the record; the ones that hold are those in memory, so a restart ends them all.
#[derive(Clone)]
pub struct Grants {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    limits: GrantLimits,
    slept: Box<dyn Fn() -> Duration + Send + Sync>,
    live: Mutex<HashMap<Uuid, Live>>,
    changes: broadcast::Sender<GrantChange>,
}

#[derive(Clone, Debug)]
struct Live {
    scope: GrantScope,
    /// How long this machine had slept since its boot when the grant was given.
    slept: Duration,
    deadline: Deadline,
}

/// What happened to a grant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GrantChange {
    /// Which.
    pub grant: Uuid,
    /// What.
    pub event: GrantEvent,
}

/// The events of a grant's life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GrantEvent {
    /// It holds from now on.
    Given,
    /// It allowed signatures.
    Used,
    /// It is over, and so is the login that was kept for it.
    Ended(GrantEnd),
}

/// Why a grant is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantEnd {
    /// The person revoked it.
    Revoked,
    /// The person locked everything.
    Locked,
    /// The screen was locked.
    ScreenLocked,
    /// The machine slept.
    Suspended,
    /// Its token was pulled, or its driver failed.
    TokenRemoved,
    /// Its application was revoked.
    ApplicationRevoked,
    /// Its time is over.
    Expired,
    /// Its count is used up.
    UsedUp,
    /// The agent was started anew.
    Restarted,
}

impl GrantEnd {
    /// The reason as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Locked => "locked",
            Self::ScreenLocked => "screen_locked",
            Self::Suspended => "suspended",
            Self::TokenRemoved => "token_removed",
            Self::ApplicationRevoked => "application_revoked",
            Self::Expired => "expired",
            Self::UsedUp => "used_up",
            Self::Restarted => "restarted",
        }
    }

    fn actor(self) -> audit::Actor {
        match self {
            Self::Revoked | Self::Locked | Self::ApplicationRevoked => audit::Actor::Person,
            _ => audit::Actor::Agent,
        }
    }
}

/// A grant as it is listed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GrantView {
    /// Its id.
    pub id: Uuid,
    /// The application it holds for.
    pub application: Option<Uuid>,
    /// The certificate.
    #[schema(value_type = String)]
    pub certificate: String,
    /// The service, when it is for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The service's profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The documents: `digest`, a media type, or `any`.
    pub documents: String,
    /// How many signatures it allows.
    pub max_uses: u32,
    /// How many of them were made.
    pub used: u32,
    /// When it was given.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it ends at the latest.
    #[serde(with = "time::serde::rfc3339")]
    pub ends_at: OffsetDateTime,
    /// How many seconds are left.
    pub seconds_left: u64,
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grants")
            .field("live", &self.lock().len())
            .finish_non_exhaustive()
    }
}

impl Grants {
    /// No grants: what an earlier run left is ended.
    ///
    /// # Errors
    /// `store_failed`, `disk_full`.
    pub async fn open(store: Store, limits: GrantLimits) -> Result<Self, Fault> {
        Self::with_clock(store, limits, platform::slept).await
    }

    /// As [`Grants::open`], with another way to tell how long this machine has slept since its boot.
    ///
    /// # Errors
    /// As [`Grants::open`].
    pub async fn with_clock(
        store: Store,
        limits: GrantLimits,
        slept: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Result<Self, Fault> {
        let (changes, _) = broadcast::channel(1024);
        let grants = Self {
            shared: Arc::new(Shared {
                store,
                limits,
                slept: Box::new(slept),
                live: Mutex::default(),
                changes,
            }),
        };
        grants.end_stored(None, GrantEnd::Restarted).await?;
        Ok(grants)
    }

    /// What may be offered to remember of a request.
    pub fn offer(&self, scope: &GrantScope, pin: &PinView) -> Option<RememberOffer> {
        RememberOffer::new(scope, pin, self.shared.limits)
    }

    /// The consent of a grant that covers the whole subject, if one does; none covers bare content or what a service built. It counts when its approval is recorded.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn consent(
        &self,
        subject: &ApprovalSubject,
        caller: &CallerView,
        job: Option<Uuid>,
    ) -> Result<Option<Consented>, Fault> {
        let (Some(wanted), Ok(uses)) = (&subject.scope, u32::try_from(subject.items.len())) else {
            return Ok(None);
        };
        // The scope says so too; what reaches the token is what counts.
        if !subject.items.iter().all(|item| item.kind.may_be_remembered()) {
            return Ok(None);
        }
        let grant = self
            .list()
            .await?
            .into_iter()
            .find(|grant| grant.max_uses - grant.used >= uses && self.covers(grant.id, wanted));
        Ok(grant.map(|grant| Consented {
            kind: ApprovalKind::Grant(grant.id),
            request_key: subject.request_key.clone(),
            caller: caller.clone(),
            job,
            purpose: subject.purpose,
            certificate: subject.certificate,
            token: subject.token.clone(),
            items: subject.items.clone(),
            destination: subject.destination.clone(),
            prompter: "grant".to_owned(),
            unlock: Unlock::of_grant(grant.id),
            grant: None,
        }))
    }

    /// Gives the grant that the person asked for, once the token has taken their PIN and its login is kept.
    ///
    /// # Errors
    /// `store_failed`, `disk_full`.
    pub async fn give(&self, promise: GrantPromise, job: Option<Uuid>) -> Result<(), Fault> {
        let id = promise.id;
        let deadline = Deadline::after(promise.duration);
        let live = Live {
            scope: promise.scope.clone(),
            slept: (self.shared.slept)(),
            deadline: deadline.clone(),
        };
        let scope = promise.scope;
        let (service, profile) = scope.destination.unzip();
        let row = grants::NewGrant {
            id,
            application: Some(scope.application),
            certificate: scope.certificate.to_string(),
            service,
            profile,
            document_kind: Some(scope.documents.to_string()),
            max_uses: promise.uses,
            deadline,
        };
        let body = json!({
            "grant": id,
            "application": row.application,
            "name": promise.application_name,
            "certificate": row.certificate,
            "service": row.service,
            "profile": row.profile,
            "documents": row.document_kind,
            "uses": promise.uses,
            "seconds": promise.duration.as_secs(),
            "prompter": promise.prompter,
        });
        self.shared
            .store
            .write(move |tx| {
                grants::insert(tx, &row)?;
                audit::append(
                    tx,
                    audit::Entry {
                        kind: "grant_given",
                        actor: audit::Actor::Person,
                        job,
                        body,
                    },
                )
            })
            .await?;
        self.lock().insert(id, live);
        self.tell(id, GrantEvent::Given);
        Ok(())
    }

    /// Says that a grant allowed signatures, and ends it when its count is used up.
    ///
    /// # Errors
    /// `store_failed`, `disk_full`.
    pub async fn used(&self, id: Uuid) -> Result<(), Fault> {
        self.tell(id, GrantEvent::Used);
        let left = self.shared.store.look(grants::list).await?;
        if left.iter().any(|grant| grant.id == id) {
            return Ok(());
        }
        self.end(id, GrantEnd::UsedUp).await.map(drop)
    }

    /// The grants that hold, the first given first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list(&self) -> Result<Vec<GrantView>, Fault> {
        self.end_what_is_over().await?;
        let rows = self.shared.store.look(grants::list).await?;
        let live = self.lock();
        Ok(rows
            .into_iter()
            .filter(|grant| live.contains_key(&grant.id))
            .map(GrantView::from)
            .collect())
    }

    /// Ends those whose time is over, and all when the machine has slept.
    ///
    /// # Errors
    /// `store_failed`, `disk_full`.
    pub async fn end_what_is_over(&self) -> Result<(), Fault> {
        let slept = (self.shared.slept)();
        let over: Vec<_> = self
            .lock()
            .iter()
            .filter_map(|(id, grant)| {
                if slept.saturating_sub(grant.slept) > SHORTEST_SLEEP {
                    Some((*id, GrantEnd::Suspended))
                } else if grant.deadline.remaining().is_none() {
                    Some((*id, GrantEnd::Expired))
                } else {
                    None
                }
            })
            .collect();
        for (id, why) in over {
            self.end(id, why).await?;
        }
        Ok(())
    }

    /// Ends one grant, on the person's word.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`, `disk_full`.
    pub async fn revoke(&self, id: Uuid) -> Result<(), Fault> {
        if self.end(id, GrantEnd::Revoked).await? {
            Ok(())
        } else {
            Err(Fault::new(Code::NoSuchItem).arg("item", "grant"))
        }
    }

    /// Ends one grant; false when it did not hold any more.
    ///
    /// # Errors
    /// `store_failed`, `disk_full`.
    pub async fn end(&self, id: Uuid, why: GrantEnd) -> Result<bool, Fault> {
        // Out of memory first: from here on it allows nothing, whatever the store says.
        let held = self.lock().remove(&id).is_some();
        if held {
            self.tell(id, GrantEvent::Ended(why));
            self.end_stored(Some(id), why).await?;
        }
        Ok(held)
    }

    /// Ends those whose scope is as `which` says, and gives how many there were.
    ///
    /// # Errors
    /// `store_failed`, `disk_full`.
    pub async fn end_those(&self, which: impl Fn(&GrantScope) -> bool, why: GrantEnd) -> Result<u32, Fault> {
        let ids: Vec<_> = self
            .lock()
            .iter()
            .filter(|(_, grant)| which(&grant.scope))
            .map(|(id, _)| *id)
            .collect();
        let mut ended = 0;
        for id in ids {
            ended += u32::from(self.end(id, why).await?);
        }
        Ok(ended)
    }

    /// Every change from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<GrantChange> {
        self.shared.changes.subscribe()
    }

    fn covers(&self, id: Uuid, wanted: &GrantScope) -> bool {
        self.lock().get(&id).is_some_and(|grant| grant.scope.covers(wanted))
    }

    async fn end_stored(&self, id: Option<Uuid>, why: GrantEnd) -> Result<(), Fault> {
        self.shared
            .store
            .write(move |tx| {
                for grant in grants::end(tx, id, why.word())? {
                    audit::append(
                        tx,
                        audit::Entry {
                            kind: "grant_ended",
                            actor: why.actor(),
                            job: None,
                            body: json!({ "grant": grant, "why": why }),
                        },
                    )?;
                }
                Ok(())
            })
            .await
    }

    fn tell(&self, grant: Uuid, event: GrantEvent) {
        // Nobody listening is fine.
        let _ = self.shared.changes.send(GrantChange { grant, event });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Live>> {
        self.shared.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<grants::Grant> for GrantView {
    fn from(grant: grants::Grant) -> Self {
        Self {
            id: grant.id,
            application: grant.application,
            certificate: grant.certificate,
            service: grant.service,
            profile: grant.profile,
            documents: DocumentClass::of_word(grant.document_kind.as_deref().unwrap_or_default()).to_string(),
            max_uses: grant.max_uses,
            used: grant.used,
            created_at: grant.created_at,
            ends_at: grant.deadline.wall(),
            seconds_left: grant.deadline.remaining().unwrap_or_default().as_secs(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::certificate::{Fingerprint, Purpose};
    use crate::cms::DigestAlgorithm;
    use crate::consent::{Approval, ApprovedItem, ItemKind, LoginUse, UnlockSource};

    const LIMITS: GrantLimits = GrantLimits {
        max_uses: 100,
        max_duration: Duration::from_secs(3600),
    };

    struct World {
        store: Store,
        grants: Grants,
        slept: Arc<AtomicU64>,
        _directory: tempfile::TempDir,
    }

    impl World {
        async fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let store = Store::open(directory.path()).unwrap();
            let slept = Arc::new(AtomicU64::new(0));
            let clock = Arc::clone(&slept);
            let slept_so_far = move || Duration::from_secs(clock.load(Ordering::Relaxed));
            let grants = Grants::with_clock(store.clone(), LIMITS, slept_so_far).await.unwrap();
            Self {
                store,
                grants,
                slept,
                _directory: directory,
            }
        }

        async fn give(&self, uses: u32, duration: Duration) -> Uuid {
            let application = Uuid::from_u128(7);
            self.store
                .write(move |tx| {
                    let application = crate::store::applications::NewApplication {
                        id: application,
                        name: "ERP".to_owned(),
                        origin: None,
                        permissions: vec!["sign".to_owned()],
                        token_hash: [7; 32],
                        expires_at: None,
                    };
                    // The second grant of a test has its application already.
                    let _ = crate::store::applications::insert(tx, &application);
                    Ok(())
                })
                .await
                .unwrap();
            let promise = GrantPromise {
                id: Uuid::now_v7(),
                scope: scope(),
                application_name: "ERP".to_owned(),
                uses,
                duration,
                prompter: "web".to_owned(),
            };
            let id = promise.id();
            self.grants.give(promise, None).await.unwrap();
            id
        }

        async fn consent(&self, items: usize) -> Option<Consented> {
            self.consent_for(scope(), items).await
        }

        async fn consent_for(&self, scope: GrantScope, items: usize) -> Option<Consented> {
            self.consent_to(ItemKind::Content, scope, items).await
        }

        async fn consent_to(&self, kind: ItemKind, scope: GrantScope, items: usize) -> Option<Consented> {
            let item = |n: usize| ApprovedItem {
                kind,
                name: n.to_string(),
                digest: DigestAlgorithm::Sha256.digest(&n.to_be_bytes()),
            };
            let subject = ApprovalSubject {
                request_key: Uuid::new_v4().to_string(),
                purpose: Purpose::Signature,
                certificate: scope.certificate,
                token: "token".to_owned(),
                items: (0..items).map(item).collect(),
                destination: None,
                unattended: false,
                scope: Some(scope),
            };
            let caller = CallerView {
                application: Some(Uuid::from_u128(7)),
                name: "ERP".to_owned(),
                verified: true,
                origin: None,
                process: None,
                processes: Vec::new(),
            };
            self.grants.consent(&subject, &caller, None).await.unwrap()
        }

        async fn record(&self, consented: Consented) -> Result<Approval, Fault> {
            self.store
                .write(move |tx| Approval::record(tx, &consented, Vec::new()))
                .await
        }

        async fn audited(&self, kind: &str) -> Vec<serde_json::Value> {
            let entries = self.store.read(|c| audit::list(c, None, 1000)).await.unwrap();
            entries
                .into_iter()
                .filter(|entry| entry.kind == kind)
                .map(|entry| entry.body)
                .collect()
        }
    }

    fn scope() -> GrantScope {
        GrantScope {
            application: Uuid::from_u128(7),
            certificate: Fingerprint::of(b"certificate"),
            destination: None,
            documents: DocumentClass::OfType("application/pdf".to_owned()),
        }
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_grant_allows_its_count_and_each_use_is_recorded() {
        let world = World::new().await;
        let grant = world.give(5, HOUR).await;
        let consented = world.consent(3).await.unwrap();
        assert_eq!(consented.unlock.login(), LoginUse::Kept(grant));
        assert_eq!(consented.unlock.source(), UnlockSource::Grant);
        let approval = world.record(consented).await.unwrap();
        assert_eq!(approval.kind(), ApprovalKind::Grant(grant));
        world.grants.used(grant).await.unwrap();
        assert!(world.consent(3).await.is_none(), "two are left");
        let last = world.consent(2).await.unwrap();
        world.record(last).await.unwrap();
        world.grants.used(grant).await.unwrap();
        assert!(world.consent(1).await.is_none());
        assert!(world.grants.list().await.unwrap().is_empty());
        let uses = world.audited("grant_used").await;
        assert_eq!(uses.len(), 2);
        assert_eq!((&uses[0]["left"], &uses[1]["left"]), (&json!(0), &json!(2)));
        assert_eq!(world.audited("grant_ended").await[0]["why"], "used_up");
    }

    #[tokio::test]
    async fn two_that_ask_at_once_get_no_more_than_the_count_together() {
        let world = World::new().await;
        world.give(3, HOUR).await;
        let (first, second) = (world.consent(2).await.unwrap(), world.consent(2).await.unwrap());
        world.record(first).await.unwrap();
        assert_eq!(world.record(second).await.unwrap_err().code(), Code::WrongState);
        assert_eq!(
            world.audited("approved").await.len(),
            1,
            "a refused use leaves no approval"
        );
    }

    #[tokio::test]
    async fn sleep_ends_every_grant() {
        let world = World::new().await;
        world.give(5, HOUR).await;
        world.slept.store(30, Ordering::Relaxed);
        assert!(world.consent(1).await.is_none());
        assert_eq!(world.audited("grant_ended").await[0]["why"], "suspended");
    }

    #[tokio::test]
    async fn a_grant_ends_with_its_time() {
        let world = World::new().await;
        world.give(5, Duration::from_millis(1)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(world.consent(1).await.is_none());
        assert_eq!(world.audited("grant_ended").await[0]["why"], "expired");
    }

    #[tokio::test]
    async fn a_restart_ends_every_grant() {
        let world = World::new().await;
        world.give(5, HOUR).await;
        let again = Grants::open(world.store.clone(), LIMITS).await.unwrap();
        assert!(again.list().await.unwrap().is_empty());
        assert_eq!(world.audited("grant_ended").await[0]["why"], "restarted");
    }

    #[tokio::test]
    async fn a_revoked_grant_allows_nothing_and_is_not_revoked_twice() {
        let world = World::new().await;
        let grant = world.give(5, HOUR).await;
        let mut changes = world.grants.subscribe();
        world.grants.revoke(grant).await.unwrap();
        assert!(world.consent(1).await.is_none());
        assert_eq!(world.grants.revoke(grant).await.unwrap_err().code(), Code::NoSuchItem);
        assert_eq!(
            changes.recv().await.unwrap().event,
            GrantEvent::Ended(GrantEnd::Revoked)
        );
    }

    #[tokio::test]
    async fn only_contents_within_attributes_of_the_agent_are_covered() {
        let world = World::new().await;
        world.give(5, HOUR).await;
        for kind in [
            ItemKind::BareContent,
            ItemKind::ForeignAttributes,
            ItemKind::ForeignAttributesDigest,
        ] {
            assert!(world.consent_to(kind, scope(), 1).await.is_none(), "{kind:?}");
        }
        assert!(world.consent_to(ItemKind::Content, scope(), 1).await.is_some());
    }

    #[tokio::test]
    async fn another_scope_is_not_covered() {
        let world = World::new().await;
        world.give(5, HOUR).await;
        let mut other = scope();
        other.documents = DocumentClass::Digests;
        assert!(world.consent_for(other, 1).await.is_none());
        let mut other = scope();
        other.certificate = Fingerprint::of(b"another");
        assert!(world.consent_for(other, 1).await.is_none());
        let mut other = scope();
        other.destination = Some(("idocs".to_owned(), "main".to_owned()));
        assert!(world.consent_for(other, 1).await.is_none());
        assert!(world.consent(1).await.is_some());
    }
}
