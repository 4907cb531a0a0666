//! keyUsage, extKeyUsage and the roles that the Kazakh national authority expresses through them.

use serde::Serialize;
use x509_parser::extensions as x509;

use super::asn1::Oid;
use super::extensions::parsed;

/// The keyUsage bits (RFC 5280 section 4.2.1.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct KeyUsage {
    /// Bit 0: signatures other than on certificates and revocation lists.
    pub digital_signature: bool,
    /// Bit 1, also called contentCommitment: signatures that bind the holder.
    pub non_repudiation: bool,
    /// Bit 2.
    pub key_encipherment: bool,
    /// Bit 3.
    pub data_encipherment: bool,
    /// Bit 4.
    pub key_agreement: bool,
    /// Bit 5: signatures on certificates.
    pub key_cert_sign: bool,
    /// Bit 6: signatures on revocation lists.
    pub crl_sign: bool,
}

impl KeyUsage {
    /// Reads the extension's value.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let usage: x509::KeyUsage = parsed(value)?;
        Some(Self {
            digital_signature: usage.digital_signature(),
            non_repudiation: usage.non_repudiation(),
            key_encipherment: usage.key_encipherment(),
            data_encipherment: usage.data_encipherment(),
            key_agreement: usage.key_agreement(),
            key_cert_sign: usage.key_cert_sign(),
            crl_sign: usage.crl_sign(),
        })
    }
}

/// The extKeyUsage purposes (RFC 5280 section 4.2.1.12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ExtendedKeyUsage(Vec<Oid>);

impl ExtendedKeyUsage {
    /// id-kp-serverAuth.
    pub const SERVER_AUTH: Oid = Oid::literal("1.3.6.1.5.5.7.3.1");
    /// id-kp-clientAuth.
    pub const CLIENT_AUTH: Oid = Oid::literal("1.3.6.1.5.5.7.3.2");
    /// id-kp-codeSigning.
    pub const CODE_SIGNING: Oid = Oid::literal("1.3.6.1.5.5.7.3.3");
    /// id-kp-emailProtection.
    pub const EMAIL_PROTECTION: Oid = Oid::literal("1.3.6.1.5.5.7.3.4");
    /// id-kp-timeStamping.
    pub const TIME_STAMPING: Oid = Oid::literal("1.3.6.1.5.5.7.3.8");
    /// id-kp-OCSPSigning.
    pub const OCSP_SIGNING: Oid = Oid::literal("1.3.6.1.5.5.7.3.9");
    /// Microsoft smart-card logon.
    pub const SMART_CARD_LOGON: Oid = Oid::literal("1.3.6.1.4.1.311.20.2.2");
    /// anyExtendedKeyUsage.
    pub const ANY: Oid = Oid::literal("2.5.29.37.0");

    /// The names that a selector may use for the common purposes.
    pub(super) const NAMES: [(&'static str, Oid); 7] = [
        ("serverAuth", Self::SERVER_AUTH),
        ("clientAuth", Self::CLIENT_AUTH),
        ("codeSigning", Self::CODE_SIGNING),
        ("emailProtection", Self::EMAIL_PROTECTION),
        ("timeStamping", Self::TIME_STAMPING),
        ("OCSPSigning", Self::OCSP_SIGNING),
        ("smartCardLogon", Self::SMART_CARD_LOGON),
    ];

    /// Reads the extension's value; purposes too long to be held are left out.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let usage: x509::ExtendedKeyUsage<'_> = parsed(value)?;
        let well_known = [
            (usage.any, Self::ANY),
            (usage.server_auth, Self::SERVER_AUTH),
            (usage.client_auth, Self::CLIENT_AUTH),
            (usage.code_signing, Self::CODE_SIGNING),
            (usage.email_protection, Self::EMAIL_PROTECTION),
            (usage.time_stamping, Self::TIME_STAMPING),
            (usage.ocsp_signing, Self::OCSP_SIGNING),
        ];
        let listed = well_known.into_iter().filter(|(listed, _)| *listed).map(|(_, oid)| oid);
        let others = usage.other.iter().flat_map(|oid| Oid::from_content(oid.as_bytes()));
        Some(Self(listed.chain(others).collect()))
    }

    /// Whether `purpose` is listed.
    pub fn contains(&self, purpose: Oid) -> bool {
        self.0.contains(&purpose)
    }

    /// The purposes, the well-known ones first.
    pub fn purposes(&self) -> &[Oid] {
        &self.0
    }

    /// The purposes that are roles.
    pub fn roles(&self) -> Vec<Role> {
        self.0.iter().filter_map(|oid| Role::from_oid(*oid)).collect()
    }
}

/// A role that the Kazakh national authority writes into extKeyUsage (1.2.398.3.3.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 1.2.398.3.3.4.1.1: a natural person.
    Individual,
    /// 1.2.398.3.3.4.1.2: acts for a legal entity.
    LegalEntity,
    /// 1.2.398.3.3.4.1.2.1: its first head, with the right to sign.
    ChiefExecutive,
    /// 1.2.398.3.3.4.1.2.2: a person with the right to sign.
    SigningRight,
    /// 1.2.398.3.3.4.1.2.3: a person with the right to sign financial documents.
    FinancialSigningRight,
    /// 1.2.398.3.3.4.1.2.4: personnel department.
    HumanResources,
    /// 1.2.398.3.3.4.1.2.5: an employee.
    Employee,
    /// 1.2.398.3.3.4.1.2.6: an information system of a legal entity.
    InformationSystem,
}

impl Role {
    fn from_oid(oid: Oid) -> Option<Self> {
        ROLES
            .iter()
            .find(|(role_oid, _)| *role_oid == oid)
            .map(|(_, role)| *role)
    }
}

const ROLES: [(Oid, Role); 8] = [
    (Oid::literal("1.2.398.3.3.4.1.1"), Role::Individual),
    (Oid::literal("1.2.398.3.3.4.1.2"), Role::LegalEntity),
    (Oid::literal("1.2.398.3.3.4.1.2.1"), Role::ChiefExecutive),
    (Oid::literal("1.2.398.3.3.4.1.2.2"), Role::SigningRight),
    (Oid::literal("1.2.398.3.3.4.1.2.3"), Role::FinancialSigningRight),
    (Oid::literal("1.2.398.3.3.4.1.2.4"), Role::HumanResources),
    (Oid::literal("1.2.398.3.3.4.1.2.5"), Role::Employee),
    (Oid::literal("1.2.398.3.3.4.1.2.6"), Role::InformationSystem),
];
