//! What applications hold open: streams and waits end with their pairing, and there are only so many.

use std::time::Duration;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokensign::config::ApplicationConfig;
use tokensign::endpoint::{Agent, StartOptions};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::client::{Request, Wire};
use crate::hostile_bytes::{many_descriptors, refused};
use crate::running::{Running, configuration};

const MOST_STREAMS: usize = 8;
const MOST_WAITS: usize = 100;
/// A call that waits for something that never comes.
const WAITING: &str = "GET /v1/mig24/main/events";
const SOON: Duration = Duration::from_secs(10);

/// An agent with so many applications that its configuration pairs, `token-0` and so on.
async fn with_applications(count: usize) -> Running {
    let dir = tempfile::tempdir().unwrap();
    let mut config = configuration(dir.path());
    config.endpoint.requests_per_second = 1000;
    let profile = "[main]\nbase_url = 'https://m.example'\ntoken.env = 'T'";
    config.mig24 = toml::from_str(profile).unwrap();
    config.applications = (0..count)
        .map(|n| ApplicationConfig {
            name: format!("Application {n}"),
            origin: None,
            executable: std::env::current_exe().ok(),
            token_sha256: hex::encode(Sha256::digest(format!("token-{n}"))),
            permissions: vec!["sign".to_owned(), "mig24:main:read".to_owned()],
        })
        .collect();
    let options = StartOptions {
        tcp: true,
        queues: false,
    };
    Running::started(Agent::start(config, options).await.unwrap(), dir)
}

async fn connected(agent: &Running) -> Wire<TcpStream> {
    Wire::new(TcpStream::connect(agent.address).await.unwrap())
}

/// Starts a job.
async fn ask(agent: &Running, token: &str) {
    let body = json!({ "documents": [{ "name": "a", "content": "AAAA" }] });
    let request = agent.request("POST /v1/signatures").bearer(token).json(&body);
    assert_eq!(agent.send(&request).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_connection_ends_its_streams_and_waits() {
    let agent = with_applications(2).await;
    let events = |token: &str| agent.request("GET /v1/events").bearer(token).bytes();
    let (mut stream, mut other) = (connected(&agent).await, connected(&agent).await);
    assert_eq!(stream.begin(&events("token-0")).await.status, 200);
    assert_eq!(other.begin(&events("token-1")).await.status, 200);
    let wait = agent.request(WAITING).bearer("token-0").header("Prefer", "wait=60");
    let waiting = tokio::spawn({
        let address = agent.address;
        async move { wait.send(address).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;

    let listed = agent.send(&agent.owned("GET /v1/applications")).await.json();
    let id = listed["applications"][0]["id"].as_str().unwrap().to_owned();
    let revoke = agent.owned(&format!("DELETE /v1/applications/{id}"));
    assert_eq!(agent.send(&revoke).await.status, 204);
    let answer = timeout(SOON, waiting).await.expect("the wait ends").unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (401, "unpaired"));
    let rest = timeout(SOON, stream.rest()).await.expect("the stream ends");
    assert!(!rest.contains("event:"), "{rest}");

    // Another application's stream goes on.
    ask(&agent, "token-1").await;
    assert_eq!(other.event().await.0, "job");
    agent.stop().await;
}

/// A pairing that is over ends what it holds open, too, though nobody revokes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_pairing_that_expires_ends_its_streams() {
    let agent = Running::start().await;
    let token = agent.pair(None, &["sign"]).await;
    let dir = agent.stop_and_keep().await;
    let database = rusqlite::Connection::open(dir.path().join("state/tokensign.sqlite")).unwrap();
    let soon = "UPDATE applications SET expires_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '+4 seconds')";
    assert_eq!(database.execute(soon, ()).unwrap(), 1);
    drop(database);
    let options = StartOptions {
        tcp: true,
        queues: false,
    };
    let agent = Running::started(Agent::start(configuration(dir.path()), options).await.unwrap(), dir);
    let mut stream = connected(&agent).await;
    let events = agent.request("GET /v1/events").bearer(&token);
    assert_eq!(stream.begin(&events.bytes()).await.status, 200);
    timeout(SOON, stream.rest()).await.expect("the stream ends");
    assert_eq!(agent.send(&events).await.code(), "unpaired");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_has_only_so_many_streams_and_waits() {
    let agent = with_applications(2).await;
    let events = |token: &str| agent.request("GET /v1/events").bearer(token);
    let mut streams = Vec::new();
    for _ in 0..MOST_STREAMS {
        let mut wire = connected(&agent).await;
        assert_eq!(wire.begin(&events("token-0").bytes()).await.status, 200);
        streams.push(wire);
    }
    let refusal = agent.send(&events("token-0")).await;
    assert_eq!((refusal.status, refusal.code().as_str()), (429, "rate_limited"));
    assert!(refusal.header("retry-after").is_some());
    assert_eq!(
        connected(&agent).await.begin(&events("token-1").bytes()).await.status,
        200
    );
    // One that ends makes room for another.
    streams.pop();
    let mut again = 429;
    for _ in 0..100 {
        again = connected(&agent).await.begin(&events("token-0").bytes()).await.status;
        if again == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(again, 200);

    let wait = agent.request(WAITING).bearer("token-0").header("Prefer", "wait=15");
    let waits = (0..=MOST_WAITS).map(|_| Box::pin(agent.send(&wait)));
    let (refusal, _, others) = futures_util::future::select_all(waits).await;
    assert_eq!((refusal.status, refusal.code().as_str()), (429, "rate_limited"));
    assert!(refusal.header("retry-after").is_some());
    // It is the only one: the others wait on.
    let next = futures_util::future::select_all(others);
    assert!(timeout(Duration::from_secs(1), next).await.is_err());
    // Whoever does not wait is answered.
    let now = agent.request(WAITING).bearer("token-0");
    assert_eq!(agent.send(&now).await.status, 200);
    agent.stop().await;
}

/// Applications that hold every place they can: the person's page and command line still get in, over TCP and the socket.
#[tokio::test(flavor = "multi_thread")]
async fn no_set_of_applications_keeps_the_person_out() {
    const APPLICATIONS: usize = 4;
    many_descriptors();
    let agent = with_applications(APPLICATIONS).await;
    let (mut over_tcp, mut over_socket) = (Vec::new(), Vec::new());
    for n in 0..APPLICATIONS {
        for held in 0..MOST_STREAMS + MOST_WAITS {
            let line = if held < MOST_STREAMS { "GET /v1/events" } else { WAITING };
            let request = agent
                .request(line)
                .bearer(&format!("token-{n}"))
                .header("Prefer", "wait=120")
                .bytes();
            // They share what an application may hold open between both.
            if held % 2 == 0 || n == 0 {
                let mut wire = connected(&agent).await;
                wire.send(&request).await;
                over_tcp.push(wire);
            } else {
                let mut wire = Wire::new(UnixStream::connect(agent.socket()).await.unwrap());
                wire.send(&request).await;
                over_socket.push(wire);
            }
        }
    }
    // The rest of the places are taken by requests whose head does not end.
    while over_tcp.len() < 384 {
        let mut wire = connected(&agent).await;
        wire.send(b"GET /v1/events HTTP/1.1\r\n").await;
        over_tcp.push(wire);
    }
    while over_socket.len() < 384 {
        let mut wire = Wire::new(UnixStream::connect(agent.socket()).await.unwrap());
        wire.send(b"GET /v1/events HTTP/1.1\r\n").await;
        over_socket.push(wire);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;

    let page = agent.page_token().await;
    let shell = agent.send(&agent.request("GET /approve")).await;
    assert_eq!(shell.status, 200, "{shell:?}");
    let of_page = agent
        .request("GET /v1/questions")
        .bearer(&page)
        .header("Sec-Fetch-Site", "same-origin");
    assert_eq!(agent.send(&of_page).await.status, 200);
    let local = Request::bare("GET /v1/questions").header("Host", "localhost");
    assert_eq!(agent.send_local(&local).await.status, 200);
    // An application finds no place there.
    let asked = agent.request("GET /v1/jobs").bearer("token-0");
    for turned_away in [agent.send(&asked).await, agent.send_local(&asked).await] {
        assert_eq!(
            (turned_away.status, turned_away.code().as_str()),
            (503, "too_many_connections")
        );
        assert!(turned_away.header("retry-after").is_some());
        assert_eq!(turned_away.header("connection"), Some("close"));
    }
    refused(&agent, "too_many_connections").await;
    agent.stop().await;
}
