//! The command line as programs see it: exit codes, JSON, and that nothing needs a running agent.

#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

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
        text.contains("строка 2: настройки «open_pgae» нет; есть:") && text.contains("2 | open_pgae = true"),
        "{text}"
    );
}

#[test]
fn a_mistake_is_told_in_the_persons_language_and_to_programs_in_english() {
    let place = Place::new();
    let path = |name: &str| place.path(name).to_str().unwrap().to_owned();
    let (file, missing, taken) = (path("a.txt"), path("b.txt"), path("taken"));
    std::fs::write(&file, "hello").unwrap();
    std::fs::write(&taken, "").unwrap();
    let lines = [
        (vec!["sign", &missing], "его нет", "ол жоқ", "os error 2"),
        (
            vec!["sign", &file, &file, "--out", &missing],
            "для нескольких файлов нужна существующая папка",
            "бірнеше файл үшін бар папка керек",
            "for several files it is a directory that exists",
        ),
        (
            vec!["sign", &file, "--out", &taken],
            "чтобы перезаписать, добавьте --force",
            "үстінен жазу үшін --force қосыңыз",
            "exists already, --force overwrites it",
        ),
        (
            vec!["verify", &file],
            "это не подпись CMS: данные не в DER",
            "бұл CMS қолтаңбасы емес: деректер DER",
            "this is no CMS signature: the data is neither DER",
        ),
    ];
    for (line, russian, kazakh, english) in lines {
        for (language, told) in [("ru", russian), ("kk", kazakh), ("en", english)] {
            let output = place.run(&[&line[..], &["--language", language]].concat());
            let text = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success() && text.contains(told), "{line:?}: {text}");
        }
        let output = place.run(&[&["--json", "--language", "ru"], &line[..]].concat());
        let problem: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert!(problem["reason"].as_str().unwrap().contains(english), "{problem}");
        assert!(problem["title"].as_str().unwrap().contains(russian), "{problem}");
    }
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

/// A running agent; killed when dropped.
struct Agent(Child);

impl Agent {
    fn start(place: &Place, arguments: &[&str]) -> Self {
        let agent = Command::new(env!("CARGO_BIN_EXE_tokensign"))
            .arg("serve")
            .args(arguments)
            .env("TOKENSIGN_CONFIG", place.path("tokensign.toml"))
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Self(agent);
        let started = Instant::now();
        while place.json(&["status"])["running"] == false {
            assert!(started.elapsed() < PATIENCE, "the agent does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The longest that anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks the agent by curl, as any program would.
fn curl(arguments: &[&str]) -> Value {
    let output = Command::new("curl")
        .args(["-sS", "--noproxy", "*", "-H", "Content-Type: application/json"])
        .args(arguments)
        .output()
        .expect("curl is there: apt-get install curl");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// Runs a command in a terminal of its own and types each answer once its prompt is on the screen. Gives the exit code and the screen.
fn at_a_terminal(place: &Place, arguments: &str, answers: &[(&str, &str)]) -> (Option<i32>, String) {
    let command = format!("{} --language en {arguments}", env!("CARGO_BIN_EXE_tokensign"));
    let mut terminal = Command::new("script")
        .args(["-q", "-e", "-c", &command, "/dev/null"])
        .env("TOKENSIGN_CONFIG", place.path("tokensign.toml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script is there: apt-get install bsdutils");
    let (mut keys, mut shown) = (terminal.stdin.take().unwrap(), terminal.stdout.take().unwrap());
    let mut screen = Vec::new();
    for (prompt, answer) in answers {
        let (mut byte, read_before) = ([0], screen.len());
        while !screen[read_before..].ends_with(prompt.as_bytes()) {
            assert_eq!(
                shown.read(&mut byte).unwrap(),
                1,
                "{}",
                String::from_utf8_lossy(&screen)
            );
            screen.push(byte[0]);
        }
        // The prompt comes after what was typed before it is thrown away, and before the reading; both are in one process.
        keys.write_all(answer.as_bytes()).unwrap();
    }
    shown.read_to_end(&mut screen).unwrap();
    (terminal.wait().unwrap().code(), String::from_utf8(screen).unwrap())
}

const APPROVE: &str = "“no” to refuse: ";

#[test]
fn a_connection_is_confirmed_at_a_terminal() {
    let place = Place::new();
    let _agent = Agent::start(&place, &["--listen", "127.0.0.1:0"]);
    let url = place.json(&["status"])["http"].as_str().unwrap().to_owned();
    let body = r#"{"name": "A \u001b[2Jprogram", "permissions": ["sign"]}"#;

    let pair = || curl(&[&format!("{url}/v1/pairings"), "-d", body]);
    // The decision is taken a moment before its outcome is written.
    let poll = |pairing: &Value| {
        let secret = format!("Authorization: Pairing {}", pairing["secret"].as_str().unwrap());
        let path = format!("{url}/v1/pairings/{}", pairing["id"].as_str().unwrap());
        let started = Instant::now();
        loop {
            let standing = curl(&[&path, "-H", &secret]);
            if standing["state"] != "waiting" || started.elapsed() > Duration::from_secs(5) {
                return standing;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let pairing = pair();
    let (exit, screen) = at_a_terminal(&place, "approve", &[(APPROVE, "perhaps\n"), (APPROVE, "yes\n")]);
    assert_eq!(exit, Some(0), "{screen}");
    assert!(screen.contains(pairing["code"].as_str().unwrap()), "{screen}");
    assert!(
        screen.contains("to ask you for signatures") && screen.contains("as it names itself"),
        "{screen}"
    );
    assert!(!screen.contains('\u{1b}'), "a name steers the terminal: {screen:?}");
    assert!(poll(&pairing)["token"].is_string());
    assert_eq!(
        place.json(&["apps", "list"])["applications"].as_array().unwrap().len(),
        1
    );

    let pairing = pair();
    let (exit, _) = at_a_terminal(&place, "approve", &[(APPROVE, "no\n")]);
    assert_eq!((exit, poll(&pairing)["state"].as_str()), (Some(0), Some("refused")));

    // Without a terminal nothing is decided, whatever stands on the standard input.
    let pairing = pair();
    let problem = place.problem(&["approve"], 3);
    assert_eq!(
        (&problem["code"], poll(&pairing)["state"].as_str()),
        (&"no_prompter".into(), Some("waiting"))
    );
}

#[test]
fn two_agents_cannot_share_a_state_directory() {
    let place = Place::new();
    let first = Agent::start(&place, &["--no-tcp"]);
    let problem = place.problem(&["serve", "--no-tcp"], 1);
    assert_eq!(problem["code"], "agent_running");
    drop(first);
    // What a killed agent leaves behind stops nobody.
    assert_eq!(place.json(&["status"])["running"], false);
    assert_eq!(place.json(&["tokens"])["tokens"], Value::Array(Vec::new()));
}
