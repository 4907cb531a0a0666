use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::readers::{ReaderResource, ReaderServiceWord};
use crate::certificate::{Certificate, Purpose, Role};
use crate::config::CertificatePolicy;
use crate::endpoint::caller::Caller;
use crate::endpoint::extract::InQuery;
use crate::endpoint::language::CallerLanguage;
use crate::endpoint::problem::{self, Problem, ProblemSchema};
use crate::endpoint::selector;
use crate::endpoint::shared::Shared;
use crate::messages::{Code, Fault, Localizer};
use crate::signing::{key_type, location, objection, purposes, uri};
use crate::token::{
    Fleet, Inventory, KeyPresence, ModuleState, ModuleStatus, Origin, PinState, Token, TokenCertificate, TokenId,
};

/// Tokens and the modules that serve them.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// The tokens in a slot.
    tokens: Vec<TokenResource>,
    /// Every module, also those that do not work.
    modules: Vec<ModuleResource>,
    /// The smart card readers, with what becomes of the card in each.
    readers: Vec<ReaderResource>,
    reader_service: ReaderServiceWord,
}

/// A token in a slot.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenResource {
    /// Stays the same when the token is plugged in elsewhere.
    id: String,
    /// Its label.
    label: String,
    /// Its serial number.
    serial: String,
    /// Its model.
    model: String,
    /// Its maker.
    manufacturer: String,
    /// The reader or slot it is in.
    reader: String,
    module: TokenModule,
    state: TokenState,
    pin: Pin,
    /// Every mechanism that it lists: by name where its family's profile names it, else the number in hex.
    mechanisms: Vec<String>,
    /// Fingerprints of its certificates.
    certificates: Vec<String>,
    /// Other modules that show the same physical token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_through: Vec<String>,
}

/// The module that serves a token.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenModule {
    /// Its name for people.
    name: String,
    /// Its file.
    path: String,
    /// The profile of its family.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

/// Whether a token can be used.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenState {
    /// It can.
    Present,
    /// Its PIN is locked.
    Locked,
    /// Its PIN was never set.
    NotInitialised,
}

/// What a token says of its PIN.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pin {
    state: PinWord,
    /// Whether it is entered on the reader.
    pinpad: bool,
    /// Whether the token wants it changed; some tokens sign all the same.
    to_be_changed: bool,
    /// Tries left, when they can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries_left: Option<u8>,
}

/// The states of a PIN.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PinWord {
    /// Nothing special.
    Ok,
    /// A wrong PIN was entered since the last right one.
    Low,
    /// One try is left.
    FinalTry,
    /// Locked.
    Locked,
    /// Never set.
    NotInitialised,
}

/// A PKCS#11 module.
#[derive(Serialize, ToSchema)]
#[schema(as = Module)]
pub(crate) struct ModuleResource {
    /// Its name for people.
    name: String,
    /// Its file.
    path: String,
    /// The profile of its family.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    state: ModuleWord,
    /// Why it is on the list.
    #[schema(value_type = String)]
    origin: Origin,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemSchema>)]
    fault: Option<Value>,
}

/// How a module does.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ModuleWord {
    /// It answers.
    Ok,
    /// It was not asked yet.
    Idle,
    /// Its file is missing.
    Missing,
    /// Its file may not be trusted, or is no module.
    Unsafe,
    /// It crashed or hangs; it will be tried again.
    Crashed,
    /// It failed in another way; it will be tried again.
    Failed,
    /// It failed too often and is set aside until a person releases it.
    Quarantined,
}

/// Certificates on tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct Certificates {
    /// In the order of tokens.
    certificates: Vec<CertificateResource>,
}

/// A certificate on a token.
#[derive(Serialize, ToSchema)]
#[schema(as = Certificate)]
pub(crate) struct CertificateResource {
    /// SHA-256 of the certificate, in hex.
    fingerprint: String,
    /// The subject, readable.
    subject: String,
    /// The issuer, readable.
    issuer: String,
    /// The serial number, in hex.
    serial: String,
    /// Holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    common_name: Option<String>,
    /// Organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
    /// Kazakh personal number.
    #[serde(skip_serializing_if = "Option::is_none")]
    iin: Option<String>,
    /// Kazakh business number.
    #[serde(skip_serializing_if = "Option::is_none")]
    bin: Option<String>,
    /// Russian personal taxpayer number.
    #[serde(skip_serializing_if = "Option::is_none")]
    inn: Option<String>,
    /// Russian taxpayer number of a legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    inn_le: Option<String>,
    /// Russian registration number of a legal entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    ogrn: Option<String>,
    /// Russian insurance number of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    snils: Option<String>,
    /// The holder's roles, as stable words.
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
    /// The key: `rsa-2048`, `p-256`, `ed25519`, `gost2012-256`, …
    key_type: String,
    /// Valid from.
    #[serde(with = "time::serde::rfc3339")]
    valid_from: OffsetDateTime,
    /// Valid until.
    #[serde(with = "time::serde::rfc3339")]
    valid_until: OffsetDateTime,
    /// How many days it is still valid, when they are 30 or fewer: time to renew it.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in_days: Option<u16>,
    /// What it may be used for: `signature`, `authentication`.
    #[schema(value_type = Vec<String>)]
    purposes: Vec<Purpose>,
    /// Whether it can be used now, for the purpose asked for or for any.
    usable: bool,
    /// Why it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemSchema>)]
    why_not: Option<Value>,
    /// Whether its key is on the token: `yes`, `no`, or `after_pin` where the token does not say before.
    has_key: HasKey,
    token: CertificateToken,
    /// The PKCS#11 URI of its key (RFC 7512); also a selector.
    uri: String,
    /// Whether it is configured for use without a person.
    unattended: bool,
    /// The certificate, in base64.
    der: String,
}

/// Whether a key is there.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HasKey {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// The token shows its keys only after the PIN.
    AfterPin,
}

/// The token that a certificate is on.
#[derive(Serialize, ToSchema)]
pub(crate) struct CertificateToken {
    /// Its id.
    id: String,
    /// Its label.
    label: String,
    /// Its serial number.
    serial: String,
}

/// Which certificates to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CertificatesQuery {
    /// Only those that this selector fits.
    selector: Option<String>,
    /// Only those that may be used for this: `signature` or `authentication`.
    #[param(inline)]
    purpose: Option<Purpose>,
}

/// Lists tokens and modules.
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens", responses((status = OK, body = Tokens)))]
pub(super) async fn tokens(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    CallerLanguage(localizer): CallerLanguage,
) -> Json<Tokens> {
    let inventory = current(&shared).await;
    let readers = shared.fleet.readers().await;
    let reader_service = ReaderServiceWord::of(&readers);
    // Which programs run is no business of an application's.
    let readers = readers.unwrap_or_default();
    let readers = readers
        .iter()
        .map(|status| ReaderResource::of(status, caller.is_person(), localizer));
    Json(Tokens {
        readers: readers.collect(),
        reader_service,
        tokens: inventory
            .tokens
            .iter()
            .map(|token| TokenResource::of(token, &inventory, &shared.fleet))
            .collect(),
        modules: inventory
            .modules
            .iter()
            .map(|module| ModuleResource::of(module, localizer))
            .collect(),
    })
}

/// Lists certificates, with their DER.
#[utoipa::path(
    get, path = "/v1/certificates", tag = "tokens", params(CertificatesQuery),
    responses((status = OK, body = Certificates))
)]
pub(super) async fn certificates(
    State(shared): State<Arc<Shared>>,
    CallerLanguage(localizer): CallerLanguage,
    InQuery(query): InQuery<CertificatesQuery>,
) -> Result<Json<Certificates>, Problem> {
    let selector = selector::read(query.selector.as_deref())?;
    let inventory = current(&shared).await;
    let now = OffsetDateTime::now_utc();
    let listed = inventory.certificates().filter_map(|(token, found)| {
        // What is no certificate is not listed; the token's own list shows that something is there.
        let certificate = found.certificate()?;
        let path = token.id.module.to_string_lossy();
        let fits = selector.matches(certificate, &location(token, found, &path));
        let resource = CertificateResource::of(
            token,
            found,
            certificate,
            &query,
            &shared.config.certificates,
            now,
            localizer,
        );
        let asked_for = query.purpose.is_none_or(|purpose| resource.purposes.contains(&purpose));
        (fits && asked_for).then_some(resource)
    });
    Ok(Json(Certificates {
        certificates: listed.collect(),
    }))
}

/// The inventory; modules that nobody has asked yet are asked first.
async fn current(shared: &Shared) -> Arc<Inventory> {
    let inventory = shared.fleet.inventory();
    if inventory.modules.iter().any(|module| module.state == ModuleState::Idle) {
        return shared.fleet.refresh().await;
    }
    inventory
}

impl TokenResource {
    fn of(token: &Token, inventory: &Inventory, fleet: &Fleet) -> Self {
        let module = inventory.modules.iter().find(|module| module.path == token.id.module);
        Self {
            id: stable_id(&token.id),
            label: token.id.label.clone(),
            serial: token.id.serial.clone(),
            model: token.id.model.clone(),
            manufacturer: token.id.manufacturer.clone(),
            reader: token.reader.clone(),
            module: TokenModule {
                name: token.module.clone(),
                path: token.id.module.display().to_string(),
                profile: module.and_then(|module| module.profile.clone()),
            },
            state: match token.pin.state {
                PinState::Locked => TokenState::Locked,
                PinState::NotInitialised => TokenState::NotInitialised,
                PinState::Ok | PinState::CountLow | PinState::FinalTry => TokenState::Present,
            },
            pin: Pin {
                state: match token.pin.state {
                    PinState::Ok => PinWord::Ok,
                    PinState::CountLow => PinWord::Low,
                    PinState::FinalTry => PinWord::FinalTry,
                    PinState::Locked => PinWord::Locked,
                    PinState::NotInitialised => PinWord::NotInitialised,
                },
                pinpad: token.pin.at_the_device,
                to_be_changed: token.pin.to_be_changed,
                tries_left: token.pin.tries_left,
            },
            mechanisms: token
                .mechanisms
                .iter()
                .map(|value| {
                    let name = fleet.mechanism_name(token, *value).map(str::to_owned);
                    name.unwrap_or_else(|| format!("0x{value:08X}"))
                })
                .collect(),
            certificates: token
                .certificates
                .iter()
                .map(|certificate| certificate.fingerprint.to_string())
                .collect(),
            also_through: token
                .also_through
                .iter()
                .map(|module| module.display().to_string())
                .collect(),
        }
    }
}

impl ModuleResource {
    fn of(module: &ModuleStatus, localizer: Localizer) -> Self {
        let fault = match &module.state {
            ModuleState::Failed(error) => Some(Fault::from(error.clone())),
            ModuleState::Quarantined => Some(Fault::new(Code::ModuleQuarantined).arg("module", &module.name)),
            ModuleState::Idle | ModuleState::Ready(_) => None,
        };
        let state = match (&module.state, fault.as_ref().map(Fault::code)) {
            (ModuleState::Ready(_), _) => ModuleWord::Ok,
            (ModuleState::Idle, _) => ModuleWord::Idle,
            (ModuleState::Quarantined, _) => ModuleWord::Quarantined,
            (ModuleState::Failed(_), Some(Code::ModuleMissing)) => ModuleWord::Missing,
            (ModuleState::Failed(_), Some(Code::ModuleUnusable)) => ModuleWord::Unsafe,
            (ModuleState::Failed(_), Some(Code::ModuleCrashed | Code::ModuleHung)) => ModuleWord::Crashed,
            (ModuleState::Failed(_), _) => ModuleWord::Failed,
        };
        Self {
            name: module.name.clone(),
            path: module.path.display().to_string(),
            profile: module.profile.clone(),
            state,
            origin: module.origin,
            fault: fault.map(|fault| problem::body(&fault, localizer)),
        }
    }
}

impl CertificateResource {
    fn of(
        token: &Token,
        found: &TokenCertificate,
        certificate: &Certificate,
        query: &CertificatesQuery,
        policies: &[CertificatePolicy],
        now: OffsetDateTime,
        localizer: Localizer,
    ) -> Self {
        let identity = certificate.identity();
        let fingerprint = certificate.fingerprint().to_string();
        let why_not = objection(certificate, found, query.purpose, now);
        Self {
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
            roles: certificate.roles(),
            key_type: key_type(certificate.public_key()),
            valid_from: certificate.not_before(),
            valid_until: certificate.not_after(),
            expires_in_days: certificate.expires_in_days(now),
            purposes: purposes(certificate, now),
            usable: why_not.is_none(),
            why_not: why_not.map(|fault| problem::body(&fault, localizer)),
            has_key: match found.key {
                KeyPresence::Yes => HasKey::Yes,
                KeyPresence::No => HasKey::No,
                KeyPresence::AfterPin => HasKey::AfterPin,
            },
            token: CertificateToken {
                id: stable_id(&token.id),
                label: token.id.label.clone(),
                serial: token.id.serial.clone(),
            },
            uri: uri(token, found),
            unattended: policies
                .iter()
                .any(|policy| policy.unattended && policy.fingerprint.eq_ignore_ascii_case(&fingerprint)),
            der: BASE64_STANDARD.encode(certificate.der()),
            fingerprint,
        }
    }
}

/// Names a token for programs: a short hash of what tells it from others.
fn stable_id(id: &TokenId) -> String {
    let text = serde_json::json!(id).to_string();
    hex::encode(&Sha256::digest(text.as_bytes())[..8])
}
