//! The guard from outside: raw requests to the running agent.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::World;

/// Sends raw bytes and gives the status line's code.
async fn raw(world: &World, request: &str) -> u16 {
    let address = world.agent.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer);
    text.split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no status in {text:?}"))
}

fn port(world: &World) -> &str {
    world.agent.url().rsplit(':').next().unwrap()
}

#[tokio::test]
async fn host_names_this_endpoint_exactly_once() {
    let world = World::new().await;
    let port = port(&world);
    let request = |host: &str| format!("GET /health HTTP/1.1\r\n{host}connection: close\r\n\r\n");
    assert_eq!(raw(&world, &request(&format!("host: 127.0.0.1:{port}\r\n"))).await, 200);
    assert_eq!(raw(&world, &request(&format!("host: localhost:{port}\r\n"))).await, 200);
    assert_eq!(raw(&world, &request("host: 127.0.0.1:1\r\n")).await, 421);
    assert_eq!(raw(&world, &request("host: 127.0.0.1\r\n")).await, 421);
    assert_eq!(
        raw(&world, &request(&format!("host: evil.example:{port}\r\n"))).await,
        421
    );
    assert_eq!(raw(&world, &request(&format!("host: 0.0.0.0:{port}\r\n"))).await, 421);
    let double = format!("host: 127.0.0.1:{port}\r\nhost: evil.example\r\n");
    assert!(matches!(raw(&world, &request(&double)).await, 400 | 421));
    let absolute =
        format!("GET http://127.0.0.1:{port}/health HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n");
    assert!(matches!(raw(&world, &absolute).await, 400 | 421));
}

#[tokio::test]
async fn an_unpaired_caller_gets_nothing() {
    let world = World::new().await;
    for (method, path) in [
        (Method::GET, "/v1/tokens"),
        (Method::GET, "/v1/certificates"),
        (Method::POST, "/v1/signatures"),
        (Method::GET, "/v1/jobs"),
        (Method::GET, "/v1/questions"),
        (Method::GET, "/v1/events"),
        (Method::POST, "/v1/lock"),
    ] {
        let request = world.agent.stranger(method.clone(), path);
        let request = if method == Method::POST {
            request.json(&json!({}))
        } else {
            request
        };
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 401, "{path}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "unpaired", "{path}");
    }
}

#[tokio::test]
async fn a_foreign_page_gets_nothing_even_with_a_token() {
    let world = World::new().await;
    let token = world.agent.pair("ERP", &["certificates"]).await;
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let answer = world
            .agent
            .application(&token, Method::GET, "/v1/tokens")
            .header("origin", origin)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 403, "{origin}");
        assert!(
            answer.headers().get("access-control-allow-origin").is_none(),
            "{origin}"
        );
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "foreign_origin", "{origin}");
    }
    let answer = world
        .agent
        .application(&token, Method::GET, "/v1/tokens")
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 403);
    let answer = world
        .agent
        .application(&token, Method::GET, "/v1/tokens")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "without a browser's headers the token is enough");
}

#[tokio::test]
async fn a_token_gives_what_was_paired_and_no_more() {
    let world = World::new().await;
    let token = world.agent.pair("Reader", &["certificates"]).await;
    let body = json!({ "purpose": "signature", "documents": [{ "name": "a", "content": "aGVsbG8=" }] });
    let answer = world
        .agent
        .application(&token, Method::POST, "/v1/signatures")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 403);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], "permission_denied");
    assert_eq!(
        world
            .agent
            .application(&token, Method::GET, "/v1/questions")
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
}

#[tokio::test]
async fn plain_text_is_not_json() {
    let world = World::new().await;
    let answer = world
        .agent
        .owner(Method::POST, "/v1/signatures")
        .header("content-type", "text/plain")
        .body(r#"{"purpose":"signature","documents":[]}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 415);
}
