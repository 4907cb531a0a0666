//! What a scenario lives in: fixtures, a store, a desk, an engine.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::time::Duration;

use pkcs11_profiles::Catalogue;
use softhsm_fixtures::TempFixtures;
use tempfile::TempDir;
use tokensign::certificate::Certificate;
use tokensign::config::{IdocsProfile, Mig24Profile, ServiceConfig, TokenSource};
use tokensign::consent::{CallerView, DecisionRequest, Desk, ItemKind, Question, QuestionBody, QuestionState, Verdict};
use tokensign::idocs::Idocs;
use tokensign::jobs::{Engine, Job, JobId, NewJob, RetryPolicy};
use tokensign::mig24::Mig24;
use tokensign::platform;
use tokensign::signing::{Signing, SigningOptions};
use tokensign::store::Store;
use tokensign::store::blobs::Spooled;
use tokensign::token::{Fleet, FleetOptions, ModuleSpec};

use crate::service_fakes::TOKEN;

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) fixtures: TempFixtures,
    pub(crate) store: Store,
    pub(crate) desk: Desk,
    pub(crate) engine: Engine,
    pub(crate) idocs: Idocs,
    pub(crate) mig24: Mig24,
    directory: TempDir,
}

impl World {
    /// With one profile `test` of each service at `base_url`, and the token that holds the certificate `signer`.
    pub(crate) async fn new(
        base_url: &str,
        signer: &str,
        change: impl FnOnce(&mut IdocsProfile, &mut Mig24Profile),
    ) -> Self {
        let fixtures = TempFixtures::new().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let token_file = directory.path().join("bearer");
        platform::write_private_file(&token_file, TOKEN.as_bytes()).unwrap();
        let service = ServiceConfig {
            certificate: Some(fixtures.certificate(signer).fingerprint.clone()),
            timeout_seconds: 2,
            ..ServiceConfig::new(base_url, TokenSource::File(token_file))
        };
        let mut idocs = IdocsProfile {
            service: service.clone(),
            attached: false,
            download_hosts: Vec::new(),
            required_action_type: None,
            webhooks: None,
        };
        let mut mig24 = Mig24Profile {
            service,
            hash_kind: Default::default(),
            mchd_info_id: None,
            organization_id: None,
            accept_signed_attributes: false,
            queue: None,
            shapes: Default::default(),
        };
        change(&mut idocs, &mut mig24);

        let store = Store::open(&directory.path().join("state")).unwrap();
        let desk = Desk::new();
        let token = fixtures.token_of(signer);
        // A copy of its own: one module path is one worker process.
        let module = directory.path().join(token.module.file_name().unwrap());
        fs::copy(&token.module, &module).unwrap();
        let env = token.env.iter();
        let fleet = Fleet::new(FleetOptions {
            modules: vec![ModuleSpec {
                path: module,
                profile: None,
                env: env
                    .map(|(name, value)| (name.clone(), value.to_str().unwrap().to_owned()))
                    .collect(),
            }],
            worker_program: Some(env!("CARGO_BIN_EXE_tokensign").into()),
            poll: None,
            ..FleetOptions::new(Catalogue::embedded().unwrap())
        })
        .unwrap();
        fleet.refresh().await;
        let options = SigningOptions {
            timestamp_authority: None,
            profile_timestamp_authorities: Default::default(),
            intermediates: Vec::new(),
            question_timeout: PATIENCE,
            unattended: HashSet::new(),
            preferences: Default::default(),
        };
        let signing = Signing::new(store.clone(), desk.clone(), fleet, options);
        let quick = RetryPolicy {
            base: Duration::from_millis(20),
            cap: Duration::from_millis(50),
            settling: Duration::from_millis(20),
            ..RetryPolicy::default()
        };
        let engine = Engine::with_policy(store.clone(), quick);
        let profiles = |name: &str| name.to_owned();
        let idocs = Idocs::new(&BTreeMap::from([(profiles("test"), idocs)]), signing.clone());
        let mig24 = Mig24::new(&BTreeMap::from([(profiles("test"), mig24)]), signing);
        for scenario in idocs.scenarios().into_iter().chain(mig24.scenarios()) {
            engine.register(scenario);
        }
        engine.resume().await.unwrap();
        Self {
            fixtures,
            store,
            desk,
            engine,
            idocs,
            mig24,
            directory,
        }
    }

    pub(crate) fn certificate(&self, name: &str) -> Certificate {
        Certificate::from_pem_or_der(&fs::read(&self.fixtures.certificate(name).der).unwrap()).unwrap()
    }

    /// Takes the bearer token away, or puts it back.
    pub(crate) fn has_bearer(&self, has: bool) {
        let token_file = self.directory.path().join("bearer");
        fs::remove_file(&token_file).unwrap_or_default();
        if has {
            platform::write_private_file(&token_file, TOKEN.as_bytes()).unwrap();
        }
    }

    pub(crate) async fn spool(&self, content: &[u8]) -> Spooled {
        let mut spool = self.store.spool(1 << 20).await.unwrap();
        spool.write(content).await.unwrap();
        spool.finish().await.unwrap()
    }

    pub(crate) async fn start(&self, job: NewJob) -> JobId {
        self.engine.start(job, |_, _| Ok(())).await.unwrap()
    }

    /// The next question that waits, other than `not`.
    pub(crate) async fn question_after(&self, not: Option<&Question>) -> Question {
        let found = async {
            loop {
                let question = self.desk.questions().into_iter().find(|question| {
                    question.state == QuestionState::Waiting && not.is_none_or(|not| not.id != question.id)
                });
                match question {
                    Some(question) => return question,
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("a question comes")
    }

    pub(crate) async fn question(&self) -> Question {
        self.question_after(None).await
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let held = async {
            while !holds() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, held).await.expect(what);
    }

    pub(crate) fn decide(&self, question: &Question, decision: Verdict) {
        let pin = (decision == Verdict::Approve).then(|| self.fixtures.pin().into());
        let request = DecisionRequest {
            decision,
            shown: question.shown.clone(),
            certificate: None,
            pin,
            confirm_last_try: false,
            remember: None,
            prompter: "terminal".to_owned(),
            pin_source: None,
        };
        self.desk.decide(question.id, request).unwrap();
    }

    pub(crate) async fn approve(&self) -> Question {
        let question = self.question().await;
        self.decide(&question, Verdict::Approve);
        question
    }

    /// The job when it is settled.
    pub(crate) async fn settled(&self, job: JobId) -> Job {
        let settled = self.engine.wait_until(job, PATIENCE, |_| false).await.unwrap();
        assert!(settled.state.is_settled(), "{settled:?}");
        settled
    }

    /// The job when it is settled, without a question.
    pub(crate) async fn settled_unasked(&self, job: JobId) -> Job {
        let mut questions = self.desk.subscribe();
        let job = self.settled(job).await;
        assert!(questions.try_recv().is_err(), "nobody is asked");
        job
    }
}

pub(crate) fn caller() -> CallerView {
    CallerView {
        application: None,
        name: "tokensign".to_owned(),
        verified: true,
        origin: None,
        process: None,
        processes: Vec::new(),
    }
}

/// The documents of an approval question: names and whether they were seen.
pub(crate) fn shown(question: &Question) -> Vec<(String, bool)> {
    match &question.body {
        QuestionBody::Approve { documents, .. } => documents
            .iter()
            .map(|document| (document.name.clone(), document.seen))
            .collect(),
        other => panic!("an approval is asked for, not {other:?}"),
    }
}

/// What the digests of an approval question are digests of.
pub(crate) fn kinds(question: &Question) -> Vec<ItemKind> {
    match &question.body {
        QuestionBody::Approve { documents, .. } => documents.iter().map(|document| document.kind).collect(),
        other => panic!("an approval is asked for, not {other:?}"),
    }
}
