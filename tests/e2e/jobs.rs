//! What a person does about jobs on the command line: finds them, exports their evidence, settles what cannot be known, has removed
//! what they left; and a job that an earlier schema left waiting.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;
use tokensign_tests::sandbox::{Action, FaultRule, When};

use crate::services::{finishes, saves, start_idocs, start_mig24};
use crate::world::{Business, World, prepared};

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// Runs a command that must do and gives its JSON.
fn done(business: &Business, arguments: &[&str]) -> Value {
    let mut arguments = arguments.to_vec();
    arguments.push("--json");
    let output = business.world.command(&arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn finished(business: &Business, path: &str, signer: &str) -> Value {
    let pin = business.world.tokens.certificate(signer).pin;
    business.world.agent.approve(&pin).await;
    let job = business.world.agent.settled(path).await;
    assert_eq!(job["state"], "finished", "{job}");
    job
}

fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn evidence_with_kept_documents_is_verified_by_openssl() {
    let business = Business::with(|_| {}, "keep_documents_days = 7\n", &[]).await;
    let path = start_mig24(&business).await;
    finished(&business, &path, "gost-director").await;
    let found = done(
        &business,
        &[
            "jobs",
            "list",
            "--name",
            "договор",
            "--counterparty",
            "2bm-test",
            "--since",
            "2026-01-01",
        ],
    );
    assert_eq!(found["jobs"][0]["id"], id_of(&path), "{found}");
    let nothing = done(&business, &["jobs", "list", "--counterparty", "nobody"]);
    assert_eq!(nothing["jobs"], json!([]));

    let folder = business.world.path().join("evidence");
    let export = ["jobs", "export", id_of(&path), "--dir", folder.to_str().unwrap()];
    done(&business, &export);
    let signatures = files(&folder.join("signatures"));
    assert_eq!(signatures, ["Акт.txt.p7s", "Договор.txt.p7s", "Счёт.txt.p7s"]);
    assert_eq!(files(&folder.join("documents")), ["Акт.txt", "Договор.txt", "Счёт.txt"]);
    for signature in signatures {
        let document = folder.join("documents").join(signature.strip_suffix(".p7s").unwrap());
        let signature = folder.join("signatures").join(signature);
        business
            .world
            .tokens
            .verify("gost-director", &signature, &document)
            .unwrap_or_else(|error| panic!("{}: {error}", signature.display()));
    }
    let audit: Value = serde_json::from_slice(&std::fs::read(folder.join("audit.json")).unwrap()).unwrap();
    let kinds: Vec<_> = audit
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        (kinds.first(), kinds.last()),
        (Some(&"job_started"), Some(&"job_closed")),
        "{kinds:?}"
    );
    assert!(kinds.contains(&"approved") && kinds.contains(&"signed"), "{kinds:?}");
    let entries = audit.as_array().unwrap();
    let is_done = |step: &str| {
        let mut done = entries.iter().filter(|entry| entry["kind"] == "step_done");
        done.any(|entry| entry["body"]["step"] == step)
    };
    assert!(is_done("finish"), "what became of it at the service: {entries:?}");
    assert_eq!(entries.last().unwrap()["body"]["state"], "finished");
    let approved = entries.iter().find(|entry| entry["kind"] == "approved");
    let approved = &approved.unwrap()["body"];
    assert!(
        approved["token"].is_string() && approved["destination"]["host"].is_string(),
        "{approved}"
    );
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(
        readme.contains("signatures/Акт.txt.p7s") && readme.contains("openssl cms -verify"),
        "{readme}"
    );
    let again = business.world.command(&export);
    assert!(!again.status.success(), "a folder that is there is not written over");
}

#[tokio::test]
async fn the_list_names_the_command_for_older_jobs() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(world.request_signature("iin=000000000000", b"a").await);
    }
    let list = |arguments: &[&str]| {
        let output = world.command(&[&["jobs", "list", "--limit", "2"], arguments].concat());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let first: Value = serde_json::from_str(&list(&["--json"])).unwrap();
    assert_eq!(
        (first["jobs"].as_array().unwrap().len(), &first["next"]),
        (2, &json!(ids[1]))
    );
    let more = format!("tokensign jobs list --before {}", ids[1]);
    assert!(list(&[]).contains(&more), "{}", list(&[]));
    let last: Value = serde_json::from_str(&list(&["--before", &ids[1], "--json"])).unwrap();
    assert_eq!((&last["jobs"][0]["id"], last.get("next")), (&json!(ids[0]), None));
    assert!(!list(&["--before", &ids[1]]).contains("--before"));
}

#[tokio::test]
async fn without_keeping_the_documents_go_and_the_signatures_stay() {
    let business = Business::new().await;
    let path = start_idocs(&business).await;
    let job = finished(&business, &path, "kz-director").await;
    let folder = business.world.path().join("evidence");
    done(
        &business,
        &["jobs", "export", id_of(&path), "--dir", folder.to_str().unwrap()],
    );
    assert!(
        files(&folder.join("documents")).is_empty(),
        "the documents go when the job closes"
    );
    let [signature] = files(&folder.join("signatures")).try_into().unwrap();
    let content = job["outcome"]["content_blob"].as_str().unwrap();
    let content = business.sandbox.blob(content).expect("the service has what was signed");
    let content = business.world.file("content.zip", &content);
    let signature = folder.join("signatures").join(signature);
    business
        .world
        .tokens
        .verify("kz-director", &signature, &content)
        .unwrap();
    let document = job["outcome"]["document_id"].as_str().unwrap();
    let found = done(&business, &["jobs", "list", "--reference", document]);
    assert_eq!(found["jobs"][0]["id"], id_of(&path), "{found}");
}

/// A save of which neither the answer nor the document's status says whether it happened.
async fn in_doubt(when: When) -> (Business, String) {
    let business = Business::new().await;
    let unknown = Action::Answer {
        status: 200,
        content_type: None,
        body: json!({ "response": "SOMETHING_NEW" }),
        when: When::Before,
    };
    business.sandbox.faults([
        FaultRule::on("POST", "quick-sign/save", Action::Cut { when }).nth(1),
        FaultRule::on("GET", "GetDocumentStatusByDocumentId", unknown),
    ]);
    let path = start_idocs(&business).await;
    let pin = business.world.tokens.certificate("kz-director").pin;
    business.world.agent.approve(&pin).await;
    let job = business.world.agent.settled(&path).await;
    assert_eq!(
        (&job["state"], &job["fault"]["code"]),
        (&json!("stopped"), &json!("service_uncertain")),
        "{job}"
    );
    assert_eq!(job["actions"], json!(["retry", "settle", "cancel"]));
    business.sandbox.clear_faults();
    (business, path)
}

/// The event that told of a step with that reason.
async fn event_of(business: &Business, step: &str, code: &str) -> Value {
    let events = business.world.agent.owner(Method::GET, "/v1/events");
    let mut stream = events.header("Last-Event-ID", "0").send().await.unwrap();
    let mut told = Vec::new();
    loop {
        told.extend_from_slice(&stream.chunk().await.unwrap().expect("the stream goes on"));
        let text = String::from_utf8_lossy(&told);
        let mut events = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data:")?.trim()).ok());
        if let Some(event) =
            events.find(|event| event["step"]["name"] == step && event["step"]["fault"]["code"] == code)
        {
            return event;
        }
    }
}

#[tokio::test]
async fn a_person_says_that_a_save_happened_and_it_is_not_sent_again() {
    let (business, path) = in_doubt(When::After).await;
    let shown = business.world.command(&["jobs", "show", id_of(&path)]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("tokensign jobs settle"), "{shown}");
    let save = shown
        .lines()
        .find(|line| line.starts_with("save "))
        .unwrap_or_else(|| panic!("{shown}"));
    for part in [
        "outcome unknown",
        " 1 ",
        "It cannot be known whether the service carried the request out",
    ] {
        assert!(save.contains(part), "{part:?} is not in {save:?}");
    }
    let event = event_of(&business, "save", "service_uncertain").await;
    assert_eq!(
        (&event["step"]["state"], &event["step"]["attempts"]),
        (&json!("uncertain"), &json!(1)),
        "{event}"
    );
    let job = done(&business, &["jobs", "settle", id_of(&path), "--happened"]);
    assert_eq!(job["state"], "finished", "{job}");
    assert_eq!(saves(&business.sandbox.summary()), 1);
    assert!(business.sandbox.summary().duplicates.is_empty());
}

#[tokio::test]
async fn a_person_says_that_a_save_did_not_happen_and_it_is_sent_again() {
    let (business, path) = in_doubt(When::Before).await;
    assert_eq!(saves(&business.sandbox.summary()), 0);
    let job = done(&business, &["jobs", "settle", id_of(&path), "--did-not"]);
    assert_eq!(job["state"], "finished", "{job}");
    assert_eq!(saves(&business.sandbox.summary()), 1);
    let wrong = business.world.command(&["jobs", "settle", id_of(&path)]);
    assert_eq!(wrong.status.code(), Some(2), "one of the two is said");
}

#[tokio::test]
async fn an_application_cannot_settle_what_only_a_person_can_see() {
    let (business, path) = in_doubt(When::After).await;
    let agent = &business.world.agent;
    let token = agent.pair("1C", &["idocs:test:submit", "idocs:test:delete"]).await;
    let said = agent
        .application(&token, Method::POST, &format!("{path}/resolution"))
        .json(&json!({ "happened": true }))
        .send()
        .await
        .unwrap();
    assert_eq!(said.status(), 403);
    let evidence = agent
        .application(&token, Method::GET, &format!("{path}/evidence"))
        .send()
        .await
        .unwrap();
    assert_eq!(evidence.status(), 403);
}

#[tokio::test]
async fn a_refused_group_is_named_and_removed_with_one_command() {
    let business = Business::new().await;
    let path = start_mig24(&business).await;
    let question = business.world.agent.question("approve").await;
    let waiting = business
        .world
        .agent
        .until(&path, |job| job["waiting"]["until"].is_string())
        .await;
    assert_eq!(
        waiting["waiting"]["until"], question["deadline"],
        "the caller sees the deadline"
    );
    business
        .world
        .agent
        .decide(&question, json!({ "decision": "refuse" }))
        .await
        .unwrap();
    let job = business.world.agent.settled(&path).await;
    let group = business.sandbox.summary().mig24.groups[0].group_id.to_string();
    assert_eq!(job["state"], "refused", "{job}");
    assert_eq!(
        job["fault"]["left_behind"],
        json!({ "package_group_id": group, "created": true, "sent": false })
    );
    let shown = business.world.command(&["jobs", "show", id_of(&path)]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains(&group) && shown.contains("tokensign jobs remove-left"),
        "{shown}"
    );

    // Asked for again under its key, as after a lost answer, it is the same removal.
    let remove = async || -> Value {
        let request = business.world.agent.owner(Method::POST, &format!("{path}/removal"));
        let request = request
            .header("Idempotency-Key", "removal-1")
            .header("Prefer", "wait=60");
        request.json(&json!({})).send().await.unwrap().json().await.unwrap()
    };
    let removal = remove().await;
    assert_eq!(
        (&removal["state"], &removal["kind"]),
        (&json!("finished"), &json!("mig24_removal"))
    );
    assert_eq!(remove().await["id"], removal["id"]);
    assert!(business.sandbox.summary().mig24.groups[0].deleted);
    assert_eq!(finishes(&business.sandbox.summary()), 0);
    // It is gone: it is offered no more, and asking for it again names the job that did it.
    let job: Value = business.world.agent.get(&path).await;
    assert_eq!(job["actions"], json!([]), "{job}");
    let again = business.world.command(&["jobs", "remove-left", id_of(&path), "--json"]);
    let again = String::from_utf8_lossy(&again.stderr).into_owned();
    let by = removal["id"].as_str().unwrap();
    assert!(again.contains("wrong_state") && again.contains(by), "{again}");
}

/// A question that nobody answers in time ends its job as a refusal does: what is left is named, and removed where the service can.
#[tokio::test]
async fn what_an_expired_question_leaves_is_named_and_can_be_removed() {
    let mut business = Business::new().await;
    business.world.tokens.configure_agent("question_timeout_seconds = 4");
    business.world.restart(&[]).await;
    let group = start_mig24(&business).await;
    let document = start_idocs(&business).await;
    let expired = async |path: &str| {
        let job = business.world.agent.settled(path).await;
        assert_eq!(
            (&job["state"], &job["fault"]["code"]),
            (&json!("refused"), &json!("expired")),
            "{job}"
        );
        let shown = business.world.command(&["jobs", "show", id_of(path)]);
        (job, String::from_utf8(shown.stdout).unwrap())
    };
    let (job, shown) = expired(&group).await;
    let left = business.sandbox.summary().mig24.groups[0].group_id.to_string();
    assert_eq!(
        job["fault"]["left_behind"],
        json!({ "package_group_id": left, "created": true, "sent": false })
    );
    assert_eq!(job["actions"], json!(["remove_left"]));
    assert!(
        shown.contains(&left) && shown.contains("tokensign jobs remove-left"),
        "{shown}"
    );

    // iDocs has no call that deletes a document: it is named, and nothing is offered.
    let (job, shown) = expired(&document).await;
    let left = business.sandbox.summary().idocs.documents[0].document_id.to_string();
    assert_eq!(
        job["fault"]["left_behind"],
        json!({ "document_id": left, "created": true, "sent": false })
    );
    assert_eq!(job["actions"], json!([]));
    assert!(shown.contains(&left) && !shown.contains("remove-left"), "{shown}");
    let refused = business
        .world
        .command(&["jobs", "remove-left", id_of(&document), "--json"]);
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("not_removable"),
        "{refused:?}"
    );

    assert!(
        business.world.agent.waiting().await.is_empty(),
        "nothing is asked any more"
    );
    let removal = done(&business, &["jobs", "remove-left", id_of(&group)]);
    assert_eq!(removal["state"], "finished", "{removal}");
    assert!(business.sandbox.summary().mig24.groups[0].deleted);
    let summary = business.sandbox.summary();
    assert_eq!(
        (saves(&summary), finishes(&summary), summary.mig24.groups[0].prepares),
        (0, 0, 1)
    );
    assert_eq!(business.world.signed_as_approved().await, 0);
}

/// The store as this schema writes it, with work of both services in it that waits for a certificate, and a save in doubt.
#[tokio::test]
async fn work_of_both_services_in_a_store_of_this_schema_goes_on() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/store/schema-7");
    let mut business = Business::new().await;
    business.world.agent.kill();
    let state = business.world.tokens.configuration().parent().unwrap().join("state");
    std::fs::remove_dir_all(&state).unwrap();
    copy_private(&vectors, &state);
    business.world.restart(&[]).await;
    let agent = &business.world.agent;
    let jobs: Value = agent.get("/v1/jobs").await;
    let of = |kind: &str, state: &str| {
        let mut all = jobs["jobs"].as_array().unwrap().iter();
        let found = all.find(|job| job["kind"] == kind && job["state"] == state);
        let found = found.unwrap_or_else(|| panic!("no {state} {kind}: {jobs}"));
        format!("/v1/jobs/{}", found["id"].as_str().unwrap())
    };
    let (sent, group, doubtful) = (
        of("idocs_send", "running"),
        of("mig24_send", "running"),
        of("idocs_send", "stopped"),
    );

    // What cannot be known is shown as it was, and settled.
    let shown: Value = agent.get(&doubtful).await;
    assert_eq!(shown["fault"]["code"], "service_uncertain", "{shown}");
    assert_eq!(shown["actions"], json!(["retry", "settle", "cancel"]));
    let save = shown["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["name"] == "save");
    let save = save.unwrap_or_else(|| panic!("{shown}"));
    assert_eq!(
        (&save["state"], &save["attempts"]),
        (&json!("uncertain"), &json!(1)),
        "{save}"
    );
    let job = done(&business, &["jobs", "settle", id_of(&doubtful), "--happened"]);
    assert_eq!(job["state"], "finished", "{job}");
    assert_eq!(saves(&business.sandbox.summary()), 0, "nothing is sent for it");

    // What waits is asked again, and goes on to its end.
    for (path, signer) in [(&sent, "kz-director"), (&group, "gost-director")] {
        let certificate = business.world.tokens.certificate(signer);
        let waiting = agent.until(path, |job| job["waiting"]["question"].is_string()).await;
        let asked = agent.waiting().await;
        let question = asked
            .iter()
            .find(|question| question["id"] == waiting["waiting"]["question"])
            .unwrap();
        assert_eq!(question["kind"], "choose", "{question}");
        let chosen = json!({ "decision": "choose", "certificate": certificate.fingerprint });
        agent.decide(question, chosen).await.unwrap();
        agent.approve(&certificate.pin).await;
        let job = agent.settled(path).await;
        assert_eq!(job["state"], "finished", "{job}\n{}", agent.log());
    }
    let summary = business.sandbox.summary();
    assert_eq!((saves(&summary), finishes(&summary)), (1, 1), "{summary:?}");
    assert!(summary.duplicates.is_empty(), "{summary:?}");
    let verified = business.world.command(&["audit", "verify"]);
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test]
async fn a_job_that_waits_in_a_store_of_the_first_schema_is_finished() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/store/schema-1");
    let (directory, tokens) = prepared("");
    let state = tokens.configuration().parent().unwrap().join("state");
    copy_private(&vectors, &state);
    let agent = Agent::start(&tokens.configuration()).await;
    let job = "01a200b3-2076-76b9-9134-deb04868a602";
    let path = format!("/v1/signatures/{job}");
    let certificate = tokens.certificate("kz-director");
    let question = agent.question("choose").await;
    assert_eq!(question["job"], job, "{question}");
    agent
        .decide(
            &question,
            json!({ "decision": "choose", "certificate": certificate.fingerprint }),
        )
        .await
        .unwrap();
    agent.approve(&certificate.pin).await;
    let resource = agent.settled(&path).await;
    assert_eq!(resource["state"], "finished", "{resource}\n{}", agent.log());
    let (signature, content) = (directory.path().join("s.p7s"), directory.path().join("content"));
    std::fs::write(&signature, crate::world::signature_of(&resource)).unwrap();
    std::fs::write(&content, "Договор, который ждёт подписи\n").unwrap();
    tokens.verify("kz-director", &signature, &content).unwrap();
    let jobs: Value = agent.get("/v1/jobs").await;
    let states: Vec<_> = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| &job["state"])
        .collect();
    assert_eq!(states, ["finished", "finished"], "{jobs}");
}

/// Copies a directory as the agent's own: for the owner alone.
fn copy_private(from: &Path, to: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let only = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, only(0o700)).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_private(&entry.path(), &copy);
        } else {
            std::fs::copy(entry.path(), &copy).unwrap();
            std::fs::set_permissions(&copy, only(0o600)).unwrap();
        }
    }
}
