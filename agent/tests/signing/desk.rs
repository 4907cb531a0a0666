//! An agent's rooms from the store to the signing service, with a person who approves whatever is asked.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryFutureExt as _};
use pkcs11_profiles::Catalogue;
use secrecy::SecretString;
use serde_json::{Value, json};
use softhsm_fixtures::{Control, TempFixtures};
use tempfile::TempDir;
use tokensign::certificate::{Certificate, Purpose};
use tokensign::cms::DigestAlgorithm;
use tokensign::config::TimestampLevel;
use tokensign::consent::{CallerView, DecisionRequest, Desk, QuestionState, Verdict};
use tokensign::jobs::{Engine, Job, JobContext, JobEnd, JobId, NewJob, Outcome, RetryPolicy, Scenario, StepError};
use tokensign::signing::{Document, DocumentKind, Format, Request, Signed, Signing, SigningOptions};
use tokensign::store::blobs::Spooled;
use tokensign::store::{Store, audit};
use tokensign::time_and_revocation::TimestampAuthority;
use tokensign::token::{Fleet, FleetOptions, ModuleSpec};

pub(crate) const CERTIFICATE: &str = "gost-director";
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) fixtures: TempFixtures,
    pub(crate) store: Store,
    engine: Engine,
    fleet: Fleet,
    _state: TempDir,
    person: tokio::task::JoinHandle<()>,
}

impl World {
    pub(crate) async fn new(timestamp_authority: Option<TimestampAuthority>) -> Self {
        let fixtures = TempFixtures::new().unwrap();
        let state = tempfile::tempdir().unwrap();
        let store = Store::open(state.path()).unwrap();
        let desk = Desk::new();
        let token = fixtures.token_of(CERTIFICATE);
        let module = ModuleSpec {
            path: token.module.clone(),
            profile: None,
            env: token
                .env
                .iter()
                .map(|(name, value)| (name.clone(), value.to_str().unwrap().to_owned()))
                .collect(),
        };
        let fleet = Fleet::new(FleetOptions {
            modules: vec![module],
            worker_program: Some(PathBuf::from(env!("CARGO_BIN_EXE_tokensign"))),
            poll: None,
            ..FleetOptions::new(Catalogue::embedded().unwrap())
        })
        .unwrap();
        fleet.refresh().await;
        let options = SigningOptions {
            question_timeout: PATIENCE,
            unattended: HashSet::new(),
            preferences: Default::default(),
            timestamp_authority,
            profile_timestamp_authorities: Default::default(),
            intermediates: Vec::new(),
        };
        let signing = Signing::new(store.clone(), desk.clone(), fleet.clone(), options);
        let policy = RetryPolicy {
            base: Duration::from_millis(1),
            cap: Duration::from_millis(2),
            failures: 2,
            ..RetryPolicy::default()
        };
        let engine = Engine::with_policy(store.clone(), policy);
        engine.register(Arc::new(OneRequest {
            signing,
            certificate: fixtures.certificate(CERTIFICATE).fingerprint.clone(),
        }));
        engine.resume().await.unwrap();
        let person = tokio::spawn(approve_everything(desk, fixtures.pin().to_owned()));
        Self {
            fixtures,
            store,
            engine,
            fleet,
            _state: state,
            person,
        }
    }

    pub(crate) fn certificate(&self) -> Certificate {
        let der = std::fs::read(&self.fixtures.certificate(CERTIFICATE).der).unwrap();
        Certificate::from_der(&der).unwrap()
    }

    pub(crate) fn faults(&self, faults: &Control) {
        self.fixtures.control_gost_token(faults).unwrap();
    }

    /// Calls of C_Login and signatures made so far.
    pub(crate) fn counters(&self) -> (u64, u64) {
        let state = self.fixtures.gost_token_state().unwrap();
        (state.login_calls, state.signatures)
    }

    /// Pulls the token: nothing can be signed any more.
    pub(crate) async fn pull(&self) {
        self.faults(&Control {
            device_removed: true,
            ..Control::default()
        });
        self.fleet.refresh().await;
    }

    /// Signs these documents and waits until the job is settled.
    pub(crate) async fn sign(&self, documents: &[&[u8]], timestamp: TimestampLevel) -> Job {
        let documents = documents.iter().enumerate().map(|(index, bytes)| Document {
            name: format!("document {index}"),
            media_type: None,
            reference: None,
            blob: None,
            size: None,
            digest: Some(DigestAlgorithm::Streebog256.digest(bytes)),
            kind: DocumentKind::Content,
        });
        self.sign_documents(&documents.collect::<Vec<_>>(), timestamp).await
    }

    /// A document with its content in the store, and what keeps it there.
    pub(crate) async fn spooled(&self, content: &[u8], kind: DocumentKind) -> (Document, Spooled) {
        let mut spool = self.store.spool(1 << 20).await.unwrap();
        spool.write(content).await.unwrap();
        let spooled = spool.finish().await.unwrap();
        let document = Document {
            name: "spooled".to_owned(),
            media_type: None,
            reference: None,
            blob: Some(spooled.id().to_string()),
            size: Some(spooled.size()),
            digest: None,
            kind,
        };
        (document, spooled)
    }

    /// The same with documents of one's own.
    pub(crate) async fn sign_documents(&self, documents: &[Document], timestamp: TimestampLevel) -> Job {
        let job = NewJob {
            kind: KIND,
            profile: None,
            application: None,
            title: "test".to_owned(),
            input: json!({ "documents": documents, "timestamp": timestamp }),
            blobs: Vec::new(),
        };
        let id = self.engine.start(job, |_, _| Ok(())).await.unwrap();
        self.engine.wait(id, PATIENCE).await.unwrap()
    }

    pub(crate) async fn retry(&self, id: JobId) -> Job {
        self.engine.retry(id).await.unwrap();
        self.engine.wait(id, PATIENCE).await.unwrap()
    }

    /// The bodies of the audit entries of one kind.
    pub(crate) async fn audited(&self, kind: &'static str) -> Vec<Value> {
        let entries = self
            .store
            .read(|connection| audit::list(connection, None, 1000))
            .await
            .unwrap();
        entries
            .into_iter()
            .filter(|entry| entry.kind == kind)
            .map(|entry| entry.body)
            .collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.person.abort();
    }
}

/// What a finished job made.
pub(crate) fn signed(job: &Job) -> Signed {
    let outcome = job.outcome.clone().unwrap_or_else(|| panic!("{:?}", job.fault));
    outcome.read().unwrap()
}

const KIND: &str = "test_signature";

struct OneRequest {
    signing: Signing,
    certificate: String,
}

impl OneRequest {
    async fn sign(&self, context: &JobContext) -> Result<Value, JobEnd> {
        let input: Value = context.input()?;
        let request = Request {
            key: format!("{}:sign", context.id()),
            caller: CallerView {
                application: None,
                name: "tests".to_owned(),
                verified: true,
                origin: None,
                process: None,
                processes: Vec::new(),
            },
            purpose: Purpose::Signature,
            selector: self.certificate.parse().unwrap(),
            chosen_on: None,
            format: Format {
                timestamp: serde_json::from_value(input["timestamp"].clone()).unwrap(),
                ..Format::default()
            },
            documents: serde_json::from_value(input["documents"].clone()).unwrap(),
            destination: None,
            notice: None,
        };
        let sign = || async {
            self.signing
                .sign(context, request.clone())
                .await
                .map_err(StepError::from)
        };
        let signed: Signed = context.safe_step("sign", sign).await?;
        Ok(json!(
            self.signing
                .timestamped(context, "timestamp", request.format, signed)
                .await?
        ))
    }
}

impl Scenario for OneRequest {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run<'a>(&'a self, context: &'a JobContext) -> BoxFuture<'a, Result<Outcome, JobEnd>> {
        self.sign(context).map_ok(Outcome::from).boxed()
    }
}

async fn approve_everything(desk: Desk, pin: String) {
    let _attached = desk.attach("terminal");
    loop {
        for question in desk.questions() {
            if question.state == QuestionState::Waiting {
                let decision = DecisionRequest {
                    decision: Verdict::Approve,
                    shown: question.shown,
                    certificate: None,
                    pin: Some(SecretString::from(pin.as_str())),
                    confirm_last_try: false,
                    remember: None,
                    prompter: "terminal".to_owned(),
                    pin_source: None,
                };
                // The question may have ended in between.
                let _ = desk.decide(question.id, decision);
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
