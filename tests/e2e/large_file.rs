//! A 2 GiB file through the command line and through multipart HTTP, the agent under 64 MiB.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokensign::certificate::asn1::Element;
use tokensign_tests::programs;

use crate::world::{World, signature_of};

const SIZE: u64 = 2 << 30;
const FULL_SIZE: u64 = 10 << 30;
const LIMIT_KIB: u64 = 64 << 10;

#[tokio::test]
async fn two_gibibytes_through_http_and_the_command_line() {
    let world = World::new().await;
    let path = world.path().join("large.bin");
    sparse(&path, SIZE);
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

/// Signed, verified detached, and verified with the content inside: never more memory than for a small file.
#[tokio::test]
#[ignore = "takes minutes and 20 GiB of disk; make test-full runs it"]
async fn ten_gibibytes_are_signed_and_verified() {
    let world = World::new().await;
    let path = world.path().join("large.bin");
    sparse(&path, FULL_SIZE);
    let certificate = world.tokens.certificate("kz-director");
    let pin = world.file("pin", certificate.pin.as_bytes());
    private(&pin);
    let pin_source = format!("file:{}", pin.display());
    let run = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(programs::tokensign());
        command
            .args(arguments)
            .arg("--json")
            .arg("--config")
            .arg(world.agent.configuration());
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        let peak = peak_resident_kib(world.agent.pid());
        assert!(peak < LIMIT_KIB, "the agent's peak was {peak} KiB after {arguments:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let file = path.to_str().unwrap();
    let certificate_arguments = ["--cert", &certificate.fingerprint, "--pin-source", &pin_source];
    run(&[&["sign", file], &certificate_arguments[..]].concat()).await;
    let signature = world.path().join("large.bin.p7s");
    let ca = world.tokens.fixtures().certificate("kz-director").ca.clone();
    let root = ["--root", ca.to_str().unwrap()];
    let verdict = run(&[&["verify", signature.to_str().unwrap(), "--content", file], &root[..]].concat()).await;
    assert_eq!(verdict["valid"], true, "{verdict}");

    let attached = world.path().join("attached.ber");
    attach(&std::fs::read(&signature).unwrap(), &path, &attached);
    std::fs::remove_file(&path).unwrap();
    let verdict = run(&[&["verify", attached.to_str().unwrap()], &root[..]].concat()).await;
    assert_eq!(verdict["valid"], true, "{verdict}");
}

/// The detached `signature` with the content put inside, as streaming producers write it: indefinite lengths, strings of 1 GiB.
fn attach(signature: &[u8], content: &Path, target: &Path) {
    const PIECE: u32 = 1 << 30;
    let content_info = element(signature);
    let mut fields = content_info.reader();
    let kind = fields.element().unwrap();
    let mut signed_data = element(fields.element().unwrap().content).reader();
    let [version, algorithms, encapsulated] = [0; 3].map(|_| signed_data.element().unwrap());
    let head = [
        &[0x30, 0x80][..],
        kind.whole,
        &[0xa0, 0x80, 0x30, 0x80],
        version.whole,
        algorithms.whole,
        &[0x30, 0x80],
        encapsulated.content,
        &[0xa0, 0x80, 0x24, 0x80],
    ];
    let mut file = std::fs::File::create(target).unwrap();
    file.write_all(&head.concat()).unwrap();
    let mut content = std::fs::File::open(content).unwrap();
    let size = content.metadata().unwrap().len();
    for start in (0..size).step_by(PIECE as usize) {
        let length = u32::try_from((size - start).min(PIECE.into())).unwrap();
        file.write_all(&[&[0x04, 0x84][..], &length.to_be_bytes()].concat())
            .unwrap();
        // Only what is not zero is written; the rest stays a hole.
        let begins = file.stream_position().unwrap();
        for (offset, bytes) in [(0, 5), (u64::from(length) - 3, 3)] {
            let mut piece = vec![0; bytes];
            content.seek(SeekFrom::Start(start + offset)).unwrap();
            content.read_exact(&mut piece).unwrap();
            file.seek(SeekFrom::Start(begins + offset)).unwrap();
            file.write_all(&piece).unwrap();
        }
    }
    let end = [0; 2];
    file.write_all(&end.repeat(3)).unwrap();
    file.write_all(signed_data.rest()).unwrap();
    file.write_all(&end.repeat(3)).unwrap();
}

fn element(bytes: &[u8]) -> Element<'_> {
    Element::try_from(bytes).unwrap()
}

/// A sparse file whose content is not all zeros.
fn sparse(path: &Path, size: u64) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(b"begin").unwrap();
    file.seek(SeekFrom::Start(size - 3)).unwrap();
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
