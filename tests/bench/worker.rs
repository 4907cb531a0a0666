//! Signatures through the worker process, beside a raw C_Sign loop over the same key.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use pkcs11_profiles::Catalogue;
use softhsm_fixtures::{Fixtures, TempFixtures};
use tokensign::certificate::Certificate;
use tokensign::token::{Batch, Fleet, FleetOptions, ModuleSpec};
use tokensign_tests::programs;

use crate::approvals;
use crate::measure::Report;
use crate::raw_loop::RawLoop;

/// A key of the fixtures, its scheme, and how many signatures one round makes.
const KEYS: [(&str, &str, &str, usize); 2] = [
    ("RSA-2048", "kz-director", "rsa-sha256", 200),
    ("P-256", "kz-individual", "p256-sha256", 2000),
];

pub(crate) fn run(report: &mut Report) {
    let fixtures = TempFixtures::new().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (key, name, scheme, count) in KEYS {
        for sessions in [1, 2] {
            let mut raw = RawLoop::start(fixtures.token_of(name), &fixtures.certificate(name).label, sessions);
            let fleet = runtime.block_on(fleet(&fixtures, name, sessions));
            report.compare(
                &format!("{key}, {sessions} session(s): worker beside raw C_Sign"),
                count,
                || runtime.block_on(sign(&fleet, &fixtures, name, scheme, count)),
                || raw.sign(count),
            );
        }
    }
}

/// A fleet over the token's module that signs in so many sessions at once.
pub(crate) async fn fleet(fixtures: &Fixtures, name: &str, sessions: usize) -> Fleet {
    let token = fixtures.token_of(name);
    let env = token.env.iter();
    let spec = ModuleSpec {
        path: token.module.clone(),
        profile: Some(token.profile.clone()),
        env: env
            .map(|(name, value)| (name.clone(), value.to_str().unwrap().to_owned()))
            .collect(),
    };
    let fleet = Fleet::new(FleetOptions {
        modules: vec![spec],
        worker_program: Some(programs::tokensign()),
        poll: None,
        sessions: NonZeroUsize::new(sessions),
        ..FleetOptions::new(Catalogue::embedded().unwrap())
    })
    .unwrap();
    fleet.refresh().await;
    fleet
}

/// One batch under one login: from the approval to the last signature.
async fn sign(fleet: &Fleet, fixtures: &Fixtures, name: &str, scheme: &str, count: usize) -> Duration {
    let der = std::fs::read(&fixtures.certificate(name).der).unwrap();
    let certificate = Certificate::from_der(&der).unwrap();
    let documents = vec![&b"document"[..]; count];
    let approved = approvals::approve(&certificate, &scheme.parse().unwrap(), &documents, Some(fixtures.pin())).await;
    let inventory = fleet.inventory();
    let (token, _) = inventory.certificate(certificate.fingerprint()).unwrap();
    let batch = Batch {
        token: token.id.clone(),
        items: approved.items,
        unlock: approved.unlock,
    };
    let begun = Instant::now();
    let mut signatures = fleet.sign(batch).await;
    let mut made = 0;
    while let Some(outcome) = signatures.next().await {
        assert!(outcome.result.is_ok(), "{outcome:?}");
        made += 1;
    }
    assert_eq!(made, count);
    begun.elapsed()
}
