//! What a sandbox is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::bearer::BearerToken;
use super::behaviour::Behaviour;
use super::faults::FaultRule;

/// Everything a sandbox needs to know at its start.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// PEM file with the CAs whose RSA and ECDSA certificates are trusted.
    pub ca: PathBuf,
    /// PEM file with the CAs whose GOST certificates are trusted. None: GOST certificates are refused.
    pub gost_ca: Option<PathBuf>,
    /// An OpenSSL configuration that loads the GOST engine. None: the sandbox writes its own.
    pub openssl_conf: Option<PathBuf>,
    /// Where state is kept. None: in a temporary directory that goes with the sandbox.
    pub state_dir: Option<PathBuf>,
    /// The bearer token of iDocs. None: the one in `state_dir`, else a random one.
    pub idocs_token: Option<BearerToken>,
    /// The bearer token of MIG24. None: the one in `state_dir`, else a random one.
    pub mig24_token: Option<BearerToken>,
    /// The company that the iDocs token belongs to.
    pub company: Company,
    /// The organisation that the MIG24 token belongs to.
    pub organisation: Organisation,
    /// Who works there.
    pub people: People,
    /// How the services behave at the start and after a reset.
    pub behaviour: Behaviour,
    /// Faults in force at the start.
    pub faults: Vec<FaultRule>,
    /// The broker to which MIG24's events are published (`amqp://user:password@host:port/vhost`). None: to none.
    pub amqp_url: Option<String>,
}

impl SandboxConfig {
    /// A sandbox on a free loopback port that trusts `ca`, with a made-up company and nobody working there.
    pub fn new(ca: impl Into<PathBuf>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            ca: ca.into(),
            gost_ca: None,
            openssl_conf: None,
            state_dir: None,
            idocs_token: None,
            mig24_token: None,
            company: Company::default(),
            organisation: Organisation::default(),
            people: People::default(),
            behaviour: Behaviour::default(),
            faults: Vec::new(),
            amqp_url: None,
        }
    }
}

/// A Kazakhstani company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// BIN, twelve digits; an IIN for a sole proprietor.
    pub bin: String,
    /// The name.
    pub name: String,
}

impl Default for Company {
    fn default() -> Self {
        Self {
            bin: "123456789012".to_owned(),
            name: "ТОО «Песочница»".to_owned(),
        }
    }
}

impl Company {
    pub(crate) fn id(&self) -> Uuid {
        stable_id("company", &self.bin)
    }
}

/// A Russian organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// INN, ten digits.
    pub inn: String,
    /// KPP, nine digits.
    pub kpp: String,
    /// The name.
    pub name: String,
}

impl Default for Organisation {
    fn default() -> Self {
        Self {
            inn: "7700000000".to_owned(),
            kpp: "770001001".to_owned(),
            name: "ООО «Песочница»".to_owned(),
        }
    }
}

impl Organisation {
    pub(crate) fn id(&self) -> Uuid {
        stable_id("organisation", &self.inn)
    }
}

/// The people of both services: the content of the file given with `--people`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct People {
    /// Employees of the iDocs company.
    pub employees: Vec<Employee>,
    /// Users of the MIG24 organisation.
    pub users: Vec<User>,
}

/// An employee of the iDocs company.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Employee {
    /// The service's id. None: one derived from the IIN, the same at every start.
    pub id: Option<Uuid>,
    /// IIN, twelve digits.
    pub iin: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What they are in the company.
    pub position: String,
    /// E-mail address.
    pub email: String,
}

impl Employee {
    /// An employee known by the IIN alone.
    pub fn with_iin(iin: impl Into<String>) -> Self {
        Self {
            iin: iin.into(),
            ..Self::default()
        }
    }

    /// The service's id of this employee.
    pub fn employee_id(&self) -> Uuid {
        self.id.unwrap_or_else(|| stable_id("employee", &self.iin))
    }
}

/// A user of the MIG24 organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct User {
    /// The service's id. None: one derived from the SNILS, the same at every start.
    pub id: Option<Uuid>,
    /// SNILS, eleven digits.
    pub snils: String,
    /// Family name, given name, patronymic.
    pub full_name: String,
    /// What they are in the organisation.
    pub position: Option<String>,
    /// The name of the certificate's container at the service. None: the user is sent a link instead.
    pub cert_container_name: Option<String>,
    /// The id of a machine-readable power of attorney at the service.
    pub mchd_info_id: Option<String>,
}

impl User {
    /// The service's id of this user.
    pub fn user_id(&self) -> Uuid {
        self.id.unwrap_or_else(|| stable_id("user", &self.snils))
    }
}

/// An id that is the same at every start, so that a restarted sandbox knows its people again.
fn stable_id(kind: &str, name: &str) -> Uuid {
    let digest = Sha256::digest(format!("{kind}:{name}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
