use super::ChosenCertificate;
use crate::certificate::{Certificate, KeyLocation, Pkcs11Uri, Selector};
use crate::messages::{Code, Fault};

/// Which certificates may be used: those that the configuration allows, narrowed by the request.
#[derive(Clone, Debug)]
pub struct AllowedCertificates {
    configured: Selector,
    requested: Selector,
}

impl AllowedCertificates {
    /// Reads the configuration's selector and takes the request's.
    ///
    /// # Errors
    /// `config_invalid` when the configuration's is none.
    pub fn new(configured: Option<&str>, requested: Option<&Selector>) -> Result<Self, Fault> {
        let configured = configured
            .map_or_else(|| Ok(Selector::any()), str::parse)
            .map_err(|error| {
                Fault::new(Code::ConfigInvalid)
                    .arg("reason", format!("certificate: {error}"))
                    .detail("the profile's certificate selector cannot be read")
            })?;
        Ok(Self {
            configured,
            requested: requested.cloned().unwrap_or_else(Selector::any),
        })
    }

    /// The selector to look with. Filters of both are joined; a fingerprint or a URI in the request stands alone, and
    /// [`AllowedCertificates::check`] sees to the rest.
    pub fn selector(&self) -> Selector {
        if self.requested.is_any() {
            return self.configured.clone();
        }
        if is_uri(&self.configured) || is_uri(&self.requested) {
            return self.requested.clone();
        }
        format!("{},{}", self.configured, self.requested)
            .parse()
            .unwrap_or_else(|_| self.requested.clone())
    }

    /// Checks that the configuration allows the certificate that was found.
    ///
    /// # Errors
    /// `certificate_not_found` when it does not.
    pub fn check(&self, chosen: &ChosenCertificate) -> Result<Certificate, Fault> {
        let certificate = Certificate::from_der(&chosen.der).map_err(Fault::internal)?;
        if self.requested.is_any() {
            return Ok(certificate);
        }
        let uri: Pkcs11Uri = chosen.view.uri.parse().unwrap_or_default();
        if self.configured.matches(&certificate, &location(&uri)) {
            return Ok(certificate);
        }
        Err(Fault::new(Code::CertificateNotFound)
            .arg("selector", self.requested.to_string())
            .detail(format!(
                "the profile allows only certificates that fit {}; the one requested does not",
                self.configured
            )))
    }
}

fn is_uri(selector: &Selector) -> bool {
    selector.to_string().starts_with("pkcs11:")
}

/// The place that a key's own URI names.
fn location(uri: &Pkcs11Uri) -> KeyLocation<'_> {
    fn text(text: &Option<String>) -> &str {
        text.as_deref().unwrap_or_default()
    }
    KeyLocation {
        token_label: text(&uri.token),
        token_serial: text(&uri.serial),
        token_model: text(&uri.model),
        token_manufacturer: text(&uri.manufacturer),
        id: uri.id.as_deref().unwrap_or_default(),
        label: text(&uri.object),
        module_path: text(&uri.module_path),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn selector(configured: Option<&str>, requested: Option<&str>) -> String {
        let requested = requested.map(|text| text.parse().unwrap());
        AllowedCertificates::new(configured, requested.as_ref())
            .unwrap()
            .selector()
            .to_string()
    }

    #[test]
    fn the_request_narrows_the_configuration() {
        assert_eq!(selector(None, None), "any");
        assert_eq!(selector(Some("inn=7701234567"), None), "inn=7701234567");
        assert_eq!(selector(None, Some("token=a")), "token=a");
        let both: Selector = selector(Some("bin=123456789012"), Some("iin=210987654321"))
            .parse()
            .unwrap();
        assert_eq!(both.to_string(), "bin=123456789012,iin=210987654321");
        assert_eq!(
            selector(Some("bin=123456789012"), Some("0123456789abcdef")),
            "0123456789abcdef"
        );
    }

    #[test]
    fn a_selector_that_is_none_is_the_configurations_mistake() {
        let fault = AllowedCertificates::new(Some("nothing=1"), None).unwrap_err();
        assert_eq!(fault.code(), Code::ConfigInvalid);
    }
}
