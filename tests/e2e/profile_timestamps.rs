//! Each service profile may have a time stamping authority, a policy and a digest of its own.

use serde_json::{Value, json};

use crate::authority;
use crate::services::{finishes, saves, start_idocs, start_mig24};
use crate::stamping::{Manner, StampingServer};
use crate::world::Business;

async fn server() -> StampingServer {
    tokio::task::spawn_blocking(|| StampingServer::new(authority::P256, "sha256"))
        .await
        .unwrap()
}

/// The digest and the policy of the last request, in OpenSSL's words.
fn asked(server: &StampingServer) -> (String, String) {
    let output = server.authority.openssl(&["ts", "-query", "-in", "query.tsq", "-text"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let after = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{text}")).trim().to_owned()
    };
    (after("Hash Algorithm:"), after("Policy OID:"))
}

#[tokio::test]
async fn a_profile_with_its_own_authority_asks_that_one_and_the_others_the_general_one() {
    let (general, own) = (server().await, server().await);
    let lines = format!(
        "timestamp = \"required\"\n\
         [timestamp]\nurl = \"{}\"\npolicy = \"1.2.3.4.1\"\n\
         [idocs.test.timestamp]\nlevel = \"required\"\nurl = \"{}\"\npolicy = \"1.2.3.4.2\"\ndigest = \"sha512\"\n",
        general.url, own.url
    );
    let business = Business::with(|_| {}, &lines, &[]).await;
    let agent = &business.world.agent;

    let path = start_idocs(&business).await;
    agent
        .approve(&business.world.tokens.certificate("kz-director").pin)
        .await;
    let job = agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{job}\n{}", agent.log());
    assert_eq!((own.requests(), general.requests()), (1, 0));
    assert_eq!(asked(&own), ("sha512".to_owned(), "1.2.3.4.2".to_owned()));
    assert_eq!(saves(&business.sandbox.summary()), 1);

    let path = start_mig24(&business).await;
    agent
        .approve(&business.world.tokens.certificate("gost-director").pin)
        .await;
    let job = agent.settled(&path).await;
    assert_eq!(job["state"], "finished", "{job}\n{}", agent.log());
    assert_eq!((own.requests(), general.requests()), (1, 3), "three documents");
    let (digest, policy) = asked(&general);
    assert!(
        digest.contains("34.11-2012") && policy == "1.2.3.4.1",
        "{digest}, {policy}"
    );
    assert_eq!(finishes(&business.sandbox.summary()), 1);
}

/// What is optional for one profile is required by another, each by the word of its own.
#[tokio::test]
async fn a_dead_authority_stops_the_profile_that_requires_it_only() {
    let (general, own) = (server().await, server().await);
    general.behave(Manner::Unavailable);
    let lines = format!(
        "timestamp = \"optional\"\n\
         [timestamp]\nurl = \"{}\"\n\
         [idocs.test.timestamp]\nlevel = \"required\"\nurl = \"{}\"\n",
        general.url, own.url
    );
    let business = Business::with(|_| {}, &lines, &[]).await;
    let agent = &business.world.agent;
    let path = start_mig24(&business).await;
    agent
        .approve(&business.world.tokens.certificate("gost-director").pin)
        .await;
    assert_eq!(agent.settled(&path).await["state"], "finished", "{}", agent.log());
    assert_eq!(own.requests(), 0);
    let path = start_idocs(&business).await;
    agent
        .approve(&business.world.tokens.certificate("kz-director").pin)
        .await;
    assert_eq!(agent.settled(&path).await["state"], "finished", "{}", agent.log());
    assert_eq!(own.requests(), 1);
}

#[tokio::test]
async fn a_mistake_in_one_profile_is_told_before_its_person_is_asked_and_spoils_no_other() {
    let lines = "[idocs.test.timestamp]\nlevel = \"optional\"\nurl = \"http://127.0.0.1:9/\"\ndigest = \"sha3\"\n";
    let business = Business::with(|_| {}, lines, &[]).await;
    let agent = &business.world.agent;
    let path = start_idocs(&business).await;
    let job = agent
        .until(&path, |job| job["fault"]["code"] == json!("config_invalid"))
        .await;
    let reason = job["fault"]["reason"].as_str().unwrap();
    assert!(reason.starts_with("idocs.test.timestamp.digest: "), "{reason}");
    assert!(agent.waiting().await.is_empty());

    let status: Value = agent.get("/v1/status").await;
    assert!(status.is_object(), "{status}");
    let path = start_mig24(&business).await;
    agent
        .approve(&business.world.tokens.certificate("gost-director").pin)
        .await;
    assert_eq!(agent.settled(&path).await["state"], "finished", "{}", agent.log());
}
