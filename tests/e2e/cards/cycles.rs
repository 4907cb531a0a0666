use std::fs;
use std::time::{Duration, Instant};

use tokensign_tests::card::{PIN, Slot};
use tokensign_tests::fixtures::workers_of;

use super::rig::{Module, Rig};

#[tokio::test]
async fn ten_times_in_and_out_with_a_signature_each() {
    in_and_out(Module::OpenSc, 10).await;
}

#[tokio::test]
#[ignore = "takes minutes; run by `make test-full`"]
async fn opensc_a_hundred_times_in_and_out_with_a_signature_each() {
    in_and_out(Module::OpenSc, 100).await;
}

#[tokio::test]
#[ignore = "takes minutes; run by `make test-full`"]
async fn ykcs11_a_hundred_times_in_and_out_with_a_signature_each() {
    in_and_out(Module::YkCs11, 100).await;
}

/// From the card's way into the reader until it is listed, as a rule: a machine that is busy with other tests may be late now and then.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The bound for all but one cycle of twenty. It shows an insertion that nothing told of and only a look in between found.
const BUSY: Duration = Duration::from_secs(3);

#[allow(clippy::print_stdout, reason = "the figures belong to the test's report")]
async fn in_and_out(module: Module, cycles: usize) {
    let rig = Rig::new(module).await;
    let mut latencies = Vec::new();
    let mut first = None;
    for cycle in 0..cycles {
        let inserted = rig.card.insert(&rig.service);
        rig.listed(1).await;
        // Beside the module's own reading, which is the time that the card was spoken to.
        latencies.push(inserted.age().saturating_sub(inserted.reading_time()));
        let path = rig.request(Slot::Authentication, 1).await;
        rig.agent.approve(PIN).await;
        rig.verified(&path, 1).await;
        inserted.pull();
        rig.listed(0).await;
        let now = resources(&rig).await;
        // The first cycle opens what stays open.
        let first = *first.get_or_insert(now);
        assert!(
            now.workers == first.workers
                && now.descriptors <= first.descriptors + SLACK
                && now.connections <= first.connections,
            "cycle {cycle}: {now:?} after {first:?}"
        );
    }
    let seen = rig.card.counters();
    assert_eq!((seen.signatures, seen.wrong_pins), (cycles as u64, 0));
    latencies.sort_unstable();
    // Of ten, the longest but one.
    let p95 = latencies[(cycles * 19 / 20).min(cycles - 2)];
    assert!(
        latencies[cycles / 2] <= AT_ONCE && p95 <= BUSY,
        "{latencies:?}\n{}",
        rig.agent.log()
    );
    println!(
        "{module:?}, {cycles} cycles: from insertion to GET /v1/tokens without the module's own reading p50 {:?}, p95 {p95:?}, most {:?}",
        latencies[cycles / 2],
        latencies[cycles - 1]
    );
}

/// Descriptors come and go with connections of HTTP.
const SLACK: usize = 3;

/// What the agent and its workers hold.
#[derive(Clone, Copy, Debug)]
struct Resources {
    workers: usize,
    descriptors: usize,
    /// Descriptors of the PC/SC service: a session with a card that nobody closed keeps one.
    connections: usize,
}

async fn resources(rig: &Rig) -> Resources {
    let agent = rig.agent.pid();
    let settled = Instant::now();
    loop {
        let workers = workers_of(agent, "");
        let descriptors = |pid: &u32| fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        let now = Resources {
            workers: workers.len(),
            descriptors: workers.iter().chain([&agent]).map(descriptors).sum(),
            connections: descriptors(&rig.service.pid()),
        };
        if now.workers == 1 || settled.elapsed() > Duration::from_secs(5) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
