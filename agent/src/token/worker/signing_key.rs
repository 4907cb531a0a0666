//! Which key signs; and where the objects on the token do not tell, which keys are tried.

use cryptoki::object::ObjectClass;
use cryptoki::session::Session;
use cryptoki_sys as ck;

use super::contents::{self, CertificateObject};
use super::module::Module;
use super::pairing::Paired;
use crate::certificate::Certificate;
use crate::cms::normalise_signature;
use crate::token::ckr::Ckr;
use crate::token::item::SignItem;
use crate::token::protocol::WorkerError;

/// A private key that signs, or is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct SigningKey {
    /// `CK_OBJECT_HANDLE`
    pub(super) handle: u64,
    /// It wants a login of its own before each signature.
    pub(super) authenticate_each: bool,
}

/// A certificate whose key only a signature can tell: an approved value is signed with each key that may be its own, until the certificate's
/// public key verifies one of the signatures. The others are on the same approved value, by keys of the same token, and go no further.
#[derive(Debug)]
pub(super) struct Trial {
    certificate: Certificate,
    /// Keys that may be the certificate's as well as the one that is tried.
    others: Vec<SigningKey>,
    /// What it means that none of them is.
    none_fits: WorkerError,
}

/// The most keys that are tried for one certificate. Each trial is a signature that is thrown away when it proves nothing.
const MOST_TRIALS: usize = 8;

/// The certificate's key, or the first to be tried with the trial that is to prove it. The session is logged in.
pub(super) fn choose(
    module: &Module,
    session: &Session,
    certificate: &CertificateObject,
) -> Result<(SigningKey, Option<Trial>), Choice> {
    let private = contents::keys(module, session, ObjectClass::PRIVATE_KEY)?;
    let public = contents::keys(module, session, ObjectClass::PUBLIC_KEY)?;
    let pair_by = module.quirks.pair_keys_by;
    let (keys, none_fits) = match certificate.facts().pair(&private, &public, pair_by) {
        Paired::One(key) => return Ok((signing_key(module, session, key.handle), None)),
        Paired::None => return Err(Choice::Impossible(WorkerError::KeyNotFound)),
        Paired::Several(keys) => (keys, WorkerError::KeyAmbiguous),
        Paired::Unlikely(keys) => (keys, WorkerError::KeyNotFound),
    };
    let proof = Certificate::from_der(&certificate.der)
        .ok()
        .filter(|_| keys.len() <= MOST_TRIALS);
    let mut others: Vec<SigningKey> = keys
        .iter()
        .map(|key| signing_key(module, session, key.handle))
        .collect();
    match (proof, others.pop()) {
        (Some(certificate), Some(first)) => {
            let trial = Trial {
                certificate,
                others,
                none_fits,
            };
            Ok((first, Some(trial)))
        }
        _ => Err(Choice::Impossible(none_fits)),
    }
}

/// Why no key is chosen.
pub(super) enum Choice {
    /// The objects cannot be read.
    Unreadable(Ckr),
    /// There is none.
    Impossible(WorkerError),
}

impl From<Ckr> for Choice {
    fn from(ckr: Ckr) -> Self {
        Self::Unreadable(ckr)
    }
}

impl Trial {
    /// Whether any key to be tried wants a login of its own before each signature.
    pub(super) fn may_authenticate_each(&self) -> bool {
        self.others.iter().any(|key| key.authenticate_each)
    }

    /// Whether the signature is by the certificate's key.
    pub(super) fn is_proved_by(&self, item: &SignItem, signature: &[u8]) -> bool {
        normalise_signature(&self.certificate, &item.scheme, &item.to_be_signed(), signature).is_ok()
    }

    /// The next key to try, after one that was not it.
    pub(super) fn next(&mut self) -> Result<SigningKey, WorkerError> {
        self.others.pop().ok_or_else(|| self.none_fits.clone())
    }
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

/// Whether a failed signature only says that the key is of another kind, or for another use.
pub(super) fn is_about_the_key(error: &WorkerError) -> bool {
    let WorkerError::Other { ckr, .. } = error else {
        return false;
    };
    matches!(
        *ckr,
        Ckr::KEY_TYPE_INCONSISTENT | Ckr::KEY_FUNCTION_NOT_PERMITTED | Ckr::KEY_SIZE_RANGE | Ckr::KEY_HANDLE_INVALID
    )
}
