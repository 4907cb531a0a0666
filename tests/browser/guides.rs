//! The programs of the integration guide, run as they stand in the document.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use tokensign_tests::agent::Agent;
use tokensign_tests::fixtures::Tokens;
use tokensign_tests::programs;

/// The program that the guide names `file`.
fn program(file: &str) -> String {
    let guide = fs::read_to_string(super::root().join("docs/integration.md")).unwrap();
    let (_, rest) = guide
        .split_once(&format!(" file={file}\n"))
        .unwrap_or_else(|| panic!("the guide has no {file}"));
    rest.split_once("\n```").unwrap().0.to_owned() + "\n"
}

/// Pairs and signs with one of the guide's programs, twice: the second time without pairing.
async fn runs(file: &str, interpreter: &str) {
    let directory = tempfile::Builder::new().prefix("ts-").tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let tokens = Tokens::copy_into(directory.path());
    let agent = Agent::start(&tokens.configuration()).await;
    let director = tokens.certificate("kz-director");
    fs::write(path(file), program(file)).unwrap();

    for (round, name) in ["Шарт 1.txt", "plain.bin"].into_iter().enumerate() {
        let content: &[u8] = if round == 0 {
            "мазмұны\n".as_bytes()
        } else {
            &[0, 1, 2, 255]
        };
        fs::write(path(name), content).unwrap();
        let mut command = Command::new(interpreter);
        command
            .arg(path(file))
            .arg(path(name))
            .env("TOKENSIGN", agent.url())
            .env("TOKEN_FILE", path("token"));
        let running = tokio::task::spawn_blocking(move || command.output());
        if round == 0 {
            confirm(&agent, "pair", json!({ "decision": "approve" })).await;
        }
        confirm(
            &agent,
            "choose",
            json!({ "decision": "choose", "certificate": director.fingerprint }),
        )
        .await;
        confirm(&agent, "approve", json!({ "decision": "approve", "pin": director.pin })).await;
        let output = running.await.unwrap().unwrap();
        assert!(
            output.status.success(),
            "{file}: {}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        tokens
            .verify("kz-director", &path(&format!("{name}.p7s")), &path(name))
            .unwrap_or_else(|error| panic!("{file} {name}: {error}"));
    }
    let mode = fs::metadata(path("token")).map(|data| std::os::unix::fs::PermissionsExt::mode(&data.permissions()));
    assert_eq!(mode.unwrap() & 0o777, 0o600, "{file} keeps its token to itself");
    refusal(&agent, file, interpreter, directory.path()).await;
}

/// A person who refuses: the program says so and writes nothing.
async fn refusal(agent: &Agent, file: &str, interpreter: &str, directory: &Path) {
    let document = directory.join("refused.txt");
    fs::write(&document, "no").unwrap();
    let mut command = Command::new(interpreter);
    command
        .arg(directory.join(file))
        .arg(&document)
        .env("TOKENSIGN", agent.url())
        .env("TOKEN_FILE", directory.join("token"));
    let running = tokio::task::spawn_blocking(move || command.output());
    confirm(agent, "choose", json!({ "decision": "refuse" })).await;
    let output = running.await.unwrap().unwrap();
    assert!(!output.status.success(), "{file} fails when refused");
    assert!(!output.stderr.is_empty(), "{file} says why");
    assert!(!directory.join("refused.txt.p7s").exists());
}

async fn confirm(agent: &Agent, kind: &str, decision: serde_json::Value) {
    let question = agent.question(kind).await;
    agent.decide(&question, decision).await.unwrap();
}

#[tokio::test]
async fn the_shell_program_signs() {
    programs::require("curl", "curl");
    programs::require("jq", "jq");
    runs("sign.sh", "sh").await;
}

#[tokio::test]
async fn the_python_program_signs() {
    programs::require("python3", "python3");
    runs("sign.py", "python3").await;
}

#[tokio::test]
async fn the_node_program_signs() {
    programs::require("node", "nodejs");
    runs("sign.mjs", "node").await;
}

/// The page's part runs in Chromium, in a page of another origin.
#[tokio::test]
async fn the_web_page_signs() {
    super::run("guide", "", &[("GUIDE", &program("page.js"))]).await;
}
