//! Bytes that try the connection itself: bodies without end, heads and bodies that trickle, shapes that smuggle a second request,
//! connections by the thousand.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Request, Wire};
use crate::running::Running;

/// What the audit says was refused with this code, waited for: entries are written beside the answers.
pub(crate) async fn refused(agent: &Running, code: &str) -> Vec<Value> {
    for _ in 0..200 {
        let answer = agent
            .send_local(&Request::bare("GET /v1/audit?limit=1000").header("Host", "localhost"))
            .await;
        let entries = answer.json()["entries"].as_array().unwrap().clone();
        let found: Vec<_> = entries
            .into_iter()
            .filter(|entry| entry["kind"] == "guard_refused" && entry["body"]["code"] == code)
            .collect();
        if !found.is_empty() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no refusal with {code} is audited");
}

/// Everything that comes until the other side closes; a reset is an error.
async fn everything(mut stream: TcpStream) -> std::io::Result<String> {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Whoever announces ten gigabytes and sends them without listening still reads why they were not taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_upload_gets_its_reason_and_no_reset() {
    let agent = Running::start().await;
    let head = agent
        .owned("POST /v1/questions/00000000-0000-0000-0000-000000000000/decision")
        .header("Content-Type", "application/json")
        .header("Content-Length", "10737418240")
        .bytes();
    let mut stream = TcpStream::connect(agent.address).await.unwrap();
    stream.write_all(&head).await.unwrap();
    // As much as goes out while the agent still reads it away; it stops within some seconds.
    let piece = vec![b'a'; 1 << 20];
    for _ in 0..16 {
        stream
            .write_all(&piece)
            .await
            .expect("the connection takes what nobody reads");
    }
    let answer = Wire::new(stream).exchange(b"").await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(refused(&agent, "body_too_large").await[0]["body"]["method"], "POST");

    let mut foreign = TcpStream::connect(agent.address).await.unwrap();
    let head = agent
        .request("POST /v1/signatures")
        .header("Content-Type", "multipart/form-data; boundary=x")
        .header("Content-Length", "1048576")
        .header("Origin", "https://evil.example")
        .bytes();
    foreign.write_all(&head).await.unwrap();
    foreign.write_all(&piece).await.unwrap();
    let answer = everything(foreign).await.expect("no reset");
    assert!(
        answer.starts_with("HTTP/1.1 403") && answer.contains("\"foreign_origin\""),
        "{answer}"
    );
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_too_large_while_it_comes_is_audited() {
    let agent = Running::start().await;
    let head = agent
        .request("POST /v1/pairings")
        .header("Content-Type", "application/json")
        .header("Transfer-Encoding", "chunked")
        .bytes();
    let mut stream = TcpStream::connect(agent.address).await.unwrap();
    stream.write_all(&head).await.unwrap();
    let piece = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    for _ in 0..4 {
        stream.write_all(piece.as_bytes()).await.unwrap();
    }
    let answer = everything(stream).await.expect("no reset");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(
        refused(&agent, "body_too_large").await[0]["body"]["path"],
        "/v1/pairings"
    );
    agent.stop().await;
}

/// Two requests in one, told apart differently by two readers. There is one reader here; it answers once and closes.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_request_is_never_smuggled() {
    let agent = Running::start().await;
    let host = agent.address;
    let second = format!(
        "GET /v1/status HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\r\n",
        agent.owner
    );
    let post = format!("POST /v1/pairings HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n");
    let chunked = format!("0\r\n\r\n{second}");
    let lengths = [
        // Encodings that only look like chunked.
        format!("{post}Transfer-Encoding: xchunked\r\n\r\n{chunked}"),
        format!("{post}Transfer-Encoding: chunked, identity\r\n\r\n{chunked}"),
        format!("{post}Transfer-Encoding:\u{b}chunked\r\n\r\n{chunked}"),
        format!("{post}Transfer-Encoding : chunked\r\n\r\n{chunked}"),
        // Lengths that contradict each other or are none.
        format!("{post}Content-Length: 0\r\nContent-Length: 5\r\n\r\n{second}"),
        format!("{post}Content-Length: +0\r\n\r\n{second}"),
        format!("{post}Content-Length: -1\r\n\r\n{second}"),
        format!("{post}Content-Length: 0, 5\r\n\r\n{second}"),
        // A folded header, and one that ends in the middle.
        format!("{post}X: a\r\n b\r\nContent-Length: 0\r\n\r\n{second}"),
        format!("{post}X: a\0b\r\nContent-Length: 0\r\n\r\n{second}"),
        // A chunk size that overflows.
        format!("{post}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{second}"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\n-1\r\n{second}"),
        // Even one that is whole is the last of its connection.
        format!("{post}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n{chunked}"),
        // HTTP/1.0 knows no chunks.
        format!(
            "{}Transfer-Encoding: chunked\r\n\r\n{chunked}",
            post.replace("HTTP/1.1", "HTTP/1.0")
        ),
    ];
    // This side goes on listening: the agent must not wait for it to end, nor find another request in what is left.
    let sent = lengths.map(async |bytes| {
        let mut stream = TcpStream::connect(agent.address).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(15), everything(stream)).await;
        let answer = answer.unwrap_or_else(|_| panic!("{bytes:?}: the connection ends"));
        (bytes, answer.unwrap_or_default())
    });
    for (bytes, answer) in futures_util::future::join_all(sent).await {
        let answers = answer.lines().filter(|line| line.starts_with("HTTP/1.")).count();
        assert_eq!(answers, 1, "{bytes:?} → {answer}");
        assert_eq!(answer.get(8..10), Some(" 4"), "{bytes:?} → {answer}");
        assert!(!answer.contains("uptime_seconds"), "{bytes:?} → {answer}");
    }
    agent.stop().await;
}

/// A body that is right by one of two lengths: nobody says which one counts, so that neither does.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_with_two_lengths_is_refused_and_recorded() {
    let agent = Running::start().await;
    let host = agent.address;
    let second = format!("GET /v1/status HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let post = format!("POST /v1/pairings HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n");
    let body = r#"{"name":"A","permissions":["sign"]}"#;
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let (pieces, length) = (
        "Transfer-Encoding: chunked",
        format!("Content-Length: {}", chunked.len()),
    );
    // Without the second length it is a good request.
    let good = format!("{post}{pieces}\r\n\r\n{chunked}");
    let answer = Wire::new(TcpStream::connect(agent.address).await.unwrap())
        .exchange(good.as_bytes())
        .await;
    assert_eq!((answer.status, answer.header("connection")), (201, Some("close")));
    for lengths in [format!("{length}\r\n{pieces}"), format!("{pieces}\r\n{length}")] {
        for before in ["", &second] {
            let bytes = format!("{before}{post}{lengths}\r\n\r\n{chunked}{second}");
            let mut stream = TcpStream::connect(agent.address).await.unwrap();
            stream.write_all(bytes.as_bytes()).await.unwrap();
            let answer = tokio::time::timeout(Duration::from_secs(15), everything(stream)).await;
            let answer = answer.expect("the connection ends").unwrap_or_default();
            let served = answer.matches("HTTP/1.1 200").count();
            assert_eq!(served, usize::from(!before.is_empty()), "{bytes:?} → {answer}");
            assert_eq!(answer.matches("HTTP/1.1 400").count(), 1, "{bytes:?} → {answer}");
            assert!(answer.contains("\"malformed_request\""), "{bytes:?} → {answer}");
        }
    }
    let refusal = &refused(&agent, "malformed_request").await[0]["body"];
    assert_eq!(
        (&refusal["path"], &refusal["detail"]),
        (
            &json!("/v1/pairings"),
            &json!("Content-Length and Transfer-Encoding come together")
        )
    );
    agent.stop().await;
}

/// What cannot be read as a request is told why, counted and recorded, as any other.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_gets_a_problem_and_is_counted() {
    let agent = Running::start().await;
    let host = agent.address;
    let good = format!("GET /health HTTP/1.1\r\nHost: {host}\r\n");
    let many: String = (0..64).map(|n| format!("X{n}: a\r\n")).collect();
    for (bytes, status, code, counted) in [
        ("no request at all\r\n\r\n".to_owned(), 400, "malformed_request", 1),
        (format!("{good}X : a\r\n\r\n"), 400, "malformed_request", 2),
        (
            format!("{good}X: {}\r\n\r\n", "a".repeat(70_000)),
            431,
            "head_too_large",
            1,
        ),
        (format!("{good}{many}\r\n"), 431, "head_too_large", 2),
    ] {
        let answer = Wire::new(TcpStream::connect(agent.address).await.unwrap())
            .exchange(bytes.as_bytes())
            .await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
        assert_eq!(answer.header("connection"), Some("close"));
        let expected = format!("tokensign_http_responses_total{{status=\"{status}\"}} {counted}\n");
        // It is counted when the connection has ended.
        let mut text = String::new();
        for _ in 0..100 {
            text = String::from_utf8(agent.send(&agent.owned("GET /metrics")).await.body).unwrap();
            if text.contains(&expected) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(text.contains(&expected), "{text}");
        let refusal = &refused(&agent, code).await[0]["body"];
        assert_eq!(refusal["path"], "", "{refusal}");
        assert!(
            refusal["detail"].as_str().is_some_and(|detail| !detail.is_empty()),
            "{refusal}"
        );
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_keep_nobody_out() {
    flood(1500).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute; make test-full runs it"]
async fn ten_thousand_connections_keep_nobody_out() {
    flood(10_000).await;
}

/// Both ends of each connection are in this process, beside those of the other tests.
pub(crate) fn many_descriptors() {
    let mut descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    descriptors.current = descriptors.maximum;
    rustix::process::setrlimit(rustix::process::Resource::Nofile, descriptors).unwrap();
}

/// Connections that say nothing: the agent goes on answering, on the socket at once and on TCP as places come free, and the record does
/// not grow with them.
async fn flood(connections: usize) {
    many_descriptors();
    let agent = Running::start().await;
    let mut idle = Vec::new();
    let (mut turned_away, mut told) = (0, 0);
    for _ in 0..connections {
        match TcpStream::connect(agent.address).await {
            // So many as there are places are kept open; the others are looked at and closed, as this process has few descriptors.
            Ok(stream) if idle.len() < 384 + 32 => idle.push(stream),
            Ok(mut stream) => {
                turned_away += 1;
                // One in so many is asked what it was told; a place that came free meanwhile is silent.
                let mut answer = [0; 12];
                let listened = Duration::from_millis(if turned_away % 50 == 1 { 500 } else { 0 });
                if let Ok(Ok(_)) = tokio::time::timeout(listened, stream.read_exact(&mut answer)).await {
                    assert_eq!(&answer, b"HTTP/1.1 503");
                    told += 1;
                }
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(told > 0, "nobody is told that there is no place");
    let local = Request::bare("GET /health").header("Host", "localhost");
    let begun = Instant::now();
    assert_eq!(agent.send_local(&local).await.status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let entries = refused(&agent, "too_many_connections").await;
    assert_eq!(turned_away + idle.len(), connections);
    assert!(
        (1..=60).contains(&entries.len()),
        "{} refusals are recorded",
        entries.len()
    );
    // The idle ones are cut off after a moment, and whoever has something to say gets a place.
    let mut served = false;
    for _ in 0..120 {
        let mut stream = TcpStream::connect(agent.address).await.unwrap();
        let _ = stream.write_all(&agent.request("GET /health").bytes()).await;
        let mut answer = [0; 12];
        if stream.read_exact(&mut answer).await.is_ok() && answer.starts_with(b"HTTP/1.1 200") {
            served = true;
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(served, "nobody is served on TCP within half a minute");
    drop(idle);
    agent.stop().await;
}

/// A pairing token that was stolen: it asks, and cannot answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_token_signs_nothing_and_sees_no_question() {
    let agent = Running::start().await;
    let token = agent.pair(None, &["sign", "certificates"]).await;
    let as_thief = |line: &str| agent.request(line).bearer(&token);
    let begin = agent
        .request("POST /v1/pairings")
        .json(&json!({ "name": "another", "permissions": ["sign"] }));
    assert_eq!(agent.send(&begin).await.status, 201);
    let question = agent.question().await;
    let id = question["id"].as_str().unwrap();
    let decision = json!({ "decision": "approve", "shown": question["shown"], "prompter": "terminal" });
    for request in [
        as_thief(&format!("POST /v1/questions/{id}/decision")).json(&decision),
        as_thief("GET /v1/questions"),
        as_thief(&format!("GET /v1/questions/{id}")),
        as_thief("GET /v1/questions/stream?prompter=terminal"),
        as_thief("POST /v1/links").json(&json!({})),
        as_thief("GET /v1/grants"),
        as_thief("GET /v1/applications"),
        as_thief("GET /v1/audit"),
        as_thief("POST /v1/lock").json(&json!({})),
    ] {
        assert_eq!(agent.send(&request).await.code(), "permission_denied", "{request:?}");
    }
    assert_eq!(
        refused(&agent, "permission_denied").await[0]["body"]["transport"],
        "tcp"
    );
    agent.stop().await;
}

/// Whatever refuses a request that looks like an attack, the guard or a handler, it is in the record.
#[tokio::test(flavor = "multi_thread")]
async fn every_refused_attack_is_audited() {
    let agent = Running::start().await;
    let token = agent.pair(None, &["sign"]).await;
    let websocket = agent
        .request("GET /v1/events")
        .header("Origin", "https://evil.example")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket");
    let guessed_link = agent
        .request("POST /v1/page-sessions")
        .header("Origin", &agent.own_origin())
        .json(&json!({ "code": "guess" }));
    let ask = agent
        .request("POST /v1/pairings")
        .json(&json!({ "name": "A", "permissions": ["sign"] }));
    let pairing = agent.send(&ask).await.header("location").unwrap().to_owned();
    let guessed_secret = agent
        .request(&format!("GET {pairing}"))
        .header("Authorization", "Pairing guess");
    let digest = json!({ "algorithm": "sha256", "value": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=" });
    let raw_hash = agent
        .request("POST /v1/signatures")
        .bearer(&token)
        .json(&json!({ "documents": [{ "name": "a", "digest": digest }] }));
    let keyed = |name: &str| {
        agent
            .request("POST /v1/signatures")
            .bearer(&token)
            .header("Idempotency-Key", "k")
            .json(&json!({ "documents": [{ "name": name, "content": "AAAA" }] }))
    };
    assert_eq!(agent.send(&keyed("a")).await.status, 202);
    // What is a mistake of a program is an attempt of a page that nobody knows.
    let blind_form = agent
        .request("POST /v1/tokens")
        .header("Origin", "https://evil.example")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("a=b");
    let blind_image = agent
        .request("GET /v1/no-such-thing")
        .header("Sec-Fetch-Site", "same-site");
    for (request, code, path) in [
        (blind_form, "method_not_allowed", "/v1/tokens"),
        (blind_image, "not_found", "/v1/no-such-thing"),
        (websocket, "foreign_origin", "/v1/events"),
        (guessed_link, "unpaired", "/v1/page-sessions"),
        (guessed_secret, "pairing_failed", pairing.as_str()),
        (raw_hash, "permission_denied", "/v1/signatures"),
        (keyed("b"), "idempotency_mismatch", "/v1/signatures"),
    ] {
        assert_eq!(agent.send(&request).await.code(), code, "{request:?}");
        assert_eq!(refused(&agent, code).await[0]["body"]["path"], path, "{code}");
    }

    // A body that stops in the middle.
    let mut stalled = agent.request("POST /v1/pairings").json(&json!({ "name": "A" })).bytes();
    stalled.pop();
    let mut stream = TcpStream::connect(agent.address).await.unwrap();
    stream.write_all(&stalled).await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(45), everything(stream))
        .await
        .expect("it is cut off")
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    let slow = refused(&agent, "request_too_slow").await;
    assert_eq!(slow[0]["body"]["path"], "/v1/pairings");
    agent.stop().await;
}
