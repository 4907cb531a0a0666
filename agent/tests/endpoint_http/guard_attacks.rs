//! Requests that no well-behaved client sends, and those that a browser sends for a hostile page.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokensign::endpoint::{Agent, StartOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Request, Wire};
use crate::hostile_bytes::refused;
use crate::running::{Running, configuration};

#[tokio::test(flavor = "multi_thread")]
async fn targets_and_hosts_that_name_something_else_are_refused() {
    let agent = Running::start().await;
    let host = agent.address.to_string();
    let absolute = Request::bare(&format!("GET http://{host}/health")).header("Host", &host);
    let twice = Request::bare("GET /health").header("Host", &host).header("Host", &host);
    let two = Request::bare("GET /health")
        .header("Host", &host)
        .header("Host", "evil.example");
    let none = Request::bare("GET /health");
    let empty = Request::bare("GET /health").header("Host", "");
    let any = Request::bare("GET /health").header("Host", &format!("0.0.0.0:{}", agent.address.port()));
    let connect = Request::bare(&format!("CONNECT {host}")).header("Host", &host);
    for request in [absolute, twice, two, none, empty, any, connect] {
        let answer = agent.send(&request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (421, "wrong_host"),
            "{request:?}"
        );
    }
    // Where `Host` itself is right, the record says what is wrong.
    let mut missing = vec!["the request target names a host", "Host comes exactly once"];
    for _ in 0..100 {
        let refusals = refused(&agent, "wrong_host").await;
        missing.retain(|wrong| {
            !refusals.iter().any(|refusal| {
                let (named, detail) = (&refusal["body"]["host"], &refusal["body"]["detail"]);
                *named == json!(host) && detail.as_str().is_some_and(|detail| detail.contains(wrong))
            })
        });
        if missing.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(missing.is_empty(), "{missing:?}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_is_never_opened() {
    let agent = Running::start().await;
    for path in ["/v1/events", "/health", "/"] {
        let request = agent
            .owned(&format!("GET {path}"))
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
        assert_eq!(agent.send(&request).await.code(), "not_found");
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_before_and_while_it_comes() {
    let agent = Running::start().await;
    let announced = agent
        .owned("POST /v1/signatures")
        .header("Content-Type", "application/json")
        .header("Content-Length", "10737418240");
    let answer = agent.send(&announced).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));

    let head = agent
        .request("POST /v1/pairings")
        .header("Content-Type", "application/json")
        .header("Transfer-Encoding", "chunked")
        .bytes();
    let mut stream = TcpStream::connect(agent.address).await.unwrap();
    stream.write_all(&head).await.unwrap();
    // 80 KiB of a text that never ends; the route takes 64.
    stream.write_all(b"2\r\n{\"\r\n").await.unwrap();
    for _ in 0..80 {
        let piece = format!("400\r\n{}\r\n", "a".repeat(0x400));
        if stream.write_all(piece.as_bytes()).await.is_err() {
            break;
        }
    }
    let answer = Wire::new(stream).exchange(b"0\r\n\r\n").await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_get_takes_a_body_and_no_head_reaches_data() {
    let agent = Running::start().await;
    let get = agent.owned("GET /v1/jobs").json(&json!({ "id": 1 }));
    assert_eq!(agent.send(&get).await.code(), "unsupported_media_type");
    let mut wire = Wire::new(TcpStream::connect(agent.address).await.unwrap());
    let head = wire.begin(&agent.owned("HEAD /v1/jobs").bytes()).await;
    assert_eq!(head.status, 405);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preflights_are_answered_to_paired_origins_and_for_the_first_contact() {
    let agent = Running::start().await;
    agent.pair(Some("https://app.example"), &["sign"]).await;
    let preflight = |path: &str, origin: &str, method: &str| {
        agent
            .request(&format!("OPTIONS {path}"))
            .header("Origin", origin)
            .header("Sec-Fetch-Site", "cross-site")
            .header("Sec-Fetch-Mode", "cors")
            .header("Access-Control-Request-Method", method)
            .header("Access-Control-Request-Headers", "authorization,content-type")
    };
    for (path, origin, method) in [
        ("/v1/signatures", "https://app.example", "POST"),
        ("/v1/pairings", "https://stranger.example", "POST"),
        ("/health", "https://stranger.example", "GET"),
        ("/v1/pairings/5", "https://stranger.example", "GET"),
    ] {
        let answer = agent.send(&preflight(path, origin, method)).await;
        assert_eq!(answer.status, 204, "{path} {origin}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("vary"), Some("origin"));
        assert!(
            answer
                .header("access-control-allow-headers")
                .unwrap()
                .contains("authorization")
        );
    }
    for (path, origin, method) in [
        ("/v1/signatures", "https://stranger.example", "POST"),
        ("/v1/signatures", "null", "POST"),
        ("/v1/questions", "https://stranger.example", "GET"),
        ("/v1/page-sessions", "https://app.example", "POST"),
        ("/v1/signatures", "https://app.example.evil.example", "POST"),
        ("/v1/signatures", "http://app.example", "POST"),
    ] {
        let answer = agent.send(&preflight(path, origin, method)).await;
        assert_eq!(answer.code(), "foreign_origin", "{path} {origin}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path} {origin}");
    }
    agent.stop().await;
}

/// A page that is let in reads what is wrong with its requests as any program does; a stranger reads no more than before.
#[tokio::test(flavor = "multi_thread")]
async fn a_paired_page_reads_what_is_wrong_with_its_request() {
    const PAGE: &str = "https://app.example";
    const STRANGER: &str = "https://stranger.example";
    let agent = Running::start().await;
    let token = agent.pair(Some(PAGE), &["sign"]).await;
    for (line, kind, length, code) in [
        ("GET /v1/no-such-thing", None, 0, "not_found"),
        ("PUT /v1/signatures", None, 0, "method_not_allowed"),
        (
            "POST /v1/signatures",
            Some("application/json"),
            10_737_418_240_u64,
            "body_too_large",
        ),
        ("POST /v1/signatures", Some("text/plain"), 0, "unsupported_media_type"),
    ] {
        let of_page = |line: &str, origin: &str| {
            agent
                .request(line)
                .header("Origin", origin)
                .header("Sec-Fetch-Site", "cross-site")
        };
        let asked = |origin: &str| {
            let request = of_page(line, origin).bearer(&token);
            let request = request.header("Content-Length", &length.to_string());
            match kind {
                Some(kind) => request.header("Content-Type", kind),
                None => request,
            }
        };
        let answer = agent.send(&asked(PAGE)).await;
        assert_eq!(answer.code(), code);
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE), "{line}");
        let strange = agent.send(&asked(STRANGER)).await;
        assert_eq!(strange.header("access-control-allow-origin"), None, "{line}");

        // The browser asks before, and shows the page nothing of what it may not send.
        let (method, path) = line.split_once(' ').unwrap();
        let preflight = |origin: &str| {
            of_page(&format!("OPTIONS {path}"), origin)
                .header("Access-Control-Request-Method", method)
                .header("Access-Control-Request-Headers", "authorization")
        };
        let allowed = agent.send(&preflight(PAGE)).await;
        assert_eq!(allowed.status, 204, "{line}: {allowed:?}");
        let methods = allowed.header("access-control-allow-methods").unwrap();
        assert!(
            methods.split(", ").any(|allowed| allowed == method),
            "{line}: {methods}"
        );
        let refused = agent.send(&preflight(STRANGER)).await;
        assert!(refused.status >= 400, "{line}: {refused:?}");
        assert_eq!(refused.header("access-control-allow-origin"), None, "{line}");
    }
    // The page's own session is no page's business, paired or not.
    let session = agent
        .request("POST /v1/page-sessions")
        .header("Origin", PAGE)
        .json(&json!({ "code": "guess" }));
    let answer = agent.send(&session).await;
    assert_eq!(answer.code(), "foreign_origin");
    assert_eq!(answer.header("access-control-allow-origin"), None);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_shell_may_be_navigated_to_and_it_may_not_be_framed() {
    let agent = Running::start().await;
    let navigate = |path: &str, dest: &str| {
        agent
            .request(&format!("GET {path}"))
            .header("Sec-Fetch-Site", "cross-site")
            .header("Sec-Fetch-Mode", "navigate")
            .header("Sec-Fetch-Dest", dest)
    };
    let shell = agent.send(&navigate("/approve", "document")).await;
    assert_eq!(shell.status, 200);
    let policy = shell.header("content-security-policy").unwrap();
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "form-action 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"));
    assert_eq!(shell.header("cross-origin-opener-policy"), Some("same-origin"));
    assert_eq!(shell.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(shell.header("x-frame-options"), Some("DENY"));
    assert_eq!(shell.header("set-cookie"), None);
    for (path, dest) in [
        ("/approve", "iframe"),
        ("/v1/status", "document"),
        ("/v1/questions", "document"),
    ] {
        assert_eq!(
            agent.send(&navigate(path, dest)).await.code(),
            "foreign_origin",
            "{path} {dest}"
        );
    }
    let included = agent
        .request("GET /approve/app.js")
        .header("Sec-Fetch-Site", "cross-site")
        .header("Sec-Fetch-Mode", "no-cors")
        .header("Sec-Fetch-Dest", "script");
    assert_eq!(agent.send(&included).await.code(), "foreign_origin");
    // What a hostile page can do without any permission: send a form by navigation.
    let form = agent
        .request("POST /v1/lock")
        .header("Origin", "https://evil.example")
        .header("Sec-Fetch-Site", "cross-site")
        .header("Sec-Fetch-Mode", "navigate")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("a=b");
    assert_eq!(agent.send(&form).await.code(), "unsupported_media_type");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_audited_at_a_bounded_rate() {
    let agent = Running::start().await;
    for _ in 0..80 {
        let request = Request::bare("GET /health").header("Host", "evil.example");
        assert_eq!(agent.send(&request).await.code(), "wrong_host");
    }
    // They are written beside the answers: until no more come.
    let mut refusals = refused(&agent, "wrong_host").await;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = refused(&agent, "wrong_host").await;
        let is_last = now.len() == refusals.len();
        refusals = now;
        if is_last {
            break;
        }
    }
    assert_eq!(refusals[0]["body"]["host"], "evil.example");
    let recorded = refusals.len();
    assert!((30..40).contains(&recorded), "{recorded} of 80 refusals are recorded");
    agent.stop().await;
}

/// A caller that sends its request's head a byte at a time, for ever, holds a connection only so long.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_cut_off() {
    let agent = Running::start().await;
    let mut stream = TcpStream::connect(agent.address).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\n").await.unwrap();
    let begun = Instant::now();
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(40), async {
        loop {
            tokio::select! {
                read = stream.read_buf(&mut answer) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                },
                () = tokio::time::sleep(Duration::from_secs(1)) => {
                    let _ = stream.write_all(b"X").await;
                }
            }
        }
    });
    reading.await.expect("the connection is closed");
    refused(&agent, "request_too_slow").await;
    assert!(begun.elapsed() > Duration::from_secs(5), "{:?}", begun.elapsed());
    agent.stop().await;
}

/// More requests than a caller may make are told when to come again; nobody else waits for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_requests_is_told_to_wait_and_slows_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = configuration(dir.path());
    config.endpoint.requests_per_second = 5;
    let options = StartOptions {
        tcp: true,
        queues: false,
    };
    let agent = Running::started(Agent::start(config, options).await.unwrap(), dir);
    let flooding = agent.pair(None, &["certificates"]).await;
    let other = agent.pair(None, &["certificates"]).await;
    let tokens = |token: &str| agent.request("GET /v1/tokens").bearer(token);
    // Ten seconds' worth at once; who shows no token has some of it left after the pairings.
    for (flood, at_once) in [(tokens(&flooding), 50), (agent.request("GET /v1/status"), 1)] {
        let bytes = flood.bytes();
        let mut wire = Wire::new(TcpStream::connect(agent.address).await.unwrap());
        let mut served = 0;
        let limited = loop {
            let answer = wire.exchange(&bytes).await;
            if answer.status == 429 || served == 1000 {
                break answer;
            }
            served += 1;
        };
        assert_eq!((limited.status, limited.code().as_str()), (429, "rate_limited"));
        assert!(limited.header("retry-after").is_some());
        assert!(served >= at_once, "{served} are served before");
    }
    assert_eq!(agent.send(&tokens(&other)).await.status, 200);
    assert_eq!(agent.send(&agent.owned("GET /v1/status")).await.status, 200);
    refused(&agent, "rate_limited").await;
    agent.stop().await;
}

/// Only root can act as another user; an ordinary user's run leaves this to the run of the machine that builds.
#[tokio::test(flavor = "multi_thread")]
async fn another_user_is_refused_on_tcp_and_on_the_socket() {
    if tokensign::platform::current_uid() != Some(0) {
        return;
    }
    let agent = Running::start().await;
    let other = |script: String| {
        Command::new("setpriv")
            .args([
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "bash",
                "-c",
                &script,
            ])
            .output()
            .expect("setpriv runs (apt-get install util-linux)")
    };
    let (host, port) = (agent.address, agent.address.port());
    let output = tokio::task::spawn_blocking(move || {
        other(format!(
            "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET /health HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3"
        ))
    })
    .await
    .unwrap();
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        answer.contains("\"code\":\"foreign_user\""),
        "{answer} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let dir = agent.runtime_dir();
    let output = tokio::task::spawn_blocking(move || other(format!("ls {}", dir.display())))
        .await
        .unwrap();
    assert!(
        !output.status.success(),
        "another user may look into the runtime directory"
    );

    // Where the directories let everybody in, the kernel still says who is there.
    let modes = [
        (agent.directory(), 0o711),
        (agent.runtime_dir(), 0o711),
        (agent.socket(), 0o666),
    ];
    for (path, mode) in modes {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let socket = agent.socket().display().to_string();
    let output = tokio::task::spawn_blocking(move || {
        other(format!("curl -sS --unix-socket {socket} http://localhost/v1/status"))
    })
    .await
    .unwrap();
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        answer.contains("\"code\":\"foreign_user\""),
        "{answer} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    for transport in ["tcp", "unix"] {
        let is_recorded = |entry: &Value| entry["body"]["transport"] == transport && entry["body"]["uid"] == 65534;
        let started = Instant::now();
        while !refused(&agent, "foreign_user").await.iter().any(is_recorded) {
            assert!(started.elapsed() < Duration::from_secs(20), "{transport} is recorded");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    // Connections that say nothing: they hold the few places of strangers, nobody else's.
    let output = tokio::task::spawn_blocking(move || {
        other(format!(
            "for n in $(seq 24); do exec {{fd}}<>/dev/tcp/127.0.0.1/{port}; fds+=($fd); done; \
             for fd in \"${{fds[@]}}\"; do read -r -t 0.2 line <&$fd && echo \"$line\"; done; true"
        ))
    })
    .await
    .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("HTTP/1.1 503"), "{told:?}");
    assert_eq!(refused(&agent, "too_many_connections").await[0]["body"]["uid"], 65534);
    assert_eq!(agent.send(&agent.owned("GET /v1/status")).await.status, 200);
    agent.stop().await;
}
