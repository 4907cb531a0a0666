//! How a person or a program says which certificate is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, Time};

use super::asn1::Oid;
use super::{Certificate, ExtendedKeyUsage, KeyLocation, Pkcs11Uri, Pkcs11UriError};

/// Selects certificates. Parsed from, shown as and serialised as text in one of these forms:
/// - at least eight hexadecimal digits: the beginning of the certificate's SHA-256 fingerprint;
/// - `pkcs11:…`: where it is (RFC 7512);
/// - filters, all of which must hold: `iin=`, `bin=`, `inn=` (of a person or an entity), `ogrn=` (also OGRNIP), `snils=`, `eku=` (an identifier
///   or a name such as `emailProtection`), `issuer~`, `subject~`, `org~` (text contained, in any letter case), `serial=` (hexadecimal), `token=`
///   (label, serial number or `pkcs11:…`), `valid_at=` (RFC 3339 date or instant), separated by commas; `\,` is a comma in a value;
/// - nothing, or `any`: every certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector {
    text: String,
    rule: Rule,
}

impl Selector {
    /// Selects every certificate.
    pub fn any() -> Self {
        Self {
            text: ANY.to_owned(),
            rule: Rule::Filters(Vec::new()),
        }
    }

    /// Selects exactly one certificate.
    pub fn exactly(certificate: &Certificate) -> Self {
        let digits = certificate.fingerprint().to_string();
        Self {
            text: digits.clone(),
            rule: Rule::Fingerprint(digits),
        }
    }

    /// Whether `certificate`, found at `location`, is selected.
    pub fn matches(&self, certificate: &Certificate, location: &KeyLocation<'_>) -> bool {
        match &self.rule {
            Rule::Fingerprint(prefix) => certificate.fingerprint().to_string().starts_with(prefix),
            Rule::Uri(uri) => uri.matches(location),
            Rule::Filters(filters) => filters.iter().all(|filter| filter.matches(certificate, location)),
        }
    }

    /// Whether every certificate is selected.
    pub fn is_any(&self) -> bool {
        matches!(&self.rule, Rule::Filters(filters) if filters.is_empty())
    }
}

/// Why text is not a selector.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SelectorError {
    /// None of the forms.
    #[error(
        "this selects no certificate: give at least 8 hexadecimal digits of its fingerprint, a pkcs11: URI, or filters such as iin=…,subject~…"
    )]
    Unrecognised,
    /// A filter that does not exist.
    #[error(
        "there is no filter {0}; filters are iin=, bin=, inn=, ogrn=, snils=, eku=, issuer~, subject~, org~, serial=, token=, valid_at="
    )]
    UnknownFilter(String),
    /// A filter's value is not of its kind.
    #[error("the value of {filter} must be {expected}")]
    Value {
        /// The filter.
        filter: &'static str,
        /// What it takes.
        expected: Expected,
    },
    /// A PKCS#11 URI that cannot be used.
    #[error(transparent)]
    Uri(#[from] Pkcs11UriError),
}

impl SelectorError {
    /// A stable word for the mistake, by which texts for people are chosen.
    pub fn mistake(&self) -> &'static str {
        match self {
            Self::Unrecognised => "unrecognised",
            Self::UnknownFilter(_) => "unknown-filter",
            Self::Value { expected, .. } => expected.mistake(),
            Self::Uri(error) => error.mistake(),
        }
    }

    /// The filter or attribute that it is about.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Unrecognised => None,
            Self::UnknownFilter(filter) => Some(filter),
            Self::Value { filter, .. } => Some(filter),
            Self::Uri(error) => error.name(),
        }
    }
}

/// What a filter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// IIN and BIN.
    TwelveDigits,
    /// INN of an entity or a person.
    TenOrTwelveDigits,
    /// OGRN or OGRNIP.
    ThirteenOrFifteenDigits,
    /// SNILS.
    ElevenDigits,
    /// A label or a serial number.
    Token,
    /// Part of a name.
    Text,
    /// An extended key usage.
    KeyUsage,
    /// A serial number.
    Hexadecimal,
    /// A date or an instant.
    Instant,
}

impl Expected {
    fn mistake(self) -> &'static str {
        match self {
            Self::TwelveDigits => "not-12-digits",
            Self::TenOrTwelveDigits => "not-10-or-12-digits",
            Self::ThirteenOrFifteenDigits => "not-13-or-15-digits",
            Self::ElevenDigits => "not-11-digits",
            Self::Token => "no-token",
            Self::Text => "no-text",
            Self::KeyUsage => "no-key-usage",
            Self::Hexadecimal => "not-hexadecimal",
            Self::Instant => "no-instant",
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TwelveDigits => "12 digits",
            Self::TenOrTwelveDigits => "10 or 12 digits",
            Self::ThirteenOrFifteenDigits => "13 or 15 digits",
            Self::ElevenDigits => "11 digits",
            Self::Token => "the token's label or serial number",
            Self::Text => "some text that the name contains",
            Self::KeyUsage => "an object identifier or a name such as emailProtection or clientAuth",
            Self::Hexadecimal => "the certificate's serial number in hexadecimal",
            Self::Instant => "a date such as 2026-01-31 or an RFC 3339 instant",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Rule {
    /// Lower-case hexadecimal digits.
    Fingerprint(String),
    Uri(Pkcs11Uri),
    Filters(Vec<Filter>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Filter {
    Iin(String),
    Bin(String),
    Inn(String),
    Ogrn(String),
    Snils(String),
    ExtendedKeyUsage(Oid),
    /// Lower case, like the two below.
    Issuer(String),
    Subject(String),
    Organisation(String),
    /// Lower-case hexadecimal digits without leading zeros.
    Serial(String),
    Token(String),
    TokenUri(Box<Pkcs11Uri>),
    ValidAt(OffsetDateTime),
}

impl Filter {
    fn matches(&self, certificate: &Certificate, location: &KeyLocation<'_>) -> bool {
        let identity = certificate.identity();
        let one_of =
            |wanted: &str, found: [&Option<String>; 2]| found.iter().any(|found| found.as_deref() == Some(wanted));
        match self {
            Self::Iin(iin) => identity.iin.as_ref() == Some(iin),
            Self::Bin(bin) => identity.bin.as_ref() == Some(bin),
            Self::Inn(inn) => one_of(inn, [&identity.inn, &identity.inn_le]),
            Self::Ogrn(ogrn) => one_of(ogrn, [&identity.ogrn, &identity.ogrnip]),
            Self::Snils(snils) => identity.snils.as_ref() == Some(snils),
            Self::ExtendedKeyUsage(purpose) => certificate
                .extended_key_usage()
                .is_some_and(|usage| usage.contains(*purpose)),
            Self::Issuer(part) => certificate.issuer().to_lowercase().contains(part),
            Self::Subject(part) => certificate.subject().to_lowercase().contains(part),
            Self::Organisation(part) => identity
                .organisation
                .as_ref()
                .is_some_and(|organisation| organisation.to_lowercase().contains(part)),
            Self::Serial(serial) => certificate.serial_hex().trim_start_matches('0') == serial,
            Self::Token(token) => location.token_label == token || location.token_serial == token,
            Self::TokenUri(uri) => uri.names_token(location),
            Self::ValidAt(at) => certificate.not_before() <= *at && *at <= certificate.not_after(),
        }
    }

    fn parse(text: &str) -> Result<Self, SelectorError> {
        let at = text.find(['=', '~']).ok_or(SelectorError::Unrecognised)?;
        let (name, operator, value) = (text[..at].trim(), &text[at..=at], text[at + 1..].trim());
        match (name, operator) {
            ("iin", "=") => digits("iin=", value, &[12], Expected::TwelveDigits).map(Self::Iin),
            ("bin", "=") => digits("bin=", value, &[12], Expected::TwelveDigits).map(Self::Bin),
            ("inn", "=") => digits("inn=", value, &[10, 12], Expected::TenOrTwelveDigits).map(Self::Inn),
            ("ogrn", "=") => digits("ogrn=", value, &[13, 15], Expected::ThirteenOrFifteenDigits).map(Self::Ogrn),
            ("snils", "=") => {
                digits("snils=", &value.replace(['-', ' '], ""), &[11], Expected::ElevenDigits).map(Self::Snils)
            }
            ("eku", "=") => purpose(value).map(Self::ExtendedKeyUsage),
            ("issuer", "~") => some_text("issuer~", value).map(Self::Issuer),
            ("subject", "~") => some_text("subject~", value).map(Self::Subject),
            ("org", "~") => some_text("org~", value).map(Self::Organisation),
            ("serial", "=") => serial(value).map(Self::Serial),
            ("token", "=") if Pkcs11Uri::is_uri(value) => Ok(Self::TokenUri(Box::new(value.parse()?))),
            ("token", "=") if !value.is_empty() => Ok(Self::Token(value.to_owned())),
            ("token", "=") => Err(SelectorError::Value {
                filter: "token=",
                expected: Expected::Token,
            }),
            ("valid_at", "=") => instant(value).map(Self::ValidAt),
            _ => Err(SelectorError::UnknownFilter(
                name.chars().take(32).chain(operator.chars()).collect(),
            )),
        }
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() || text == ANY || text == "*" {
            return Ok(Self::any());
        }
        if Pkcs11Uri::is_uri(text) {
            let uri: Pkcs11Uri = text.parse()?;
            return Ok(Self {
                text: uri.to_string(),
                rule: Rule::Uri(uri),
            });
        }
        if text.contains(['=', '~']) {
            let filters = split_filters(text)
                .iter()
                .map(|filter| Filter::parse(filter))
                .collect::<Result<_, _>>()?;
            return Ok(Self {
                text: text.to_owned(),
                rule: Rule::Filters(filters),
            });
        }
        let prefix: String = text
            .chars()
            .filter(|character| *character != ':')
            .collect::<String>()
            .to_ascii_lowercase();
        let is_prefix = (8..=64).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_prefix {
            return Err(SelectorError::Unrecognised);
        }
        Ok(Self {
            text: prefix.clone(),
            rule: Rule::Fingerprint(prefix),
        })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Selector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

const ANY: &str = "any";

/// Splits at commas; `\` takes the next character as it is.
fn split_filters(text: &str) -> Vec<String> {
    let mut filters = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ',' => filters.push(String::new()),
            '\\' => filters
                .last_mut()
                .into_iter()
                .for_each(|filter| filter.extend(characters.next())),
            _ => filters.last_mut().into_iter().for_each(|filter| filter.push(character)),
        }
    }
    filters.retain(|filter| !filter.trim().is_empty());
    filters
}

fn digits(filter: &'static str, value: &str, lengths: &[usize], expected: Expected) -> Result<String, SelectorError> {
    let fits = lengths.contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    if fits {
        Ok(value.to_owned())
    } else {
        Err(SelectorError::Value { filter, expected })
    }
}

fn some_text(filter: &'static str, value: &str) -> Result<String, SelectorError> {
    if value.is_empty() {
        return Err(SelectorError::Value {
            filter,
            expected: Expected::Text,
        });
    }
    Ok(value.to_lowercase())
}

fn purpose(value: &str) -> Result<Oid, SelectorError> {
    let named = ExtendedKeyUsage::NAMES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(value))
        .map(|(_, oid)| *oid);
    named.or_else(|| value.parse().ok()).ok_or(SelectorError::Value {
        filter: "eku=",
        expected: Expected::KeyUsage,
    })
}

fn serial(value: &str) -> Result<String, SelectorError> {
    let digits = value.replace(':', "").to_ascii_lowercase();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(SelectorError::Value {
            filter: "serial=",
            expected: Expected::Hexadecimal,
        });
    }
    Ok(digits.trim_start_matches('0').to_owned())
}

/// A date alone means noon UTC, which is that day in both countries.
fn instant(value: &str) -> Result<OffsetDateTime, SelectorError> {
    let noon = Time::MIDNIGHT + time::Duration::hours(12);
    OffsetDateTime::parse(value, &Rfc3339)
        .or_else(|_| {
            Date::parse(value, format_description!("[year]-[month]-[day]"))
                .map(|date| date.with_time(noon).assume_utc())
        })
        .map_err(|_| SelectorError::Value {
            filter: "valid_at=",
            expected: Expected::Instant,
        })
}
