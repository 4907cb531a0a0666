//! The page in a real browser: Chromium clicks through it, works it with the keyboard alone, and attacks it from other origins.
//!
//! The scripts beside this file drive Chromium with playwright-core; each gets an agent and tokens of its own from here. What it needs to
//! know comes as environment variables, and it fails by its exit status.

#![allow(clippy::unwrap_used)]

mod guides;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tokensign_tests::agent::Agent;
use tokensign_tests::card::{BlankCard, Pcscd};
use tokensign_tests::fixtures::{Tokens, service_profiles};
use tokensign_tests::programs;
use tokensign_tests::sandbox::Sandbox;

/// How long a script may take, in seconds; machines are slow.
const LIMIT: &str = "900";

#[tokio::test]
async fn a_person_clicks_through() {
    run("approvals", "", &[]).await;
}

#[tokio::test]
async fn documents_are_shown_in_place() {
    run("documents", "", &[]).await;
}

#[tokio::test]
async fn the_keyboard_is_enough_and_everything_has_a_name() {
    run("keyboard", "", &[]).await;
}

#[tokio::test]
async fn work_in_hand_is_looked_into_and_settled() {
    run_with_services("jobs").await;
}

#[tokio::test]
async fn other_origins_get_nowhere() {
    run("attacks", "", &[]).await;
}

/// Virtual cards stand in for tokens whose driver is missing or that cannot sign.
#[tokio::test]
async fn a_token_without_its_driver_says_what_to_install() {
    const RUTOKEN_ECP: &[u8] = b"\x3B\x8B\x01Rutoken DS \xC1";
    let directory = tempfile::Builder::new().prefix("ts-").tempdir().unwrap();
    let service = Pcscd::start(directory.path());
    let _card = BlankCard::insert(&service, RUTOKEN_ECP);
    let (name, socket) = service.environment();
    run_beside("readers", "", &[(name, &socket)], &[]).await;
}

#[tokio::test]
async fn the_choice_among_ten_thousand_certificates_is_fluent() {
    run("choice", "", &[]).await;
}

#[tokio::test]
async fn what_is_said_of_tokens_changes_with_them() {
    run("tokens", "", &[]).await;
}

/// A program in the place of pinentry that says where it runs and waits for ever.
#[tokio::test]
async fn a_dialog_on_the_screen_is_spoken_of_and_the_first_answer_counts() {
    let (directory, tokens) = prepared();
    let (program, told) = (directory.path().join("pinentry"), directory.path().join("dialogs"));
    let script = format!(
        "#!/bin/sh\necho $$ >> '{}'\necho OK ready\nwhile read -r line; do\n  case \"$line\" in CONFIRM|GETPIN) exec sleep 600 ;; *) echo OK ;; esac\ndone\n",
        told.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    tokens.configure_agent(&format!("pinentry = \"{}\"", program.display()));
    drive("dialogs", &tokens, &[], &[("DIALOGS", told.to_str().unwrap())]).await;
}

#[tokio::test]
async fn two_hundred_requests_leave_the_page_usable() {
    run("many", "\n[endpoint]\nrequests_per_second = 1000\n", &[]).await;
}

/// Draws the pictures of the documentation anew with `UPDATE_SCREENSHOTS=1`; else only sees that every state can be reached.
#[tokio::test]
#[ignore = "draws every state in three languages; part of make test-full"]
async fn every_state_has_its_picture() {
    let images = root().join("docs/images/page");
    let scratch = tempfile::tempdir().unwrap();
    let wanted = if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        images
    } else {
        scratch.path().to_owned()
    };
    run("screenshots", "", &[("IMAGES", wanted.to_str().unwrap())]).await;
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Runs one script against an agent of its own.
async fn run(script: &str, configuration: &str, environment: &[(&str, &str)]) {
    run_beside(script, configuration, &[], environment).await;
}

/// The same with variables in the agent's environment.
async fn run_beside(script: &str, configuration: &str, of_agent: &[(&str, &str)], environment: &[(&str, &str)]) {
    let (_directory, tokens) = prepared();
    tokens.configure(configuration);
    drive(script, &tokens, of_agent, environment).await;
}

/// The same with both services.
async fn run_with_services(script: &str) {
    let (directory, tokens) = prepared();
    let sandbox = Sandbox::start(tokens.sandbox_config()).unwrap();
    tokens.configure(&service_profiles(
        directory.path(),
        &sandbox,
        ", settling_seconds = 0.3",
    ));
    drive(script, &tokens, &[], &[("SANDBOX", sandbox.base_url())]).await;
}

fn prepared() -> (TempDir, Tokens) {
    let directory = tempfile::Builder::new().prefix("ts-").tempdir().unwrap();
    let tokens = Tokens::copy_into(directory.path());
    (directory, tokens)
}

async fn drive(script: &str, tokens: &Tokens, of_agent: &[(&str, &str)], environment: &[(&str, &str)]) {
    programs::require("node", "nodejs");
    programs::require("chromium", "chromium");
    let playwright = root().join("target/browser/node_modules/playwright-core/index.mjs");
    assert!(
        playwright.exists(),
        "playwright-core is missing: run scripts/verifiers.sh, or npm install --prefix target/browser playwright-core"
    );
    let agent = Agent::start_with(&tokens.configuration(), of_agent).await;
    let certificate = |name: &str| {
        let certificate = tokens.certificate(name);
        format!("{}:{}", certificate.fingerprint, certificate.pin)
    };
    // A browser that hangs is not waited for.
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=10", LIMIT, "node"])
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("browser")
                .join(format!("{script}.mjs")),
        )
        .env("PLAYWRIGHT", &playwright)
        .env("AGENT", agent.url())
        .env("OWNER_TOKEN", agent.owner_token())
        .env("TOKENSIGN", programs::tokensign())
        .env("CONFIGURATION", tokens.configuration())
        .env(
            "GOST_CONTROL",
            tokens.configuration().with_file_name("gost-token").join("control.json"),
        )
        .env("DIRECTOR", certificate("kz-director"))
        .env("INDIVIDUAL", certificate("kz-individual"))
        .env("GOST", certificate("gost-director"))
        .env("LOGIN", certificate("authentication-only"))
        .envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    assert!(
        output.status.success(),
        "{script}.mjs fails:\n{}\n{}\nThe agent's log:\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        tail(&agent.log()),
    );
}

fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
