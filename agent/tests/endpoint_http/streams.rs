use serde_json::json;
use tokensign::endpoint::{Agent, Announcement, StartOptions};
use tokio::net::TcpStream;

use crate::client::{Request, Wire};
use crate::running::{Running, configuration};

#[tokio::test(flavor = "multi_thread")]
async fn events_are_numbered_and_can_be_taken_up_again() {
    let agent = Running::start().await;
    let token = agent.pair(None, &["sign"]).await;
    let mut application = Wire::new(TcpStream::connect(agent.address).await.unwrap());
    application
        .begin(&agent.request("GET /v1/events").bearer(&token).bytes())
        .await;
    let body = json!({ "documents": [{ "name": "a", "content": "AAAA" }] });
    let owners = agent.send(&agent.owned("POST /v1/signatures").json(&body)).await.json();
    let own = agent
        .send(&agent.request("POST /v1/signatures").bearer(&token).json(&body))
        .await
        .json();
    assert_ne!(owners["id"], own["id"]);
    // The application hears of its own job only, and of no question.
    let (name, id, data) = application.event().await;
    assert_eq!((name.as_str(), &data["id"]), ("job", &own["id"]));
    let second = application.event().await;
    let resumed = agent
        .request("GET /v1/events")
        .bearer(&token)
        .header("Last-Event-ID", &id.unwrap())
        .bytes();
    let mut again = Wire::new(TcpStream::connect(agent.address).await.unwrap());
    again.begin(&resumed).await;
    assert_eq!(again.event().await, second);
    agent.stop().await;
}

/// The ids of another run say nothing of this one's events: a listener is told that it missed some, then what is still known.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_over_a_restart_or_too_long_ago_is_told_as_a_reset() {
    let agent = Running::start().await;
    let token = agent.pair(None, &["sign"]).await;
    let mut stream = Wire::new(TcpStream::connect(agent.address).await.unwrap());
    let head = stream
        .begin(&agent.request("GET /v1/events").bearer(&token).bytes())
        .await;
    assert_eq!(
        (head.status, head.header("content-type")),
        (200, Some("text/event-stream"))
    );
    // Nothing happened that it may hear of, and it knows where it stands.
    let before = stream.first_id().await;
    let dir = agent.stop_and_keep().await;
    let agent = Agent::start(
        configuration(dir.path()),
        StartOptions {
            tcp: true,
            queues: false,
        },
    );
    let agent = Running::started(agent.await.unwrap(), dir);
    let body = json!({ "documents": [{ "name": "a", "content": "AAAA" }] });
    let job = agent
        .send(&agent.request("POST /v1/signatures").bearer(&token).json(&body))
        .await
        .json();
    let resume = async |id: &str| {
        let mut stream = Wire::new(TcpStream::connect(agent.address).await.unwrap());
        let request = agent.request("GET /v1/events").bearer(&token);
        stream.begin(&request.header("Last-Event-ID", id).bytes()).await;
        stream
    };
    for lost in [before.as_str(), "13", "", "nonsense"] {
        let mut stream = resume(lost).await;
        let (name, reset, _) = stream.event().await;
        assert_eq!(name, "reset", "{lost:?}");
        let (name, _, data) = stream.event().await;
        assert_eq!((name.as_str(), &data["id"]), ("job", &job["id"]), "{lost:?}");
        // From there on nothing is lost.
        let (name, _, data) = resume(&reset.unwrap()).await.event().await;
        assert_eq!((name.as_str(), &data["id"]), ("job", &job["id"]), "{lost:?}");
    }

    // More than is kept.
    let known = resume("").await.event().await.1.unwrap();
    for _ in 0..1100 {
        agent.send(&agent.owned("POST /v1/lock")).await;
    }
    assert_eq!(resume(&known).await.event().await.0, "reset");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locking_and_metrics_answer() {
    let agent = Running::start().await;
    assert_eq!(
        agent.send(&agent.owned("POST /v1/lock")).await.json(),
        json!({ "ended_grants": 0 })
    );
    let metrics = agent.send(&agent.owned("GET /metrics")).await;
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain"));
    let text = String::from_utf8(metrics.body).unwrap();
    assert!(
        text.contains("tokensign_http_responses_total{status=\"200\"} 1"),
        "{text}"
    );
    assert_eq!(agent.send(&agent.request("GET /metrics")).await.code(), "unpaired");

    // What is plugged in is told to those who may see certificates, and who else is connected to the person.
    for (permissions, sees_tokens) in [(&["verify"], false), (&["certificates"], true)] {
        let token = agent.pair(None, permissions).await;
        let status = agent.send(&agent.request("GET /v1/status").bearer(&token)).await.json();
        assert!(status["uptime_seconds"].is_u64(), "{status}");
        let told = ["tokens", "unattended"].map(|name| status.get(name).is_some());
        assert_eq!(told, [sees_tokens; 2], "{status}");
        let metrics = agent.send(&agent.request("GET /metrics").bearer(&token)).await;
        let text = String::from_utf8(metrics.body).unwrap();
        let told = ["tokensign_tokens", "tokensign_applications"].map(|name| text.contains(name));
        assert_eq!(told, [sees_tokens, false], "{text}");
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_announces_itself_and_takes_the_announcement_away() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run/endpoint.json");
    let agent = Agent::start(
        configuration(dir.path()),
        StartOptions {
            tcp: true,
            queues: false,
        },
    )
    .await
    .unwrap();
    let announcement = Announcement::read(&file).unwrap().unwrap();
    assert_eq!(
        announcement.http,
        agent.http_addr().map(|address| format!("http://{address}"))
    );
    assert_eq!(announcement.socket, agent.socket_path());
    let second = Agent::start(
        configuration(dir.path()),
        StartOptions {
            tcp: true,
            queues: false,
        },
    )
    .await
    .unwrap_err();
    assert_eq!(second.code().as_str(), "agent_running");
    let address = agent.http_addr().unwrap();
    let waiting = json!({ "name": "A", "permissions": ["sign"] });
    assert_eq!(
        Request::new(address, "POST /v1/pairings")
            .json(&waiting)
            .send(address)
            .await
            .status,
        201
    );
    agent.shutdown().await;
    assert!(Announcement::read(&file).unwrap().is_none());
    // The directories are free again, and without TCP there is no link to the page.
    let agent = Agent::start(
        configuration(dir.path()),
        StartOptions {
            tcp: false,
            queues: false,
        },
    )
    .await
    .unwrap();
    assert_eq!(agent.http_addr(), None);
    agent.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_or_not_loopback_fails_loudly() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for (listen, code) in [
        (taken.local_addr().unwrap(), "port_taken"),
        (([0, 0, 0, 0], 0).into(), "config_invalid"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut config = configuration(dir.path());
        config.endpoint.listen = Some(listen);
        let fault = Agent::start(
            config,
            StartOptions {
                tcp: true,
                queues: false,
            },
        )
        .await
        .unwrap_err();
        assert_eq!(fault.code().as_str(), code, "{listen}");
    }
}
