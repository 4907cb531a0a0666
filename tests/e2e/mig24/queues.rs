//! A real RabbitMQ that is stopped and started in the middle, an agent that is killed in the middle: every event seen, none twice.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;
use tokensign_tests::broker::{Broker, PASSWORD, USER};
use tokensign_tests::tls_identity::TlsIdentity;

use super::{done, group, printed};
use crate::world::Business;

/// How long events may take to arrive, the agent's growing pauses between attempts included.
const PATIENCE: Duration = Duration::from_secs(180);

async fn office(broker: &Broker) -> Business {
    office_at(broker, &broker.url(), "").await
}

/// The broker under that URL, with more lines for the queue.
async fn office_at(broker: &Broker, url: &str, lines: &str) -> Business {
    Business::with_lines_of(
        |config| config.amqp_url = Some(broker.url_with_password()),
        |directory, _| {
            let password = directory.join("queue.password");
            std::fs::write(&password, PASSWORD).unwrap();
            std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
            format!(
                "[mig24.test.queue]\nurl = \"{url}\"\nuser = \"{USER}\"\npassword = {{ file = \"{}\" }}\n{lines}",
                password.display()
            )
        },
        &[],
    )
    .await
}

async fn events(business: &Business) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let after = events.last().map_or(0, |event: &Value| event["seq"].as_i64().unwrap());
        let answer = done(business, Method::GET, &format!("events?limit=1000&after={after}"), None).await;
        let more = answer["events"].as_array().unwrap();
        if more.is_empty() {
            return events;
        }
        events.extend(more.iter().cloned());
    }
}

async fn connected(business: &Business) {
    let started = Instant::now();
    loop {
        let answer = done(business, Method::GET, "events?limit=1", None).await;
        if answer["queue"]["state"] == "connected" {
            return;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "not connected: {answer}\n{}",
            business.world.agent.log()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until so many events are stored, and a little longer for those that should not come.
async fn arrived(business: &Business, count: usize) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let found = events(business).await;
        if found.len() >= count {
            return found;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "{} of {count} events arrived\n{}",
            found.len(),
            business.world.agent.log()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How often each `number` came.
fn counted(events: &[Value]) -> BTreeMap<u64, usize> {
    let mut counted = BTreeMap::new();
    for number in events.iter().filter_map(|event| event["body"]["number"].as_u64()) {
        *counted.entry(number).or_default() += 1;
    }
    counted
}

fn publish(business: &Business, numbers: std::ops::Range<u64>, named: bool) {
    for number in numbers {
        let body = json!({ "number": number, "packageGroupId": "g-1", "status": "Delivered" }).to_string();
        let name = format!("m-{number}");
        business
            .sandbox
            .publish("Пакеты", named.then_some(name.as_str()), body.as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_seen_once_whatever_breaks() {
    let mut broker = Broker::start();
    let mut business = office(&broker).await;
    connected(&business).await;

    // What the service says by itself: a signed group, a stored УПД.
    let upd = json!({ "upd": { "number": "17" } });
    done(&business, Method::POST, "universal-transfer-documents", Some(upd)).await;
    let made = group(&business).await;
    let info = done(&business, Method::GET, &format!("package-groups/{made}"), None).await;
    let package = info["info"]["packages"][0]["id"].as_str().unwrap().to_owned();
    done(
        &business,
        Method::POST,
        &format!("packages/{package}/status-requests"),
        Some(json!({})),
    )
    .await;
    let first = arrived(&business, 2).await;
    assert_eq!(
        (&first[0]["topic"], &first[1]["topic"]),
        (&json!("visualisation"), &json!("packages"))
    );
    assert_eq!(
        (&first[1]["package_id"], &first[1]["package_group_id"]),
        (&json!(package), &json!(made)),
        "{first:?}"
    );
    assert_eq!(first[1]["status"], "Created");

    // What cannot be read is set aside and holds nothing up; it is told as it comes.
    let stream = business
        .world
        .agent
        .owner(Method::GET, "/v1/events")
        .send()
        .await
        .unwrap();
    business
        .sandbox
        .publish("Контрагенты", Some("p-1"), "не JSON".as_bytes());
    business
        .sandbox
        .publish("Контрагенты", Some("p-2"), &[0xff, 0xfe, 0x00]);
    business
        .sandbox
        .publish("Контрагенты", Some("p-3"), &vec![b' '; 5 << 20]);
    publish(&business, 0..40, true);
    let found = arrived(&business, 2 + 3 + 40).await;
    let aside: Vec<_> = found.iter().filter(|event| event.get("set_aside").is_some()).collect();
    assert_eq!(aside.len(), 3, "{aside:?}");
    assert_eq!(aside[0]["body"], "не JSON");
    assert_eq!(aside[1]["body"], "fffe00");
    assert!(aside[2].get("body").is_none() && aside[2]["set_aside"].as_str().unwrap().contains("5242880"));
    assert!(told_in_stream(stream).await, "GET /v1/events tells of it");

    // The broker goes and comes in the middle; the publisher goes on until each message is confirmed.
    publish(&business, 40..80, true);
    broker.stop();
    publish(&business, 80..120, true);
    broker.go_on();
    publish(&business, 120..160, true);
    let found = arrived(&business, 2 + 3 + 160).await;
    assert_eq!(counted(&found), (0..160).map(|number| (number, 1)).collect());

    // The agent dies while messages without a name are under way; what it had not acknowledged comes again.
    connected(&business).await;
    publish(&business, 160..460, false);
    arrived(&business, 2 + 3 + 160 + 20).await;
    business.world.agent.kill();
    business.world.agent = Agent::start(&business.world.tokens.configuration()).await;
    let found = arrived(&business, 2 + 3 + 460).await;
    assert_eq!(counted(&found), (0..460).map(|number| (number, 1)).collect());

    let watched = super::tokensign(&business, &["watch", "--once", "--after", "464", "--json"]);
    let last: Value = serde_json::from_slice(&watched.stdout).unwrap_or_else(|_| panic!("{watched:?}"));
    assert_eq!(last["seq"], found.last().unwrap()["seq"]);
    let lines = super::tokensign(&business, &["watch", "--once"]);
    assert_eq!(String::from_utf8_lossy(&lines.stdout).lines().count(), 465);
    assert_eq!(printed(&business, &["status", &made])["delivery"], "not_submitted");
}

/// Whether an event of the queue comes in the stream.
async fn told_in_stream(stream: reqwest::Response) -> bool {
    let mut pieces = stream.bytes_stream();
    let mut text = String::new();
    let reading = async {
        while let Some(Ok(piece)) = pieces.next().await {
            text.push_str(&String::from_utf8_lossy(&piece));
            if text.contains("event: queue_event") && text.contains("\"profile\":\"test\"") {
                return true;
            }
        }
        false
    };
    tokio::time::timeout(PATIENCE, reading).await.unwrap_or(false)
}

/// By TLS the broker's certificate is checked: its authority and its name. A connection that fails there hands over no password.
#[tokio::test(flavor = "multi_thread")]
async fn tls_takes_no_other_authority_and_no_other_name() {
    let directory = tempfile::tempdir().unwrap();
    let identity = TlsIdentity::create(&directory.path().join("broker"), "127.0.0.1");
    let stranger = TlsIdentity::create(&directory.path().join("stranger"), "127.0.0.1");
    let broker = Broker::start_with_tls(&identity);
    let trusting = |identity: &TlsIdentity| format!("extra_ca = \"{}\"\n", identity.ca().display());
    let url = broker.tls_url("127.0.0.1");
    let business = office_at(&broker, &url, &trusting(&identity)).await;
    connected(&business).await;
    publish(&business, 0..20, true);
    let found = arrived(&business, 20).await;
    assert_eq!(counted(&found), (0..20).map(|number| (number, 1)).collect());

    let configuration = std::fs::read_to_string(business.world.tokens.configuration()).unwrap();
    let Business {
        mut world,
        sandbox: _sandbox,
    } = business;
    for (change, reason) in [
        // Another authority, the same name.
        (
            configuration.replace(&trusting(&identity), &trusting(&stranger)),
            "UnknownIssuer",
        ),
        // None but those of the system.
        (configuration.replace(&trusting(&identity), ""), "UnknownIssuer"),
        // The right authority, a name that is not in the certificate, although it leads there. No name service is needed for it.
        (
            configuration.replace(&url, &broker.tls_url("0.0.0.0")),
            "not valid for name",
        ),
    ] {
        assert_ne!(change, configuration);
        world.agent.kill();
        std::fs::write(world.tokens.configuration(), change).unwrap();
        world.agent = Agent::start(&world.tokens.configuration()).await;
        let answer = world
            .agent
            .until("/v1/mig24/test/events?limit=1", |answer| {
                !answer["queue"]["fault"].is_null()
            })
            .await;
        let fault = &answer["queue"]["fault"];
        assert_eq!(
            (&fault["code"], &answer["queue"]["state"]),
            (&json!("service_unreachable"), &json!("connecting")),
            "{answer}"
        );
        assert!(fault["detail"].as_str().unwrap().contains(reason), "{reason}: {answer}");
    }
    assert!(!world.agent.log().contains(PASSWORD));
    // The right one again: it goes on.
    world.agent.kill();
    std::fs::write(world.tokens.configuration(), configuration).unwrap();
    world.agent = Agent::start(&world.tokens.configuration()).await;
    world
        .agent
        .until("/v1/mig24/test/events?limit=1", |answer| {
            answer["queue"]["state"] == "connected"
        })
        .await;
}

/// What an operator may have got wrong is said, and the agent serves all the same.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts a second broker: make test-full"]
async fn a_wrong_password_and_a_missing_queue_are_said() {
    let broker = Broker::start();
    let business = office(&broker).await;
    connected(&business).await;
    let configuration = std::fs::read_to_string(business.world.tokens.configuration()).unwrap();
    let Business {
        mut world,
        sandbox: _sandbox,
    } = business;
    for (change, code) in [
        (
            configuration.replace(&format!("user = \"{USER}\""), "user = \"somebody\""),
            "service_unauthorised",
        ),
        (
            format!("{configuration}[mig24.test.queue.names]\npackages = \"no such queue\"\n"),
            "service_refused",
        ),
        (
            configuration.replace(&broker.url(), "amqp://127.0.0.1:1/org-1"),
            "service_unreachable",
        ),
    ] {
        world.agent.kill();
        std::fs::write(world.tokens.configuration(), change).unwrap();
        world.agent = Agent::start(&world.tokens.configuration()).await;
        let path = "/v1/mig24/test/events";
        let answer = world
            .agent
            .until(path, |answer| !answer["queue"]["fault"].is_null())
            .await;
        assert_eq!(answer["queue"]["fault"]["code"], code, "{answer}");
        assert_eq!(answer["queue"]["state"], "connecting");
    }
}
