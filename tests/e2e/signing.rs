//! One request, one approval, one signature: every key type, and what goes wrong between the person and the token.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, prepared, signature_of};

const CONTENT: &[u8] = "Договор № 17 от 21.11.2026".as_bytes();

#[tokio::test]
async fn every_key_type_makes_a_signature_that_an_independent_verifier_accepts() {
    let world = World::new().await;
    for certificate in world.tokens.usable() {
        let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
        let question = world.agent.approve(&certificate.pin).await;
        assert_eq!(question["certificate"]["fingerprint"], certificate.fingerprint.as_str());
        let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
        assert_eq!(resource["state"], "finished", "{}: {resource}", certificate.name);
        assert_eq!(resource["documents"][0]["reference"], "r-1");
        let signature = signature_of(&resource);
        world
            .verify(&certificate.name, CONTENT, &signature)
            .unwrap_or_else(|error| panic!("{}: {error}", certificate.name));
        world
            .verify(&certificate.name, b"something else", &signature)
            .expect_err("tampered content is rejected");
    }
}

#[tokio::test]
async fn the_person_sees_what_is_asked() {
    let world = World::new().await;
    let token = world.agent.pair("ERP", &["sign", "certificates"]).await;
    let certificate = world.tokens.certificate("kz-director");
    let body = json!({
        "purpose": "signature",
        "certificate": certificate.fingerprint,
        "documents": [{ "name": "contract.txt", "media_type": "text/plain", "content": "aGVsbG8=" }],
    });
    world
        .agent
        .application(&token, Method::POST, "/v1/signatures")
        .json(&body)
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    let question = world.agent.question("approve").await;
    assert_eq!(question["caller"]["name"], "ERP");
    assert_eq!(question["action"], "sign");
    let document = &question["documents"][0];
    assert_eq!(document["name"], "contract.txt");
    assert_eq!(document["size"], 5);
    assert_eq!(document["seen"], true);
    assert_eq!(document["digest"]["algorithm"], "sha256");
    assert_eq!(
        document["digest"]["value"],
        "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    );
    assert_eq!(question["certificate"]["bin"], certificate.bin.clone().unwrap());
    assert_eq!(question["pin"]["needed"], true);
}

#[tokio::test]
async fn a_wrong_pin_spends_one_try_and_the_request_waits_again() {
    let world = World::new().await;
    let certificate = world.tokens.certificate("gost-director");
    let before = world.tokens.gost_login_count();
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    let question = world.agent.question("approve").await;
    world
        .agent
        .decide(&question, json!({ "decision": "approve", "pin": "00000000" }))
        .await
        .unwrap();
    let again = world.agent.question("approve").await;
    assert_eq!(again["id"], question["id"], "the same question waits again");
    assert_eq!(again["notice"]["code"], "pin_incorrect", "{again}");
    assert_eq!(again["pin"]["tries_left"], 2, "{again}");
    assert_eq!(
        world.tokens.gost_login_count(),
        before + 1,
        "one PIN entered, one try spent"
    );
    let resource: Value = world.agent.get(&format!("/v1/signatures/{id}")).await;
    assert_eq!(resource["state"], "running", "nothing is signed yet: {resource}");

    world
        .agent
        .decide(&again, json!({ "decision": "approve", "pin": certificate.pin }))
        .await
        .unwrap();
    let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
    world
        .verify("gost-director", CONTENT, &signature_of(&resource))
        .unwrap();
    assert_eq!(world.tokens.gost_login_count(), before + 2);
}

#[tokio::test]
async fn the_last_try_needs_a_confirmation_and_a_locked_pin_is_left_alone() {
    let world = World::new().await;
    let certificate = world.tokens.certificate("gost-director");
    world.request_signature(&certificate.fingerprint, CONTENT).await;
    for _ in 0..2 {
        let question = world.agent.question("approve").await;
        world
            .agent
            .decide(&question, json!({ "decision": "approve", "pin": "00000000" }))
            .await
            .unwrap();
        wait_for_another(&world, &question).await;
    }
    let question = world.agent.question("approve").await;
    assert_eq!(question["pin"]["state"], "final_try", "{question}");
    let spent = world.tokens.gost_login_count();
    let refused = world
        .agent
        .decide(&question, json!({ "decision": "approve", "pin": certificate.pin }))
        .await
        .unwrap_err();
    assert_eq!(refused["code"], "pin_last_try");
    assert_eq!(
        world.tokens.gost_login_count(),
        spent,
        "no try without the confirmation"
    );

    let decision = json!({ "decision": "approve", "pin": "00000000", "confirm_last_try": true });
    world.agent.decide(&question, decision).await.unwrap();
    let locked = wait_for_another(&world, &question).await;
    assert_eq!(locked["pin"]["state"], "locked", "{locked}");
    let spent = world.tokens.gost_login_count();
    let refused = world
        .agent
        .decide(&locked, json!({ "decision": "approve", "pin": certificate.pin }))
        .await
        .unwrap_err();
    assert_eq!(refused["code"], "pin_locked");
    assert_eq!(world.tokens.gost_login_count(), spent, "a locked PIN is not tried");
}

/// Waits until the question waits again in another state than `before`.
async fn wait_for_another(world: &World, before: &Value) -> Value {
    loop {
        let question = world.agent.question("approve").await;
        if question["shown"] != before["shown"] {
            return question;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_refused_request_signs_nothing() {
    let world = World::new().await;
    let certificate = world.tokens.certificate("gost-director");
    let before = world.tokens.gost_login_count();
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    let question = world.agent.question("approve").await;
    world
        .agent
        .decide(&question, json!({ "decision": "refuse" }))
        .await
        .unwrap();
    let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
    assert_eq!(resource["state"], "refused", "{resource}");
    assert_eq!(resource["fault"]["code"], "refused");
    assert_eq!(world.tokens.gost_login_count(), before);
    let audit = world.agent.get("/v1/audit").await;
    let entries = audit["entries"].as_array().unwrap();
    let refusal = &entries.iter().find(|entry| entry["kind"] == "not_signed").unwrap()["body"];
    assert_eq!(
        (&refusal["certificate"], &refusal["prompter"], &refusal["items"]),
        (
            &json!(certificate.fingerprint),
            &json!("terminal"),
            &json!([{
                "kind": "content",
                "name": question["documents"][0]["name"],
                "digest": question["documents"][0]["digest"],
            }])
        ),
        "{refusal}"
    );
    assert_eq!(refusal["caller"], question["caller"], "{refusal}");
}

#[tokio::test]
async fn a_request_is_taken_back_by_the_program_that_made_it_and_by_no_other() {
    let world = World::new().await;
    let asker = world.agent.pair("ERP", &["sign"]).await;
    let other = world.agent.pair("Another", &["sign"]).await;
    let certificate = world.tokens.certificate("gost-director");
    let before = world.tokens.gost_login_count();
    let body = json!({ "certificate": certificate.fingerprint, "documents": [{ "name": "a", "content": "aGVsbG8=" }] });
    let asked = world
        .agent
        .application(&asker, Method::POST, "/v1/signatures")
        .json(&body);
    let asked: Value = asked.send().await.unwrap().json().await.unwrap();
    let path = format!("/v1/signatures/{}", asked["id"].as_str().unwrap());
    world.agent.question("approve").await;
    let take_back = async |token: &str| {
        let answer = world.agent.application(token, Method::DELETE, &path).send().await;
        answer.unwrap().status()
    };
    assert_eq!(take_back(&other).await, 404);
    assert_eq!(world.agent.waiting().await.len(), 1, "the person is still asked");
    assert!(take_back(&asker).await.is_success());
    assert_eq!(world.agent.settled(&path).await["state"], "cancelled");
    assert!(world.agent.waiting().await.is_empty(), "nobody is asked any more");
    assert_eq!(world.tokens.gost_login_count(), before);
}

/// Who asked, what was approved with which certificate on which token, and what came of it; never the content, the PIN or the token.
#[tokio::test]
async fn a_signature_is_on_record_from_its_request_to_its_end() {
    let world = World::new().await;
    let program = world.agent.pair("ERP", &["sign"]).await;
    let certificate = world.tokens.certificate("kz-director");
    let body = json!({ "certificate": certificate.fingerprint, "documents": [{ "name": "contract.txt", "content": "aGVsbG8=" }] });
    let asked = world
        .agent
        .application(&program, Method::POST, "/v1/signatures")
        .json(&body);
    let asked: Value = asked.send().await.unwrap().json().await.unwrap();
    let question = world.agent.approve(&certificate.pin).await;
    let path = format!("/v1/signatures/{}", asked["id"].as_str().unwrap());
    assert_eq!(world.agent.settled(&path).await["state"], "finished");

    let audit = world.agent.get("/v1/audit").await;
    let of = |kind: &str| {
        let mut entries = audit["entries"].as_array().unwrap().iter();
        entries
            .find(|entry| entry["kind"] == kind && entry["job"] == asked["id"])
            .unwrap_or_else(|| panic!("{kind} is not in {audit}"))
    };
    let (started, approved, signed, closed) = (of("job_started"), of("approved"), of("signed"), of("job_closed"));
    assert_eq!(
        started["body"]["application"], question["caller"]["application"],
        "{started}"
    );
    assert_eq!(
        (
            &approved["actor"],
            &approved["body"]["prompter"],
            &approved["body"]["caller"]
        ),
        (&json!("person"), &json!("terminal"), &question["caller"]),
        "{approved}"
    );
    assert_eq!(approved["body"]["certificate"], certificate.fingerprint, "{approved}");
    assert!(
        approved["body"]["token"]
            .as_str()
            .is_some_and(|token| !token.is_empty()),
        "{approved}"
    );
    let document = &question["documents"][0];
    let items = json!([{ "kind": "content", "name": document["name"], "digest": document["digest"] }]);
    assert_eq!(approved["body"]["items"], items, "{approved}");
    assert_eq!(signed["body"]["approval"], approved["body"]["approval"], "{signed}");
    assert_eq!(closed["body"]["state"], "finished", "{closed}");
    for secret in ["aGVsbG8=", certificate.pin.as_str(), &program] {
        assert!(!audit.to_string().contains(secret), "{audit}");
    }
}

#[tokio::test]
async fn several_certificates_fit_and_the_person_chooses() {
    let world = World::new().await;
    let director = world.tokens.certificate("kz-director");
    let body = json!({
        "purpose": "signature",
        "certificate": "any",
        "documents": [{ "name": "contract.txt", "content": "aGVsbG8=" }],
    });
    let answer: Value = world
        .agent
        .owner(Method::POST, "/v1/signatures")
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let id = answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    let question = world.agent.question("choose").await;
    let candidates = question["candidates"].as_array().unwrap();
    assert!(candidates.len() > 3, "{question}");
    // The likeliest first: an organisation's before a person's, then the one that lasts longest.
    let rank = |candidate: &Value| {
        let until = candidate["valid_until"].as_str().unwrap().to_owned();
        (candidate["organisation"].is_null(), std::cmp::Reverse(until))
    };
    assert!(candidates.is_sorted_by_key(rank), "{question}");
    world
        .agent
        .decide(
            &question,
            json!({ "decision": "choose", "certificate": director.fingerprint }),
        )
        .await
        .unwrap();
    world.agent.approve(&director.pin).await;
    let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
    world.verify("kz-director", b"hello", &signature_of(&resource)).unwrap();
}

#[tokio::test]
async fn a_choice_that_is_refused_is_on_record() {
    let world = World::new().await;
    let id = world.request_signature("any", CONTENT).await;
    let question = world.agent.question("choose").await;
    let refuse = json!({ "decision": "refuse" });
    world.agent.decide(&question, refuse).await.unwrap();
    let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
    assert_eq!(resource["state"], "refused", "{resource}");
    let entries = world.audit().await;
    let refusal = entries.iter().find(|entry| entry["kind"] == "not_signed").unwrap();
    assert_eq!(
        (&refusal["actor"], &refusal["body"]["code"], &refusal["body"]["caller"]),
        (&json!("person"), &json!("refused"), &question["caller"]),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_batch_has_one_approval_and_one_pin() {
    let world = World::new().await;
    let certificate = world.tokens.certificate("gost-director");
    let before = world.tokens.gost_login_count();
    let documents: Vec<_> = (0..5)
        .map(|n| json!({ "name": format!("{n}.txt"), "content": "aGVsbG8=" }))
        .collect();
    let body = json!({ "purpose": "signature", "certificate": certificate.fingerprint, "documents": documents });
    let answer: Value = world
        .agent
        .owner(Method::POST, "/v1/signatures")
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let question = world.agent.approve(&certificate.pin).await;
    assert_eq!(question["documents"].as_array().unwrap().len(), 5);
    let resource = world
        .agent
        .settled(&format!("/v1/signatures/{}", answer["id"].as_str().unwrap()))
        .await;
    assert_eq!(resource["documents"].as_array().unwrap().len(), 5);
    for document in resource["documents"].as_array().unwrap() {
        assert_eq!(document["state"], "signed", "{resource}");
    }
    assert_eq!(world.tokens.gost_login_count(), before + 1);
}

#[tokio::test]
async fn a_killed_worker_costs_one_pin_and_no_signature() {
    let world = World::new().await;
    let certificate = world.tokens.certificate("gost-director");
    world.tokens.gost_control(&json!({ "sign_delay_ms": 300 }));
    let documents: Vec<_> = (0..5)
        .map(|n| json!({ "name": format!("{n}.txt"), "content": "aGVsbG8=" }))
        .collect();
    let body = json!({ "purpose": "signature", "certificate": certificate.fingerprint, "documents": documents });
    let answer: Value = world
        .agent
        .owner(Method::POST, "/v1/signatures")
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let question = world.agent.approve(&certificate.pin).await;
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    let workers = world.tokens.kill_worker(world.agent.pid(), "libgost_token");
    assert_eq!(workers, 1, "one worker has the module");
    let again = wait_for_another(&world, &question).await;
    assert_eq!(again["notice"]["code"], "module_crashed", "{again}");
    assert_eq!(again["notice"]["module"], "GOST test token", "{}", again["notice"]);
    world.tokens.gost_control(&json!({}));
    world
        .agent
        .decide(&again, json!({ "decision": "approve", "pin": certificate.pin }))
        .await
        .unwrap();
    let resource = world
        .agent
        .settled(&format!("/v1/signatures/{}", answer["id"].as_str().unwrap()))
        .await;
    assert_eq!(resource["state"], "finished", "{resource}");
    let documents = resource["documents"].as_array().unwrap();
    assert!(
        documents.iter().all(|document| document["state"] == "signed"),
        "{resource}"
    );
    world
        .verify("gost-director", b"hello", &signature_of(&resource))
        .unwrap();
}

#[tokio::test]
async fn unattended_signing_needs_a_configured_certificate() {
    let world = World::new().await;
    let certificate = world.tokens.certificate("kz-director");
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    let question = world.agent.question("approve").await;
    let decision = json!({ "decision": "approve", "pin": certificate.pin, "prompter": "unattended" });
    world.agent.decide(&question, decision).await.unwrap();
    let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
    assert_eq!(resource["state"], "finished", "{resource}");
}

/// A program of the same user may call itself what it likes: for a certificate that is not configured so, a person decides.
#[tokio::test]
async fn nobody_is_unattended_by_saying_so() {
    let (directory, tokens) = prepared("");
    let configuration = std::fs::read_to_string(tokens.configuration()).unwrap();
    let (attended, _) = configuration.split_once("[[certificates]]").unwrap();
    std::fs::write(tokens.configuration(), attended).unwrap();
    let world = World::of(directory, tokens).await;
    let certificate = world.tokens.certificate("kz-director");
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    let question = world.agent.question("approve").await;
    let decision = json!({ "decision": "approve", "pin": certificate.pin, "prompter": "unattended" });
    let refused = world.agent.decide(&question, decision).await.unwrap_err();
    assert_eq!(refused["code"], "not_unattended");
    world.agent.approve(&certificate.pin).await;
    let resource = world.agent.settled(&format!("/v1/signatures/{id}")).await;
    assert_eq!(resource["state"], "finished", "{resource}");
}

#[tokio::test]
async fn authentication_is_another_question_with_other_certificates() {
    let world = World::new().await;
    let certificate = world.tokens.certificate("authentication-only");
    let ask = |fingerprint: String| {
        let body = json!({
            "purpose": "authentication",
            "certificate": fingerprint,
            "documents": [{ "name": "challenge", "content": "Y2hhbGxlbmdl" }],
        });
        world.agent.owner(Method::POST, "/v1/signatures").json(&body).send()
    };
    let answer: Value = ask(certificate.fingerprint.clone())
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let question = world.agent.approve(&certificate.pin).await;
    assert_eq!(question["action"], "authenticate");
    let path = format!("/v1/signatures/{}", answer["id"].as_str().unwrap());
    assert_eq!(world.agent.settled(&path).await["state"], "finished");

    let body = json!({
        "purpose": "authentication",
        "certificate": certificate.fingerprint,
        "documents": [{ "name": "challenge", "content": "QUFB".repeat(8192) }],
    });
    let answer = world
        .agent
        .owner(Method::POST, "/v1/signatures")
        .json(&body)
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    let path = format!(
        "/v1/signatures/{}",
        answer["id"].as_str().unwrap_or_else(|| panic!("{answer}"))
    );
    let resource = world.agent.settled(&path).await;
    assert_eq!(
        resource["fault"]["code"], "invalid_field",
        "a long challenge may be a document: {resource}"
    );

    let signature_certificate = world.tokens.certificate("kz-director").fingerprint;
    let answer: Value = ask(signature_certificate).await.unwrap().json().await.unwrap();
    let path = format!("/v1/signatures/{}", answer["id"].as_str().unwrap());
    let resource = world.agent.settled(&path).await;
    assert_eq!(resource["fault"]["code"], "certificate_wrong_purpose", "{resource}");
    assert!(world.agent.waiting().await.is_empty());
}

#[tokio::test]
async fn no_secret_reaches_the_log_or_the_store() {
    let world = World::new().await;
    let certificate = world.tokens.certificate("gost-director");
    let application = world.agent.pair("ERP", &["sign"]).await;
    let id = world
        .request_signature(&certificate.fingerprint, b"the very content of the document")
        .await;
    let question = world.agent.question("approve").await;
    world
        .agent
        .decide(&question, json!({ "decision": "approve", "pin": "73519264" }))
        .await
        .unwrap();
    wait_for_another(&world, &question).await;
    world.agent.approve(&certificate.pin).await;
    assert_eq!(
        world.agent.settled(&format!("/v1/signatures/{id}")).await["state"],
        "finished"
    );

    let secrets = [
        certificate.pin.as_str(),
        "73519264",
        &application,
        world.agent.owner_token(),
        "the very content",
    ];
    let state = world.agent.configuration().parent().unwrap().join("state");
    let mut files: Vec<_> = std::fs::read_dir(&state)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.is_file());
    assert!(files.iter().any(|path| path.ends_with("tokensign.sqlite")), "{files:?}");
    for secret in secrets {
        assert!(!world.agent.log().contains(secret), "a secret is in the log");
        for file in &files {
            let bytes = std::fs::read(file).unwrap();
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a secret is in {}", file.display());
        }
    }
}
