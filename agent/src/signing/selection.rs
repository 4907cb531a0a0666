//! From a selector and the tokens in their slots to certificates that can sign.

use time::OffsetDateTime;

use crate::certificate::{
    Certificate, EcCurve, GostCountry, KeyLocation, ObjectType, Pkcs11Uri, PublicKey, Purpose, Selector, Unsuitable,
};
use crate::cms::{Preference, Scheme};
use crate::consent::{CertificateView, PinState, PinView};
use crate::messages::{Code, Fault};
use crate::token::{
    self, Inventory, KeyPresence, ModuleState, Presence, ReaderStatus, Token, TokenCertificate, TokenError, TokenId,
};

/// A certificate that can sign, and where its key is.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) certificate: Certificate,
    pub(super) token: TokenId,
    pub(super) view: CertificateView,
    pub(super) pin: PinView,
}

/// The certificates that `selector` selects and that can serve `purpose` now, the likeliest first, each once.
///
/// # Errors
/// `certificate_not_found` when none is selected; when some are and none can serve, what speaks against the first.
pub(super) fn candidates(
    inventory: &Inventory,
    selector: &Selector,
    purpose: Purpose,
) -> Result<Vec<Candidate>, Fault> {
    let now = OffsetDateTime::now_utc();
    let mut usable: Vec<Candidate> = Vec::new();
    let mut objection = None;
    for (token, found, certificate) in selected(inventory, selector) {
        if usable.iter().any(|candidate| candidate.certificate == *certificate) {
            continue;
        }
        match check(certificate, found, purpose, now) {
            Ok(()) => usable.push(Candidate {
                view: view(certificate, token, found, now),
                token: token.id.clone(),
                pin: pin_view(token),
                certificate: certificate.clone(),
            }),
            Err(fault) => {
                objection.get_or_insert(fault);
            }
        }
    }
    if usable.is_empty() {
        return Err(objection.unwrap_or_else(|| {
            Fault::new(Code::CertificateNotFound)
                .arg("selector", selector)
                .arg("tokens", inventory.tokens.len())
                .detail(format_args!(
                    "no certificate on {} token(s) fits {selector}",
                    inventory.tokens.len()
                ))
        }));
    }
    // An organisation's certificate before a person's, and the one that lasts longest first: what is meant as a rule.
    usable.sort_by_key(|candidate| {
        let organisation = candidate.view.organisation.is_some();
        (!organisation, std::cmp::Reverse(candidate.certificate.not_after()))
    });
    Ok(usable)
}

/// Whether the certificate may be there after a while, though it was not found now.
pub(super) fn may_come_back(fault: &Fault) -> bool {
    matches!(
        fault.code(),
        Code::CertificateNotFound
            | Code::ModuleCrashed
            | Code::ModuleHung
            | Code::ModuleQuarantined
            | Code::TokenBusy
            | Code::DriverMissing
            | Code::TokenNotSeen
            | Code::CardMute
            | Code::CardUnknown
            | Code::TokenCannotSign
    )
}

/// What to say of a certificate that was not found while a module gives no answer, or a card in a reader is no token here: nobody knows what
/// these hold.
pub(super) fn truly_absent(fault: Fault, inventory: &Inventory, readers: &[ReaderStatus]) -> Fault {
    let unknown = silent_module(inventory).or_else(|| unserved_card(inventory, readers));
    match unknown {
        Some(unknown) if unknown.detail_text().is_none() => unknown.detail("the certificate may be on its token"),
        Some(unknown) => unknown,
        None => fault,
    }
}

fn silent_module(inventory: &Inventory) -> Option<Fault> {
    let mut modules = inventory.modules.iter();
    let error = modules.find_map(|module| match &module.state {
        ModuleState::Quarantined => Some(TokenError::ModuleQuarantined {
            module: module.name.clone(),
        }),
        ModuleState::Failed(error @ (TokenError::ModuleCrashed { .. } | TokenError::ModuleHung { .. })) => {
            Some(error.clone())
        }
        ModuleState::Idle | ModuleState::Ready(_) | ModuleState::Failed(_) => None,
    })?;
    Some(Fault::from(error).detail("the certificate may be on its token"))
}

/// The card that is likeliest to hold it. One that nobody knows, or that keeps keys for other programs, may lie in its reader for another
/// purpose: it explains something only where there is no token at all.
fn unserved_card(inventory: &Inventory, readers: &[ReaderStatus]) -> Option<Fault> {
    let likelihood = |status: &ReaderStatus| match status.presence {
        Presence::Held { .. } => Some(0),
        Presence::DriverMissing(_) => Some(1),
        Presence::NotSeen { .. } => Some(2),
        Presence::Mute => Some(3),
        Presence::CannotSign(_) | Presence::Unknown if inventory.tokens.is_empty() => Some(4),
        Presence::CannotSign(_) | Presence::Unknown | Presence::Empty | Presence::Served | Presence::Unavailable => {
            None
        }
    };
    let unserved = readers.iter().filter_map(|status| Some((likelihood(status)?, status)));
    unserved
        .min_by_key(|(likelihood, _)| *likelihood)
        .and_then(|(_, status)| status.fault())
}

/// What a token's flags say of its PIN, as a question shows it.
pub(crate) fn pin_view(token: &Token) -> PinView {
    let pin = &token.pin;
    PinView {
        needed: pin.required && !pin.at_the_device,
        pinpad: pin.at_the_device,
        state: match pin.state {
            token::PinState::Ok => PinState::Ok,
            token::PinState::CountLow => PinState::Low,
            token::PinState::FinalTry => PinState::FinalTry,
            token::PinState::Locked => PinState::Locked,
            token::PinState::NotInitialised => PinState::NotInitialised,
        },
        tries_left: pin.tries_left.map(u32::from),
    }
}

fn selected<'a>(
    inventory: &'a Inventory,
    selector: &'a Selector,
) -> impl Iterator<Item = (&'a Token, &'a TokenCertificate, &'a Certificate)> {
    inventory.certificates().filter_map(move |(token, found)| {
        // What cannot be read as a certificate cannot be chosen either.
        let certificate = found.certificate()?;
        if certificate.is_authority() {
            return None;
        }
        let module = token.id.module.to_string_lossy();
        selector
            .matches(certificate, &location(token, found, &module))
            .then_some((token, found, certificate))
    })
}

/// Where a certificate was found, for a selector.
pub(crate) fn location<'a>(token: &'a Token, found: &'a TokenCertificate, module: &'a str) -> KeyLocation<'a> {
    KeyLocation {
        token_label: &token.id.label,
        token_serial: &token.id.serial,
        token_model: &token.id.model,
        token_manufacturer: &token.id.manufacturer,
        id: &found.id,
        label: &found.label,
        module_path: module,
    }
}

/// What speaks against a certificate now, for the purpose asked for or else for any; the listing shows what signing would say.
pub(crate) fn objection(
    certificate: &Certificate,
    found: &TokenCertificate,
    purpose: Option<Purpose>,
    now: OffsetDateTime,
) -> Option<Fault> {
    let check = |purpose| check(certificate, found, purpose, now);
    let checked = match purpose {
        Some(purpose) => check(purpose),
        None => check(Purpose::Signature).or_else(|first| check(Purpose::Authentication).map_err(|_| first)),
    };
    checked.err()
}

/// What a certificate is issued for, valid at present or not.
pub(crate) fn purposes(certificate: &Certificate, now: OffsetDateTime) -> Vec<Purpose> {
    let is_for = |purpose: &Purpose| {
        !matches!(
            certificate.check_suitable(*purpose, now),
            Err(Unsuitable::AuthenticationOnly
                | Unsuitable::SignatureOnly
                | Unsuitable::Authority
                | Unsuitable::KeyUsage)
        )
    };
    [Purpose::Signature, Purpose::Authentication]
        .into_iter()
        .filter(is_for)
        .collect()
}

fn check(
    certificate: &Certificate,
    found: &TokenCertificate,
    purpose: Purpose,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let fault = |code| {
        Fault::new(code)
            .arg("certificate", certificate.fingerprint())
            .arg("subject", certificate.subject())
    };
    certificate.check_suitable(purpose, now).map_err(|unsuitable| {
        let code = match unsuitable {
            Unsuitable::Expired { .. } => Code::CertificateExpired,
            Unsuitable::NotYetValid { .. } => Code::CertificateNotYetValid,
            Unsuitable::AuthenticationOnly
            | Unsuitable::SignatureOnly
            | Unsuitable::Authority
            | Unsuitable::KeyUsage => Code::CertificateWrongPurpose,
        };
        fault(code)
            .arg("valid_from", certificate.not_before().date())
            .arg("valid_until", certificate.not_after().date())
            .detail(unsuitable)
    })?;
    if found.key == KeyPresence::No {
        return Err(fault(Code::CertificateWithoutKey));
    }
    Scheme::for_certificate(certificate, &Preference::default()).map_err(|error| {
        fault(Code::UnsupportedAlgorithm)
            .arg("algorithm", certificate.public_key())
            .detail(error)
    })?;
    Ok(())
}

fn view(certificate: &Certificate, token: &Token, found: &TokenCertificate, now: OffsetDateTime) -> CertificateView {
    let identity = certificate.identity();
    let roles = certificate.roles();
    CertificateView {
        fingerprint: certificate.fingerprint(),
        subject: certificate.subject().to_owned(),
        issuer: certificate.issuer().to_owned(),
        serial: certificate.serial_hex(),
        common_name: identity.common_name.clone(),
        organisation: identity.organisation.clone(),
        iin: identity.iin.clone(),
        bin: identity.bin.clone(),
        inn: identity.inn.clone(),
        inn_le: identity.inn_le.clone(),
        ogrn: identity.ogrn.clone(),
        snils: identity.snils.clone(),
        roles: roles
            .iter()
            .filter_map(|role| Some(serde_json::to_value(role).ok()?.as_str()?.to_owned()))
            .collect(),
        key_type: key_type(certificate.public_key()),
        valid_from: certificate.not_before(),
        valid_until: certificate.not_after(),
        expires_in_days: certificate.expires_in_days(now),
        token: token.id.label.clone(),
        uri: uri(token, found),
    }
}

/// The key's kind as the API names it.
pub(crate) fn key_type(key: &PublicKey) -> String {
    match key {
        PublicKey::Rsa { bits } => format!("rsa-{bits}"),
        PublicKey::RsaPss { bits, .. } => format!("rsa-pss-{bits}"),
        PublicKey::Ec { curve: EcCurve::P256 } => "p-256".to_owned(),
        PublicKey::Ec { curve: EcCurve::P384 } => "p-384".to_owned(),
        PublicKey::Ec { curve: EcCurve::P521 } => "p-521".to_owned(),
        PublicKey::Ed25519 => "ed25519".to_owned(),
        PublicKey::Gost2012 {
            bits,
            country: GostCountry::Ru,
            ..
        } => format!("gost2012-{bits}"),
        PublicKey::Gost2012 {
            bits,
            country: GostCountry::Kz,
            ..
        } => format!("kz-gost2015-{bits}"),
        PublicKey::Gost2001 { .. } => "gost2001-256".to_owned(),
        PublicKey::Unsupported { oid } => oid.to_string(),
    }
}

/// The PKCS#11 URI of a certificate's key (RFC 7512).
pub(crate) fn uri(token: &Token, found: &TokenCertificate) -> String {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Pkcs11Uri {
        token: text(&token.id.label),
        manufacturer: text(&token.id.manufacturer),
        serial: text(&token.id.serial).filter(|_| token.serial_is_telling),
        model: text(&token.id.model),
        object: None,
        id: (!found.id.is_empty()).then(|| found.id.clone()),
        object_type: Some(ObjectType::PrivateKey),
        ..Pkcs11Uri::default()
    }
    .to_string()
}
