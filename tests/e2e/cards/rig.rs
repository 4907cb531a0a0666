use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokensign_tests::agent::Agent;
use tokensign_tests::card::{Card, Identity, Inserted, Pcscd, Slot};
use tokensign_tests::openssl;

/// The modules that drive the card.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Module {
    OpenSc,
    YkCs11,
}

impl Module {
    pub(crate) const ALL: [Self; 2] = [Self::OpenSc, Self::YkCs11];

    /// Its file, where a distribution puts it.
    pub(crate) fn path(self) -> PathBuf {
        let (file, package) = match self {
            Self::OpenSc => ("opensc-pkcs11.so", "opensc-pkcs11"),
            Self::YkCs11 => ("libykcs11.so.2", "ykcs11"),
        };
        let multiarch = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
        let places = [multiarch.as_str(), "/usr/lib64", "/usr/lib64/pkcs11", "/usr/lib"];
        let found = places
            .iter()
            .map(|place| Path::new(place).join(file))
            .find(|path| path.exists());
        found.unwrap_or_else(|| panic!("{file} is missing: apt-get install {package}"))
    }
}

/// An agent over one module, with a PC/SC service and a card of its own. The card is not in the reader yet.
pub(crate) struct Rig {
    pub(crate) agent: Agent,
    pub(crate) service: Pcscd,
    pub(crate) card: Card,
    directory: TempDir,
}

/// How long anything may take that waits for a card.
const PATIENCE: Duration = Duration::from_secs(60);

impl Rig {
    pub(crate) async fn new(module: Module) -> Self {
        Self::over(&[module], "").await
    }

    /// Over several modules, with lines for the configuration's table `discovery`.
    pub(crate) async fn over(modules: &[Module], discovery: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("ts-").tempdir().unwrap();
        let service = Pcscd::start(&directory.path().join("pcsc"));
        let identity = Identity::create(&directory.path().join("identity"), 12_345_678);
        let (name, socket) = service.environment();
        let configuration = directory.path().join("tokensign.toml");
        let mut text = format!(
            "[agent]\nstate_dir = \"{directory}/state\"\nruntime_dir = \"{directory}/run\"\n\n\
             [discovery]\nenabled = false\n{discovery}\n",
            directory = directory.path().display(),
        );
        for module in modules {
            let path = module.path();
            text += &format!(
                "\n[[modules]]\npath = \"{}\"\nenv = {{ {name} = \"{socket}\" }}\n",
                path.display()
            );
        }
        std::fs::write(&configuration, text).unwrap();
        let agent = Agent::start_with(&configuration, &[(name, socket.as_str())]).await;
        Self {
            agent,
            service,
            card: Card::new(Arc::new(identity)),
            directory,
        }
    }

    /// Puts the card in and waits until the agent lists it.
    pub(crate) async fn insert(&self) -> Inserted {
        let inserted = self.card.insert(&self.service);
        self.listed(1).await;
        inserted
    }

    /// Waits until the agent lists so many tokens.
    pub(crate) async fn listed(&self, tokens: usize) -> Value {
        let started = Instant::now();
        loop {
            let answer = self.read("/v1/tokens").await;
            if answer["tokens"].as_array().map(Vec::len) == Some(tokens) {
                return answer;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "not {tokens} tokens: {answer}\n{}",
                self.agent.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        let answer = self.agent.owner(Method::GET, path).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Asks for signatures over so many documents; the path of the resource.
    pub(crate) async fn request(&self, slot: Slot, documents: usize) -> String {
        let documents: Vec<_> = (0..documents)
            .map(
                |number| json!({ "name": format!("{number}.txt"), "content": BASE64_STANDARD.encode(content(number)) }),
            )
            .collect();
        let body = json!({
            "purpose": "signature",
            "certificate": self.card.identity().fingerprint(slot),
            "documents": documents,
        });
        let answer = self
            .agent
            .owner(Method::POST, "/v1/signatures")
            .json(&body)
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        let id = answer["id"].as_str().unwrap_or_else(|| panic!("no id in {answer}"));
        format!("/v1/signatures/{id}")
    }

    /// Waits for the question to wait again after something went wrong, which its notice names.
    pub(crate) async fn asked_again(&self, code: &str) -> Value {
        self.asked_again_for_one_of(&[code]).await
    }

    /// The same, where either of several things may have been seen first.
    pub(crate) async fn asked_again_for_one_of(&self, codes: &[&str]) -> Value {
        let started = Instant::now();
        loop {
            let questions = self.agent.try_waiting().await;
            if let Some(question) = questions.iter().find(|question| question["notice"].is_object()) {
                let named = question["notice"]["code"].as_str().unwrap_or_default();
                assert!(codes.contains(&named), "{question}\n{}", self.agent.log());
                return question.clone();
            }
            assert!(
                started.elapsed() < PATIENCE,
                "no question because of {codes:?}: {questions:?}\n{}",
                self.agent.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Approves a question that waits.
    pub(crate) async fn approve(&self, question: &Value, pin: &str) {
        let decision = json!({ "decision": "approve", "pin": pin });
        self.agent
            .decide(question, decision)
            .await
            .expect("the approval is taken");
    }

    /// Waits until the request is settled, and has OpenSSL verify every signature of it.
    pub(crate) async fn verified(&self, path: &str, documents: usize) {
        let resource = self.agent.settled(path).await;
        assert_eq!(resource["state"], "finished", "{resource}\n{}", self.agent.log());
        for number in 0..documents {
            let signature = resource["documents"][number]["signature"].as_str();
            let signature = BASE64_STANDARD
                .decode(signature.unwrap_or_else(|| panic!("no signature {number} in {resource}")))
                .unwrap();
            self.verify(number, &signature);
        }
    }

    fn verify(&self, number: usize, signature: &[u8]) {
        let file = |name: &str, bytes: &[u8]| {
            let path = self.directory.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let (content, signature) = (file("content", &content(number)), file("signature.p7s", signature));
        openssl::verify(&signature, &content, &self.card.identity().ca(), None).unwrap();
    }
}

fn content(number: usize) -> Vec<u8> {
    format!("Счёт № {number}\r\n").into_bytes()
}
