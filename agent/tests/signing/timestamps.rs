//! An authority that is dead, comes back, or is not needed.

use tokensign::cms::SignedData;
use tokensign::config::{TimestampConfig, TimestampLevel};
use tokensign::jobs::JobState;
use tokensign::messages::Code;
use tokensign::time_and_revocation::TimestampAuthority;

use crate::authority;
use crate::desk::{World, signed};
use crate::stamping_server::{Manner, StampingServer};

const DOCUMENTS: [&[u8]; 2] = [b"one", b"two"];

fn client(url: &str) -> Option<TimestampAuthority> {
    let config = TimestampConfig {
        url: Some(url.to_owned()),
        ..TimestampConfig::default()
    };
    TimestampAuthority::new(&config).unwrap()
}

#[tokio::test]
async fn a_dead_authority_costs_no_second_pin() {
    let tsa = StampingServer::new(authority::P256, "sha256");
    let world = World::new(client(&tsa.url)).await;
    tsa.behave(Manner::Unavailable);
    let job = world.sign(&DOCUMENTS, TimestampLevel::Required).await;
    assert_eq!(job.state, JobState::Stopped);
    assert_eq!(
        job.fault.as_ref().map(|fault| fault.code()),
        Some(Code::TimestampFailed)
    );
    assert_eq!(world.counters(), (1, 2));

    tsa.behave(Manner::Honest);
    let job = world.retry(job.id).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
    assert_eq!(world.counters(), (1, 2), "neither a login nor a signature more");
    for document in signed(&job).documents {
        let data = SignedData::parse(&document.signature).unwrap();
        assert_eq!(data.signers()[0].timestamp_count(), 1);
        assert!(document.timestamp.is_some());
    }
}

#[tokio::test]
async fn an_optional_timestamp_is_left_out_when_the_authority_is_dead() {
    // Nobody listens there.
    let world = World::new(client("http://127.0.0.1:9/")).await;
    let job = world.sign(&DOCUMENTS, TimestampLevel::Optional).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
    assert!(
        signed(&job)
            .documents
            .iter()
            .all(|document| document.timestamp.is_none())
    );
}

#[tokio::test]
async fn a_required_timestamp_without_an_authority_asks_nobody_for_a_pin() {
    let world = World::new(None).await;
    let job = world.sign(&DOCUMENTS, TimestampLevel::Required).await;
    assert_eq!(job.fault.map(|fault| fault.code()), Some(Code::ConfigInvalid));
    assert_eq!(world.counters(), (0, 0));
}

#[tokio::test]
async fn a_token_that_is_pulled_after_signing_is_not_needed_for_the_timestamp() {
    let tsa = StampingServer::new(authority::P256, "sha256");
    let world = World::new(client(&tsa.url)).await;
    tsa.behave(Manner::Unavailable);
    let job = world.sign(&DOCUMENTS, TimestampLevel::Required).await;
    assert_eq!(job.state, JobState::Stopped);
    world.pull().await;
    tsa.behave(Manner::Honest);
    let job = world.retry(job.id).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.fault);
}
