use std::sync::PoisonError;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use tokio::time::sleep;
use uuid::Uuid;

use super::bond::Bond;
use super::credentials::TokenHash;
use super::permission::{Permission, UnknownPermission};
use crate::config::ApplicationConfig;
use crate::consent::{CallerView, Desk};
use crate::messages::{Code, Fault};
use crate::store::applications::{NewApplication, Prepared, PreparedApplication};
use crate::store::{self, Store, audit};

/// A pairing that is not used for so long ends by itself.
const IDLE_PAGE: Duration = Duration::from_secs(30 * 24 * 3600);
const IDLE_PROGRAM: Duration = Duration::from_secs(90 * 24 * 3600);
/// The last use is written at most so often.
const TOUCHED_EVERY: Duration = Duration::from_secs(60);
/// The longest time between two looks at whether a pairing is over: the clock goes on while the machine sleeps, timers do not.
const LOOK: Duration = Duration::from_secs(30);

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
    /// The administrator's configuration paired it.
    pub(super) prepared: bool,
    /// The program that its token is bound to.
    pub(super) executable: Option<String>,
    pub(super) created_at: OffsetDateTime,
    expires_at: Option<OffsetDateTime>,
    /// What lasts of it.
    pub(super) bond: Bond,
}

impl Application {
    pub(super) fn last_used_at(&self) -> Option<OffsetDateTime> {
        self.bond.last_used_at()
    }

    /// Returns when it is not connected any more: the person ended that, or the pairing is over.
    pub(super) async fn ended(&self) {
        let over = async {
            loop {
                let Some(ends_at) = self.ends_at() else {
                    return std::future::pending().await;
                };
                match Duration::try_from(ends_at - OffsetDateTime::now_utc()) {
                    Ok(left) if !left.is_zero() => sleep(left.min(LOOK)).await,
                    Ok(_) | Err(_) => return,
                }
            }
        };
        tokio::select! {
            () = self.bond.ended() => {}
            () = over => {}
        }
    }

    /// How many of its questions may be before the person at once.
    fn most_questions(&self) -> usize {
        self.permissions
            .iter()
            .find_map(|permission| match permission {
                Permission::Questions(most) => Some(usize::from(*most)),
                _ => None,
            })
            .unwrap_or(1)
    }

    fn is_live(&self, now: OffsetDateTime) -> bool {
        self.ends_at().is_none_or(|ends_at| ends_at > now)
    }

    /// When the pairing is over by itself, if nothing more is heard of it.
    fn ends_at(&self) -> Option<OffsetDateTime> {
        // The administrator's configuration says how long they last.
        if self.prepared {
            return None;
        }
        let idle = if self.origin.is_some() { IDLE_PAGE } else { IDLE_PROGRAM };
        let last = self.last_used_at().unwrap_or(self.created_at);
        let unused = last + idle;
        Some(self.expires_at.map_or(unused, |expires_at| expires_at.min(unused)))
    }
}

/// The paired applications: a copy in memory of what the store says, for every request asks.
#[derive(Debug)]
pub(super) struct Applications {
    store: Store,
    desk: Desk,
    paired: RwLock<Paired>,
}

#[derive(Debug, Default)]
struct Paired {
    all: Vec<Arc<Application>>,
    /// Tokens that were seen since the start.
    tokens: Vec<(TokenHash, Arc<Application>)>,
}

impl Applications {
    /// Reads them from the store, after bringing those of the configuration up to date there.
    ///
    /// # Errors
    /// `config_invalid`, `store_failed`, `disk_full`.
    pub(super) async fn load(store: Store, desk: Desk, configured: &[ApplicationConfig]) -> Result<Self, Fault> {
        prepare(&store, configured).await?;
        let applications = Self {
            store,
            desk,
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

    /// Whether the connection of this application stands, be it used or not.
    pub(super) fn is_known(&self, id: Uuid) -> bool {
        self.read().all.iter().any(|application| application.id == id)
    }

    /// Whether nobody has shown the token of this application yet.
    pub(super) fn is_unused(&self, id: Uuid) -> bool {
        let all = &self.read().all;
        let application = all.iter().find(|application| application.id == id);
        application.is_some_and(|application| application.last_used_at().is_none())
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

    /// Pairs an application that `caller` asked for and the person confirmed at `prompter`, with its audit entry.
    ///
    /// # Errors
    /// `store_failed`, `disk_full`.
    pub(super) async fn pair(
        &self,
        application: NewApplication,
        caller: CallerView,
        prompter: Option<String>,
    ) -> Result<(), Fault> {
        self.store
            .write(move |tx| {
                store::applications::insert(tx, &application)?;
                let body = json!({
                    "application": application.id,
                    "name": application.name,
                    "origin": application.origin,
                    "permissions": application.permissions,
                    "caller": caller,
                    "prompter": prompter,
                });
                record(tx, "application_paired", body)
            })
            .await?;
        self.reload().await
    }

    /// Gives an application another name.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`, `disk_full`.
    pub(super) async fn rename(&self, id: Uuid, name: String) -> Result<Arc<Application>, Fault> {
        self.store
            .write(move |tx| {
                store::applications::rename(tx, id, &name).map_err(no_such_application)?;
                record(tx, "application_renamed", json!({ "application": id, "name": name }))
            })
            .await?;
        self.reload().await?;
        self.all()
            .into_iter()
            .find(|application| application.id == id)
            .ok_or_else(|| no_such_application(Fault::new(Code::NoSuchItem)))
    }

    /// Ends a pairing; its token is worth nothing from now on.
    ///
    /// # Errors
    /// `no_such_item`, `store_failed`, `disk_full`.
    pub(super) async fn revoke(&self, id: Uuid) -> Result<(), Fault> {
        self.store
            .write(move |tx| {
                store::applications::revoke(tx, id).map_err(no_such_application)?;
                record(tx, "application_revoked", json!({ "application": id }))
            })
            .await?;
        self.reload().await
    }

    async fn reload(&self) -> Result<(), Fault> {
        let rows = self.store.read(store::applications::list).await?;
        let mut paired = self.write();
        let bond_of = |id, last_used: Option<OffsetDateTime>| {
            let known = paired.all.iter().find(|application| application.id == id);
            known.map_or_else(
                || Bond::new(last_used.map_or(0, OffsetDateTime::unix_timestamp)),
                |known| known.bond.clone(),
            )
        };
        let all: Vec<Arc<Application>> = rows
            .into_iter()
            .map(|row| {
                Arc::new(Application {
                    id: row.id,
                    name: row.name,
                    origin: row.origin,
                    // A permission of another version is none.
                    permissions: row.permissions.iter().filter_map(|text| text.parse().ok()).collect(),
                    prepared: row.prepared,
                    executable: row.executable,
                    created_at: row.created_at,
                    expires_at: row.expires_at,
                    bond: bond_of(row.id, row.last_used_at),
                })
            })
            .collect();
        for application in &all {
            self.desk.allow_questions(application.id, application.most_questions());
        }
        for before in &paired.all {
            if all.iter().all(|application| application.id != before.id) {
                before.bond.end();
            }
        }
        *paired = Paired {
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
        let (before, now) = (application.bond.last_used(), now.unix_timestamp());
        let recently = i64::try_from(TOUCHED_EVERY.as_secs()).is_ok_and(|seconds| now - before < seconds);
        if recently || !application.bond.used(before, now) {
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

/// Pairs what the configuration names.
async fn prepare(store: &Store, configured: &[ApplicationConfig]) -> Result<(), Fault> {
    let prepared: Vec<_> = configured.iter().map(prepared).collect::<Result<_, _>>()?;
    store
        .write(move |tx| {
            for prepared in &prepared {
                if store::applications::prepare(tx, prepared)? != Prepared::Changed {
                    continue;
                }
                let body = json!({
                    "application": prepared.application.id,
                    "name": prepared.application.name,
                    "origin": prepared.application.origin,
                    "executable": prepared.executable,
                    "permissions": prepared.application.permissions,
                });
                let entry = audit::Entry {
                    kind: "application_prepared",
                    actor: audit::Actor::Agent,
                    job: None,
                    body,
                };
                audit::append(tx, entry)?;
            }
            // One that the configuration no longer names is over.
            let named: Vec<_> = prepared.iter().map(|prepared| prepared.application.id).collect();
            for application in store::applications::list(tx)? {
                if application.prepared && !named.contains(&application.id) {
                    store::applications::forget(tx, application.id)?;
                    record(
                        tx,
                        "application_revoked",
                        json!({ "application": application.id, "why": "configuration" }),
                    )?;
                }
            }
            Ok(())
        })
        .await
}

fn prepared(configured: &ApplicationConfig) -> Result<PreparedApplication, Fault> {
    let mut token_hash = [0; 32];
    hex::decode_to_slice(&configured.token_sha256, &mut token_hash).map_err(Fault::internal)?;
    let permissions: Vec<Permission> = configured
        .permissions
        .iter()
        .map(|text| text.parse())
        .collect::<Result<_, UnknownPermission>>()
        .map_err(|error| {
            Fault::new(Code::ConfigInvalid).arg("reason", format_args!("applications.permissions: {error}"))
        })?;
    // The same entry is the same application after each start, and another token another one.
    let id = uuid::Builder::from_custom_bytes(*token_hash.first_chunk().unwrap_or(&[0; 16])).into_uuid();
    Ok(PreparedApplication {
        application: NewApplication {
            id,
            name: configured.name.clone(),
            origin: configured.origin.clone(),
            permissions: permissions.iter().map(Permission::to_string).collect(),
            token_hash,
            expires_at: None,
        },
        executable: configured
            .executable
            .as_ref()
            .map(|path| path.to_string_lossy().into_owned()),
    })
}

fn no_such_application(fault: Fault) -> Fault {
    match fault.code() {
        Code::NoSuchItem => Fault::new(Code::NoSuchItem).arg("item", "application"),
        _ => fault,
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
