use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::applications::Applications;
use super::bucket::Bucket;
use super::caller::{Caller, called};
use super::credentials::{FreshToken, TokenHash, six_digits};
use super::permission::Permission;
use super::problem::rate_limited;
use crate::consent::{CallerView, Desk, PairingView, QuestionBody};
use crate::messages::{Code, Fault};
use crate::store::applications::NewApplication;
use crate::store::{Store, audit};

/// How long a pairing waits for the person, and how long its outcome may then be fetched.
const LIFETIME: Duration = Duration::from_secs(300);
/// So many pairings may be asked for in a minute, by all together.
const A_MINUTE: u32 = 5;

/// Pairings that wait for the person, or whose outcome waits to be fetched. In memory only.
#[derive(Debug)]
pub(super) struct Pairings {
    desk: Desk,
    applications: Arc<Applications>,
    store: Store,
    shutdown: CancellationToken,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bucket: Bucket,
    pairings: HashMap<Uuid, Pairing>,
}

#[derive(Debug)]
struct Pairing {
    secret: TokenHash,
    asker: Asker,
    expires: Instant,
    outcome: Outcome,
    prompters: Vec<String>,
}

/// Who may have only one pairing waiting: an origin, or a program.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Asker {
    Origin(String),
    Program(Option<String>),
}

#[derive(Debug)]
enum Outcome {
    Waiting,
    Confirmed {
        application: Uuid,
        /// For whoever holds the secret, until it was used: an answer may be lost on its way.
        token: Option<FreshToken>,
    },
    Refused,
    Expired,
}

/// A pairing that was just asked for.
pub(super) struct Begun {
    pub(super) id: Uuid,
    /// What the asker shows when it polls.
    pub(super) secret: FreshToken,
    /// What the asker shows the person.
    pub(super) code: String,
    pub(super) expires_at: OffsetDateTime,
}

/// How a pairing stands.
pub(super) enum Standing {
    /// The person has not decided; they see it at these prompters.
    Waiting { prompters: Vec<String> },
    /// Confirmed; the token comes until it was used.
    Confirmed(Option<FreshToken>),
    /// Refused by the person.
    Refused,
    /// Nobody answered in time.
    Expired,
}

impl Pairings {
    pub(super) fn new(desk: Desk, applications: Arc<Applications>, store: Store, shutdown: CancellationToken) -> Self {
        Self {
            desk,
            applications,
            store,
            shutdown,
            state: Mutex::new(State {
                bucket: Bucket::new(A_MINUTE, Duration::from_secs(60)),
                pairings: HashMap::new(),
            }),
        }
    }

    /// Asks the person whether `name` may call from now on.
    ///
    /// # Errors
    /// `rate_limited` when too many ask, or this one's last pairing still waits.
    pub(super) async fn begin(
        self: &Arc<Self>,
        caller: &Caller,
        name: String,
        permissions: Vec<Permission>,
    ) -> Result<Begun, Fault> {
        let processes = caller.processes().await;
        let process = processes.first().map(called);
        let asker = match &caller.origin {
            Some(origin) => Asker::Origin(origin.clone()),
            None => Asker::Program(process.clone()),
        };
        let begun = Begun {
            id: Uuid::new_v4(),
            secret: FreshToken::generate("")?,
            code: six_digits()?,
            expires_at: OffsetDateTime::now_utc() + LIFETIME,
        };
        {
            let mut state = self.lock();
            state.drop_old();
            let waiting = state
                .pairings
                .values()
                .find(|pairing| pairing.asker == asker && matches!(pairing.outcome, Outcome::Waiting));
            if let Some(pairing) = waiting {
                return Err(rate_limited(pairing.expires.saturating_duration_since(Instant::now()))
                    .detail("a pairing of this caller waits already"));
            }
            state.bucket.take().map_err(rate_limited)?;
            state.pairings.insert(
                begun.id,
                Pairing {
                    secret: begun.secret.hash(),
                    asker,
                    expires: Instant::now() + LIFETIME,
                    outcome: Outcome::Waiting,
                    prompters: Vec::new(),
                },
            );
        }
        let view = CallerView {
            application: None,
            name: name.clone(),
            verified: caller.origin.is_some() || process.is_some(),
            origin: caller.origin.clone(),
            process,
            processes,
        };
        let body = QuestionBody::Pair {
            pairing: PairingView {
                name: name.clone(),
                origin: caller.origin.clone(),
                code: begun.code.clone(),
                permissions: permissions.iter().map(Permission::to_string).collect(),
            },
        };
        let asked = self.desk.ask_other(view.clone(), None, body, LIFETIME);
        tokio::spawn(Arc::clone(self).settle(begun.id, asked, view, name, permissions));
        Ok(begun)
    }

    /// How a pairing stands; gives the token of a confirmed one until it was used, for as long as an outcome is kept.
    ///
    /// # Errors
    /// `pairing_failed` when the secret is another's; the same when there is no such pairing, so that neither tells.
    pub(super) fn poll(&self, id: Uuid, secret: &str) -> Result<Standing, Fault> {
        let hash = TokenHash::of(secret);
        let mut state = self.lock();
        state.drop_old();
        let pairing = state
            .pairings
            .get_mut(&id)
            .filter(|pairing| pairing.secret == hash)
            .ok_or_else(|| Fault::new(Code::PairingFailed).detail("there is no pairing with this id and secret"))?;
        Ok(match &mut pairing.outcome {
            Outcome::Waiting => {
                let mut prompters = self.desk.prompters();
                if prompters.is_empty() {
                    prompters.clone_from(&pairing.prompters);
                }
                Standing::Waiting { prompters }
            }
            Outcome::Confirmed { application, token } => {
                if !self.applications.is_unused(*application) {
                    *token = None;
                }
                Standing::Confirmed(token.clone())
            }
            Outcome::Refused => Standing::Refused,
            Outcome::Expired => Standing::Expired,
        })
    }

    async fn settle(
        self: Arc<Self>,
        id: Uuid,
        mut asked: crate::consent::Asked,
        caller: CallerView,
        name: String,
        permissions: Vec<Permission>,
    ) {
        if let Some(pairing) = self.lock().pairings.get_mut(&id) {
            pairing.prompters = asked.prompters();
        }
        let decision = tokio::select! {
            decision = asked.decision() => decision,
            () = self.shutdown.cancelled() => return,
        };
        let outcome = match decision {
            Ok(_) => match self.pair(caller, asked.prompter(), name, &permissions).await {
                Ok((application, token)) => Outcome::Confirmed {
                    application,
                    token: Some(token),
                },
                Err(fault) => {
                    tracing::error!(%fault, "a confirmed pairing cannot be stored");
                    Outcome::Refused
                }
            },
            Err(fault) => {
                self.note_unpaired(&caller, asked.prompter(), &permissions, fault.code())
                    .await;
                match fault.code() {
                    Code::Expired => Outcome::Expired,
                    _ => Outcome::Refused,
                }
            }
        };
        if let Some(pairing) = self.lock().pairings.get_mut(&id) {
            pairing.outcome = outcome;
            pairing.expires = Instant::now() + LIFETIME;
        }
    }

    /// Records that somebody asked for a pairing and did not get it.
    async fn note_unpaired(&self, caller: &CallerView, prompter: Option<&str>, permissions: &[Permission], code: Code) {
        let entry = audit::Entry {
            kind: "pairing_not_confirmed",
            actor: audit::Actor::of_refusal(code),
            job: None,
            body: json!({
                "code": code,
                "caller": caller,
                "permissions": permissions.iter().map(Permission::to_string).collect::<Vec<_>>(),
                "prompter": prompter,
            }),
        };
        if let Err(fault) = self.store.write(move |tx| audit::append(tx, entry)).await {
            tracing::error!(%fault, "a pairing that was not confirmed cannot be recorded");
        }
    }

    async fn pair(
        &self,
        caller: CallerView,
        prompter: Option<&str>,
        name: String,
        permissions: &[Permission],
    ) -> Result<(Uuid, FreshToken), Fault> {
        let (id, token) = (Uuid::now_v7(), FreshToken::generate("ts_")?);
        let application = NewApplication {
            id,
            name,
            origin: caller.origin.clone(),
            permissions: permissions.iter().map(Permission::to_string).collect(),
            token_hash: *token.hash().as_bytes(),
            expires_at: None,
        };
        self.applications
            .pair(application, caller, prompter.map(str::to_owned))
            .await?;
        Ok((id, token))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn drop_old(&mut self) {
        // One that waits is settled by its question's deadline and then kept for another lifetime.
        self.pairings
            .retain(|_, pairing| matches!(pairing.outcome, Outcome::Waiting) || pairing.expires > Instant::now());
    }
}
