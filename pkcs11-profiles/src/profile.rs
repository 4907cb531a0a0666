use serde::{Deserialize, Serialize};

use crate::{Claimed, Evidence, QuirkEntry, Quirks, Recognition};

/// One token family.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The profile's name in configuration, logs and reports: the file's name without `.toml`.
    pub name: String,
    /// The family's name for people.
    pub title: String,
    /// Which family's module serves a token that several modules show, where it is not as good as a maker's own.
    #[serde(default)]
    pub rank: Option<Claimed<Rank>>,
    /// The module is loaded where the configuration names it, and not because its file is found.
    #[serde(default)]
    pub configured_only: bool,
    /// What a person has to install when the token is present and the module is not.
    #[serde(default)]
    pub install: Vec<Installation>,
    /// Tokens of the family hold keys for other programs and cannot sign by themselves.
    #[serde(default)]
    pub cannot_sign: Option<CannotSign>,
    /// What a person should know: what is not known of the family, what to ask the maker.
    #[serde(default)]
    pub note: Option<Claimed<Note>>,
    /// The module's file names and places.
    #[serde(default)]
    pub locations: Vec<Location>,
    /// How the token is recognised.
    #[serde(default)]
    pub recognition: Vec<Recognition>,
    /// The vendor's mechanisms that the agent has to know by value.
    #[serde(default)]
    pub mechanisms: Vec<MechanismName>,
    /// How far the process that loads the module is confined.
    pub confining: Claimed<Confining>,
    /// How long the module may take.
    #[serde(default)]
    pub timing: Option<Claimed<Timing>>,
    /// Where the family departs from PKCS#11.
    #[serde(default)]
    pub quirks: Vec<QuirkEntry>,
}

/// Where a family's module stands among those that show the same token: the highest serves it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rank {
    /// A maker's own module has 50, one that serves cards of many makers less.
    pub value: u8,
}

impl Default for Rank {
    fn default() -> Self {
        Self { value: 50 }
    }
}

/// A text for people in each language.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// English.
    pub en: String,
    /// Kazakh.
    pub kk: String,
    /// Russian.
    pub ru: String,
}

impl Profile {
    /// Which family's module serves a token that several modules show: the one with the highest rank.
    pub fn rank(&self) -> u8 {
        let rank = self.rank.as_ref().map(|rank| rank.claim);
        rank.unwrap_or_default().value
    }

    /// What a person should know.
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref().map(|note| &note.claim)
    }

    /// How far the process that loads the module is confined.
    pub fn confining(&self) -> &Confining {
        &self.confining.claim
    }

    /// How long the module may take.
    pub fn timing(&self) -> Timing {
        self.timing.as_ref().map(|timing| timing.claim).unwrap_or_default()
    }

    /// The quirks in the form that code asks for.
    pub fn quirks(&self) -> Quirks {
        self.quirks.iter().collect()
    }

    /// What to install on this system; several where there is a choice.
    pub fn installations(&self, system: OperatingSystem) -> impl Iterator<Item = &Installation> {
        self.install
            .iter()
            .filter(move |installation| installation.os == system)
    }

    /// Whether a module with this file name belongs to the family on this system. Numbers after the name
    /// (`libykcs11.so.2`) do not matter, nor does case.
    pub fn names_file(&self, system: OperatingSystem, file_name: &str) -> bool {
        self.locations
            .iter()
            .filter(|location| location.os == system)
            .flat_map(|location| &location.files)
            .any(|name| is_version_of(file_name, name))
    }
}

/// Whether a file's name is `name`, in any letter case, or `name` with a version behind it (`libykcs11.so.2`).
pub fn is_version_of(file_name: &str, name: &str) -> bool {
    let file_name = file_name.to_lowercase();
    file_name.strip_prefix(&name.to_lowercase()).is_some_and(|rest| {
        rest.is_empty() || rest.starts_with('.') && rest[1..].chars().all(|c| c.is_ascii_digit() || c == '.')
    })
}

/// What to install on one operating system.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct Installation {
    /// The system.
    pub os: OperatingSystem,
    /// The product or package, by the name under which it is found.
    pub what: String,
    /// Where it comes from: an address for a browser.
    #[serde(default)]
    pub from: Option<String>,
    /// The command that installs it, where one does.
    #[serde(default)]
    pub command: Option<String>,
    /// Where it is known from.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// Why a family cannot sign.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct CannotSign {
    /// The families whose modules sign with the keys that lie on such a token.
    #[serde(default)]
    pub use_instead: Vec<String>,
    /// Where it is known from.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// The operating systems that profiles speak of.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatingSystem {
    /// Linux.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

/// Where a family's module lies on one operating system.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct Location {
    /// The system.
    pub os: OperatingSystem,
    /// File names, the best first.
    pub files: Vec<String>,
    /// Absolute directories, the best first. The agent also looks into the system's library directories.
    #[serde(default)]
    pub places: Vec<String>,
    /// Where it is known from.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// A vendor mechanism by name and value.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
pub struct MechanismName {
    /// `CKM_…`
    pub name: String,
    /// `CK_MECHANISM_TYPE`
    pub value: u64,
    /// Where it is known from.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// How far the process that loads the module is confined.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confinement {
    /// Reads system directories and its own state only, starts no program, speaks to no network.
    Strict,
    /// Starts no program and uses none of the system calls a module has no business with; files and network are open.
    #[default]
    NoExec,
    /// Nothing beyond what every worker process has: no core dump, no new privileges, dies with the agent.
    Off,
}

/// The confinement with what the module needs in spite of it.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Confining {
    /// How far.
    pub level: Confinement,
    /// Environment variables of the agent that reach the module.
    #[serde(default)]
    pub environment: Vec<String>,
    /// Directories and files that the module writes. `~/` at the start is the user's home, `$NAME` alone a variable of the
    /// module's environment; an entry whose variable is not set is passed over.
    #[serde(default)]
    pub state: Vec<String>,
    /// State directories that a configuration file of the module names.
    #[serde(default)]
    pub state_from: Vec<StateFromConfig>,
    /// Directories and files outside the system's that the module reads, written as `state` is.
    #[serde(default)]
    pub reads: Vec<String>,
}

/// A directory named by a `key = value` line of the module's own configuration file.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StateFromConfig {
    /// The files to look at, the first that exists counts; written as [`Confining::state`] is.
    pub files: Vec<String>,
    /// The key whose value is the directory.
    pub key: String,
}

/// How long the module may take before it counts as hung, in seconds, where the family differs from the agent's settings.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timing {
    /// One signature.
    pub signature_seconds: Option<u64>,
    /// Loading, and reading what lies on all tokens.
    pub reading_seconds: Option<u64>,
    /// One signature or login that waits for a person at the device (PIN pad).
    pub person_seconds: Option<u64>,
}
