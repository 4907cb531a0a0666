//! The audit chain as the command line checks it, after somebody with the database's file had their way with it.

use std::path::Path;
use std::process::{Command, Output};

use rusqlite::Connection;
use serde_json::{Value, json};
use tokensign::endpoint::{Agent, StartOptions};

use crate::running::{Running, configuration};

struct Trail {
    dir: tempfile::TempDir,
}

impl Trail {
    /// A record of some entries, and the checkpoint that the agent left beside it.
    async fn new() -> Self {
        let agent = Running::start().await;
        for _ in 0..6 {
            assert_eq!(agent.send(&agent.owned("POST /v1/lock")).await.status, 200);
        }
        let trail = Self {
            dir: agent.stop_and_keep().await,
        };
        let file = format!(
            "[agent]\nstate_dir = {:?}\nruntime_dir = {:?}\n",
            trail.state(),
            trail.dir.path().join("run")
        );
        std::fs::write(trail.dir.path().join("tokensign.toml"), file).unwrap();
        trail
    }

    /// The agent is started again, goes on recording, and ends.
    async fn gone_on(self) -> Self {
        let options = StartOptions {
            tcp: true,
            queues: false,
        };
        let agent = Agent::start(configuration(self.dir.path()), options).await.unwrap();
        let agent = Running::started(agent, self.dir);
        for _ in 0..6 {
            assert_eq!(agent.send(&agent.owned("POST /v1/lock")).await.status, 200);
        }
        Self {
            dir: agent.stop_and_keep().await,
        }
    }

    fn state(&self) -> std::path::PathBuf {
        self.dir.path().join("state")
    }

    fn audit(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tokensign"))
            .arg("--config")
            .arg(self.dir.path().join("tokensign.toml"))
            .args(["--language", "en", "audit"])
            .args(arguments)
            .output()
            .unwrap()
    }

    /// As somebody does who may write the file: the triggers that forbid it go first.
    fn tamper(&self, statements: &str) {
        let connection = Connection::open(self.state().join("tokensign.sqlite")).unwrap();
        connection
            .execute_batch(&format!(
                "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_removed; {statements}"
            ))
            .unwrap();
    }

    fn is_intact(&self, arguments: &[&str]) -> bool {
        let output = self.audit(arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success() || text.contains("was changed from outside"),
            "{text}"
        );
        output.status.success()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_record_is_intact_with_its_checkpoint() {
    let trail = Trail::new().await;
    assert!(trail.is_intact(&["verify"]) && trail.is_intact(&["verify", "--checkpoint"]));
    // A line of the journal is as good as the file.
    let checkpoint = std::fs::read_to_string(trail.state().join("audit.checkpoint")).unwrap();
    let journal = trail.dir.path().join("journal.txt");
    std::fs::write(&journal, format!("Nov 22 01:00:00 host tokensign[7]: {checkpoint}")).unwrap();
    assert!(trail.is_intact(&["verify", "--checkpoint", journal.to_str().unwrap()]));
    let missing = trail.audit(&["verify", "--checkpoint", "/no/such/file"]);
    assert_eq!(missing.status.code(), Some(2), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_a_removed_and_an_inserted_entry_are_found() {
    for statements in [
        "UPDATE audit SET body = '{\"ended_grants\":7}' WHERE seq = 3",
        "UPDATE audit SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 3",
        "DELETE FROM audit WHERE seq = 3",
        "DELETE FROM audit WHERE seq = 1",
        "UPDATE audit SET seq = seq + 1000 WHERE seq > 3; UPDATE audit SET seq = seq - 999 WHERE seq > 1000; \
         INSERT INTO audit SELECT 4, at, kind, actor, job, body, prev, zeroblob(32) FROM audit WHERE seq = 3",
        "INSERT INTO audit SELECT max(seq) + 1, at, kind, actor, job, body, hash, zeroblob(32) FROM audit",
    ] {
        let trail = Trail::new().await;
        trail.tamper(statements);
        assert!(!trail.is_intact(&["verify"]), "{statements}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_was_cut_off_shows_against_the_checkpoint_only() {
    let trail = Trail::new().await;
    trail.tamper("DELETE FROM audit WHERE seq > 4");
    assert!(trail.is_intact(&["verify"]), "what is left is a chain");
    assert!(!trail.is_intact(&["verify", "--checkpoint"]));
}

/// What the agent notes after the cut must not cover it up.
#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_was_cut_off_shows_though_the_agent_goes_on() {
    let trail = Trail::new().await;
    trail.tamper("DELETE FROM audit WHERE seq > 4");
    let trail = trail.gone_on().await;
    assert!(trail.is_intact(&["verify"]), "what is left is a chain");
    assert!(!trail.is_intact(&["verify", "--checkpoint"]));
    // Until the person, who has seen it, takes the old checkpoint away.
    let file = trail.state().join("audit.checkpoint");
    std::fs::remove_file(&file).unwrap();
    let trail = trail.gone_on().await;
    assert!(trail.is_intact(&["verify", "--checkpoint"]));
    let untouched = std::fs::read_to_string(&file).unwrap();
    let trail = trail.gone_on().await;
    assert!(trail.is_intact(&["verify", "--checkpoint"]));
    assert_ne!(
        std::fs::read_to_string(&file).unwrap(),
        untouched,
        "it follows the record"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_listed_shown_and_exported() {
    let trail = Trail::new().await;
    let json_of = |output: &Output| serde_json::from_slice::<Value>(&output.stdout).unwrap();
    let listed = json_of(&trail.audit(&["list", "--limit", "2", "--json"]));
    assert_eq!(listed["entries"].as_array().unwrap().len(), 2);
    let number = listed["entries"][0]["seq"].as_i64().unwrap();
    let shown = json_of(&trail.audit(&["show", &number.to_string(), "--json"]));
    assert_eq!(shown, listed["entries"][0]);
    assert_eq!(trail.audit(&["show", "100000"]).status.code(), Some(2));

    let jsonl = String::from_utf8(trail.audit(&["export"]).stdout).unwrap();
    let entries: Vec<Value> = jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let numbers: Vec<_> = entries.iter().map(|entry| entry["seq"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=number).collect::<Vec<_>>());
    assert_eq!(entries.last(), Some(&shown));
    let csv = String::from_utf8(trail.audit(&["export", "--format", "csv"]).stdout).unwrap();
    let lines: Vec<_> = csv.split_terminator("\r\n").collect();
    assert_eq!(lines[0], "seq,at,kind,actor,job,body,hash");
    assert_eq!(lines.len(), entries.len() + 1);
    assert!(
        lines[1].starts_with("1,") && csv.contains(r#""{""at"":""command_line"""#),
        "{csv}"
    );
    assert!(json!(entries).to_string().contains("locked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checkpoint_is_private_and_follows_the_record() {
    use std::os::unix::fs::PermissionsExt as _;
    let agent = Running::start().await;
    assert_eq!(agent.send(&agent.owned("POST /v1/lock")).await.status, 200);
    let dir = agent.state_dir();
    let read = |file: &Path| std::fs::read_to_string(file).unwrap_or_default();
    let file = dir.join("audit.checkpoint");
    let mut seen = String::new();
    for _ in 0..300 {
        seen = read(&file);
        if seen.contains("seq=1 ") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(seen.starts_with("tokensign audit checkpoint v1 seq=1 hash="), "{seen}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    agent.stop().await;
}
