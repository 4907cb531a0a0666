//! What is in the readers, and whether a module serves it: a card whose module is missing is told from an empty reader.

use std::fmt;
use std::path::PathBuf;

use pkcs11_profiles::{Catalogue, Note, Profile};

use super::discovery;
use super::inventory::{Inventory, ModuleState, Token};
use super::readers::{Card, Reader};
use crate::messages::{Code, Fault, Language};
use crate::platform::Process;

/// A reader with what is known of the card in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReaderStatus {
    /// The reader, as PC/SC lists it.
    pub reader: Reader,
    /// Whether its card can sign, and what it lacks.
    pub presence: Presence,
}

impl ReaderStatus {
    /// Takes away which programs may hold the card.
    pub fn forget_holders(&mut self) {
        if let Presence::Held { holders } = &mut self.presence {
            holders.clear();
        }
    }

    /// What is wrong with the card, if it is one that a person expects to sign with.
    pub fn fault(&self) -> Option<Fault> {
        let reader = &self.reader.name;
        let fault = match &self.presence {
            Presence::Empty | Presence::Served | Presence::Unavailable => return None,
            Presence::Held { holders } => {
                let names: Vec<_> = holders.iter().map(|holder| holder.name.as_str()).collect();
                let fault = Fault::new(Code::TokenBusy).arg("token", reader);
                match names.is_empty() {
                    true => fault,
                    false => fault.arg("holder", names.join(", ")),
                }
            }
            Presence::Mute => Fault::new(Code::CardMute),
            Presence::Unknown => {
                Fault::new(Code::CardUnknown).detail(format_args!("ATR {}", hex::encode_upper(&self.reader.atr)))
            }
            Presence::CannotSign(family) => told(Fault::new(Code::TokenCannotSign), std::slice::from_ref(family)),
            Presence::DriverMissing(families) => told(Fault::new(Code::DriverMissing), families),
            Presence::NotSeen { module, .. } => Fault::new(Code::TokenNotSeen).arg("module", module.display()),
        };
        Some(fault.arg("reader", reader))
    }
}

/// The families' names, what to install for them, and what else is known: in English in the detail, in each language in the member `notes`.
fn told(fault: Fault, families: &[Family]) -> Fault {
    let joined = |texts: Vec<String>, between: &str| Some(texts.join(between)).filter(|text| !text.is_empty());
    let titles = joined(families.iter().map(|family| family.title.clone()).collect(), ", ");
    let installs = families
        .iter()
        .flat_map(|family| &family.install)
        .map(ToString::to_string);
    let fault = titles
        .into_iter()
        .fold(fault, |fault, titles| fault.arg("token", titles));
    let fault = joined(installs.collect(), "; ")
        .into_iter()
        .fold(fault, |fault, install| fault.arg("install", install));
    let notes = |language| families.iter().filter_map(move |family| family.note_in(language));
    let in_each: serde_json::Map<_, _> = Language::ALL
        .iter()
        .map(|language| (language.as_str().to_owned(), notes(*language).collect()))
        .collect();
    match joined(notes(Language::En).map(str::to_owned).collect(), "\n") {
        Some(in_english) => fault.detail(in_english).extra("notes", in_each.into()),
        None => fault,
    }
}

/// What becomes of the card in a reader.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Presence {
    /// There is none.
    Empty,
    /// A module shows it as a token.
    Served,
    /// Another program holds it for itself.
    Held {
        /// The programs that may be it; empty where the system does not tell.
        holders: Vec<Process>,
    },
    /// It does not answer the reader.
    Mute,
    /// The reader cannot be used now.
    Unavailable,
    /// Its family keeps keys for other programs and cannot sign by itself.
    CannotSign(Family),
    /// It belongs to one of these families, and the module of none of them is there.
    DriverMissing(Vec<Family>),
    /// A module that should show it does not.
    NotSeen {
        /// The module.
        module: PathBuf,
        /// Whether the module works.
        works: bool,
    },
    /// No family is known to have such a card, and no module shows it.
    Unknown,
}

/// A token family, as far as a person needs it to help themselves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Family {
    /// The profile's name.
    pub profile: String,
    /// Its name for people.
    pub title: String,
    /// What to install on this system; for a family that cannot sign, what to use instead.
    pub install: Vec<Install>,
    /// What else there is to know.
    pub note: Option<Note>,
}

impl Family {
    /// What else there is to know, in this language.
    pub fn note_in(&self, language: Language) -> Option<&str> {
        let note = self.note.as_ref()?;
        Some(match language {
            Language::En => &note.en,
            Language::Kk => &note.kk,
            Language::Ru => &note.ru,
        })
    }
}

/// Something to install.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Install {
    /// By the name under which it is found.
    pub what: String,
    /// The address of a page.
    pub from: Option<String>,
    /// The command that installs it.
    pub command: Option<String>,
}

impl fmt::Display for Install {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match self.command.as_ref().or(self.from.as_ref()) {
            Some(how) => write!(f, " ({how})"),
            None => Ok(()),
        }
    }
}

/// Tells what becomes of each card. `holders` is asked only when a card is held by somebody.
pub(super) fn of_readers(
    readers: Vec<Reader>,
    inventory: &Inventory,
    catalogue: &Catalogue,
    holders: impl Fn() -> Vec<Process>,
) -> Vec<ReaderStatus> {
    readers
        .into_iter()
        .map(|reader| {
            let presence = match reader.card {
                Card::Absent => Presence::Empty,
                Card::Unavailable => Presence::Unavailable,
                Card::Mute => Presence::Mute,
                Card::Present | Card::Exclusive if tokens_in(&reader, inventory).next().is_some() => {
                    of_tokens(&reader, inventory, catalogue).unwrap_or(Presence::Served)
                }
                Card::Exclusive => Presence::Held { holders: holders() },
                Card::Present => of_card(&reader, inventory, catalogue),
            };
            ReaderStatus { reader, presence }
        })
        .collect()
}

/// The tokens that modules show in that reader. Modules describe a slot by the reader's name, cut to the 64 bytes of the field.
fn tokens_in<'a>(reader: &'a Reader, inventory: &'a Inventory) -> impl Iterator<Item = &'a Token> {
    inventory.tokens.iter().filter(|token| {
        !token.reader.is_empty()
            && (token.reader == reader.name
                || reader.name.starts_with(&token.reader) && token.reader.len() >= LONG_NAME)
    })
}

/// From this length on, a description may be the beginning of a longer reader's name.
const LONG_NAME: usize = 60;

/// A module may show a card that signs for nobody. What the card says of its model counts more than the reader's name.
fn of_tokens(reader: &Reader, inventory: &Inventory, catalogue: &Catalogue) -> Option<Presence> {
    tokens_in(reader, inventory)
        .flat_map(|token| catalogue.profiles_of_token(&token.id.model, &reader.name, &reader.atr))
        .find(|profile| profile.cannot_sign.is_some())
        .map(|profile| Presence::CannotSign(family(profile, catalogue)))
}

/// A card that no module shows.
fn of_card(reader: &Reader, inventory: &Inventory, catalogue: &Catalogue) -> Presence {
    let families = catalogue.profiles_of_card(&reader.name, &reader.atr);
    if let Some(profile) = families.iter().find(|profile| profile.cannot_sign.is_some()) {
        return Presence::CannotSign(family(profile, catalogue));
    }
    let their_module = inventory.modules.iter().find(|module| {
        let name = module.profile.as_deref();
        families.iter().any(|profile| Some(profile.name.as_str()) == name)
    });
    match their_module {
        Some(module) => Presence::NotSeen {
            module: module.path.clone(),
            works: matches!(module.state, ModuleState::Ready(_) | ModuleState::Idle),
        },
        None if families.is_empty() => Presence::Unknown,
        None => Presence::DriverMissing(families.into_iter().map(|profile| family(profile, catalogue)).collect()),
    }
}

fn family(profile: &Profile, catalogue: &Catalogue) -> Family {
    let instead = profile.cannot_sign.iter().flat_map(|reason| &reason.use_instead);
    let instead = instead.filter_map(|name| catalogue.profile(name));
    let install = [profile]
        .into_iter()
        .chain(instead)
        .flat_map(|profile| profile.installations(discovery::operating_system()))
        .map(|installation| Install {
            what: installation.what.clone(),
            from: installation.from.clone(),
            command: installation.command.clone(),
        });
    Family {
        profile: profile.name.clone(),
        title: profile.title.clone(),
        install: install.collect(),
        note: profile.note().cloned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use pkcs11_profiles::Quirks;

    use super::*;
    use crate::token::discovery::Origin;
    use crate::token::error::TokenError;
    use crate::token::inventory::ModuleStatus;
    use crate::token::protocol::{Library, TokenIdentity, TokenRecord};

    const RUTOKEN: &str = "Aktiv Rutoken ECP 00 00";
    const RUTOKEN_ATR: &str = "3B8B015275746F6B656E20445320C1";

    fn reader(name: &str, card: Card, atr: &str) -> Reader {
        Reader {
            name: name.to_owned(),
            card,
            atr: hex::decode(atr).unwrap(),
            events: 1,
        }
    }

    fn module(profile: &str, state: ModuleState) -> ModuleStatus {
        ModuleStatus {
            name: profile.to_owned(),
            path: format!("/{profile}.so").into(),
            profile: Some(profile.to_owned()),
            origin: Origin::Profile,
            state,
        }
    }

    fn token(slot: &str) -> Token {
        let record = TokenRecord {
            identity: TokenIdentity {
                serial: "1".to_owned(),
                model: String::new(),
                manufacturer: String::new(),
                label: String::new(),
            },
            slot: slot.to_owned(),
            flags: 0,
            pin_length: (0, 0),
            mechanisms: vec![],
            certificates: vec![],
            lone_keys: vec![],
        };
        Token::new("/x.so".into(), "x", &Quirks::default(), record)
    }

    fn presence(reader: Reader, inventory: &Inventory) -> Presence {
        let holder = || {
            vec![Process {
                pid: 7,
                name: "scdaemon".to_owned(),
                executable: None,
            }]
        };
        let mut statuses = of_readers(vec![reader], inventory, &Catalogue::embedded().unwrap(), holder);
        statuses.remove(0).presence
    }

    #[test]
    fn a_known_card_without_its_module_says_what_to_install() {
        for atr in [RUTOKEN_ATR, ""] {
            let found = presence(reader(RUTOKEN, Card::Present, atr), &Inventory::default());
            let Presence::DriverMissing(families) = found else {
                panic!("{found:?}");
            };
            assert_eq!(families[0].profile, "rutoken-ecp");
            assert!(families[0].install[0].what.contains("librtpkcs11ecp"), "{families:?}");
            let status = ReaderStatus {
                reader: reader(RUTOKEN, Card::Present, atr),
                presence: Presence::DriverMissing(families),
            };
            let fault = status.fault().unwrap();
            assert_eq!(fault.code(), Code::DriverMissing);
            assert!(fault.args()["install"].contains("https://www.rutoken.ru/"), "{fault}");
        }
        // In a reader of another maker the card alone tells.
        let found = presence(
            reader("Reader 01 00", Card::Present, RUTOKEN_ATR),
            &Inventory::default(),
        );
        assert!(matches!(found, Presence::DriverMissing(_)), "{found:?}");
    }

    #[test]
    fn a_module_that_is_there_and_does_not_show_the_card_is_named() {
        let failed = ModuleState::Failed(TokenError::ModuleHung {
            module: "m".to_owned(),
            seconds: 1,
        });
        for (state, works) in [(ModuleState::Ready(Library::default()), true), (failed, false)] {
            let inventory = Inventory {
                modules: vec![module("rutoken-ecp", state)],
                tokens: vec![],
            };
            let found = presence(reader(RUTOKEN, Card::Present, RUTOKEN_ATR), &inventory);
            let module = PathBuf::from("/rutoken-ecp.so");
            assert_eq!(found, Presence::NotSeen { module, works });
        }
    }

    #[test]
    fn a_card_that_a_module_shows_is_served_also_while_somebody_holds_it() {
        let inventory = Inventory {
            modules: vec![],
            tokens: vec![token(RUTOKEN)],
        };
        for card in [Card::Present, Card::Exclusive] {
            assert_eq!(
                presence(reader(RUTOKEN, card, RUTOKEN_ATR), &inventory),
                Presence::Served
            );
        }
        let found = presence(reader(RUTOKEN, Card::Exclusive, RUTOKEN_ATR), &Inventory::default());
        assert!(
            matches!(&found, Presence::Held { holders } if holders[0].name == "scdaemon"),
            "{found:?}"
        );
    }

    #[test]
    fn a_long_readers_name_fits_the_slot_description_that_is_cut_off() {
        let long = "Some Maker Of Readers With An Exceptionally Long Product Name [CCID Interface] (0123456789) 00 00";
        let inventory = Inventory {
            modules: vec![],
            tokens: vec![token(&long[..64])],
        };
        assert_eq!(presence(reader(long, Card::Present, ""), &inventory), Presence::Served);
    }

    #[test]
    fn a_token_that_cannot_sign_says_so_whether_a_module_shows_it_or_not() {
        let lite = || {
            reader(
                "Aktiv Rutoken lite 00 00",
                Card::Present,
                "3B8B015275746F6B656E6C697465C2",
            )
        };
        let shown = Inventory {
            modules: vec![],
            tokens: vec![token("Aktiv Rutoken lite 00 00")],
        };
        for inventory in [Inventory::default(), shown] {
            let found = presence(lite(), &inventory);
            let Presence::CannotSign(family) = found else {
                panic!("{found:?}");
            };
            assert_eq!(family.profile, "rutoken-lite");
            assert!(family.install.iter().any(|install| install.what.contains("CryptoPro")));
        }
    }

    #[test]
    fn a_token_is_told_by_its_model_where_reader_and_card_say_nothing() {
        for (model, can_sign) in [("Rutoken lite", false), ("Rutoken ECP", true), ("", true)] {
            let mut shown = token("ACS 38U 00 00");
            shown.id.model = model.to_owned();
            let inventory = Inventory {
                modules: vec![],
                tokens: vec![shown],
            };
            let found = presence(reader("ACS 38U 00 00", Card::Present, "3B00"), &inventory);
            assert_eq!(found == Presence::Served, can_sign, "{model}: {found:?}");
        }
    }

    #[test]
    fn empty_mute_and_unknown_are_told_apart() {
        let of = |card, atr| presence(reader("Reader 00 00", card, atr), &Inventory::default());
        assert_eq!(of(Card::Absent, ""), Presence::Empty);
        assert_eq!(of(Card::Mute, ""), Presence::Mute);
        assert_eq!(of(Card::Unavailable, ""), Presence::Unavailable);
        assert_eq!(of(Card::Present, "3B00"), Presence::Unknown);
    }
}
