//! A running `tokensign serve` with a state of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::programs;

/// How long the agent may take to start, and a question to appear.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running agent. Killed when dropped.
pub struct Agent {
    child: Child,
    configuration: PathBuf,
    log: PathBuf,
    endpoint: Endpoint,
    client: reqwest::Client,
}

/// What `endpoint.json` says.
#[derive(Clone, Debug)]
struct Endpoint {
    http: String,
    owner_token: String,
}

impl Agent {
    /// Starts `tokensign serve` with a configuration file and waits until it answers.
    ///
    /// # Panics
    /// When it does not start; with its log.
    pub async fn start(configuration: &Path) -> Self {
        Self::start_with(configuration, &[]).await
    }

    /// Starts it with additional environment variables (`FAILPOINTS`, for instance).
    ///
    /// # Panics
    /// When it does not start; with its log.
    pub async fn start_with(configuration: &Path, environment: &[(&str, &str)]) -> Self {
        Self::serve(configuration, &["--listen", "127.0.0.1:0"], environment).await
    }

    /// Starts it without a port of its own: it takes the first free one of its range.
    ///
    /// # Panics
    /// When it does not start; with its log.
    pub async fn start_on_default_port(configuration: &Path) -> Self {
        Self::serve(configuration, &[], &[]).await
    }

    async fn serve(configuration: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let directory = configuration.parent().expect("the configuration lies in a directory");
        let log = directory.join("agent.log");
        let endpoint_file = runtime_directory(configuration).join("endpoint.json");
        let _ = std::fs::remove_file(&endpoint_file);
        let file = File::options()
            .append(true)
            .create(true)
            .open(&log)
            .expect("the log can be written");
        let mut command = Command::new(programs::tokensign());
        command
            .arg("serve")
            .args(arguments)
            .arg("--config")
            .arg(configuration)
            .env("TOKENSIGN_LOG", "debug")
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let mut child = command.spawn().expect("tokensign starts");
        let started = Instant::now();
        let endpoint = loop {
            if let Some(endpoint) = Endpoint::read(&endpoint_file) {
                break endpoint;
            }
            if let Ok(Some(status)) = child.try_wait() {
                panic!(
                    "tokensign ended with {status}:\n{}",
                    std::fs::read_to_string(&log).unwrap_or_default()
                );
            }
            assert!(
                started.elapsed() < PATIENCE,
                "tokensign does not start:\n{}",
                std::fs::read_to_string(&log).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        Self {
            child,
            configuration: configuration.to_owned(),
            log,
            endpoint,
            client: client(),
        }
    }

    /// Waits until the process has ended by itself (a failpoint).
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn wait_for_end(&mut self) {
        let started = Instant::now();
        while self.child.try_wait().expect("the child can be waited for").is_none() {
            assert!(started.elapsed() < PATIENCE * 2, "the agent goes on:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether the process still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that it has held (`VmHWM`), in MiB.
    ///
    /// # Panics
    /// When it does not run any more.
    pub fn peak_mib(&self) -> u64 {
        peak_mib(self.pid()).expect("the agent runs")
    }

    /// Its configuration file.
    pub fn configuration(&self) -> &Path {
        &self.configuration
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its base URL.
    pub fn url(&self) -> &str {
        &self.endpoint.http
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        runtime_directory(&self.configuration).join("agent.sock")
    }

    /// The owner's token.
    pub fn owner_token(&self) -> &str {
        &self.endpoint.owner_token
    }

    /// What the agent answers the person's own tools at `path`, read as JSON.
    ///
    /// # Panics
    /// When there is no such answer.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.owner(Method::GET, path).send().await.expect("the agent answers");
        answer.json().await.expect("the answer is JSON")
    }

    /// A request as its owner.
    pub fn owner(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.endpoint.http))
            .bearer_auth(&self.endpoint.owner_token)
    }

    /// A request without any authority.
    pub fn stranger(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.endpoint.http))
    }

    /// A request as a paired application.
    pub fn application(&self, token: &str, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.endpoint.http))
            .bearer_auth(token)
    }

    /// Pairs an application: asks, confirms as the owner, polls for its token.
    ///
    /// # Panics
    /// When the agent does not pair it.
    pub async fn pair(&self, name: &str, permissions: &[&str]) -> String {
        let pairing: Value = self
            .stranger(Method::POST, "/v1/pairings")
            .json(&json!({ "name": name, "permissions": permissions }))
            .send()
            .await
            .expect("the agent answers")
            .json()
            .await
            .expect("a pairing is JSON");
        let question = self.question("pair").await;
        assert_eq!(
            question["pairing"]["code"], pairing["code"],
            "the person sees the application's code"
        );
        self.decide(&question, json!({ "decision": "approve" }))
            .await
            .expect("the pairing is confirmed");
        let path = format!("/v1/pairings/{}", pairing["id"].as_str().expect("a pairing has an id"));
        let secret = format!(
            "Pairing {}",
            pairing["secret"].as_str().expect("a pairing has a secret")
        );
        let started = Instant::now();
        loop {
            let answer: Value = self
                .stranger(Method::GET, &path)
                .header("authorization", &secret)
                .send()
                .await
                .expect("the agent answers")
                .json()
                .await
                .expect("a pairing is JSON");
            if let Some(token) = answer["token"].as_str() {
                return token.to_owned();
            }
            assert!(started.elapsed() < PATIENCE, "no token: {answer}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits for a question of a kind that awaits a decision.
    ///
    /// # Panics
    /// When none comes in time.
    pub async fn question(&self, kind: &str) -> Value {
        let started = Instant::now();
        loop {
            if let Some(question) = self
                .waiting()
                .await
                .into_iter()
                .find(|question| question["kind"] == kind)
            {
                return question;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "no question of kind {kind}:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Questions that await a decision now.
    ///
    /// # Panics
    /// When the agent does not answer.
    pub async fn waiting(&self) -> Vec<Value> {
        self.questions().await.expect("the agent answers")
    }

    /// The same, of an agent that may be gone.
    pub async fn try_waiting(&self) -> Vec<Value> {
        self.questions().await.unwrap_or_default()
    }

    async fn questions(&self) -> Result<Vec<Value>, reqwest::Error> {
        let answer: Value = self.owner(Method::GET, "/v1/questions").send().await?.json().await?;
        let questions = answer["questions"].as_array().cloned().unwrap_or_default();
        Ok(questions
            .into_iter()
            .filter(|question| question["state"] == "waiting")
            .collect())
    }

    /// Decides a question as the terminal would; members of `decision` are added to what every decision carries.
    ///
    /// # Errors
    /// The problem that the agent answers.
    ///
    /// # Panics
    /// When the agent does not answer.
    pub async fn decide(&self, question: &Value, decision: Value) -> Result<Value, Value> {
        self.try_decide(question, decision).await.expect("the agent answers")
    }

    /// The same, of an agent that may be gone.
    ///
    /// # Errors
    /// When there is no answer.
    ///
    /// # Panics
    /// When the question has no id.
    pub async fn try_decide(&self, question: &Value, decision: Value) -> Result<Result<Value, Value>, reqwest::Error> {
        let mut body = json!({ "shown": question["shown"], "prompter": "terminal" });
        if let (Some(body), Some(decision)) = (body.as_object_mut(), decision.as_object()) {
            body.extend(decision.clone());
        }
        let path = format!(
            "/v1/questions/{}/decision",
            question["id"].as_str().expect("a question has an id")
        );
        let answer = self.owner(Method::POST, &path).json(&body).send().await?;
        let accepted = answer.status().is_success();
        let body: Value = answer.json().await?;
        Ok(if accepted { Ok(body) } else { Err(body) })
    }

    /// Waits for the next approval and gives it with a PIN.
    ///
    /// # Panics
    /// When no question comes or the decision is not taken.
    pub async fn approve(&self, pin: &str) -> Value {
        let question = self.question("approve").await;
        self.decide(&question, json!({ "decision": "approve", "pin": pin }))
            .await
            .expect("the approval is taken");
        question
    }

    /// Waits until a job or signature (a path) is as `condition` says.
    ///
    /// # Panics
    /// When that does not come in time.
    pub async fn until(&self, path: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let answer = self.owner(Method::GET, path).send().await.expect("the agent answers");
            let answer: Value = answer.json().await.expect("a job is JSON");
            if condition(&answer) {
                return answer;
            }
            assert!(started.elapsed() < PATIENCE, "not in time: {answer}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a job or signature (a path) is settled.
    ///
    /// # Panics
    /// When it is not settled in time.
    pub async fn settled(&self, path: &str) -> Value {
        let answer: Value = self
            .owner(Method::GET, path)
            .header("prefer", "wait=60")
            .send()
            .await
            .expect("the agent answers")
            .json()
            .await
            .expect("a job is JSON");
        assert_ne!(
            answer["state"],
            "running",
            "not settled in a minute: {answer}\n{}",
            self.log()
        );
        answer
    }
}

/// The most memory that a process has held (`VmHWM`), in MiB; `None` when it has ended.
pub fn peak_mib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? >> 10)
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Endpoint {
    fn read(file: &Path) -> Option<Self> {
        let endpoint: Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
        Some(Self {
            http: endpoint["http"].as_str()?.to_owned(),
            owner_token: endpoint["owner_token"].as_str()?.to_owned(),
        })
    }
}

/// The runtime directory that the fixtures' configuration names.
fn runtime_directory(configuration: &Path) -> PathBuf {
    configuration
        .parent()
        .expect("the configuration lies in a directory")
        .join("run")
}

/// A client that reaches loopback only and follows nothing.
fn client() -> reqwest::Client {
    // Both a second installation and an installed one are fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client without options can be built")
}
