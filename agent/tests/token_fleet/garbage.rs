//! Garbage on the channel, from either side.

use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokensign::token::{Fleet, FleetOptions, ModuleState, TokenError};

use crate::fleets::options;
use crate::softhsm::SoftHsm;

/// A worker started by hand, with the agent's end of its channel.
fn worker() -> (Child, UnixStream) {
    let (agent, worker) = UnixStream::pair().unwrap();
    let worker = OwnedFd::from(worker);
    rustix::io::fcntl_setfd(&worker, rustix::io::FdFlags::empty()).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_tokensign"))
        .args(["worker", "--module", "/nonexistent.so", "--channel"])
        .arg(worker.as_raw_fd().to_string())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    drop(worker);
    agent.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    (child, agent)
}

#[test]
fn a_worker_that_hears_garbage_ends_and_says_nothing() {
    let frames: [&[u8]; 7] = [
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xFF; 64],
        &[0; 64],
        // A frame of the right form with a payload that is none.
        b"\x00\x00\x00\x0c\x01\x01\0\0\0\0\0\0\0\x01{}",
        // A secret that nobody asked for.
        b"\x00\x00\x00\x0e\x01\x03\0\0\0\0\0\0\0\x011234",
        // Another version.
        b"\x00\x00\x00\x12\x02\x01\0\0\0\0\0\0\0\x01\"cancel\"",
        // Not a greeting.
        b"\x00\x00\x00\x14\x01\x01\0\0\0\0\0\0\0\x01\"shutdown\"",
    ];
    for frame in frames {
        let (mut child, mut agent) = worker();
        agent.write_all(frame).unwrap();
        let mut answer = Vec::new();
        // A worker that ends with unread bytes resets the connection; both are an end.
        if let Err(error) = agent.read_to_end(&mut answer) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
        assert!(answer.is_empty(), "{frame:?} was answered");
        assert_eq!(child.wait().unwrap().code(), Some(1), "{frame:?}");
    }
}

#[test]
fn a_worker_ends_when_the_agent_is_gone() {
    let (mut child, agent) = worker();
    drop(agent);
    assert!(child.wait().unwrap().code().is_some());
}

#[tokio::test]
async fn a_worker_that_speaks_garbage_is_ended_and_named() {
    let softhsm = SoftHsm::without_token();
    for (name, says) in [("text", "Hello, agent! This is a banner."), ("empty", "")] {
        let program = softhsm.path(name);
        // Writes to the descriptor that `--channel` names, the last argument.
        std::fs::write(
            &program,
            format!("#!/bin/bash\nprintf '%s' '{says}' >&\"${{@: -1}}\"\nsleep 0.2\n"),
        )
        .unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let fleet = Fleet::new(FleetOptions {
            worker_program: Some(program),
            ..options(&[softhsm.spec()])
        })
        .unwrap();
        let inventory = fleet.refresh().await;
        let ModuleState::Failed(TokenError::ModuleCrashed { module, .. }) = &inventory.modules[0].state else {
            panic!("{name}: {:?}", inventory.modules[0].state)
        };
        assert_eq!(module, "SoftHSM 2");
    }
}
