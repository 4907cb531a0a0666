//! A sandbox as a child process, and the control API seen from outside.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use uuid::Uuid;

use super::behaviour::Behaviour;
use super::control::InboxDocumentSeed;
use super::effects::Effect;
use super::faults::{FaultRule, FaultRules};
use super::request_log::LoggedRequest;
use super::server::Announcement;
use super::summary::Summary;

/// The `edo-sandbox` command, running. It is killed when dropped.
#[derive(Debug)]
pub struct SandboxProcess {
    child: Child,
    announcement: Announcement,
}

impl SandboxProcess {
    /// Runs the command with these arguments and waits for its first line.
    ///
    /// Integration tests find the command at `env!("CARGO_BIN_EXE_edo-sandbox")`.
    ///
    /// # Errors
    /// When the command cannot be run, or ends without announcing itself; its standard error is the caller's.
    pub fn spawn(command: &Path, arguments: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(command)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        match serde_json::from_str(&line) {
            Ok(announcement) => Ok(Self { child, announcement }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(io::Error::other(format!(
                    "edo-sandbox does not announce itself: {error}"
                )))
            }
        }
    }

    /// What it said of itself.
    pub fn announcement(&self) -> &Announcement {
        &self.announcement
    }

    /// Its control API.
    pub fn control(&self) -> ControlClient {
        ControlClient::new(&self.announcement.base_url)
    }
}

impl Drop for SandboxProcess {
    fn drop(&mut self) {
        // Nothing is left to do about a child that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The control API of a sandbox in another process.
#[derive(Clone, Debug)]
pub struct ControlClient {
    base_url: String,
    http: reqwest::Client,
}

/// The control API cannot be reached, or refuses.
#[derive(Debug, Error)]
#[error("the sandbox's control API fails: {0}")]
pub struct ControlError(#[from] reqwest::Error);

impl ControlClient {
    /// The control API under a sandbox's base URL.
    pub fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            http: http_client(),
        }
    }

    /// Everything that took effect, oldest first.
    ///
    /// # Errors
    /// When the sandbox cannot be reached.
    pub async fn effects(&self) -> Result<Vec<Effect>, ControlError> {
        self.read("effects").await
    }

    /// Counts a document and a group, and what happened twice.
    ///
    /// # Errors
    /// When the sandbox cannot be reached.
    pub async fn summary(&self) -> Result<Summary, ControlError> {
        self.read("summary").await
    }

    /// Every request that arrived, oldest first.
    ///
    /// # Errors
    /// When the sandbox cannot be reached.
    pub async fn requests(&self) -> Result<Vec<LoggedRequest>, ControlError> {
        self.read("requests").await
    }

    /// Adds fault rules to those in force.
    ///
    /// # Errors
    /// When the sandbox cannot be reached.
    pub async fn faults(&self, rules: Vec<FaultRule>) -> Result<(), ControlError> {
        self.write(self.http.post(self.url("faults")), &FaultRules { rules })
            .await
            .map(drop)
    }

    /// Changes how the services behave.
    ///
    /// # Errors
    /// When the sandbox cannot be reached.
    pub async fn set_behaviour(&self, behaviour: &Behaviour) -> Result<(), ControlError> {
        self.write(self.http.put(self.url("behaviour")), behaviour)
            .await
            .map(drop)
    }

    /// Puts a document into the iDocs inbox and returns its id.
    ///
    /// # Errors
    /// When the sandbox cannot be reached, or the seed has no file.
    pub async fn seed_inbox_document(&self, seed: &InboxDocumentSeed) -> Result<Uuid, ControlError> {
        #[derive(serde::Deserialize)]
        struct Seeded {
            document_id: Uuid,
        }
        let answer = self
            .write(self.http.post(self.url("seed/idocs/inbox-document")), seed)
            .await?;
        Ok(answer.json::<Seeded>().await?.document_id)
    }

    /// Forgets what happened, all faults, and changes of behaviour.
    ///
    /// # Errors
    /// When the sandbox cannot be reached.
    pub async fn reset(&self) -> Result<(), ControlError> {
        self.write(self.http.post(self.url("reset")), &()).await.map(drop)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/_sandbox/{path}", self.base_url)
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, ControlError> {
        Ok(self
            .http
            .get(self.url(path))
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    async fn write(
        &self,
        request: reqwest::RequestBuilder,
        body: &impl Serialize,
    ) -> Result<reqwest::Response, ControlError> {
        Ok(request.json(body).send().await?.error_for_status()?)
    }
}

/// A client for a server on this machine: no proxy, whatever the environment says.
fn http_client() -> reqwest::Client {
    // Only the first one in a process counts; a later call finds it there and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client without special settings can always be built")
}
