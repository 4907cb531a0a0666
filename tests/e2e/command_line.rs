//! `tokensign sign` and `verify` as a person or a script types them, with a running agent and without one.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tokensign_tests::programs;

use crate::world::{World, prepared};

const CONTENT: &[u8] = "Акт № 3\n".as_bytes();

fn tokensign(configuration: &Path, arguments: &[&str]) -> Output {
    Command::new(programs::tokensign())
        .args(arguments)
        .arg("--config")
        .arg(configuration)
        .env("LANG", "C.UTF-8")
        .output()
        .unwrap()
}

fn pin_file(directory: &Path, pin: &str) -> String {
    let file = directory.join("pin");
    std::fs::write(&file, pin).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    format!("file:{}", file.display())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn sign_works_with_every_key_type_through_a_running_agent() {
    let world = World::new().await;
    for certificate in world.tokens.usable() {
        let file = world.file(&format!("{}.txt", certificate.name), CONTENT);
        let pin = pin_file(world.path(), &certificate.pin);
        let name = file.to_str().unwrap();
        let arguments = [
            "sign",
            name,
            "--cert",
            &certificate.fingerprint,
            "--pin-source",
            &pin,
            "--json",
        ];
        let output = tokensign(world.agent.configuration(), &arguments);
        assert!(
            output.status.success(),
            "{}: {}",
            certificate.name,
            text(&output.stderr)
        );
        let _: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stdout)));
        let signature = world.path().join(format!("{}.txt.p7s", certificate.name));
        world.tokens.verify(&certificate.name, &signature, &file).unwrap();
        let verified = tokensign(
            world.agent.configuration(),
            &["verify", signature.to_str().unwrap(), "--content", name, "--json"],
        );
        let verdict: Value = serde_json::from_slice(&verified.stdout)
            .unwrap_or_else(|_| panic!("{}{}", text(&verified.stdout), text(&verified.stderr)));
        assert_eq!(verdict["signers"].as_array().map(Vec::len), Some(1), "{verdict}");
    }
}

#[test]
fn sign_works_without_a_running_agent_and_overwrites_nothing() {
    let (directory, tokens) = prepared("");
    let certificate = tokens.certificate("gost-director");
    let file = directory.path().join("act.txt");
    std::fs::write(&file, CONTENT).unwrap();
    let pin = pin_file(directory.path(), &certificate.pin);
    let arguments = [
        "sign",
        file.to_str().unwrap(),
        "--cert",
        &certificate.fingerprint,
        "--pin-source",
        &pin,
        "--json",
    ];
    let output = tokensign(&tokens.configuration(), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let signature = directory.path().join("act.txt.p7s");
    tokens.verify("gost-director", &signature, &file).unwrap();
    let before = std::fs::read(&signature).unwrap();
    let again = tokensign(&tokens.configuration(), &arguments);
    assert!(
        !again.status.success(),
        "a signature that lies there is not overwritten"
    );
    assert_eq!(std::fs::read(&signature).unwrap(), before);
}

#[test]
fn exit_codes_name_the_class_of_the_error() {
    let (directory, tokens) = prepared("");
    let file = directory.path().join("act.txt");
    std::fs::write(&file, CONTENT).unwrap();
    let name = file.to_str().unwrap();
    let wrong = pin_file(directory.path(), "00000000");
    let fingerprint = tokens.certificate("gost-director").fingerprint;
    let code = |arguments: &[&str]| tokensign(&tokens.configuration(), arguments).status.code();
    assert_eq!(code(&["sign"]), Some(2), "no file named");
    assert_eq!(
        code(&["sign", name, "--cert", "iin=000000000000", "--pin-source", &wrong]),
        Some(4),
        "no certificate fits"
    );
    let before = tokens.gost_login_count();
    assert_eq!(
        code(&["sign", name, "--cert", &fingerprint, "--pin-source", &wrong]),
        Some(4),
        "a wrong PIN"
    );
    assert_eq!(tokens.gost_login_count(), before + 1, "a program gets one try");
    assert_eq!(
        code(&["idocs", "status", "x", "--profile", "none"]),
        Some(2),
        "no such profile"
    );
}
