use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::attempt::{self, Attempt, Begun, Bench, Item, Tbs};
use super::authorities::certificates_of;
use super::content::{self, Prepared};
use super::granting;
use super::not_signed::{self, NotSigned};
use super::refused_sources::{self, RefusedSources};
use super::request::{
    CertificateRequest, ChosenCertificate, Document, DocumentKind, Format, Request, Signed, SignedDocument,
};
use super::selection::{self, Candidate};
use super::waiting;
use crate::certificate::{Certificate, Fingerprint, Purpose};
use crate::cms::{Digest, Preference, Scheme, SignatureValue, SignedAttributes, assemble_detached, attached_frame};
use crate::consent::{
    Action, Approval, ApprovalKind, ApprovalSubject, Asked, Consented, Decision, Desk, DocumentView, GrantEnd,
    GrantPromise, Grants, ItemRecord, PinView, QuestionBody, Unlock, UnlockSource,
};
use crate::jobs::{JobContext, Stage};
use crate::messages::{Code, Fault};
use crate::platform::{Deadline, ScreenLocks};
use crate::preview::Previewer;
use crate::store::{Store, approvals, audit};
use crate::time_and_revocation::TimestampAuthority;
use crate::token::{Fleet, Inventory, ReaderStatus};

/// How often the tokens are looked at again before a certificate counts as absent.
const LOOKS: usize = 4;

/// The time between two looks.
const RECOVERY: Duration = Duration::from_millis(500);

/// The largest login challenge, in bytes: what is longer may be a document in disguise.
const CHALLENGE_LIMIT: u64 = 16 << 10;

/// The largest content of an attached signature, in bytes: the whole CMS is held in memory.
const ATTACHED_LIMIT: u64 = 64 << 20;

/// What the configuration says about signing.
#[derive(Clone, Debug)]
pub struct SigningOptions {
    /// How long a question waits.
    pub question_timeout: Duration,
    /// The certificates that may be used without a person.
    pub unattended: HashSet<Fingerprint>,
    /// What certificates sign with instead of the default of their keys.
    pub preferences: HashMap<Fingerprint, Preference>,
    /// Who stamps signatures that want it.
    pub timestamp_authority: Option<TimestampAuthority>,
    /// Who stamps the signatures of profiles that have a `timestamp` of their own, by service and name (`idocs.main`). What is wrong there spoils that
    /// profile only.
    pub profile_timestamp_authorities: HashMap<String, Result<Option<TimestampAuthority>, Fault>>,
    /// Files of authorities' certificates (PEM), for chains that go into signatures besides those on the tokens.
    pub intermediates: Vec<PathBuf>,
}

/// The signing service, cheap to clone.
#[derive(Clone)]
pub struct Signing {
    inner: Arc<Inner>,
    /// The profile whose time stamping authority stamps, where it has one of its own.
    profile: Option<String>,
}

struct Inner {
    store: Store,
    desk: Desk,
    fleet: Fleet,
    options: SigningOptions,
    /// Reads the names in ZIPs.
    previewer: Previewer,
    /// Without them nothing is remembered.
    grants: Option<Grants>,
    refused_sources: RefusedSources,
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signing")
            .field("options", &self.inner.options)
            .finish_non_exhaustive()
    }
}

impl Signing {
    /// A service over these rooms.
    pub fn new(store: Store, desk: Desk, fleet: Fleet, options: SigningOptions) -> Self {
        Self::build(store, desk, fleet, options, None)
    }

    /// The same, with decisions that the person may have remembered. [`Signing::watch_grants`] ends them.
    pub fn with_grants(store: Store, desk: Desk, fleet: Fleet, options: SigningOptions, grants: Grants) -> Self {
        Self::build(store, desk, fleet, options, Some(grants))
    }

    fn build(store: Store, desk: Desk, fleet: Fleet, options: SigningOptions, grants: Option<Grants>) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                desk,
                fleet,
                options,
                previewer: Previewer::default(),
                grants,
                refused_sources: RefusedSources::default(),
            }),
            profile: None,
        }
    }

    /// The same service for the profile of this name (`idocs.main`): where the configuration gives the profile a time stamping authority of its own,
    /// that one stamps its signatures.
    #[must_use]
    pub fn of_profile(&self, service: &str, name: &str) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            profile: Some(format!("{service}.{name}")),
        }
    }

    /// Ends grants with their token, with sleep, with the screen's lock and with their time, until `ended`.
    pub async fn watch_grants(&self, screen: ScreenLocks, ended: CancellationToken) {
        if let Some(grants) = &self.inner.grants {
            granting::watch(self.inner.fleet.clone(), grants.clone(), screen, ended).await;
        }
    }

    /// Who stamps signatures that want it.
    ///
    /// # Errors
    /// `config_invalid` when the profile's own authority cannot be used.
    pub(super) fn timestamp_authority(&self) -> Result<Option<&TimestampAuthority>, Fault> {
        let options = &self.inner.options;
        let own = self
            .profile
            .as_ref()
            .and_then(|profile| options.profile_timestamp_authorities.get(profile));
        match own {
            Some(own) => own.as_ref().map(Option::as_ref).map_err(Clone::clone),
            None => Ok(options.timestamp_authority.as_ref()),
        }
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.inner.desk
    }

    pub(super) fn question_timeout(&self) -> Duration {
        self.inner.options.question_timeout
    }

    /// Finds the one certificate that fits and asks nobody.
    ///
    /// # Errors
    /// `certificate_not_found`, `certificate_ambiguous`, `certificate_expired`, `certificate_not_yet_valid`,
    /// `certificate_wrong_purpose`, `certificate_without_key`, `unsupported_algorithm`.
    pub async fn only(&self, request: &CertificateRequest) -> Result<ChosenCertificate, Fault> {
        let mut candidates = self.candidates(request).await?;
        match (candidates.pop(), candidates.is_empty()) {
            (Some(only), true) => Ok(ChosenCertificate {
                der: only.certificate.der().to_vec(),
                view: only.view,
            }),
            (last, _) => {
                let all = candidates.iter().chain(&last);
                let shown: Vec<_> = all
                    .map(|candidate| json!({ "fingerprint": candidate.view.fingerprint, "subject": candidate.view.subject }))
                    .collect();
                Err(Fault::new(Code::CertificateAmbiguous)
                    .arg("count", shown.len())
                    .extra("candidates", shown.into()))
            }
        }
    }

    /// Finds the one certificate that fits; asks the person when several do. Asks for no PIN.
    ///
    /// # Errors
    /// `certificate_not_found`, `certificate_expired`, `certificate_not_yet_valid`, `certificate_wrong_purpose`,
    /// `certificate_without_key`, `unsupported_algorithm`, `module_crashed`, `module_hung` and `module_quarantined` where the module may
    /// hold it, `token_busy`, `driver_missing`, `token_not_seen`, `card_mute`, `card_unknown` and `token_cannot_sign` where a card may that no
    /// module shows, `refused`, `expired`.
    pub async fn choose(&self, context: &JobContext, request: CertificateRequest) -> Result<ChosenCertificate, Fault> {
        let chosen = self.candidate(context, &request).await?;
        Ok(ChosenCertificate {
            der: chosen.certificate.der().to_vec(),
            view: chosen.view,
        })
    }

    /// Signs: asks the person, waits through wrong PINs and pulled tokens, and returns when every document is signed.
    ///
    /// Repeat-safe: with the same key after a restart it goes on where the approval stands.
    ///
    /// A token whose certificate was chosen or approved before is waited for, as long as a question waits.
    ///
    /// # Errors
    /// Those of [`Signing::choose`], of the token, `token_absent` when an awaited one did not come, `refused`, `expired`, `digest_mismatch`, `digest_length`, `signature_invalid`,
    /// `config_invalid` when a timestamp is required that nobody gives. The timestamps themselves are added by [`Signing::timestamped`].
    pub async fn sign(&self, context: &JobContext, request: Request) -> Result<Signed, NotSigned> {
        check_purpose(&request)?;
        self.check_timestamp(request.format.timestamp)?;
        // Before anybody is asked for a PIN: a file that cannot be read must not cost a signature.
        let intermediates = match request.format.include_chain {
            true => certificates_of("verification.intermediates", &self.inner.options.intermediates)?,
            false => Vec::new(),
        };
        let standing = Approval::restore(&self.inner.store, &request.key).await?;
        let selector = match &standing {
            // What was approved names its certificate; nobody is asked again.
            Some((approval, _)) => approval.certificate().to_string().parse().map_err(Fault::internal)?,
            None => request.selector.clone(),
        };
        let wanted = CertificateRequest {
            caller: request.caller.clone(),
            purpose: request.purpose,
            selector,
            documents: request.documents.iter().map(|document| document.name.clone()).collect(),
            destination: request.destination.clone(),
        };
        let approved_on = standing.as_ref().map(|(approval, _)| approval.token());
        let chosen_on = request.chosen_on.as_deref().map(Some);
        let candidate = match approved_on.or(chosen_on) {
            Some(token) => self.awaited(context, &wanted, token).await?,
            None => self.candidate(context, &wanted).await?,
        };
        let scheme = self.scheme(&candidate.certificate, &request.documents)?;
        let mut prepared = Vec::with_capacity(request.documents.len());
        for document in &request.documents {
            prepared.push(content::prepare(&self.inner.store, document, scheme.digest()).await?);
        }
        check_attachable(request.format, &prepared)?;
        let items: Vec<_> = prepared.iter().map(|prepared| prepared.item.clone()).collect();
        let standing =
            standing.filter(|(approval, _)| approval.items() == items && approval.purpose() == request.purpose);
        let work = Work {
            signing: self,
            context,
            request: &request,
            candidate,
            scheme,
            intermediates,
        };
        let items = work.items(prepared, standing.as_ref()).await?;
        let items = work.sign(items, standing.map(|(approval, _)| approval)).await?;
        Ok(work.assemble(items).await?)
    }

    /// The candidate on a token that was there before: waits for it as long as a question would wait. Nobody is asked in the meantime, for
    /// the question has to say what the token says of its PIN.
    async fn awaited(
        &self,
        context: &JobContext,
        request: &CertificateRequest,
        token: Option<&str>,
    ) -> Result<Candidate, NotSigned> {
        let mut inventory = self.inner.fleet.watch();
        let absent = match self.candidate(context, request).await {
            Err(fault) if selection::may_come_back(&fault) => fault,
            found => return Ok(found?),
        };
        let timeout = self.inner.options.question_timeout;
        let deadline = Deadline::after(timeout);
        let stage = Stage::WaitingForToken {
            token: token.map(str::to_owned),
            deadline: deadline.wall(),
        };
        tracing::info!(job = %context.id(), token, %absent, "a token is awaited");
        let came = tokio::time::timeout(timeout, async {
            loop {
                context.set_stage(stage.clone());
                let look = selection::candidates(&inventory.borrow_and_update(), &request.selector, request.purpose);
                if !matches!(&look, Err(fault) if fault.code() == Code::CertificateNotFound) {
                    return look;
                }
                tokio::select! {
                    changed = inventory.changed() => {
                        if changed.is_err() {
                            return look;
                        }
                    }
                    () = sleep(waiting::STAGE_AGAIN) => {}
                }
            }
        });
        let came = came.await;
        context.set_stage(Stage::Working);
        match came {
            Ok(Ok(mut found)) if found.len() == 1 => Ok(found.remove(0)),
            Ok(Ok(_)) => Ok(self.candidate(context, request).await?),
            Ok(Err(fault)) if fault.code() != Code::CertificateNotFound => Err(fault.into()),
            Ok(Err(_)) | Err(_) => {
                let mut missing = Fault::new(Code::TokenAbsent).detail(format_args!(
                    "the token with the certificate {} was awaited for {} seconds",
                    request.selector,
                    timeout.as_secs()
                ));
                if let Some(token) = token {
                    missing = missing.arg("token", token);
                }
                Err(NotSigned::TokenAwaited(missing))
            }
        }
    }

    async fn candidate(&self, context: &JobContext, request: &CertificateRequest) -> Result<Candidate, Fault> {
        let mut candidates = self.candidates(request).await?;
        if candidates.len() == 1 {
            return Ok(candidates.remove(0));
        }
        let body = QuestionBody::Choose {
            action: Action::from(request.purpose),
            documents: request.documents.clone(),
            candidates: candidates.iter().map(|candidate| candidate.view.clone()).collect(),
            destination: request.destination.clone(),
        };
        let desk = &self.inner.desk;
        let mut asked = desk.ask_other(
            request.caller.clone(),
            Some(context.id()),
            body,
            self.inner.options.question_timeout,
        );
        let decision = match waiting::decision(desk, context, &mut asked).await {
            Ok(decision) => decision,
            Err(fault) => {
                Self::note_no_choice(context, request, &fault).await?;
                return Err(fault);
            }
        };
        match decision {
            Decision::Chosen(fingerprint) => candidates
                .into_iter()
                .find(|candidate| candidate.certificate.fingerprint() == fingerprint)
                .ok_or_else(|| Fault::internal("a certificate was chosen that was not offered")),
            Decision::Approved(_) | Decision::RemotelyApproved(_) | Decision::Refused => {
                Err(Fault::internal("a choice was answered with no choice"))
            }
        }
    }

    /// The record of a request that ended before a certificate was chosen.
    async fn note_no_choice(context: &JobContext, request: &CertificateRequest, why: &Fault) -> Result<(), Fault> {
        let body = json!({
            "code": why.code(),
            "caller": request.caller,
            "purpose": request.purpose,
            "destination": request.destination,
            "documents": request.documents.len(),
        });
        not_signed::record(context, None, why.code(), body).await
    }

    /// The certificates that fit. When none does, the tokens are looked at again: one may have been plugged in just now.
    async fn candidates(&self, request: &CertificateRequest) -> Result<Vec<Candidate>, Fault> {
        let fleet = &self.inner.fleet;
        let look = |inventory: Arc<Inventory>| selection::candidates(&inventory, &request.selector, request.purpose);
        let mut found = look(fleet.inventory());
        for looked in 0..LOOKS {
            if !matches!(&found, Err(fault) if fault.code() == Code::CertificateNotFound) {
                break;
            }
            // A module whose worker has just begun or begun again may show its token a moment later.
            if looked > 0 {
                sleep(RECOVERY).await;
            }
            found = look(fleet.refresh().await);
        }
        match found {
            Err(fault) if fault.code() == Code::CertificateNotFound => {
                let mut readers = fleet.readers().await.unwrap_or_default();
                // Which programs run is no business of an application's.
                if request.caller.application.is_some() {
                    readers.iter_mut().for_each(ReaderStatus::forget_holders);
                }
                Err(selection::truly_absent(fault, &fleet.inventory(), &readers))
            }
            found => found,
        }
    }

    /// How the certificate signs these documents: as the configuration wants it, and where only digests of theirs are there, by the algorithm of
    /// those.
    fn scheme(&self, certificate: &Certificate, documents: &[Document]) -> Result<Scheme, Fault> {
        let configured = self.inner.options.preferences.get(&certificate.fingerprint());
        let configured = configured.copied().unwrap_or_default();
        let mut given = documents
            .iter()
            .map(|document| document.digest.as_ref().filter(|_| document.blob.is_none()))
            .map(|digest| digest.map(Digest::algorithm));
        let first = given.next().flatten();
        let by_digest = Preference {
            digest: first
                .filter(|_| given.all(|digest| digest == first))
                .or(configured.digest),
            ..configured
        };
        // Digests that do not go with the key are told when they are looked at one by one.
        let scheme = Scheme::for_certificate(certificate, &by_digest)
            .or_else(|_| Scheme::for_certificate(certificate, &configured))
            .map_err(|error| {
                Fault::new(Code::UnsupportedAlgorithm)
                    .arg("algorithm", certificate.public_key())
                    .detail(error)
            })?;
        let is_bare = documents
            .iter()
            .any(|document| document.kind == DocumentKind::BareContent);
        if is_bare && !scheme.signs_digests() {
            return Err(Fault::new(Code::UnsupportedAlgorithm)
                .arg("algorithm", certificate.public_key())
                .detail("this algorithm signs whole messages and cannot make a signature without signed attributes"));
        }
        Ok(scheme)
    }

    fn is_unattended(&self, fingerprint: &Fingerprint) -> bool {
        self.inner.options.unattended.contains(fingerprint)
    }
}

/// One request with its certificate.
struct Work<'a> {
    signing: &'a Signing,
    context: &'a JobContext,
    request: &'a Request,
    candidate: Candidate,
    scheme: Scheme,
    /// Authorities of the configuration, for the chain.
    intermediates: Vec<Certificate>,
}

impl Work<'_> {
    /// The items with what is signed for each: what the standing approval recorded, else new attributes.
    async fn items(
        &self,
        prepared: Vec<Prepared>,
        standing: Option<&(Approval, Vec<ItemRecord>)>,
    ) -> Result<Vec<Item>, Fault> {
        let certificate = &self.candidate.certificate;
        let signing_time = OffsetDateTime::now_utc();
        let mut items = Vec::with_capacity(prepared.len());
        for (index, prepared) in prepared.into_iter().enumerate() {
            let record = standing.and_then(|(_, records)| records.get(index));
            let signed = record.filter(|record| attempt::is_signed(record.state));
            let store = &self.signing.inner.store;
            let tbs = match signed.and_then(|record| record.tbs.as_deref()) {
                Some(stored) if prepared.item.kind == crate::consent::ItemKind::Content => {
                    Tbs::Attributes(SignedAttributes::parse(stored).map_err(Fault::internal)?)
                }
                _ => attempt::tbs(store, &prepared, certificate, &self.scheme, signing_time).await?,
            };
            let mut item = Item {
                prepared,
                tbs,
                value: None,
            };
            if let Some(value) = signed.and_then(|record| record.value.as_deref()) {
                item.value = Some(item.prove(certificate, &self.scheme, value).map_err(Fault::internal)?);
            }
            items.push(item);
        }
        Ok(items)
    }

    /// Asks and signs until every item has its value.
    async fn sign(&self, mut items: Vec<Item>, standing: Option<Approval>) -> Result<Vec<Item>, Fault> {
        if items.iter().all(|item| item.value.is_some()) {
            return Ok(items);
        }
        let mut approval = standing;
        let mut consented = match approval {
            // What stands goes on with a PIN of its own.
            Some(_) => None,
            None => self.granted(&items).await?,
        };
        let mut asked: Option<Asked> = None;
        let mut notice = self.request.notice.clone();
        loop {
            let consent = match consented.take() {
                Some(consented) => consented,
                None => {
                    if asked.is_none() {
                        self.list_archives(&mut items).await;
                    }
                    let asked = asked.get_or_insert_with(|| self.ask(&items, notice.take()));
                    match self.consent(asked).await {
                        Ok(consented) => consented,
                        Err(fault) => {
                            self.withdraw(&items, approval.as_ref(), asked.prompter(), &fault)
                                .await?;
                            return Err(fault);
                        }
                    }
                }
            };
            let by_grant = consent.is_by_grant();
            let prompter = consent.prompter().to_owned();
            let inner = &self.signing.inner;
            let tried = refused_sources::Try::new(&self.candidate.token, consent.unlock());
            let objection = inner.refused_sources.objection(&inner.store, &tried).await?;
            let begun = objection.is_none().then(|| Begun::of(&items));
            let (given, unlock, promise) = match self.record(approval.take(), consent, begun).await {
                Ok(recorded) => recorded,
                // Another request was quicker and used the grant up: the person is asked.
                Err(fault) if by_grant && fault.code() == Code::WrongState => continue,
                Err(fault) => return Err(fault),
            };
            let unattended = unlock.source() == UnlockSource::Unattended;
            let bench = Bench {
                store: &inner.store,
                fleet: &inner.fleet,
                approval: &given,
                candidate: &self.candidate,
                scheme: &self.scheme,
                job: self.context.id(),
            };
            let attempt = match objection {
                Some(fault) => Ok(Attempt::Interrupted(fault)),
                None => bench.run(&mut items, unlock).await,
            };
            // What was signed stays signed.
            if let Err(fault) = inner.refused_sources.settle(&inner.store, tried, &attempt).await {
                tracing::error!(%fault, "what became of a PIN cannot be recorded");
            }
            self.settle_grants(by_grant.then_some(&given), promise, &attempt).await;
            match attempt {
                Ok(Attempt::Complete) => return Ok(items),
                // The token was asked nothing. What the program may not do is left for a person, who decides anew.
                Ok(Attempt::Interrupted(fault)) if unattended && fault.code() == Code::PinNotSentAgain => {
                    self.withdraw(&items, Some(&given), Some(&prompter), &fault).await?;
                    if let Some(asked) = &asked {
                        asked.reopen(fault.clone(), self.pin_now(&fault).await);
                    }
                }
                // A program never gets a second try at a PIN.
                Ok(Attempt::Interrupted(fault)) if unattended => {
                    self.withdraw(&items, Some(&given), Some(&prompter), &fault).await?;
                    return Err(fault);
                }
                Ok(Attempt::Interrupted(fault)) => {
                    match &asked {
                        Some(asked) => asked.reopen(fault.clone(), self.pin_now(&fault).await),
                        None => notice = Some(fault),
                    }
                    approval = Some(given);
                }
                Err(fault) => {
                    self.withdraw(&items, Some(&given), Some(&prompter), &fault).await?;
                    return Err(fault);
                }
            }
        }
    }

    /// The consent of a remembered decision, if one covers the request.
    async fn granted(&self, items: &[Item]) -> Result<Option<Box<Consented>>, Fault> {
        let Some(grants) = &self.signing.inner.grants else {
            return Ok(None);
        };
        let job = Some(self.context.id());
        let consented = grants.consent(&self.subject(items), &self.request.caller, job).await?;
        Ok(consented.map(Box::new))
    }

    /// What an attempt makes of the grant that allowed it, and of the one that the person wanted with it.
    async fn settle_grants(
        &self,
        allowed_by: Option<&Approval>,
        promise: Option<GrantPromise>,
        attempt: &Result<Attempt, Fault>,
    ) {
        let inner = &self.signing.inner;
        let Some(grants) = &inner.grants else { return };
        let complete = matches!(attempt, Ok(Attempt::Complete));
        let used = match allowed_by.map(Approval::kind) {
            Some(ApprovalKind::Grant(grant)) if complete => grants.used(grant).await,
            // Its login is gone, whatever the reason.
            Some(ApprovalKind::Grant(grant)) => grants.end(grant, GrantEnd::TokenRemoved).await.map(drop),
            _ => Ok(()),
        };
        let given = match promise {
            Some(promise) if complete => {
                granting::give(&inner.store, &inner.fleet, grants, promise, self.context.id()).await
            }
            Some(promise) => {
                inner.fleet.end_kept_login(promise.id()).await;
                Ok(())
            }
            None => Ok(()),
        };
        // What was signed stays signed.
        for fault in [used.err(), given.err()].into_iter().flatten() {
            tracing::error!(%fault, "a grant cannot be recorded");
        }
    }

    fn subject(&self, items: &[Item]) -> ApprovalSubject {
        let certificate = self.candidate.certificate.fingerprint();
        let documents: Vec<DocumentView> = items.iter().map(|item| item.prepared.view.clone()).collect();
        ApprovalSubject {
            request_key: self.request.key.clone(),
            purpose: self.request.purpose,
            certificate,
            token: self.candidate.token.label.clone(),
            items: items.iter().map(|item| item.prepared.item.clone()).collect(),
            destination: self.request.destination.clone(),
            unattended: self.signing.is_unattended(&certificate),
            scope: granting::scope(self.request, certificate, &documents),
        }
    }

    /// What lies in the documents that are archives, for the person who is about to be asked.
    async fn list_archives(&self, items: &mut [Item]) {
        let inner = &self.signing.inner;
        let views = items.iter_mut().map(|item| &mut item.prepared.view);
        content::list_archives(&inner.store, &inner.previewer, views).await;
    }

    fn ask(&self, items: &[Item], notice: Option<Fault>) -> Asked {
        let inner = &self.signing.inner;
        let subject = self.subject(items);
        let offer = |grants: &Grants| grants.offer(subject.scope.as_ref()?, &self.candidate.pin);
        let body = QuestionBody::Approve {
            action: Action::from(self.request.purpose),
            documents: items.iter().map(|item| item.prepared.view.clone()).collect(),
            certificate: self.candidate.view.clone(),
            destination: self.request.destination.clone(),
            pin: self.candidate.pin.clone(),
            remember: inner.grants.as_ref().and_then(offer),
        };
        inner.desk.ask_approval(
            self.request.caller.clone(),
            Some(self.context.id()),
            body,
            notice,
            subject,
            inner.options.question_timeout,
        )
    }

    async fn consent(&self, asked: &mut Asked) -> Result<Box<Consented>, Fault> {
        match waiting::decision(&self.signing.inner.desk, self.context, asked).await? {
            Decision::Approved(Some(consented)) => Ok(consented),
            Decision::Approved(None) | Decision::RemotelyApproved(_) | Decision::Chosen(_) | Decision::Refused => {
                Err(Fault::internal("an approval was answered with something else"))
            }
        }
    }

    /// The approval that a decision gives: a new one, or the one that stands already and only needed the PIN again. What goes to the token next is
    /// committed with it.
    async fn record(
        &self,
        standing: Option<Approval>,
        consented: Box<Consented>,
        begun: Option<Begun>,
    ) -> Result<(Approval, Unlock, Option<GrantPromise>), Fault> {
        let job = self.context.id();
        let (approval, consented) = self
            .signing
            .inner
            .store
            .write(move |transaction| {
                if let Some(approval) = standing {
                    let body = json!({ "approval": approval.id(), "prompter": consented.prompter() });
                    let entry = audit::Entry {
                        kind: "approved_again",
                        actor: if consented.prompter() == "unattended" {
                            audit::Actor::Agent
                        } else {
                            audit::Actor::Person
                        },
                        job: Some(job),
                        body,
                    };
                    audit::append(transaction, entry)?;
                    if let Some(begun) = begun {
                        begun.mark(transaction, approval.id(), job)?;
                    }
                    return Ok((approval, consented));
                }
                // One that does not fit the request any more must not stand in the way of the new one.
                if let Some(old) = approvals::live(transaction, consented.request_key())? {
                    approvals::withdraw(transaction, old.id)?;
                }
                let begun = begun.map(Begun::into_values).unwrap_or_default();
                Ok((Approval::record(transaction, &consented, begun)?, consented))
            })
            .await?;
        let (unlock, promise) = consented.into_unlock();
        Ok((approval, unlock, promise))
    }

    /// Ends what was asked for, with an entry that says as much of it as that of an approval would: who asked for what, never the content.
    async fn withdraw(
        &self,
        items: &[Item],
        approval: Option<&Approval>,
        prompter: Option<&str>,
        why: &Fault,
    ) -> Result<(), Fault> {
        let id = approval.map(Approval::id);
        let body = json!({
            "approval": id,
            "code": why.code(),
            "key": self.request.key,
            "prompter": prompter,
            "caller": self.request.caller,
            "purpose": self.request.purpose,
            "certificate": self.candidate.certificate.fingerprint(),
            "token": self.candidate.token.label,
            "destination": self.request.destination,
            "items": items.iter().map(|item| &item.prepared.item).collect::<Vec<_>>(),
        });
        not_signed::record(self.context, id, why.code(), body).await
    }

    /// What the token says of its PIN after something went wrong; the tries that the error names count when the token says nothing.
    async fn pin_now(&self, fault: &Fault) -> PinView {
        let inventory = self.signing.inner.fleet.refresh().await;
        let token = inventory.tokens.iter().find(|token| token.id == self.candidate.token);
        let mut pin = token.map_or_else(|| self.candidate.pin.clone(), selection::pin_view);
        if let Some(tries) = fault.args().get("tries_left").and_then(|tries| tries.parse().ok()) {
            pin.tries_left = Some(tries);
        }
        pin
    }

    async fn assemble(&self, items: Vec<Item>) -> Result<Signed, Fault> {
        let mut documents = Vec::with_capacity(items.len());
        for item in items {
            let value = item
                .value
                .as_ref()
                .ok_or_else(|| Fault::internal("an item has no signature"))?;
            let signature = match &item.tbs {
                Tbs::Attributes(attributes) => self.cms(&item.prepared, Some(attributes), value).await?,
                Tbs::Bare => self.cms(&item.prepared, None, value).await?,
                Tbs::Foreign(_) | Tbs::ForeignDigest => value.as_bytes().to_vec(),
            };
            documents.push(SignedDocument {
                name: item.prepared.document.name,
                reference: item.prepared.document.reference,
                size: item.prepared.document.size,
                digest: item.prepared.item.digest,
                signature,
                timestamp: None,
            });
        }
        Ok(Signed {
            certificate: self.candidate.view.clone(),
            documents,
        })
    }

    async fn cms(
        &self,
        prepared: &Prepared,
        attributes: Option<&SignedAttributes>,
        value: &SignatureValue,
    ) -> Result<Vec<u8>, Fault> {
        let Format {
            detached,
            include_chain,
            timestamp: _,
        } = self.request.format;
        let certificate = &self.candidate.certificate;
        let chain = if include_chain { self.chain() } else { Vec::new() };
        if detached {
            return Ok(assemble_detached(&self.scheme, certificate, &chain, attributes, value));
        }
        let size = attached_size(prepared)?;
        let content = content::read_whole(&self.signing.inner.store, &prepared.document).await?;
        let frame = attached_frame(&self.scheme, certificate, &chain, attributes, value, size);
        Ok([frame.head.as_slice(), &content, &frame.tail].concat())
    }

    /// The issuers of the signer's certificate that lie on the tokens or that the configuration names, nearest first.
    fn chain(&self) -> Vec<Certificate> {
        let inventory = self.signing.inner.fleet.inventory();
        let authorities: Vec<_> = inventory
            .certificates()
            .filter_map(|(_, found)| found.certificate().cloned())
            .chain(self.intermediates.iter().cloned())
            .filter(Certificate::is_authority)
            .collect();
        let mut chain: Vec<Certificate> = Vec::new();
        let mut issuer = self.candidate.certificate.issuer_der().to_vec();
        while let Some(next) = authorities
            .iter()
            .find(|authority| authority.subject_der() == issuer && !chain.contains(authority))
        {
            issuer = next.issuer_der().to_vec();
            chain.push(next.clone());
        }
        chain
    }
}

/// An attached signature holds the whole content, and is held in memory whole. Told before anybody is asked for a PIN.
fn check_attachable(format: Format, prepared: &[Prepared]) -> Result<(), Fault> {
    if format.detached {
        return Ok(());
    }
    prepared
        .iter()
        .try_for_each(|prepared| attached_size(prepared).map(drop))
}

/// The size of a content that goes into its signature.
fn attached_size(prepared: &Prepared) -> Result<u64, Fault> {
    let size = prepared.document.size.unwrap_or(u64::MAX);
    if size > ATTACHED_LIMIT {
        return Err(Fault::new(Code::BodyTooLarge)
            .arg("limit", ATTACHED_LIMIT)
            .detail("an attached signature holds the whole content; ask for a detached one"));
    }
    Ok(size)
}

/// Authentication takes one short challenge that the agent has seen, so that no document is signed under its name.
fn check_purpose(request: &Request) -> Result<(), Fault> {
    if request.purpose == Purpose::Signature {
        return Ok(());
    }
    let refuse = |reason| Err(Fault::invalid_field("documents", reason));
    match request.documents.as_slice() {
        [challenge] if challenge.blob.is_none() => refuse("a login challenge comes with its content"),
        [challenge] if challenge.size.is_none_or(|size| size > CHALLENGE_LIMIT) => {
            refuse("a login challenge has at most 16 KiB")
        }
        [_] => Ok(()),
        _ => refuse("authentication takes one challenge at a time"),
    }
}
