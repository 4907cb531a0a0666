use serde_json::json;
use tokio::net::TcpStream;

use crate::client::Wire;
use crate::running::Running;

const PAGE: &str = "https://app.example";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_paired_by_its_header_and_its_token_works_from_there_only() {
    let agent = Running::start().await;
    let token = agent.pair(Some(PAGE), &["sign", "certificates"]).await;
    let tokens = |origin: Option<&str>| {
        let request = agent.request("GET /v1/tokens").bearer(&token);
        match origin {
            Some(origin) => request.header("Origin", origin),
            None => request,
        }
    };
    let answer = agent.send(&tokens(Some(PAGE))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    for origin in [None, Some("https://other.example"), Some("null")] {
        assert_eq!(agent.send(&tokens(origin)).await.code(), "foreign_origin", "{origin:?}");
    }
    let listed = agent.send(&agent.owned("GET /v1/applications")).await.json();
    let application = &listed["applications"][0];
    assert_eq!(application["name"], "Бухгалтерия");
    assert_eq!(application["origin"], PAGE);
    assert_eq!(application["permissions"], json!(["sign", "certificates"]));
    assert!(!listed.to_string().contains(&token));

    let revoke = format!("DELETE /v1/applications/{}", application["id"].as_str().unwrap());
    assert_eq!(agent.send(&agent.owned(&revoke)).await.status, 204);
    assert_eq!(agent.send(&tokens(Some(PAGE))).await.code(), "foreign_origin");
    assert_eq!(agent.send(&agent.owned(&revoke)).await.code(), "no_such_item");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_may_do_what_it_was_allowed_and_nothing_else() {
    let agent = Running::start().await;
    let token = agent.pair(None, &["verify", "idocs:main:read"]).await;
    for (line, code) in [
        ("GET /v1/tokens", "permission_denied"),
        ("GET /v1/questions", "permission_denied"),
        ("GET /v1/audit", "permission_denied"),
        ("GET /v1/applications", "permission_denied"),
        ("GET /v1/idocs/other/documents/5/status", "permission_denied"),
        ("GET /v1/idocs/main/documents/5/status", "profile_unknown"),
        ("GET /v1/mig24/main/package-groups/5", "permission_denied"),
    ] {
        assert_eq!(
            agent.send(&agent.request(line).bearer(&token)).await.code(),
            code,
            "{line}"
        );
    }
    for (line, code) in [
        ("POST /v1/signatures", "permission_denied"),
        ("POST /v1/idocs/main/quick-signs", "permission_denied"),
        ("POST /v1/links", "permission_denied"),
        ("POST /v1/lock", "permission_denied"),
        ("POST /v1/verifications", "invalid_field"),
    ] {
        let request = agent.request(line).bearer(&token).json(&json!({}));
        assert_eq!(agent.send(&request).await.code(), code, "{line}");
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_shown_until_it_works_and_only_for_the_secret() {
    let agent = Running::start().await;
    let ask = agent
        .request("POST /v1/pairings")
        .json(&json!({ "name": "A", "permissions": ["sign"] }));
    let answer = agent.send(&ask).await;
    let begun = answer.json();
    let path = answer.header("location").unwrap().to_owned();
    let poll = |secret: &str| {
        agent
            .request(&format!("GET {path}"))
            .header("Authorization", &format!("Pairing {secret}"))
    };
    let secret = begun["secret"].as_str().unwrap();
    let standing = agent.send(&poll(secret)).await.json();
    assert_eq!(standing["state"], "waiting");
    assert_eq!(standing["prompters"], json!([]));
    assert_eq!(agent.send(&poll("guess")).await.code(), "pairing_failed");
    assert_eq!(
        agent.send(&agent.request(&format!("GET {path}"))).await.code(),
        "unpaired"
    );

    let question = agent.question().await;
    assert_eq!(question["kind"], "pair");
    let stale = json!({ "decision": "approve", "shown": "0", "prompter": "terminal" });
    let line = format!("POST /v1/questions/{}/decision", question["id"].as_str().unwrap());
    assert_eq!(
        agent.send(&agent.owned(&line).json(&stale)).await.code(),
        "stale_decision"
    );
    assert_eq!(agent.decide(&question, "approve").await.status, 202);
    let mut token = None;
    for _ in 0..100 {
        let standing = agent.send(&poll(secret)).await.json();
        if standing["state"] == "confirmed" {
            token = standing["token"].as_str().map(str::to_owned);
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let token = token.unwrap();
    assert!(token.starts_with("ts_"));
    // An answer may be lost, and a HEAD is none.
    let mut wire = Wire::new(TcpStream::connect(agent.address).await.unwrap());
    let head = agent
        .request(&format!("HEAD {path}"))
        .header("Authorization", &format!("Pairing {secret}"));
    let head = wire.begin(&head.bytes()).await;
    assert_eq!((head.status, head.header("allow")), (405, Some("GET")));
    let again = agent.send(&poll(secret)).await.json();
    assert_eq!(
        (again["state"].as_str(), again["token"].as_str()),
        (Some("confirmed"), Some(&*token))
    );
    assert_eq!(agent.send(&poll("guess")).await.code(), "pairing_failed");
    // Once it works nobody needs it again.
    let used = agent.send(&agent.request("GET /v1/status").bearer(&token)).await;
    assert_eq!(used.status, 200);
    let after = agent.send(&poll(secret)).await.json();
    assert_eq!((after["state"].as_str(), after.get("token")), (Some("confirmed"), None));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_pairing_gives_nothing_and_pairings_are_few() {
    let agent = Running::start().await;
    let ask = |origin: &str| {
        agent
            .request("POST /v1/pairings")
            .header("Origin", origin)
            .json(&json!({ "name": "A", "permissions": ["sign"] }))
    };
    let first = agent.send(&ask("https://a.example")).await;
    assert_eq!(first.status, 201);
    assert_eq!(first.header("access-control-allow-origin"), Some("https://a.example"));
    let second = agent.send(&ask("https://a.example")).await;
    assert_eq!((second.status, second.code().as_str()), (429, "rate_limited"));
    assert!(second.header("retry-after").is_some());
    assert_eq!(agent.decide(&agent.question().await, "refuse").await.status, 202);
    let begun = first.json();
    let poll = agent
        .request(&format!("GET /v1/pairings/{}", begun["id"].as_str().unwrap()))
        .header(
            "Authorization",
            &format!("Pairing {}", begun["secret"].as_str().unwrap()),
        );
    for _ in 0..100 {
        let standing = agent.send(&poll).await.json();
        assert!(standing.get("token").is_none());
        if standing["state"] == "refused" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let audit = agent.send(&agent.owned("GET /v1/audit")).await.json();
    let entries = audit["entries"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["kind"] == "pairing_not_confirmed");
    let body = &entry.expect("it is in the record")["body"];
    assert_eq!(
        (&body["code"], &body["prompter"], &body["caller"]["origin"]),
        (&json!("refused"), &json!("terminal"), &json!("https://a.example")),
        "{body}"
    );
    let mut limited = false;
    for n in 0..6 {
        limited |= agent.send(&ask(&format!("https://{n}.example"))).await.status == 429;
    }
    assert!(limited, "more than five pairings a minute");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_deceives_the_eye_is_shown_with_its_tricks() {
    let agent = Running::start().await;
    let ask = json!({ "name": "Bank\u{202e}gnp.exe", "permissions": ["sign"] });
    assert_eq!(
        agent.send(&agent.request("POST /v1/pairings").json(&ask)).await.status,
        201
    );
    let question = agent.question().await;
    assert_eq!(question["pairing"]["name"], "Bank\\u{202e}gnp.exe");
    assert_eq!(question["caller"]["name"], "Bank\\u{202e}gnp.exe");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_pairing_requests_name_the_field() {
    let agent = Running::start().await;
    for (body, field) in [
        (json!({ "name": " ", "permissions": ["sign"] }), "name"),
        (json!({ "name": "A", "permissions": [] }), "permissions"),
        (
            json!({ "name": "A", "permissions": ["sign", "rule"] }),
            "permissions[1]",
        ),
        (
            json!({ "name": "A", "permissions": ["sign"], "origin": "https://a.example" }),
            "origin",
        ),
        (json!({ "permissions": ["sign"] }), "name"),
    ] {
        let answer = agent.send(&agent.request("POST /v1/pairings").json(&body)).await;
        assert_eq!(answer.code(), "invalid_field", "{body}");
        assert_eq!(answer.json()["field"], field, "{body}");
    }
    agent.stop().await;
}
