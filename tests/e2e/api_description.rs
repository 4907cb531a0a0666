//! The API against its own description: schemathesis asks everything that the description allows, and much that it does not, with a paired
//! token and a person who refuses whatever is asked.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::json;
use tokensign_tests::agent::Agent;

use crate::world::World;

/// What the paired program may do: all there is.
const PERMISSIONS: &[&str] = &[
    "sign",
    "authenticate",
    "certificates",
    "verify",
    "raw_hash",
    "questions:100",
    "idocs:*:read",
    "idocs:*:draft",
    "idocs:*:submit",
    "idocs:*:delete",
    "mig24:*:read",
    "mig24:*:draft",
    "mig24:*:submit",
    "mig24:*:delete",
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs every phase with so many examples an operation; the report when something was found.
async fn look_at_the_api(examples: &str) {
    let program = workspace().join("target/schemathesis/bin/st");
    assert!(
        program.exists(),
        "schemathesis is missing: scripts/verifiers.sh installs it"
    );
    let world = World::with_configuration("\n[endpoint]\nrequests_per_second = 1000\n").await;
    let token = world.agent.pair("schemathesis", PERMISSIONS).await;
    let asked = tokio::process::Command::new(program)
        .arg("--config-file")
        .arg(workspace().join("tests/schemathesis.toml"))
        .args(["run", &format!("{}/openapi.json", world.agent.url())])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        // Streams have no end; their own tests read them.
        .args(["--exclude-path", "/v1/events", "--exclude-path", "/v1/questions/stream"])
        .args([
            "--max-examples",
            examples,
            "--seed",
            "7",
            "--no-shrink",
            "--continue-on-failure",
        ])
        .args(["--request-timeout", "30", "--workers", "2", "--no-color"])
        .current_dir(world.path())
        .stdin(Stdio::null())
        .output();
    let output = tokio::select! {
        output = asked => output.unwrap(),
        () = refuse_everything(&world.agent) => unreachable!("it refuses for ever"),
    };
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}");
    assert!(!world.agent.log().contains("panicked"), "{}", world.agent.log());
}

async fn refuse_everything(agent: &Agent) {
    loop {
        for question in agent.try_waiting().await {
            let _ = agent.try_decide(&question, json!({ "decision": "refuse" })).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_sample_of_the_description_holds() {
    look_at_the_api("3").await;
}

#[tokio::test]
#[ignore = "takes long; make test-full runs it"]
async fn two_thousand_examples_of_the_description_hold() {
    // More than 2,000 over all operations.
    look_at_the_api("60").await;
}
