use http::header::HOST;
use http::request::Parts;

use crate::endpoint::connection::{Connection, Transport};
use crate::messages::{Code, Fault};

/// Step 2: the target is in origin form, and `Host` comes once and is a loopback name with the right port (against DNS
/// rebinding). Gives the endpoint's own origin, as this caller's browser would write it.
pub(super) fn check(connection: &Connection, parts: &Parts) -> Result<String, Fault> {
    if let Some(named) = parts.uri.authority() {
        return Err(
            wrong("the request target names a host; only paths are served").arg("target_host", short(named.as_str()))
        );
    }
    if parts.uri.scheme().is_some() {
        return Err(wrong("the request target is no path"));
    }
    let mut hosts = parts.headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(wrong("Host comes exactly once"));
    };
    let host = host.to_str().map_err(|_| wrong("Host is not readable"))?;
    if !is_own(host, connection.transport) {
        return Err(wrong("Host is not this endpoint's address and port").arg("host", short(host)));
    }
    Ok(format!("http://{}", host.to_ascii_lowercase()))
}

fn is_own(host: &str, transport: Transport) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        // `[::1]` without a port.
        Some((_, port)) if port.ends_with(']') => (host, None),
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let loopback = name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]");
    match transport {
        // The socket has no port, and nobody but us can reach it; a name is all that is asked for.
        Transport::Unix => loopback,
        Transport::Tcp(bound) => {
            (loopback || name == bound.ip().to_string()) && port.is_some_and(|port| port == bound.port().to_string())
        }
    }
}

fn short(host: &str) -> String {
    host.chars().take(120).collect()
}

fn wrong(detail: &str) -> Fault {
    Fault::new(Code::WrongHost).detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_with_the_right_port() {
        let tcp = Transport::Tcp(([127, 0, 0, 1], 9482).into());
        for host in ["127.0.0.1:9482", "localhost:9482", "LOCALHOST:9482", "[::1]:9482"] {
            assert!(is_own(host, tcp), "{host}");
        }
        for host in [
            "",
            ":",
            "127.0.0.1",
            "127.0.0.1:",
            "127.0.0.1:9483",
            "127.0.0.1:09482",
            "127.0.0.1:+9482",
            "localhost",
            "localhost.:9482",
            "0.0.0.0:9482",
            "evil.example:9482",
            "127.0.0.1.evil.example:9482",
            "localhost:9482:9482",
            "user@localhost:9482",
            "[::1]",
            "127.1:9482",
            "2130706433:9482",
        ] {
            assert!(!is_own(host, tcp), "{host}");
        }
    }

    #[test]
    fn the_socket_asks_for_a_name_only() {
        assert!(is_own("localhost", Transport::Unix));
        assert!(is_own("127.0.0.1:1", Transport::Unix));
        assert!(!is_own("evil.example", Transport::Unix));
    }
}
