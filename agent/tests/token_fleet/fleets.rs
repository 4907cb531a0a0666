//! Fleets over throw-away modules, and what tests ask of them.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use pkcs11_profiles::Catalogue;
use tokensign::certificate::Certificate;
use tokensign::cms::SignedAttributes;
use tokensign::token::{Batch, Fleet, FleetOptions, ModuleSpec, Outcome, Signatures, Unsigned};

use crate::approvals;

/// In so many sessions a module signs at once that gains from it.
pub const SESSIONS: usize = 2;

/// The options of a fleet over these modules alone, which looks only when asked.
pub fn options(modules: &[ModuleSpec]) -> FleetOptions {
    FleetOptions {
        modules: modules.to_vec(),
        worker_program: Some(env!("CARGO_BIN_EXE_tokensign").into()),
        poll: None,
        sessions: NonZeroUsize::new(SESSIONS),
        ..FleetOptions::new(Catalogue::embedded().unwrap())
    }
}

/// A batch over one certificate, approved by a person who entered `pin`, with the attributes that are signed.
pub async fn approved(
    fleet: &Fleet,
    certificate: &Certificate,
    scheme: &str,
    documents: &[&[u8]],
    pin: Option<&str>,
) -> (Batch, Vec<SignedAttributes>) {
    let inventory = fleet.inventory();
    let (token, _) = inventory
        .certificate(certificate.fingerprint())
        .expect("the certificate is listed");
    let approved = approvals::approve(certificate, &scheme.parse().unwrap(), documents, pin).await;
    let batch = Batch {
        token: token.id.clone(),
        items: approved.items,
        unlock: approved.unlock,
    };
    (batch, approved.attributes)
}

/// The batch alone.
pub async fn batch(
    fleet: &Fleet,
    certificate: &Certificate,
    scheme: &str,
    documents: &[&[u8]],
    pin: Option<&str>,
) -> Batch {
    approved(fleet, certificate, scheme, documents, pin).await.0
}

/// Every outcome, in the order of the items.
pub async fn all(mut signatures: Signatures) -> Vec<Result<Vec<u8>, Unsigned>> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    while let Some(outcome) = signatures.next().await {
        outcomes.push(outcome);
    }
    // A module that signs in several sessions may finish a later one first.
    outcomes.sort_by_key(|outcome| outcome.index);
    assert!(
        outcomes
            .iter()
            .enumerate()
            .all(|(place, outcome)| outcome.index == place),
        "{outcomes:?}"
    );
    outcomes.into_iter().map(|outcome| outcome.result).collect()
}

/// The process that serves a module.
pub fn worker_of(module: &Path) -> Option<i32> {
    let module = module.canonicalize().unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .find(|pid: &i32| {
            let Ok(cmdline) = fs::read(format!("/proc/{pid}/cmdline")) else {
                return false;
            };
            let arguments: Vec<_> = cmdline.split(|byte| *byte == 0).collect();
            arguments.get(1) == Some(&&b"worker"[..]) && arguments.contains(&module.as_os_str().as_encoded_bytes())
        })
}

/// Waits until something holds.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within five seconds: {what}");
}
