//! One request whose certificate is found: asks until every item has its value, and makes the CMS of them.

use serde_json::json;
use time::OffsetDateTime;

use super::attempt::{self, Attempt, Begun, Bench, Item, Tbs};
use super::content::{self, Prepared};
use super::granting;
use super::not_signed;
use super::refused_sources;
use super::request::{Format, Request, Signed, SignedDocument};
use super::selection::{self, Candidate};
use super::service::Signing;
use super::waiting;
use crate::certificate::Certificate;
use crate::cms::{Scheme, SignatureValue, SignedAttributes, assemble_detached, attached_frame};
use crate::consent::{
    Action, Approval, ApprovalKind, ApprovalSubject, Asked, Consented, Decision, DocumentView, GrantEnd, GrantPromise,
    Grants, ItemKind, ItemRecord, PinView, QuestionBody, Unlock, UnlockSource,
};
use crate::jobs::JobContext;
use crate::messages::{Code, Fault};
use crate::store::{approvals, audit};

/// The largest content of an attached signature, in bytes: the whole CMS is held in memory.
const ATTACHED_LIMIT: u64 = 64 << 20;

/// One request with its certificate.
pub(super) struct Work<'a> {
    pub(super) signing: &'a Signing,
    pub(super) context: &'a JobContext,
    pub(super) request: &'a Request,
    pub(super) candidate: Candidate,
    pub(super) scheme: Scheme,
    /// Authorities of the configuration, for the chain.
    pub(super) intermediates: Vec<Certificate>,
}

impl Work<'_> {
    /// The items with what is signed for each: what the standing approval recorded, else new attributes.
    pub(super) async fn items(
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
                Some(stored) if prepared.item.kind == ItemKind::Content => {
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
    pub(super) async fn sign(&self, mut items: Vec<Item>, standing: Option<Approval>) -> Result<Vec<Item>, Fault> {
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
            if let Ok(Attempt::Interrupted(fault)) = &attempt
                && let Err(fault) = self.note_refused_pin(&given, &prompter, fault).await
            {
                tracing::error!(%fault, "a PIN that the token refused cannot be recorded");
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

    /// Records that the token refused a PIN: who has the token looks for every try that was spent.
    async fn note_refused_pin(&self, approval: &Approval, prompter: &str, fault: &Fault) -> Result<(), Fault> {
        if !matches!(fault.code(), Code::PinIncorrect | Code::PinLocked) {
            return Ok(());
        }
        let entry = audit::Entry {
            kind: "pin_refused",
            actor: audit::Actor::Agent,
            job: Some(self.context.id()),
            body: json!({
                "approval": approval.id(),
                "code": fault.code(),
                "token": self.candidate.token.label,
                "tries_left": fault.args().get("tries_left"),
                "prompter": prompter,
            }),
        };
        let store = &self.signing.inner.store;
        store.write(move |tx| audit::append(tx, entry).map(drop)).await
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

    pub(super) async fn assemble(&self, items: Vec<Item>) -> Result<Signed, Fault> {
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
pub(super) fn check_attachable(format: Format, prepared: &[Prepared]) -> Result<(), Fault> {
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
