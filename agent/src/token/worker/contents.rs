//! What lies on the tokens, read without a PIN.

use std::collections::HashMap;

use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use cryptoki_sys as ck;
use pkcs11_profiles::Quirks;

use super::ffi::RawTokenInfo;
use super::module::{Module, ckr_of, failed, trimmed};
use super::pairing::{CertificateFacts, KeyFacts, Paired, value_of_public_key_info};
use crate::certificate::Certificate;
use crate::certificate::asn1::Oid;
use crate::token::ckr::Ckr;
use crate::token::protocol::{CertificateRecord, KeyPresence, TokenIdentity, TokenRecord, WorkerError};

/// What was read before, so that a token that stays in its slot is not read again at every look.
#[derive(Default)]
pub(super) struct Known {
    tokens: HashMap<(u64, TokenIdentity), TokenRecord>,
}

impl Known {
    /// All tokens that are in a slot and initialised. A token that cannot be read is left out: it is being pulled, or another
    /// process holds it, and the next look tells.
    pub(super) fn look(&mut self, module: &Module, afresh: bool) -> Result<Vec<TokenRecord>, WorkerError> {
        if module.quirks.reinitialize_to_see_tokens {
            module.reinitialize()?;
        }
        let slots = match module.slots() {
            Ok(slots) => slots,
            // ykcs11 keeps its connection to a reader service that was restarted, and it is dead for good.
            Err(_) => {
                self.tokens.clear();
                module.reinitialize()?;
                module.slots()?
            }
        };
        let mut tokens = HashMap::new();
        for slot in slots {
            let Some((identity, info)) = identify(module, slot) else {
                continue;
            };
            let key = (slot.id(), identity);
            // After a new initialisation a module's objects may be others, too.
            let before = (!afresh && !module.quirks.reinitialize_to_see_tokens)
                .then(|| self.tokens.remove(&key))
                .flatten();
            let record = match before {
                Some(mut record) => {
                    record.flags = info.flags;
                    record
                }
                None => match read(module, slot, key.1.clone(), &info) {
                    Ok(record) => record,
                    Err(_) => continue,
                },
            };
            tokens.insert(key, record);
        }
        self.tokens = tokens;
        let mut records: Vec<_> = self.tokens.values().cloned().collect();
        records.sort_by(|a, b| a.identity.cmp(&b.identity));
        Ok(records)
    }

    /// Forgets what was read, after a failure that may have changed it.
    pub(super) fn forget(&mut self) {
        self.tokens.clear();
    }
}

/// The initialised token in a slot.
pub(super) fn identify(module: &Module, slot: Slot) -> Option<(TokenIdentity, RawTokenInfo)> {
    let info = module.raw.token_info(slot.id()).ok()?;
    if info.flags & ck::CKF_TOKEN_INITIALIZED == 0 {
        return None;
    }
    let identity = TokenIdentity {
        serial: trimmed(&info.serial),
        model: trimmed(&info.model),
        manufacturer: trimmed(&info.manufacturer),
        label: trimmed(&info.label),
    };
    Some((identity, info))
}

/// The slot that holds a token now.
pub(super) fn find(module: &Module, wanted: &TokenIdentity) -> Result<(Slot, RawTokenInfo), WorkerError> {
    let mut slots = module.slots()?.into_iter();
    slots
        .find_map(|slot| {
            identify(module, slot)
                .filter(|(identity, _)| identity == wanted)
                .map(|(_, info)| (slot, info))
        })
        .ok_or(WorkerError::TokenAbsent)
}

/// A certificate object.
pub(super) struct CertificateObject {
    pub(super) der: Vec<u8>,
    pub(super) id: Vec<u8>,
    pub(super) label: String,
}

impl CertificateObject {
    pub(super) fn facts(&self) -> CertificateFacts {
        CertificateFacts::new(&self.der, self.id.clone(), self.label.clone())
    }
}

/// Every certificate that the session can see.
pub(super) fn certificates(module: &Module, session: &Session) -> Result<Vec<CertificateObject>, Ckr> {
    let mut found = Vec::new();
    for object in objects(session, ObjectClass::CERTIFICATE)? {
        let attribute = |kind| module.raw.attribute(session.handle(), object, kind);
        // A certificate without a value lies elsewhere (CKA_URL); there is nothing to sign with.
        let Some(der) = attribute(ck::CKA_VALUE)?.filter(|der| !der.is_empty()) else {
            continue;
        };
        if attests_a_key(&der, &module.quirks) {
            continue;
        }
        found.push(CertificateObject {
            der: without_padding(der),
            id: attribute(ck::CKA_ID)?.unwrap_or_default(),
            label: trimmed(&attribute(ck::CKA_LABEL)?.unwrap_or_default()),
        });
    }
    Ok(found)
}

/// Whether a certificate says how a key was made, and is no holder's.
fn attests_a_key(der: &[u8], quirks: &Quirks) -> bool {
    let attests = |extension: &Oid| {
        let extension = extension.to_string();
        quirks.attestation_extensions.iter().any(|id| id.covers(&extension))
    };
    !quirks.attestation_extensions.is_empty()
        && Certificate::from_der(der).is_ok_and(|certificate| certificate.extensions().any(|id| attests(&id)))
}

/// Every key object of a class that the session can see.
pub(super) fn keys(module: &Module, session: &Session, class: ObjectClass) -> Result<Vec<KeyFacts>, Ckr> {
    let public = class == ObjectClass::PUBLIC_KEY;
    objects(session, class)?
        .into_iter()
        .map(|object| key_facts(module, session, object, public))
        .collect()
}

fn key_facts(module: &Module, session: &Session, object: u64, public: bool) -> Result<KeyFacts, Ckr> {
    let attribute = |kind| module.raw.attribute(session.handle(), object, kind);
    let kind = attribute(ck::CKA_KEY_TYPE)?.and_then(|bytes| number(&bytes));
    // Modules answer odd errors for attributes that a key of this kind does not have: those are simply not there.
    let optional = |kind| attribute(kind).ok().flatten().filter(|value| !value.is_empty());
    let value = match kind {
        Some(ck::CKK_RSA) => optional(ck::CKA_MODULUS),
        Some(ck::CKK_EC | ck::CKK_EC_EDWARDS) => optional(ck::CKA_EC_POINT),
        // GOST R 34.10: the public key's value is X ‖ Y. A private key's value is the secret itself and is not asked for.
        _ if public => optional(ck::CKA_VALUE),
        _ => None,
    };
    let value = value.or_else(|| optional(ck::CKA_PUBLIC_KEY_INFO).and_then(|der| value_of_public_key_info(&der)));
    Ok(KeyFacts {
        handle: object,
        id: attribute(ck::CKA_ID)?.unwrap_or_default(),
        label: trimmed(&attribute(ck::CKA_LABEL)?.unwrap_or_default()),
        kind,
        value,
    })
}

fn read(module: &Module, slot: Slot, identity: TokenIdentity, info: &RawTokenInfo) -> Result<TokenRecord, WorkerError> {
    let failure = |function: &str, ckr| failed(function, ckr);
    let session = module
        .safe
        .open_ro_session(slot)
        .map_err(|error| failure("C_OpenSession", ckr_of(&error)))?;
    let objects = |ckr| failure("C_GetAttributeValue", ckr);
    let private = keys(module, &session, ObjectClass::PRIVATE_KEY).map_err(objects)?;
    let public = keys(module, &session, ObjectClass::PUBLIC_KEY).map_err(objects)?;
    let certificates = certificates(module, &session).map_err(objects)?;
    let facts: Vec<CertificateFacts> = certificates.iter().map(CertificateObject::facts).collect();
    let hidden = info.flags & ck::CKF_LOGIN_REQUIRED != 0 || module.quirks.no_login;
    let lone_keys = lone_keys(&facts, &private, &public);
    let certificates = certificates
        .into_iter()
        .zip(&facts)
        .map(|(certificate, facts)| CertificateRecord {
            key: match facts.pair(&private, &public, module.quirks.pair_keys_by) {
                Paired::One(_) | Paired::Several(_) => KeyPresence::Yes,
                Paired::None | Paired::Unlikely(_) if hidden => KeyPresence::AfterPin,
                Paired::None | Paired::Unlikely(_) => KeyPresence::No,
            },
            der: certificate.der,
            id: certificate.id,
            label: certificate.label,
        })
        .collect();
    Ok(TokenRecord {
        identity,
        slot: module
            .safe
            .get_slot_info(slot)
            .map(|info| trimmed(info.slot_description().as_bytes()))
            .unwrap_or_default(),
        flags: info.flags,
        pin_length: info.pin_length,
        mechanisms: module
            .raw
            .mechanisms(slot.id())
            .map_err(|ckr| failure("C_GetMechanismList", ckr))?,
        certificates,
        lone_keys,
    })
}

/// The keys that can be seen and fit no certificate, each named once.
fn lone_keys(certificates: &[CertificateFacts], private: &[KeyFacts], public: &[KeyFacts]) -> Vec<String> {
    let mut lone: Vec<String> = private
        .iter()
        .chain(public)
        .filter(|key| {
            !certificates
                .iter()
                .any(|c| c.is_of(key) || (key.value.is_none() && !key.id.is_empty() && c.id == key.id))
        })
        .map(|key| {
            if key.label.is_empty() {
                hex::encode(&key.id)
            } else {
                key.label.clone()
            }
        })
        .collect();
    lone.sort();
    lone.dedup();
    lone
}

fn objects(session: &Session, class: ObjectClass) -> Result<Vec<u64>, Ckr> {
    let found = session
        .find_objects(&[Attribute::Class(class)])
        .map_err(|error| ckr_of(&error))?;
    Ok(found.iter().map(|object| object.handle()).collect())
}

/// A `CK_ULONG` attribute.
fn number(bytes: &[u8]) -> Option<u64> {
    <[u8; size_of::<ck::CK_ULONG>()]>::try_from(bytes)
        .ok()
        .map(ck::CK_ULONG::from_ne_bytes)
}

/// The certificate alone: some cards pad the file that holds it.
fn without_padding(mut der: Vec<u8>) -> Vec<u8> {
    if let Ok(certificate) = Certificate::from_der(&der) {
        der.truncate(certificate.der().len());
    }
    der
}
