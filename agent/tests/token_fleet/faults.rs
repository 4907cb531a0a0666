//! Workers that are killed, hang, or keep secrets.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokensign::token::{CrashPolicy, Deadlines, Fleet, FleetOptions, ModuleState, TokenError, Unsigned};

use crate::fleets::{SESSIONS, all, batch, eventually, options, worker_of};
use crate::softhsm::{P256, PIN, SLOW_RSA, SoftHsm};

fn signal(softhsm: &SoftHsm, signal: Signal) {
    let pid = worker_of(&softhsm.module()).expect("a worker runs");
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

#[tokio::test]
async fn a_worker_killed_while_it_signs_fails_one_item_by_name_and_the_rest_can_go_on() {
    let softhsm = SoftHsm::new("crash");
    let key = softhsm.add_key("crash", "key", "01", SLOW_RSA);
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    fleet.refresh().await;
    let messages = vec![&b"message"[..]; 300];
    let mut signatures = fleet
        .sign(batch(&fleet, &key, "rsa-sha256", &messages, Some(PIN)).await)
        .await;
    assert!(signatures.next().await.unwrap().result.is_ok());
    signal(&softhsm, Signal::KILL);
    let (mut signed, mut failed, mut not_begun) = (1, 0, 0);
    while let Some(outcome) = signatures.next().await {
        match outcome.result {
            Ok(_) => signed += 1,
            Err(unsigned) => {
                let crashed = TokenError::ModuleCrashed {
                    module: "SoftHSM 2".to_owned(),
                    how: "killed by signal 9".to_owned(),
                };
                assert_eq!(unsigned.cause(), &crashed);
                match unsigned {
                    Unsigned::Failed(_) => failed += 1,
                    Unsigned::NotBegun(_) => not_begun += 1,
                }
            }
        }
    }
    // One item in each session was with the token.
    assert_eq!((failed, signed + failed + not_begun), (SESSIONS, 300));
    assert!(not_begun > 0);
    // After the PIN the rest goes on, in a new worker.
    let rest = vec![&b"message"[..]; 3];
    let again = all(fleet
        .sign(batch(&fleet, &key, "rsa-sha256", &rest, Some(PIN)).await)
        .await)
    .await;
    assert!(again.iter().all(Result::is_ok), "{again:?}");
}

#[tokio::test]
async fn a_module_that_hangs_is_killed_at_its_deadline_and_named() {
    let softhsm = SoftHsm::new("hang");
    let key = softhsm.add_key("hang", "key", "01", SLOW_RSA);
    let fleet = Fleet::new(FleetOptions {
        deadlines: Deadlines {
            signature: Duration::from_secs(1),
            reading: Duration::from_secs(5),
            person: Duration::from_secs(5),
        },
        ..options(&[softhsm.spec()])
    })
    .unwrap();
    fleet.refresh().await;
    let stuck = worker_of(&softhsm.module());
    let messages = vec![&b"message"[..]; 300];
    let mut signatures = fleet
        .sign(batch(&fleet, &key, "rsa-sha256", &messages, Some(PIN)).await)
        .await;
    assert!(signatures.next().await.unwrap().result.is_ok());
    signal(&softhsm, Signal::STOP);
    let outcomes = all_from(signatures).await;
    let last = outcomes.last().unwrap().as_ref().unwrap_err();
    let hung = TokenError::ModuleHung {
        module: "SoftHSM 2".to_owned(),
        seconds: 1,
    };
    assert_eq!(last.cause(), &hung);
    eventually("another worker serves the module", || {
        let now = worker_of(&softhsm.module());
        now.is_some() && now != stuck && matches!(fleet.inventory().modules[0].state, ModuleState::Ready(_))
    })
    .await;
}

async fn all_from(mut signatures: tokensign::token::Signatures) -> Vec<Result<Vec<u8>, Unsigned>> {
    let mut results = Vec::new();
    while let Some(outcome) = signatures.next().await {
        results.push(outcome.result);
    }
    results
}

#[tokio::test]
async fn a_module_that_crashes_again_and_again_is_set_aside_until_released() {
    let softhsm = SoftHsm::new("quarantine");
    let key = softhsm.add_key("quarantine", "key", "01", P256);
    let fleet = Fleet::new(FleetOptions {
        crash_policy: CrashPolicy {
            crashes: 2,
            first_wait: Duration::from_millis(10),
            ..CrashPolicy::default()
        },
        ..options(&[softhsm.spec()])
    })
    .unwrap();
    fleet.refresh().await;
    let request = async || batch(&fleet, &key, "p256-sha256", &[b"a"], Some(PIN)).await;
    let waiting = (request().await, request().await);
    signal(&softhsm, Signal::KILL);
    let first = all(fleet.sign(waiting.0).await).await;
    assert!(matches!(
        first[0].as_ref().unwrap_err().cause(),
        TokenError::ModuleCrashed { .. }
    ));
    eventually("it runs again", || worker_of(&softhsm.module()).is_some()).await;
    signal(&softhsm, Signal::KILL);
    fleet.refresh().await;
    assert_eq!(fleet.inventory().modules[0].state, ModuleState::Quarantined);
    let refused = all(fleet.sign(waiting.1).await).await;
    let quarantined = TokenError::ModuleQuarantined {
        module: "SoftHSM 2".to_owned(),
    };
    assert_eq!(refused[0].as_ref().unwrap_err().cause(), &quarantined);
    assert!(fleet.release(&softhsm.module()).await);
    assert!(all(fleet.sign(request().await).await).await[0].is_ok());
}

#[tokio::test]
async fn the_pin_is_in_no_command_line_environment_or_error() {
    let softhsm = SoftHsm::new("secret");
    let key = softhsm.add_key("secret", "key", "01", P256);
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    fleet.refresh().await;
    let request = batch(&fleet, &key, "p256-sha256", &[b"a"], Some(PIN)).await;
    assert!(!format!("{request:?}").contains(PIN));
    assert!(all(fleet.sign(request).await).await[0].is_ok());
    let pid = worker_of(&softhsm.module()).unwrap();
    let contains = |file: &str| {
        let text = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        text.windows(PIN.len()).any(|window| window == PIN.as_bytes())
    };
    assert!(!contains("cmdline"));
    assert!(!contains("environ"));
}

#[tokio::test]
async fn the_worker_is_hardened_and_has_nothing_of_the_agents() {
    let softhsm = SoftHsm::new("hard");
    let kept_open = fs::File::open("/dev/zero").unwrap();
    rustix::io::fcntl_setfd(&kept_open, rustix::io::FdFlags::empty()).unwrap();
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    fleet.refresh().await;
    let pid = worker_of(&softhsm.module()).unwrap();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    assert_eq!(field("NoNewPrivs:"), "1");
    assert_eq!(field("Seccomp:"), "2");
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"));
    // A process that may not be dumped has its files in /proc owned by root whatever its user; root sees this one's.
    if rustix::process::geteuid().is_root() {
        let open: Vec<_> = fs::read_dir(format!("/proc/{pid}/fd"))
            .unwrap()
            .map(|entry| {
                fs::read_link(entry.unwrap().path())
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        assert!(!open.iter().any(|target| target == "/dev/zero"), "{open:?}");
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap();
        assert!(
            !environ.windows(6).any(|window| window == b"CARGO_"),
            "the agent's environment does not cross"
        );
    }
}

#[tokio::test]
async fn workers_end_with_the_fleet() {
    let softhsm = SoftHsm::new("end");
    let fleet = Fleet::new(options(&[softhsm.spec()])).unwrap();
    fleet.refresh().await;
    assert!(worker_of(&softhsm.module()).is_some());
    drop(fleet);
    eventually("the worker is gone", || worker_of(&softhsm.module()).is_none()).await;
}

#[test]
fn a_worker_that_no_agent_started_refuses() {
    let run = |channel: &str, stdin: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tokensign"));
        command
            .arg0("tokensign")
            .args(["worker", "--module", "/lib/x.so", "--channel", channel])
            .stdin(stdin);
        command.status().unwrap().code()
    };
    assert_eq!(run("9", Stdio::null()), Some(2), "a descriptor that is not open");
    assert_eq!(run("0", Stdio::piped()), Some(2), "stdin is no channel");
}
