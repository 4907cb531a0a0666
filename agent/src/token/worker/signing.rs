//! One batch: log in, sign each item, log out.

use cryptoki::object::ObjectClass;
use cryptoki::session::Session;
use cryptoki::types::RawAuthPin;
use cryptoki_sys as ck;

use super::contents;
use super::digest_order::DigestOrder;
use super::login::LoggedIn;
use super::module::Module;
use super::pairing::Paired;
use crate::certificate::{Certificate, Fingerprint};
use crate::cms::normalise_signature;
use crate::token::ckr::Ckr;
use crate::token::item::SignItem;
use crate::token::protocol::{Answer, SignRequest, WorkerError};

/// Where the answers of a batch go, and whether it was cancelled.
pub(super) trait Conversation {
    /// Sends an answer. The channel closing ends the process elsewhere.
    fn say(&mut self, answer: Answer);
    /// Whether the agent asked to stop before the next signature.
    fn is_cancelled(&self) -> bool;
}

/// Signs a batch and says how it went: a whole failure, or every signature and where it stopped.
pub(super) fn sign(module: &Module, request: &SignRequest, secret: Option<RawAuthPin>, to: &mut impl Conversation) {
    match begin(module, request, secret) {
        Ok(batch) => {
            to.say(Answer::LoggedIn);
            batch.sign_all(&request.items, to);
        }
        Err(error) => to.say(Answer::Failed(error)),
    }
}

/// A logged-in session with the key that signs.
struct Batch<'a> {
    module: &'a Module,
    slot: cryptoki::slot::Slot,
    logged_in: LoggedIn<'a>,
    key: SigningKey,
    /// What is to be proved before the key counts as the certificate's; nothing where the pairing is certain.
    trial: Option<Trial>,
    mechanisms: Vec<u64>,
    certificate: Vec<u8>,
    digest_order: DigestOrder,
}

/// A private key that signs, or is tried.
#[derive(Clone, Copy, Debug)]
struct SigningKey {
    /// `CK_OBJECT_HANDLE`
    handle: u64,
    /// It wants a login of its own before each signature.
    authenticate_each: bool,
}

/// A certificate whose key only a signature can tell.
struct Trial {
    /// Keys that may be the certificate's as well as the one that is tried.
    others: Vec<SigningKey>,
    /// What it means that none of them is.
    none_fits: WorkerError,
}

/// The most keys that are tried for one certificate. Each trial is a signature that is thrown away when it proves nothing.
const MOST_TRIALS: usize = 8;

fn begin<'a>(module: &'a Module, request: &SignRequest, secret: Option<RawAuthPin>) -> Result<Batch<'a>, WorkerError> {
    let (slot, info) = contents::find(module, &request.token)?;
    let mechanisms = module
        .raw
        .mechanisms(slot.id())
        .map_err(|ckr| module.failure(slot, "C_GetMechanismList", ckr))?;
    // Before the PIN: what the token cannot do at all should cost nobody a PIN entry.
    for item in &request.items {
        item.call(&mechanisms, &module.quirks).map_err(|_| unsupported(item))?;
    }
    let mut logged_in = LoggedIn::open(module, slot, &info, request.login, secret, request.last_try_confirmed)?;
    let session = &logged_in.session;
    let failure = |ckr: Ckr| module.failure(slot, "C_GetAttributeValue", ckr);
    let certificates = contents::certificates(module, session).map_err(failure)?;
    let certificate = certificates
        .iter()
        .find(|certificate| Fingerprint::of(&certificate.der) == request.certificate)
        .ok_or(WorkerError::KeyNotFound)?;
    let private = contents::keys(module, session, ObjectClass::PRIVATE_KEY).map_err(failure)?;
    let public = contents::keys(module, session, ObjectClass::PUBLIC_KEY).map_err(failure)?;
    let pair_by = module.quirks.pair_keys_by;
    let (keys, none_fits) = match certificate.facts().pair(&private, &public, pair_by) {
        Paired::One(key) => (vec![key], None),
        Paired::None => return Err(WorkerError::KeyNotFound),
        Paired::Several(keys) => (keys, Some(WorkerError::KeyAmbiguous)),
        Paired::Unlikely(keys) => (keys, Some(WorkerError::KeyNotFound)),
    };
    if let Some(error) = none_fits.as_ref().filter(|_| keys.len() > MOST_TRIALS) {
        return Err(error.clone());
    }
    let mut keys: Vec<SigningKey> = keys
        .iter()
        .map(|key| signing_key(module, session, key.handle))
        .collect();
    if !keys.iter().any(|key| key.authenticate_each) {
        logged_in.forget_pin();
    }
    let key = keys.pop().ok_or(WorkerError::KeyNotFound)?;
    let certificate = certificate.der.clone();
    Ok(Batch {
        module,
        slot,
        key,
        trial: none_fits.map(|none_fits| Trial {
            others: keys,
            none_fits,
        }),
        mechanisms,
        logged_in,
        digest_order: DigestOrder::new(&certificate),
        certificate,
    })
}

fn signing_key(module: &Module, session: &Session, handle: u64) -> SigningKey {
    let says_so = module
        .raw
        .attribute(session.handle(), handle, ck::CKA_ALWAYS_AUTHENTICATE)
        .ok()
        .flatten();
    SigningKey {
        handle,
        authenticate_each: module.quirks.always_authenticate || says_so.is_some_and(|value| value.first() == Some(&1)),
    }
}

impl Batch<'_> {
    fn sign_all(mut self, items: &[SignItem], to: &mut impl Conversation) {
        let mut cancelled = false;
        for (index, item) in items.iter().enumerate() {
            if to.is_cancelled() {
                cancelled = true;
                break;
            }
            match self.sign(item) {
                Ok((signature, reversed_digest)) => to.say(Answer::Signed {
                    index,
                    signature,
                    reversed_digest,
                }),
                Err(error) => {
                    to.say(Answer::NotSigned { index, error });
                    break;
                }
            }
        }
        // Logs out before the agent hears that the batch is over.
        drop(self);
        to.say(Answer::Finished { cancelled });
    }

    /// The signature, and whether the token got the digest reversed for it.
    fn sign(&mut self, item: &SignItem) -> Result<(Vec<u8>, bool), WorkerError> {
        match self.trial.take() {
            None => self.sign_with_the_key(item),
            Some(trial) => self.find_the_key(trial, item),
        }
    }

    /// Signs the approved value with each key that may be the certificate's, until the certificate's public key verifies one of
    /// the signatures. The others are on the same approved value, by keys of the same token, and end here.
    fn find_the_key(&mut self, mut trial: Trial, item: &SignItem) -> Result<(Vec<u8>, bool), WorkerError> {
        let certificate = Certificate::from_der(&self.certificate).map_err(|_| trial.none_fits.clone())?;
        loop {
            let signed = self.sign_with_the_key(item);
            if let Ok((signature, _)) = &signed
                && normalise_signature(&certificate, &item.scheme, &item.to_be_signed(), signature).is_ok()
            {
                return signed;
            }
            match signed {
                // A key of another kind, or for another use.
                Ok(_) => {}
                Err(WorkerError::Other { ckr, .. }) if is_about_the_key(ckr) => {}
                Err(error) => return Err(error),
            }
            self.key = trial.others.pop().ok_or_else(|| trial.none_fits.clone())?;
            self.digest_order = DigestOrder::new(&self.certificate);
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
        let call = item
            .call(&self.mechanisms, &self.module.quirks)
            .map_err(|_| unsupported(item))?;
        let session = self.logged_in.session.handle();
        let failure = |function, ckr| self.module.failure(self.slot, function, ckr);
        self.module
            .raw
            .sign_init(session, call.mechanism, &call.parameter, self.key.handle)
            .map_err(|ckr| failure("C_SignInit", ckr))?;
        if self.key.authenticate_each {
            self.logged_in.authenticate_in_context()?;
        }
        let signature = self.module.raw.sign(session, &call.input).map_err(|ckr| match ckr {
            // The person did not touch the device, or pressed its cancel key.
            Ckr::FUNCTION_CANCELED | Ckr::FUNCTION_REJECTED => WorkerError::PinCancelled,
            ckr => failure("C_Sign", ckr),
        })?;
        Ok(item.normalise(signature, &self.module.quirks))
    }
}

fn is_about_the_key(ckr: Ckr) -> bool {
    matches!(
        ckr,
        Ckr::KEY_TYPE_INCONSISTENT | Ckr::KEY_FUNCTION_NOT_PERMITTED | Ckr::KEY_SIZE_RANGE | Ckr::KEY_HANDLE_INVALID
    )
}

fn unsupported(item: &SignItem) -> WorkerError {
    WorkerError::SchemeUnsupported { scheme: item.scheme }
}
