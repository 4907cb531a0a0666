use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokensign::config::Config;
use tokensign::endpoint::{Agent, RunningAgent, StartOptions};
use tokio::net::UnixStream;

use crate::client::{Answer, Request, Wire};

/// An agent of this test alone, without tokens.
pub(crate) struct Running {
    agent: RunningAgent,
    pub(crate) address: SocketAddr,
    pub(crate) owner: String,
    dir: TempDir,
}

/// A configuration whose agent lives in `dir`, finds no tokens and opens nothing.
pub(crate) fn configuration(dir: &Path) -> Config {
    let mut config = Config::default();
    config.agent.state_dir = Some(dir.join("state"));
    config.agent.runtime_dir = Some(dir.join("run"));
    config.agent.open_page = false;
    config.discovery.enabled = false;
    config.endpoint.listen = Some(([127, 0, 0, 1], 0).into());
    config
}

impl Running {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = StartOptions {
            tcp: true,
            queues: false,
        };
        let agent = Agent::start(configuration(dir.path()), options).await.unwrap();
        Self::started(agent, dir)
    }

    /// One that was started in `dir`.
    pub(crate) fn started(agent: RunningAgent, dir: TempDir) -> Self {
        Self {
            address: agent.http_addr().unwrap(),
            owner: agent.owner_token().expose_secret().to_owned(),
            agent,
            dir,
        }
    }

    /// Stops it and gives its directory, for another start.
    pub(crate) async fn stop_and_keep(self) -> TempDir {
        self.agent.shutdown().await;
        self.dir
    }

    pub(crate) async fn stop(self) {
        self.agent.shutdown().await;
    }

    pub(crate) fn socket(&self) -> std::path::PathBuf {
        self.agent.socket_path().to_owned()
    }

    pub(crate) fn runtime_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("run")
    }

    pub(crate) fn directory(&self) -> std::path::PathBuf {
        self.dir.path().to_owned()
    }

    pub(crate) fn state_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("state")
    }

    pub(crate) fn own_origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A request over TCP.
    pub(crate) fn request(&self, line: &str) -> Request {
        Request::new(self.address, line)
    }

    /// A request of the person's command line over TCP.
    pub(crate) fn owned(&self, line: &str) -> Request {
        self.request(line).bearer(&self.owner)
    }

    pub(crate) async fn send(&self, request: &Request) -> Answer {
        request.send(self.address).await
    }

    /// Sends a request over the Unix socket.
    pub(crate) async fn send_local(&self, request: &Request) -> Answer {
        let stream = UnixStream::connect(self.agent.socket_path()).await.unwrap();
        Wire::new(stream).exchange(&request.bytes()).await
    }

    /// The question that waits, once there is one.
    pub(crate) async fn question(&self) -> Value {
        for _ in 0..100 {
            let mut answer = self.send(&self.owned("GET /v1/questions")).await.json();
            if let Some(question) = answer["questions"].as_array_mut().unwrap().pop() {
                return question;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no question comes");
    }

    /// Decides on a question as the command line.
    pub(crate) async fn decide(&self, question: &Value, decision: &str) -> Answer {
        let line = format!("POST /v1/questions/{}/decision", question["id"].as_str().unwrap());
        let body = json!({ "decision": decision, "shown": question["shown"], "prompter": "terminal" });
        self.send(&self.owned(&line).json(&body)).await
    }

    /// Pairs an application (a page, when it has an origin) and gives its token.
    pub(crate) async fn pair(&self, origin: Option<&str>, permissions: &[&str]) -> String {
        let with_origin = |request: Request| match origin {
            Some(origin) => request.header("Origin", origin),
            None => request,
        };
        let ask = self
            .request("POST /v1/pairings")
            .json(&json!({ "name": "Бухгалтерия", "permissions": permissions }));
        let answer = self.send(&with_origin(ask)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let begun = answer.json();
        let question = self.question().await;
        assert_eq!(question["pairing"]["code"], begun["code"]);
        assert_eq!(self.decide(&question, "approve").await.status, 202);
        let poll = self
            .request(&format!("GET /v1/pairings/{}", begun["id"].as_str().unwrap()))
            .header(
                "Authorization",
                &format!("Pairing {}", begun["secret"].as_str().unwrap()),
            );
        for _ in 0..100 {
            let standing = self.send(&with_origin(poll.clone())).await.json();
            if standing["state"] == "confirmed" {
                return standing["token"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the pairing is not confirmed");
    }

    /// Opens a page session by a one-time link.
    pub(crate) async fn page_token(&self) -> String {
        let link = self.send(&self.owned("POST /v1/links")).await.json();
        let (_, code) = link["url"].as_str().unwrap().split_once("#code=").unwrap();
        let trade = self
            .request("POST /v1/page-sessions")
            .header("Origin", &self.own_origin())
            .header("Sec-Fetch-Site", "same-origin")
            .json(&json!({ "code": code }));
        let session = self.send(&trade).await;
        assert_eq!(session.status, 201, "{session:?}");
        session.json()["token"].as_str().unwrap().to_owned()
    }
}
