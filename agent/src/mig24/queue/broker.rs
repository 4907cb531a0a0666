//! Where the broker is, out of the configuration.

use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rustls_platform_verifier::{ConfigVerifierExt as _, Verifier};
use url::{Host, Url};

use crate::amqp::{Address, Credentials, Security};
use crate::config::Mig24Queue;
use crate::messages::{Code, Fault};
use crate::secrets;

const TLS_PORT: u16 = 5671;
const PLAIN_PORT: u16 = 5672;

/// The broker's address. The password is read anew each time, so that one that was replaced is taken up.
///
/// # Errors
/// `config_invalid`, `service_token_missing`.
pub(super) fn address(queue: &Mig24Queue) -> Result<Address, Fault> {
    let place = Place::parse(&queue.url)?;
    let security = if place.is_private {
        Security::Tls(Arc::new(tls(queue)?))
    } else {
        Security::Plain
    };
    Ok(Address {
        host: place.host,
        port: place.port,
        vhost: place.vhost,
        security,
        credentials: Credentials {
            user: queue.user.clone(),
            password: secrets::resolve(&queue.password)?,
        },
        heartbeat: Duration::from_secs(queue.heartbeat_seconds.max(2).into()),
    })
}

/// What a URL says (RabbitMQ URI specification).
#[derive(Debug, Eq, PartialEq)]
struct Place {
    host: String,
    port: u16,
    vhost: String,
    /// Whether the connection is protected by TLS.
    is_private: bool,
}

impl Place {
    fn parse(text: &str) -> Result<Self, Fault> {
        let url = Url::parse(text).map_err(|error| invalid(&format!("is no URL: {error}")))?;
        let is_private = match url.scheme() {
            "amqps" => true,
            "amqp" if is_loopback(&url) => false,
            "amqp" => return Err(invalid("must begin with amqps:// unless the broker is on this machine")),
            _ => return Err(invalid("must begin with amqps://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("must not hold user and password; they have keys of their own"));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| invalid("names no host"))?;
        // Nothing, or a bare slash, is the broker's first virtual host, whose name is a slash.
        let vhost = percent_decode_str(url.path().trim_start_matches('/'))
            .decode_utf8()
            .map_err(|_| invalid("has a virtual host that is not UTF-8"))?;
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port().unwrap_or(if is_private { TLS_PORT } else { PLAIN_PORT }),
            vhost: if vhost.is_empty() {
                "/".to_owned()
            } else {
                vhost.into_owned()
            },
            is_private,
        })
    }
}

/// URLs of schemes that the standard does not know keep their hosts as text.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// TLS with the system's authorities and the additional ones.
fn tls(queue: &Mig24Queue) -> Result<rustls::ClientConfig, Fault> {
    use rustls::pki_types::pem::PemObject as _;
    let unusable = |error: rustls::Error| invalid(&format!("no TLS can be made: {error}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let Some(path) = &queue.extra_ca else {
        return rustls::ClientConfig::with_platform_verifier().map_err(unusable);
    };
    let unreadable = |error: rustls::pki_types::pem::Error| {
        Fault::new(Code::ConfigInvalid)
            .arg("path", path.display())
            .arg("reason", format!("queue.extra_ca cannot be read: {error}"))
    };
    let authorities = rustls::pki_types::CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    let verifier = Verifier::new_with_extra_roots(authorities, Arc::clone(&provider)).map_err(unusable)?;
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .dangerous()
        // The platform's own verifier with more authorities: nothing is left unchecked.
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

fn invalid(reason: &str) -> Fault {
    Fault::new(Code::ConfigInvalid).arg("reason", format!("queue.url {reason}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_url_says_where_the_broker_is() {
        let place = |host: &str, port, vhost: &str, is_private| Place {
            host: host.to_owned(),
            port,
            vhost: vhost.to_owned(),
            is_private,
        };
        for (url, expected) in [
            ("amqps://mq.example/org-17", place("mq.example", 5671, "org-17", true)),
            ("amqps://mq.example:5673/a%2Fb", place("mq.example", 5673, "a/b", true)),
            ("amqps://mq.example", place("mq.example", 5671, "/", true)),
            ("amqp://127.0.0.1:40000/", place("127.0.0.1", 40000, "/", false)),
            ("amqp://localhost/%2F", place("localhost", 5672, "/", false)),
            ("amqp://[::1]/x", place("::1", 5672, "x", false)),
        ] {
            assert_eq!(Place::parse(url).unwrap(), expected, "{url}");
        }
        for url in [
            "mq.example",
            "https://mq.example/",
            "amqp://mq.example/",
            "amqps://u:p@mq.example/",
            "amqps:///x",
        ] {
            assert_eq!(Place::parse(url).unwrap_err().code(), Code::ConfigInvalid, "{url}");
        }
    }
}
