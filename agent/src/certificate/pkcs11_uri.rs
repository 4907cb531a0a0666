//! PKCS#11 URIs (RFC 7512): how configuration, logs and people name a token and the objects on it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::KeyLocation;

/// A parsed PKCS#11 URI. Absent attributes match everything. Serialised as the URI.
///
/// A PIN never travels in a URI here, slots are not identified by their numbers (they change when a reader is plugged in), and attributes that are
/// not understood are refused, because ignoring one would widen what the URI selects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Pkcs11Uri {
    /// CK_TOKEN_INFO.label.
    pub token: Option<String>,
    /// CK_TOKEN_INFO.manufacturerID.
    pub manufacturer: Option<String>,
    /// CK_TOKEN_INFO.serialNumber.
    pub serial: Option<String>,
    /// CK_TOKEN_INFO.model.
    pub model: Option<String>,
    /// CKA_LABEL.
    pub object: Option<String>,
    /// CKA_CLASS.
    pub object_type: Option<ObjectType>,
    /// CKA_ID.
    pub id: Option<Vec<u8>>,
    /// The path of the module's file.
    pub module_path: Option<String>,
    /// The module's file name without `lib` and suffix.
    pub module_name: Option<String>,
}

/// The `type` attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectType {
    /// CKO_CERTIFICATE.
    Certificate,
    /// CKO_PRIVATE_KEY.
    PrivateKey,
    /// CKO_PUBLIC_KEY.
    PublicKey,
    /// CKO_SECRET_KEY.
    SecretKey,
    /// CKO_DATA.
    Data,
}

impl Pkcs11Uri {
    /// Whether a text begins as a PKCS#11 URI, in any letter case (RFC 3986 section 3.1): where a path or a name may stand as well.
    pub fn is_uri(text: &str) -> bool {
        rest_of(text).is_some()
    }

    /// Whether the URI names the token itself, at `location`: what is said of objects on it does not count.
    pub fn names_token(&self, location: &KeyLocation<'_>) -> bool {
        Self {
            object: None,
            object_type: None,
            id: None,
            ..self.clone()
        }
        .matches(location)
    }

    /// Whether the URI names a certificate, or the key pair of one, found at `location`.
    pub fn matches(&self, location: &KeyLocation<'_>) -> bool {
        let same = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        same(&self.token, location.token_label)
            && same(&self.manufacturer, location.token_manufacturer)
            && same(&self.serial, location.token_serial)
            && same(&self.model, location.token_model)
            && same(&self.object, location.label)
            && self.id.as_deref().is_none_or(|id| id == location.id)
            && !matches!(self.object_type, Some(ObjectType::SecretKey | ObjectType::Data))
            && self.names_module(location.module_path)
    }

    /// Whether the query attributes fit the module with that file.
    pub fn names_module(&self, file: &str) -> bool {
        self.module_path.as_deref().is_none_or(|path| path == file)
            && self
                .module_name
                .as_deref()
                .is_none_or(|name| Some(name) == module_name(file))
    }
}

/// Why text is not a PKCS#11 URI that can be used. The text itself is not repeated: it may contain a PIN.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Pkcs11UriError {
    /// Another scheme.
    #[error("a PKCS#11 URI begins with \"pkcs11:\"")]
    Scheme,
    /// `pin-value` or `pin-source`.
    #[error(
        "a PKCS#11 URI must not carry {0}; remove it and enter the PIN when asked, or configure a PIN source for the certificate"
    )]
    Pin(&'static str),
    /// An attribute without `=`.
    #[error("an attribute of the PKCS#11 URI has no value; write name=value, separated by \";\"")]
    NoValue,
    /// An attribute that names a slot.
    #[error("slots change their numbers; name the token by token= or serial= instead of {0}")]
    Slot(String),
    /// An attribute that is not understood.
    #[error("the PKCS#11 URI attribute {0} is not supported")]
    Unknown(String),
    /// An attribute given twice.
    #[error("the PKCS#11 URI gives {0} more than once")]
    Duplicate(String),
    /// `%` without two hexadecimal digits, or text that is not UTF-8.
    #[error("the value of the PKCS#11 URI attribute {0} is not valid percent-encoded text")]
    Encoding(String),
    /// A `type` that does not exist.
    #[error("the PKCS#11 URI attribute type is one of cert, private, public, secret-key, data")]
    Type,
}

impl Pkcs11UriError {
    /// A stable word for the mistake, by which texts for people are chosen.
    pub(super) fn mistake(&self) -> &'static str {
        match self {
            Self::Scheme => "uri-scheme",
            Self::Pin(_) => "uri-pin",
            Self::NoValue => "uri-no-value",
            Self::Slot(_) => "uri-slot",
            Self::Unknown(_) => "uri-unknown",
            Self::Duplicate(_) => "uri-duplicate",
            Self::Encoding(_) => "uri-encoding",
            Self::Type => "uri-type",
        }
    }

    /// The attribute that it is about.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Pin(name) => Some(name),
            Self::Slot(name) | Self::Unknown(name) | Self::Duplicate(name) | Self::Encoding(name) => Some(name),
            Self::Scheme | Self::NoValue | Self::Type => None,
        }
    }
}

impl FromStr for Pkcs11Uri {
    type Err = Pkcs11UriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = rest_of(text).ok_or(Pkcs11UriError::Scheme)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self::default();
        for attribute in path.split(';').filter(|attribute| !attribute.is_empty()) {
            uri.set_path_attribute(attribute)?;
        }
        for attribute in query.split('&').filter(|attribute| !attribute.is_empty()) {
            uri.set_query_attribute(attribute)?;
        }
        Ok(uri)
    }
}

impl Pkcs11Uri {
    fn set_path_attribute(&mut self, attribute: &str) -> Result<(), Pkcs11UriError> {
        let (name, value) = name_and_value(attribute)?;
        match name {
            "token" => set(&mut self.token, name, text(name, value)?),
            "manufacturer" => set(&mut self.manufacturer, name, text(name, value)?),
            "serial" => set(&mut self.serial, name, text(name, value)?),
            "model" => set(&mut self.model, name, text(name, value)?),
            "object" => set(&mut self.object, name, text(name, value)?),
            "id" => set(&mut self.id, name, octets(name, value)?),
            "type" | "object-type" => set(&mut self.object_type, name, ObjectType::parse(value)?),
            "slot-id" | "slot-description" | "slot-manufacturer" => Err(Pkcs11UriError::Slot(name.to_owned())),
            _ => Err(Pkcs11UriError::Unknown(shown(name))),
        }
    }

    /// Unknown query attributes do not narrow the selection, so they are ignored, as RFC 7512 section 2.4 has it.
    fn set_query_attribute(&mut self, attribute: &str) -> Result<(), Pkcs11UriError> {
        let (name, value) = name_and_value(attribute)?;
        match name {
            "module-path" => set(&mut self.module_path, name, text(name, value)?),
            "module-name" => set(&mut self.module_name, name, text(name, value)?),
            _ => Ok(()),
        }
    }
}

impl ObjectType {
    fn parse(value: &str) -> Result<Self, Pkcs11UriError> {
        match value {
            "cert" => Ok(Self::Certificate),
            "private" => Ok(Self::PrivateKey),
            "public" => Ok(Self::PublicKey),
            "secret-key" => Ok(Self::SecretKey),
            "data" => Ok(Self::Data),
            _ => Err(Pkcs11UriError::Type),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Certificate => "cert",
            Self::PrivateKey => "private",
            Self::PublicKey => "public",
            Self::SecretKey => "secret-key",
            Self::Data => "data",
        }
    }
}

impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = [
            ("token", &self.token),
            ("manufacturer", &self.manufacturer),
            ("serial", &self.serial),
            ("model", &self.model),
            ("object", &self.object),
        ];
        let mut parts: Vec<String> = path
            .iter()
            .filter_map(|(name, value)| {
                Some(format!(
                    "{name}={}",
                    percent_encode(value.as_ref()?.as_bytes(), ESCAPED)
                ))
            })
            .collect();
        parts.extend(
            self.object_type
                .map(|object_type| format!("type={}", object_type.name())),
        );
        parts.extend(self.id.as_ref().map(|id| {
            // Every octet of an id is encoded, printable or not (RFC 7512 section 2.3).
            id.iter()
                .fold("id=".to_owned(), |text, octet| format!("{text}%{octet:02X}"))
        }));
        write!(f, "{SCHEME}{}", parts.join(";"))?;
        let query = [("module-path", &self.module_path), ("module-name", &self.module_name)];
        let query: Vec<String> = query
            .iter()
            .filter_map(|(name, value)| {
                Some(format!(
                    "{name}={}",
                    percent_encode(value.as_ref()?.as_bytes(), ESCAPED)
                ))
            })
            .collect();
        if query.is_empty() {
            Ok(())
        } else {
            write!(f, "?{}", query.join("&"))
        }
    }
}

impl Serialize for Pkcs11Uri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pkcs11Uri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

const SCHEME: &str = "pkcs11:";

/// What follows the scheme.
fn rest_of(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(rest)
}

/// The attributes that bring a PIN along. The last one is an older tool's.
const PINS: [(&str, &str); 3] = [
    ("pin-value", "pin-value"),
    ("pin-source", "pin-source"),
    ("pinfile", "pin-source"),
];

/// Name and value of an attribute that brings no PIN. A name has no percent-encoding (RFC 7512 section 2.3); whoever decodes all the same must
/// not find a PIN behind it, nor whoever does not mind letter case.
fn name_and_value(attribute: &str) -> Result<(&str, &str), Pkcs11UriError> {
    let (name, value) = attribute.split_once('=').ok_or(Pkcs11UriError::NoValue)?;
    let decoded = percent_decode_str(name).decode_utf8_lossy();
    match PINS.iter().find(|(pin, _)| decoded.eq_ignore_ascii_case(pin)) {
        Some((_, told)) => Err(Pkcs11UriError::Pin(told)),
        None if name.contains('%') => Err(Pkcs11UriError::Unknown(shown(name))),
        None => Ok((name, value)),
    }
}

/// Everything but RFC 3986 unreserved characters and `/`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

fn set<T>(field: &mut Option<T>, name: &str, value: T) -> Result<(), Pkcs11UriError> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(Pkcs11UriError::Duplicate(name.to_owned())),
    }
}

fn text(name: &str, value: &str) -> Result<String, Pkcs11UriError> {
    String::from_utf8(octets(name, value)?).map_err(|_| Pkcs11UriError::Encoding(name.to_owned()))
}

fn octets(name: &str, value: &str) -> Result<Vec<u8>, Pkcs11UriError> {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'%' {
            octets.push(first);
            continue;
        }
        let mut octet = [0];
        let digits = tail.get(..2).ok_or_else(|| Pkcs11UriError::Encoding(name.to_owned()))?;
        hex::decode_to_slice(digits, &mut octet).map_err(|_| Pkcs11UriError::Encoding(name.to_owned()))?;
        octets.push(octet[0]);
        rest = &tail[2..];
    }
    Ok(octets)
}

/// An attribute name fit for an error message.
fn shown(name: &str) -> String {
    name.chars()
        .take(32)
        .filter(|character| !character.is_control())
        .collect()
}

/// `softhsm2` for `/usr/lib/softhsm/libsofthsm2.so` (RFC 7512 section 2.3).
fn module_name(path: &str) -> Option<&str> {
    let stem = Path::new(path).file_name()?.to_str()?.split('.').next()?;
    Some(stem.strip_prefix("lib").unwrap_or(stem))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn decodes_and_writes_back() {
        let uri: Pkcs11Uri =
            "pkcs11:token=%D0%A2%D0%BE%D0%BA%D0%B5%D0%BD%201;serial=00ff;id=%01%aB;type=cert?module-path=/usr/lib/librtpkcs11ecp.so"
                .parse()
                .unwrap();
        assert_eq!(uri.token.as_deref(), Some("Токен 1"));
        assert_eq!(uri.id.as_deref(), Some(&[0x01, 0xab][..]));
        assert_eq!(uri.object_type, Some(ObjectType::Certificate));
        assert_eq!(uri.to_string().parse::<Pkcs11Uri>().unwrap(), uri);
        assert!(uri.to_string().starts_with("pkcs11:token=%D0%A2"), "{uri}");
        assert_eq!("PKCS11:".parse::<Pkcs11Uri>().unwrap(), Pkcs11Uri::default());
    }

    #[test]
    fn never_takes_or_repeats_a_pin() {
        for text in [
            "pkcs11:token=a?pin-value=1234",
            "pkcs11:token=a;pin-value=1234",
            "pkcs11:?pin-source=file:/1234",
            "PKCS11:token=a?pin-value=1234",
            "pkcs11:token=a?PIN-Value=1234",
            "pkcs11:token=a?%70in-value=1234",
            "pkcs11:token=a;pin%2Dvalue=1234",
            "pkcs11:?module-path=/x.so&pin-%76alue=1234",
            "pkcs11:token=a;pinfile=1234",
        ] {
            let error = text.parse::<Pkcs11Uri>().unwrap_err();
            assert!(matches!(error, Pkcs11UriError::Pin(_)));
            assert!(!error.to_string().contains("1234"));
        }
    }

    #[test]
    fn refuses_what_it_would_have_to_ignore() {
        let error = |text: &str| text.parse::<Pkcs11Uri>().unwrap_err();
        assert_eq!(error("pkcs11:slot-id=3"), Pkcs11UriError::Slot("slot-id".to_owned()));
        assert_eq!(
            error("pkcs11:x-vendor=3"),
            Pkcs11UriError::Unknown("x-vendor".to_owned())
        );
        assert_eq!(error("pkcs11:id=%zz"), Pkcs11UriError::Encoding("id".to_owned()));
        assert_eq!(error("pkcs11:id=%4"), Pkcs11UriError::Encoding("id".to_owned()));
        assert_eq!(error("pkcs11:token=%FF"), Pkcs11UriError::Encoding("token".to_owned()));
        assert_eq!(
            error("pkcs11:token=a;token=b"),
            Pkcs11UriError::Duplicate("token".to_owned())
        );
        assert_eq!(error("pkcs11:token"), Pkcs11UriError::NoValue);
        assert_eq!(error("pkcs11:type=key"), Pkcs11UriError::Type);
        assert_eq!(error("http://x"), Pkcs11UriError::Scheme);
        assert!("pkcs11:token=a?x-vendor=1".parse::<Pkcs11Uri>().is_ok());
    }

    #[test]
    fn every_attribute_is_read_decoded_and_written_back() {
        let text = "pkcs11:token=a%3Bb%3Dc;manufacturer=M%C3%BC;serial=0%25;model=x%20y;object=k%26k;type=private;id=%00%FF\
            ?module-path=/opt/a%3Fb.so&module-name=a";
        let uri: Pkcs11Uri = text.parse().unwrap();
        assert_eq!(uri.token.as_deref(), Some("a;b=c"));
        assert_eq!(uri.manufacturer.as_deref(), Some("Mü"));
        assert_eq!(uri.serial.as_deref(), Some("0%"));
        assert_eq!(uri.model.as_deref(), Some("x y"));
        assert_eq!(uri.object.as_deref(), Some("k&k"));
        assert_eq!(uri.object_type, Some(ObjectType::PrivateKey));
        assert_eq!(uri.id.as_deref(), Some(&[0, 0xFF][..]));
        assert_eq!(uri.module_path.as_deref(), Some("/opt/a?b.so"));
        assert_eq!(uri.to_string(), text);
        // Attributes may come in any order, with empty ones between.
        let mixed: Pkcs11Uri = "Pkcs11:;id=%01;;token=a;?module-name=b&".parse().unwrap();
        assert_eq!(mixed, "pkcs11:token=a;id=%01?module-name=b".parse().unwrap());
        // The scheme's letter case does not matter, that of names and values does (RFC 3986 section 3.1, RFC 7512 section 2.3).
        assert!(Pkcs11Uri::is_uri("PKCS11:token=a") && Pkcs11Uri::is_uri("pKcS11:"));
        assert!(!Pkcs11Uri::is_uri("pkcs11") && !Pkcs11Uri::is_uri("/usr/lib/pkcs11:x"));
        assert_eq!("pkcs11:Token=a".parse::<Pkcs11Uri>().unwrap_err().name(), Some("Token"));
        assert_ne!(mixed, "pkcs11:token=A;id=%01?module-name=b".parse().unwrap());
    }

    #[test]
    fn a_token_is_named_whatever_is_said_of_its_objects() {
        let location = KeyLocation {
            token_label: "demo",
            id: &[1],
            ..KeyLocation::default()
        };
        let names = |text: &str| text.parse::<Pkcs11Uri>().unwrap().names_token(&location);
        assert!(names("pkcs11:token=demo") && names("pkcs11:token=demo;id=%02;type=data;object=x"));
        assert!(!names("pkcs11:token=other"));
    }

    #[test]
    fn matches_the_place() {
        let location = KeyLocation {
            token_label: "demo",
            token_serial: "1f",
            id: &[1],
            module_path: "/usr/lib/softhsm/libsofthsm2.so",
            ..KeyLocation::default()
        };
        let matches = |text: &str| text.parse::<Pkcs11Uri>().unwrap().matches(&location);
        assert!(matches("pkcs11:token=demo;id=%01;type=private?module-name=softhsm2"));
        assert!(matches("pkcs11:serial=1f"));
        assert!(!matches("pkcs11:token=demo;id=%02"));
        assert!(!matches("pkcs11:token=demo;type=data"));
        assert!(!matches("pkcs11:?module-name=softhsm"));
    }
}
