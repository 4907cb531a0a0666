use std::fmt;
use std::path::PathBuf;

use pkcs11_profiles::Quirks;
use serde::Serialize;

use super::discovery::Origin;
use super::error::TokenError;
use super::pin::PinStatus;
use super::protocol::{KeyPresence, Library, TokenIdentity, TokenRecord};
use crate::certificate::{Certificate, Fingerprint};

/// What the fleet knows now. Immutable; a change makes a new one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Inventory {
    /// Every module, in the order of configuration and discovery.
    pub modules: Vec<ModuleStatus>,
    /// Every token in a slot, by module, then by reader and identity; one that several modules show only once.
    pub tokens: Vec<Token>,
}

impl Inventory {
    /// The token with that certificate. The first one when several tokens hold it.
    pub fn certificate(&self, fingerprint: Fingerprint) -> Option<(&Token, &TokenCertificate)> {
        self.certificates()
            .find(|(_, certificate)| certificate.fingerprint == fingerprint)
    }

    /// Every certificate with its token.
    pub fn certificates(&self) -> impl Iterator<Item = (&Token, &TokenCertificate)> {
        self.tokens
            .iter()
            .flat_map(|token| token.certificates.iter().map(move |certificate| (token, certificate)))
    }
}

/// A module and how it does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ModuleStatus {
    /// Its name for people: the profile's title, else the file's name.
    pub name: String,
    /// Its file, without symbolic links where it exists.
    pub path: PathBuf,
    /// The profile it is run by, if it belongs to a known family.
    pub profile: Option<String>,
    /// Why it is on the list.
    pub origin: Origin,
    /// How it does.
    pub state: ModuleState,
}

/// How a module does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ModuleState {
    /// Not asked yet: workers start when they are needed.
    Idle,
    /// It answers.
    Ready(Library),
    /// It failed the last time it was asked; it will be tried again.
    Failed(TokenError),
    /// It is set aside until a person releases it.
    Quarantined,
}

/// What tells a token from all others: its module, and what it says of itself. Never a slot number, which changes.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct TokenId {
    /// The module's file.
    pub module: PathBuf,
    /// `CK_TOKEN_INFO.serialNumber`; zeros or empty with some families.
    pub serial: String,
    /// `CK_TOKEN_INFO.model`
    pub model: String,
    /// `CK_TOKEN_INFO.manufacturerID`
    pub manufacturer: String,
    /// `CK_TOKEN_INFO.label`
    pub label: String,
}

impl TokenId {
    pub(super) fn new(module: PathBuf, identity: TokenIdentity) -> Self {
        Self {
            module,
            serial: identity.serial,
            model: identity.model,
            manufacturer: identity.manufacturer,
            label: identity.label,
        }
    }

    pub(super) fn identity(&self) -> TokenIdentity {
        TokenIdentity {
            serial: self.serial.clone(),
            model: self.model.clone(),
            manufacturer: self.manufacturer.clone(),
            label: self.label.clone(),
        }
    }
}

/// A token in a slot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Token {
    /// What tells it from others.
    pub id: TokenId,
    /// The module's name for people.
    pub module: String,
    /// The slot's description, which is the reader's name as a rule.
    pub reader: String,
    /// Its user PIN.
    pub pin: PinStatus,
    /// Every mechanism that it lists, by value (`CKM_…`).
    pub mechanisms: Vec<u64>,
    /// Its certificates, as stored, by `CKA_ID` and label: modules list them in any order, and in another one each time.
    pub certificates: Vec<TokenCertificate>,
    /// Keys that can be seen without the PIN and fit no certificate, by label.
    pub lone_keys: Vec<String>,
    /// Whether its serial number tells it from other tokens.
    pub serial_is_telling: bool,
    /// Other modules that show the same physical token, and no more of it.
    pub also_through: Vec<PathBuf>,
}

impl Token {
    pub(super) fn new(module: PathBuf, module_name: &str, quirks: &Quirks, record: TokenRecord) -> Self {
        let certificates = record.certificates.into_iter().map(|certificate| TokenCertificate {
            fingerprint: Fingerprint::of(&certificate.der),
            parsed: Certificate::from_der(&certificate.der).ok(),
            der: certificate.der,
            id: certificate.id,
            label: certificate.label,
            key: certificate.key,
        });
        let mut certificates: Vec<_> = certificates.collect();
        certificates.sort_by(|one, other| one.place().cmp(&other.place()));
        let mut lone_keys = record.lone_keys;
        lone_keys.sort();
        let serial = &record.identity.serial;
        Self {
            // Some families write zeros, or nothing, on every token.
            serial_is_telling: !quirks.serial_not_unique && serial.bytes().any(|byte| byte != b'0'),
            also_through: Vec::new(),
            id: TokenId::new(module, record.identity),
            module: module_name.to_owned(),
            reader: record.slot,
            pin: PinStatus::new(record.flags, record.pin_length, quirks),
            mechanisms: record.mechanisms,
            certificates,
            lone_keys,
        }
    }

    /// What it stands by among the tokens of its module.
    pub(super) fn place(&self) -> impl Ord + '_ {
        (&self.reader, &self.id)
    }
}

/// A certificate on a token, as read without a PIN.
#[derive(Clone, Eq, PartialEq)]
pub struct TokenCertificate {
    /// SHA-256 of `der`.
    pub fingerprint: Fingerprint,
    /// The certificate, byte for byte.
    pub der: Vec<u8>,
    /// `CKA_ID`
    pub id: Vec<u8>,
    /// `CKA_LABEL`
    pub label: String,
    /// Whether its private key is there.
    pub key: KeyPresence,
    parsed: Option<Certificate>,
}

impl TokenCertificate {
    /// The certificate, read; `None` where what is stored is none.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.parsed.as_ref()
    }

    /// What it stands by among the certificates of its token.
    fn place(&self) -> impl Ord + '_ {
        (&self.id, &self.label, &self.der)
    }
}

impl fmt::Debug for TokenCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCertificate")
            .field("fingerprint", &self.fingerprint)
            .field("label", &self.label)
            .field("id", &hex::encode(&self.id))
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
