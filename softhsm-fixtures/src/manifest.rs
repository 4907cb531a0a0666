//! What `fixtures.json` says. Paths are absolute.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::catalogue::{KeyType, Purpose};
use crate::pin::Pin;

/// The content of `fixtures.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// When the set was made, in seconds since 1970
    pub(crate) created: i64,
    /// The user PIN of every token
    pub(crate) pin: Pin,
    /// A file that holds it, readable by the owner only
    pub(crate) pin_file: PathBuf,
    pub(crate) ca: PathBuf,
    pub(crate) gost_ca: PathBuf,
    pub(crate) kz_gost_ca: PathBuf,
    pub(crate) gost_openssl_configuration: PathBuf,
    pub(crate) agent_configuration: PathBuf,
    pub(crate) tokens: Vec<Token>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) keys_without_certificate: Vec<KeyWithoutCertificate>,
}

/// A token of the set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// `CK_TOKEN_INFO.label`
    pub label: String,
    /// `CK_TOKEN_INFO.serialNumber`
    pub serial: String,
    /// The PKCS #11 module that shows it
    pub module: PathBuf,
    /// The token family, as the agent's profiles name it
    pub profile: String,
    /// Environment variables that the module needs
    pub env: BTreeMap<String, PathBuf>,
    /// The user PIN, the same in every token of the set
    pub pin: Pin,
}

/// A certificate of the set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Certificate {
    /// Its name in the catalogue, also the name of its files and its label in the token
    pub name: String,
    /// The label of the token that holds it
    pub token: String,
    /// `CKA_LABEL` of the certificate and its key
    pub label: String,
    /// `CKA_ID` in hexadecimal
    pub id: String,
    /// SHA-256 of the certificate, in lower-case hexadecimal
    pub fingerprint: String,
    /// The certificate in DER
    pub der: PathBuf,
    /// The certificate in PEM
    pub pem: PathBuf,
    /// The trust anchors that it is issued under
    pub ca: PathBuf,
    /// The kind of its key
    pub key_type: KeyType,
    /// The subject for people
    pub subject: String,
    /// Who the subject is
    #[serde(flatten)]
    pub identity: Identity,
    /// What it is for
    pub purpose: Purpose,
    /// Whether it can sign a document
    pub usable: bool,
    /// Why it cannot
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unusable_because: Option<String>,
}

/// The identity numbers in a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Kazakhstan: individual identification number, 12 digits
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iin: Option<String>,
    /// Kazakhstan: business identification number, 12 digits
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bin: Option<String>,
    /// Russia: taxpayer number of the person, 12 digits
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inn: Option<String>,
    /// Russia: taxpayer number of the organisation, 10 digits
    #[serde(skip_serializing_if = "Option::is_none")]
    pub innle: Option<String>,
    /// Russia: registration number of the organisation, 13 digits
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ogrn: Option<String>,
    /// Russia: insurance number of the person, 11 digits
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snils: Option<String>,
}

/// A key in a token for which no certificate exists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyWithoutCertificate {
    /// The label of the token that holds it
    pub token: String,
    /// `CKA_LABEL`
    pub label: String,
    /// `CKA_ID` in hexadecimal
    pub id: String,
    /// The kind of key
    pub key_type: KeyType,
}
