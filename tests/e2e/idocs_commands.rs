//! The commands of `tokensign idocs` that change something, as a person types them: what the service recorded is what was said.

use std::path::Path;

use serde_json::{Value, json};
use tokensign_tests::sandbox::{Happened, InboxDocumentSeed, SeedFile};

use crate::services::saves;
use crate::world::Business;

const DIRECTOR: &str = "kz-director";

/// Runs `tokensign idocs …` that must do, and gives its JSON.
fn done(business: &Business, arguments: &[&str]) -> Value {
    let output = business.world.command(&[&["idocs"], arguments, &["--json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{arguments:?}: {output:?}"))
}

/// Who signs, and where the PIN comes from.
fn signer(business: &Business) -> [String; 4] {
    let certificate = business.world.tokens.certificate(DIRECTOR).fingerprint;
    let pin = business.world.pin_source(DIRECTOR);
    ["--cert".to_owned(), certificate, "--pin-source".to_owned(), pin]
}

fn draft(business: &Business, number: &str, more: &[&str]) -> String {
    let file = business.world.file("act.txt", number.as_bytes());
    let file = file.to_str().unwrap();
    let made = [
        "draft",
        file,
        "--number",
        number,
        "--date",
        "2026-11-21",
        "--name",
        "Акт",
    ];
    let job = done(business, &[&made[..], more].concat());
    assert_eq!(job["kind"], "idocs_draft", "{job}");
    job["outcome"]["document_id"]
        .as_str()
        .unwrap_or_else(|| panic!("{job}"))
        .to_owned()
}

fn seeded(business: &Business, number: &str) -> String {
    let seed = InboxDocumentSeed {
        number: number.to_owned(),
        name: format!("Акт {number}"),
        files: vec![SeedFile::new("act.txt", number.as_bytes())],
    };
    business.sandbox.seed_inbox_document(seed).unwrap().to_string()
}

fn of_document(business: &Business, id: &str) -> tokensign_tests::sandbox::DocumentSummary {
    let documents = business.sandbox.summary().idocs.documents;
    documents
        .into_iter()
        .find(|document| document.document_id.to_string() == id)
        .unwrap()
}

#[tokio::test]
async fn drafts_are_made_routed_and_signed_by_commands() {
    let business = Business::new().await;
    let signer = signer(&business);
    let signer: Vec<_> = signer.iter().map(String::as_str).collect();
    let employee = done(&business, &["employees"])["employees"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let may = done(&business, &["permissions", &employee]);
    assert_eq!(may["employee_id"], json!(employee), "{may}");
    let table = business.world.command(&["idocs", "permissions", &employee]);
    assert!(
        table.status.success() && table.stdout.len() > employee.len(),
        "{table:?}"
    );

    let one = draft(&business, "17", &["--group", "Accounting", "--author", &employee]);
    let made = of_document(&business, &one);
    assert_eq!(
        (made.number.as_str(), made.name.as_str(), made.routes, made.saves),
        ("17", "Акт", 0, 0)
    );
    let shown = done(&business, &["show", &one]);
    assert_eq!(shown["document_status"], "DRAFT", "{shown}");
    let internal = draft(&business, "18", &["--internal"]);
    assert_eq!(of_document(&business, &internal).number, "18");

    let route = [
        "route",
        &one,
        "--employee",
        &employee,
        "--counterparty",
        "050140009999",
        "--email",
        "a@example.kz",
    ];
    let rehearsed = done(&business, &[&route[..], &["--dry-run"]].concat());
    assert_eq!(
        (&rehearsed["dry_run"], of_document(&business, &one).routes),
        (&json!(true), 0)
    );
    let job = done(&business, &route);
    assert_eq!(
        (&job["outcome"]["routed"], of_document(&business, &one).routes),
        (&json!(1), 1),
        "{job}"
    );

    let job = done(&business, &[&["sign", &one][..], &signer].concat());
    assert_eq!(
        (&job["kind"], &job["state"]),
        (&json!("idocs_quick_sign"), &json!("finished")),
        "{job}"
    );
    assert_eq!(of_document(&business, &one).saves, 1);

    // Two at once go by the bulk calls: their routes out of a file, their signatures with one PIN.
    let (two, three) = (draft(&business, "19", &[]), draft(&business, "20", &[]));
    let route = |document: &str| {
        json!({ "document_id": document, "kind": "quick", "employee_id": employee,
                "external": { "counterparties": [{ "bin": "050140009999" }] } })
    };
    let routes = json!({ "routes": [route(&two), route(&three)] });
    let file = business.world.file("routes.json", routes.to_string().as_bytes());
    let job = done(&business, &["route", "--file", file.to_str().unwrap()]);
    assert_eq!(job["outcome"]["routed"], 2, "{job}");
    let job = done(&business, &[&["sign", &two, &three][..], &signer].concat());
    assert_eq!(
        (&job["kind"], &job["outcome"]["signed"]),
        (&json!("idocs_bulk_sign"), &json!(2)),
        "{job}"
    );
    for document in [&two, &three] {
        let made = of_document(&business, document);
        assert_eq!((made.routes, made.saves), (1, 1));
    }
    assert!(business.sandbox.summary().duplicates.is_empty());
    assert_eq!(saves(&business.sandbox.summary()), 3);
}

#[tokio::test]
async fn what_waits_in_the_inbox_is_signed_by_commands() {
    let business = Business::new().await;
    let signer = signer(&business);
    let signer: Vec<_> = signer.iter().map(String::as_str).collect();
    let one = seeded(&business, "1");
    seeded(&business, "2");
    seeded(&business, "3");

    // One of them by its id: the plain calls of the inbox.
    let job = done(
        &business,
        &[&["sign", &one, "--direction", "incoming"][..], &signer].concat(),
    );
    assert_eq!(
        (&job["kind"], &job["state"]),
        (&json!("idocs_quick_sign"), &json!("finished")),
        "{job}"
    );
    assert_eq!(
        (of_document(&business, &one).saves, saves(&business.sandbox.summary())),
        (1, 1)
    );
    let called: Vec<_> = business
        .sandbox
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    for call in ["content-to-sign/generate", "quick-sign/save"] {
        let path = format!("/api/v3/sync/external/inbox/signature/{call}");
        assert!(called.contains(&path), "{path}: {called:?}");
    }

    let rehearsed = done(&business, &["sign-inbox", "--dry-run"]);
    assert_eq!(rehearsed["documents"].as_array().unwrap().len(), 2, "{rehearsed}");
    let job = done(&business, &[&["sign-inbox", "--limit", "1"][..], &signer].concat());
    assert_eq!(
        (&job["outcome"]["signed"], saves(&business.sandbox.summary())),
        (&json!(1), 2),
        "{job}"
    );
    let job = done(&business, &[&["sign-inbox"][..], &signer].concat());
    assert_eq!(
        (&job["outcome"]["signed"], saves(&business.sandbox.summary())),
        (&json!(1), 3),
        "{job}"
    );
    // Nothing waits any more, and nobody is asked.
    let job = done(&business, &[&["sign-inbox"][..], &signer].concat());
    assert_eq!(job["outcome"]["documents"], json!([]), "{job}");
    assert!(business.sandbox.summary().duplicates.is_empty());
}

#[tokio::test]
async fn an_address_is_subscribed_by_a_command() {
    let mut business = Business::new().await;
    let token = business.world.path().join("idocs.token");
    business.world.tokens.configure(&format!(
        "[idocs.test.webhooks]\nbase_url = \"{}/api/1/\"\ntoken = {{ file = \"{}\" }}\n",
        business.sandbox.base_url(),
        token.display(),
    ));
    business.world.restart(&[]).await;
    done(&business, &["subscribe", "https://example.kz/events"]);
    let effects = business.sandbox.effects();
    let subscribed = effects.iter().filter_map(|effect| match &effect.happened {
        Happened::Subscribed { url } => Some(url.as_str()),
        _ => None,
    });
    assert_eq!(subscribed.collect::<Vec<_>>(), ["https://example.kz/events"]);
    let refused = business
        .world
        .command(&["idocs", "subscribe", "http://example.kz/events"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert_eq!(business.sandbox.effects().len(), effects.len());
}

/// Whoever sits at a terminal is asked before a file is replaced; only a clear yes replaces it.
#[tokio::test]
async fn a_file_that_is_there_is_replaced_when_the_person_says_yes() {
    let business = Business::new().await;
    let document = draft(&business, "17", &[]);
    let archive = business.world.file("archive.zip", b"mine");
    let fetch = ["idocs", "archive", &document, "--out", archive.to_str().unwrap()];
    let is_mine = |archive: &Path| std::fs::read(archive).unwrap() == b"mine";
    for answer in ["no", "", "y"] {
        let (code, said) = business
            .world
            .at_a_terminal(&fetch, "C.UTF-8", "Type “yes” to overwrite it:", answer);
        assert!(said.contains("exists already"), "{said}");
        assert_eq!(code, 2, "{answer:?}: {said}");
        assert!(is_mine(&archive), "{answer:?}");
    }
    for (locale, prompt, answer) in [
        ("C.UTF-8", "Type “yes” to overwrite it:", "yes"),
        ("ru_RU.UTF-8", "Введите «да», чтобы заменить его:", "да"),
    ] {
        std::fs::write(&archive, b"mine").unwrap();
        let (code, said) = business.world.at_a_terminal(&fetch, locale, prompt, answer);
        assert_eq!(code, 0, "{answer}: {said}");
        assert!(std::fs::read(&archive).unwrap().starts_with(b"PK"), "{answer}");
    }
}
