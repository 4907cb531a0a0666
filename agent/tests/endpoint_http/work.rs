//! Requests that start work. There is no token here, so each ends with `certificate_not_found`, which is enough to see how it is taken.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::client::Request;
use crate::running::Running;

fn signature(agent: &Running, body: &Value) -> Request {
    agent.owned("POST /v1/signatures").json(body)
}

fn sha256(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::digest(bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_taken_and_waited_for() {
    let agent = Running::start().await;
    let body = json!({ "documents": [{
        "name": "a.txt", "reference": "№ 7", "content": BASE64_STANDARD.encode("hello"),
        "digest": { "algorithm": "sha256", "value": sha256(b"hello") },
    }] });
    let answer = agent.send(&signature(&agent, &body).header("Prefer", "wait=10")).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(answer.header("preference-applied"), Some("wait=10"));
    let resource = answer.json();
    let location = answer.header("location").unwrap();
    assert_eq!(location, format!("/v1/signatures/{}", resource["id"].as_str().unwrap()));
    assert_eq!(resource["state"], "failed");
    assert_eq!(resource["fault"]["code"], "certificate_not_found");
    assert_eq!(resource["documents"][0]["reference"], "№ 7");
    assert_eq!(resource["documents"][0]["size"], 5);
    assert_eq!(resource["documents"][0]["state"], "failed");
    let again = agent
        .send(&agent.owned(&format!("GET {location}")).header("Prefer", "wait=1"))
        .await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json()["id"], resource["id"]);
    let file = agent
        .send(&agent.owned(&format!("GET {location}/documents/0/signature")))
        .await;
    assert_eq!(file.code(), "wrong_state");
    let job = agent
        .send(&agent.owned(&format!("GET /v1/jobs/{}", resource["id"].as_str().unwrap())))
        .await
        .json();
    assert_eq!(
        (job["kind"].as_str(), job["title"].as_str()),
        (Some("signature"), Some("a.txt"))
    );
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_signed_is_refused_with_its_place() {
    let agent = Running::start().await;
    let content = BASE64_STANDARD.encode("hello");
    for (document, code, field) in [
        (
            json!({ "name": "" , "content": content }),
            "invalid_field",
            "documents[0].name",
        ),
        (json!({ "name": "a" }), "invalid_field", "documents[0].content"),
        (
            json!({ "name": "a", "content": "???" }),
            "invalid_field",
            "documents[0].content",
        ),
        (
            json!({ "name": "a", "content": content, "part": "x" }),
            "invalid_field",
            "documents[0].part",
        ),
        (
            json!({ "name": "a", "part": "x" }),
            "invalid_field",
            "documents[0].part",
        ),
        (
            json!({ "name": "a", "content": content, "colour": "red" }),
            "invalid_field",
            "documents[0].colour",
        ),
        (
            json!({ "name": "a", "content": content, "digest": { "algorithm": "md5", "value": "" } }),
            "invalid_field",
            "documents[0].digest.algorithm",
        ),
        (
            json!({ "name": "a", "content": content, "digest": { "algorithm": "sha256", "value": "AAAA" } }),
            "digest_length",
            "documents[0].digest.value",
        ),
    ] {
        let answer = agent
            .send(&signature(&agent, &json!({ "documents": [document] })))
            .await;
        assert_eq!(answer.code(), code, "{document}: {}", answer.json());
        assert_eq!(answer.json()["field"], field, "{document}");
    }
    let other = json!({ "algorithm": "sha256", "value": sha256(b"other") });
    let mismatch = json!({ "documents": [{ "name": "a", "content": content, "digest": other }] });
    let answer = agent.send(&signature(&agent, &mismatch)).await;
    assert_eq!((answer.status, answer.code().as_str()), (422, "digest_mismatch"));
    let selector = json!({ "certificate": "==", "documents": [{ "name": "a", "content": content }] });
    assert_eq!(
        agent.send(&signature(&agent, &selector)).await.code(),
        "invalid_selector"
    );
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_alone_needs_its_permission() {
    let agent = Running::start().await;
    let body = json!({ "documents": [{ "name": "a", "digest": { "algorithm": "sha256", "value": sha256(b"x") } }] });
    let plain = agent.pair(None, &["sign"]).await;
    let answer = agent
        .send(&agent.request("POST /v1/signatures").bearer(&plain).json(&body))
        .await;
    assert_eq!(answer.code(), "permission_denied");
    assert_eq!(answer.json()["permission"], "raw_hash");
    let login = json!({ "purpose": "authentication", "documents": [{ "name": "a", "content": "AAAA" }] });
    let answer = agent
        .send(&agent.request("POST /v1/signatures").bearer(&plain).json(&login))
        .await;
    assert_eq!(answer.code(), "permission_denied");
    let raw = agent.pair(None, &["sign", "raw_hash"]).await;
    let answer = agent
        .send(&agent.request("POST /v1/signatures").bearer(&raw).json(&body))
        .await;
    assert_eq!(answer.status, 202);
    let unattended = json!({ "unattended": true, "documents": [{ "name": "a", "content": "AAAA" }] });
    let answer = agent
        .send(&agent.request("POST /v1/signatures").bearer(&raw).json(&unattended))
        .await;
    assert_eq!(answer.code(), "not_unattended");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_application_does_not_see_anothers_work() {
    let agent = Running::start().await;
    let (one, other) = (agent.pair(None, &["sign"]).await, agent.pair(None, &["sign"]).await);
    let body = json!({ "documents": [{ "name": "a", "content": "AAAA" }] });
    let answer = agent
        .send(&agent.request("POST /v1/signatures").bearer(&one).json(&body))
        .await;
    let location = answer.header("location").unwrap().to_owned();
    let see = |token: &str| agent.request(&format!("GET {location}")).bearer(token);
    assert_eq!(agent.send(&see(&one)).await.status, 200);
    assert_eq!(agent.send(&see(&other)).await.code(), "no_such_item");
    let cancel = agent.request(&format!("DELETE {location}")).bearer(&other);
    assert_eq!(agent.send(&cancel).await.code(), "no_such_item");
    let jobs = agent.send(&agent.request("GET /v1/jobs").bearer(&other)).await.json();
    assert_eq!(jobs, json!({ "jobs": [] }));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_starts_one_job() {
    let agent = Running::start().await;
    let keyed = |name: &str, key: &str| {
        let body = json!({ "documents": [{ "name": name, "content": "AAAA" }] });
        signature(&agent, &body).header("Idempotency-Key", key)
    };
    let first = agent.send(&keyed("a", "k1")).await;
    let again = agent.send(&keyed("a", "k1")).await;
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(first.json()["id"], again.json()["id"]);
    let mismatch = agent.send(&keyed("b", "k1")).await;
    assert_eq!(
        (mismatch.status, mismatch.code().as_str()),
        (422, "idempotency_mismatch")
    );
    assert_ne!(agent.send(&keyed("a", "k2")).await.json()["id"], first.json()["id"]);
    assert_eq!(agent.send(&keyed("a", "")).await.code(), "invalid_field");
    let racing = futures_util::future::join_all((0..8).map(|_| {
        let (request, address) = (keyed("c", "k3"), agent.address);
        async move { request.send(address).await.json()["id"].clone() }
    }))
    .await;
    assert!(racing.iter().all(|id| *id == racing[0] && id.is_string()), "{racing:?}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_come_as_parts_of_a_form() {
    let agent = Running::start().await;
    let form = |request: &Value, parts: &[(&str, &[u8])]| {
        let mut body = Vec::new();
        let mut part = |name: &str, kind: &str, bytes: &[u8]| {
            let head = format!(
                "--frontier\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
            );
            body.extend(head.as_bytes());
            body.extend(bytes);
            body.extend(b"\r\n");
        };
        for (name, bytes) in parts {
            part(name, "application/octet-stream", bytes);
        }
        part("request", "application/json", request.to_string().as_bytes());
        body.extend(b"--frontier--\r\n");
        agent
            .owned("POST /v1/signatures")
            .header("Content-Type", "multipart/form-data; boundary=frontier")
            .body(body)
    };
    let big = vec![7_u8; 3 << 20];
    let digest = json!({ "algorithm": "sha256", "value": hex::encode(Sha256::digest(&big)) });
    let request = json!({ "documents": [{ "name": "big.bin", "part": "one", "digest": digest }, { "name": "small", "part": "two" }] });
    let answer = agent.send(&form(&request, &[("one", &big), ("two", b"x")])).await;
    assert_eq!(answer.status, 202, "{}", answer.json());
    assert_eq!(answer.json()["documents"][0]["size"], 3 << 20);
    let unnamed = agent
        .send(&form(&request, &[("one", &big), ("two", b"x"), ("three", b"y")]))
        .await;
    assert_eq!(
        (unnamed.code().as_str(), unnamed.json()["field"].as_str()),
        ("invalid_field", Some("three"))
    );
    let missing = agent.send(&form(&request, &[("one", &big)])).await;
    assert_eq!(missing.json()["field"], "documents[1].part");
    let changed = agent.send(&form(&request, &[("one", b"changed"), ("two", b"x")])).await;
    assert_eq!(changed.code(), "digest_mismatch");
    let torn = agent
        .owned("POST /v1/signatures")
        .header("Content-Type", "multipart/form-data; boundary=frontier")
        .body("--frontier\r\nContent-Disposition: form-data; name=\"one\"\r\n\r\nabc");
    assert_eq!(agent.send(&torn).await.code(), "malformed_json");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_is_an_answer_and_rubbish_is_a_mistake() {
    let agent = Running::start().await;
    let rubbish = agent
        .owned("POST /v1/verifications")
        .json(&json!({ "signature": "AAAA" }));
    let answer = agent.send(&rubbish).await;
    assert_eq!(
        (answer.code().as_str(), answer.json()["field"].as_str()),
        ("invalid_field", Some("signature"))
    );
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_a_page_at_a_time() {
    let agent = Running::start().await;
    let token = agent.pair(None, &["sign"]).await;
    let body = json!({ "documents": [{ "name": "a", "content": "AAAA" }] });
    let mut started = Vec::new();
    for n in 0..5 {
        let request = match n {
            2 => agent.request("POST /v1/signatures").bearer(&token),
            _ => agent.owned("POST /v1/signatures"),
        };
        let answer = agent
            .send(&request.json(&body).header("Prefer", "wait=10"))
            .await
            .json();
        started.push(answer["id"].as_str().unwrap().to_owned());
    }
    started.reverse();
    let ids = |answer: &Value| -> Vec<String> {
        let jobs = answer["jobs"].as_array().unwrap().iter();
        jobs.map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    };
    let page = async |query: &str| agent.send(&agent.owned(&format!("GET /v1/jobs?{query}"))).await;
    let first = page("limit=2").await.json();
    assert_eq!(
        (ids(&first), &first["next"]),
        (started[..2].to_vec(), &json!(started[1]))
    );
    // What is started meanwhile moves no page.
    let newer = agent
        .owned("POST /v1/signatures")
        .json(&body)
        .header("Prefer", "wait=10");
    agent.send(&newer).await;
    let second = page(&format!("limit=2&before={}", started[1])).await.json();
    assert_eq!(
        (ids(&second), &second["next"]),
        (started[2..4].to_vec(), &json!(started[3]))
    );
    let last = page(&format!("limit=2&before={}", started[3])).await.json();
    assert_eq!((ids(&last), last.get("next")), (started[4..].to_vec(), None));
    let exact = page(&format!("limit=4&before={}", started[0])).await.json();
    assert_eq!((ids(&exact), exact.get("next")), (started[1..].to_vec(), None));

    // An application pages through its own jobs, and learns nothing of others by naming them.
    let own = |query: &str| agent.request(&format!("GET /v1/jobs?{query}")).bearer(&token);
    let list = agent.send(&own("limit=1")).await.json();
    assert_eq!((ids(&list), list.get("next")), (vec![started[2].clone()], None));
    let unknown = uuid::Uuid::now_v7();
    for stranger in [started[0].as_str(), unknown.to_string().as_str()] {
        let answer = agent.send(&own(&format!("before={stranger}"))).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_field"));
        assert_eq!(answer.json()["field"], "before");
    }
    for (wrong, field) in [("limit=0", "limit"), ("limit=1001", "limit"), ("before=7", "query")] {
        let answer = page(wrong).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_field"),
            "{wrong}"
        );
        assert_eq!(answer.json()["field"], field, "{wrong}");
    }
    agent.stop().await;
}
