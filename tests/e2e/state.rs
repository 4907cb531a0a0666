//! The state directory in trouble: a full disk, a read-only store, a damaged page, a clock set back, two agents. Nothing is lost,
//! and each says what it is.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokensign_tests::agent::Agent;
use tokensign_tests::sandbox::{Action, FaultRule, When};

use crate::services::{finishes, saves, start_idocs, start_mig24};
use crate::world::{Business, World, signature_of};

const CONTENT: &[u8] = "Договор поставки № 12\n".as_bytes();

/// Runs a test once more in a user and mount namespace of its own, where everybody may mount, unless the user is root already. True
/// when it did: it has passed there.
fn passed_as_root_of_a_namespace(test: &str) -> bool {
    if rustix::process::geteuid().is_root() {
        return false;
    }
    let run = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("state::{test}"), "--nocapture"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(
        run.status.success() && said.contains("1 passed"),
        "a small disk needs root, or a system where users may make namespaces (sysctl user.max_user_namespaces):\n{said}"
    );
    true
}

/// A small file system of its own over the state directory. Taken away when dropped.
struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    fn over(at: &Path, size: &str) -> Self {
        std::fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=0700"), "tokensign-test"])
            .arg(at)
            .output()
            .unwrap();
        assert!(mounted.status.success(), "{mounted:?}");
        Self { at: at.to_owned() }
    }

    /// Fills what is free to the last byte.
    fn fill(&self) {
        let mut filler = std::fs::File::create(self.filler()).unwrap();
        for piece in [64 << 10, 1 << 10, 1] {
            let piece = vec![0_u8; piece];
            while filler.write_all(&piece).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }

    fn remount(&self, mode: &str) {
        let done = Command::new("mount")
            .args(["-o", &format!("remount,bind,{mode}")])
            .arg(&self.at)
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a worker of the agent may just be ending.
        let _ = Command::new("umount").arg("-l").arg(&self.at).output();
    }
}

fn state(world: &World) -> PathBuf {
    world.tokens.configuration().parent().unwrap().join("state")
}

/// What a second `tokensign serve` with this world's configuration says, and how it ends.
fn serve_in_vain(world: &World) -> (Option<i32>, Value) {
    let output = Command::new("timeout")
        .arg("30")
        .arg(tokensign_tests::programs::tokensign())
        .args(["serve", "--listen", "127.0.0.1:0", "--json", "--config"])
        .arg(world.tokens.configuration())
        .env("TOKENSIGN_LOG", "off")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let problem = said.lines().rev().find_map(|line| serde_json::from_str(line).ok());
    (
        output.status.code(),
        problem.unwrap_or_else(|| panic!("no problem in {said}")),
    )
}

async fn approved(world: &World, path: &str) -> Value {
    let certificate = world.tokens.certificate("kz-director");
    world.agent.approve(&certificate.pin).await;
    let resource = world.agent.settled(path).await;
    assert_eq!(resource["state"], "finished", "{resource}\n{}", world.agent.log());
    world.verify("kz-director", CONTENT, &signature_of(&resource)).unwrap();
    resource
}

/// A world whose state directory is a small disk; the agent runs.
async fn on_a_small_disk() -> (World, SmallDisk) {
    let mut world = World::new().await;
    let disk = moved_to_a_small_disk(&mut world, "2m").await;
    (world, disk)
}

/// The same with both services.
async fn services_on_a_small_disk() -> (Business, SmallDisk) {
    let mut business = Business::new().await;
    let disk = moved_to_a_small_disk(&mut business.world, "12m").await;
    (business, disk)
}

async fn moved_to_a_small_disk(world: &mut World, size: &str) -> SmallDisk {
    world.agent.kill();
    use_modules_of_ones_own(world);
    std::fs::remove_dir_all(state(world)).unwrap();
    let disk = SmallDisk::over(&state(world), size);
    world.agent = Agent::start(&world.tokens.configuration()).await;
    disk
}

/// Work of both services: its paths and who signs it.
async fn both_started(business: &Business) -> [(String, &'static str); 2] {
    [
        (start_idocs(business).await, "kz-director"),
        (start_mig24(business).await, "gost-director"),
    ]
}

async fn job_at(business: &Business, path: &str) -> Value {
    let job = business.world.agent.owner(Method::GET, path).send().await.unwrap();
    job.json().await.unwrap()
}

/// Waits until both ask for their approval; gives the questions by the job's path.
async fn both_asked(business: &Business, jobs: &[(String, &'static str); 2]) -> Vec<(Value, String)> {
    let mut questions = Vec::new();
    for (path, signer) in jobs {
        let waiting = business
            .world
            .agent
            .until(path, |job| job["waiting"]["question"].is_string())
            .await;
        let asked = business.world.agent.waiting().await;
        let question = asked
            .into_iter()
            .find(|question| question["id"] == waiting["waiting"]["question"]);
        let pin = business.world.tokens.certificate(signer).pin;
        questions.push((question.unwrap_or_else(|| panic!("{waiting}")), pin));
    }
    questions
}

/// Approves what is asked and says retry where a job stopped, until both are finished; then each must have happened once.
async fn both_end_once(business: &Business, jobs: &[(String, &'static str); 2]) {
    let until = Instant::now() + Duration::from_secs(90);
    for (path, signer) in jobs {
        loop {
            let job = job_at(business, path).await;
            match job["state"].as_str().unwrap() {
                "finished" => break,
                "stopped" => {
                    let retry = business.world.agent.owner(Method::POST, &format!("{path}/retry"));
                    retry.json(&json!({})).send().await.unwrap();
                }
                "running" => {}
                _ => panic!("{job}"),
            }
            assert!(Instant::now() < until, "{job}\n{}", business.world.agent.log());
            let asked = business.world.agent.waiting().await;
            if let Some(question) = asked
                .iter()
                .find(|question| question["id"] == job["waiting"]["question"])
            {
                let pin = business.world.tokens.certificate(signer).pin;
                let decision = json!({ "decision": "approve", "pin": pin });
                let _ = business.world.agent.decide(question, decision).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let summary = business.sandbox.summary();
    assert_eq!((saves(&summary), finishes(&summary)), (1, 1), "{summary:?}");
    assert!(summary.duplicates.is_empty(), "{summary:?}");
    assert_eq!(
        business.world.signed_as_approved().await,
        4,
        "one document of iDocs, three of MIG24"
    );
}

/// Brings both to the moment in which the service has done what must happen once and has not answered yet.
async fn both_submitted(business: &Business, jobs: &[(String, &'static str); 2]) {
    let held = Action::Delay {
        millis: 4_000,
        when: When::After,
    };
    business.sandbox.faults([
        FaultRule::on("POST", "quick-sign/save", held.clone()).times(1),
        FaultRule::on("POST", "sign/package-group/finish", held).times(1),
    ]);
    for (question, pin) in both_asked(business, jobs).await {
        let decision = json!({ "decision": "approve", "pin": pin });
        business.world.agent.decide(&question, decision).await.unwrap();
    }
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let summary = business.sandbox.summary();
        if (saves(&summary), finishes(&summary)) == (1, 1) {
            return;
        }
        assert!(Instant::now() < until, "{summary:?}\n{}", business.world.agent.log());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn work_of_both_services_on_a_full_disk_loses_nothing_and_does_nothing_twice() {
    if passed_as_root_of_a_namespace("work_of_both_services_on_a_full_disk_loses_nothing_and_does_nothing_twice") {
        return;
    }
    // Full while the person is asked: nothing is signed or sent, and the reason is said.
    let (business, disk) = services_on_a_small_disk().await;
    let jobs = both_started(&business).await;
    let questions = both_asked(&business, &jobs).await;
    disk.fill();
    for (question, pin) in questions {
        let _ = business
            .world
            .agent
            .decide(&question, json!({ "decision": "approve", "pin": pin }))
            .await;
    }
    for (path, _) in &jobs {
        business
            .world
            .agent
            .until(path, |job| job["fault"]["code"] == "disk_full")
            .await;
    }
    let summary = business.sandbox.summary();
    assert_eq!((saves(&summary), finishes(&summary)), (0, 0), "{summary:?}");
    disk.make_room();
    both_end_once(&business, &jobs).await;
    drop(business);

    // Full while the services have what was sent and the answer is on its way: what came of it cannot be written down.
    let (business, disk) = services_on_a_small_disk().await;
    let jobs = both_started(&business).await;
    both_submitted(&business, &jobs).await;
    disk.fill();
    for (path, _) in &jobs {
        business
            .world
            .agent
            .until(path, |job| job["fault"]["code"] == "disk_full")
            .await;
    }
    disk.make_room();
    both_end_once(&business, &jobs).await;
}

#[tokio::test]
async fn work_of_both_services_outlives_a_store_that_cannot_be_written() {
    if passed_as_root_of_a_namespace("work_of_both_services_outlives_a_store_that_cannot_be_written") {
        return;
    }
    for submitted in [false, true] {
        let (mut business, disk) = services_on_a_small_disk().await;
        let jobs = both_started(&business).await;
        if submitted {
            both_submitted(&business, &jobs).await;
        } else {
            both_asked(&business, &jobs).await;
        }
        business.world.agent.kill();
        disk.remount("ro");
        let (status, problem) = serve_in_vain(&business.world);
        assert_eq!(
            (status, &problem["code"]),
            (Some(1), &json!("store_failed")),
            "{problem}"
        );
        let summary = business.sandbox.summary();
        let expected = u64::from(submitted);
        assert_eq!(
            (saves(&summary), finishes(&summary)),
            (expected, expected),
            "{summary:?}"
        );
        disk.remount("rw");
        business.world.restart(&[]).await;
        both_end_once(&business, &jobs).await;
    }
}

/// The clock set back: work that waits for the person, that was submitted, and that was to be tried again soon goes on at once, not tomorrow.
#[tokio::test]
async fn work_of_both_services_goes_on_under_a_clock_set_back_a_day() {
    let library = faketime_library();
    let yesterday = [
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME", "-1d"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    for what in ["asked", "submitted", "failing"] {
        let mut business = Business::new().await;
        if what == "failing" {
            let answer = Action::Answer {
                status: 500,
                content_type: None,
                body: json!(""),
                when: When::Before,
            };
            business.sandbox.faults(
                ["company-token", "package-group/prepare"].map(|path| FaultRule::on("POST", path, answer.clone())),
            );
        }
        let jobs = both_started(&business).await;
        match what {
            "asked" => drop(both_asked(&business, &jobs).await),
            "submitted" => both_submitted(&business, &jobs).await,
            _ => {
                for (path, _) in &jobs {
                    let waits = |job: &Value| job["waiting"]["for"] == "waiting_to_retry";
                    business.world.agent.until(path, waits).await;
                }
            }
        }
        business.world.agent.kill();
        business.sandbox.clear_faults();
        business.world.restart(&yesterday).await;
        both_end_once(&business, &jobs).await;
    }
}

/// Puts copies in the place of the modules in the configuration: in a user's namespace the files of the system belong to nobody, and the
/// agent loads none of those.
fn use_modules_of_ones_own(world: &World) {
    let file = world.tokens.configuration();
    let directory = file.parent().unwrap();
    let mut configuration = std::fs::read_to_string(&file).unwrap();
    let named: Vec<String> = configuration
        .split('"')
        .filter(|value| value.ends_with(".so"))
        .map(str::to_owned)
        .collect();
    assert!(!named.is_empty(), "{configuration}");
    for module in named {
        let copy = directory.join(Path::new(&module).file_name().unwrap());
        std::fs::copy(&module, &copy).unwrap();
        configuration = configuration.replace(&module, copy.to_str().unwrap());
    }
    std::fs::write(&file, configuration).unwrap();
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_waited_goes_on_when_there_is_room() {
    if passed_as_root_of_a_namespace("a_full_disk_is_said_and_what_waited_goes_on_when_there_is_room") {
        return;
    }
    let (world, disk) = on_a_small_disk().await;
    let certificate = world.tokens.certificate("kz-director");
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    let path = format!("/v1/signatures/{id}");
    let question = world.agent.question("approve").await;
    disk.fill();
    // New work is refused with the reason.
    let refused = world.request(&certificate.fingerprint, &vec![7; 100 << 10]).await;
    assert_eq!(refused["code"], "disk_full", "{refused}");
    // What was approved is not signed, because the approval cannot be written down.
    let decided = world
        .agent
        .decide(&question, json!({ "decision": "approve", "pin": certificate.pin }))
        .await;
    let stuck = world
        .agent
        .until(&path, |resource| resource["fault"]["code"] == "disk_full")
        .await;
    assert_eq!(stuck["documents"][0]["state"], "waiting", "{decided:?} {stuck}");
    disk.make_room();
    world
        .agent
        .until(&path, |resource| resource["state"] == "stopped")
        .await;
    let retried = world
        .agent
        .owner(Method::POST, &format!("/v1/jobs/{id}/retry"))
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(retried.status(), 202);
    approved(&world, &path).await;
    let verified = world.command(&["audit", "verify"]);
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_named_and_left_as_it_is() {
    if passed_as_root_of_a_namespace("a_store_that_cannot_be_written_is_named_and_left_as_it_is") {
        return;
    }
    let (mut world, disk) = on_a_small_disk().await;
    let certificate = world.tokens.certificate("kz-director");
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    world.agent.kill();
    disk.remount("ro");
    let (status, problem) = serve_in_vain(&world);
    assert_eq!(
        (status, &problem["code"]),
        (Some(1), &json!("store_failed")),
        "{problem}"
    );
    assert!(
        problem["detail"].as_str().unwrap().contains("ead-only file system"),
        "{problem}"
    );
    disk.remount("rw");
    world.agent = Agent::start(&world.tokens.configuration()).await;
    approved(&world, &format!("/v1/signatures/{id}")).await;
}

#[tokio::test]
async fn a_damaged_page_is_found_before_anything_is_done_with_it() {
    let mut world = World::new().await;
    let certificate = world.tokens.certificate("kz-director");
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    world.agent.kill();
    let database = state(&world).join("tokensign.sqlite");
    // Started and ended in good order, so that everything lies in the one file.
    assert!(world.command(&["jobs", "list"]).status.success());
    let whole = std::fs::read(&database).unwrap();
    let pages = whole.len() / 4096;
    assert!(pages > 20, "{pages}");
    let mut found = 0;
    for page in [2, 5, 9] {
        let mut file = std::fs::File::options().write(true).open(&database).unwrap();
        file.seek(SeekFrom::Start(page * 4096)).unwrap();
        file.write_all(&[0xa5; 4096]).unwrap();
        drop(file);
        let damaged = std::fs::read(&database).unwrap();
        let (status, problem) = serve_in_vain(&world);
        assert_eq!(
            (status, &problem["code"]),
            (Some(1), &json!("store_damaged")),
            "page {page}: {problem}"
        );
        assert_eq!(
            std::fs::read(&database).unwrap(),
            damaged,
            "nothing was written into it"
        );
        std::fs::write(&database, &whole).unwrap();
        found += 1;
    }
    assert_eq!(found, 3);
    // The copy that was kept works, and the job still waits.
    world.agent = Agent::start(&world.tokens.configuration()).await;
    approved(&world, &format!("/v1/signatures/{id}")).await;
}

#[tokio::test]
async fn a_clock_set_back_a_day_loses_nothing() {
    let mut world = World::new().await;
    let certificate = world.tokens.certificate("kz-director");
    let first = world.request_signature(&certificate.fingerprint, CONTENT).await;
    world.agent.kill();
    let library = faketime_library();
    let environment = [
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME", "-1d"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    world.agent = Agent::start_with(&world.tokens.configuration(), &environment).await;
    approved(&world, &format!("/v1/signatures/{first}")).await;
    let second = world.request_signature(&certificate.fingerprint, CONTENT).await;
    let resource = approved(&world, &format!("/v1/signatures/{second}")).await;
    let jobs = world.agent.get("/v1/jobs").await;
    let order: Vec<_> = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["id"].clone())
        .collect();
    assert_eq!(
        order,
        [json!(second), json!(first)],
        "the newest first, by when they came"
    );
    let created = resource["created_at"].as_str().unwrap();
    assert!(
        created < jobs["jobs"][1]["created_at"].as_str().unwrap(),
        "the clock was set back: {created}"
    );
    let verified = world.command(&["audit", "verify"]);
    assert!(verified.status.success(), "{verified:?}");
}

/// The library of Debian's faketime, wherever the architecture puts it.
fn faketime_library() -> String {
    let found = Command::new("faketime")
        .args(["-f", "-1d", "printenv", "LD_PRELOAD"])
        .output();
    let found = found.expect("faketime is missing: apt-get install faketime");
    String::from_utf8(found.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_second_agent_is_refused_and_the_first_goes_on() {
    let world = World::new().await;
    let certificate = world.tokens.certificate("kz-director");
    let id = world.request_signature(&certificate.fingerprint, CONTENT).await;
    let (status, problem) = serve_in_vain(&world);
    assert_eq!(
        (status, &problem["code"]),
        (Some(1), &json!("agent_running")),
        "{problem}"
    );
    assert_eq!(problem["pid"], world.agent.pid().to_string(), "{problem}");
    approved(&world, &format!("/v1/signatures/{id}")).await;
}
