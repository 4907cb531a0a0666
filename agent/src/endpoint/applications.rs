use std::sync::PoisonError;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::credentials::TokenHash;
use super::permission::Permission;
use crate::messages::{Code, Fault};
use crate::store::{self, Store, audit};

/// A pairing that is not used for so long ends by itself.
const IDLE_PAGE: Duration = Duration::from_secs(30 * 24 * 3600);
const IDLE_PROGRAM: Duration = Duration::from_secs(90 * 24 * 3600);
/// The last use is written at most so often.
const TOUCHED_EVERY: Duration = Duration::from_secs(60);

/// A paired application.
#[derive(Debug)]
pub(crate) struct Application {
    /// Its id in the store.
    pub(crate) id: Uuid,
    /// The name that the person confirmed.
    pub(crate) name: String,
    /// The web origin that its token is bound to.
    pub(crate) origin: Option<String>,
    /// What it may do.
    pub(crate) permissions: Vec<Permission>,
    pub(super) created_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    /// Seconds since 1970; 0 when never.
    last_used: AtomicI64,
}

impl Application {
    pub(super) fn last_used_at(&self) -> Option<OffsetDateTime> {
        let seconds = self.last_used.load(Ordering::Relaxed);
        (seconds > 0).then(|| OffsetDateTime::from_unix_timestamp(seconds).ok())?
    }

    fn is_live(&self, now: OffsetDateTime) -> bool {
        let idle = if self.origin.is_some() { IDLE_PAGE } else { IDLE_PROGRAM };
        let last = self.last_used_at().unwrap_or(self.created_at);
        last + idle > now && self.expires_at.is_none_or(|expires_at| expires_at > now)
    }
}

/// The paired applications: a copy in memory of what the store says, for every request asks.
#[derive(Debug)]
pub(super) struct Applications {
    store: Store,
    paired: RwLock<Paired>,
}

#[derive(Debug, Default)]
struct Paired {
    all: Vec<Arc<Application>>,
    /// Tokens that were seen since the start.
    tokens: Vec<(TokenHash, Arc<Application>)>,
}

impl Applications {
    /// Reads them from the store.
    pub(super) async fn load(store: Store) -> Result<Self, Fault> {
        let applications = Self {
            store,
            paired: RwLock::default(),
        };
        applications.reload().await?;
        Ok(applications)
    }

    /// Every application that may still call, the first paired first.
    pub(super) fn all(&self) -> Vec<Arc<Application>> {
        let now = OffsetDateTime::now_utc();
        self.read()
            .all
            .iter()
            .filter(|application| application.is_live(now))
            .cloned()
            .collect()
    }

    /// Whether a page of this origin is paired.
    pub(super) fn is_origin_paired(&self, origin: &str) -> bool {
        let now = OffsetDateTime::now_utc();
        self.read()
            .all
            .iter()
            .any(|application| application.origin.as_deref() == Some(origin) && application.is_live(now))
    }

    /// The application that holds this token, noting its use.
    ///
    /// # Errors
    /// `store_failed`.
    pub(super) async fn by_token(&self, hash: &TokenHash) -> Result<Option<Arc<Application>>, Fault> {
        let seen = self.seen(hash);
        let application = match seen {
            Some(application) => application,
            None => {
                let bytes = *hash.as_bytes();
                let row = self
                    .store
                    .read(move |connection| store::applications::by_token_hash(connection, &bytes))
                    .await?;
                let Some(row) = row else { return Ok(None) };
                let mut paired = self.write();
                // The row may have been revoked since it was read.
                let Some(application) = paired.all.iter().find(|application| application.id == row.id).cloned() else {
                    return Ok(None);
                };
                paired.tokens.push((*hash, Arc::clone(&application)));
                application
            }
        };
        let now = OffsetDateTime::now_utc();
        if !application.is_live(now) {
            return Ok(None);
        }
        self.touch(&application, now);
        Ok(Some(application))
    }

    /// Pairs an application, with its audit entry.
    ///
    /// # Errors
    /// `store_failed`, `disk_full`.
    pub(super) async fn pair(&self, application: store::applications::NewApplication) -> Result<(), Fault> {
        self.store
            .write(move |tx| {
                store::applications::insert(tx, &application)?;
                let body = json!({
                    "application": application.id,
                    "name": application.name,
                    "origin": application.origin,
                    "permissions": application.permissions,
                });
                record(tx, "application_paired", body)
            })
            .await?;
        self.reload().await
    }

    /// Ends a pairing; its token is worth nothing from now on.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`, `disk_full`.
    pub(super) async fn revoke(&self, id: Uuid) -> Result<(), Fault> {
        self.store
            .write(move |tx| {
                store::applications::revoke(tx, id).map_err(|fault| match fault.code() {
                    Code::NoSuchItem => Fault::new(Code::NoSuchItem).arg("item", "application"),
                    _ => fault,
                })?;
                record(tx, "application_revoked", json!({ "application": id }))
            })
            .await?;
        self.reload().await
    }

    async fn reload(&self) -> Result<(), Fault> {
        let rows = self.store.read(store::applications::list).await?;
        let all = rows
            .into_iter()
            .map(|row| {
                Arc::new(Application {
                    id: row.id,
                    name: row.name,
                    origin: row.origin,
                    // A permission of another version is none.
                    permissions: row.permissions.iter().filter_map(|text| text.parse().ok()).collect(),
                    created_at: row.created_at,
                    expires_at: row.expires_at,
                    last_used: AtomicI64::new(row.last_used_at.map_or(0, OffsetDateTime::unix_timestamp)),
                })
            })
            .collect();
        *self.write() = Paired {
            all,
            tokens: Vec::new(),
        };
        Ok(())
    }

    fn seen(&self, hash: &TokenHash) -> Option<Arc<Application>> {
        let paired = self.read();
        // Every entry is compared, so that the time says nothing about which one fits.
        let mut found = None;
        for (known, application) in &paired.tokens {
            if known == hash {
                found = Some(Arc::clone(application));
            }
        }
        found
    }

    fn touch(&self, application: &Application, now: OffsetDateTime) {
        let (before, now) = (application.last_used.load(Ordering::Relaxed), now.unix_timestamp());
        let recently = i64::try_from(TOUCHED_EVERY.as_secs()).is_ok_and(|seconds| now - before < seconds);
        if recently || application.last_used.swap(now, Ordering::Relaxed) != before {
            return;
        }
        let (store, id) = (self.store.clone(), application.id);
        tokio::spawn(async move {
            if let Err(fault) = store.write(move |tx| store::applications::touch(tx, id)).await {
                tracing::warn!(%fault, "the last use of an application cannot be noted");
            }
        });
    }

    fn read(&self) -> RwLockReadGuard<'_, Paired> {
        self.paired.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Paired> {
        self.paired.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn record(tx: &store::Transaction<'_>, kind: &'static str, body: serde_json::Value) -> Result<(), Fault> {
    let entry = audit::Entry {
        kind,
        actor: audit::Actor::Person,
        job: None,
        body,
    };
    audit::append(tx, entry).map(drop)
}
