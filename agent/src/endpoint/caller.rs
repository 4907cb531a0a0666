use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use uuid::Uuid;

use super::applications::Application;
use super::bond::{Bond, Held};
use super::credentials::TokenHash;
use super::permission::Permission;
use super::problem::Problem;
use crate::consent::{CallerView, ProcessView};
use crate::messages::{Code, Fault};
use crate::platform::Peer;

/// Who calls, as the guard found out. Handlers take it as an extractor.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    /// The web origin, from the browser's header, where the guard let a foreign one pass.
    pub(crate) origin: Option<String>,
    /// The other end of the connection, where the kernel knows it. For display, never for permission.
    pub(super) peer: Option<Peer>,
}

/// In what quality a caller calls.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// Nobody in particular.
    Anyone,
    /// The person's own command line: the Unix socket, or the owner token.
    Owner,
    /// The page, with its short token.
    Page(TokenHash),
    /// A paired application.
    Application(Arc<Application>),
}

impl Caller {
    /// The paired application's id; `None` for the person's own tools.
    pub(crate) fn application(&self) -> Option<Uuid> {
        match &self.identity {
            Identity::Application(application) => Some(application.id),
            Identity::Anyone | Identity::Owner | Identity::Page(_) => None,
        }
    }

    /// Whether it is the person's own command line or page.
    pub(crate) fn is_person(&self) -> bool {
        matches!(self.identity, Identity::Owner | Identity::Page(_))
    }

    /// Returns when a paired application is connected no more; never for others.
    pub(super) async fn ended(&self) {
        match &self.identity {
            Identity::Application(application) => application.ended().await,
            Identity::Anyone | Identity::Owner | Identity::Page(_) => std::future::pending().await,
        }
    }

    /// Counts a stream of events as one more that this caller has open.
    ///
    /// # Errors
    /// `rate_limited` when an application has too many.
    pub(super) fn hold_stream(&self) -> Result<Option<Held>, Fault> {
        self.bond().map(Bond::stream).transpose()
    }

    /// Counts a call as one more of this caller's that wait.
    ///
    /// # Errors
    /// `rate_limited` when an application has too many.
    pub(super) fn hold_wait(&self) -> Result<Option<Held>, Fault> {
        self.bond().map(Bond::wait).transpose()
    }

    /// The person's own tools have no limits.
    fn bond(&self) -> Option<&Bond> {
        match &self.identity {
            Identity::Application(application) => Some(&application.bond),
            Identity::Anyone | Identity::Owner | Identity::Page(_) => None,
        }
    }

    /// Whether it may do what `permission` stands for. The command line may do everything; the page looks and decides only.
    pub(crate) fn may(&self, permission: &Permission) -> bool {
        match &self.identity {
            Identity::Owner => true,
            Identity::Page(_) => *permission == Permission::Certificates,
            Identity::Application(application) => application.permissions.iter().any(|held| held.covers(permission)),
            Identity::Anyone => false,
        }
    }

    /// As [`Caller::may`], as a result.
    ///
    /// # Errors
    /// `permission_denied` with the permission's name.
    pub(crate) fn require(&self, permission: &Permission) -> Result<(), Fault> {
        if self.may(permission) {
            return Ok(());
        }
        Err(Fault::new(Code::PermissionDenied).arg("permission", permission))
    }

    /// Whether something that belongs to `application` (or to the person, when `None`) is this caller's to see.
    pub(crate) fn owns(&self, application: Option<Uuid>) -> bool {
        match &self.identity {
            Identity::Owner | Identity::Page(_) => true,
            Identity::Application(own) => Some(own.id) == application,
            Identity::Anyone => false,
        }
    }

    /// How it is shown to the person.
    pub(crate) async fn view(&self) -> CallerView {
        let processes = self.processes().await;
        let process = processes.first().map(called);
        match &self.identity {
            Identity::Application(application) => CallerView {
                application: Some(application.id),
                name: application.name.clone(),
                verified: self.origin.is_some() || process.is_some(),
                origin: self.origin.clone(),
                process,
                processes,
            },
            Identity::Anyone | Identity::Owner | Identity::Page(_) => CallerView {
                application: None,
                name: "tokensign".to_owned(),
                verified: true,
                origin: None,
                process,
                processes,
            },
        }
    }

    /// The calling program and those that started it, where the system tells. Searching for them takes milliseconds.
    pub(super) async fn processes(&self) -> Vec<ProcessView> {
        // A page's program is the browser; its origin says more.
        if self.origin.is_some() {
            return Vec::new();
        }
        let Some(peer) = self.peer.clone() else {
            return Vec::new();
        };
        let found = match peer.processes_told() {
            Some(told) => told,
            None => tokio::task::spawn_blocking(move || peer.processes())
                .await
                .unwrap_or_default(),
        };
        let views = found.into_iter().map(|process| ProcessView {
            pid: process.pid,
            name: process.name,
            executable: process.executable.map(|path| path.display().to_string()),
        });
        views.collect()
    }
}

/// A process in one line: its file and number.
pub(super) fn called(process: &ProcessView) -> String {
    let ProcessView { pid, name, executable } = process;
    format!("{} ({pid})", executable.as_ref().unwrap_or(name))
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem(Fault::internal("the guard left no caller")))
    }
}
