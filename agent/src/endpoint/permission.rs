use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// What a paired application may do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Permission {
    /// Ask for signatures.
    Sign,
    /// Ask for authentication, which a person sees as such.
    Authenticate,
    /// List tokens and certificates.
    Certificates,
    /// Have signatures verified.
    Verify,
    /// Ask for signatures of digests whose content the agent does not see.
    RawHash,
    /// Have so many questions before the person at once; one without it.
    Questions(u8),
    /// A service, one profile of it or all (`*`), one class of calls.
    Service {
        service: Service,
        profile: String,
        class: Class,
    },
}

/// The services.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Service {
    Idocs,
    Mig24,
}

impl Service {
    /// The service that a job of this kind works with.
    pub(crate) fn of_job(kind: &str) -> Option<Self> {
        match kind.split_once('_')?.0 {
            "idocs" => Some(Self::Idocs),
            "mig24" => Some(Self::Mig24),
            _ => None,
        }
    }
}

/// Classes of calls to a service, from harmless to final. None implies another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Class {
    Read,
    Draft,
    Submit,
    Delete,
    /// Counterparties and invitations: with whom an organisation has to do.
    Counterparties,
}

/// The profile that stands for every profile.
const EVERY_PROFILE: &str = "*";

/// The most questions that one application may have before the person.
const MOST_QUESTIONS: u8 = 100;

/// A text that names no permission.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no permission; they are sign, authenticate, certificates, verify, raw_hash, questions:<2-100>, idocs:<profile|*>:<read|draft|submit|delete> and mig24:<profile|*>:<read|draft|submit|delete|counterparties>"
)]
pub(crate) struct UnknownPermission(String);

impl Permission {
    /// The permission for one class of calls with one profile.
    pub(crate) fn service(service: Service, profile: &str, class: Class) -> Self {
        Self::Service {
            service,
            profile: profile.to_owned(),
            class,
        }
    }

    /// Whether holding this is enough where `wanted` is asked for.
    pub(crate) fn covers(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (
                Self::Service {
                    service,
                    profile,
                    class,
                },
                Self::Service {
                    service: wanted_service,
                    profile: wanted_profile,
                    class: wanted_class,
                },
            ) => {
                service == wanted_service
                    && class == wanted_class
                    && (profile == EVERY_PROFILE || profile == wanted_profile)
            }
            _ => self == wanted,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sign => f.write_str("sign"),
            Self::Authenticate => f.write_str("authenticate"),
            Self::Certificates => f.write_str("certificates"),
            Self::Verify => f.write_str("verify"),
            Self::RawHash => f.write_str("raw_hash"),
            Self::Questions(most) => write!(f, "questions:{most}"),
            Self::Service {
                service,
                profile,
                class,
            } => {
                let service = match service {
                    Service::Idocs => "idocs",
                    Service::Mig24 => "mig24",
                };
                let class = match class {
                    Class::Read => "read",
                    Class::Draft => "draft",
                    Class::Submit => "submit",
                    Class::Delete => "delete",
                    Class::Counterparties => "counterparties",
                };
                write!(f, "{service}:{profile}:{class}")
            }
        }
    }
}

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        let unknown = || UnknownPermission(text.chars().take(80).collect());
        let mut parts = text.split(':');
        let (Some(head), rest) = (parts.next(), parts.collect::<Vec<_>>()) else {
            return Err(unknown());
        };
        match (head, rest.as_slice()) {
            ("sign", []) => Ok(Self::Sign),
            ("authenticate", []) => Ok(Self::Authenticate),
            ("certificates", []) => Ok(Self::Certificates),
            ("verify", []) => Ok(Self::Verify),
            ("raw_hash", []) => Ok(Self::RawHash),
            ("questions", [most]) => match most.parse() {
                // As it is written back.
                Ok(number) if (2..=MOST_QUESTIONS).contains::<u8>(&number) && number.to_string() == *most => {
                    Ok(Self::Questions(number))
                }
                _ => Err(unknown()),
            },
            ("idocs" | "mig24", [profile, class]) if is_profile(profile) => Ok(Self::Service {
                service: if head == "idocs" {
                    Service::Idocs
                } else {
                    Service::Mig24
                },
                profile: (*profile).to_owned(),
                class: match *class {
                    "read" => Class::Read,
                    "draft" => Class::Draft,
                    "submit" => Class::Submit,
                    "delete" => Class::Delete,
                    "counterparties" if head == "mig24" => Class::Counterparties,
                    _ => return Err(unknown()),
                },
            }),
            _ => Err(unknown()),
        }
    }
}

/// A profile's name as a permission may hold it.
fn is_profile(text: &str) -> bool {
    text == EVERY_PROFILE
        || (!text.is_empty()
            && text.len() <= 64
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
}

/// What [`FromStr`] takes, for the API's description.
const PATTERN: &str = r"^(sign|authenticate|certificates|verify|raw_hash|questions:([2-9]|[1-9][0-9]|100)|(idocs|mig24):(\*|[A-Za-z0-9._-]{1,64}):(read|draft|submit|delete)|mig24:(\*|[A-Za-z0-9._-]{1,64}):counterparties)$";

impl PartialSchema for Permission {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(PATTERN))
            .examples(["sign", "idocs:*:submit"])
            .into()
    }
}

impl ToSchema for Permission {}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn texts_come_back_as_they_were() {
        for text in [
            "sign",
            "raw_hash",
            "idocs:*:submit",
            "mig24:main:read",
            "mig24:main:counterparties",
            "questions:20",
        ] {
            assert_eq!(text.parse::<Permission>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn wrong_texts_are_refused() {
        for text in [
            "",
            "Sign",
            "sign:all",
            "idocs",
            "idocs:*",
            "idocs::read",
            "idocs:*:all",
            "idocs:*:counterparties",
            "idocs:a b:read",
            "smtp:*:read",
            "questions",
            "questions:1",
            "questions:101",
            "questions:+5",
        ] {
            assert!(text.parse::<Permission>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_permission_covers_its_own_profile_and_class_only() {
        let held = |text: &str| text.parse::<Permission>().unwrap();
        let wanted = Permission::service(Service::Idocs, "main", Class::Submit);
        assert!(held("idocs:main:submit").covers(&wanted));
        assert!(held("idocs:*:submit").covers(&wanted));
        assert!(!held("idocs:other:submit").covers(&wanted));
        assert!(!held("idocs:*:delete").covers(&wanted));
        assert!(!held("mig24:*:submit").covers(&wanted));
        assert!(!held("sign").covers(&wanted));
    }
}
