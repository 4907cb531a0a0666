use url::{Host, Url};

use crate::messages::{Code, Fault};

/// A service's base URL: https, or http on loopback only, where no stranger listens on the way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Reads a base URL from the configuration.
    ///
    /// # Errors
    /// `config_invalid` when it is no URL, carries user, query or fragment, or would send the token in the clear.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let invalid = |reason: &str| {
            Fault::new(Code::ConfigInvalid)
                .arg("reason", reason)
                .detail(format!("base_url: {reason}"))
        };
        let mut url = Url::parse(text.trim()).map_err(|error| invalid(&format!("base_url is not a URL: {error}")))?;
        if url.cannot_be_a_base() || url.host_str().is_none() {
            return Err(invalid("base_url names no host"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("base_url has a user, a query or a fragment"));
        }
        if !is_private(&url) {
            return Err(invalid("base_url is neither https nor http on loopback"));
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self(url))
    }

    /// The URL of `path`, which begins with `/` and is relative to the base.
    pub(super) fn at(&self, path: &str) -> Result<Url, Fault> {
        self.0.join(path.trim_start_matches('/')).map_err(Fault::internal)
    }

    /// Resolves a link that the service gave.
    ///
    /// # Errors
    /// `service_unreadable` when it is no link.
    pub(super) fn resolve(&self, link: &str) -> Result<Url, Fault> {
        let url = self.0.join(link).map_err(|error| {
            Fault::new(Code::ServiceUnreadable).detail(format!("the service's link is not a URL: {error}"))
        })?;
        if url.host_str().is_none() {
            return Err(Fault::new(Code::ServiceUnreadable).detail("the service's link names no host"));
        }
        Ok(url)
    }

    /// The host, with the port where it is not the scheme's own.
    pub fn host(&self) -> String {
        authority(&self.0)
    }

    /// Whether `url` leads to the same scheme, host and port: only there the bearer token goes.
    pub(super) fn is_same_origin(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }

    /// Whether the base lies on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

/// Whether nobody on the way can read along.
pub(super) fn is_private(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => is_loopback(url),
        _ => false,
    }
}

/// The host, with the port where it is not the scheme's own.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn https_and_loopback_are_bases() {
        for text in [
            "https://service.example",
            "https://service.example:8443/edo",
            "http://127.0.0.1:9000",
            "http://[::1]:9000/",
            "http://localhost",
        ] {
            assert!(BaseUrl::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_base_that_would_leak_the_token_is_refused() {
        for text in [
            "http://service.example",
            "http://127.0.0.1.service.example",
            "ftp://service.example",
            "https://user:secret@service.example",
            "https://service.example/?a=b",
            "data:text/plain,x",
            "service.example",
        ] {
            assert_eq!(BaseUrl::parse(text).unwrap_err().code(), Code::ConfigInvalid, "{text}");
        }
    }

    #[test]
    fn paths_stay_below_the_base() {
        let base = BaseUrl::parse("https://service.example/edo").unwrap();
        assert_eq!(
            base.at("/api/v1").unwrap().as_str(),
            "https://service.example/edo/api/v1"
        );
        assert!(base.is_same_origin(&Url::parse("https://service.example:443/x").unwrap()));
        assert!(!base.is_same_origin(&Url::parse("https://service.example:444/x").unwrap()));
        assert!(!base.is_same_origin(&Url::parse("http://service.example/x").unwrap()));
    }
}
