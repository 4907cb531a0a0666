use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::authorities::certificates_of;
use super::content;
use super::granting;
use super::not_signed::NotSigned;
use super::refused_sources::RefusedSources;
use super::request::{CertificateRequest, ChosenCertificate, Document, DocumentKind, Request, Signed};
use super::work::{Work, check_attachable};
use crate::certificate::{Certificate, Fingerprint, Purpose};
use crate::cms::{Digest, Preference, Scheme};
use crate::consent::{Approval, Desk, Grants};
use crate::jobs::JobContext;
use crate::messages::{Code, Fault};
use crate::platform::ScreenLocks;
use crate::preview::Previewer;
use crate::store::Store;
use crate::time_and_revocation::TimestampAuthority;
use crate::token::Fleet;

/// The largest login challenge, in bytes: what is longer may be a document in disguise.
const CHALLENGE_LIMIT: u64 = 16 << 10;

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
    pub(super) inner: Arc<Inner>,
    /// The profile whose time stamping authority stamps, where it has one of its own.
    profile: Option<String>,
}

pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) desk: Desk,
    pub(super) fleet: Fleet,
    pub(super) options: SigningOptions,
    /// Reads the names in ZIPs.
    pub(super) previewer: Previewer,
    /// Without them nothing is remembered.
    pub(super) grants: Option<Grants>,
    pub(super) refused_sources: RefusedSources,
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

    pub(super) fn is_unattended(&self, fingerprint: &Fingerprint) -> bool {
        self.inner.options.unattended.contains(fingerprint)
    }
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
