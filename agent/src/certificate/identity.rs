//! Whose certificate it is, by the conventions of the Kazakh national authority and of Russian qualified certificates.

use serde::Serialize;

use super::name::{Name, attribute};

/// The holder, as the subject (and, for the e-mail address, subjectAltName) names them. A number is present only in its proper length, so that
/// comparing it with a service's record means something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// CN.
    pub common_name: Option<String>,
    /// O.
    pub organisation: Option<String>,
    /// KZ individual identification number, 12 digits (`serialNumber=IIN…`, also `UID=IIN…`).
    pub iin: Option<String>,
    /// KZ business identification number, 12 digits (`OU=BIN…`, also `UID=BIN…`).
    pub bin: Option<String>,
    /// RU taxpayer number of a natural person, 12 digits (1.2.643.3.131.1.1).
    pub inn: Option<String>,
    /// RU taxpayer number of a legal entity, 10 digits (1.2.643.100.4; in older certificates `00` and the number in the personal INN's place).
    pub inn_le: Option<String>,
    /// RU registration number of a legal entity, 13 digits (1.2.643.100.1).
    pub ogrn: Option<String>,
    /// RU registration number of a sole proprietor, 15 digits (1.2.643.100.5).
    pub ogrnip: Option<String>,
    /// RU insurance number, 11 digits (1.2.643.100.3).
    pub snils: Option<String>,
    /// SN.
    pub surname: Option<String>,
    /// GN; in Russia with the patronymic.
    pub given_name: Option<String>,
    /// The position held.
    pub title: Option<String>,
    /// C, two letters.
    pub country: Option<String>,
    /// The e-mail address, of the subject or of subjectAltName.
    pub email: Option<String>,
}

impl Identity {
    pub(super) fn read(subject: &Name, alternative_email: Option<String>) -> Self {
        let text = |oid| {
            subject
                .text(oid)
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let digits = |oid, length| text(oid).and_then(|text| number(&text, length));
        let personal_place = text(attribute::INN);
        let legal_entity_in_personal_place = personal_place
            .as_deref()
            .and_then(|text| match text.strip_prefix("00") {
                Some(rest) => number(rest, 10),
                None => number(text, 10),
            });
        Self {
            common_name: text(attribute::COMMON_NAME),
            organisation: text(attribute::ORGANISATION),
            iin: kazakh_number(subject, "IIN"),
            bin: kazakh_number(subject, "BIN"),
            inn: personal_place
                .filter(|_| legal_entity_in_personal_place.is_none())
                .and_then(|text| number(&text, 12)),
            inn_le: digits(attribute::INN_LE, 10).or(legal_entity_in_personal_place),
            ogrn: digits(attribute::OGRN, 13),
            ogrnip: digits(attribute::OGRNIP, 15),
            snils: text(attribute::SNILS).and_then(|text| number(&text.replace(['-', ' '], ""), 11)),
            surname: text(attribute::SURNAME),
            given_name: text(attribute::GIVEN_NAME),
            title: text(attribute::TITLE),
            country: text(attribute::COUNTRY).map(|country| country.to_uppercase()),
            email: text(attribute::EMAIL).or(alternative_email),
        }
    }
}

/// The 12 digits after `prefix` in one of the attributes where Kazakh authorities have put them.
fn kazakh_number(subject: &Name, prefix: &str) -> Option<String> {
    const PLACES: [super::asn1::Oid; 3] = [
        attribute::SERIAL_NUMBER,
        attribute::ORGANISATIONAL_UNIT,
        attribute::USER_ID,
    ];
    subject
        .attributes()
        .filter(|attribute| PLACES.contains(&attribute.oid))
        .find_map(|attribute| {
            let text = attribute.text.as_deref()?.trim();
            let (head, rest) = text.split_at_checked(prefix.len())?;
            if !head.eq_ignore_ascii_case(prefix) {
                return None;
            }
            number(rest.trim_start_matches([' ', ':', '-', '=']), 12)
        })
}

fn number(text: &str, length: usize) -> Option<String> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::name::tests::name;
    use super::*;

    #[test]
    fn kazakh_legal_entity() {
        let subject = name(&[
            (attribute::COMMON_NAME, "ТЕСТОВ ТЕСТ"),
            (attribute::SURNAME, "ТЕСТОВ"),
            (attribute::SERIAL_NUMBER, "IIN123456789011"),
            (attribute::COUNTRY, "KZ"),
            (attribute::ORGANISATION, "АО ТЕСТ"),
            (attribute::ORGANISATIONAL_UNIT, "Отдел продаж"),
            (attribute::ORGANISATIONAL_UNIT, "BIN123456789021"),
            (attribute::GIVEN_NAME, "ТЕСТОВИЧ"),
        ]);
        let identity = Identity::read(&subject, Some("a@example.kz".to_owned()));
        assert_eq!(identity.iin.as_deref(), Some("123456789011"));
        assert_eq!(identity.bin.as_deref(), Some("123456789021"));
        assert_eq!(identity.email.as_deref(), Some("a@example.kz"));
        assert_eq!((identity.inn, identity.inn_le), (None, None));
    }

    #[test]
    fn kazakh_numbers_in_uid() {
        let subject = name(&[
            (attribute::USER_ID, "iin:123456789011"),
            (attribute::USER_ID, "BIN123456789021"),
        ]);
        let identity = Identity::read(&subject, None);
        assert_eq!(
            (identity.iin.as_deref(), identity.bin.as_deref()),
            (Some("123456789011"), Some("123456789021"))
        );
    }

    #[test]
    fn russian_legal_entity_old_and_new() {
        let new = name(&[
            (attribute::INN, "771234567890"),
            (attribute::INN_LE, "7712345678"),
            (attribute::OGRN, "1027700132195"),
            (attribute::SNILS, "123-456-789 01"),
        ]);
        let identity = Identity::read(&new, None);
        assert_eq!(identity.inn.as_deref(), Some("771234567890"));
        assert_eq!(identity.inn_le.as_deref(), Some("7712345678"));
        assert_eq!(identity.ogrn.as_deref(), Some("1027700132195"));
        assert_eq!(identity.snils.as_deref(), Some("12345678901"));

        let old = Identity::read(&name(&[(attribute::INN, "007712345678")]), None);
        assert_eq!((old.inn, old.inn_le.as_deref()), (None, Some("7712345678")));
    }

    #[test]
    fn numbers_of_the_wrong_length_are_left_out() {
        let subject = name(&[
            (attribute::SERIAL_NUMBER, "IIN12345"),
            (attribute::OGRN, "12x"),
            (attribute::INN, "1"),
        ]);
        let identity = Identity::read(&subject, None);
        assert_eq!((identity.iin, identity.ogrn, identity.inn), (None, None, None));
    }
}
