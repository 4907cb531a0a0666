//! The command line as programs see it: exit codes, JSON, and that nothing needs a running agent.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A directory with a configuration that finds no tokens.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = Self(dir);
        let state = place.path("state");
        std::fs::write(
            place.path("tokensign.toml"),
            format!("[agent]\nstate_dir = {state:?}\n[discovery]\nenabled = false\n"),
        )
        .unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a command without a terminal.
    fn run(&self, arguments: &[&str]) -> Output {
        // In a session of its own a process has no controlling terminal, as under a service manager.
        Command::new("setsid")
            .arg("--wait")
            .arg(env!("CARGO_BIN_EXE_tokensign"))
            .args(arguments)
            .env("TOKENSIGN_CONFIG", self.path("tokensign.toml"))
            .env_remove("TOKENSIGN_LOG")
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .expect("setsid is there: apt-get install util-linux")
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[&["--json"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The problem on stderr, after checking the exit code.
    fn problem(&self, arguments: &[&str], exit: i32) -> Value {
        let output = self.run(&[&["--json"], arguments].concat());
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stderr).unwrap()
    }
}

#[test]
fn a_command_line_that_is_not_understood_exits_with_2() {
    let place = Place::new();
    for line in [
        &["frobnicate"][..],
        &["sign"],
        &["sign", "f", "--format", "pades"],
        &["serve", "--listen", "here"],
    ] {
        assert_eq!(place.run(line).status.code(), Some(2), "{line:?}");
    }
}

#[test]
fn a_wrong_configuration_is_shown_with_its_place() {
    let place = Place::new();
    std::fs::write(place.path("tokensign.toml"), "[agent]\nopen_pgae = true\n").unwrap();
    let problem = place.problem(&["status"], 2);
    assert_eq!(problem["code"], "config_invalid");
    assert_eq!(problem["path"], place.path("tokensign.toml").to_str().unwrap());
    assert!(
        problem["reason"].as_str().unwrap().starts_with("line 2: unknown field"),
        "{problem}"
    );

    let russian = place.run(&["status", "--language", "ru"]);
    let text = String::from_utf8(russian.stderr).unwrap();
    assert!(
        text.contains("ошибка") && text.contains("2 | open_pgae = true"),
        "{text}"
    );
}

#[test]
fn questions_about_a_quiet_machine_are_answered_without_a_running_agent() {
    let place = Place::new();
    assert_eq!(place.json(&["status"])["running"], false);
    assert_eq!(place.json(&["tokens"])["tokens"], Value::Array(Vec::new()));
    assert_eq!(place.json(&["certs"])["certificates"], Value::Array(Vec::new()));
    assert_eq!(place.json(&["jobs", "list"])["jobs"], Value::Array(Vec::new()));
    assert_eq!(place.json(&["apps", "list"])["applications"], Value::Array(Vec::new()));
    assert_eq!(place.json(&["audit", "verify"])["intact"], true);
    assert_eq!(place.json(&["lock"])["ended_grants"], 0);
    // The agent of each command is gone with it.
    assert_eq!(place.json(&["status"])["running"], false);
}

#[test]
fn what_needs_a_running_agent_says_so() {
    let place = Place::new();
    for line in [&["approve"][..], &["open", "--print"]] {
        let problem = place.problem(line, 1);
        assert_eq!(problem["code"], "agent_unreachable", "{line:?}");
        assert!(problem["what_to_do"].as_str().unwrap().contains("tokensign serve"));
    }
}

#[test]
fn signing_without_a_certificate_is_refused_before_anything_is_asked() {
    let place = Place::new();
    let file = place.path("contract.txt");
    std::fs::write(&file, "contract").unwrap();
    let file = file.to_str().unwrap();
    let problem = place.problem(&["sign", file, "--cert", "iin=900101300018"], 4);
    assert_eq!(problem["code"], "certificate_not_found");
    assert!(!place.path("contract.txt.p7s").exists());

    let problem = place.problem(&["sign", &format!("{file}.missing")], 2);
    assert_eq!(problem["code"], "file_unreadable");

    std::fs::write(place.path("contract.txt.p7s"), "precious").unwrap();
    let problem = place.problem(&["sign", file], 2);
    assert!(problem["reason"].as_str().unwrap().contains("--force"), "{problem}");
    assert_eq!(std::fs::read(place.path("contract.txt.p7s")).unwrap(), b"precious");
}

#[test]
fn a_pin_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    let (file, pin) = (place.path("contract.txt"), place.path("pin"));
    std::fs::write(&file, "contract").unwrap();
    std::fs::write(&pin, "73195").unwrap();
    std::fs::set_permissions(&pin, std::fs::Permissions::from_mode(0o644)).unwrap();
    let source = format!("file:{}", pin.display());
    let problem = place.problem(&["sign", file.to_str().unwrap(), "--pin-source", &source], 4);
    assert_eq!(problem["code"], "pin_required");
    assert!(problem["detail"].as_str().unwrap().contains("chmod 600"), "{problem}");
    assert!(!problem.to_string().contains("73195"));
}

#[test]
fn a_profile_that_is_not_there_is_named() {
    let place = Place::new();
    let problem = place.problem(&["idocs", "status", "d-1", "--profile", "main"], 2);
    assert_eq!(
        (&problem["code"], &problem["profile"]),
        (&"profile_unknown".into(), &"main".into())
    );
}

#[test]
fn completions_are_printed_for_every_shell() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = place.run(&["completions", shell]);
        assert!(
            output.status.success() && String::from_utf8(output.stdout).unwrap().contains("tokensign"),
            "{shell}"
        );
    }
}

#[test]
fn two_agents_cannot_share_a_state_directory() {
    let place = Place::new();
    let mut first = Command::new(env!("CARGO_BIN_EXE_tokensign"))
        .args(["serve", "--no-tcp"])
        .env("TOKENSIGN_CONFIG", place.path("tokensign.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = std::time::Instant::now();
    while place.json(&["status"])["running"] == false {
        assert!(started.elapsed().as_secs() < 20, "the agent does not start");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let problem = place.problem(&["serve", "--no-tcp"], 1);
    assert_eq!(problem["code"], "agent_running");
    first.kill().unwrap();
    first.wait().unwrap();
    // What a killed agent leaves behind stops nobody.
    assert_eq!(place.json(&["status"])["running"], false);
    assert_eq!(place.json(&["tokens"])["tokens"], Value::Array(Vec::new()));
}
