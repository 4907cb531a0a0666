use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::{Host, Url};

use super::{ApplicationConfig, Config, RetryConfig, ServiceConfig, TokenSource};
use crate::certificate::Pkcs11Uri;
use crate::messages::Language;

/// What a profile's table may hold. The shared part is flattened in the types, where serde cannot refuse unknown keys itself.
const SERVICE_KEYS: [&str; 12] = [
    "base_url",
    "certificate",
    "connect_timeout_seconds",
    "extra_ca",
    "include_chain",
    "keep_documents_days",
    "plain_cms",
    "proxy",
    "retry",
    "timeout_seconds",
    "timestamp",
    "token",
];
/// The longest delay that can be configured, in seconds.
const LONGEST_DELAY: f64 = 3600.0;
/// The longest name of an application, in characters; pairing has the same.
const LONGEST_NAME: usize = 80;
/// The longest time that documents can be kept, in days: ten years.
const MOST_DAYS: u32 = 3660;
const IDOCS_KEYS: [&str; 4] = ["attached", "download_hosts", "required_action_type", "webhooks"];
const MIG24_KEYS: [&str; 6] = [
    "accept_signed_attributes",
    "hash_kind",
    "mchd_info_id",
    "organization_id",
    "queue",
    "shapes",
];

/// A mistake and its place in the text.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) span: Range<usize>,
    pub(super) reason: String,
}

/// Looks for keys in the profiles that mean nothing.
pub(super) fn unknown_profile_keys(text: &str) -> Result<(), Mistake> {
    // What does not parse has been refused before.
    let Ok(document) = DeTable::parse(text) else {
        return Ok(());
    };
    for (service, own_keys) in [("idocs", &IDOCS_KEYS[..]), ("mig24", &MIG24_KEYS[..])] {
        let Some(DeValue::Table(profiles)) = document.get_ref().get(service).map(Spanned::get_ref) else {
            continue;
        };
        for profile in profiles.values() {
            let DeValue::Table(profile) = profile.get_ref() else {
                continue;
            };
            for key in profile.keys() {
                let name: &str = key.get_ref();
                if !SERVICE_KEYS.contains(&name) && !own_keys.contains(&name) {
                    let mut known: Vec<_> = SERVICE_KEYS.iter().chain(own_keys).copied().collect();
                    known.sort_unstable();
                    let reason = format!("unknown key `{name}`, expected one of {}", known.join(", "));
                    return Err(Mistake {
                        span: key.span(),
                        reason,
                    });
                }
            }
        }
    }
    Ok(())
}

/// Checks what the types do not say. The error names the key.
pub(super) fn check(config: &Config) -> Result<(), String> {
    let agent = &config.agent;
    for (key, path) in [
        ("agent.state_dir", &agent.state_dir),
        ("agent.runtime_dir", &agent.runtime_dir),
    ] {
        if let Some(path) = path {
            absolute(key, path)?;
        }
    }
    for (key, seconds) in [
        ("agent.question_timeout_seconds", agent.question_timeout_seconds),
        ("agent.signature_timeout_seconds", agent.signature_timeout_seconds),
        (
            "endpoint.requests_per_second",
            u64::from(config.endpoint.requests_per_second),
        ),
    ] {
        if seconds == 0 {
            return Err(format!("{key} is 0, at least 1 is needed"));
        }
    }
    if let Some(pinentry) = &agent.pinentry {
        absolute("agent.pinentry", pinentry)?;
    }
    if let Some(language) = &agent.language {
        language
            .parse::<Language>()
            .map_err(|error| format!("agent.language = {language:?} {error}"))?;
    }
    if let Some(listen) = config.endpoint.listen
        && !listen.ip().is_loopback()
    {
        return Err(format!(
            "endpoint.listen = {listen} is reachable from outside, only 127.0.0.1 or [::1] is allowed"
        ));
    }
    for module in &config.modules {
        // A PKCS#11 URI is read where modules are loaded.
        if !Pkcs11Uri::is_uri(&module.path.to_string_lossy()) {
            absolute("modules.path", &module.path)?;
        }
    }
    for certificate in &config.certificates {
        let fingerprint = &certificate.fingerprint;
        // The text is not repeated: it may contain a PIN.
        if Pkcs11Uri::is_uri(fingerprint) {
            return Err(
                "certificates.fingerprint is a PKCS#11 URI: another certificate may lie there tomorrow, so give its SHA-256 (tokensign certs)"
                    .to_owned(),
            );
        }
        if fingerprint.len() != 64 || !fingerprint.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(format!(
                "certificates.fingerprint = {fingerprint:?} is not 64 hexadecimal digits (SHA-256)"
            ));
        }
        if let Some(digest) = &certificate.digest
            && !["sha256", "sha384", "sha512"].contains(&digest.as_str())
        {
            return Err(format!(
                "certificates.digest = {digest:?} is none of sha256, sha384, sha512"
            ));
        }
    }
    for (key, files) in [
        ("verification.roots", &config.verification.roots),
        ("verification.intermediates", &config.verification.intermediates),
    ] {
        for file in files {
            absolute(key, file)?;
        }
    }
    for certificate in config.certificates.iter().filter(|certificate| !certificate.unattended) {
        if certificate.pin.is_some() {
            return Err("certificates.pin counts only with unattended = true".to_owned());
        }
    }
    for application in &config.applications {
        check_application(application)?;
    }
    for (name, profile) in &config.idocs {
        service(&format!("idocs.{name}"), name, &profile.service)?;
    }
    for (name, profile) in &config.mig24 {
        service(&format!("mig24.{name}"), name, &profile.service)?;
    }
    Ok(())
}

fn check_application(application: &ApplicationConfig) -> Result<(), String> {
    let hash = &application.token_sha256;
    if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("applications.token_sha256 is not 64 hexadecimal digits (SHA-256)".to_owned());
    }
    match (&application.origin, &application.executable) {
        (Some(_), None) | (None, Some(_)) => {}
        _ => return Err("applications names either origin or executable: what the token is bound to".to_owned()),
    }
    if let Some(executable) = &application.executable {
        absolute("applications.executable", executable)?;
    }
    if let Some(origin) = &application.origin {
        check_origin(origin)?;
    }
    let length = application.name.trim().chars().count();
    if !(1..=LONGEST_NAME).contains(&length) {
        return Err(format!(
            "applications.name has 1 to {LONGEST_NAME} characters, not {length}"
        ));
    }
    Ok(())
}

/// An origin as browsers send it (RFC 6454 section 6.2): anything else would never match.
fn check_origin(origin: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("applications.origin {origin:?} {what}"));
    let Ok(url) = Url::parse(origin) else {
        return wrong("is no origin; write it as https://app.example");
    };
    if !matches!(url.scheme(), "http" | "https") {
        // Extensions of browsers have schemes of their own.
        let is_plain = url.has_host() && matches!(url.path(), "" | "/") && !origin.ends_with('/');
        return if is_plain {
            Ok(())
        } else {
            wrong("is no origin; write it as https://app.example")
        };
    }
    let serialised = url.origin().ascii_serialization();
    if serialised == origin {
        return Ok(());
    }
    wrong(&format!("is never what a browser sends; write {serialised}"))
}

fn service(key: &str, name: &str, service: &ServiceConfig) -> Result<(), String> {
    // The name is a part of addresses and permissions (`idocs:<profile>:submit`).
    if !is_plain(name) {
        return Err(format!(
            "{key} is no name for a profile: it takes latin letters, digits, - and _"
        ));
    }
    let url = Url::parse(&service.base_url).map_err(|error| format!("{key}.base_url is not an address: {error}"))?;
    let on_this_machine = match url.host() {
        Some(Host::Domain(host)) => host == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if on_this_machine => {}
        _ => {
            return Err(format!(
                "{key}.base_url must begin with https://, the access key goes there"
            ));
        }
    }
    for (name, seconds) in [
        ("timeout_seconds", service.timeout_seconds),
        ("connect_timeout_seconds", service.connect_timeout_seconds),
    ] {
        if seconds == 0 {
            return Err(format!("{key}.{name} is 0, at least 1 second is needed"));
        }
    }
    if service.keep_documents_days > MOST_DAYS {
        return Err(format!("{key}.keep_documents_days is more than {MOST_DAYS}"));
    }
    retry(&format!("{key}.retry"), &service.retry)?;
    if let Some(proxy) = &service.proxy {
        let proxy = Url::parse(proxy).map_err(|error| format!("{key}.proxy is not an address: {error}"))?;
        if !matches!(proxy.scheme(), "http" | "https") {
            return Err(format!("{key}.proxy begins with neither http:// nor https://"));
        }
    }
    if let Some(path) = &service.extra_ca {
        absolute(&format!("{key}.extra_ca"), path)?;
    }
    if let Some(path) = &service.timestamp.roots {
        absolute(&format!("{key}.timestamp.roots"), path)?;
    }
    match &service.token {
        TokenSource::File(path) => absolute(&format!("{key}.token.file"), path)?,
        // It stands among the arguments of the program that reads the keyring, and in commands to copy.
        TokenSource::Keyring(entry) if !is_plain(entry) => {
            return Err(format!(
                "{key}.token.keyring = {entry:?} takes latin letters, digits, - and _"
            ));
        }
        TokenSource::Keyring(_) | TokenSource::Env(_) | TokenSource::Credential(_) => {}
    }
    Ok(())
}

fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !name.is_empty() && !name.starts_with('-') && name.bytes().all(plain)
}

fn retry(key: &str, retry: &RetryConfig) -> Result<(), String> {
    for (name, seconds) in [
        ("first_delay_seconds", retry.first_delay_seconds),
        ("longest_delay_seconds", retry.longest_delay_seconds),
        ("settling_seconds", retry.settling_seconds),
    ] {
        if seconds.is_some_and(|seconds| !(0.0..=LONGEST_DELAY).contains(&seconds)) {
            return Err(format!("{key}.{name} is not between 0 and {LONGEST_DELAY} seconds"));
        }
    }
    for (name, count) in [("failures", retry.failures), ("probe_failures", retry.probe_failures)] {
        if count == Some(0) {
            return Err(format!(
                "{key}.{name} is 0, the first failure is the least that ends a step"
            ));
        }
    }
    Ok(())
}

/// Paths are absolute: the agent and a command may be started in different directories.
fn absolute(key: &str, path: &Path) -> Result<(), String> {
    if path.is_absolute() {
        Ok(())
    } else {
        Err(format!("{key} = {path:?} is not an absolute path"))
    }
}
