//! Which certificates a set holds. All people, companies and numbers are invented; the numbers have right check digits.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::distinguished_name::{Attribute, DistinguishedName};
use crate::identity_number::{inn_of_organisation, inn_of_person, kazakh, ogrn, snils};
use crate::x509::{DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, NON_REPUDIATION, SignerExtensions};

/// The kinds of keys in a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyType {
    /// RSA, 2048 bits
    #[serde(rename = "rsa-2048")]
    Rsa2048,
    /// RSA, 3072 bits
    #[serde(rename = "rsa-3072")]
    Rsa3072,
    /// RSA, 2048 bits, for PSS with SHA-256 and a salt of 32 bytes only (id-RSASSA-PSS with parameters)
    #[serde(rename = "rsa-pss-2048")]
    RsaPss2048,
    /// ECDSA on P-256
    #[serde(rename = "p-256")]
    P256,
    /// ECDSA on P-384
    #[serde(rename = "p-384")]
    P384,
    /// Ed25519
    Ed25519,
    /// GOST R 34.10-2012-256 on CryptoPro-A
    #[serde(rename = "gost-2012-256")]
    Gost256,
    /// GOST R 34.10-2012-512 on TC26 512-A
    #[serde(rename = "gost-2012-512")]
    Gost512,
    /// GOST 34.10-2015-256 of Kazakhstan, on TC26 256-A
    #[serde(rename = "kz-gost-2015-256")]
    KzGost256,
    /// GOST 34.10-2015-512 of Kazakhstan, on TC26 512-A
    #[serde(rename = "kz-gost-2015-512")]
    KzGost512,
}

impl KeyType {
    /// Whether the key and the signatures that it makes follow the Kazakh PKI: its identifiers, its order of bytes.
    pub fn is_kazakh_gost(self) -> bool {
        matches!(self, Self::KzGost256 | Self::KzGost512)
    }
}

/// What a certificate may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Signing documents
    Signature,
    /// Logging in; never documents
    Authentication,
}

/// One certificate to make.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) key_type: KeyType,
    pub(crate) subject: DistinguishedName,
    pub(crate) extensions: SignerExtensions,
    pub(crate) purpose: Purpose,
    pub(crate) validity: Validity,
    pub(crate) has_key: bool,
    /// The name whose CKA_ID the entry takes; its own unless two are to collide.
    pub(crate) id_of: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    Now,
    Expired,
    NotYet,
}

/// A key in the SoftHSM token for which no certificate exists.
pub(crate) const KEY_WITHOUT_CERTIFICATE: (&str, KeyType) = ("key-without-certificate", KeyType::P256);

const EMAIL_PROTECTION: &str = "1.3.6.1.5.5.7.3.4";
const CLIENT_AUTHENTICATION: &str = "1.3.6.1.5.5.7.3.2";
// Roles that the National Certification Authority of Kazakhstan writes into extended key usage.
const KZ_INDIVIDUAL: &str = "1.2.398.3.3.4.1.1";
const KZ_LEGAL_ENTITY: &str = "1.2.398.3.3.4.1.2";
const KZ_CHIEF_EXECUTIVE: &str = "1.2.398.3.3.4.1.2.1";
const KZ_EMPLOYEE: &str = "1.2.398.3.3.4.1.2.5";
const KZ_POLICY: &str = "1.2.398.3.3.2";
/// Class KC1 of signature tools, as Russian authorities name it
const RU_POLICY: &str = "1.2.643.100.113.1";

/// The certificates in the SoftHSM token. Every key type has at least one that is fit to sign.
pub(crate) fn softhsm() -> Vec<Entry> {
    let company = ("ТОО \"ВЫМЫШЛЕННАЯ КОМПАНИЯ\"", kazakh("20014000012"));
    vec![
        Entry::signer(
            "kz-director",
            KeyType::Rsa2048,
            kazakh_subject(["ВЫДУМАНОВ", "ПРИМЕР", "ОБРАЗЦОВИЧ"], "80051730012", Some(&company)),
            kazakh_extensions(&[KZ_LEGAL_ENTITY, KZ_CHIEF_EXECUTIVE]),
        ),
        Entry::signer(
            "kz-individual",
            KeyType::P256,
            kazakh_subject(["НЕБЫЛИЦИНА", "ЗАРЯ", "ПРИМЕРОВНА"], "91113040034", None),
            kazakh_extensions(&[KZ_INDIVIDUAL]),
        ),
        Entry::signer(
            "kz-employee",
            KeyType::Rsa3072,
            kazakh_subject(["ӘЛІППЕЕВ", "ҮЛГІ", "ТЕСТҰЛЫ"], "01020350056", Some(&company)),
            kazakh_extensions(&[KZ_LEGAL_ENTITY, KZ_EMPLOYEE]),
        ),
        Entry::signer(
            "kz-pss",
            KeyType::RsaPss2048,
            kazakh_subject(["СОЛЕВА", "МАСКА", "ТЕСТОВНА"], "93040540092", None),
            kazakh_extensions(&[KZ_INDIVIDUAL]),
        ),
        Entry::signer(
            "ru-legal",
            KeyType::P384,
            russian_organisation(["Вымыслов", "Образец", "Примерович"], 1, "ООО \"Вымысел\""),
            russian_extensions(),
        ),
        Entry::signer(
            "ru-person",
            KeyType::Ed25519,
            russian_person(["Невидимкина", "Проба", "Тестовна"], 2),
            russian_extensions(),
        ),
        Entry {
            validity: Validity::Expired,
            ..Entry::signer(
                "expired",
                KeyType::P256,
                kazakh_subject(["ПРОСРОЧЕНОВ", "ДАВНО", "ТЕСТОВИЧ"], "70010130078", None),
                kazakh_extensions(&[KZ_INDIVIDUAL]),
            )
        },
        Entry {
            validity: Validity::NotYet,
            ..Entry::signer(
                "not-yet-valid",
                KeyType::P256,
                kazakh_subject(["БУДУЩЕВ", "ЗАВТРА", "ТЕСТОВИЧ"], "71010130079", None),
                kazakh_extensions(&[KZ_INDIVIDUAL]),
            )
        },
        Entry {
            purpose: Purpose::Authentication,
            ..Entry::signer(
                "authentication-only",
                KeyType::P256,
                kazakh_subject(["ВХОДОВ", "ПАРОЛЬ", "ТЕСТОВИЧ"], "72010130080", None),
                SignerExtensions {
                    key_usage: DIGITAL_SIGNATURE | KEY_ENCIPHERMENT,
                    extended_key_usage: vec![CLIENT_AUTHENTICATION, KZ_INDIVIDUAL],
                    policy: KZ_POLICY,
                    sign_tools: false,
                },
            )
        },
        Entry {
            has_key: false,
            ..Entry::signer(
                "certificate-without-key",
                KeyType::P256,
                kazakh_subject(["БЕЗКЛЮЧЕВ", "ПУСТО", "ТЕСТОВИЧ"], "73010130081", None),
                kazakh_extensions(&[KZ_INDIVIDUAL]),
            )
        },
        Entry {
            id_of: "same-id",
            ..Entry::signer(
                "same-id-first",
                KeyType::Rsa2048,
                kazakh_subject(["БЛИЗНЕЦОВ", "ПЕРВЫЙ", "ТЕСТОВИЧ"], "74010130082", None),
                kazakh_extensions(&[KZ_INDIVIDUAL]),
            )
        },
        Entry {
            id_of: "same-id",
            ..Entry::signer(
                "same-id-second",
                KeyType::Rsa2048,
                kazakh_subject(["БЛИЗНЕЦОВ", "ВТОРОЙ", "ТЕСТОВИЧ"], "74010130083", None),
                kazakh_extensions(&[KZ_INDIVIDUAL]),
            )
        },
    ]
}

/// The certificates in the GOST token.
pub(crate) fn gost() -> Vec<Entry> {
    let kazakh_company = ("ТОО \"НОВЫЙ КЛЮЧ\"", kazakh("21054000034"));
    vec![
        Entry::signer(
            "gost-director",
            KeyType::Gost256,
            russian_organisation(["Макетов", "Эскиз", "Чертежович"], 3, "ООО \"Тестовая небылица\""),
            russian_extensions(),
        ),
        Entry::signer(
            "gost-person",
            KeyType::Gost256,
            russian_person(["Черновикова", "Заметка", "Листовна"], 4),
            russian_extensions(),
        ),
        Entry::signer(
            "gost-512",
            KeyType::Gost512,
            russian_organisation(["Половинкин", "Байт", "Битович"], 5, "ООО \"Длинный ключ\""),
            russian_extensions(),
        ),
        Entry::signer(
            "kz-gost-director",
            KeyType::KzGost512,
            kazakh_subject(
                ["НОВОКЛЮЧЕВ", "МАКЕТ", "ЭСКИЗОВИЧ"],
                "85061530090",
                Some(&kazakh_company),
            ),
            kazakh_extensions(&[KZ_LEGAL_ENTITY, KZ_CHIEF_EXECUTIVE]),
        ),
        Entry::signer(
            "kz-gost-individual",
            KeyType::KzGost256,
            kazakh_subject(["КОРОТКОВА", "КЛЮЧ", "БАЙТОВНА"], "92030440091", None),
            kazakh_extensions(&[KZ_INDIVIDUAL]),
        ),
    ]
}

impl Entry {
    fn signer(name: &'static str, key_type: KeyType, subject: DistinguishedName, extensions: SignerExtensions) -> Self {
        Self {
            name,
            key_type,
            subject,
            extensions,
            purpose: Purpose::Signature,
            validity: Validity::Now,
            has_key: true,
            id_of: name,
        }
    }

    /// Why the certificate cannot sign a document; `None` when it can.
    pub(crate) fn unusable_because(&self) -> Option<&'static str> {
        match self {
            Self { has_key: false, .. } => Some("its private key is not in the token"),
            Self {
                validity: Validity::Expired,
                ..
            } => Some("it has expired"),
            Self {
                validity: Validity::NotYet,
                ..
            } => Some("it is not valid yet"),
            Self {
                purpose: Purpose::Authentication,
                ..
            } => Some("it is for authentication only"),
            _ => None,
        }
    }
}

impl Validity {
    /// First and last moment, seen from `now`.
    pub(crate) fn period(self, now: OffsetDateTime) -> (OffsetDateTime, OffsetDateTime) {
        match self {
            // A day of slack for machines whose clocks differ.
            Self::Now => (now - Duration::days(1), now + Duration::days(365)),
            Self::Expired => (now - Duration::days(400), now - Duration::days(35)),
            Self::NotYet => (now + Duration::days(30), now + Duration::days(395)),
        }
    }
}

/// Surname, given name, patronymic.
type PersonName = [&'static str; 3];

/// As the National Certification Authority of Kazakhstan writes it.
fn kazakh_subject(person: PersonName, iin_stem: &str, company: Option<&(&str, String)>) -> DistinguishedName {
    let [surname, given, patronymic] = person;
    let name = DistinguishedName::default()
        .with(Attribute::CommonName, format!("{surname} {given}"))
        .with(Attribute::Surname, surname)
        .with(Attribute::SerialNumber, format!("IIN{}", kazakh(iin_stem)))
        .with(Attribute::Country, "KZ");
    let name = match company {
        Some((organisation, bin)) => name
            .with(Attribute::Organisation, *organisation)
            .with(Attribute::OrganisationalUnit, format!("BIN{bin}")),
        None => name,
    };
    name.with(Attribute::GivenName, patronymic)
}

/// A Russian natural person: personal INN and SNILS only.
fn russian_person(person: PersonName, number: u32) -> DistinguishedName {
    let [surname, given, patronymic] = person;
    DistinguishedName::default()
        .with(Attribute::Snils, snils(&format!("9000000{number:02}")))
        .with(Attribute::Inn, inn_of_person(&format!("99010000{number:02}")))
        .with(Attribute::Country, "RU")
        .with(Attribute::CommonName, format!("{surname} {given} {patronymic}"))
        .with(Attribute::GivenName, format!("{given} {patronymic}"))
        .with(Attribute::Surname, surname)
}

/// A Russian legal entity and the director who signs for it, as RFC 9215 section 5 and practice have it.
fn russian_organisation(person: PersonName, number: u32, organisation: &str) -> DistinguishedName {
    let [surname, given, patronymic] = person;
    DistinguishedName::default()
        .with(Attribute::Ogrn, ogrn(&format!("1249900000{number:02}")))
        .with(Attribute::Snils, snils(&format!("9000000{number:02}")))
        .with(Attribute::Inn, inn_of_person(&format!("99010000{number:02}")))
        .with(
            Attribute::InnOfOrganisation,
            inn_of_organisation(&format!("9902000{number:02}")),
        )
        .with(Attribute::Country, "RU")
        .with(Attribute::Locality, "г. Вымышленск")
        .with(Attribute::Organisation, organisation)
        .with(Attribute::CommonName, organisation)
        .with(Attribute::Title, "Генеральный директор")
        .with(Attribute::GivenName, format!("{given} {patronymic}"))
        .with(Attribute::Surname, surname)
}

fn kazakh_extensions(roles: &[&'static str]) -> SignerExtensions {
    SignerExtensions {
        key_usage: DIGITAL_SIGNATURE | NON_REPUDIATION,
        extended_key_usage: [&[EMAIL_PROTECTION], roles].concat(),
        policy: KZ_POLICY,
        sign_tools: false,
    }
}

fn russian_extensions() -> SignerExtensions {
    SignerExtensions {
        key_usage: DIGITAL_SIGNATURE | NON_REPUDIATION,
        // Russian certificates for signing carry both, so clientAuth alone says nothing against signing.
        extended_key_usage: vec![CLIENT_AUTHENTICATION, EMAIL_PROTECTION],
        policy: RU_POLICY,
        sign_tools: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_type_has_a_certificate_that_can_sign() {
        use KeyType::{Ed25519, Gost256, Gost512, KzGost256, KzGost512, P256, P384, Rsa2048, Rsa3072, RsaPss2048};
        let entries: Vec<Entry> = softhsm().into_iter().chain(gost()).collect();
        for key_type in [
            Rsa2048, Rsa3072, RsaPss2048, P256, P384, Ed25519, Gost256, Gost512, KzGost256, KzGost512,
        ] {
            let usable = |entry: &Entry| entry.key_type == key_type && entry.unusable_because().is_none();
            assert!(entries.iter().any(usable), "{key_type:?}");
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = softhsm().iter().chain(&gost()).map(|entry| entry.name).collect();
        names.sort_unstable();
        let number = names.len();
        names.dedup();
        assert_eq!(names.len(), number);
    }
}
