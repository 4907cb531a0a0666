//! Subjects and issuers in the shape that Kazakh and Russian authorities write.

use crate::der;

/// A distinguished name: attributes in the order of the encoding, one a relative name.
#[derive(Clone, Debug, Default)]
pub(crate) struct DistinguishedName(Vec<(Attribute, String)>);

/// The attributes in use, each with the string type that the authorities give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    CommonName,
    Surname,
    GivenName,
    Title,
    Country,
    Locality,
    Organisation,
    OrganisationalUnit,
    /// In Kazakhstan `IIN` and the number.
    SerialNumber,
    /// Russian attributes: RFC 9215 section 5
    Inn,
    InnOfOrganisation,
    Ogrn,
    Snils,
}

impl DistinguishedName {
    pub(crate) fn with(mut self, attribute: Attribute, value: impl Into<String>) -> Self {
        self.0.push((attribute, value.into()));
        self
    }

    pub(crate) fn to_der(&self) -> Vec<u8> {
        let names: Vec<Vec<u8>> = self
            .0
            .iter()
            .map(|(attribute, value)| {
                let value = der::tlv(attribute.string_tag(), &[value.as_bytes()]);
                der::set_of_one(&der::sequence(&[&der::oid(attribute.oid()), &value]))
            })
            .collect();
        der::sequence(&names.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    /// The name for people: `CN=…, O=…` in the order of the encoding.
    pub(crate) fn to_text(&self) -> String {
        let parts: Vec<String> = self
            .0
            .iter()
            .map(|(attribute, value)| format!("{}={value}", attribute.short_name()))
            .collect();
        parts.join(", ")
    }

    pub(crate) fn value(&self, attribute: Attribute) -> Option<&str> {
        self.0
            .iter()
            .find(|(candidate, _)| *candidate == attribute)
            .map(|(_, value)| value.as_str())
    }
}

impl Attribute {
    fn oid(self) -> &'static str {
        match self {
            Self::CommonName => "2.5.4.3",
            Self::Surname => "2.5.4.4",
            Self::SerialNumber => "2.5.4.5",
            Self::Country => "2.5.4.6",
            Self::Locality => "2.5.4.7",
            Self::Organisation => "2.5.4.10",
            Self::OrganisationalUnit => "2.5.4.11",
            Self::Title => "2.5.4.12",
            Self::GivenName => "2.5.4.42",
            Self::Inn => "1.2.643.3.131.1.1",
            Self::InnOfOrganisation => "1.2.643.100.4",
            Self::Ogrn => "1.2.643.100.1",
            Self::Snils => "1.2.643.100.3",
        }
    }

    fn short_name(self) -> &'static str {
        match self {
            Self::CommonName => "CN",
            Self::Surname => "SN",
            Self::SerialNumber => "serialNumber",
            Self::Country => "C",
            Self::Locality => "L",
            Self::Organisation => "O",
            Self::OrganisationalUnit => "OU",
            Self::Title => "title",
            Self::GivenName => "GN",
            Self::Inn => "INN",
            Self::InnOfOrganisation => "INNLE",
            Self::Ogrn => "OGRN",
            Self::Snils => "SNILS",
        }
    }

    fn string_tag(self) -> u8 {
        const UTF8_STRING: u8 = 0x0c;
        const NUMERIC_STRING: u8 = 0x12;
        const PRINTABLE_STRING: u8 = 0x13;
        match self {
            Self::Country | Self::SerialNumber => PRINTABLE_STRING,
            Self::Inn | Self::InnOfOrganisation | Self::Ogrn | Self::Snils => NUMERIC_STRING,
            _ => UTF8_STRING,
        }
    }
}
