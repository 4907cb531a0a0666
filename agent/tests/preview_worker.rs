//! The process that draws documents: sealed before it reads the first byte, and bounded.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

fn worker() -> Child {
    Command::new(env!("CARGO_BIN_EXE_tokensign"))
        .args(["preview-worker", "--page", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The value of a line `Name:   value` of `/proc/<pid>/status`.
fn status(process: &Child, name: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}

#[test]
fn the_process_is_sealed_before_it_reads() {
    let mut process = worker();
    let started = Instant::now();
    // It waits for its first byte, which does not come, with the filter of system calls (mode 2) in force.
    while status(&process, "Seccomp").as_deref() != Some("2") {
        assert!(
            started.elapsed() < PATIENCE,
            "no filter: {:?}",
            status(&process, "Seccomp")
        );
        assert_eq!(process.try_wait().unwrap(), None, "it ended");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(status(&process, "NoNewPrivs").as_deref(), Some("1"));
    assert_eq!(status(&process, "Threads").as_deref(), Some("1"));
    let limits = fs::read_to_string(format!("/proc/{}/limits", process.id())).unwrap();
    let soft = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().next().unwrap().to_owned()
    };
    assert_ne!(soft("Max address space"), "unlimited");
    assert_ne!(soft("Max cpu time"), "unlimited");
    assert_eq!(soft("Max core file size"), "0");
    assert_eq!(soft("Max file size"), "0");
    process.kill().unwrap();
    process.wait().unwrap();
}

#[test]
fn a_document_gets_one_answer() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.txt");
    fs::File::create(&file).unwrap().write_all("Шарт\n".as_bytes()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tokensign"))
        .args(["preview-worker", "--page", "1"])
        .stdin(fs::File::open(&file).unwrap())
        .output()
        .unwrap();
    assert!(output.status.success());
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(
        answer.contains(r#""kind":"text""#) && answer.contains("Шарт"),
        "{answer}"
    );
}
