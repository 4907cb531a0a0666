//! The other prompters: the terminal, pinentry in the agent, pinentry of a command; and the first answer of several.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokensign_tests::agent::Agent;
use tokensign_tests::programs;

use crate::world::{World, prepared, signature_of};

const CERTIFICATE: &str = "kz-director";
const CONTENT: &[u8] = "Договор № 17 от 21.11.2026".as_bytes();
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that speaks Assuan in the place of pinentry: writes down what it is told and gives the PIN; without one it waits for ever.
fn stand_in(directory: &Path, pin: Option<&str>) -> PathBuf {
    let answer = match pin {
        Some(pin) => format!("print({:?}, flush=True); print(\"OK\", flush=True)", format!("D {pin}")),
        None => "time.sleep(600)".to_owned(),
    };
    let script = format!(
        r#"#!/usr/bin/env python3
import os, sys, time
log = open({log:?}, "a")
print("pid", os.getpid(), file=log, flush=True)
print("OK ready", flush=True)
for line in sys.stdin.buffer:
    line = line.rstrip(b"\n")
    print("bytes", len(line), line.decode(), file=log, flush=True)
    if line == b"GETPIN":
        {answer}
    else:
        print("OK", flush=True)
"#,
        log = told(directory).display().to_string(),
    );
    let path = directory.join("pinentry-stand-in");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn told(directory: &Path) -> PathBuf {
    directory.join("pinentry.log")
}

/// Waits until `file` says so; gives all of it.
async fn until_it_says(file: &Path, text: &str) -> String {
    let begun = Instant::now();
    loop {
        let all = std::fs::read_to_string(file).unwrap_or_default();
        if all.contains(text) {
            return all;
        }
        assert!(begun.elapsed() < PATIENCE, "no {text:?} in {all}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn until_it_is_gone(pid: &str) {
    let begun = Instant::now();
    while Path::new("/proc").join(pid).exists() {
        assert!(begun.elapsed() < PATIENCE, "{pid} stays");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An agent that asks by the stand-in, and speaks Russian in it.
async fn asking_in_dialogs(pin: impl FnOnce(&str) -> Option<String>) -> World {
    let (directory, tokens) = prepared("");
    let pin = pin(&tokens.certificate(CERTIFICATE).pin);
    let program = stand_in(directory.path(), pin.as_deref());
    tokens.configure_agent(&format!(
        "pinentry = {:?}\nlanguage = \"ru\"",
        program.display().to_string()
    ));
    let agent = Agent::start_with(&tokens.configuration(), &[("LC_ALL", "ru_RU.UTF-8")]).await;
    World::around(agent, tokens, directory)
}

/// A command at a terminal: after each prompt its answer is typed. What stands on the screen goes into a file.
struct AtTerminal {
    child: Child,
    screen: PathBuf,
}

impl AtTerminal {
    fn start(world: &World, arguments: &[&str], dialogue: &[(&str, &str)]) -> Self {
        const DRIVER: &str = r#"
import json, os, pty, sys
command, dialogue = json.loads(sys.argv[1]), json.loads(sys.argv[2])
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
screen = b""
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
    screen += piece
    if dialogue and dialogue[0][0].encode() in screen:
        screen = b""
        os.write(terminal, (dialogue.pop(0)[1] + "\n").encode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;
        let mut command = vec![programs::tokensign().display().to_string()];
        command.extend(arguments.iter().map(|&word| word.to_owned()));
        command.extend([
            "--config".to_owned(),
            world.tokens.configuration().display().to_string(),
        ]);
        let screen = world.path().join("screen");
        let child = Command::new("python3")
            .args(["-c", DRIVER, &json!(command).to_string(), &json!(dialogue).to_string()])
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(&screen).unwrap())
            .spawn()
            .unwrap();
        Self { child, screen }
    }

    /// Waits until it ends; its exit code and what stood on the screen.
    async fn ended(mut self) -> (i32, String) {
        let begun = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{}",
                std::fs::read_to_string(&self.screen).unwrap()
            );
        };
        let screen = String::from_utf8_lossy(&std::fs::read(&self.screen).unwrap()).into_owned();
        (status.code().unwrap(), screen)
    }
}

impl Drop for AtTerminal {
    fn drop(&mut self) {
        // The terminal goes with it, and what runs there.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn approved_at(agent: &Agent) -> Value {
    let audit: Value = agent.get("/v1/audit?limit=1000").await;
    let mut entries = audit["entries"].as_array().unwrap().iter();
    entries.find(|entry| entry["kind"] == "approved").unwrap()["body"]["prompter"].clone()
}

/// The person who sits at a terminal, over SSH for instance, sees what is asked and types the PIN, which does not appear.
#[tokio::test]
async fn a_request_is_approved_at_a_terminal() {
    let world = World::new().await;
    let certificate = world.tokens.certificate(CERTIFICATE);
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    world.agent.question("approve").await;
    let dialogue = [("refuse:", "yes"), ("PIN (", certificate.pin.as_str())];
    let (code, screen) = AtTerminal::start(&world, &["approve"], &dialogue).ended().await;
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains(&certificate.pin), "the PIN does not appear");
    let (bin, iin) = (certificate.bin.unwrap(), certificate.iin.unwrap());
    for said in [
        "Sign a document?",
        "contract.txt",
        "sha256",
        &bin,
        &iin,
        "Where it goes",
        "minutes are left",
    ] {
        assert!(screen.contains(said), "{said} in {screen}");
    }
    let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
    world.verify(CERTIFICATE, CONTENT, &signature_of(&resource)).unwrap();
    assert_eq!(approved_at(&world.agent).await, "terminal");

    // A no at the terminal refuses.
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    world.agent.question("approve").await;
    let (code, screen) = AtTerminal::start(&world, &["approve"], &[("refuse:", "no")])
        .ended()
        .await;
    assert_eq!(code, 0, "{screen}");
    let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
    assert_eq!(resource["state"], "refused");
}

/// The PIN is given in the desktop's own dialog. What is too long for a line of the protocol is cut, and nothing is kept outside.
#[tokio::test]
async fn a_dialog_of_the_agent_takes_the_pin() {
    let world = asking_in_dialogs(|pin| Some(pin.to_owned())).await;
    let certificate = world.tokens.certificate(CERTIFICATE);
    let documents: Vec<_> = (0..50)
        .map(|n| json!({ "name": format!("{} {n}.txt", "Очень длинное название документа ".repeat(7)), "content": "aGVsbG8=" }))
        .collect();
    let body = json!({ "purpose": "signature", "certificate": certificate.fingerprint, "documents": documents });
    let asked = world
        .agent
        .owner(reqwest::Method::POST, "/v1/signatures")
        .json(&body)
        .send()
        .await
        .unwrap();
    let asked: Value = asked.json().await.unwrap();
    let resource = world
        .agent
        .settled(&format!("/v1/signatures/{}", asked["id"].as_str().unwrap()))
        .await;
    assert_eq!(resource["state"], "finished", "{resource}");
    assert_eq!(approved_at(&world.agent).await, "pinentry");

    let log = until_it_says(&told(world.path()), "GETPIN").await;
    for line in log.lines().filter_map(|line| line.strip_prefix("bytes ")) {
        let length: usize = line.split(' ').next().unwrap().parse().unwrap();
        assert!(length <= 1000, "{line}");
    }
    for said in [
        "SETDESC Подписать 50 документов?",
        "SETPROMPT PIN-код токена",
        "OPTION lc-ctype=ru_RU.UTF-8",
        "OPTION lc-messages=ru_RU.UTF-8",
    ] {
        assert!(log.contains(said), "{said} in {log}");
    }
    assert!(
        !log.contains("external-password-cache") && !log.contains(&certificate.pin),
        "{log}"
    );
    assert!(!world.agent.log().contains(&certificate.pin));
}

/// A command asks in a dialog of its own; other prompters show that it does.
#[tokio::test]
async fn a_command_asks_in_a_dialog_of_its_own() {
    let (directory, tokens) = prepared("");
    let pin = tokens.certificate(CERTIFICATE).pin;
    // The agent itself has no pinentry; the command finds one by its name.
    let program = stand_in(directory.path(), Some(&pin));
    std::fs::rename(&program, directory.path().join("pinentry")).unwrap();
    let world = World::of(directory, tokens).await;
    let file = world.file("contract.txt", CONTENT);
    let sign = |out: &Path| {
        let path = format!("{}:{}", world.path().display(), std::env::var("PATH").unwrap());
        Command::new(programs::tokensign())
            .args(["sign", file.to_str().unwrap(), "--pin-source", "pinentry", "--cert"])
            .arg(&world.tokens.certificate(CERTIFICATE).fingerprint)
            .args(["--out", out.to_str().unwrap(), "--config"])
            .arg(world.tokens.configuration())
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let out = world.path().join("signed.p7s");
    let mut signing = sign(&out);
    assert!(
        tokio::task::spawn_blocking(move || signing.wait())
            .await
            .unwrap()
            .unwrap()
            .success()
    );
    world
        .verify(CERTIFICATE, CONTENT, &std::fs::read(&out).unwrap())
        .unwrap();

    // While a dialog is open, the question says so; decided elsewhere, it closes.
    std::fs::remove_file(told(world.path())).unwrap();
    let waiting = stand_in(world.path(), None);
    std::fs::rename(waiting, world.path().join("pinentry")).unwrap();
    let mut signing = sign(&world.path().join("second.p7s"));
    let log = until_it_says(&told(world.path()), "GETPIN").await;
    let question = world.agent.question("approve").await;
    assert_eq!(question["in_dialog"], true, "{question}");
    world
        .agent
        .decide(&question, json!({ "decision": "refuse" }))
        .await
        .unwrap();
    until_it_is_gone(log.lines().find_map(|line| line.strip_prefix("pid ")).unwrap()).await;
    let status = tokio::task::spawn_blocking(move || signing.wait())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status.code(), Some(3), "refused by the person");
}

/// A dialog and a terminal ask the same; the page is quicker, and both close.
#[tokio::test]
async fn the_first_of_several_answers_counts_and_the_others_close() {
    let world = asking_in_dialogs(|_| None).await;
    let certificate = world.tokens.certificate(CERTIFICATE);
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    let log = until_it_says(&told(world.path()), "GETPIN").await;
    let terminal = AtTerminal::start(&world, &["--language", "en", "approve"], &[]);
    until_it_says(&terminal.screen, "refuse:").await;
    let status: Value = world.agent.get("/v1/status").await;
    assert_eq!(status["prompters"], json!(["pinentry", "terminal"]));
    let question = world.agent.question("approve").await;
    assert_eq!(question["in_dialog"], true);
    let decision = json!({ "decision": "approve", "pin": certificate.pin, "prompter": "web" });
    world.agent.decide(&question, decision.clone()).await.unwrap();
    until_it_is_gone(log.lines().find_map(|line| line.strip_prefix("pid ")).unwrap()).await;
    let (_, screen) = terminal.ended().await;
    assert!(screen.contains("answered elsewhere"), "{screen}");
    let second = world.agent.decide(&question, decision).await.unwrap_err();
    assert!(
        matches!(second["code"].as_str(), Some("no_such_item" | "wrong_state")),
        "{second}"
    );
    let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
    world.verify(CERTIFICATE, CONTENT, &signature_of(&resource)).unwrap();
    assert_eq!(world.signed_as_approved().await, 1);
}

/// An application cannot flood the person: one of its questions is shown at a time, or as many as it was allowed.
#[tokio::test]
async fn one_question_of_an_application_is_shown_unless_more_are_allowed() {
    let world = World::new().await;
    let certificate = world.tokens.certificate(CERTIFICATE).fingerprint;
    for (permissions, shown) in [(vec!["sign"], 1), (vec!["sign", "questions:3"], 3)] {
        let token = world.agent.pair("ERP", &permissions).await;
        let mut paths = Vec::new();
        for n in 0..4 {
            let body = json!({ "certificate": certificate, "documents": [{ "name": format!("{n}.txt"), "content": "aGVsbG8=" }] });
            let asked = world
                .agent
                .application(&token, reqwest::Method::POST, "/v1/signatures")
                .json(&body);
            let asked: Value = asked.send().await.unwrap().json().await.unwrap();
            paths.push(format!("/v1/signatures/{}", asked["id"].as_str().unwrap()));
        }
        for left in (1..=4).rev() {
            let begun = Instant::now();
            let questions = loop {
                let questions = world.agent.waiting().await;
                assert!(questions.len() <= shown, "{questions:?}");
                if questions.len() == shown.min(left) {
                    break questions;
                }
                assert!(begun.elapsed() < PATIENCE, "{left} left, {} shown", questions.len());
                tokio::time::sleep(Duration::from_millis(20)).await;
            };
            world
                .agent
                .decide(&questions[0], json!({ "decision": "refuse" }))
                .await
                .unwrap();
        }
        for path in paths {
            assert_eq!(world.agent.settled(&path).await["state"], "refused");
        }
    }
}
