use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::endpoint::problem::{self, ProblemSchema};
use crate::messages::Localizer;
use crate::token::{Family, Presence, ReaderStatus, ReadersError};

/// A smart card reader.
#[derive(Serialize, ToSchema)]
#[schema(as = Reader)]
pub(crate) struct ReaderResource {
    /// Its name.
    name: String,
    /// The card's answer to reset, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    atr: Option<String>,
    state: ReaderWord,
    /// The families that the card may belong to, where no module shows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    families: Vec<FamilyResource>,
    /// The module that should show the card and does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    /// The programs that may hold the card; for the person only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    holders: Vec<HolderResource>,
    /// What is wrong with the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemSchema>)]
    fault: Option<Value>,
}

/// What becomes of the card in a reader.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReaderWord {
    /// There is none.
    Empty,
    /// A module shows it as a token.
    Served,
    /// Another program holds it for itself.
    Held,
    /// It does not answer.
    Mute,
    /// The reader cannot be used now.
    Unavailable,
    /// It keeps keys for other programs and cannot sign by itself.
    CannotSign,
    /// It is known, and its module is not installed.
    DriverMissing,
    /// Its module is there and does not show it.
    NotSeen,
    /// Nothing is known to serve it.
    Unknown,
}

/// A token family.
#[derive(Serialize, ToSchema)]
#[schema(as = Family)]
pub(crate) struct FamilyResource {
    /// Its profile.
    profile: String,
    /// Its name for people.
    title: String,
    /// What to install on this system.
    install: Vec<InstallResource>,
    /// What else there is to know, in the caller's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Something to install.
#[derive(Serialize, ToSchema)]
#[schema(as = Install)]
pub(crate) struct InstallResource {
    /// By the name under which it is found.
    what: String,
    /// The address of a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// The command that installs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

/// A program that speaks to the reader service.
#[derive(Serialize, ToSchema)]
#[schema(as = Holder)]
pub(crate) struct HolderResource {
    /// Its process.
    pid: u32,
    /// Its name.
    program: String,
}

/// How the PC/SC service does.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReaderServiceWord {
    /// It answers.
    Ok,
    /// It does not run; tokens in readers are not seen.
    Absent,
    /// It runs and does not answer.
    Hangs,
    /// It answers with an error.
    Failed,
}

impl ReaderWord {
    /// The word for what becomes of a card.
    pub(in crate::endpoint) fn of(presence: &Presence) -> Self {
        match presence {
            Presence::Empty => Self::Empty,
            Presence::Served => Self::Served,
            Presence::Mute => Self::Mute,
            Presence::Unavailable => Self::Unavailable,
            Presence::Unknown => Self::Unknown,
            Presence::Held { .. } => Self::Held,
            Presence::CannotSign(_) => Self::CannotSign,
            Presence::DriverMissing(_) => Self::DriverMissing,
            Presence::NotSeen { .. } => Self::NotSeen,
        }
    }
}

impl ReaderServiceWord {
    pub(super) fn of<T>(readers: &Result<T, ReadersError>) -> Self {
        match readers {
            Ok(_) => Self::Ok,
            Err(ReadersError::NoService) => Self::Absent,
            Err(ReadersError::Hangs) => Self::Hangs,
            Err(ReadersError::Service(_)) => Self::Failed,
        }
    }
}

impl ReaderResource {
    /// `with_holders` also names the programs that may hold the card.
    pub(super) fn of(status: &ReaderStatus, with_holders: bool, localizer: Localizer) -> Self {
        let mut status = status.clone();
        if !with_holders {
            status.forget_holders();
        }
        let fault = status.fault().map(|fault| problem::body(&fault, localizer));
        let mut resource = Self {
            atr: (!status.reader.atr.is_empty()).then(|| hex::encode_upper(&status.reader.atr)),
            name: status.reader.name,
            state: ReaderWord::of(&status.presence),
            families: Vec::new(),
            module: None,
            holders: Vec::new(),
            fault,
        };
        match status.presence {
            Presence::Empty | Presence::Served | Presence::Mute | Presence::Unavailable | Presence::Unknown => {}
            Presence::Held { holders } => {
                let holders = holders.into_iter().map(|holder| HolderResource {
                    pid: holder.pid,
                    program: holder.name,
                });
                resource.holders = holders.collect();
            }
            Presence::CannotSign(family) => resource.families = vec![FamilyResource::of(family, localizer)],
            Presence::DriverMissing(families) => {
                resource.families = families
                    .into_iter()
                    .map(|family| FamilyResource::of(family, localizer))
                    .collect();
            }
            Presence::NotSeen { module, .. } => resource.module = Some(module.display().to_string()),
        }
        resource
    }
}

impl FamilyResource {
    fn of(family: Family, localizer: Localizer) -> Self {
        let note = family.note_in(localizer.language()).map(str::to_owned);
        let install = family.install.into_iter().map(|install| InstallResource {
            what: install.what,
            from: install.from,
            command: install.command,
        });
        Self {
            profile: family.profile,
            title: family.title,
            install: install.collect(),
            note,
        }
    }
}
