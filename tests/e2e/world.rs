//! What a test lives in: fixtures of its own, both services, an agent.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokensign_tests::agent::Agent;
use tokensign_tests::fixtures::{Tokens, service_profiles};
use tokensign_tests::programs;
use tokensign_tests::sandbox::{RunningSandbox, Sandbox, SandboxConfig};

/// Fixtures and an agent, without services.
pub(crate) struct World {
    pub(crate) agent: Agent,
    pub(crate) tokens: Tokens,
    directory: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_configuration("").await
    }

    /// With lines added to the fixtures' configuration.
    pub(crate) async fn with_configuration(lines: &str) -> Self {
        let (directory, tokens) = prepared(lines);
        Self::of(directory, tokens).await
    }

    /// With fixtures that were configured before.
    pub(crate) async fn of(directory: TempDir, tokens: Tokens) -> Self {
        let agent = Agent::start(&tokens.configuration()).await;
        Self {
            agent,
            tokens,
            directory,
        }
    }

    /// Around an agent that runs already.
    pub(crate) fn around(agent: Agent, tokens: Tokens, directory: TempDir) -> Self {
        Self {
            agent,
            tokens,
            directory,
        }
    }

    /// With lines added to the configuration's table `agent`.
    pub(crate) async fn with_agent_settings(lines: &str) -> Self {
        let (directory, tokens) = prepared("");
        tokens.configure_agent(lines);
        let agent = Agent::start(&tokens.configuration()).await;
        Self {
            agent,
            tokens,
            directory,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Runs a command with this world's configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        Command::new(programs::tokensign())
            .args(arguments)
            .arg("--config")
            .arg(self.tokens.configuration())
            .env("LANG", "C.UTF-8")
            .output()
            .unwrap()
    }

    /// The same at a terminal, in the language of a locale. When `prompt` stands there `answer` is typed; what was typed before is thrown
    /// away. Gives the exit code and what was to be read.
    pub(crate) fn at_a_terminal(&self, arguments: &[&str], locale: &str, prompt: &str, answer: &str) -> (i32, String) {
        programs::require("script", "bsdutils");
        let words: Vec<_> = arguments.iter().map(|word| format!("'{word}'")).collect();
        let configuration = self.tokens.configuration();
        let line = format!(
            "'{}' {} --config '{}'",
            programs::tokensign().display(),
            words.join(" "),
            configuration.display()
        );
        let mut script = Command::new("script")
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .env("LC_ALL", locale)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut typing, mut screen) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
        let mut seen = Vec::new();
        let mut is_typed = false;
        let mut piece = [0; 4096];
        while let Ok(size @ 1..) = screen.read(&mut piece) {
            seen.extend_from_slice(&piece[..size]);
            if !is_typed && String::from_utf8_lossy(&seen).contains(prompt) {
                typing.write_all(format!("{answer}\n").as_bytes()).unwrap();
                is_typed = true;
            }
        }
        let seen = String::from_utf8_lossy(&seen).into_owned();
        assert!(is_typed, "{prompt:?} is not asked: {seen}");
        (script.wait().unwrap().code().unwrap(), seen)
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A `--pin-source` for the token of that certificate.
    pub(crate) fn pin_source(&self, certificate: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let file = self.file("pin", self.tokens.certificate(certificate).pin.as_bytes());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        format!("file:{}", file.display())
    }

    /// Kills the agent and starts another one on the same configuration and state.
    pub(crate) async fn restart(&mut self, environment: &[(&str, &str)]) {
        self.agent.kill();
        self.agent = Agent::start_with(&self.tokens.configuration(), environment).await;
    }

    /// The audit log, the oldest entry first.
    pub(crate) async fn audit(&self) -> Vec<Value> {
        let mut entries = Vec::new();
        let mut before = i64::MAX;
        loop {
            let path = format!("/v1/audit?limit=1000&before={before}");
            let page = self.agent.get(&path).await;
            let page = page["entries"].as_array().unwrap().clone();
            let Some(last) = page.last() else { break };
            before = last["seq"].as_i64().unwrap();
            entries.extend(page);
        }
        entries.reverse();
        entries
    }

    /// How many signatures the audit log tells of. Each stands behind the approval of its document, and the log is whole.
    pub(crate) async fn signed_as_approved(&self) -> u64 {
        let mut approved = BTreeSet::new();
        let mut signed = 0;
        for entry in self.audit().await {
            let body = &entry["body"];
            match entry["kind"].as_str().unwrap() {
                "approved" => {
                    for item in body["items"].as_array().into_iter().flatten() {
                        approved.insert((body["approval"].to_string(), item["digest"].to_string()));
                    }
                }
                "signed" => {
                    signed += 1;
                    let what = (body["approval"].to_string(), body["digest"].to_string());
                    assert!(approved.contains(&what), "signed without an approval: {entry}");
                }
                _ => {}
            }
        }
        let verified = self.command(&["audit", "verify"]);
        assert!(verified.status.success(), "{verified:?}");
        signed
    }

    /// Asks for a signature over `content` as the owner; the answer's `id`.
    pub(crate) async fn request_signature(&self, certificate: &str, content: &[u8]) -> String {
        let answer = self.request(certificate, content).await;
        answer["id"]
            .as_str()
            .unwrap_or_else(|| panic!("no id in {answer}"))
            .to_owned()
    }

    pub(crate) async fn request(&self, certificate: &str, content: &[u8]) -> Value {
        let body = json!({
            "purpose": "signature",
            "certificate": certificate,
            "documents": [{ "name": "contract.txt", "reference": "r-1", "content": BASE64_STANDARD.encode(content) }],
        });
        self.agent
            .owner(Method::POST, "/v1/signatures")
            .json(&body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Verifies a signature with the independent verifier that knows its algorithm.
    pub(crate) fn verify(&self, certificate: &str, content: &[u8], signature: &[u8]) -> Result<(), String> {
        let content = self.file("verify-content", content);
        let signature = self.file("verify-signature.p7s", signature);
        self.tokens.verify(certificate, &signature, &content)
    }
}

/// The one signature of a finished request.
pub(crate) fn signature_of(resource: &Value) -> Vec<u8> {
    let signature = resource["documents"][0]["signature"]
        .as_str()
        .unwrap_or_else(|| panic!("no signature in {resource}"));
    BASE64_STANDARD.decode(signature).unwrap()
}

/// Fixtures in a directory of their own, with lines added to the configuration.
pub(crate) fn prepared(lines: &str) -> (TempDir, Tokens) {
    let directory = tempfile::Builder::new().prefix("ts-").tempdir().unwrap();
    let tokens = Tokens::copy_into(directory.path());
    tokens.configure(lines);
    (directory, tokens)
}

/// A world with both services.
pub(crate) struct Business {
    pub(crate) world: World,
    pub(crate) sandbox: RunningSandbox,
}

impl Business {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}, "", &[]).await
    }

    /// With the time for settling that the product has by itself: a repetition comes only once the service has surely answered.
    pub(crate) async fn patient() -> Self {
        Self::begin(|_| {}, |_, _| String::new(), &[], "").await
    }

    /// With changes to the sandbox's settings, more configuration, and environment variables for the agent.
    pub(crate) async fn with(
        change: impl FnOnce(&mut SandboxConfig),
        lines: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        Self::with_lines_of(change, |_, _| lines.to_owned(), environment).await
    }

    /// The same with lines that need to know the test's directory and the sandbox. They go on in the table `[mig24.test]`.
    pub(crate) async fn with_lines_of(
        change: impl FnOnce(&mut SandboxConfig),
        lines: impl FnOnce(&Path, &RunningSandbox) -> String,
        environment: &[(&str, &str)],
    ) -> Self {
        Self::begin(change, lines, environment, ", settling_seconds = 0.3").await
    }

    async fn begin(
        change: impl FnOnce(&mut SandboxConfig),
        lines: impl FnOnce(&Path, &RunningSandbox) -> String,
        environment: &[(&str, &str)],
        settling: &str,
    ) -> Self {
        let (directory, tokens) = prepared("");
        let mut config = tokens.sandbox_config();
        change(&mut config);
        let sandbox = Sandbox::start(config).unwrap();
        tokens.configure(&service_profiles(directory.path(), &sandbox, settling));
        tokens.configure(&lines(directory.path(), &sandbox));
        let agent = Agent::start_with(&tokens.configuration(), environment).await;
        Self {
            world: World {
                agent,
                tokens,
                directory,
            },
            sandbox,
        }
    }
}
