use serde_json::json;
use tokio::net::TcpStream;

use crate::client::{Request, Wire};
use crate::running::Running;

fn from_page(agent: &Running, line: &str, token: &str) -> Request {
    agent
        .request(line)
        .header("Sec-Fetch-Site", "same-origin")
        .bearer(token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_one_session_and_the_session_decides() {
    let agent = Running::start().await;
    let link = agent.send(&agent.owned("POST /v1/links")).await;
    assert_eq!(link.status, 201);
    let link = link.json();
    assert_eq!(link["expires_in"], 60);
    let (page, code) = link["url"].as_str().unwrap().split_once("#code=").unwrap();
    assert_eq!(page, format!("{}/approve", agent.own_origin()));
    let trade = agent
        .request("POST /v1/page-sessions")
        .header("Origin", &agent.own_origin())
        .json(&json!({ "code": code }));
    let session = agent.send(&trade).await;
    assert_eq!(session.status, 201);
    let token = session.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(agent.send(&trade).await.code(), "unpaired");

    let ask = agent
        .request("POST /v1/pairings")
        .json(&json!({ "name": "A", "permissions": ["sign"] }));
    assert_eq!(agent.send(&ask).await.status, 201);
    let question = agent.send(&from_page(&agent, "GET /v1/questions", &token)).await.json()["questions"][0].clone();
    let line = format!("POST /v1/questions/{}/decision", question["id"].as_str().unwrap());
    let decide = |prompter: &str| {
        let body = json!({ "decision": "refuse", "shown": question["shown"], "prompter": prompter });
        from_page(&agent, &line, &token).json(&body)
    };
    for prompter in ["terminal", "unattended", "pinentry"] {
        assert_eq!(
            agent.send(&decide(prompter)).await.code(),
            "invalid_field",
            "{prompter}"
        );
    }
    assert_eq!(agent.send(&decide("web")).await.status, 202);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_is_no_key_to_anything_else() {
    let agent = Running::start().await;
    let token = agent.page_token().await;
    for (line, code) in [
        ("POST /v1/signatures", "permission_denied"),
        ("POST /v1/links", "permission_denied"),
        ("POST /v1/verifications", "permission_denied"),
        ("POST /v1/idocs/main/quick-signs", "permission_denied"),
    ] {
        let request = from_page(&agent, line, &token).json(&json!({}));
        assert_eq!(agent.send(&request).await.code(), code, "{line}");
    }
    assert_eq!(
        agent.send(&from_page(&agent, "GET /v1/audit", &token)).await.code(),
        "permission_denied"
    );
    // Another page of this machine, even with the token.
    let stolen = agent
        .request("GET /v1/questions")
        .header("Origin", "http://127.0.0.1:3000")
        .header("Sec-Fetch-Site", "same-site")
        .bearer(&token);
    assert_eq!(agent.send(&stolen).await.code(), "foreign_origin");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_is_an_attached_prompter() {
    let agent = Running::start().await;
    let token = agent.page_token().await;
    let prompters = async || agent.send(&agent.owned("GET /v1/status")).await.json()["prompters"].clone();
    assert_eq!(prompters().await, json!([]));
    let request = from_page(&agent, "GET /v1/questions/stream?prompter=web", &token).bytes();
    let mut wire = Wire::new(TcpStream::connect(agent.address).await.unwrap());
    let head = wire.begin(&request).await;
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    assert_eq!(wire.event().await.0, "ready");
    assert_eq!(prompters().await, json!(["web"]));

    let ask = agent
        .request("POST /v1/pairings")
        .json(&json!({ "name": "A", "permissions": ["sign"] }));
    assert_eq!(agent.send(&ask).await.status, 201);
    let (name, _, question) = wire.event().await;
    assert_eq!((name.as_str(), question["kind"].as_str()), ("question", Some("pair")));
    assert_eq!(agent.decide(&question, "refuse").await.status, 202);
    loop {
        let (_, _, now) = wire.event().await;
        if now["state"] == "closed" {
            break;
        }
    }
    drop(wire);
    for _ in 0..100 {
        if prompters().await == json!([]) {
            agent.stop().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the prompter stays attached");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_and_its_parts_are_there_in_three_languages() {
    let agent = Running::start().await;
    let shell = agent.send(&agent.request("GET /approve")).await;
    let html = String::from_utf8(shell.body).unwrap();
    assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains("onclick"));
    for asset in [
        "app.js",
        "app.css",
        "dom.js",
        "api.js",
        "texts.js",
        "question.js",
        "documents.js",
        "certificate.js",
        "choice.js",
        "list.js",
        "icon.svg",
    ] {
        let answer = agent.send(&agent.request(&format!("GET /approve/{asset}"))).await;
        assert_eq!(answer.status, 200, "{asset}");
        let text = String::from_utf8(answer.body).unwrap();
        for url in ["https://", "//cdn", "@import"] {
            assert!(!text.contains(url), "{asset} asks for something elsewhere");
        }
    }
    assert_eq!(
        agent.send(&agent.request("GET /approve/..%2fCargo.toml")).await.code(),
        "not_found"
    );
    let mut refuse = Vec::new();
    for language in ["ru", "kk", "en"] {
        let texts = agent
            .send(&agent.request(&format!("GET /approve/texts.json?lang={language}")))
            .await
            .json();
        refuse.push(texts["ui-refuse"].as_str().unwrap().to_owned());
    }
    refuse.dedup();
    assert_eq!(refuse.len(), 3);
    assert_eq!(
        agent
            .send(&agent.request("GET /approve/texts.json?lang=de"))
            .await
            .code(),
        "invalid_field"
    );
    assert_eq!(agent.send(&agent.request("GET /docs")).await.status, 200);
    let description = agent.send(&agent.request("GET /openapi.json")).await.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    agent.stop().await;
}
