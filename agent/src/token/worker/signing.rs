//! One batch: log in, sign each item, log out or keep the login for the next one.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use cryptoki::session::Session;
use cryptoki::types::RawAuthPin;

use super::contents;
use super::digest_order::DigestOrder;
use super::login::LoggedIn;
use super::module::Module;
use super::signing_key::{self, Choice, SigningKey, Trial, is_about_the_key};
use crate::certificate::Fingerprint;
use crate::token::ckr::Ckr;
use crate::token::item::SignItem;
use crate::token::protocol::{Answer, Login, SignRequest, TokenIdentity, WorkerError};

/// Where the answers of a batch go, and whether it was cancelled.
pub(super) trait Conversation: Send {
    /// Sends an answer. The channel closing ends the process elsewhere.
    fn say(&mut self, answer: Answer);
    /// Whether the agent asked to stop before the next signature.
    fn is_cancelled(&self) -> bool;
}

/// Signs a batch and says how it went: a whole failure, or every signature and where it stopped.
///
/// `kept` is the login that an earlier batch kept; the batch takes it up only when it asks for exactly that, and leaves one there only when it
/// is told to. Whatever happens otherwise ends it.
pub(super) fn sign<'a>(
    module: &'a Module,
    request: &SignRequest,
    secret: Option<RawAuthPin>,
    kept: &mut Option<Opened<'a>>,
    to: &mut impl Conversation,
) {
    let standing = kept.take();
    let opened = match request.login {
        Login::Kept => standing
            .ok_or(WorkerError::LoginEnded)
            .and_then(|opened| opened.again_for(request)),
        Login::Secret | Login::AtTheDevice | Login::NotNeeded => {
            // Ends before the new one begins: one process has one login to a token.
            drop(standing);
            Opened::begin(module, request, secret)
        }
    };
    let mut opened = match opened {
        Ok(opened) => opened,
        Err(error) => return to.say(Answer::Failed(error)),
    };
    let ended = opened.sign_all(&request.items, to);
    let keep = request.keep && ended != Ended::Failed && opened.may_be_kept();
    if keep {
        *kept = Some(opened);
    } else {
        // Logs out before the agent hears that the batch is over.
        drop(opened);
    }
    to.say(Answer::Finished {
        cancelled: ended == Ended::Cancelled,
        kept: keep,
    });
}

/// A logged-in session with the key that signs.
pub(super) struct Opened<'a> {
    module: &'a Module,
    slot: cryptoki::slot::Slot,
    token: TokenIdentity,
    certificate: Fingerprint,
    logged_in: LoggedIn<'a>,
    key: SigningKey,
    /// What is to prove that the key is the certificate's; nothing where the pairing is certain.
    trial: Option<Trial>,
    mechanisms: Vec<u64>,
    digest_order: DigestOrder,
    certificate_der: Vec<u8>,
}

/// How the items of a batch ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ended {
    Complete,
    Cancelled,
    Failed,
}

impl<'a> Opened<'a> {
    fn begin(module: &'a Module, request: &SignRequest, secret: Option<RawAuthPin>) -> Result<Self, WorkerError> {
        let (slot, info) = contents::find(module, &request.token)?;
        let mechanisms = module
            .raw
            .mechanisms(slot.id())
            .map_err(|ckr| module.failure(slot, "C_GetMechanismList", ckr))?;
        // Before the PIN: what the token cannot do at all should cost nobody a PIN entry.
        check_schemes(module, &mechanisms, &request.items)?;
        let mut logged_in = LoggedIn::open(module, slot, &info, request.login, secret, request.last_try_confirmed)?;
        let session = &logged_in.session;
        let failure = |ckr: Ckr| module.failure(slot, "C_GetAttributeValue", ckr);
        let certificates = contents::certificates(module, session).map_err(failure)?;
        let certificate = certificates
            .iter()
            .find(|certificate| Fingerprint::of(&certificate.der) == request.certificate)
            .ok_or(WorkerError::KeyNotFound)?;
        let (key, trial) = signing_key::choose(module, session, certificate).map_err(|choice| match choice {
            Choice::Unreadable(ckr) => failure(ckr),
            Choice::Impossible(error) => error,
        })?;
        if !key.authenticate_each && !trial.as_ref().is_some_and(Trial::may_authenticate_each) {
            logged_in.forget_pin();
        }
        let certificate_der = certificate.der.clone();
        Ok(Self {
            module,
            slot,
            token: request.token.clone(),
            certificate: request.certificate,
            key,
            trial,
            mechanisms,
            logged_in,
            digest_order: DigestOrder::new(&certificate_der),
            certificate_der,
        })
    }

    /// The same login for another batch, when it is for the same key and the token still counts the user as logged in.
    fn again_for(self, request: &SignRequest) -> Result<Self, WorkerError> {
        if self.token != request.token || self.certificate != request.certificate {
            return Err(WorkerError::LoginEnded);
        }
        check_schemes(self.module, &self.mechanisms, &request.items)?;
        self.logged_in.require_standing()?;
        Ok(self)
    }

    /// A key that wants a PIN for each signature cannot be used without one, and a PIN is not kept.
    fn may_be_kept(&self) -> bool {
        !self.key.authenticate_each && self.trial.is_none()
    }

    fn sign_all(&mut self, items: &[SignItem], to: &mut impl Conversation) -> Ended {
        let further = self.further_sessions(items);
        to.say(Answer::LoggedIn {
            at_once: 1 + further.len(),
        });
        if further.is_empty() {
            return self.sign_one_by_one(items, to);
        }
        let sessions: Vec<u64> = [&self.logged_in.session]
            .into_iter()
            .chain(&further)
            .map(Session::handle)
            .collect();
        self.signer().sign_at_once(&sessions, items, to)
    }

    /// More sessions to sign in, where the module gains from them. The login holds for all of them (PKCS#11 section 2.4).
    fn further_sessions(&self, items: &[SignItem]) -> Vec<Session> {
        // The order of a GOST digest and what is to be proved of the key are settled by the first value, and a login in context belongs to its
        // session.
        let alone = self.key.authenticate_each || self.trial.is_some() || items.iter().any(SignItem::is_gost);
        let wanted = if alone {
            1
        } else {
            self.module.sessions.min(items.len())
        };
        // One that does not open is done without.
        (1..wanted)
            .map_while(|_| self.module.safe.open_ro_session(self.slot).ok())
            .collect()
    }

    fn sign_one_by_one(&mut self, items: &[SignItem], to: &mut impl Conversation) -> Ended {
        for (index, item) in items.iter().enumerate() {
            if to.is_cancelled() {
                return Ended::Cancelled;
            }
            match self.sign(item) {
                Ok((signature, reversed_digest)) => to.say(Answer::Signed {
                    index,
                    signature,
                    reversed_digest,
                }),
                Err(error) => {
                    to.say(Answer::NotSigned { index, error });
                    return Ended::Failed;
                }
            }
        }
        Ended::Complete
    }

    /// The signature, and whether the token got the digest reversed for it.
    fn sign(&mut self, item: &SignItem) -> Result<(Vec<u8>, bool), WorkerError> {
        let Some(mut trial) = self.trial.take() else {
            return self.sign_with_the_key(item);
        };
        loop {
            match self.sign_with_the_key(item) {
                Ok((signature, reversed)) if trial.is_proved_by(item, &signature) => return Ok((signature, reversed)),
                Ok(_) => {}
                Err(error) if is_about_the_key(&error) => {}
                Err(error) => return Err(error),
            }
            self.key = trial.next()?;
            self.digest_order = DigestOrder::new(&self.certificate_der);
        }
    }

    fn sign_with_the_key(&mut self, item: &SignItem) -> Result<(Vec<u8>, bool), WorkerError> {
        let item = self.digest_order.apply(item);
        let signature = self.ask(&item)?;
        if !self.digest_order.is_found_wrong(&item, &signature) {
            return Ok((signature, item.reversed_digest));
        }
        // The value is on a digest that nobody approved and ends here.
        let corrected = self.digest_order.apply(&item);
        Ok((self.ask(&corrected)?, corrected.reversed_digest))
    }

    fn ask(&self, item: &SignItem) -> Result<Vec<u8>, WorkerError> {
        let session = self.logged_in.session.handle();
        let in_context = || match self.key.authenticate_each {
            true => self.logged_in.authenticate_in_context(),
            false => Ok(()),
        };
        self.signer().ask(session, item, in_context)
    }

    fn signer(&self) -> Signer<'_> {
        Signer {
            module: self.module,
            slot: self.slot,
            key: self.key.handle,
            mechanisms: &self.mechanisms,
        }
    }
}

/// What signing takes in any session of a token that is logged in to. Usable from several threads.
struct Signer<'a> {
    module: &'a Module,
    slot: cryptoki::slot::Slot,
    key: u64,
    mechanisms: &'a [u64],
}

impl Signer<'_> {
    /// Signs in several sessions, each in a thread of its own. The items are begun in their order.
    fn sign_at_once(&self, sessions: &[u64], items: &[SignItem], to: &mut impl Conversation) -> Ended {
        let next = AtomicUsize::new(0);
        let (failed, cancelled) = (AtomicBool::new(false), AtomicBool::new(false));
        let to = Mutex::new(to);
        thread::scope(|scope| {
            for session in sessions.iter().copied() {
                let (next, failed, cancelled, to) = (&next, &failed, &cancelled, &to);
                scope.spawn(move || {
                    while !failed.load(Ordering::Acquire) {
                        if to.lock().unwrap_or_else(PoisonError::into_inner).is_cancelled() {
                            cancelled.store(true, Ordering::Release);
                            return;
                        }
                        let index = next.fetch_add(1, Ordering::AcqRel);
                        let Some(item) = items.get(index) else { return };
                        let answer = match self.ask(session, item, || Ok(())) {
                            Ok(signature) => Answer::Signed {
                                index,
                                signature,
                                reversed_digest: item.reversed_digest,
                            },
                            Err(error) => {
                                failed.store(true, Ordering::Release);
                                Answer::NotSigned { index, error }
                            }
                        };
                        // Said before the next item is begun: what the agent has no answer to is at most one item a session.
                        to.lock().unwrap_or_else(PoisonError::into_inner).say(answer);
                    }
                });
            }
        });
        if failed.into_inner() {
            Ended::Failed
        } else if cancelled.into_inner() {
            Ended::Cancelled
        } else {
            Ended::Complete
        }
    }

    /// `C_SignInit`, the login that the key may want in between, `C_Sign`.
    fn ask(
        &self,
        session: u64,
        item: &SignItem,
        in_context: impl FnOnce() -> Result<(), WorkerError>,
    ) -> Result<Vec<u8>, WorkerError> {
        let call = item
            .call(self.mechanisms, &self.module.quirks)
            .map_err(|_| unsupported(item))?;
        let failure = |function, ckr| self.module.failure(self.slot, function, ckr);
        self.module
            .raw
            .sign_init(session, call.mechanism, &call.parameter, self.key)
            .map_err(|ckr| failure("C_SignInit", ckr))?;
        in_context()?;
        let signature = self.module.raw.sign(session, &call.input).map_err(|ckr| match ckr {
            // The person did not touch the device, or pressed its cancel key.
            Ckr::FUNCTION_CANCELED | Ckr::FUNCTION_REJECTED => WorkerError::PinCancelled,
            ckr => failure("C_Sign", ckr),
        })?;
        Ok(item.normalise(signature, &self.module.quirks))
    }
}

fn check_schemes(module: &Module, mechanisms: &[u64], items: &[SignItem]) -> Result<(), WorkerError> {
    for item in items {
        item.call(mechanisms, &module.quirks).map_err(|_| unsupported(item))?;
    }
    Ok(())
}

fn unsupported(item: &SignItem) -> WorkerError {
    WorkerError::SchemeUnsupported { scheme: item.scheme }
}
