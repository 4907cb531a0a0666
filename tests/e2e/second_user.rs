//! Two people on one machine, each with an agent.

use std::process::Command;

use tokensign_tests::agent::Agent;
use tokensign_tests::programs::require;

use crate::world::{World, prepared};

#[tokio::test]
async fn two_agents_find_two_ports() {
    let (_first_directory, first) = prepared("");
    let (_second_directory, second) = prepared("");
    let first = Agent::start_on_default_port(&first.configuration()).await;
    let second = Agent::start_on_default_port(&second.configuration()).await;
    assert_ne!(first.url(), second.url());
    for agent in [&first, &second] {
        let port: u16 = agent.url().rsplit(':').next().unwrap().parse().unwrap();
        assert!((9482..=9499).contains(&port), "{port}");
        assert!(
            agent
                .stranger(reqwest::Method::GET, "/health")
                .send()
                .await
                .unwrap()
                .status()
                .is_success()
        );
    }
}

/// Only root can act as another user, so an ordinary user sees the own side of it: being let in.
#[tokio::test]
async fn another_user_of_the_machine_is_refused_on_tcp_and_on_the_socket() {
    require("curl", "curl");
    require("setpriv", "util-linux");
    let world = World::new().await;
    let url = format!("{}/v1/status", world.agent.url());
    let status = |prefix: &[&str], arguments: &[&str]| {
        let mut words = prefix
            .iter()
            .chain(&["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"])
            .chain(arguments);
        let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(status(&[], &[&url]), "200");
    if !rustix::process::getuid().is_root() {
        return;
    }
    let stranger = ["setpriv", "--reuid=65534", "--clear-groups"];
    assert_eq!(status(&stranger, &[&url]), "403");
    let authorization = format!("Authorization: Bearer {}", world.agent.owner_token());
    let certificates = format!("{}/v1/certificates", world.agent.url());
    assert_eq!(
        status(&stranger, &["-H", &authorization, &certificates]),
        "403",
        "a stolen token does not help"
    );
    let socket = world.agent.socket().to_str().unwrap().to_owned();
    assert_eq!(
        status(&stranger, &["--unix-socket", &socket, "http://localhost/health"]),
        "000",
        "the socket cannot be opened"
    );
}
