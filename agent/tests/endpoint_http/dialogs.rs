//! Questions in dialogs: pinentry itself at a terminal, and a stand-in that says what it was told; notifications.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret as _;
use serde_json::json;
use tokensign::endpoint::{Agent, StartOptions};
use tokensign::messages::{Language, Localizer};
use tokensign::prompters::{Answer, Dialog, Notification, Pinentry};

use crate::running::{Running, configuration};

const PATIENCE: Duration = Duration::from_secs(30);

/// A program in `dir` that does what the script says.
fn program(dir: &Path, name: &str, script: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path
}

/// Speaks Assuan, writes down what it is told, and answers the question with `answer` (an empty one: never).
fn stand_in(dir: &Path, answer: &str) -> PathBuf {
    let script = format!(
        r#"#!/usr/bin/env python3
import os, sys, time
log = open({log:?}, "a")
print("pid", os.getpid(), file=log, flush=True)
print("OK ready", flush=True)
for line in sys.stdin:
    line = line.rstrip("\n")
    assert len(line.encode()) <= 1000, len(line)
    print(line, file=log, flush=True)
    if line in ("CONFIRM", "GETPIN"):
        if not {answer:?}:
            time.sleep(600)
        print({answer:?}, flush=True)
    elif line.startswith("OPTION lc-"):
        print("ERR 83886254 Unknown option", flush=True)
    else:
        print("OK", flush=True)
"#,
        log = dir.join("pinentry.log").display().to_string(),
    );
    program(dir, "pinentry-stand-in", &script)
}

async fn log_with(dir: &Path, text: &str) -> String {
    let begun = Instant::now();
    loop {
        let log = std::fs::read_to_string(dir.join("pinentry.log")).unwrap_or_default();
        if log.contains(text) {
            return log;
        }
        assert!(begun.elapsed() < PATIENCE, "no {text:?} in {log}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn agent_with(answer: &str) -> Running {
    let dir = tempfile::tempdir().unwrap();
    let mut config = configuration(dir.path());
    config.agent.pinentry = Some(stand_in(dir.path(), answer));
    config.agent.language = Some("ru".to_owned());
    Running::started(
        Agent::start(
            config,
            StartOptions {
                tcp: true,
                queues: false,
            },
        )
        .await
        .unwrap(),
        dir,
    )
}

async fn ask_to_pair(agent: &Running) -> (String, String) {
    let request = agent
        .request("POST /v1/pairings")
        .json(&json!({ "name": "Бухгалтерия 100%".repeat(5), "permissions": ["sign"] }));
    let answer = agent.send(&request).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let begun = answer.json();
    (
        format!("GET /v1/pairings/{}", begun["id"].as_str().unwrap()),
        format!("Pairing {}", begun["secret"].as_str().unwrap()),
    )
}

async fn standing(agent: &Running, (line, secret): &(String, String)) -> String {
    let begun = Instant::now();
    loop {
        let answer = agent
            .send(&agent.request(line).header("Authorization", secret))
            .await
            .json();
        let state = answer["state"].as_str().unwrap().to_owned();
        if state != "waiting" {
            return state;
        }
        assert!(begun.elapsed() < PATIENCE, "{answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_in_the_dialog_is_a_decision_and_so_is_a_no() {
    for (answer, state) in [("OK", "confirmed"), ("ERR 83886179 Operation cancelled", "refused")] {
        let agent = agent_with(answer).await;
        let pairing = ask_to_pair(&agent).await;
        assert_eq!(standing(&agent, &pairing).await, state);
        let log = log_with(&agent.directory(), "CONFIRM").await;
        assert!(
            log.contains("SETDESC Подключить") && log.contains("100%25") && log.contains("SETTIMEOUT "),
            "{log}"
        );
        assert!(!log.contains("external-password-cache"), "{log}");
        // The program that asks is this test itself.
        assert!(log.contains(&format!("OPTION owner={}/", std::process::id())), "{log}");
        agent.stop().await;
    }
}

/// The first decision wins: the dialog closes when the terminal was quicker.
#[tokio::test(flavor = "multi_thread")]
async fn a_dialog_closes_when_the_question_is_decided_elsewhere() {
    let agent = agent_with("").await;
    let pairing = ask_to_pair(&agent).await;
    let log = log_with(&agent.directory(), "CONFIRM").await;
    let pid = log
        .lines()
        .find_map(|line| line.strip_prefix("pid "))
        .unwrap()
        .to_owned();
    let question = agent.question().await;
    assert_eq!(agent.decide(&question, "approve").await.status, 202);
    assert_eq!(standing(&agent, &pairing).await, "confirmed");
    let second = agent.decide(&question, "refuse").await;
    assert!(matches!(second.code().as_str(), "no_such_item" | "wrong_state"));
    let begun = Instant::now();
    // A process that ended and was waited for has no directory any more.
    while Path::new(&format!("/proc/{pid}")).exists() {
        assert!(begun.elapsed() < PATIENCE, "the dialog stays");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialog_that_breaks_leaves_the_question_to_others() {
    let agent = agent_with("NONSENSE").await;
    let pairing = ask_to_pair(&agent).await;
    log_with(&agent.directory(), "CONFIRM").await;
    let question = agent.question().await;
    assert_eq!(agent.decide(&question, "approve").await.status, 202);
    assert_eq!(standing(&agent, &pairing).await, "confirmed");
    agent.stop().await;
}

/// GnuPG's own program at a pseudo-terminal, where somebody types.
#[tokio::test(flavor = "multi_thread")]
async fn the_real_pinentry_takes_a_pin_at_a_terminal() {
    const PROGRAM: &str = "/usr/bin/pinentry-curses";
    assert!(Path::new(PROGRAM).exists(), "apt-get install pinentry-curses");
    // Opens a terminal, says its name, types once the dialog stands there, and prints what was on the screen.
    let typist = r#"
import os, pty, select, sys, time, tty
master, slave = pty.openpty()
tty.setraw(slave)
print(os.ttyname(slave), flush=True)
screen, typed, end = b"", False, time.time() + 60
while time.time() < end:
    if select.select([master], [], [], 0.2)[0]:
        screen += os.read(master, 4096)
    elif not typed and b"tokensign-pin" in screen:
        os.write(master, b"4321\r")
        typed = True
    elif typed and select.select([sys.stdin], [], [], 0)[0]:
        break
sys.stdout.buffer.write(screen)
"#;
    let mut typist = Command::new("python3")
        .args(["-c", typist])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = std::io::BufReader::new(typist.stdout.take().unwrap());
    let mut terminal = String::new();
    std::io::BufRead::read_line(&mut reader, &mut terminal).unwrap();
    let pinentry = Pinentry::new(Path::new(PROGRAM))
        .unwrap()
        .at_terminal(Path::new(terminal.trim()), "xterm");
    let dialog = Dialog {
        description: "Sign 1 document?".to_owned(),
        prompt: Some("tokensign-pin".to_owned()),
        ok: "Approve".to_owned(),
        cancel: "Refuse".to_owned(),
        owner: Some(std::process::id()),
        timeout: PATIENCE,
        ..Dialog::default()
    };
    let answer = pinentry.show(&dialog).await.unwrap();
    drop(typist.stdin.take());
    let mut screen = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut screen).unwrap();
    let _ = typist.wait();
    let screen = String::from_utf8_lossy(&screen);
    let Answer::Yes(Some(pin)) = answer else {
        panic!("{answer:?} {screen}")
    };
    assert_eq!(pin.expose_secret(), "4321");
    assert!(
        screen.contains("Sign 1 document?") && !screen.contains("4321"),
        "{screen}"
    );
}

#[test]
fn a_program_that_others_can_write_is_not_asked_for_a_pin() {
    let dir = tempfile::tempdir().unwrap();
    let path = program(dir.path(), "pinentry", "#!/bin/sh\n");
    assert!(Pinentry::new(&path).is_ok());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(Pinentry::new(&path).is_err());
    assert!(Pinentry::new(Path::new("pinentry")).is_err());
    assert!(Pinentry::new(Path::new("/no/such/pinentry")).is_err());
}

/// One stands for all that waits, and is gone with the last of it.
#[test]
fn a_notification_is_one_and_is_taken_away() {
    let dir = tempfile::tempdir().unwrap();
    let told = dir.path().join("told");
    let script = format!("#!/bin/sh\necho $$ >> {}\nexec sleep 600\n", told.display());
    let notify = program(dir.path(), "notify-send", &script);
    let notification = Notification::by(notify, Localizer::new(Language::En), || Ok(()));
    let pids = |count: usize| {
        let begun = Instant::now();
        loop {
            let pids: Vec<_> = std::fs::read_to_string(&told)
                .unwrap_or_default()
                .lines()
                .map(str::to_owned)
                .collect();
            if pids.len() >= count {
                return pids;
            }
            assert!(begun.elapsed() < PATIENCE, "{pids:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    notification.raise().unwrap();
    notification.raise().unwrap();
    let first = pids(1);
    assert_eq!(first.len(), 1);
    notification.withdraw();
    notification.raise().unwrap();
    assert_eq!(pids(2).len(), 2);
    notification.withdraw();
    for pid in pids(2) {
        let begun = Instant::now();
        while Path::new(&format!("/proc/{pid}")).exists() {
            assert!(begun.elapsed() < PATIENCE, "the notification stays");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_click_on_the_notification_opens_the_page_and_nothing_else_does() {
    for (click, opens) in [("open", true), ("", false)] {
        let dir = tempfile::tempdir().unwrap();
        let told = dir.path().join("told");
        let script = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > {}\necho {click}\n", told.display());
        let opened = Arc::new(AtomicBool::new(false));
        let open = {
            let opened = Arc::clone(&opened);
            move || {
                opened.store(true, Ordering::SeqCst);
                Ok(())
            }
        };
        let notify = program(dir.path(), "notify-send", &script);
        Notification::by(notify, Localizer::new(Language::En), open)
            .raise()
            .unwrap();
        let begun = Instant::now();
        while !told.exists() || opens != opened.load(Ordering::SeqCst) {
            assert!(begun.elapsed() < PATIENCE, "{click:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(opened.load(Ordering::SeqCst), opens);
        let told = std::fs::read_to_string(told).unwrap();
        assert!(
            told.contains("--action=open=Show") && told.contains("A request waits"),
            "{told}"
        );
    }
}
