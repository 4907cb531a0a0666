//! What is told while cards come and go: `tokensign tokens --watch` and `GET /v1/events`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokensign_tests::agent::Agent;
use tokensign_tests::programs;

use super::rig::{Module, Rig};

/// How long a change may take to be told: a module on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// `tokensign tokens --watch` beside an agent. Ended when dropped.
pub(super) struct Watching {
    command: Child,
    lines: Receiver<String>,
}

impl Watching {
    pub(super) fn start(agent: &Agent, arguments: &[&str]) -> Self {
        let mut command = Command::new(programs::tokensign())
            .args(["tokens", "--watch"])
            .args(arguments)
            .arg("--config")
            .arg(agent.configuration())
            .env("LANG", "C.UTF-8")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(command.stdout.take().unwrap());
        let (sender, lines) = channel();
        // Ends with the command.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { command, lines }
    }

    /// The next line.
    pub(super) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line in time")
    }

    /// The next change that is as `wanted` says, as JSON.
    pub(super) fn change(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.line();
            let change: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            if wanted(&change) {
                return change;
            }
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.command.kill();
        let _ = self.command.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_told_as_it_comes_and_goes() {
    let rig = Rig::new(Module::OpenSc).await;
    let json = Watching::start(&rig.agent, &["--json"]);
    let text = Watching::start(&rig.agent, &[]);
    for _ in 0..2 {
        let inserted = rig.insert().await;
        let plugged = json.change(|change| change["change"] == "plugged");
        let label = plugged["token"]["label"].as_str().unwrap().to_owned();
        let serial = plugged["token"]["serial"].as_str().unwrap().to_owned();
        let listed = rig.read("/v1/tokens").await;
        assert_eq!(listed["tokens"][0]["label"], plugged["token"]["label"], "{plugged}");
        inserted.pull();
        let pulled = json.change(|change| change["change"] == "pulled");
        assert_eq!(pulled["token"]["id"], plugged["token"]["id"], "{pulled}");
        for beginning in ["Plugged in: ", "Pulled out: "] {
            let expected = format!("{beginning}{label} ({serial})");
            while !text.line().starts_with(&expected) {}
        }
    }
}

/// A token that is there already is told at once, and the command ends with its agent.
#[tokio::test(flavor = "multi_thread")]
async fn watching_begins_with_what_is_there_and_ends_with_the_agent() {
    let mut rig = Rig::new(Module::OpenSc).await;
    let _inserted = rig.insert().await;
    let mut watching = Watching::start(&rig.agent, &["--json"]);
    assert_eq!(watching.change(|_| true)["change"], "plugged");
    rig.agent.kill();
    let ended = tokio::task::spawn_blocking(move || watching.command.wait().map(|status| (status, watching)));
    let (status, _watching) = ended.await.unwrap().unwrap();
    assert_eq!(status.code(), Some(1), "the agent is gone");
}

/// Reads the stream of events until one is as `wanted` says.
pub(super) async fn told(agent: &Agent, wanted: impl Fn(&str, &Value) -> bool) -> Value {
    let events = agent.owner(Method::GET, "/v1/events").header("Last-Event-ID", "0");
    let mut stream = events.send().await.unwrap();
    let mut text = String::new();
    let reading = async {
        loop {
            let piece = stream.chunk().await.unwrap().expect("the stream goes on");
            text.push_str(&String::from_utf8_lossy(&piece));
            while let Some((event, rest)) = text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.unwrap_or_default().trim_start().to_owned()
                };
                let data: Value = serde_json::from_str(&field("data:")).unwrap_or_default();
                if wanted(&field("event:"), &data) {
                    return data;
                }
                text = rest.to_owned();
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("an event in time")
}
