use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Mig24Queue, Mig24Shapes, ProfileTimestamp, TimestampConfig};

/// The whole configuration, after all layers.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the agent keeps its state, and how long it waits for the person.
    pub agent: AgentConfig,
    /// The local HTTP endpoint.
    pub endpoint: EndpointConfig,
    /// PKCS#11 modules named by path, besides those that discovery finds.
    pub modules: Vec<ModuleConfig>,
    /// Module discovery.
    pub discovery: DiscoveryConfig,
    /// The time stamping authority.
    pub timestamp: TimestampConfig,
    /// What verification trusts.
    pub verification: VerificationConfig,
    /// What is particular to single certificates.
    pub certificates: Vec<CertificatePolicy>,
    /// Applications that the administrator pairs.
    pub applications: Vec<ApplicationConfig>,
    /// Decisions that the person may have remembered.
    pub grants: GrantsConfig,
    /// iDocs profiles by name.
    pub idocs: BTreeMap<String, IdocsProfile>,
    /// MIG24 profiles by name.
    pub mig24: BTreeMap<String, Mig24Profile>,
    /// What the user may not change; counts in the system's files only.
    pub locked: LockedConfig,
    /// Directories of token profiles that replace and add to those that come with the agent, the lowest layer first.
    #[serde(skip)]
    pub profile_directories: Vec<PathBuf>,
}

/// `[locked]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LockedConfig {
    /// Keys with dots (`endpoint.listen`, `idocs.main`); a table locks all that is in it, `modules` the list of modules.
    pub keys: Vec<String>,
}

/// `[agent]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// The directory of the database and the spooled documents; the user's state directory when absent.
    pub state_dir: Option<PathBuf>,
    /// The directory of the socket and `endpoint.json`; the system's runtime directory when absent.
    pub runtime_dir: Option<PathBuf>,
    /// How long a question waits for the person, in seconds.
    pub question_timeout_seconds: u64,
    /// How long a token may take for one signature, in seconds, before its module counts as hung.
    pub signature_timeout_seconds: u64,
    /// Whether a desktop session without a prompter gets the page opened by the agent.
    pub open_page: bool,
    /// Whether it raises a desktop notification that opens the page, instead of opening the page itself.
    pub notify: bool,
    /// A pinentry program, absolute: it asks questions in the desktop's own dialogs too.
    pub pinentry: Option<PathBuf>,
    /// The language of texts where neither browser nor terminal says one: `ru`, `kk` or `en`.
    pub language: Option<String>,
}

impl LockedConfig {
    /// Whether the system keeps this key, or a table around it, from the user.
    pub fn covers(&self, key: &str) -> bool {
        self.keys.iter().any(|locked| {
            key.strip_prefix(locked.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            state_dir: None,
            runtime_dir: None,
            question_timeout_seconds: 600,
            signature_timeout_seconds: 30,
            open_page: true,
            notify: false,
            pinentry: None,
            language: None,
        }
    }
}

/// `[endpoint]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointConfig {
    /// Whether to listen on loopback TCP besides the socket.
    pub tcp: bool,
    /// The address and port; when absent 127.0.0.1:9482, else the first free of 9483–9499. One that is given and taken fails.
    pub listen: Option<SocketAddr>,
    /// The largest content in a JSON body, in bytes.
    pub max_json_bytes: usize,
    /// The largest document in a multipart body, in bytes.
    pub max_document_bytes: u64,
    /// How many requests an application may make each second, over ten seconds.
    pub requests_per_second: u32,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        Self {
            tcp: true,
            listen: None,
            max_json_bytes: 32 << 20,
            max_document_bytes: 64 << 30,
            requests_per_second: 30,
        }
    }
}

/// One of `[[modules]]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleConfig {
    /// The module's file, absolute; or a PKCS#11 URI with `module-path` (RFC 7512).
    pub path: PathBuf,
    /// The profile in `pkcs11-profiles` to use; recognised by the file name when absent.
    pub profile: Option<String>,
    /// Environment variables that the module needs (for instance `SOFTHSM2_CONF`).
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// `[discovery]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DiscoveryConfig {
    /// Whether modules are looked for besides `[[modules]]`.
    pub enabled: bool,
    /// Which module serves a token that several show, the best first: profiles, paths of modules or PKCS#11 URIs of modules.
    pub prefer: Vec<String>,
}

impl Default for DiscoveryConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            prefer: Vec::new(),
        }
    }
}

/// One of `[[applications]]`; the person sees it among the paired ones and may revoke it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationConfig {
    /// Its name, for the person.
    pub name: String,
    /// The web origin that its token is bound to.
    #[serde(default)]
    pub origin: Option<String>,
    /// The program that its token is bound to, absolute.
    #[serde(default)]
    pub executable: Option<PathBuf>,
    /// SHA-256 of its bearer token, in hex. The token itself stands nowhere here.
    pub token_sha256: String,
    /// What it may do, in the words of `POST /v1/pairings`.
    pub permissions: Vec<String>,
}

/// `[grants]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrantsConfig {
    /// How many signatures one remembered decision allows at most; 0 has every signature decided on its own.
    pub max_uses: u32,
    /// How long one remembered decision holds at most, in seconds.
    pub max_seconds: u64,
}

impl Default for GrantsConfig {
    fn default() -> Self {
        Self {
            max_uses: 1000,
            max_seconds: 8 * 3600,
        }
    }
}

/// One of `[[certificates]]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CertificatePolicy {
    /// SHA-256 of the certificate, in hex.
    pub fingerprint: String,
    /// Whether the certificate may be used without a person, with a PIN source.
    #[serde(default)]
    pub unattended: bool,
    /// RSASSA-PSS instead of PKCS#1 v1.5, for an RSA key.
    #[serde(default)]
    pub rsa_pss: bool,
    /// The digest of its signatures, where its key allows several: `sha256`, `sha384`, `sha512`.
    #[serde(default)]
    pub digest: Option<String>,
    /// Where its PIN comes from when the agent is to use it by itself; only with `unattended`.
    #[serde(default)]
    pub pin: Option<TokenSource>,
}

/// `[verification]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct VerificationConfig {
    /// Files of root certificates (PEM) that are trusted besides those that a request brings.
    pub roots: Vec<PathBuf>,
    /// Files of certificates (PEM) of authorities between roots and signers, for chains that a signature does not hold whole. They are trusted no more
    /// than those in a signature.
    pub intermediates: Vec<PathBuf>,
}

/// A profile of either service.
pub trait ServiceProfile: Clone {
    /// What the profiles of both services share.
    fn service(&self) -> &ServiceConfig;
}

/// What both services' profiles share.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ServiceConfig {
    /// The service's base URL.
    pub base_url: String,
    /// Where its bearer token comes from.
    pub token: TokenSource,
    /// The certificate that signs, a selector; the request may narrow it.
    #[serde(default)]
    pub certificate: Option<String>,
    /// The longest time for one request without an upload, in seconds.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u64,
    /// The longest time for a connection with name resolution and TLS, in seconds; never more than half of `timeout_seconds`.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout_seconds: u64,
    /// A file of additional CA certificates (PEM).
    #[serde(default)]
    pub extra_ca: Option<PathBuf>,
    /// A proxy URL.
    #[serde(default)]
    pub proxy: Option<String>,
    /// Whether the certificate chain goes into the signature.
    #[serde(default)]
    pub include_chain: bool,
    /// CMS without signed attributes (RFC 5652 section 5.4), for a service that takes nothing else.
    #[serde(default)]
    pub plain_cms: bool,
    /// Whether the signature gets a timestamp, and by which authority where not by that in `[timestamp]`.
    #[serde(default)]
    pub timestamp: ProfileTimestamp,
    /// How often and how fast a job's steps are begun again.
    #[serde(default)]
    pub retry: RetryConfig,
    /// How many days the documents of a job are kept after it has closed; 0 deletes them at once.
    #[serde(default)]
    pub keep_documents_days: u32,
}

impl ServiceConfig {
    /// A profile's shared part with the built-in values.
    pub fn new(base_url: impl Into<String>, token: TokenSource) -> Self {
        Self {
            base_url: base_url.into(),
            token,
            certificate: None,
            timeout_seconds: default_timeout(),
            connect_timeout_seconds: default_connect_timeout(),
            extra_ca: None,
            proxy: None,
            include_chain: false,
            plain_cms: false,
            timestamp: ProfileTimestamp::default(),
            retry: RetryConfig::default(),
            keep_documents_days: 0,
        }
    }
}

fn default_timeout() -> u64 {
    60
}

fn default_connect_timeout() -> u64 {
    10
}

/// `retry` of a profile; what is absent is as built in.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryConfig {
    /// The upper bound of the first delay, in seconds; it doubles with each failure.
    pub first_delay_seconds: Option<f64>,
    /// The upper bound of every delay that the service did not ask for, in seconds.
    pub longest_delay_seconds: Option<f64>,
    /// How many failures in a row a step may have before a person must look.
    pub failures: Option<u32>,
    /// How often the service is asked in vain what became of a step before a person must look.
    pub probe_failures: Option<u32>,
    /// How often a step that must happen once is repeated because the service says that it did not happen.
    pub repeats: Option<u32>,
    /// How long after a lost answer the service's word that the step did not happen is not believed yet, in seconds: the request may
    /// still be on its way, or being worked through. `timeout_seconds` of the profile when absent.
    pub settling_seconds: Option<f64>,
}

/// Where a secret comes from. The secret itself never stands in the configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TokenSource {
    /// An environment variable of the agent.
    Env(String),
    /// A file that only its owner can read (0600).
    File(PathBuf),
    /// A systemd credential (`LoadCredential=`).
    Credential(String),
    /// An entry of the user's keyring, under the service `tokensign`.
    Keyring(String),
}

/// One of `[idocs.<name>]`
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct IdocsProfile {
    /// Base URL, token, certificate, timeouts.
    #[serde(flatten)]
    pub service: ServiceConfig,
    /// The signature is detached unless this is set.
    #[serde(default)]
    pub attached: bool,
    /// Hosts besides the base URL's that a download link may lead to.
    #[serde(default)]
    pub download_hosts: Vec<String>,
    /// Sent as `requiredActionType` in a route's node when set.
    #[serde(default)]
    pub required_action_type: Option<String>,
    /// Where changes of documents are told; nothing is subscribed or listened for without it.
    #[serde(default)]
    pub webhooks: Option<WebhooksConfig>,
}

/// `[idocs.<name>.webhooks]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WebhooksConfig {
    /// The base URL of the service's webhooks, which have a host of their own.
    #[serde(default = "default_webhooks")]
    pub base_url: String,
    /// Where the bearer token for the subscription comes from.
    pub token: TokenSource,
    /// A loopback address to listen on for events, for a proxy of the operator's to lead to. Absent: nobody listens.
    #[serde(default)]
    pub listen: Option<SocketAddr>,
    /// Where the secret comes from that is the path of that listener: `/<secret>`.
    #[serde(default)]
    pub secret: Option<TokenSource>,
}

fn default_webhooks() -> String {
    "https://webhooks.idocs.kz/api/1/".to_owned()
}

impl ServiceProfile for IdocsProfile {
    fn service(&self) -> &ServiceConfig {
        &self.service
    }
}

/// One of `[mig24.<name>]`
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Mig24Profile {
    /// Base URL, token, certificate, timeouts.
    #[serde(flatten)]
    pub service: ServiceConfig,
    /// What the hashes of `prepare` are.
    #[serde(default)]
    pub hash_kind: HashKind,
    /// The machine-readable power of attorney (МЧД) of the signer, when the service needs one.
    #[serde(default)]
    pub mchd_info_id: Option<String>,
    /// The organisation's id at the service: the signer's power of attorney is then looked for among its employees.
    #[serde(default)]
    pub organization_id: Option<String>,
    /// Whether `hash_kind = "auto"` may take signed attributes too, besides content digests.
    #[serde(default)]
    pub accept_signed_attributes: bool,
    /// The organisation's message queues; none are consumed when absent.
    #[serde(default)]
    pub queue: Option<Mig24Queue>,
    /// What the vendor's guide leaves open about requests.
    #[serde(default)]
    pub shapes: Mig24Shapes,
}

impl ServiceProfile for Mig24Profile {
    fn service(&self) -> &ServiceConfig {
        &self.service
    }
}

/// What the hashes that MIG24's `prepare` returns are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HashKind {
    /// Digests of the documents; a detached CMS goes back.
    #[default]
    ContentDigest,
    /// Digests of signed attributes that the service built; a raw signature value goes back.
    SignedAttributesDigest,
    /// The signed attributes themselves; a raw signature value goes back.
    SignedAttributes,
    /// Told by the value: a content digest when it equals the file's, signed attributes when they check.
    Auto,
}
