//! Every method by command.

use serde_json::json;
use tokensign_tests::sandbox::Happened;

use super::{office, printed, tokensign, with_container};
use crate::services::finishes;

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_made_by_commands() {
    let business = office().await;
    business.world.file("Акт.txt", b"act");
    business.world.file("Счёт.txt", b"invoice");
    business.world.file("upd.json", br#"{"number":"17"}"#);

    let rehearsed = printed(&business, &["documents", "upload", "Акт.txt", "--dry-run"]);
    assert_eq!(
        (&rehearsed["dry_run"], &rehearsed["files"][0]["size"]),
        (&json!(true), &json!(3))
    );
    let both = printed(&business, &["documents", "upload", "*.txt", "--dry-run"]);
    let names: Vec<_> = (0..2).map(|at| &both["files"][at]["name"]).collect();
    assert_eq!(
        names,
        ["Акт.txt", "Счёт.txt"],
        "a pattern is every file that fits: {both}"
    );
    let stored = printed(&business, &["documents", "upload", "Акт.txt", "Счёт.txt"]);
    let id = |at: usize| stored["documents"][at]["document_id"].as_str().unwrap().to_owned();
    let (act, invoice) = (id(0), id(1));
    let upd = printed(&business, &["documents", "upload-upd", "upd.json"]);
    let upd = upd["document_id"].as_str().unwrap().to_owned();
    let listed = printed(&business, &["documents", "list"]);
    assert_eq!(
        listed["documents"].as_array().unwrap().len(),
        3,
        "the rehearsal stored nothing: {listed}"
    );
    assert_eq!(printed(&business, &["documents", "show", &act])["name"], "Акт.txt");

    let made = printed(&business, &["groups", "create", &act, "--recipient", "2BM-TEST"]);
    let group = made["package_group_id"].as_str().unwrap().to_owned();
    printed(
        &business,
        &["groups", "add", &group, "--unsigned-by-recipient", &invoice],
    );
    let status = printed(&business, &["status", &group]);
    assert_eq!(status["delivery"], "not_submitted");
    let packages = status["info"]["packages"].as_array().unwrap().clone();
    assert_eq!(packages.len(), 2);
    let package = packages[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(printed(&business, &["packages", "show", &package])["document_id"], act);
    let rehearsed = printed(&business, &["packages", "request-status", &package, "--dry-run"]);
    assert_eq!(rehearsed["dry_run"], true, "{rehearsed}");
    printed(&business, &["packages", "request-status", &package]);
    let organisation = ["--recipient-inn", "7701234567", "--recipient-email", "a@b.example"];
    printed(
        &business,
        &[&["groups", "update", &group, &invoice][..], &organisation].concat(),
    );
    let status = printed(&business, &["status", &group]);
    assert_eq!(status["info"]["recipientOrg"]["email"], "a@b.example");

    let rehearsed = printed(&business, &["sign", &group, "--dry-run"]);
    assert_eq!(rehearsed["signed_by"], "token");
    assert_eq!(
        printed(&business, &["sign-remotely", &group, "--container", "box", "--dry-run"])["signed_by"],
        "service"
    );
    let send = ["send", "Акт.txt", "--recipient", "2BM-TEST", "--dry-run"];
    assert_eq!(printed(&business, &send)["files"][0]["name"], "Акт.txt");
    printed(&business, &["groups", "delete", &group, "--dry-run"]);
    assert!(!business.sandbox.summary().mig24.groups[0].deleted);
    printed(&business, &["groups", "delete", &group]);
    assert!(business.sandbox.summary().mig24.groups[0].deleted);

    for (arguments, list) in [
        (&["employees"][..], "employees"),
        (&["counterparties"], "counterparties"),
        (&["invitations"], "invitations"),
        (&["invitations", "--outgoing"], "invitations"),
        (&["operators"], "operators"),
    ] {
        assert!(
            !printed(&business, arguments)[list].as_array().unwrap().is_empty(),
            "{arguments:?}"
        );
        let table = tokensign(&business, arguments);
        assert!(
            String::from_utf8_lossy(&table.stdout).lines().count() > 1,
            "{arguments:?}"
        );
    }
    let employee = printed(&business, &["employees"])["employees"][0]["user_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(printed(&business, &["employees", &employee])["mchd_info_id"], "m-7");

    // Downloads go where they should, and never over a file that is there.
    let downloaded = printed(&business, &["documents", "download", &act, "--out", "copy.txt"]);
    assert_eq!(downloaded["size"], 3);
    assert_eq!(std::fs::read(business.world.path().join("copy.txt")).unwrap(), b"act");
    let again = tokensign(&business, &["documents", "download", &invoice, "--out", "copy.txt"]);
    assert_eq!(
        again.status.code(),
        Some(2),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
    assert_eq!(std::fs::read(business.world.path().join("copy.txt")).unwrap(), b"act");
    printed(
        &business,
        &["documents", "download", &invoice, "--out", "copy.txt", "--force"],
    );
    assert_eq!(
        std::fs::read(business.world.path().join("copy.txt")).unwrap(),
        b"invoice"
    );
    let named = tokensign(&business, &["documents", "download", &act]);
    assert_eq!(
        named.status.code(),
        Some(2),
        "the service's name for it is there already"
    );
    let piped = tokensign(&business, &["documents", "download", &act, "--out", "-"]);
    assert_eq!(piped.stdout, b"act");
    printed(&business, &["documents", "visualize", &upd, "--out", "upd.pdf"]);
    assert!(
        std::fs::read(business.world.path().join("upd.pdf"))
            .unwrap()
            .starts_with(b"%PDF")
    );
    let missing = tokensign(
        &business,
        &[
            "documents",
            "download",
            "00000000-0000-4000-8000-000000000000",
            "--out",
            "x",
        ],
    );
    assert_eq!(
        missing.status.code(),
        Some(2),
        "{}",
        String::from_utf8_lossy(&missing.stderr)
    );
    assert!(
        !business.world.path().join("x").exists(),
        "what cannot be had leaves nothing behind"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_a_package_is_saved_as_a_zip() {
    let business = office().await;
    let group = super::group(&business).await;
    let status = printed(&business, &["status", &group]);
    let package = status["info"]["packages"][0]["id"].as_str().unwrap().to_owned();
    printed(&business, &["packages", "download", &package]);
    let saved = std::fs::read(business.world.path().join(format!("{package}.zip"))).unwrap();
    assert!(saved.starts_with(b"PK"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_signed_by_a_command() {
    let business = office().await;
    let made = super::group(&business).await;
    let certificate = business.world.tokens.certificate("gost-director").fingerprint;
    let pin = business.world.pin_source("gost-director");
    let sign = [
        "sign",
        &made,
        "--cert",
        &certificate,
        "--pin-source",
        &pin,
        "--mchd",
        "m-7",
    ];
    let job = printed(&business, &sign);
    assert_eq!(
        (&job["kind"], &job["state"], &job["outcome"]["delivery"]),
        (&json!("mig24_package_group"), &json!("finished"), &json!("submitted")),
        "{job}"
    );
    let effects = business.sandbox.effects();
    let powers = effects.iter().filter_map(|effect| match &effect.happened {
        Happened::GroupPrepared { mchd_info_id, .. } => Some(mchd_info_id.clone()),
        _ => None,
    });
    assert_eq!(powers.collect::<Vec<_>>(), [Some("m-7".to_owned())]);
    let finished = effects.iter().find_map(|effect| match &effect.happened {
        Happened::GroupFinished {
            document_ids,
            certificate_sha256,
            ..
        } => Some((document_ids.len(), certificate_sha256.clone())),
        _ => None,
    });
    assert_eq!(finished, Some((2, certificate.clone())));
    assert_eq!(finishes(&business.sandbox.summary()), 1);
    // What is signed is not signed again.
    let again = tokensign(&business, &[&sign[..], &["--json"]].concat());
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("wrong_state"),
        "{again:?}"
    );
    assert_eq!(finishes(&business.sandbox.summary()), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_signs_after_a_command_and_an_approval() {
    let business = office().await;
    let user = with_container().user_id();
    // Left to the agent: the command ends, the question is answered elsewhere.
    let made = super::group(&business).await;
    let container = [
        "sign-remotely",
        &made,
        "--container",
        "box",
        "--mchd",
        "m-9",
        "--detach",
    ];
    let job = printed(&business, &container);
    assert_eq!(job["kind"], "mig24_remote_signature", "{job}");
    let question = business.world.agent.question("remote").await;
    let decision = json!({ "decision": "approve" });
    business.world.agent.decide(&question, decision).await.unwrap();
    assert_eq!(
        question["signer"],
        json!({ "means": "container", "name": "box", "power_of_attorney": "m-9" })
    );
    let job = business
        .world
        .agent
        .settled(&format!("/v1/jobs/{}", job["id"].as_str().unwrap()))
        .await;
    assert_eq!(job["state"], "finished", "{job}");

    // Waited for: the person answers at the terminal, and the command says what came of it.
    for (answer, code) in [("no", 3), ("yes", 0)] {
        let made = super::group(&business).await;
        let sign = ["mig24", "sign-remotely", &made, "--user", &user.to_string()];
        let (ended, said) = business
            .world
            .at_a_terminal(&sign, "C.UTF-8", "Type “yes” to approve", answer);
        assert_eq!(ended, code, "{said}");
        assert!(
            said.contains("Акт.txt") && said.contains(&with_container().full_name),
            "the person sees what: {said}"
        );
    }

    let effects = business.sandbox.effects();
    let signed: Vec<_> = effects
        .iter()
        .filter_map(|effect| match &effect.happened {
            Happened::SignedByContainer {
                container,
                mchd_info_id,
                ..
            } => Some(json!([container, mchd_info_id])),
            Happened::SignedByUser { user_id, .. } => Some(json!(user_id)),
            _ => None,
        })
        .collect();
    assert_eq!(signed, [json!(["box", "m-9"]), json!(user)]);
    assert!(business.sandbox.summary().duplicates.is_empty());
}

/// `--form` says by which call a file is stored: as it is, or by the one in which the service tells the type.
#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_an_upload_chooses_the_call() {
    let business = office().await;
    business
        .world
        .file("act.xml", "<?xml version=\"1.0\"?><Файл/>".as_bytes());
    let upload = |more: &[&str]| -> (String, String) {
        let before = business.sandbox.requests().len();
        let stored = printed(&business, &[&["documents", "upload", "act.xml"][..], more].concat());
        let id = stored["documents"][0]["document_id"].as_str().unwrap().to_owned();
        let called = business.sandbox.requests()[before..]
            .iter()
            .find(|request| request.method == "POST")
            .map(|request| request.path.clone());
        (called.unwrap().replace(&id, "{id}"), id)
    };
    let (detected, id) = upload(&[]);
    assert_eq!(detected, "/api/v1/documents/{id}", "XML is detected");
    assert_eq!(printed(&business, &["documents", "show", &id])["name"], "act.xml");
    assert_eq!(upload(&["--form", "detected"]).0, "/api/v1/documents/{id}");
    assert_eq!(upload(&["--form", "informal"]).0, "/api/v1/documents/{id}/informal");
    assert_eq!(business.sandbox.summary().mig24.documents, 3);
}
