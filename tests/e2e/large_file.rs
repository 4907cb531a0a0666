//! A 2 GiB file through the command line and through multipart HTTP, the agent under 64 MiB.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokensign_tests::programs;

use crate::world::{World, signature_of};

const SIZE: u64 = 2 << 30;
const LIMIT_KIB: u64 = 64 << 10;

#[tokio::test]
async fn two_gibibytes_through_http_and_the_command_line() {
    let world = World::new().await;
    let path = world.path().join("large.bin");
    sparse(&path);
    let certificate = world.tokens.certificate("kz-director");

    let request = json!({
        "purpose": "signature",
        "certificate": certificate.fingerprint,
        "documents": [{ "name": "large.bin", "part": "file" }],
    });
    let form = Form::new()
        .part(
            "request",
            Part::text(request.to_string()).mime_str("application/json").unwrap(),
        )
        .part("file", Part::file(&path).await.unwrap());
    let answer: Value = world
        .agent
        .owner(Method::POST, "/v1/signatures")
        .multipart(form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    world.agent.approve(&certificate.pin).await;
    let resource = world
        .agent
        .settled(&format!(
            "/v1/signatures/{}",
            answer["id"].as_str().unwrap_or_else(|| panic!("{answer}"))
        ))
        .await;
    let signature = world.file("large.p7s", &signature_of(&resource));
    world.tokens.verify("kz-director", &signature, &path).unwrap();
    let peak = peak_resident_kib(world.agent.pid());
    assert!(peak < LIMIT_KIB, "the agent's peak was {peak} KiB after HTTP");

    let pin = world.file("pin", certificate.pin.as_bytes());
    private(&pin);
    let mut command = tokio::process::Command::new(programs::tokensign());
    command
        .arg("sign")
        .arg(&path)
        .args(["--cert", &certificate.fingerprint, "--json"]);
    command
        .arg("--pin-source")
        .arg(format!("file:{}", pin.display()))
        .arg("--config")
        .arg(world.agent.configuration());
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    world
        .tokens
        .verify("kz-director", &world.path().join("large.bin.p7s"), &path)
        .unwrap();
    let peak = peak_resident_kib(world.agent.pid());
    assert!(
        peak < LIMIT_KIB,
        "the agent's peak was {peak} KiB after the command line"
    );
}

/// A sparse file whose content is not all zeros.
fn sparse(path: &Path) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(b"begin").unwrap();
    file.seek(SeekFrom::Start(SIZE - 3)).unwrap();
    file.write_all(b"end").unwrap();
}

fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// `VmHWM` of a process, in KiB.
fn peak_resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
