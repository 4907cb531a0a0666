//! One batch: log in, sign each item, log out.

use cryptoki::object::ObjectClass;
use cryptoki::types::RawAuthPin;
use cryptoki_sys as ck;

use super::contents;
use super::digest_order::DigestOrder;
use super::login::LoggedIn;
use super::module::Module;
use super::pairing::Paired;
use crate::certificate::Fingerprint;
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
    key: u64,
    mechanisms: Vec<u64>,
    /// The key wants a login of its own before each signature.
    authenticate_each: bool,
    digest_order: DigestOrder,
}

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
    let key = match certificate.facts().pair(&private, &public) {
        Paired::One(key) => key.handle,
        Paired::None => return Err(WorkerError::KeyNotFound),
        Paired::Several => return Err(WorkerError::KeyAmbiguous),
    };
    let says_so = module
        .raw
        .attribute(session.handle(), key, ck::CKA_ALWAYS_AUTHENTICATE)
        .ok()
        .flatten();
    let authenticate_each = module.quirks.always_authenticate || says_so.is_some_and(|value| value.first() == Some(&1));
    if !authenticate_each {
        logged_in.forget_pin();
    }
    Ok(Batch {
        module,
        slot,
        key,
        mechanisms,
        authenticate_each,
        logged_in,
        digest_order: DigestOrder::new(&certificate.der),
    })
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
            .sign_init(session, call.mechanism, &call.parameter, self.key)
            .map_err(|ckr| failure("C_SignInit", ckr))?;
        if self.authenticate_each {
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

fn unsupported(item: &SignItem) -> WorkerError {
    WorkerError::SchemeUnsupported { scheme: item.scheme }
}
