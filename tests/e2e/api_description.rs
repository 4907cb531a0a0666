//! The API against its own description: schemathesis asks everything that the description allows, and much that it does not, with a paired
//! token and a person who refuses whatever is asked.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;

use crate::world::{Business, World};

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
    "mig24:*:counterparties",
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A program of the environment that schemathesis lies in.
fn program(name: &str) -> PathBuf {
    let program = workspace().join("target/schemathesis/bin").join(name);
    assert!(
        program.exists(),
        "{} is missing: scripts/verifiers.sh installs it",
        program.display()
    );
    program
}

/// Runs every phase with so many examples an operation, and gives how many requests were made of them in all. Both services have a profile, so that no
/// request ends at its name.
async fn look_at_the_api(examples: &str) -> usize {
    let business = Business::with(|_| {}, "\n[endpoint]\nrequests_per_second = 1000\n", &[]).await;
    let world = &business.world;
    let token = world.agent.pair("schemathesis", PERMISSIONS).await;
    let settings = std::fs::read_to_string(workspace().join("tests/schemathesis.toml")).unwrap();
    let settings = world.file(
        "schemathesis.toml",
        format!("[parameters]\n\"path.profile\" = \"test\"\n\n{settings}").as_bytes(),
    );
    let asked = tokio::process::Command::new(program("st"))
        .arg("--config-file")
        .arg(settings)
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
        // Ten thousand documents in one request take a while on a machine that is busy with other tests.
        .args(["--request-timeout", "120", "--workers", "1", "--no-color"])
        .current_dir(world.path())
        .stdin(Stdio::null())
        .output();
    let output = tokio::select! {
        output = asked => output.unwrap(),
        () = refuse_everything(&world.agent) => unreachable!("it refuses for ever"),
    };
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{report}");
    assert!(!world.agent.log().contains("panicked"), "{}", world.agent.log());
    // "  2345 generated, 2345 passed"
    let count = |line: &str| line.trim().split_once(" generated")?.0.parse().ok();
    report.lines().find_map(count).expect(&report)
}

async fn refuse_everything(agent: &Agent) {
    loop {
        for question in agent.try_waiting().await {
            let _ = agent.try_decide(&question, json!({ "decision": "refuse" })).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// The description is one by the rules of OpenAPI 3.1, as somebody else reads them.
#[tokio::test]
async fn the_description_is_valid() {
    let agent = World::new().await.agent;
    let served = agent.stranger(Method::GET, "/openapi.json").send().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("openapi.json");
    std::fs::write(&file, served.bytes().await.unwrap()).unwrap();
    let output = tokio::process::Command::new(program("openapi-spec-validator"))
        .args(["--schema", "3.1"])
        .arg(&file)
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn a_sample_of_the_description_holds() {
    let count = look_at_the_api("3").await;
    assert!(count >= 100, "{count}");
}

#[tokio::test]
#[ignore = "takes long; make test-full runs it"]
async fn two_thousand_examples_of_the_description_hold() {
    let count = look_at_the_api("60").await;
    assert!(count >= 2_000, "{count}");
}

/// What an example may be answered with: it is done, or nothing is missing but the thing that it names.
const UNDERSTOOD: &[&str] = &[
    "no_such_item",
    "certificate_not_found",
    "module_missing",
    "not_configured",
    // A link opens once.
    "unpaired",
    "service_refused",
];

/// What the description gives as examples is what a reader copies: each body has one, and each is understood.
#[tokio::test]
async fn the_examples_of_the_description_are_requests_that_are_understood() {
    let business = Business::new().await;
    let agent = &business.world.agent;
    let description: Value = agent.get("/openapi.json").await;
    let schemas = &description["components"]["schemas"];
    let mut misunderstood = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        let Some(name) = item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str() else {
            continue;
        };
        let example = example_of(&schemas[name.rsplit('/').next().unwrap()]);
        assert_ne!(example, json!({}), "{path} has no example");
        let path = path
            .replace("{profile}", "test")
            .replace("{id}", "00000000-0000-0000-0000-000000000000");
        let answer = agent.owner(Method::POST, &path).json(&example).send().await.unwrap();
        let succeeded = answer.status().is_success();
        let body: Value = answer.json().await.unwrap_or_default();
        let code = body["code"].as_str().unwrap_or_default();
        if !succeeded && !UNDERSTOOD.contains(&code) {
            misunderstood.push(format!("{path} {example}: {body}"));
        }
    }
    assert!(misunderstood.is_empty(), "{}", misunderstood.join("\n"));
}

/// The example of a schema, or one put together from those of its properties.
fn example_of(schema: &Value) -> Value {
    if schema["example"].is_object() {
        return schema["example"].clone();
    }
    let properties = schema["properties"].as_object().unwrap();
    let examples = properties
        .iter()
        .filter_map(|(name, property)| Some((name.clone(), property.get("example")?.clone())));
    Value::Object(examples.collect())
}
