//! Commands in a script, each its own agent: a PIN source that was refused is not tried again by the next one.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokensign_tests::agent::Agent;
use tokensign_tests::fixtures::Tokens;
use tokensign_tests::programs;

use crate::world::prepared;

const CERTIFICATE: &str = "gost-director";
const WRONG: &str = "00000000";

struct Script {
    directory: TempDir,
    tokens: Tokens,
}

impl Script {
    fn new() -> Self {
        let (directory, tokens) = prepared("");
        // The flags say nothing of wrong PINs: nothing but the agent itself keeps the script from the next try.
        tokens.gost_control(&json!({ "no_count_flags": true }));
        std::fs::write(directory.path().join("contract"), b"hello").unwrap();
        Self { directory, tokens }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn write_pin(&self, pin: &str) -> String {
        let file = self.path().join("pin");
        std::fs::write(&file, pin).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        format!("file:{}", file.display())
    }

    /// One command of the script; the code of its error, or nothing.
    fn sign(&self, source: &str, variables: &[(&str, &str)]) -> Option<String> {
        let output: Output = Command::new(programs::tokensign())
            .args(["--json", "sign", "--force", "--pin-source", source, "--cert"])
            .arg(self.tokens.certificate(CERTIFICATE).fingerprint)
            .arg(self.path().join("contract"))
            .arg("--config")
            .arg(self.tokens.configuration())
            .env("LANG", "C.UTF-8")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        if output.status.success() {
            return None;
        }
        let told: Value = serde_json::from_slice(&output.stderr)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        Some(told["code"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned())
    }

    /// Calls of C_Login and wrong PINs so far.
    fn spent(&self) -> (u64, u64) {
        let token = self.tokens.fixtures().gost_token_state().unwrap();
        (token.login_calls, token.wrong_pins)
    }
}

#[test]
fn a_file_with_a_wrong_pin_costs_one_try_until_it_is_written_again() {
    let script = Script::new();
    let pin = script.tokens.certificate(CERTIFICATE).pin;
    let source = script.write_pin(WRONG);
    assert_eq!(script.sign(&source, &[]).as_deref(), Some("pin_incorrect"));
    for _ in 0..3 {
        assert_eq!(script.sign(&source, &[]).as_deref(), Some("pin_not_sent_again"));
    }
    // Another name of the same file is the same source.
    let link = script.path().join("link");
    std::os::unix::fs::symlink(script.path().join("pin"), &link).unwrap();
    let by_link = format!("file:{}", link.display());
    assert_eq!(script.sign(&by_link, &[]).as_deref(), Some("pin_not_sent_again"));
    assert_eq!(script.spent(), (1, 1));

    script.write_pin(&pin);
    for _ in 0..2 {
        assert_eq!(script.sign(&source, &[]), None);
    }
    assert_eq!(script.spent(), (3, 1));

    // Nothing of either PIN is left behind.
    let state = script.tokens.fixtures().directory().join("state");
    for entry in std::fs::read_dir(state).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let holds = |pin: &str| bytes.windows(pin.len()).any(|window| window == pin.as_bytes());
        assert!(!holds(&pin) && !holds(WRONG), "{}", path.display());
    }
}

#[tokio::test]
async fn a_variable_with_a_wrong_pin_costs_one_try_until_a_person_signs() {
    let script = Script::new();
    let certificate = script.tokens.certificate(CERTIFICATE);
    let sign = |pin: &str| script.sign("env:SEAL_PIN", &[("SEAL_PIN", pin)]);
    assert_eq!(sign(WRONG).as_deref(), Some("pin_incorrect"));
    // Whether a variable has changed since, nobody can tell without keeping something of the PIN.
    for pin in [WRONG, "11111111", certificate.pin.as_str()] {
        assert_eq!(sign(pin).as_deref(), Some("pin_not_sent_again"));
    }
    assert_eq!(script.spent(), (1, 1));

    let mut agent = Agent::start(&script.tokens.configuration()).await;
    let body = json!({ "certificate": certificate.fingerprint, "documents": [{ "name": "a", "content": "YQ==" }] });
    let answer = agent.owner(reqwest::Method::POST, "/v1/signatures").json(&body);
    let answer: Value = answer.send().await.unwrap().json().await.unwrap();
    agent.approve(&certificate.pin).await;
    let path = format!("/v1/signatures/{}", answer["id"].as_str().unwrap());
    assert_eq!(agent.settled(&path).await["state"], "finished");
    agent.kill();

    assert_eq!(sign(&certificate.pin), None);
    assert_eq!(script.spent(), (3, 1));
}

/// The agent that a service manager starts again and again, with a wrong PIN in its configuration.
#[tokio::test]
async fn an_agent_that_is_started_again_does_not_send_the_configured_pin_again() {
    let script = Script::new();
    let certificate = script.tokens.certificate(CERTIFICATE);
    let source = script.write_pin(WRONG);
    let file = source.strip_prefix("file:").unwrap();
    let configuration = script.tokens.configuration();
    let text = std::fs::read_to_string(&configuration).unwrap();
    let policy = format!("fingerprint = \"{}\"\n", certificate.fingerprint);
    assert!(text.contains(&policy));
    let with_pin = text.replace(&policy, &format!("{policy}pin = {{ file = \"{file}\" }}\n"));
    std::fs::write(&configuration, with_pin).unwrap();
    for code in ["pin_incorrect", "pin_not_sent_again", "pin_not_sent_again"] {
        let agent = Agent::start(&configuration).await;
        let body = json!({ "certificate": certificate.fingerprint, "documents": [{ "name": "a", "content": "YQ==" }] });
        let answer = agent.owner(reqwest::Method::POST, "/v1/signatures").json(&body);
        let answer: Value = answer.send().await.unwrap().json().await.unwrap();
        let path = format!("/v1/signatures/{}", answer["id"].as_str().unwrap());
        if code == "pin_incorrect" {
            assert_eq!(agent.settled(&path).await["fault"]["code"], code);
        } else {
            // It waits for a person instead.
            let started = std::time::Instant::now();
            loop {
                let question = agent.question("approve").await;
                if question["notice"]["code"] == code {
                    break;
                }
                assert!(started.elapsed() < std::time::Duration::from_secs(60), "{question}");
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
        assert_eq!(script.spent(), (1, 1));
    }
}
